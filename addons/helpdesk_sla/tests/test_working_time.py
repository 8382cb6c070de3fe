"""Deadlines as pure arithmetic: no database, no calendar record (sla.md "Working time")."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from unittest import skipUnless
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from ..tools.working_time import (
    CLOSED,
    CLOSURE,
    DAY,
    PAUSED,
    WORKING,
    WorkingTime,
)
from .common import EFFORT
from .sla_oracle import PATIENCE, SlowClock

try:
    from hypothesis import HealthCheck, assume, given, settings, strategies as st
except ImportError:  # tests/requirements.txt names it; the examples do without
    st = None

HOUR = 3600
MINUTE = 60
WARSAW = 'Europe/Warsaw'
# A change at 2:00, one of half an hour, one at midnight, none, and one that repeats midnight.
ZONES = [WARSAW, 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Kathmandu', 'Atlantic/Azores']


def at(text, zone=WARSAW):
    """Return the naive UTC datetime of a wall clock time."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(ZoneInfo('UTC')).replace(tzinfo=None)


def week(*hours, days=range(5), parity=None):
    """Return attendances with the same hours `(from, to)` on several days."""
    return [
        (day, int(start * HOUR), int(stop * HOUR), parity)
        for day in days
        for start, stop in hours
    ]


def calendar(*hours, zone=WARSAW, closures=(), **kwargs):
    return WorkingTime(week(*hours or [(9, 18)], **kwargs), zone, closures)


def round_the_clock(zone=WARSAW, closures=()):
    return calendar((0, 24), days=range(7), zone=zone, closures=closures)


class WorkingTimeCase(BaseCase):

    def assertDue(self, due, text, zone=WARSAW):
        self.assertEqual(due, at(text, zone))


@tagged('post_install', '-at_install')
class TestWorkedExamples(WorkingTimeCase):
    """The rows of "Worked examples" in sla.md, Mon-Fri 09:00-18:00 Europe/Warsaw."""

    def setUp(self):
        super().setUp()
        self.time = calendar()

    def test_over_the_weekend(self):
        self.assertDue(self.time.add(at('2026-01-16 17:30'), 2 * HOUR), '2026-01-19 10:30')

    def test_fifteen_minutes_before_closing(self):
        self.assertDue(self.time.add(at('2026-01-13 17:50'), 15 * MINUTE), '2026-01-14 09:05')
        self.assertDue(self.time.add(at('2026-01-16 17:50'), 15 * MINUTE), '2026-01-19 09:05')

    def test_lunch(self):
        time = calendar((9, 12), (13, 18))
        self.assertDue(time.add(at('2026-01-13 11:50'), 30 * MINUTE), '2026-01-13 13:20')

    def test_stage_target(self):
        self.assertDue(self.time.add(at('2026-01-15 16:00'), 4 * HOUR), '2026-01-16 11:00')

    def test_pause_over_days(self):
        pauses = [(at('2026-01-12 11:00'), at('2026-01-14 10:00'))]
        due = self.time.deadline(at('2026-01-12 09:00'), 8 * HOUR, pauses)
        self.assertDue(due, '2026-01-14 16:00')

    def test_pause_over_the_weekend_shifts_by_its_working_time(self):
        start = at('2026-01-16 15:00')
        pauses = [(at('2026-01-16 16:00'), at('2026-01-19 11:00'))]
        without = self.time.deadline(start, 8 * HOUR)
        due = self.time.deadline(start, 8 * HOUR, pauses)
        self.assertDue(without, '2026-01-19 14:00')
        self.assertDue(due, '2026-01-19 18:00')
        self.assertEqual(self.time.between(without, due), 4 * HOUR)

    def test_solved_from_hold(self):
        start, hold, solved = (
            at('2026-01-12 09:00'), at('2026-01-12 10:00'), at('2026-01-15 14:00'))
        self.assertEqual(self.time.worked(start, solved, [(hold, solved)]), HOUR)
        self.assertEqual(self.time.worked(start, solved, [(hold, None)]), HOUR)

    def test_deadline_inside_the_pause(self):
        start = at('2026-01-12 09:00')
        # Due at 13:00, paused at 12:00: unknown while it lasts, later when it has ended.
        pause = at('2026-01-12 12:00')
        self.assertIsNone(self.time.deadline(start, 4 * HOUR, [(pause, None)]))
        due = self.time.deadline(start, 4 * HOUR, [(pause, at('2026-01-12 17:30'))])
        self.assertDue(due, '2026-01-13 09:30')

    def test_reopened(self):
        start, solved = at('2026-01-12 09:00'), at('2026-01-12 13:00')
        reopened = at('2026-01-17 13:00')  # Saturday, five days later
        due = self.time.deadline(start, 8 * HOUR, [(solved, reopened)])
        self.assertEqual(self.time.worked(start, reopened, [(solved, reopened)]), 4 * HOUR)
        self.assertDue(due, '2026-01-19 13:00')

    def test_summer_time_over_the_weekend(self):
        due = self.time.add(at('2026-03-27 17:00'), 2 * HOUR)
        self.assertDue(due, '2026-03-30 10:00')
        self.assertEqual(due, datetime(2026, 3, 30, 8))

    def test_priority_raised_after_a_hold(self):
        start = at('2026-01-12 09:00')
        hold = [(at('2026-01-12 10:00'), at('2026-01-12 11:00'))]
        self.assertDue(self.time.deadline(start, 8 * HOUR, hold), '2026-01-12 18:00')
        self.assertDue(self.time.deadline(start, 4 * HOUR, hold), '2026-01-12 14:00')

    def test_holiday_added_for_tomorrow(self):
        closed = calendar(closures=[(at('2026-01-13 00:00'), at('2026-01-14 00:00'), "Holiday")])
        start = at('2026-01-12 16:00')
        self.assertDue(self.time.add(start, 4 * HOUR), '2026-01-13 11:00')
        self.assertDue(closed.add(start, 4 * HOUR), '2026-01-14 11:00')
        self.assertDue(closed.add(start, 2 * HOUR), '2026-01-12 18:00')


