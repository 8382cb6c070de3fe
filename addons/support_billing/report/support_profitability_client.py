from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

# the share of the revenue below which the margin of a client is called thin
THIN_MARGIN = 0.2


class SupportProfitabilityClient(models.Model):
    """ How each client did in the last twelve months, for who has a minute (requirements H8). """

    _name = 'support.profitability.client'
    _description = "Profitability of Clients"
    _inherit = ['support.report.mixin']
    _auto = False
    _order = 'margin desc, id'
    _rec_name = 'client_id'

    client_id = fields.Many2one(
        comodel_name='res.partner', string="Client", readonly=True,
        falsy_value_label="No client",
    )
    company_id = fields.Many2one(comodel_name='res.company', readonly=True)
    revenue = fields.Monetary(readonly=True, currency_field='currency_id')
    cost = fields.Monetary(readonly=True, currency_field='currency_id')
    margin = fields.Monetary(readonly=True, currency_field='currency_id')
    hours = fields.Float(string="Hours Worked", readonly=True)
    unpaid_hours = fields.Float(
        string="Not Paid",
        readonly=True,
        help="Hours worked that no order line pays for: free, not approved or flagged.",
    )
    hourly_rate = fields.Monetary(
        string="Effective Hourly Rate",
        readonly=True,
        currency_field='currency_id',
        aggregator=None,
        help="Revenue by hours worked, the unpaid ones included.",
    )
    currency_id = fields.Many2one(comodel_name='res.currency', readonly=True)
    verdict = fields.Selection(
        selection=[('good', "Good"), ('thin', "Thin"), ('loss', "Loss")],
        string="Result",
        readonly=True,
        help="Loss: support costs more than it brings in. Thin: less than a fifth of the revenue "
             "is left.",
    )
    color = fields.Integer(compute='_compute_color', export_string_translation=False)

    # === COMPUTE METHODS === #

    @api.depends('verdict')
    def _compute_color(self):
        colors = {'good': 10, 'thin': 3, 'loss': 1}
        for client in self:
            client.color = colors.get(client.verdict, 0)

    # === ACTION METHODS === #

    def action_view_details(self):
        """ Open the months and the packs behind the figures of the client. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'support_billing.support_profitability_report_action',
        )
        action['name'] = self.client_id.name or self.env._("No client")
        action['domain'] = [
            ('client_id', '=', self.client_id.id),
            ('company_id', '=', self.company_id.id),
            ('date', '>', self._get_first_date()),
        ]
        action['context'] = {}
        return action

    # === QUERY === #

    @api.model
    def _get_first_date(self):
        """ Return the day after which the twelve months begin. """
        return fields.Date.context_today(self) - relativedelta(years=1)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT total.*,
                   revenue / NULLIF(hours, 0) AS hourly_rate,
                   CASE WHEN margin < 0 THEN 'loss'
                        WHEN margin < revenue * %(thin)s THEN 'thin'
                        ELSE 'good' END AS verdict
              FROM (
                   SELECT COALESCE(client_id, 0)::bigint * 10000 + company_id AS id,
                          client_id, company_id, currency_id,
                          SUM(revenue) AS revenue, SUM(cost) AS cost, SUM(margin) AS margin,
                          SUM(hours) AS hours,
                          SUM(CASE WHEN order_line_id IS NULL THEN hours ELSE 0 END)
                              AS unpaid_hours
                     FROM (%(report)s) report
                    WHERE date > %(first_date)s
                    GROUP BY client_id, company_id, currency_id
              ) total
            """,
            thin=THIN_MARGIN,
            report=self.env['support.profitability.report']._table_query,
            first_date=self._get_first_date(),
        )
