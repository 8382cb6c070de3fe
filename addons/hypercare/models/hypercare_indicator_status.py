from odoo import api, fields, models
from odoo.tools import SQL

# what of the running day is counted when the window is opened: the tickets, not the promises
LIVE_CODES = (
    'opened', 'solved', 'reopened', 'backlog', 'backlog_critical', 'backlog_high',
    'backlog_medium', 'backlog_low',
)
# with how many values before it the latest one is compared
TREND_DAYS = 3
# more indicators than a database has; ids of the rows must differ, and stay
INDICATORS = 100_000


class HypercareIndicatorStatus(models.Model):
    """ How an indicator stands in a window: its chart, its latest value and what it is judged by.

    A query, not a table: one row for each window and indicator that is watched in it.
    """

    _name = 'hypercare.indicator.status'
    _description = "Indicator of a Window"
    _auto = False
    _order = 'sequence, indicator_id'
    _rec_name = 'indicator_id'
    _depends = {
        'hypercare.indicator': ['active', 'company_id', 'period_id', 'sequence'],
        'hypercare.period': ['company_id'],
    }

    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Hypercare", readonly=True,
    )
    indicator_id = fields.Many2one(
        comodel_name='hypercare.indicator', string="Indicator", readonly=True,
    )
    company_id = fields.Many2one(comodel_name='res.company', readonly=True)
    sequence = fields.Integer(readonly=True)

    last_date = fields.Date(string="Last Day", compute='_compute_figures')
    has_value = fields.Boolean(compute='_compute_figures', export_string_translation=False)
    value = fields.Float(compute='_compute_figures', digits=(16, 3))
    value_text = fields.Char(string="Latest Value", compute='_compute_figures')
    live_text = fields.Char(string="Today", compute='_compute_live_text')
    baseline_text = fields.Char(string="Baseline", compute='_compute_figures')
    target_text = fields.Char(string="Target", compute='_compute_figures')
    limit_text = fields.Char(string="Limit", compute='_compute_figures')
    is_beyond = fields.Boolean(string="Beyond the Limit", compute='_compute_figures')
    trend = fields.Selection(
        selection=[('better', "Better"), ('same', "Unchanged"), ('worse', "Worse")],
        compute='_compute_figures',
        help="The latest value against the average of the three before it.",
    )
    chart = fields.Text(compute='_compute_figures', export_string_translation=False)
    bottleneck_id = fields.Many2one(
        comodel_name='hypercare.bottleneck', string="Bottleneck", compute='_compute_bottleneck_id',
    )
    bottleneck_date = fields.Date(
        string="Bottleneck since", compute='_compute_bottleneck_id',
    )

    # === COMPUTE METHODS === #

    @api.depends_context('lang')
    def _compute_figures(self):
        series = self.period_id._get_indicator_series(self.indicator_id)
        for status in self:
            indicator, period = status.indicator_id, status.period_id
            values = series.get((period, indicator), [])
            baseline = period._get_indicator_baseline(indicator, values)
            limit = indicator._get_limit(baseline)
            last_date, value = values[-1] if values else (False, 0)
            status.last_date = last_date
            status.has_value = bool(values)
            status.value = value
            status.value_text = indicator._format_value(value) if values else False
            status.baseline_text = baseline is not None and indicator._format_value(baseline)
            status.target_text = indicator.has_target and indicator._format_value(indicator.target)
            status.limit_text = (
                limit is not None and bool(indicator.threshold_days)
                and indicator._format_value(limit)
            )
            status.is_beyond = bool(
                values and indicator.threshold_days and indicator._is_beyond(value, limit)
            )
            status.trend = bool(values) and indicator._get_trend(
                value, [before for _day, before in values[:-1][-TREND_DAYS:]],
            )
            status.chart = status._prepare_chart(
                values, limit if indicator.threshold_days else None,
            )

    def _compute_live_text(self):
        figures = self.period_id._get_indicator_live_figures()
        for status in self:
            code = status.indicator_id.is_builtin and status.indicator_id.code
            value = figures.get(status.period_id, {}).get(code) if code in LIVE_CODES else None
            status.live_text = (
                value is not None and status.indicator_id._format_value(value)
            )

    def _compute_bottleneck_id(self):
        bottlenecks = self.env['hypercare.bottleneck'].search([
            ('period_id', 'in', self.period_id.ids), ('date_to', '=', False),
        ])
        by_key = {
            (bottleneck.period_id, bottleneck.indicator_id): bottleneck
            for bottleneck in bottlenecks
        }
        for status in self:
            bottleneck = by_key.get((status.period_id, status.indicator_id), bottlenecks.browse())
            status.bottleneck_id = bottleneck
            status.bottleneck_date = bottleneck.date_from

    # === BUSINESS METHODS === #

    def _prepare_chart(self, values, limit=None):
        """ Return what the small chart draws.

        :param list values: (day, value)
        :param limit: drawn as a line across, if any
        :rtype: str
        """
        self.ensure_one()
        return self.env['hypercare.period']._prepare_indicator_chart(
            self.indicator_id.name, values, self.indicator_id.digits,
            limit=limit, limit_label=self.env._("Limit"),
        )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT period.id::bigint * %s + indicator.id AS id, period.id AS period_id,
                   indicator.id AS indicator_id, period.company_id, indicator.sequence
              FROM hypercare_period period
              JOIN hypercare_indicator indicator
                ON indicator.active
               AND (indicator.period_id IS NULL OR indicator.period_id = period.id)
               AND (indicator.company_id IS NULL OR indicator.company_id = period.company_id)
            """,
            INDICATORS,
        )
