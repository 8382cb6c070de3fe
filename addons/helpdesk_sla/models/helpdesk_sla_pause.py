from odoo import api, fields, models

# the kind of a pause -> the field of a policy, and of a status, that says whether it counts
PAUSE_FIELDS = {
    'customer': 'pause_customer',
    'third_party': 'pause_third_party',
    'maintenance': 'pause_maintenance',
}


def is_paused_by(promise, kind):
    """ Return whether a kind of pause stops the clock of a promise (sla.md, "Pause").

    Closed times count for all; whose turn it is, when the policy says so; nothing pauses the first
    response, which only an answer ends. Before the client's key user passes a ticket on, nothing
    has been promised.

    :param promise: a helpdesk.sla.status, or a row of it
    """
    if kind == 'key_user':
        return True
    if promise.target == 'first_response':
        return False
    return kind not in PAUSE_FIELDS or bool(getattr(promise, PAUSE_FIELDS[kind]))


class HelpdeskSlaPause(models.Model):
    """ A stretch of a ticket's life, half-open in UTC, in which SLA clocks stand still. """

    _name = 'helpdesk.sla.pause'
    _description = "SLA Pause"
    # not by ticket: that would join the tickets in the order of their deadlines, and so compute
    # these in the middle of computing what they depend on
    _order = 'date_from, id'
    _rec_name = 'kind'

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', required=True, index=True, ondelete='cascade',
    )
    date_from = fields.Datetime(string="From", required=True)
    date_to = fields.Datetime(string="To")
    kind = fields.Selection(
        selection=[
            ('customer', "Waiting for the customer"),
            ('third_party', "Waiting for a third party"),
            ('maintenance', "Planned maintenance"),
            ('key_user', "With the client's key user"),
            ('solved', "Closed"),
        ],
        required=True,
    )
    is_manual = fields.Boolean(
        string="Set by Hand", help="Begun by a person, not by the stage of the ticket.",
    )
    reason = fields.Char()
    user_id = fields.Many2one(comodel_name='res.users', string="Paused by")
    company_id = fields.Many2one(related='ticket_id.company_id')

    is_over = fields.Boolean(compute='_compute_is_over')

    _half_open = models.Constraint(
        'CHECK (date_to IS NULL OR date_to >= date_from)',
        "A pause cannot end before it began.",
    )
    _open_uniq = models.UniqueIndex(
        '(ticket_id, kind, is_manual) WHERE date_to IS NULL',
        "The ticket is already paused for this reason.",
    )

    # === COMPUTE METHODS === #

    @api.depends('date_to')
    def _compute_is_over(self):
        now = fields.Datetime.now()
        for pause in self:
            pause.is_over = bool(pause.date_to) and pause.date_to <= now

    # === ACTION METHODS === #

    def action_end(self):
        """ End pauses that were set by hand; one that has not begun is taken back. """
        self.ticket_id.check_access('write')
        now = fields.Datetime.now()
        # sudo: helpdesk.sla.pause - kept by the system; who may edit the ticket may end its pauses
        manual = self.sudo().filtered(lambda pause: pause.is_manual and not pause.is_over)
        planned = manual.filtered(lambda pause: pause.date_from > now)
        manual.ticket_id.with_env(self.env)._log_notes(dict.fromkeys(
            manual.ticket_id.with_env(self.env), self.env._("The SLA clock runs again."),
        ))
        planned.unlink()
        (manual - planned).date_to = now
