from odoo import fields, models

# the kind of a pause -> the field of a policy, and of a status, that says whether it counts
PAUSE_FIELDS = {
    'customer': 'pause_customer',
    'third_party': 'pause_third_party',
    'maintenance': 'pause_maintenance',
}


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

    _half_open = models.Constraint(
        'CHECK (date_to IS NULL OR date_to >= date_from)',
        "A pause cannot end before it began.",
    )
    _open_uniq = models.UniqueIndex(
        '(ticket_id, kind, is_manual) WHERE date_to IS NULL',
        "The ticket is already paused for this reason.",
    )