@tagged('post_install', '-at_install')
class TestRules(WorkingTimeCase):
    """The numbered rules of sla.md that need no calendar record."""

    def test_rule_1_days_of_23_and_25_hours(self):
        time = round_the_clock()
        for day, hours in (('2026-03-28', 24), ('2026-03-29', 23), ('2026-10-25', 25)):
            start = at(day + ' 00:00')
            stop = at((date.fromisoformat(day) + timedelta(1)).isoformat() + ' 00:00')
            self.assertEqual(time.between(start, stop), hours * HOUR)
            self.assertEqual(time.add(start, hours * HOUR), stop)

    def test_rule_1_round_the_clock_has_no_gap(self):
        for zone in ZONES:
            time = round_the_clock(zone)
            start, stop = datetime(2026, 1, 1), datetime(2028, 1, 1)
            self.assertEqual(time.between(start, stop), 730 * DAY, zone)
            self.assertEqual([segment.kind for segment in time.segments(start, stop)], [WORKING])

    def test_rule_1_night_shift_through_the_change(self):
        time = calendar((0, 6), (22, 24), days=range(7))
        evening, morning = at('2026-03-28 20:00'), at('2026-03-29 08:00')
        self.assertEqual(time.between(evening, morning), 7 * HOUR)
        self.assertDue(time.add(evening, 7 * HOUR), '2026-03-29 06:00')
        evening, morning = at('2026-10-24 20:00'), at('2026-10-25 08:00')
        self.assertEqual(time.between(evening, morning), 9 * HOUR)
        # Without a change, midnight is no border.
        self.assertDue(time.add(at('2026-01-12 23:30'), HOUR), '2026-01-13 00:30')
        self.assertDue(time.add(at('2026-01-12 23:30'), 30 * MINUTE), '2026-01-13 00:00')

    def test_rule_1_attendance_inside_the_skipped_hour(self):
        time = calendar((2, 2.5), (9, 10), days=[6])
        sunday = at('2026-03-29 00:00')
        self.assertEqual(time.between(sunday, at('2026-03-30 00:00')), 1.5 * HOUR)
        time = calendar((2.5, 3), (9, 10), days=[6])
        self.assertEqual(time.between(sunday, at('2026-03-30 00:00')), HOUR)

    def test_rule_1_midnight_that_is_skipped_or_repeated(self):
        # Each day counts from its first midnight to the first of the next day.
        for zone, day, hours in (
            ('Atlantic/Azores', '2026-10-24', 24),
            ('Atlantic/Azores', '2026-10-25', 25),
            ('Atlantic/Azores', '2026-03-29', 23),
            ('America/Santiago', '2026-04-04', 25),
            ('America/Santiago', '2026-04-05', 24),
            ('America/Santiago', '2026-09-05', 24),
            ('America/Santiago', '2026-09-06', 23),
        ):
            weekday = date.fromisoformat(day).weekday()
            time = calendar((0, 24), days=[weekday], zone=zone)
            noon = at(day + ' 12:00', zone)
            worked = time.between(noon - timedelta(2), noon + timedelta(2))
            self.assertEqual(worked, hours * HOUR, (zone, day))

    def test_rule_1_same_wall_clock_in_five_zones(self):
        for zone in ZONES:
            time = calendar(zone=zone)
            due = time.add(at('2026-01-16 17:30', zone), 2 * HOUR)
            self.assertDue(due, '2026-01-19 10:30', zone)
            for day in ('2026-04-06', '2026-07-06', '2026-11-02'):
                self.assertDue(time.opening_after(at(day, zone)), day + ' 09:00', zone)

    def test_rule_2_start_outside_working_time(self):
        time = calendar()
        for start in ('2026-01-12 03:00', '2026-01-10 12:00', '2026-01-09 18:00'):
            self.assertDue(time.add(at(start), 2 * HOUR), '2026-01-12 11:00')
            self.assertDue(time.add(at(start), 0), '2026-01-12 09:00')
            self.assertDue(time.opening_after(at(start)), '2026-01-12 09:00')
            self.assertFalse(time.is_open(at(start)))

    def test_rule_2_zero_seconds_inside_working_time(self):
        time = calendar()
        for start in ('2026-01-12 09:00', '2026-01-12 12:34:56', '2026-01-12 17:59:59'):
            self.assertDue(time.add(at(start), 0), start)
            self.assertTrue(time.is_open(at(start)))

    def test_rule_3_consumed_at_closing(self):
        time = calendar((9, 12), (13, 18))
        self.assertDue(time.add(at('2026-01-16 16:00'), 2 * HOUR), '2026-01-16 18:00')
        self.assertDue(time.add(at('2026-01-16 16:00'), 2 * HOUR + 1), '2026-01-19 09:00:01')
        self.assertDue(time.add(at('2026-01-16 10:00'), 2 * HOUR), '2026-01-16 12:00')
        # A whole week: closing, not the next opening.
        self.assertDue(time.add(at('2026-01-12 03:00'), 40 * HOUR), '2026-01-16 18:00')

    def test_rule_4_no_calendar(self):
        time = WorkingTime.always()
        start = datetime(2026, 3, 28, 12, 0, 1)
        self.assertTrue(time.is_always)
        self.assertFalse(time.is_empty)
        self.assertEqual(time.add(start, 100 * HOUR), start + timedelta(hours=100))
        self.assertEqual(time.add(start, 0), start)
        self.assertEqual(time.between(start, start + timedelta(3)), 3 * DAY)
        self.assertEqual(time.between(start, start - timedelta(3)), 0)
        self.assertTrue(time.is_open(start))
        pauses = [(start + timedelta(hours=1), start + timedelta(hours=3))]
        self.assertEqual(time.deadline(start, 2 * HOUR, pauses), start + timedelta(hours=4))
        self.assertFalse(calendar().is_always)

    def test_rule_4_no_working_time(self):
        start = datetime(2026, 1, 12)
        pauses = [(start, start + timedelta(1))]
        for time in (WorkingTime(), WorkingTime([(0, 9 * HOUR, 9 * HOUR)], WARSAW)):
            self.assertTrue(time.is_empty)
            self.assertIsNone(time.add(start, 0))
            self.assertIsNone(time.add(start, HOUR))
            self.assertIsNone(time.opening_after(start))
            self.assertIsNone(time.deadline(start, HOUR, pauses))
            self.assertIsNone(time.deadline(start, 0, pauses))
            self.assertEqual(time.between(start, start + timedelta(400)), 0)
            self.assertEqual(time.worked(start, start + timedelta(400), pauses), 0)
            self.assertEqual(
                [segment.kind for segment in time.segments(start, start + timedelta(9))], [CLOSED])


