from odoo import models


class ResUsers(models.Model):
    _inherit = 'res.users'

    def _init_store_data(self, store):
        super()._init_store_data(store)
        store.add_global_values(has_access_create_ticket=(
            self.env.user._is_internal() and self.env['helpdesk.ticket'].has_access('create')
        ))
