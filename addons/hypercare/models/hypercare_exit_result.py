from odoo import api, fields, models


class HypercareExitResult(models.Model):
    """ Whether a criterion was met when its window was closed. Written by the window alone. """

    _name = 'hypercare.exit.result'
    _description = "Exit Criterion at the Closing of Hypercare"
    _inherit = ['helpdesk.engine.guard.mixin']
    _order = 'date desc, id'
    _rec_name = 'name'

    period_id = fields.Many2one(
        comodel_name='hypercare.period', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='period_id.company_id', store=True)
    date = fields.Datetime(string="Closed on", required=True, readonly=True)
    # a copy: criteria change, what was decided does not
    name = fields.Char(string="Criterion", required=True, readonly=True)
    is_mandatory = fields.Boolean(string="Mandatory", readonly=True)
    status = fields.Selection(
        selection=[('met', "Met"), ('missing', "Missing")], required=True, readonly=True,
    )
    detail = fields.Char(string="How It Stood", readonly=True)

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'period_id', 'company_id', 'date', 'name', 'is_mandatory', 'status', 'detail',
        }