@tagged('post_install', '-at_install')
class TestCalendars(WorkingTimeCase):
    """Two weeks, closures, and the edges of the timeline."""

    def test_two_weeks(self):
        # ISO has a week 53 in 2026, so that its parity repeats at new year; Odoo's never does.
        time = WorkingTime(
            week((9, 10), days=[0], parity=0) + week((14, 16), days=[0], parity=1), WARSAW)
        mondays = [date(2026, 12, 14) + timedelta(7 * index) for index in range(6)]
        for monday in mondays:
            parity = (monday.toordinal() - 1) // 7 % 2
            opening = time.opening_after(at(f'{monday} 00:00'))
            self.assertDue(opening, f'{monday} 14:00' if parity else f'{monday} 09:00')
        self.assertEqual(
            time.between(at(f'{mondays[0]} 00:00'), at(f'{mondays[-1]} 23:00')), 9 * HOUR)

    def test_attendance_of_every_week_beside_those_of_one(self):
        time = WorkingTime(week((9, 10)) + week((11, 12), parity=1), WARSAW)
        start = at('2026-01-05 00:00')
        self.assertEqual(time.between(start, start + timedelta(14)), 15 * HOUR)

    def test_touching_and_overlapping_attendances_count_once(self):
        time = calendar((9, 12), (12, 15), (14, 18))
        monday = at('2026-01-12 00:00')
        self.assertEqual(time.between(monday, monday + timedelta(1)), 9 * HOUR)
        self.assertEqual(
            [segment.kind for segment in time.segments(monday, monday + timedelta(1))],
            [CLOSED, WORKING, CLOSED])

    def test_closures_in_any_order_and_overlapping(self):
        closures = [
            (at('2026-01-14 12:00'), at('2026-01-14 15:00'), "Move"),
            (at('2026-01-13 00:00'), at('2026-01-14 13:00'), "Holiday"),
            (at('2026-01-13 10:00'), at('2026-01-13 10:00'), "Nothing"),
        ]
        time = calendar(closures=closures)
        start = at('2026-01-12 17:00')
        self.assertDue(time.add(start, HOUR), '2026-01-12 18:00')
        self.assertDue(time.add(start, HOUR + 1), '2026-01-14 15:00:01')
        self.assertEqual(time.between(start, at('2026-01-15 00:00')), 4 * HOUR)
        closures.clear()
        self.assertEqual(time.between(start, at('2026-01-15 00:00')), 4 * HOUR)

    def test_closure_to_the_last_second_of_the_day(self):
        # As the calendar form enters it: the second that is left is worked, as by plan_hours.
        closures = [(at('2026-01-13 00:00'), at('2026-01-13 23:59:59'), "Holiday")]
        start = at('2026-01-12 12:00')
        self.assertDue(calendar(closures=closures).add(start, 8 * HOUR), '2026-01-14 11:00')
        self.assertDue(round_the_clock(closures=closures).add(start, 13 * HOUR),
                       '2026-01-14 00:59:59')

    def test_closed_for_years(self):
        reopened = calendar(closures=[(at('2026-01-01'), at('2040-01-01'), "Project ended")])
        self.assertDue(reopened.add(at('2026-05-01 12:00'), HOUR), '2040-01-02 10:00')
        forever = calendar(closures=[(at('2026-01-01'), datetime(9999, 1, 1), "Closed")])
        self.assertFalse(forever.is_empty)
        for _attempt in range(2):
            self.assertIsNone(forever.add(at('2026-05-01 12:00'), HOUR))
            self.assertIsNone(forever.opening_after(at('2026-05-01 12:00')))
        self.assertDue(forever.add(at('2025-12-30 12:00'), HOUR), '2025-12-30 13:00')

    def test_answer_does_not_depend_on_earlier_questions(self):
        rare = [(0, 9 * HOUR, 9 * HOUR + MINUTE)]
        start = at('2026-01-12 00:00')
        for seconds in (1000 * MINUTE, 1044 * MINUTE, 1060 * MINUTE, 2000 * MINUTE):
            fresh, used = WorkingTime(rare, WARSAW), WorkingTime(rare, WARSAW)
            used.add(at('1990-01-01'), HOUR)
            used.between(at('1999-01-01'), at('2090-01-01'))
            self.assertEqual(fresh.add(start, seconds), used.add(start, seconds))
        self.assertIsNotNone(fresh.add(start, 1000 * MINUTE))
        self.assertIsNone(fresh.add(start, 2000 * MINUTE))

    def test_mistyped_years(self):
        time = calendar()
        self.assertIsNone(time.add(datetime(202, 1, 12), HOUR))
        self.assertIsNone(time.add(datetime(9999, 12, 30), HOUR))
        self.assertEqual(time.between(datetime(202, 1, 12), datetime(1969, 1, 1)), 0)
        self.assertEqual(time.between(datetime(9999, 1, 1), datetime(9999, 12, 30)), 0)
        self.assertDue(time.add(at('2026-01-12 09:00'), HOUR), '2026-01-12 10:00')

    def test_new_year(self):
        for zone in ZONES + ['Pacific/Kiritimati', 'Pacific/Pago_Pago']:
            # The year of the zone is not that of UTC, on either side; each asked of a fresh one.
            start, stop = at('2025-12-31 23:00', zone), at('2026-01-01 01:00', zone)
            self.assertEqual(round_the_clock(zone).add(start, 2 * HOUR), stop)
            self.assertEqual(round_the_clock(zone).add(stop, 2 * HOUR), stop + timedelta(0, 7200))
            self.assertEqual(round_the_clock(zone).between(start, stop), 2 * HOUR)
            self.assertEqual(len(list(round_the_clock(zone).segments(start, stop))), 1)

    def test_negative_time_is_refused(self):
        with self.assertRaises(ValueError):
            calendar().add(at('2026-01-12 09:00'), -1)
        self.assertEqual(calendar().between(at('2026-01-13'), at('2026-01-12')), 0)

    def test_threads(self):
        rng = random.Random(5)
        questions = [
            (datetime(1990, 1, 1) + timedelta(seconds=rng.randrange(50 * 365 * DAY)),
             rng.randrange(900 * HOUR))
            for _index in range(400)
        ]
        alone = calendar()
        expected = [alone.add(*question) for question in questions]
        shared = calendar()
        with ThreadPoolExecutor(8) as pool:
            self.assertEqual(list(pool.map(lambda question: shared.add(*question), questions)),
                             expected)


