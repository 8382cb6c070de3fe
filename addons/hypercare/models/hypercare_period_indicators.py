import json
import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from odoo.addons.helpdesk_sla.tools.each import do_each

from ..tools.window_figures import (
    TARGETS,
    Life,
    Login,
    Promise,
    count_promises,
    count_silent,
    count_tickets,
    find_runs,
    get_changes,
)

_logger = logging.getLogger(__name__)

# states of windows whose days are counted; those that ended meanwhile as well
MEASURED_STATES = ('running', 'review', 'closed')
# how far clocks of the world are ahead of UTC at most
AHEAD = timedelta(hours=14)


class HypercarePeriod(models.Model):
    """ What is measured in a window, and the board of all windows (G2).

    A day is counted once, when it is over in the time zone of the window, by what the tickets say
    at that moment. What is stored does not change when they change later: a ticket that is
    reopened, gets another priority or goes to another client does not rewrite the past.

    The backlog at the end of a day is the number of tickets of the window that were received
    before the end (`open_date`) and not closed then: by `close_date`, and for tickets that were
    reopened by `stage_history`, the same as in the Backlog Analysis. So a missed day that is
    counted afterwards has the backlog that it had. Priority, kind and the window itself are not
    kept over time: of a missed day they are those of the moment at which it is counted.
    """

    _inherit = 'hypercare.period'

    indicator_status_ids = fields.One2many(
        comodel_name='hypercare.indicator.status', inverse_name='period_id', string="Indicators",
        readonly=True,
    )
    measure_ids = fields.One2many(
        comodel_name='hypercare.measure', inverse_name='period_id', string="Measures",
    )
    own_measure_ids = fields.One2many(
        comodel_name='hypercare.measure', inverse_name='period_id', string="Own Values",
        domain=[('indicator_id.is_builtin', '=', False)],
    )
    bottleneck_ids = fields.One2many(
        comodel_name='hypercare.bottleneck', inverse_name='period_id', string="Bottlenecks",
        readonly=True,
    )
    measured_date = fields.Date(
        string="Counted until", readonly=True, copy=False,
        help="The last day whose indicators were counted.",
    )
    measure_date = fields.Date(
        compute='_compute_measure_date', store=True, precompute=True, copy=False,
        export_string_translation=False,
        help="Technical: the next day to be counted. Empty: there is none.",
    )

    open_critical_count = fields.Integer(string="Critical", compute='_compute_open_counts')
    open_high_count = fields.Integer(string="High", compute='_compute_open_counts')
    open_medium_count = fields.Integer(string="Medium", compute='_compute_open_counts')
    open_low_count = fields.Integer(string="Low", compute='_compute_open_counts')
    breached_count = fields.Integer(
        string="Breached", compute='_compute_breached_count',
        help="Open tickets of the window that are past a deadline.",
    )
    bottleneck_count = fields.Integer(
        string="Lasting Bottlenecks", compute='_compute_bottleneck_count',
    )
    bottleneck_text = fields.Char(
        string="Beyond the Limit", compute='_compute_bottleneck_count',
        help="The indicators that are a bottleneck now.",
    )
    backlog_chart = fields.Text(
        compute='_compute_backlog_chart', export_string_translation=False,
    )

    _measure_idx = models.Index('(measure_date) WHERE measure_date IS NOT NULL')

    # === COMPUTE METHODS === #

    @api.depends('state', 'golive_date', 'date_end', 'closed_datetime', 'tz', 'measured_date')
    def _compute_measure_date(self):
        for period in self:
            if period.state not in MEASURED_STATES or not period.golive_date:
                period.measure_date = False
                continue
            last = period.date_end
            if period.closed_datetime:
                # no ticket comes into the window any more, nor do its figures change
                last = min(last, period._get_day(period.closed_datetime))
            following = period.golive_date
            if period.measured_date:
                following = max(following, period.measured_date + timedelta(days=1))
            period.measure_date = following <= last and following

    def _compute_open_counts(self):
        # sudo: helpdesk.ticket - how many there are, to those who see the window
        counts = {(period, priority): count for period, priority, count in (
            self.env['helpdesk.ticket'].sudo()._read_group(
                Domain('hypercare_id', 'in', self.ids)
                & self.env['helpdesk.ticket']._get_open_domain(),
                ['hypercare_id', 'priority'], ['__count'],
            )
        )}
        for period in self:
            for fname, priority in (
                ('open_critical_count', '3'), ('open_high_count', '2'),
                ('open_medium_count', '1'), ('open_low_count', '0'),
            ):
                period[fname] = counts.get((period._origin, priority), 0)

    def _compute_breached_count(self):
        # sudo: helpdesk.ticket - how many there are, to those who see the window
        counts = dict(self.env['helpdesk.ticket'].sudo()._read_group(
            Domain('hypercare_id', 'in', self.ids) & Domain('sla_state', '=', 'breached')
            & self.env['helpdesk.ticket']._get_open_domain(),
            ['hypercare_id'], ['__count'],
        ))
        for period in self:
            period.breached_count = counts.get(period._origin, 0)

    @api.depends('bottleneck_ids.date_to')
    @api.depends_context('lang')
    def _compute_bottleneck_count(self):
        bottlenecks = self.env['hypercare.bottleneck'].search([
            ('period_id', 'in', self.ids), ('date_to', '=', False),
        ]).grouped('period_id')
        for period in self:
            own = bottlenecks.get(period._origin, self.env['hypercare.bottleneck'])
            period.bottleneck_count = len(own)
            period.bottleneck_text = ', '.join(own.indicator_id.sorted().mapped('name'))

    @api.depends('measure_ids.value')
    @api.depends_context('lang')
    def _compute_backlog_chart(self):
        # sudo: hypercare.indicator - the name of one of them
        backlog = self.env.ref('hypercare.indicator_backlog', raise_if_not_found=False)
        backlog = (backlog or self.env['hypercare.indicator']).with_env(self.env)
        series = self._get_indicator_series(backlog)
        for period in self:
            period.backlog_chart = self._prepare_indicator_chart(
                backlog.name or "", series.get((period._origin, backlog), []), 0,
            )

    # === CRUD METHODS === #

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'measured_date', 'measure_date', 'bottleneck_ids', 'indicator_status_ids',
        }

    # === ACTION METHODS === #

    def action_view_breached_tickets(self):
        """ Open the tickets of the window that are past a deadline. """
        self.ensure_one()
        return {
            **self.action_view_tickets(),
            'domain': [('hypercare_id', '=', self.id), ('sla_state', '=', 'breached')],
        }

    def action_view_measures(self):
        """ Open the values of the window, over time. """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('hypercare.hypercare_measure_action'),
            'domain': [('period_id', '=', self.id)],
            'context': {'search_default_indicator': 1},
        }

    # === THE LIFE OF A WINDOW === #

    def _reset(self, reason):
        """ What was counted since a start that was a mistake is forgotten. """
        super()._reset(reason)
        # sudo: hypercare.measure, hypercare.bottleneck - kept by the system; the access was checked
        period = self.sudo()
        period.bottleneck_ids.activity_id.unlink()
        period.bottleneck_ids.unlink()
        period.measure_ids.filtered('is_builtin').unlink()
        period.measured_date = False

    def _after_close(self):
        """ Bottlenecks end with the window: nobody counts on. """
        super()._after_close()
        today = self._get_today()
        # sudo: hypercare.bottleneck - kept by the system
        bottlenecks = self.sudo().bottleneck_ids.filtered('is_open')
        bottlenecks._end(dict.fromkeys(bottlenecks, today))

    def _get_review_facts(self, totals):
        """ Where it does not go well is talked about in the review, and told at the hand-over. """
        facts = super()._get_review_facts(totals)
        for bottleneck in self.bottleneck_ids.filtered('is_open'):
            date = format_date(self.env, bottleneck.date_from)
            facts.append((
                bottleneck.indicator_id.name, self.env._("bottleneck since %(date)s", date=date),
            ))
        return facts

    # === OWN INDICATORS === #

    def _feed_measure(self, code, date, value):
        """ Store the value of an own indicator on a day; for programs that measure something.

        A value of the same day is replaced, so that a program may run twice. It needs the rights
        that a user needs who types the value on the window. For example, a scheduled action that
        counts the invoices that the client sent:

            period._feed_measure('invoices_sent', period._get_today(), 42)

        :param str code: of an indicator that is watched in this window, not a built-in one
        :param date date: a day of the window, in its time zone
        :param float value: in the unit of the indicator
        :return: what was stored
        :rtype: hypercare.measure
        :raise UserError: if there is no such indicator, or it is built in
        """
        self.ensure_one()
        indicator = self._get_watched_indicators().filtered(
            lambda indicator: indicator.code == code and not indicator.is_builtin,
        )
        if not indicator:
            raise UserError(self.env._(
                "%(period)s has no indicator of its own with the code \"%(code)s\".",
                period=self.name, code=code,
            ))
        measure = self.env['hypercare.measure'].search([
            ('period_id', '=', self.id), ('indicator_id', '=', indicator.id), ('date', '=', date),
        ])
        if measure:
            measure.value = value
            return measure
        return measure.create({
            'period_id': self.id, 'indicator_id': indicator.id, 'date': date, 'value': value,
        })

    def _get_watched_indicators(self):
        """ Return the indicators that are watched in this window. """
        self.ensure_one()
        return self.env['hypercare.indicator'].search([
            ('period_id', 'in', [False, self.id]),
            ('company_id', 'in', [False, self.company_id.id]),
        ])

    # === FIGURES === #

    def _get_indicator_figures(self, days):
        """ Return the built-in indicators of some days, counted from the tickets now.

        A fixed number of queries for any number of windows and days. Only tickets of these windows
        are read, and only those that were not closed for good before the first of the days.

        :param dict days: the days to count, by period
        :return: by (period, day): values by code of the indicator. What cannot be told of a day is
            left out: the share of nothing, promises of which none was decided, users not known.
        :rtype: dict[tuple, dict[str, float]]
        """
        bounds = {
            (period, day): period._get_day_bounds(day)
            for period, own in days.items() for day in own
        }
        if not bounds:
            return {}
        # sudo: hypercare.period - figures do not depend on whose tickets the reader sees
        periods = self.browse(period.id for period in days).sudo()
        start = min(start for start, _end in bounds.values())
        end = max(end for _start, end in bounds.values())
        self.env.flush_all()
        lives = periods._read_lives(start, end)
        promises = periods._read_promises(start, end)
        logins = periods._read_logins()
        return {
            (period, day): {
                **count_tickets(
                    lives[period.id], day_start, day_end, users=period.scale_user_count,
                ),
                **count_promises(promises[period.id], day_start, day_end),
                **count_silent(logins[period.partner_id.id], day_end),
            }
            for (period, day), (day_start, day_end) in bounds.items()
        }

    def _get_indicator_live_figures(self):
        """ Return what of the running day can be told already, of the windows that run.

        :rtype: dict[hypercare.period, dict[str, float]]
        """
        figures = self._get_indicator_figures({
            period: [period._get_today()]
            for period in self if period.state == 'running'
        })
        return {period: values for (period, _day), values in figures.items()}

    def _read_lives(self, start, end):
        """ Return the tickets of the windows that were not closed before `start`.

        Archived ones are left out, as everywhere. Merged ones came in as well, and count as
        canceled.

        :rtype: dict[int, list[Life]]
        """
        lives = defaultdict(list)
        for period_id, opened, priority, kind, *changes in (
            self.env.execute_query(SQL(
                """
                SELECT hypercare_id, open_date, priority, hypercare_kind, close_date, stage_type,
                       stage_history, reopen_count > 0
                  FROM helpdesk_ticket
                 WHERE hypercare_id IN %s AND active IS TRUE AND open_date < %s
                   AND (close_date IS NULL OR close_date >= %s)
                """,
                tuple(self.ids), end, start,
            ))
        ):
            lives[period_id].append(
                Life(opened, get_changes(opened, *changes), priority, kind or 'other'),
            )
        return lives

    def _read_promises(self, start, end):
        """ Return the promises of the windows that were decided from `start` to `end`.

        What counts, and when it was decided, is the rule of the SLA Analysis.

        :rtype: dict[int, list[Promise]]
        """
        promises = defaultdict(list)
        # OFFSET 0: the promises of these tickets, one ticket after the other. Left to itself the
        # database reads those of all tickets, for it cannot guess how few were decided on a day
        for period_id, target, decided, state in self.env.execute_query(SQL(
            """
            SELECT ticket.hypercare_id, promise.target, promise.outcome_date, promise.state
              FROM helpdesk_ticket ticket
              CROSS JOIN LATERAL (
                   SELECT report.target, report.outcome_date, report.state, report.is_counted
                     FROM (%(report)s) report
                    WHERE report.ticket_id = ticket.id AND report.target IN %(targets)s
                   OFFSET 0
              ) promise
             WHERE ticket.hypercare_id IN %(ids)s AND ticket.active IS TRUE
               AND ticket.open_date < %(end)s
               AND promise.outcome_date >= %(start)s AND promise.outcome_date < %(end)s
               AND promise.is_counted
            """,
            report=self.env['helpdesk.sla.report']._table_query,
            ids=tuple(self.ids), targets=TARGETS, start=start, end=end,
        )):
            promises[period_id].append(Promise(target, decided, state == 'reached'))
        return promises

    def _read_logins(self):
        """ Return who of the clients may log in to the portal, and when they first did something.

        A login, or a ticket in any channel. Of logins the system keeps only the latest for long:
        for a day that is counted late, one after it hides an earlier one.

        :return: by id of the client
        :rtype: dict[int, list[Login]]
        """
        logins = defaultdict(list)
        for client_id, created, first_sign in self.env.execute_query(SQL(
            """
            SELECT partner.commercial_partner_id, users.create_date,
                   LEAST(
                       (SELECT MIN(log.create_date) FROM res_users_log log
                         WHERE log.create_uid = users.id),
                       (SELECT MIN(ticket.open_date) FROM helpdesk_ticket ticket
                         WHERE ticket.partner_id = partner.id)
                   )
              FROM res_partner partner
              JOIN res_users users ON users.partner_id = partner.id
             WHERE partner.commercial_partner_id IN %s AND users.active AND users.share
            """,
            tuple(self.partner_id.ids),
        )):
            logins[client_id].append(Login(created, first_sign))
        return logins

    # === WHAT WAS MEASURED === #

    def _get_indicator_series(self, indicators):
        """ Return the values of indicators in these windows, by day.

        :param indicators: the hypercare.indicator
        :return: by (period, indicator): (day, value), in order
        :rtype: dict[tuple, list[tuple]]
        """
        if not self.ids or not indicators:
            return {}
        return {
            (period, indicator): sorted(zip(days, values))
            for period, indicator, days, values in self.env['hypercare.measure']._read_group(
                [('period_id', 'in', self.ids), ('indicator_id', 'in', indicators.ids)],
                ['period_id', 'indicator_id'], ['date:array_agg', 'value:array_agg'],
            )
        }

    def _get_indicator_baseline(self, indicator, values):
        """ Return the average of the first days, or None as long as they are not over.

        :param list values: (day, value), see `_get_indicator_series`
        :rtype: float | None
        """
        self.ensure_one()
        following = self._get_indicator_baseline_end(indicator)
        # a day that was counted and has no value is none that is still to come
        known = [day for day in (self.measured_date, *(day for day, _value in values[-1:])) if day]
        if not following or not known or max(known) < following - timedelta(days=1):
            return None
        first = [value for day, value in values if day < following]
        return sum(first) / len(first) if first else None

    def _get_indicator_baseline_end(self, indicator):
        """ Return the day after the days of the baseline. """
        self.ensure_one()
        return self.golive_date and self.golive_date + timedelta(days=indicator.baseline_days)

    @api.model
    def _prepare_indicator_chart(self, name, values, digits, limit=None, limit_label=""):
        """ Return what a small chart draws, for the widgets `dashboard_graph` and
        `hypercare_sparkline`.

        :param str name: told at each point
        :param list values: (day, value)
        :param limit: drawn as a line across by the second one
        :rtype: str
        """
        return json.dumps([{
            'key': name,
            'values': [
                {'x': format_date(self.env, day, date_format='d MMM'), 'y': round(value, digits)}
                for day, value in values
            ],
            'limit': None if limit is None else round(limit, digits + 1),
            'limit_label': limit_label,
            'is_sample_data': False,
        }])

    # === CRON METHODS === #

    @api.model
    def _cron_measure(self, batch_size=50):
        """ Count the days that are over, in every window in which some are not counted yet.

        In batches that are kept as they are done. A day is counted once: a second run finds nothing
        to do, and one after an outage counts what was missed, also of windows that ended meanwhile.
        """
        ids = self._search_due_measures().ids
        self.env['ir.cron']._commit_progress(remaining=len(ids))
        while ids:
            batch, ids = self.browse(ids[:batch_size]), ids[batch_size:]
            # whoever works on one now has it counted in the next run
            do_each(
                batch.exists().try_lock_for_update(allow_referencing=True),
                lambda periods: periods._measure_due_days(),
                _logger, "The indicators of %s could not be counted",
            )
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=len(ids)):
                break

    @api.model
    def _search_due_measures(self):
        """ Return the windows of which a day is over that is not counted yet.

        Archived windows go on being counted: archiving hides, it does not end.
        """
        latest = (fields.Datetime.now() + AHEAD).date()
        return self.with_context(active_test=False).search(
            [('measure_date', '<', latest)], order='id',
        ).with_env(self.env).filtered(
            lambda period: period.measure_date < period._get_today(),
        )

    @api.model
    def _measure_all_due_days(self):
        """ Do what the job does, at once; for demo data. """
        self._search_due_measures()._measure_due_days()

    def _measure_due_days(self):
        """ Count the days of these windows that are over and not counted yet.

        What was built in, then what is a bottleneck. A fixed number of queries, whatever the number
        of windows and days, besides what new bottlenecks need.
        """
        self.invalidate_recordset(['measure_date', 'measured_date'])
        days = {}
        for period in self:
            # counting ends with the day before today, and with the last day of the window
            if period.measure_date and period.measure_date < period._get_today():
                own = [
                    day for day in period._get_window_days(
                        period._get_today() - timedelta(days=1),
                    )
                    if day >= period.measure_date
                ]
                if own:
                    days[period] = own
        if not days:
            return
        # sudo: hypercare.indicator, hypercare.measure - the job counts for everybody
        indicators = {
            indicator.code: indicator for indicator in
            self.env['hypercare.indicator'].sudo().search([('is_builtin', '=', True)])
        }
        figures = self._get_indicator_figures(days)
        self.env['hypercare.measure'].sudo()._store(
            [(period.id, day) for period, day in figures],
            [
                (period.id, indicators[code].id, day, round(value, 3))
                for (period, day), values in figures.items()
                for code, value in values.items() if code in indicators
            ],
        )
        periods = self.browse(period.id for period in days).sudo()
        for last, own in periods.grouped(lambda period: days[period][-1]).items():
            own.measured_date = last
        periods._update_bottlenecks({period: own[0] for period, own in days.items()})

    def _update_bottlenecks(self, since):
        """ Note which indicators became bottlenecks, and which are back within their limit.

        :param dict since: the first day that was counted just now, by period. What was decided
            about the days before is not decided anew, so that another target changes no history.
        """
        indicators = self.env['hypercare.indicator'].search([('threshold_days', '>', 0)])
        series = self._get_indicator_series(indicators)
        bottlenecks = self.env['hypercare.bottleneck']
        known = {
            (bottleneck.period_id, bottleneck.indicator_id): bottleneck
            for bottleneck in bottlenecks.search(
                [('period_id', 'in', self.ids)], order='date_from, id',
            )
        }
        # what is no longer watched, or only observed, is no bottleneck any more
        ended = {
            last: since[period] - timedelta(days=1) for (period, indicator), last in known.items()
            if last.is_open and indicator not in indicators
        }
        vals_list, lasting = [], []
        for key, values in series.items():
            period, indicator = key
            limit, judged = period._get_judged_values(indicator, values)
            last = known.get(key, bottlenecks)
            if last.is_open:
                end = self._get_bottleneck_end(last, limit, judged, since[period])
                if not end:
                    last._note_worst(judged)
                    continue
                ended[last] = end
            if covered := ended.get(last) or last.date_to:
                judged = [(day, value) for day, value in judged if day > covered]
            for run in find_runs(
                judged,
                lambda value, indicator=indicator, limit=limit: indicator._is_beyond(value, limit),
                indicator.threshold_days,
            ):
                if run.flagged >= since[period] or not run.date_to:
                    vals_list.append(self._prepare_bottleneck_values(key, run, limit))
                    lasting.append(not run.date_to and run.values)
        bottlenecks.browse(bottleneck.id for bottleneck in ended)._end(ended)
        created = bottlenecks.create(vals_list)
        values = {
            bottleneck: run_values for bottleneck, run_values in zip(created, lasting) if run_values
        }
        bottlenecks.browse(bottleneck.id for bottleneck in values)._tell_supervisors(values)

    def _get_judged_values(self, indicator, values):
        """ Return the limit of an indicator in this window, and the values that it judges.

        The days of the baseline are not judged by themselves.

        :param list values: (day, value)
        :rtype: tuple[float | None, list]
        """
        self.ensure_one()
        limit = indicator._get_limit(self._get_indicator_baseline(indicator, values))
        if limit is None:
            return None, []
        if not indicator.has_target:
            following = self._get_indicator_baseline_end(indicator)
            values = [(day, value) for day, value in values if day >= following]
        return limit, values

    @api.model
    def _get_bottleneck_end(self, bottleneck, limit, values, since):
        """ Return the last day of a bottleneck that is back within its limit, else None.

        :param list values: (day, value), those that are judged
        :param date since: the first day that was counted just now; values that are typed come late
        :rtype: date | None
        """
        indicator = bottleneck.indicator_id
        last = bottleneck.date_from
        for day, value in values:
            if day <= bottleneck.date_from:
                continue
            is_news = day >= since or not indicator.is_builtin
            if is_news and not indicator._is_beyond(value, limit):
                return last
            last = day
        return None

    @api.model
    def _prepare_bottleneck_values(self, key, run, limit):
        """ Return the values of a bottleneck.

        :param tuple key: (period, indicator)
        :param Run run: the days beyond the limit
        :rtype: dict
        """
        period, indicator = key
        return {
            'period_id': period.id,
            'indicator_id': indicator.id,
            'date_from': run.date_from,
            'date_to': run.date_to or False,
            'limit_value': limit,
            'worst_value': indicator._get_worst(value for _day, value in run.values),
        }
