from odoo import api, fields, models


class ProjectTaskTicketWizard(models.TransientModel):
    """ Asks for the team of the ticket that a task is converted to. """

    _name = 'project.task.ticket.wizard'
    _description = "Convert to Ticket"

    task_id = fields.Many2one(
        comodel_name='project.task', required=True, readonly=True, ondelete='cascade',
        default=lambda self: self.env.context.get('active_id'),
    )
    partner_id = fields.Many2one(related='task_id.partner_id', string="Customer")
    company_id = fields.Many2one(related='task_id.company_id')
    team_id = fields.Many2one(
        comodel_name='helpdesk.team',
        string="Helpdesk Team",
        domain="[('company_id', '=?', company_id)]",
        compute='_compute_team_id',
        compute_sudo=False,
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    outcome = fields.Selection(
        selection=[
            ('open', "Stays open, linked to the ticket"),
            ('close', "Is canceled: the request goes on in the ticket"),
        ],
        string="The Task",
        default='close',
        required=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('task_id')
    def _compute_team_id(self):
        """ Suggest the team whose tickets become tasks of this project, else the user's own. """
        Team = self.env['helpdesk.team']
        for wizard in self:
            project = wizard.task_id.project_id
            wizard.team_id = (
                (project and Team.search([('task_project_id', '=', project.id)], limit=1))
                or self.env['helpdesk.ticket']._default_team_id()
            )

    # === ACTION METHODS === #

    def action_convert(self):
        """ Convert the task, and open the ticket. """
        self.ensure_one()
        ticket = self.task_id._convert_to_ticket(self.team_id, close=self.outcome == 'close')
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'helpdesk.ticket',
            'res_id': ticket.id,
            'views': [(False, 'form')],
        }
