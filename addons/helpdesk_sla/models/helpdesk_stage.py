from odoo import api, fields, models
from odoo.exceptions import UserError

# the types of the stages in which nothing is to be done any more
CLOSING_TYPES = ('solved', 'cancelled')


class HelpdeskStage(models.Model):
    """ A column of a team's pipeline; its type tells the SLA clocks whose turn it is. """

    _name = 'helpdesk.stage'
    _description = "Helpdesk Stage"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    team_ids = fields.Many2many(
        comodel_name='helpdesk.team',
        relation='helpdesk_team_stage_rel',
        column1='stage_id',
        column2='team_id',
        string="Helpdesk Teams",
    )

    stage_type = fields.Selection(
        selection=[
            ('open', "Our turn"),
            ('customer', "Customer's turn"),
            ('third_party', "Third party's turn"),
            ('solved', "Solved"),
            ('cancelled', "Canceled"),
        ],
        string="Type",
        default='open',
        required=True,
        help="Our turn: the SLA clocks run.\n"
             "Customer's turn: all clocks stand still; the customer's answer starts them again.\n"
             "Third party's turn: the clocks of the policies that allow it stand still.\n"
             "Solved: the promise is kept or broken here.\n"
             "Canceled: nothing is owed any more; never counts as a success.",
    )
    fold = fields.Boolean(
        string="Folded in Kanban",
        compute='_compute_fold',
        store=True,
        readonly=False,
    )
    template_id = fields.Many2one(
        comodel_name='mail.template',
        string="E-mail Template",
        domain=[('model', '=', 'helpdesk.ticket')],
        help="Sent to the customer when a ticket enters this stage.",
    )

    ticket_count = fields.Integer(compute='_compute_ticket_count')

    # === COMPUTE METHODS === #

    @api.depends('stage_type')
    def _compute_fold(self):
        for stage in self:
            stage.fold = stage._is_closing()

    def _compute_ticket_count(self):
        counts = dict(self.env['helpdesk.ticket']._read_group(
            [('stage_id', 'in', self.ids)], ['stage_id'], ['__count'],
        ))
        for stage in self:
            stage.ticket_count = counts.get(stage, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Refuse to change what a stage means under tickets that stand in it.

        Their clocks were paused or ended by the old meaning; moving the tickets first keeps every
        pause and every result explainable (sla.md, "The life of a status").

        :raise UserError: if the type changes while tickets are in the stage
        """
        if 'stage_type' in vals:
            changed = self.filtered(lambda stage: stage.stage_type != vals['stage_type'])
            # sudo: helpdesk.ticket - tickets of teams hidden from the user count as well
            if changed and self.env['helpdesk.ticket'].sudo().with_context(
                active_test=False,
            ).search_count([('stage_id', 'in', changed.ids)], limit=1):
                raise UserError(self.env._(
                    "There are tickets in %(stages)s. Move them to another stage before you "
                    "change the type, so that their SLA clocks stay right.",
                    stages=', '.join(changed.mapped('name')),
                ))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: helpdesk.ticket - tickets of teams hidden from the user would lose their stage too
        used = self.env['helpdesk.ticket'].sudo().with_context(active_test=False).search(
            [('stage_id', 'in', self.ids)],
        ).stage_id
        if used:
            raise UserError(self.env._(
                "There are tickets in %(stages)s. Move them to another stage, or archive the "
                "stage instead.",
                stages=', '.join(used.mapped('name')),
            ))

    # === BUSINESS METHODS === #

    def _is_closing(self):
        """ Return whether nothing is to be done any more on a ticket in this stage. """
        return self.stage_type in CLOSING_TYPES
