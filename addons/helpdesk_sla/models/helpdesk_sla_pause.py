from odoo import fields, models


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
            ('solved', "Closed"),
        ],
        required=True,
    )
    reason = fields.Char()
    user_id = fields.Many2one(comodel_name='res.users', string="Paused by")
    company_id = fields.Many2one(related='ticket_id.company_id')

    _half_open = models.Constraint(
        'CHECK (date_to IS NULL OR date_to >= date_from)',
        "A pause cannot end before it began.",
    )
    _open_uniq = models.UniqueIndex(
        '(ticket_id, kind) WHERE date_to IS NULL',
        "The ticket is already paused for this reason.",
    )