@tagged('post_install', '-at_install')
class TestPauses(WorkingTimeCase):

    def setUp(self):
        super().setUp()
        self.time = calendar()
        self.start = at('2026-01-12 09:00')

    def due(self, seconds, *pauses):
        return self.time.deadline(self.start, seconds, [
            (at(f'2026-01-{start}'), stop and at(f'2026-01-{stop}')) for start, stop in pauses
        ])

    def test_order_overlap_and_splitting(self):
        one = [('12 11:00', '14 10:00')]
        for pauses in (
            one * 2,
            [('13 00:00', '14 10:00'), ('12 11:00', '13 00:00')],
            [('12 12:00', '12 13:00'), ('12 11:00', '14 10:00')],
            [('12 11:00', '13 17:00'), ('13 09:00', '14 10:00'), ('12 15:00', '12 15:00')],
        ):
            self.assertEqual(self.due(8 * HOUR, *pauses), self.due(8 * HOUR, *one))

    def test_half_open(self):
        # The second in which the pause begins is paused, the one in which it ends is not.
        self.assertDue(self.due(HOUR + 1, ('12 10:00', '12 10:00:01')), '2026-01-12 10:00:02')
        self.assertDue(self.due(HOUR, ('12 10:00', '12 10:00:01')), '2026-01-12 10:00')

    def test_zero_length_and_reversed_count_for_nothing(self):
        self.assertDue(
            self.due(2 * HOUR, ('12 10:00', '12 10:00'), ('12 10:45', '12 10:30')),
            '2026-01-12 11:00')

    def test_begun_before_the_start(self):
        self.assertDue(self.due(HOUR, ('09 10:00', '12 10:00')), '2026-01-12 11:00')
        self.assertDue(self.due(HOUR, ('09 10:00', '12 08:00')), '2026-01-12 10:00')
        self.assertIsNone(self.due(HOUR, ('09 10:00', None)))

    def test_outside_working_time(self):
        self.assertDue(self.due(10 * HOUR, ('12 18:00', '13 09:00')), '2026-01-13 10:00')
        self.assertDue(self.due(10 * HOUR, ('12 20:00', '13 08:00')), '2026-01-13 10:00')

    def test_open(self):
        self.assertIsNone(self.due(2 * HOUR, ('12 10:00', None)))
        self.assertIsNone(self.due(2 * HOUR, ('12 10:59:59', None)))
        self.assertDue(self.due(2 * HOUR, ('12 11:00:01', None)), '2026-01-12 11:00')
        # A pause after the deadline, or another one below an open one, changes nothing.
        self.assertDue(
            self.due(2 * HOUR, ('13 11:00', '13 12:00'), ('13 09:00', None)), '2026-01-12 11:00')
        self.assertIsNone(self.due(2 * HOUR, ('12 10:00', None), ('12 10:30', '12 10:45')))
        # The ORM writes False for an empty datetime.
        self.assertIsNone(self.due(2 * HOUR, ('12 10:00', False)))

    def test_rule_3_consumed_as_the_pause_begins(self):
        self.assertDue(self.due(2 * HOUR, ('12 11:00', None)), '2026-01-12 11:00')
        self.assertDue(self.due(2 * HOUR, ('12 11:00', '15 11:00')), '2026-01-12 11:00')
        self.assertIsNone(self.due(2 * HOUR + 1, ('12 11:00', None)))
        # Consumed at closing; the pause begins later, outside working time.
        self.assertDue(self.due(9 * HOUR, ('12 18:00', None)), '2026-01-12 18:00')
        self.assertDue(self.due(9 * HOUR, ('12 23:00', None)), '2026-01-12 18:00')

    def test_rule_2_zero_seconds_wait_for_the_clock(self):
        self.assertDue(self.due(0), '2026-01-12 09:00')
        self.assertDue(self.due(0, ('12 10:00', None)), '2026-01-12 09:00')
        self.assertDue(self.due(0, ('12 09:00', '12 10:00')), '2026-01-12 10:00')
        self.assertDue(self.due(0, ('12 09:00', '12 19:00')), '2026-01-13 09:00')
        self.assertDue(
            self.due(0, ('12 09:00', '12 19:00'), ('13 08:00', '13 10:00')), '2026-01-13 10:00')
        self.assertIsNone(self.due(0, ('12 09:00', None)))

    def test_worked(self):
        stop = at('2026-01-13 12:00')
        pauses = [(at('2026-01-13 11:00'), None), (at('2026-01-12 08:00'), at('2026-01-12 10:00'))]
        self.assertEqual(self.time.worked(self.start, stop), 12 * HOUR)
        self.assertEqual(self.time.worked(self.start, stop, pauses), 10 * HOUR)
        self.assertEqual(self.time.worked(stop, self.start, pauses), 0)


