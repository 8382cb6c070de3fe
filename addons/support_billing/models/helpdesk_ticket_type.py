from odoo import fields, models


class HelpdeskTicketType(models.Model):
    _inherit = 'helpdesk.ticket.type'

    billing_scope = fields.Selection(
        selection=[
            ('included', "Included in support"),
            ('depends', "Depends on the estimate"),
            ('improvement', "Improvement"),
            ('defect', "Defect of the product"),
        ],
        string="Support or Improvement",
        default='included',
        required=True,
        help="Included: the hours come from the client's packs. Depends: support up to the limit "
             "of the company, an improvement above it. Improvement: paid, after the client has "
             "accepted a quotation. Defect: repaired free of charge.",
    )
