from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    support_included_hours = fields.Float(
        related='company_id.support_included_hours', readonly=False,
    )
    support_balance_thresholds = fields.Char(
        related='company_id.support_balance_thresholds', readonly=False,
    )
    support_expiry_notice_days = fields.Integer(
        related='company_id.support_expiry_notice_days', readonly=False,
    )
    support_uninvoiced_days = fields.Integer(
        related='company_id.support_uninvoiced_days', readonly=False,
    )
    support_show_hours_portal = fields.Boolean(
        related='company_id.support_show_hours_portal', readonly=False,
    )
    support_unanswered_days = fields.Integer(
        related='company_id.support_unanswered_days', readonly=False,
    )
    support_statement_send = fields.Selection(
        related='company_id.support_statement_send', readonly=False,
    )
