from odoo import api, fields, models
from odoo.exceptions import UserError


class HelpdeskTicketTaskWizard(models.TransientModel):
    """ Asks for the project of the task that a ticket is converted to, or the task it joins. """

    _name = 'helpdesk.ticket.task.wizard'
    _description = "Convert to Task"

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', required=True, readonly=True, ondelete='cascade',
        default=lambda self: self.env.context.get('active_id'),
    )
    company_id = fields.Many2one(related='ticket_id.company_id')
    target = fields.Selection(
        selection=[('new', "A new task"), ('existing', "A task that exists")],
        string="Convert to",
        default='new',
        required=True,
    )
    name = fields.Char(
        string="Task", compute='_compute_name', store=True, readonly=False, precompute=True,
    )
    project_id = fields.Many2one(
        comodel_name='project.project',
        string="Project",
        domain="[('is_template', '=', False), ('company_id', 'in', [company_id, False])]",
        compute='_compute_project_id',
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    user_ids = fields.Many2many(
        comodel_name='res.users',
        relation='helpdesk_ticket_task_wizard_user_rel',
        string="Assignees",
        domain="[('share', '=', False)]",
    )
    task_id = fields.Many2one(
        comodel_name='project.task',
        string="Existing Task",
        domain="[('project_id', '!=', False), ('is_template', '=', False),"
               " ('is_closed', '=', False), ('company_id', 'in', [company_id, False])]",
    )
    outcome = fields.Selection(
        selection=[
            ('snooze', "Stays open, out of sight until the task is done"),
            ('open', "Stays open in the queue"),
            ('close', "Is canceled: the request goes on in the task"),
        ],
        string="The Ticket",
        compute='_compute_outcome',
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    is_closed = fields.Boolean(related='ticket_id.is_closed', export_string_translation=False)
    is_unanswered = fields.Boolean(
        compute='_compute_is_unanswered', export_string_translation=False,
    )
    is_shared = fields.Boolean(
        compute='_compute_is_shared', export_string_translation=False,
    )

    @api.model
    def default_get(self, fields):
        """ Tell who cannot create tasks before the questions, not after. """
        self.env['helpdesk.ticket']._check_may_create_tasks()
        return super().default_get(fields)

    # === COMPUTE METHODS === #

    @api.depends('ticket_id')
    def _compute_name(self):
        for wizard in self:
            wizard.name = wizard.ticket_id.name

    @api.depends('ticket_id')
    def _compute_project_id(self):
        """ Suggest the project of the team, where the user may see it. """
        for wizard in self:
            project = wizard.ticket_id.team_id.task_project_id
            wizard.project_id = project._filtered_access('read').filtered('active')

    @api.depends('ticket_id')
    def _compute_outcome(self):
        """ Suggest to look away only where nobody waits for an answer and no promise is broken. """
        now = fields.Datetime.now()
        for wizard in self:
            ticket = wizard.ticket_id
            is_late = ticket.sla_deadline and ticket.sla_deadline <= now
            wizard.outcome = (
                'open' if ticket.is_closed or ticket.customer_waiting_since or is_late
                else 'snooze'
            )

    @api.depends('ticket_id')
    def _compute_is_unanswered(self):
        for wizard in self:
            wizard.is_unanswered = bool(wizard.ticket_id.customer_waiting_since)

    @api.depends('project_id', 'task_id', 'target')
    def _compute_is_shared(self):
        for wizard in self:
            # sudo: project.project - whether customers are among its readers, not who
            project = (
                wizard.task_id.sudo().project_id if wizard.target == 'existing'
                else wizard.project_id.sudo()
            )
            wizard.is_shared = project.privacy_visibility in ('portal', 'invited_users') and any(
                (project.message_partner_ids | project.collaborator_ids.partner_id).mapped(
                    'partner_share',
                ),
            )

    # === ACTION METHODS === #

    def action_convert(self):
        """ Convert the ticket, and open the task. """
        self.ensure_one()
        choice = {'close': self.outcome == 'close', 'snooze': self.outcome == 'snooze'}
        if self.target == 'existing':
            if not self.task_id:
                raise UserError(self.env._("Choose the task that the ticket belongs to."))
            task = self.task_id
            self.ticket_id._link_task(task, **choice)
        else:
            if not self.project_id:
                raise UserError(self.env._("Choose the project of the new task."))
            task = self.ticket_id._convert_to_task(
                self.project_id, name=self.name or self.ticket_id.name,
                user_ids=self.user_ids.ids, **choice,
            )
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'project.task',
            'res_id': task.id,
            'views': [(False, 'form')],
        }
