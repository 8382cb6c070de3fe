from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = 'res.partner'

    support_invoice_detail = fields.Selection(
        selection=[
            ('line', "One line"),
            ('ticket', "A line per ticket"),
            ('person', "A line per person"),
        ],
        string="Time on Invoices",
        default='line',
        required=True,
        help="How the time of an order line is told on the invoices of this client. The amount is "
             "the same.",
    )
    support_invoice_appendix = fields.Boolean(
        string="Timesheet Appendix",
        help="The PDF of the invoice lists the time that is invoiced: each entry with its ticket, "
             "date, person, and the hours worked and billed.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ['support_invoice_detail', 'support_invoice_appendix']
