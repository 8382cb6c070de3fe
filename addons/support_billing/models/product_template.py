from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = 'product.template'

    is_support_pack = fields.Boolean(
        string="Support Pack",
        help="Hours sold in advance: an order line of this product is used up by the time that is "
             "logged on tickets, and what is left of it is shown there.",
    )