@tagged('post_install', '-at_install')
class TestSegments(WorkingTimeCase):

    def test_explanation(self):
        """Closed, worked, paused and a holiday with its name, and the sum is the target (W5)."""
        time = calendar((9, 12), (13, 18), closures=[
            (at('2026-01-06 00:00'), at('2026-01-07 00:00'), "Epiphany"),
        ])
        start = at('2026-01-05 17:00')
        pauses = [(at('2026-01-07 10:00'), at('2026-01-07 11:00'), "Waiting for the customer")]
        due = time.deadline(start, 3 * HOUR, pauses)
        segments = list(time.segments(start, due, pauses))
        self.assertEqual(segments, [
            (at('2026-01-05 17:00'), at('2026-01-05 18:00'), WORKING, ''),
            (at('2026-01-05 18:00'), at('2026-01-06 00:00'), CLOSED, ''),
            (at('2026-01-06 00:00'), at('2026-01-07 00:00'), CLOSURE, "Epiphany"),
            (at('2026-01-07 00:00'), at('2026-01-07 09:00'), CLOSED, ''),
            (at('2026-01-07 09:00'), at('2026-01-07 10:00'), WORKING, ''),
            (at('2026-01-07 10:00'), at('2026-01-07 11:00'), PAUSED, "Waiting for the customer"),
            (at('2026-01-07 11:00'), at('2026-01-07 12:00'), WORKING, ''),
        ])
        self.assertEqual(sum(s.seconds for s in segments if s.kind == WORKING), 3 * HOUR)

    def test_closure_in_the_middle_of_the_day(self):
        time = calendar(closures=[
            (at('2026-01-12 10:00'), at('2026-01-12 11:00'), "Meeting"),
            (at('2026-01-12 11:00'), at('2026-01-12 12:00'), "Move"),
        ])
        self.assertEqual(
            [(s.kind, s.label) for s in time.segments(at('2026-01-12 09:30'),
                                                      at('2026-01-12 13:00'))],
            [(WORKING, ''), (CLOSURE, "Meeting"), (CLOSURE, "Move"), (WORKING, '')])

    def test_open_pause_over_closed_time_and_closures(self):
        time = calendar(closures=[(at('2026-01-13 00:00'), at('2026-01-14 00:00'), "Holiday")])
        reason = object()  # whatever the caller wants to find again
        segments = list(time.segments(at('2026-01-12 16:00'), at('2026-01-14 12:00'), [
            (at('2026-01-12 20:00'), None, reason),
            (at('2026-01-13 10:00'), at('2026-01-13 11:00'), "Below another pause"),
        ]))
        self.assertEqual([s.kind for s in segments], [WORKING, CLOSED, PAUSED])
        self.assertIs(segments[-1].label, reason)

    def test_pause_that_ends_with_the_closure(self):
        time = calendar(closures=[(at('2026-01-10 00:00'), at('2026-01-11 00:00'), "Fair")])
        segments = time.segments(at('2026-01-10 00:00'), at('2026-01-12 10:00'), [
            (at('2026-01-10 12:00'), at('2026-01-11 00:00'), "Hold"),
        ])
        self.assertEqual([s.kind for s in segments], [CLOSURE, PAUSED, CLOSED, WORKING])

    def test_nothing_to_explain(self):
        for time in (calendar(), WorkingTime.always(), WorkingTime()):
            self.assertFalse(list(time.segments(at('2026-01-12 09:00'), at('2026-01-12 09:00'))))
            self.assertFalse(list(time.segments(at('2026-01-12 09:00'), at('2026-01-11 09:00'))))

    def test_without_a_calendar(self):
        start = datetime(2026, 1, 12)
        segments = WorkingTime.always().segments(start, start + timedelta(3), [
            (start + timedelta(1), start + timedelta(2), "Hold"),
        ])
        self.assertEqual([s.kind for s in segments], [WORKING, PAUSED, WORKING])


