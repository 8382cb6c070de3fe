from odoo import models


class ProductProduct(models.Model):
    _inherit = 'product.product'

    def _is_time_and_materials(self):
        """ Return whether order lines of the product are delivered and invoiced by time. """
        self.ensure_one()
        return (
            self._is_delivered_timesheet()
            and self.service_tracking == 'no'
            and self.uom_id._has_common_reference(self.env.ref('uom.product_uom_hour'))
        )
