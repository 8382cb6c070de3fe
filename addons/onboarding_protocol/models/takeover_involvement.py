from odoo import api, fields, models


class TakeoverInvolvement(models.Model):
    """ Work of the former provider that costs money (T3): limited by a cap, and in view.

    Internal: the client sees neither the hours nor the cost.
    """

    _name = 'takeover.involvement'
    _inherit = 'takeover.item.mixin'
    _description = "Involvement of the Former Provider"
    _order = 'date desc, id desc'

    date = fields.Date(required=True, default=fields.Date.context_today)
    person = fields.Char(string="Who", required=True, help="The person of the former provider.")
    name = fields.Char(string="What", required=True)
    hours = fields.Float(required=True)
    currency_id = fields.Many2one(related='project_id.company_id.currency_id')
    rate = fields.Monetary(string="Rate per Hour", aggregator='avg')
    amount = fields.Monetary(
        compute='_compute_amount', store=True, precompute=True,
        help="In the currency of the company.",
    )

    _hours_positive = models.Constraint('CHECK (hours > 0)', "Hours are more than zero.")
    _rate_positive = models.Constraint('CHECK (rate >= 0)', "A rate is not negative.")

    # === COMPUTE METHODS === #

    @api.depends('hours', 'rate', 'currency_id')
    def _compute_amount(self):
        for entry in self:
            amount = entry.hours * entry.rate
            entry.amount = entry.currency_id.round(amount) if entry.currency_id else amount

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries.project_id._warn_of_involvement()
        return entries

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'hours', 'rate'}:
            self.project_id._warn_of_involvement()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'amount'}