if st:
    # Not 1:00-3:59 nor 23:00: there the clocks of the five zones are changed.
    BORDERS = [0, *(quarter * 15 * MINUTE for quarter in range(16, 92)), DAY]
    FIRST = datetime(2026, 1, 1)
    # Around the changes of the five zones, and anywhere in three years.
    STARTS = st.one_of(
        st.builds(
            lambda day, quarter: day + timedelta(minutes=15 * quarter),
            st.sampled_from([datetime(2026, month, day) for month, day in (
                (3, 6), (3, 27), (4, 3), (9, 4), (10, 2), (10, 23), (10, 30), (12, 30))]),
            st.integers(0, 4 * 24 * 3),
        ),
        st.builds(lambda quarter: FIRST + timedelta(minutes=15 * quarter),
                  st.integers(0, 4 * 24 * 1000)),
    )

    @st.composite
    def days_of_work(draw):
        borders = sorted(draw(st.lists(st.sampled_from(BORDERS), max_size=4, unique=True)))
        return list(zip(borders[::2], borders[1::2]))

    # Borders are quarters of an hour, moments are not.
    ODD_SECONDS = st.sampled_from((0, 0, 1, 59, 450, 899))

    @st.composite
    def attendances(draw):
        if draw(st.integers(0, 4)) == 0:
            return week((0, 24), days=range(7))
        if draw(st.integers(0, 4)) == 0:
            # a night shift, in two attendances as stock has it
            return week((0, 6), (22, 24), days=range(draw(st.integers(1, 7))))
        weeks = (0, 1) if draw(st.booleans()) else (None,)
        return [
            (weekday, start, stop, parity)
            for parity in weeks
            for weekday in range(7)
            for start, stop in draw(days_of_work())
        ]

    def spans(around, open_ended=False):
        length = st.integers(0, 4 * 24 * 3).map(lambda quarter: timedelta(minutes=15 * quarter))
        if open_ended:
            length = st.one_of(length, length, length, st.none())
        return st.lists(
            st.builds(
                lambda shift, odd, length: (
                    around + timedelta(minutes=15 * shift, seconds=odd),
                    None if length is None
                    else around + timedelta(minutes=15 * shift) + length,
                ),
                st.integers(-4 * 24 * 2, 4 * 24 * 14),
                ODD_SECONDS,
                length,
            ),
            max_size=4,
        )

    @st.composite
    def cases(draw):
        start = draw(STARTS) + timedelta(seconds=draw(ODD_SECONDS))
        closures = [(*span, f"Closure {index}") for index, span in enumerate(draw(spans(start)))]
        calendar_data = (draw(attendances()), draw(st.sampled_from(ZONES)), closures)
        return calendar_data, start, draw(spans(start, open_ended=True))

    def check(examples):
        def decorate(method):
            return settings(
                max_examples=examples * EFFORT,
                deadline=None,
                derandomize=EFFORT == 1,
                database=None,
                suppress_health_check=list(HealthCheck),
            )(method)
        return decorate

    SECONDS = st.integers(0, 60 * HOUR)

    def slow_clock(data):
        """Return the same calendar, asked quarter by quarter what the wall shows."""
        hours, zone, closures = data
        return SlowClock(zone, hours, closures)


