from odoo import models


class SupportStatement(models.Model):
    _inherit = 'support.statement'

    # === PRESENTATION === #

    def _get_free_reason_names(self):
        return {**super()._get_free_reason_names(), 'hypercare': self.env._("Hypercare")}
