from odoo import api, fields, models


class SaleOrderLine(models.Model):
    """ What the reports on money need to know of an order line (H8). """
    _inherit = 'sale.order.line'

    support_hour_price = fields.Float(
        compute='_compute_support_hour_price',
        store=True,
        digits=0,
        export_string_translation=False,
        help="The price of an hour, after discount and without taxes, in the order's currency. "
             "0 for what is not sold in a unit of time.",
    )
    billing_waiver = fields.Char(
        string="Not Billed Because",
        copy=False,
        groups='helpdesk_sla.group_helpdesk_team_leader,account.group_account_readonly,'
               'account.group_account_invoice',
        help="Why an overdrawn pack, or the hours that are left of an expired one, is no leakage.",
    )

    # === COMPUTE METHODS === #

    @api.depends('price_unit', 'discount', 'tax_ids', 'product_uom_id', 'qty_delivered_method')
    def _compute_support_hour_price(self):
        """ Tell the price of an hour also where nothing was ordered, as of overage. """
        uom_hour = self.env.ref('uom.product_uom_hour')
        for line in self:
            line.support_hour_price = 0.0
            if line._is_support_time_line():
                price = line.price_unit * (1 - line.discount / 100)
                if line.tax_ids:
                    price = line.tax_ids._get_tax_details(
                        price, 1.0, rounding_method='round_globally', product=line.product_id,
                    )['total_excluded']
                line.support_hour_price = price / line.product_uom_id._compute_quantity(
                    1.0, uom_hour, round=False,
                )
