from odoo import fields, models


class AccountAnalyticLine(models.Model):
    _inherit = 'account.analytic.line'

    billing_free_reason = fields.Selection(
        selection_add=[('hypercare', "Hypercare")], ondelete={'hypercare': 'set null'},
    )
