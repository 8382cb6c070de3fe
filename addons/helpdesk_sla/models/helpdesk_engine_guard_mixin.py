from odoo import api, models


class HelpdeskEngineGuardMixin(models.AbstractModel):
    """ Fields that the system alone writes are refused in whatever users create or write. """

    _name = 'helpdesk.engine.guard.mixin'
    _inherit = ['helpdesk.engine.mixin']
    _description = "Fields that only the System Writes"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self.browse()._check_engine_fields(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_engine_fields(vals)
        return super().write(vals)
