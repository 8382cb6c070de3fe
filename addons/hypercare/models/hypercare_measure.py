from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL


class HypercareMeasure(models.Model):
    """ The value of an indicator on a day of a window (G2). """

    _name = 'hypercare.measure'
    _description = "Hypercare Measure"
    _order = 'date desc, indicator_id, id desc'
    _rec_name = 'indicator_id'

    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Hypercare", required=True, index=True,
        ondelete='cascade',
    )
    indicator_id = fields.Many2one(
        comodel_name='hypercare.indicator', string="Indicator", required=True, index=True,
        ondelete='restrict',
    )
    date = fields.Date(string="Day", required=True, default=fields.Date.context_today)
    value = fields.Float(required=True, aggregator='avg', digits=(16, 3))

    is_builtin = fields.Boolean(related='indicator_id.is_builtin')
    unit = fields.Char(related='indicator_id.unit')
    company_id = fields.Many2one(related='period_id.company_id')
    partner_id = fields.Many2one(related='period_id.partner_id')
    user_id = fields.Many2one(related='period_id.user_id')
    state = fields.Selection(related='period_id.state', string="State of the Window")

    _day_uniq = models.Constraint(
        'UNIQUE (period_id, indicator_id, date)',
        "There is a value of this indicator for this day already. Change that one.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('period_id', 'indicator_id', 'date')
    def _check_fits(self):
        for measure in self:
            indicator, period = measure.indicator_id, measure.period_id
            if (
                (indicator.period_id and indicator.period_id != period)
                or (indicator.company_id and indicator.company_id != period.company_id)
            ):
                raise ValidationError(self.env._(
                    "%(indicator)s is not watched in %(period)s.",
                    indicator=indicator.name, period=period.name,
                ))
            if not period.golive_date or not (
                period.golive_date <= measure.date <= period.date_end
            ):
                raise ValidationError(self.env._(
                    "Values are for days of the window, from the go-live to the last day.",
                ))
            if measure.date > period._get_today():
                raise ValidationError(self.env._("This day has not come yet."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        measures = super().create(vals_list)
        measures._check_by_hand()
        return measures

    def write(self, vals):
        self._check_by_hand()
        result = super().write(vals)
        self._check_by_hand()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_builtin(self):
        self._check_by_hand()

    # === BUSINESS METHODS === #

    def _check_by_hand(self):
        """ Refuse that users type what the system counts.

        :raise AccessError: if one of the measures is of a built-in indicator
        """
        if self.env.su:
            return
        builtin = self.indicator_id.filtered('is_builtin')
        if builtin:
            raise AccessError(self.env._(
                "%(indicators)s: counted from the tickets by the system, and not typed by hand.",
                indicators=', '.join(builtin.mapped('name')),
            ))

    @api.model
    def _store(self, days, rows):
        """ Store what was counted of some days, in two statements whatever their number.

        What was stored of these days before is replaced, so that the same day may be counted twice.
        For the system alone: rights are not looked at.

        :param list days: (id of the period, day) that were counted
        :param list rows: (id of the period, id of the built-in indicator, day, value)
        """
        if not days:
            return
        self.env['hypercare.indicator'].flush_model(['is_builtin'])
        self.flush_model()
        self.env.execute_query(SQL(
            """
            DELETE FROM hypercare_measure measure
             USING hypercare_indicator indicator,
                   unnest(%s::int[], %s::date[]) AS counted (period_id, date)
             WHERE measure.period_id = counted.period_id AND measure.date = counted.date
               AND indicator.id = measure.indicator_id AND indicator.is_builtin
         RETURNING measure.id
            """,
            [period_id for period_id, _day in days], [day for _period_id, day in days],
        ))
        if rows:
            self.env.execute_query(SQL(
                """
                INSERT INTO hypercare_measure (period_id, indicator_id, date, value,
                                               create_uid, write_uid, create_date, write_date)
                SELECT counted.*, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(periods)s::int[], %(indicators)s::int[], %(days)s::date[],
                              %(values)s::float8[]) AS counted
             RETURNING id
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                periods=[row[0] for row in rows],
                indicators=[row[1] for row in rows],
                days=[row[2] for row in rows],
                values=[row[3] for row in rows],
            ))
        self.invalidate_model()
        self.env['hypercare.period'].invalidate_model(['measure_ids', 'own_measure_ids'])
