from odoo import fields, models
from odoo.fields import Domain


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    # salespeople need not be users of the help desk
    hypercare_item_ids = fields.One2many(
        comodel_name='hypercare.review.item', inverse_name='sale_order_id',
        string="From the Review", readonly=True, copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )

    # === BUSINESS METHODS === #

    def _action_confirm(self):
        """ Start at once what waits for the go-live of a client who is live already. """
        result = super()._action_confirm()
        for order in self:
            if not order._get_packs_waiting_for_golive():
                continue
            # sudo: hypercare.period - whether the client is live; whoever sells need not see it
            periods = self.env['hypercare.period'].sudo().search(
                Domain('partner_id', '=', order.partner_id.commercial_partner_id.id)
                & Domain('company_id', '=', order.company_id.id)
                & Domain('state', 'in', ('running', 'review')),
            )
            for period in periods:
                if order in period._get_golive_orders():
                    order._start_support_at_go_live(period._get_today())
        return result

    def _get_packs_waiting_for_golive(self):
        """ Return the packs and plans whose validity begins with a go-live that was not yet.

        :rtype: sale.order.line
        """
        return self.order_line.filtered(
            lambda line: line.support_hours_available and not line.support_start_date
            and line.product_id.support_validity_start == 'go_live',
        )
