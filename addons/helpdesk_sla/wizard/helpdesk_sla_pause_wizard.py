from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HelpdeskSlaPauseWizard(models.TransientModel):
    """ Asks why the clocks of tickets stand still, and until when (sla.md, "Pause"). """

    _name = 'helpdesk.sla.pause.wizard'
    _description = "Pause the SLA of Tickets"

    ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket',
        string="Tickets",
        default=lambda self: self._default_ticket_ids(),
        required=True,
        readonly=True,
    )
    kind = fields.Selection(
        selection=lambda self: self._selection_kind(),
        string="Whose Turn",
        default='third_party',
        required=True,
    )
    reason = fields.Char(required=True)
    date_from = fields.Datetime(string="From", help="Empty: now.")
    date_to = fields.Datetime(
        string="Until", help="Empty: until somebody resumes, or the customer answers.",
    )
    ignored_policies = fields.Char(compute='_compute_ignored_policies')

    def _default_ticket_ids(self):
        return self.env['helpdesk.ticket'].browse(self.env.context.get('active_ids', ()))

    def _selection_kind(self):
        kinds = self.env['helpdesk.sla.pause']._fields['kind']._description_selection(self.env)
        return [(kind, label) for kind, label in kinds if kind != 'solved']

    # === COMPUTE METHODS === #

    @api.depends('kind', 'ticket_ids')
    def _compute_ignored_policies(self):
        """ Name the promises that run on all the same, before somebody relies on the pause. """
        for wizard in self:
            statuses = wizard.ticket_ids.sla_status_ids.filtered(
                lambda status: not status.result and not status._is_paused_by(wizard.kind),
            )
            wizard.ignored_policies = ', '.join(sorted(set(statuses.mapped('name'))))

    # === CONSTRAINT METHODS === #

    @api.constrains('kind', 'date_to')
    def _check_date_to(self):
        for wizard in self:
            if wizard.kind == 'maintenance' and not wizard.date_to:
                raise ValidationError(self.env._(
                    "Planned maintenance has an end: say until when it is planned.",
                ))

    # === ACTION METHODS === #

    def action_pause(self):
        """ Pause the tickets. """
        self.ensure_one()
        self.ticket_ids._pause_sla(self.kind, self.reason, self.date_from, self.date_to)
