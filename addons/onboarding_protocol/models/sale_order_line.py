from odoo import models


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _timesheet_create_project_prepare_values(self):
        """ Begin the implementation of the client who ordered it, with the coordinator it named.

        The person who is named as the customer of the order is the client's coordinator.
        """
        values = super()._timesheet_create_project_prepare_values()
        template = self.product_id.project_template_id
        if template.implementation_kind:
            customer = self.order_id.partner_id
            if customer != customer.commercial_partner_id:
                values['coordinator_id'] = customer.id
            if not values.get('user_id'):
                values['user_id'] = self.order_id.user_id.id
            if self.order_id.commitment_date:
                values['planned_golive_date'] = self.order_id.commitment_date.date()
        return values
