from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import formatLang

# how much of a change between days is noise
NOISE = 0.05


class HypercareIndicator(models.Model):
    """ A figure that is watched in the weeks after a go-live, to find bottlenecks (G2).

    Built-in ones are counted from the tickets every night. The values of own ones are typed on the
    window, or fed by code (`hypercare.period._feed_measure`).
    """

    _name = 'hypercare.indicator'
    _description = "Hypercare Indicator"
    _inherit = ['helpdesk.engine.guard.mixin']
    _order = 'sequence, id'
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(
        default=True, help="Archived indicators are neither counted nor shown any more.",
    )
    sequence = fields.Integer(default=100)
    code = fields.Char(
        copy=False, help="By which a program that feeds values names the indicator.",
    )
    is_builtin = fields.Boolean(
        string="Built In", readonly=True, copy=False,
        help="Counted from the tickets by the system; nobody types its values.",
    )
    unit = fields.Char(translate=True, help="E.g. tickets, %, minutes. Shown behind the values.")
    digits = fields.Integer(string="Decimals", default=0)

    direction = fields.Selection(
        selection=[('down', "Lower is better"), ('up', "Higher is better")],
        string="Better", default='down', required=True,
    )
    has_target = fields.Boolean(
        string="Has a Target", help="Without one it is compared with the first days of the window.",
    )
    target = fields.Float(aggregator=None, digits=(16, 3))
    tolerance = fields.Float(
        aggregator=None, digits=(16, 3),
        help="By how much the limit may be exceeded, in the unit of the indicator.",
    )
    baseline_days = fields.Integer(
        string="Days of the Baseline", default=3, required=True,
        help="The average of so many days from the go-live is the baseline.",
    )
    baseline_factor = fields.Float(
        string="Times the Baseline", default=1.5, required=True, aggregator=None,
        help="Without a target the limit is so many times the baseline; where higher is better, "
             "the baseline divided by it.",
    )
    threshold_days = fields.Integer(
        string="Days to a Bottleneck", default=3, required=True, aggregator=None,
        help="Beyond the limit for so many days in a row, it is a bottleneck. 0: only observed.",
    )
    advice = fields.Text(
        string="What to Do", translate=True,
        help="Told to the supervisor of the window when it becomes a bottleneck.",
    )

    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Only for", index='btree_not_null',
        ondelete='cascade', check_company=True, falsy_value_label="All windows",
        help="Empty: watched in all windows.",
    )
    company_id = fields.Many2one(
        comodel_name='res.company', compute='_compute_company_id', store=True, readonly=False,
        precompute=True, index='btree_not_null', falsy_value_label="All companies",
    )

    _code_uniq = models.UniqueIndex(
        '(code) WHERE code IS NOT NULL', "Another indicator has this code already.",
    )
    _builtin_code = models.Constraint(
        'CHECK (is_builtin IS NOT TRUE OR (code IS NOT NULL AND period_id IS NULL))',
        "Built-in indicators have a code, and are watched in all windows.",
    )
    _numbers = models.Constraint(
        'CHECK (tolerance >= 0 AND threshold_days >= 0 AND baseline_days >= 1'
        ' AND baseline_factor >= 1 AND digits BETWEEN 0 AND 3)',
        "Tolerance and days cannot be negative, the baseline takes one day at least, its factor is "
        "1 or more, and there are 3 decimals at most.",
    )

    # === COMPUTE METHODS === #

    @api.depends('period_id')
    def _compute_company_id(self):
        for indicator in self:
            indicator.company_id = indicator.period_id.company_id or indicator.company_id

    # === CONSTRAINT METHODS === #

    @api.constrains('period_id')
    def _check_period_id(self):
        for indicator in self.filtered('period_id'):
            # sudo: hypercare.measure - values of windows that the user does not see count as well
            others = self.env['hypercare.measure'].sudo().search_count([
                ('indicator_id', '=', indicator.id), ('period_id', '!=', indicator.period_id.id),
            ], limit=1)
            if others:
                raise ValidationError(self.env._(
                    "%(indicator)s has values in other windows already. Create another indicator "
                    "for this window only.",
                    indicator=indicator.name,
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        """ Keep what the built-in indicators are; what they are judged by may be changed. """
        fixed = {'code', 'period_id', 'company_id'} & vals.keys()
        if fixed and not self.env.su and any(self.mapped('is_builtin')):
            raise UserError(self.env._(
                "Built-in indicators are watched in all windows and keep their code. Archive one "
                "to leave it out.",
            ))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_builtin(self):
        if any(self.mapped('is_builtin')):
            raise UserError(self.env._(
                "Built-in indicators cannot be deleted. Archive one to leave it out.",
            ))

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'is_builtin'}

    def copy_data(self, default=None):
        return [
            {**vals, 'name': self.env._("%s (copy)", indicator.name)}
            if 'name' not in (default or {}) else vals
            for indicator, vals in zip(self, super().copy_data(default))
        ]

    # === BUSINESS METHODS === #

    def _get_limit(self, baseline):
        """ Return the value beyond which a day counts towards a bottleneck.

        The target, else the baseline times the factor (divided by it where higher is better), and
        the tolerance on top.

        :param baseline: average of the first days, None as long as it is not known
        :return: None when there is nothing to compare with
        :rtype: float | None
        """
        self.ensure_one()
        is_down = self.direction == 'down'
        if self.has_target:
            limit = self.target
        elif baseline is None:
            return None
        elif is_down:
            limit = baseline * self.baseline_factor
        else:
            limit = baseline / self.baseline_factor
        return limit + self.tolerance if is_down else limit - self.tolerance

    def _is_beyond(self, value, limit):
        """ Return whether a value is worse than the limit. """
        self.ensure_one()
        if limit is None:
            return False
        # what was divided and multiplied is not worse by the last bit of a float
        if self.direction == 'down':
            return value > limit + 1e-9
        return value < limit - 1e-9

    def _get_worst(self, values):
        """ Return the worst of some values. """
        self.ensure_one()
        return max(values) if self.direction == 'down' else min(values)

    def _get_trend(self, value, before):
        """ Return whether a value is better or worse than those before it.

        :param float value: the latest
        :param list before: the values of the days before
        :return: 'better', 'worse', 'same', or False when there is nothing to compare with
        :rtype: str | bool
        """
        self.ensure_one()
        if not before:
            return False
        mean = sum(before) / len(before)
        change = value - mean
        if abs(change) <= NOISE * max(abs(value), abs(mean)):
            return 'same'
        return 'better' if (change > 0) == (self.direction == 'up') else 'worse'

    def _format_value(self, value):
        """ Return a value as text, in the language of the context, with its unit. """
        self.ensure_one()
        number = formatLang(self.env, value, digits=self.digits)
        if not self.unit:
            return number
        return self.env._("%(number)s %(unit)s", number=number, unit=self.unit)