@skipUnless(st, "hypothesis is not installed")
@tagged('post_install', '-at_install')
class TestProperties(WorkingTimeCase):
    """What holds for every calendar, start, target and pauses."""

    if st:

        @check(150)
        @given(cases(), SECONDS)
        def test_deadline_is_where_the_slow_clock_is(self, case, seconds):
            data, start, pauses = case
            due = WorkingTime(*data).deadline(start, seconds, pauses)
            expected = slow_clock(data).deadline(start, seconds, pauses)
            if expected is None and due:
                self.assertGreaterEqual((due - start).total_seconds(), PATIENCE)
            else:
                self.assertEqual(due, expected)

        @check(150)
        @given(cases(), st.integers(0, 15 * DAY))
        def test_worked_is_what_the_slow_clock_counts(self, case, length):
            data, start, pauses = case
            stop = start + timedelta(seconds=length)
            slow, time = slow_clock(data), WorkingTime(*data)
            self.assertEqual(time.worked(start, stop, pauses), slow.worked(start, stop, pauses))
            self.assertEqual(time.between(start, stop), slow.worked(start, stop))

        @check(200)
        @given(cases(), SECONDS)
        def test_deadline_is_the_first_instant_with_the_target_worked(self, case, seconds):
            data, start, pauses = case
            time = WorkingTime(*data)
            due = time.deadline(start, seconds, pauses)
            assume(due is not None)
            self.assertEqual(time.worked(start, due, pauses), seconds)
            if seconds:
                self.assertEqual(
                    time.worked(start, due - timedelta(seconds=1), pauses), seconds - 1)
            else:
                self.assertEqual(time.worked(due, due + timedelta(seconds=1), pauses), 1)

        @check(100)
        @given(cases(), SECONDS)
        def test_no_deadline_means_never_enough_time(self, case, seconds):
            data, start, pauses = case
            time = WorkingTime(*data)
            if time.deadline(start, seconds, pauses) is None:
                much_later = start + timedelta(365 * 10)
                self.assertLessEqual(time.worked(start, much_later, pauses), max(seconds - 1, 0))

        @check(200)
        @given(cases(), SECONDS, SECONDS)
        def test_adding_in_two_steps(self, case, first, second):
            data, start, _pauses = case
            time = WorkingTime(*data)
            middle = time.add(start, first)
            assume(middle is not None and second)
            self.assertEqual(time.add(middle, second), time.add(start, first + second))

        @check(200)
        @given(cases(), st.lists(st.integers(0, 40 * DAY), min_size=3, max_size=3))
        def test_measuring_in_two_steps(self, case, shifts):
            data, start, pauses = case
            time = WorkingTime(*data)
            first, second, third = (start + timedelta(seconds=shift) for shift in sorted(shifts))
            self.assertEqual(
                time.worked(first, second, pauses) + time.worked(second, third, pauses),
                time.worked(first, third, pauses))

        @check(200)
        @given(cases(), SECONDS, st.randoms(use_true_random=False))
        def test_order_and_repetition_of_pauses_do_not_matter(self, case, seconds, rng):
            data, start, pauses = case
            shuffled = pauses + pauses[:1]
            rng.shuffle(shuffled)
            time = WorkingTime(*data)
            self.assertEqual(
                time.deadline(start, seconds, shuffled), time.deadline(start, seconds, pauses))

        @check(200)
        @given(cases(), st.integers(0, 40 * DAY))
        def test_segments_leave_no_gap_and_sum_up(self, case, length):
            data, start, pauses = case
            stop = start + timedelta(seconds=length)
            time = WorkingTime(*data)
            segments = list(time.segments(start, stop, pauses))
            self.assertEqual(sum(segment.seconds for segment in segments), length)
            self.assertTrue(all(segment.seconds > 0 for segment in segments))
            self.assertEqual(
                [start] + [segment.stop for segment in segments],
                [segment.start for segment in segments] + [stop])
            self.assertEqual(
                sum(segment.seconds for segment in segments if segment.kind == WORKING),
                time.worked(start, stop, pauses))
            for segment in segments:
                if segment.kind == PAUSED:
                    continue
                self.assertEqual(time.is_open(segment.start), segment.kind == WORKING)
                self.assertEqual(
                    segment.kind == CLOSURE,
                    segment.kind != WORKING and any(
                        first <= segment.start < last for first, last, _name in data[2]))

        @check(100)
        @given(cases(), SECONDS, st.lists(STARTS, max_size=5))
        def test_growing_changes_no_answer(self, case, seconds, others):
            data, start, pauses = case
            fresh, used = WorkingTime(*data), WorkingTime(*data)
            for other in others:
                used.add(other - timedelta(365 * 8), seconds)
                used.between(other, start)
            self.assertEqual(
                fresh.deadline(start, seconds, pauses), used.deadline(start, seconds, pauses))
