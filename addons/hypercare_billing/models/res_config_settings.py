from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    hypercare_free = fields.Selection(related='company_id.hypercare_free', readonly=False)
