from odoo import models


class ProductProduct(models.Model):
    _inherit = 'product.product'

    def _is_time_and_materials(self):
        """ Return whether an order line of the product is delivered and invoiced by time logged. """
        self.ensure_one()
        return (
            self._is_delivered_timesheet()
            and self.service_tracking == 'no'
            and self.uom_id._has_common_reference(self.env.ref('uom.product_uom_hour'))
        )
