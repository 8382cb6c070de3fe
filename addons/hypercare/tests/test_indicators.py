from datetime import date, datetime, timedelta
from random import Random
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HypercareCommon

DAYS = [date(2026, 3, 2) + timedelta(days=number) for number in range(20)]


class IndicatorCase(HypercareCommon):
    """ A window that runs since Monday, 2 March 2026, 00:00 in Warsaw. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.indicators = {
            indicator.code: indicator
            for indicator in cls.env['hypercare.indicator'].search([('is_builtin', '=', True)])
        }
        cls.period._start(cls.period._get_day_bounds(DAYS[0])[0])

    def setUp(self):
        super().setUp()
        # what tracking and pauses note comes from the transaction, not from the clock
        self.startPatcher(patch.object(self.env.cr, 'now', fields.Datetime.now))

    def at(self, day, hour=12, minute=0):
        """ Go to a day of the window (0: the go-live), on the clock of Warsaw. """
        start = self.period._get_day_bounds(DAYS[0] + timedelta(days=day))[0]
        moment = start + timedelta(hours=hour, minutes=minute)
        self.go_to(seconds=(moment - self.start).total_seconds())

    def count(self):
        self.run_cron('ir_cron_measure')

    def value(self, code, day, period=None):
        """ Return what is stored of a day; None: nothing. """
        measure = self.env['hypercare.measure'].search([
            ('period_id', '=', (period or self.period).id),
            ('indicator_id.code', '=', code), ('date', '=', DAYS[day]),
        ])
        return measure.value if measure else None

    def values(self, code, days=5):
        return [self.value(code, day) for day in range(days)]

    def move(self, tickets, stage_type):
        for ticket in tickets:
            ticket.stage_id = ticket.team_id.stage_ids.filtered(
                lambda stage: stage.stage_type == stage_type,
            )[:1]
        self.env.flush_all()

    def own_indicator(self, **values):
        return self.env['hypercare.indicator'].create({
            'name': "Invoices sent", 'code': 'invoices', 'direction': 'up', 'unit': "invoices",
            'has_target': True, 'target': 10, 'threshold_days': 2, **values,
        })

    def feed(self, code, *values, first=0):
        """ Feed values of days in a row, when the last of them is over. """
        following = DAYS[0] + timedelta(days=first + len(values))
        if self.period._get_today() < following:
            self.at(first + len(values), 0, 1)
        for number, value in enumerate(values):
            self.period._feed_measure(code, DAYS[first + number], value)

    def bottlenecks(self, code=None):
        found = self.env['hypercare.bottleneck'].search(
            [('period_id', '=', self.period.id)], order='date_from',
        )
        return found.filtered(lambda bottleneck: not code or bottleneck.indicator_id.code == code)


@tagged('post_install', '-at_install')
class TestIndicators(IndicatorCase):
    """ What is counted, and when (G2). """

    def test_G2_tickets_of_a_day(self):
        self.period.scale_user_count = 10
        self.at(0)
        tickets = self._create_tickets(3, 'question') | self._create_tickets(1, 'defect')
        tickets[0].priority = '3'
        self.at(0, 15)
        self.move(tickets[1], 'solved')
        self.move(tickets[2], 'cancelled')
        self.at(1, 1)
        self.count()
        self.assertEqual(
            {code: self.value(code, 0) for code in (
                'opened', 'solved', 'reopened', 'backlog', 'backlog_critical', 'backlog_medium',
                'requests_per_user', 'share_question', 'share_settings', 'share_defect',
            )},
            {
                'opened': 4, 'solved': 1, 'reopened': 0, 'backlog': 2, 'backlog_critical': 1,
                'backlog_medium': 1, 'requests_per_user': 0.4, 'share_question': 75,
                'share_settings': 0, 'share_defect': 25,
            },
        )

    def test_G2_compliance_of_a_day(self):
        self.env['helpdesk.sla'].create([
            {'name': target, 'company_id': self.company.id, 'target': target, 'time': time}
            for target, time in (('first_response', 1), ('resolution', 4))
        ])
        self.at(0, 10)
        tickets = self._create_tickets(4)
        self.at(0, 10, 30)
        tickets[:3]._register_response()
        self.at(0, 12)
        self.move(tickets[:1], 'solved')
        self.at(1, 11)
        self.move(tickets[1:2], 'solved')
        self.at(2, 1)
        self.count()
        self.assertEqual(self.value('first_response', 0), 75, "one had none within the hour")
        self.assertEqual(self.value('resolution', 0), 25, "due on the same day")
        self.assertIsNone(self.value('resolution', 1), "nothing was decided: nothing to judge")

    def test_G2_reopened_and_the_days_between(self):
        self.at(0)
        ticket = self._create_tickets(1)
        self.move(ticket, 'solved')
        self.at(2)
        self.move(ticket, 'open')
        self.at(3)
        self.move(ticket, 'solved')
        self.at(5, 1)
        self.count()
        self.assertEqual(self.values('backlog'), [0, 0, 1, 0, 0])
        self.assertEqual(self.values('reopened'), [0, 0, 1, 0, 0])
        self.assertEqual(self.values('solved'), [1, 0, 0, 1, 0])

    def test_G2_solved_in_the_first_minutes_after_a_day_was_counted(self):
        self.at(0)
        ticket = self._create_tickets(1)
        self.at(1, 0, 0)
        self.count()
        self.at(1, 0, 30)
        self.move(ticket, 'solved')
        self.at(2, 0, 1)
        self.count()
        self.assertEqual(self.values('solved', 2), [0, 1])
        self.assertEqual(self.values('backlog', 2), [1, 0])

    def test_G2_silent_users(self):
        self.at(0)
        self.env.cr.execute(
            "UPDATE res_users SET create_date = %s WHERE id IN %s",
            (self.start - timedelta(days=9), (self.portal.id, self.colleague.id)),
        )
        self.at(1, 1)
        self.count()
        self.assertEqual(self.value('silent_users', 0), 2)
        self._create_tickets(1)
        self.at(2, 1)
        self.count()
        self.assertEqual(self.value('silent_users', 1), 1, "the coordinator wrote")
        self.env['res.users.log'].with_user(self.colleague).sudo().create({})
        self.at(3, 1)
        self.count()
        self.assertEqual(self.value('silent_users', 2), 0, "the colleague logged in")

    def test_G2_silent_users_are_unknown_where_nobody_may_log_in(self):
        window = self._create_window(self.env['res.partner'].create({
            'name': "Paper Mill", 'is_company': True,
        }))
        window._start(window._get_day_bounds(DAYS[0])[0])
        self.at(1, 1)
        self.count()
        self.assertIsNone(self.value('silent_users', 0, window))
        self.assertEqual(self.value('backlog', 0, window), 0)

    def test_G2_only_tickets_of_the_window_count(self):
        self.at(0)
        self._create_tickets(1)
        self._create_tickets(2, partner=self.other_portal.partner_id)
        self._create_tickets(1, active=False)
        self.at(1, 1)
        self.count()
        self.assertEqual(self.value('opened', 0), 1)

    def test_G2_a_day_is_counted_when_it_is_over(self):
        self.at(0)
        self._create_tickets(1)
        self.at(0, 23, 59)
        self.count()
        self.assertFalse(self.period.measured_date)
        self.assertFalse(self.period.measure_ids)
        self.at(1, 0, 0)
        self.count()
        self.assertEqual(self.period.measured_date, DAYS[0])
        self.assertEqual(self.value('opened', 0), 1)

    def test_G2_days_end_in_the_time_zone_of_the_window(self):
        self.period.sudo().tz = 'Pacific/Auckland'
        # 22:30 UTC is Wednesday in Auckland and still Tuesday in Warsaw
        self.go_to(days=1, hours=13, minutes=30)
        self.assertEqual(fields.Datetime.now(), datetime(2026, 3, 3, 22, 30))
        self._create_tickets(1)
        self.go_to(days=3)
        self.count()
        self.assertEqual(self.values('opened', 3), [0, 0, 1])

    def test_G2_the_day_of_the_clock_change_has_23_hours(self):
        client = self.env['res.partner'].create({'name': "Night Mill", 'is_company': True})
        window = self._create_window(client, golive_date='2026-03-28')
        self.go_to(days=26)
        window._start(window._get_day_bounds(date(2026, 3, 28))[0])
        for moment in (datetime(2026, 3, 28, 23, 30), datetime(2026, 3, 29, 21, 30),
                       datetime(2026, 3, 29, 22, 30)):
            self.go_to(seconds=(moment - self.start).total_seconds())
            self._create_tickets(1, partner=client)
        self.go_to(days=30)
        self.count()
        opened = window.measure_ids.filtered(
            lambda measure: measure.indicator_id.code == 'opened',
        ).sorted('date').mapped('value')
        # Sunday from 23:00 UTC to 22:00 UTC
        self.assertEqual(opened[:3], [0, 2, 1])

    def test_G2_the_job_may_run_twice(self):
        self.at(0)
        self._create_tickets(2)
        self.at(2, 1)
        self.count()
        before = [(measure.id, measure.value) for measure in self.period.measure_ids]
        self.assertTrue(before)
        self.count()
        self.period.invalidate_recordset()
        self.assertEqual(
            [(measure.id, measure.value) for measure in self.period.measure_ids], before,
        )

    def test_G2_a_broken_window_keeps_no_other_from_being_counted(self):
        other = self._create_window(self.other_client)
        other.action_start()
        model = self.registry['hypercare.period']
        count = model._measure_due_days

        def count_but_one(periods):
            if self.period in periods:
                raise ValueError("broken")
            count(periods)

        self.at(1, 1)
        with (
            patch.object(model, '_measure_due_days', count_but_one),
            self.assertLogs('odoo.addons.hypercare.models.hypercare_period_indicators', 'ERROR'),
        ):
            self.count()
        self.assertEqual(other.measured_date, DAYS[0])
        self.assertFalse(self.period.measured_date)

    def test_G2_two_jobs_at_once_count_once(self):
        self.at(1, 1)
        due = self.env['hypercare.period']._search_due_measures()
        self.assertIn(self.period, due)
        due._measure_due_days()
        before = self.period.measure_ids.ids
        # the other one has found the window before
        due._measure_due_days()
        self.assertEqual(self.period.measure_ids.ids, before)

    def test_G2_missed_days_are_caught_up(self):
        for day in range(4):
            self.at(day)
            self._create_tickets(1 + day)
        self.at(4, 1)
        self.count()
        self.assertEqual(self.values('opened'), [1, 2, 3, 4, None])
        self.assertEqual(self.values('backlog'), [1, 3, 6, 10, None])

    def test_G2_missed_days_of_windows_that_ended_meanwhile(self):
        self.at(13)
        self._create_tickets(1)
        self.at(30)
        self.run_cron('ir_cron_advance')
        self.period.with_user(self.manager)._close("Missing nothing")
        self.count()
        self.assertEqual(self.period.measured_date, DAYS[13])
        self.assertEqual(self.value('opened', 13), 1)
        self.assertFalse(self.period.measure_date, "nothing is left to count")
        self.assertFalse(self.value('opened', 14))

    def test_G2_a_window_closed_early_is_counted_until_that_day(self):
        self.at(2, 10)
        self._create_tickets(1)
        self.at(2, 11)
        self.period.with_user(self.manager)._close("All is well")
        self.at(9)
        self.count()
        self.assertEqual(self.period.measured_date, DAYS[2])
        self.assertEqual(self.value('opened', 2), 1)

    def test_G2_an_extended_window_is_counted_on(self):
        self.at(14, 1)
        self.count()
        self.run_cron('ir_cron_advance')
        self.assertFalse(self.period.measure_date)
        self.period.with_user(self.manager)._extend(20, "Stocktaking")
        self.assertEqual(self.period.measure_date, DAYS[14])
        self.at(16, 1)
        self.count()
        self.assertEqual(self.value('backlog', 15), 0)

    def test_G2_a_start_taken_back_is_forgotten(self):
        self.at(2, 1)
        self.count()
        self.period.with_user(self.manager)._reset("Next week")
        self.assertFalse(self.period.measure_ids)
        self.assertFalse(self.period.measured_date)
        self.assertFalse(self.period.measure_date)

    def test_G2_the_past_does_not_change_with_the_tickets(self):
        self.at(0)
        tickets = self._create_tickets(2, 'question')
        self.at(1, 1)
        self.count()
        tickets.write({'priority': '3', 'ticket_type_id': self.types['defect'].id})
        tickets[0].partner_id = self.other_portal.partner_id
        tickets[1].unlink()
        self.at(2, 1)
        self.count()
        self.assertEqual(self.values('opened', 2), [2, 0])
        self.assertEqual(self.value('backlog_critical', 0), 0)
        self.assertEqual(self.value('share_question', 0), 100)

    def test_G2_archived_indicators_are_not_counted(self):
        self.indicators['solved'].active = False
        self.at(1, 1)
        self.count()
        self.assertFalse(self.env['hypercare.measure'].search([
            ('period_id', '=', self.period.id),
            ('indicator_id', '=', self.indicators['solved'].id),
        ]))

    def test_G2_demo_data_is_counted_by_the_same_code(self):
        self.at(3, 1)
        self.env['hypercare.period']._measure_all_due_days()
        self.assertEqual(self.values('backlog', 4), [0, 0, 0, None])

    def test_G2_figures_equal_a_naive_recomputation(self):
        """ Random lives of tickets; at every midnight somebody counts what is open. """
        for seed in range(4):
            with self.subTest(seed=seed):
                self.check_random_lives(Random(seed), is_nightly=seed % 2)

    def check_random_lives(self, random, is_nightly):
        client = self.env['res.partner'].create({'name': "Random Ltd", 'is_company': True})
        window = self._create_window(client, tz=random.choice([
            'Europe/Warsaw', 'America/New_York', 'Asia/Tehran',
        ]))
        start = window._get_day_bounds(DAYS[0])[0]
        self.go_to(days=1)
        window._start(start)
        tickets = self.env['helpdesk.ticket']
        expected, events = [], {}
        for number in range(7):
            day_start, day_end = window._get_day_bounds(DAYS[number])
            seconds = (day_end - day_start).total_seconds()
            moments = sorted(random.randrange(int(seconds)) for _event in range(6))
            events = dict.fromkeys(('opened', 'solved', 'reopened'), 0)
            for offset in moments:
                moment = day_start + timedelta(seconds=offset)
                self.go_to(seconds=(moment - self.start).total_seconds())
                ticket = random.choice(tickets) if tickets and random.random() < 0.6 else None
                if ticket is None:
                    tickets |= self._create_tickets(
                        1, random.choice(['question', 'settings', 'defect', None]),
                        partner=client, priority=random.choice('0123'),
                    )
                    events['opened'] += 1
                    continue
                stage_type = random.choice(['open', 'customer', 'solved', 'cancelled'])
                was_closed = ticket.is_closed
                self.move(ticket, stage_type)
                events['solved'] += stage_type == 'solved' and not was_closed
                events['reopened'] += was_closed and not ticket.is_closed
            self.go_to(seconds=(day_end - self.start).total_seconds())
            is_open = [('hypercare_id', '=', window.id), ('is_closed', '=', False)]
            expected.append({
                **events,
                'backlog': tickets.search_count(is_open),
                **{
                    code: tickets.search_count([*is_open, ('priority', '=', priority)])
                    for priority, code in enumerate(
                        ('backlog_low', 'backlog_medium', 'backlog_high', 'backlog_critical'),
                    )
                    for priority in [str(priority)]
                },
            })
            if is_nightly:
                self.count()
                self.assertEqual(window.measured_date, DAYS[number])
        self.count()
        for number, figures in enumerate(expected):
            self.assertEqual(
                {code: self.value(code, number, window) for code in figures}, figures,
                f"day {number}",
            )


@tagged('post_install', '-at_install')
class TestOwnIndicators(IndicatorCase):
    """ Values that are typed or fed (G2). """

    def test_G2_typed_by_the_supervisor(self):
        indicator = self.own_indicator()
        self.at(1)
        self.period.with_user(self.supervisor).own_measure_ids = [
            (0, 0, {'indicator_id': indicator.id, 'date': DAYS[0], 'value': 7}),
        ]
        self.assertEqual(self.value('invoices', 0), 7)
        self.assertEqual(self.period.own_measure_ids.indicator_id, indicator)

    def test_G2_fed_by_code_and_fed_again(self):
        self.own_indicator()
        self.at(1)
        measure = self.period._feed_measure('invoices', DAYS[0], 7)
        self.assertEqual(self.period._feed_measure('invoices', DAYS[0], 8), measure)
        self.assertEqual(measure.value, 8)

    def test_G2_only_own_indicators_of_the_window_are_fed(self):
        self.own_indicator(period_id=self._create_window(self.other_client).id)
        for code in ('invoices', 'backlog', 'nonsense'):
            with self.assertRefused("no indicator of its own"):
                self.period._feed_measure(code, DAYS[0], 7)

    def test_G2_one_value_a_day(self):
        self.own_indicator()
        self.at(1)
        measure = self.period._feed_measure('invoices', DAYS[0], 7)
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            measure.copy()

    def test_G2_values_are_for_days_of_the_window(self):
        self.own_indicator()
        self.at(1)
        for day in (date(2026, 3, 1), DAYS[14], DAYS[2]):
            with self.assertRaises(ValidationError):
                self.period._feed_measure('invoices', day, 7)

    def test_G2_an_indicator_of_one_window_has_no_values_in_others(self):
        other = self._create_window(self.other_client)
        indicator = self.own_indicator(period_id=other.id)
        with self.assertRaises(ValidationError):
            self.env['hypercare.measure'].create({
                'period_id': self.period.id, 'indicator_id': indicator.id, 'date': DAYS[0],
                'value': 1,
            })

    def test_G2_the_job_leaves_own_values_alone(self):
        self.own_indicator()
        self.feed('invoices', 7)
        self.at(3, 1)
        self.count()
        self.assertEqual(self.value('invoices', 0), 7)

    def test_G2_codes_are_unique(self):
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            self.own_indicator(code='backlog')

    def test_G2_builtin_indicators_stay(self):
        backlog = self.indicators['backlog']
        with self.assertRaises(UserError):
            backlog.unlink()
        with self.assertRaises(UserError):
            backlog.with_user(self.manager).code = 'other'
        backlog.with_user(self.manager).write({'has_target': True, 'target': 12})


@tagged('post_install', '-at_install')
class TestBottlenecks(IndicatorCase):
    """ Beyond the limit for days in a row (G2). """

    def test_G2_limit_is_the_target_and_the_tolerance(self):
        indicator = self.own_indicator(tolerance=1)
        self.assertEqual(indicator._get_limit(None), 9)
        self.assertFalse(indicator._is_beyond(9, 9))
        self.assertTrue(indicator._is_beyond(8.9, 9))
        indicator.direction = 'down'
        self.assertEqual(indicator._get_limit(100), 11)
        self.assertFalse(indicator._is_beyond(11, 11))
        self.assertTrue(indicator._is_beyond(11.1, 11))

    def test_G2_limit_is_a_multiple_of_the_baseline_without_a_target(self):
        indicator = self.own_indicator(has_target=False, tolerance=1)
        self.assertIsNone(indicator._get_limit(None))
        self.assertEqual(indicator._get_limit(15), 9)
        indicator.direction = 'down'
        self.assertEqual(indicator._get_limit(10), 16)

    def test_G2_baseline_is_the_average_of_the_first_days(self):
        indicator = self.own_indicator()
        values = [(DAYS[0], 3), (DAYS[2], 6), (DAYS[3], 90)]
        self.assertEqual(self.period._get_indicator_baseline(indicator, values), 4.5)
        self.assertIsNone(self.period._get_indicator_baseline(indicator, values[:1]), "too early")
        indicator.baseline_days = 1
        self.assertEqual(self.period._get_indicator_baseline(indicator, values), 3)

    def test_G2_days_in_a_row_make_a_bottleneck(self):
        self.own_indicator(advice="Call the accountant.")
        self.feed('invoices', 12, 4)
        self.at(2, 1)
        self.count()
        self.assertFalse(self.bottlenecks('invoices'), "one day is none")
        self.feed('invoices', 3, first=2)
        self.at(3, 1)
        self.count()
        bottleneck = self.bottlenecks('invoices')
        self.assertRecordValues(bottleneck, [{
            'date_from': DAYS[1], 'date_to': False, 'limit_value': 10, 'worst_value': 3,
        }])
        activity = bottleneck.activity_id
        self.assertEqual(activity.user_id, self.supervisor)
        self.assertEqual(activity.summary, "Bottleneck: Invoices sent")
        self.assertIn("has been below the limit of 10 invoices since 03/03/2026", activity.note)
        self.assertIn("03/04/2026: 3 invoices", activity.note)
        self.assertIn("Call the accountant.", activity.note)

    def test_G2_a_bottleneck_is_told_once(self):
        self.own_indicator()
        self.feed('invoices', 4, 4)
        self.at(2, 1)
        self.count()
        self.feed('invoices', 2, first=2)
        self.at(3, 1)
        self.count()
        bottleneck = self.bottlenecks('invoices')
        self.assertEqual(len(bottleneck), 1)
        self.assertEqual(bottleneck.worst_value, 2)
        self.assertEqual(len(self.period.activity_ids), 1)

    def test_G2_back_within_the_limit_it_ends(self):
        self.own_indicator()
        self.feed('invoices', 4, 4, 11)
        self.at(2, 1)
        self.count()
        self.at(3, 1)
        self.count()
        self.assertRecordValues(self.bottlenecks('invoices'), [
            {'date_from': DAYS[0], 'date_to': DAYS[1]},
        ])
        self.assertFalse(self.period.activity_ids, "nothing is left to do")
        self.feed('invoices', 4, 4, first=3)
        self.at(5, 1)
        self.count()
        self.assertEqual(self.bottlenecks('invoices').mapped('is_open'), [False, True])

    def test_G2_what_is_no_longer_watched_is_no_bottleneck(self):
        archived, observed = self.own_indicator(), self.own_indicator(code='calls')
        for indicator in (archived, observed):
            self.feed(indicator.code, 4, 4)
        self.at(2, 1)
        self.count()
        self.assertEqual(self.bottlenecks().mapped('is_open'), [True, True])
        archived.active = False
        observed.threshold_days = 0
        self.at(3, 1)
        self.count()
        self.assertEqual(self.bottlenecks().mapped('is_open'), [False, False])
        self.assertFalse(self.period.activity_ids)

    def test_G2_missed_bottlenecks_are_noted_but_told_to_nobody(self):
        self.own_indicator()
        self.feed('invoices', 4, 4, 11, 12)
        self.at(5, 1)
        self.count()
        self.assertRecordValues(self.bottlenecks('invoices'), [
            {'date_from': DAYS[0], 'date_to': DAYS[1]},
        ])
        self.assertFalse(self.period.activity_ids)

    def test_G2_the_rising_backlog_of_a_window(self):
        """ Three calm days, then more stays open than is solved: flagged, told, and over. """
        for day in range(6):
            self.at(day)
            tickets = self._create_tickets(2 if day < 3 else 8)
            if day < 3:
                self.move(tickets, 'solved')
        self.at(6, 1)
        self.count()
        self.assertEqual(self.values('backlog', 6), [0, 0, 0, 8, 16, 24])
        bottleneck = self.bottlenecks('backlog')
        self.assertRecordValues(bottleneck, [{'date_from': DAYS[3], 'date_to': False}])
        self.assertEqual(self.period.bottleneck_text, "Received, Open Tickets")
        self.at(6)
        self.move(self.period.ticket_ids, 'solved')
        self.at(7, 1)
        self.count()
        self.assertEqual(bottleneck.date_to, DAYS[5])

    def test_G2_days_of_the_baseline_are_not_judged(self):
        self.own_indicator(has_target=False, direction='down', threshold_days=1)
        self.feed('invoices', 0, 30, 0)
        self.at(3, 1)
        self.count()
        self.assertFalse(self.bottlenecks('invoices'))
        self.feed('invoices', 16, first=3)
        self.at(4, 1)
        self.count()
        self.assertTrue(self.bottlenecks('invoices'))

    def test_G2_another_target_changes_no_history(self):
        self.indicators['opened'].write({'has_target': True, 'target': 5, 'tolerance': 0})
        for day in range(3):
            self.at(day)
            self._create_tickets(3)
        self.at(3, 1)
        self.count()
        self.at(5, 1)
        self.count()
        self.indicators['opened'].target = 1
        self.at(6, 1)
        self.count()
        self.assertFalse(self.bottlenecks('opened'))

    def test_G2_another_target_ends_no_bottleneck_in_the_past(self):
        self.indicators['opened'].write({'has_target': True, 'target': 2, 'tolerance': 0})
        for day, number in enumerate((6, 3, 6, 6)):
            self.at(day)
            self._create_tickets(number)
            if day == 3:
                self.indicators['opened'].target = 4
            self.at(day + 1, 1)
            self.count()
        self.assertRecordValues(self.bottlenecks('opened'), [
            {'date_from': DAYS[0], 'date_to': False},
        ])

    def test_G2_a_reopened_window_notes_bottlenecks_anew(self):
        self.own_indicator()
        self.feed('invoices', 4, 4)
        self.at(2, 1)
        self.count()
        self.at(2, 9)
        self.period.with_user(self.manager)._close("All is well")
        self.period.with_user(self.manager)._reopen("It is not")
        self.feed('invoices', 4, 4, first=2)
        self.at(4, 1)
        self.count()
        self.assertEqual(len(self.bottlenecks('invoices')), 1, "one day after the end is none")
        self.feed('invoices', 4, first=4)
        self.at(5, 1)
        self.count()
        self.assertRecordValues(self.bottlenecks('invoices'), [
            {'date_from': DAYS[0], 'date_to': DAYS[2]}, {'date_from': DAYS[3], 'date_to': False},
        ])

    def test_G2_observed_indicators_are_never_a_bottleneck(self):
        self.own_indicator(threshold_days=0)
        self.feed('invoices', 0, 0, 0)
        self.at(4, 1)
        self.count()
        self.assertFalse(self.bottlenecks('invoices'))

    def test_G2_one_open_bottleneck_an_indicator(self):
        self.own_indicator()
        self.feed('invoices', 4, 4)
        self.at(2, 1)
        self.count()
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            self.bottlenecks('invoices').copy()

    def test_G2_closing_the_window_ends_its_bottlenecks(self):
        self.own_indicator()
        self.feed('invoices', 4, 4)
        self.at(2, 1)
        self.count()
        self.period.with_user(self.manager)._close("All is well")
        self.assertEqual(self.bottlenecks('invoices').date_to, DAYS[2])
        self.assertFalse(self.period.activity_ids)

    def test_G2_the_supervisor_is_told_in_the_own_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.supervisor.lang = 'fr_FR'
        self.own_indicator(digits=1).with_context(lang='fr_FR').name = "Factures envoyées"
        self.feed('invoices', 4.5, 4)
        self.at(2, 1)
        self.count()
        activity = self.period.activity_ids
        self.assertIn("Factures envoyées", activity.summary)
        self.assertIn("4,5", activity.note)


@tagged('post_install', '-at_install')
class TestBoard(IndicatorCase):
    """ What the board and the page of a window show (G2). """

    def test_G2_the_board_shows_what_is_open_now(self):
        self.env['helpdesk.sla'].create({
            'name': "Fast", 'company_id': self.company.id, 'target': 'resolution', 'time': 1,
        })
        self.at(2, 10)
        tickets = self._create_tickets(5)
        for ticket, priority in zip(tickets, '01233'):
            ticket.priority = priority
        self.move(tickets[4], 'solved')
        self.at(3, 10)
        self.assertRecordValues(self.period, [{
            'open_critical_count': 1, 'open_high_count': 1, 'open_medium_count': 1,
            'open_low_count': 1, 'breached_count': 4, 'day_number': 4,
        }])
        domain = self.period.action_view_breached_tickets()['domain']
        self.assertEqual(self.env['helpdesk.ticket'].search_count(domain), 4)

    def test_G2_the_page_shows_value_baseline_target_and_trend(self):
        indicator = self.own_indicator()
        self.feed('invoices', 12, 12, 12)
        self.at(4)
        self.feed('invoices', 6, first=3)
        status = self.period.indicator_status_ids.filtered(
            lambda status: status.indicator_id == indicator,
        )
        self.assertRecordValues(status, [{
            'value_text': "6 invoices", 'baseline_text': "12 invoices",
            'target_text': "10 invoices", 'limit_text': "10 invoices", 'trend': 'worse',
            'is_beyond': True, 'bottleneck_id': False, 'last_date': DAYS[3],
        }])
        self.assertIn('"limit": 10', status.chart)
        self.assertIn('{"x": "5 Mar", "y": 6.0}', status.chart)

    def test_G2_the_page_shows_today_so_far(self):
        self.at(1)
        self._create_tickets(2)
        status = self.period.indicator_status_ids.filtered(
            lambda status: status.indicator_id.code == 'opened',
        )
        self.assertEqual(status.live_text, "2 tickets")
        self.assertFalse(status.has_value)

    def test_G2_only_what_is_watched_is_on_the_page(self):
        other = self.own_indicator(period_id=self._create_window(self.other_client).id)
        self.env.invalidate_all()
        codes = self.period.indicator_status_ids.indicator_id.mapped('code')
        self.assertEqual(set(codes), set(self.indicators))
        self.assertNotIn(other.code, codes)

    def test_G2_the_review_is_told_of_bottlenecks(self):
        self.own_indicator()
        self.feed('invoices', 4, 4)
        self.at(2, 1)
        self.count()
        review = self.env['hypercare.review'].search([('period_id', '=', self.period.id)])[:1]
        review = review or review.create({'period_id': self.period.id})
        review._fill_agenda()
        self.assertIn("bottleneck since 03/02/2026", review.agenda)

    def test_G2_windows_with_bottlenecks_are_found(self):
        self.own_indicator()
        self.feed('invoices', 4, 4)
        self.at(2, 1)
        self.count()
        found = self.env['hypercare.period'].search([
            ('bottleneck_ids', 'any', [('date_to', '=', False)]),
        ])
        self.assertIn(self.period, found)


@tagged('post_install', '-at_install')
class TestIndicatorAccess(IndicatorCase):
    """ Who may do what; docs/access.md. """

    def setUp(self):
        super().setUp()
        self.own = self.own_indicator()
        self.feed('invoices', 4, 4)
        self.at(2, 1)
        self.count()
        self.period.invalidate_recordset()

    def test_an_outsider_gets_nothing(self):
        records = [
            self.own, self.period.own_measure_ids, self.period.bottleneck_ids,
            self.period.indicator_status_ids,
        ]
        public = self.env.ref('base.public_user')
        for user in (self.insider, self.portal, self.other_portal, public):
            for record in records:
                self.assertTrue(record)
                for operation in ('read', 'write', 'create', 'unlink'):
                    self.assertFalse(
                        record.with_user(user).has_access(operation),
                        f"{user.login} {operation} {record}",
                    )

    def test_nobody_types_what_the_system_counts(self):
        builtin = self.period.measure_ids.filtered('is_builtin')[:1]
        for user in (self.supervisor, self.leader, self.manager):
            for function in (
                lambda measure: measure.write({'value': 3}),
                lambda measure: measure.unlink(),
                lambda measure: measure.create({
                    'period_id': self.period.id, 'indicator_id': measure.indicator_id.id,
                    'date': DAYS[2], 'value': 1,
                }),
            ):
                with self.assertRaises(AccessError):
                    function(builtin.with_user(user))
            with self.assertRaises(AccessError):
                self.period.own_measure_ids[:1].with_user(user).write({
                    'indicator_id': builtin.indicator_id.id,
                })

    def test_nobody_writes_engine_fields(self):
        manager = self.period.with_user(self.manager)
        for name in ('measured_date', 'measure_date'):
            with self.assertRaises(AccessError):
                manager.write({name: DAYS[3]})
        with self.assertRaises(AccessError):
            self.own.with_user(self.manager).is_builtin = True
        defaults = self.env['hypercare.indicator'].with_user(self.manager).with_context(
            default_is_builtin=True,
        ).default_get(['is_builtin'])
        self.assertFalse(defaults.get('is_builtin'))

    def test_bottlenecks_are_written_by_the_job_alone(self):
        for operation in ('write', 'create', 'unlink'):
            self.assertFalse(
                self.period.bottleneck_ids.with_user(self.manager).has_access(operation),
            )

    def test_agents_type_nothing_in_windows_of_others(self):
        measure = self.period.own_measure_ids[:1]
        with self.assertRaises(AccessError):
            measure.with_user(self.agent).value = 3
        measure.with_user(self.supervisor).value = 3
        measure.with_user(self.leader).value = 2

    def test_supervisors_add_indicators_to_the_own_windows(self):
        values = {'name': "Calls", 'period_id': self.period.id}
        with self.assertRaises(AccessError):
            self.env['hypercare.indicator'].with_user(self.agent).create(values)
        self.env['hypercare.indicator'].with_user(self.supervisor).create(values)
        with self.assertRaises(AccessError):
            self.env['hypercare.indicator'].with_user(self.supervisor).create({'name': "All"})
        self.env['hypercare.indicator'].with_user(self.leader).create({'name': "All"})
        with self.assertRaises(AccessError):
            self.indicators['backlog'].with_user(self.leader).target = 3
        self.indicators['backlog'].with_user(self.manager).target = 3

    def test_other_companies_see_nothing(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        user = self._new_user('hypercare_elsewhere', 'helpdesk_sla.group_helpdesk_manager')
        user.write({'company_id': other.id, 'company_ids': [(6, 0, other.ids)]})
        self.own.company_id = self.company
        env = self.env(user=user, context={'allowed_company_ids': other.ids})
        for records in (
            self.period.measure_ids, self.period.bottleneck_ids, self.period.indicator_status_ids,
            self.own,
        ):
            self.assertFalse(env[records._name].search([]) & records.with_env(env))


@tagged('post_install', '-at_install')
class TestIndicatorQueries(HypercareCommon):
    """ The same number of queries for ten and for a hundred windows. """

    def windows(self, number):
        clients = self.env['res.partner'].create([
            {'name': f"Client {index}", 'is_company': True} for index in range(number)
        ])
        windows = self.env['hypercare.period'].create([
            {
                'partner_id': client.id, 'user_id': self.supervisor.id, 'team_id': self.team.id,
                'company_id': self.company.id, 'golive_date': '2026-03-02', 'days': 14,
            }
            for client in clients
        ])
        for window in windows:
            window._start(window._get_day_bounds(DAYS[0])[0])
        self._create_windows_tickets(clients)
        return windows

    def _create_windows_tickets(self, clients):
        self.env['helpdesk.ticket'].create([
            {'name': "Ticket", 'team_id': self.team.id, 'partner_id': client.id}
            for client in clients for _index in range(3)
        ])

    def queries(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_G2_counting_costs_the_same_for_any_number_of_windows(self):
        self.own = self.env['hypercare.indicator'].search([('code', '=', 'backlog')])
        few, many = self.windows(10), self.windows(100)
        warm = self.windows(2)
        self.go_to(days=4)
        self.queries(warm._measure_due_days)
        counts = [self.queries(windows._measure_due_days) for windows in (few, many)]
        self.assertEqual(*counts)
        # and for any number of days
        self.go_to(days=5)
        self.assertEqual(self.queries(few._measure_due_days), counts[0])
        self.assertEqual(len(few[0].measure_ids.filtered(
            lambda measure: measure.indicator_id.code == 'backlog',
        )), 5)

    def test_G2_the_board_costs_the_same_for_any_number_of_windows(self):
        few, many = self.windows(10), self.windows(100)
        self.go_to(days=4)
        (few | many)._measure_due_days()
        names = [
            'partner_id', 'day_number', 'progress', 'open_critical_count', 'breached_count',
            'bottleneck_count', 'bottleneck_text', 'backlog_chart',
        ]
        counts = [
            self.queries(lambda: windows.with_user(self.agent).read(names))
            for windows in (few, few, many)
        ]
        self.assertEqual(counts[1], counts[2])

    def test_G2_the_pages_of_many_windows_cost_the_same(self):
        few, many = self.windows(10), self.windows(30)
        self.go_to(days=4)
        (few | many)._measure_due_days()
        names = ['value_text', 'trend', 'chart', 'live_text', 'bottleneck_id']
        counts = [
            self.queries(lambda: self.env['hypercare.indicator.status'].search([
                ('period_id', 'in', windows.ids),
            ]).read(names))
            for windows in (few, few, many)
        ]
        self.assertEqual(counts[1], counts[2])

    def test_G2_counting_reads_an_index_of_the_windows(self):
        """ Not all tickets: the rows of the window are found by an index. """
        window = self.windows(1)
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(
            "EXPLAIN SELECT id FROM helpdesk_ticket WHERE hypercare_id IN %s AND active IS TRUE"
            " AND open_date < now() AND (close_date IS NULL OR close_date >= now())",
            (tuple(window.ids),),
        )
        plan = '\n'.join(line for (line,) in self.env.cr.fetchall())
        self.assertIn('hypercare', plan)
