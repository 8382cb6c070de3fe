"""The timeline of a calendar record: as stock computes it, cached, and dropped on change."""

import random
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.date_utils import float_to_time

from ..tools.working_time import CLOSURE
from .common import EFFORT

HOUR = 3600
MONDAY = datetime(2026, 1, 12)  # midnight UTC


class CalendarCase(TransactionCase):
    """Calendars in UTC unless said, to keep the zone out of what is not about zones.

    +----------------------+------------------------------------------------------+
    | company              | the company of `office` and of most closures         |
    | other_company        | a second one whose holidays must never count         |
    | office               | Mon-Fri 09:00-12:00, lunch, 13:00-18:00, of company  |
    | shared               | the same times, of no company                        |
    +----------------------+------------------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env['res.company'].create({'name': "Us"})
        cls.other_company = cls.env['res.company'].create({'name': "Them"})
        cls.env.user.company_ids |= cls.company | cls.other_company
        cls.env = cls.env(context=dict(
            cls.env.context, allowed_company_ids=[cls.company.id, cls.other_company.id]))
        office_hours = [
            (str(day), start, stop, period)
            for day in range(5)
            for start, stop, period in ((9, 12, 'morning'), (12, 13, 'lunch'),
                                        (13, 18, 'afternoon'))
        ]
        cls.office = cls.create_calendar(office_hours)
        cls.shared = cls.create_calendar(office_hours, company_id=False)

    @classmethod
    def create_calendar(cls, hours, **values):
        """Create a calendar from `(dayofweek, hour_from, hour_to, day_period[, week_type])`."""
        return cls.env['resource.calendar'].create({
            'name': "Hours",
            'tz': 'UTC',
            'company_id': cls.company.id,
            **values,
            'attendance_ids': [Command.clear()] + [
                Command.create({
                    'name': "Attendance",
                    'dayofweek': day,
                    'hour_from': start,
                    'hour_to': stop,
                    'day_period': period,
                    'week_type': week_type[0] if week_type else False,
                })
                for day, start, stop, period, *week_type in hours
            ],
        })

    @classmethod
    def create_closure(cls, start, stop, company=None, **values):
        """Create a closure of the whole company unless a calendar or a resource is given."""
        company = company or cls.company
        return cls.env['resource.calendar.leaves'].with_company(company).create({
            'name': "Closure",
            'date_from': start,
            'date_to': stop,
            'calendar_id': False,
            **values,
        })

    def hours_on(self, day, calendar=None, company=None):
        """Return the working hours of a calendar on a UTC day counted from `MONDAY`."""
        calendar = self.office if calendar is None else calendar
        start = MONDAY + timedelta(day)
        seconds = calendar._get_working_time(company).between(start, start + timedelta(1))
        return seconds / HOUR

    def create_resource(self):
        return self.env['resource.resource'].create({
            'name': "Somebody",
            'company_id': self.company.id,
            'calendar_id': self.office.id,
        })


@tagged('post_install', '-at_install')
class TestTimeline(CalendarCase):

    def test_attendances_without_lunch(self):
        self.assertEqual([self.hours_on(day) for day in range(7)], [8, 8, 8, 8, 8, 0, 0])
        time = self.office._get_working_time()
        self.assertEqual(time.add(MONDAY + timedelta(hours=11, minutes=50), 1800),
                         MONDAY + timedelta(hours=13, minutes=20))

    def test_empty_recordset_is_around_the_clock(self):
        time = self.env['resource.calendar']._get_working_time()
        self.assertTrue(time.is_always)
        self.assertIs(time, self.env['resource.calendar']._get_working_time(self.company))

    def test_two_weeks_with_section_lines(self):
        self.office.switch_calendar_type()
        self.assertTrue(self.office.attendance_ids.filtered('display_type'))
        self.office.attendance_ids.filtered(
            lambda attendance: attendance.week_type == '1' and attendance.dayofweek != '0'
            and not attendance.display_type
        ).unlink()
        Attendance = self.env['resource.calendar.attendance']
        first = 0 if Attendance.get_week_type(MONDAY) == 0 else 7
        self.assertEqual([self.hours_on(first + day) for day in range(5)], [8] * 5)
        self.assertEqual([self.hours_on(7 - first + day) for day in range(5)], [8, 0, 0, 0, 0])

    def test_week_type_left_over_in_a_weekly_calendar(self):
        self.office.attendance_ids.week_type = '1'
        self.assertEqual([self.hours_on(day) for day in (0, 7)], [8, 8])

    def test_midnight_and_rounded_minutes(self):
        night = self.create_calendar([
            ('0', 22, 24, 'afternoon'),
            ('1', 0, 6, 'morning'),
            ('1', 8 + 1 / 3, 9.9999, 'morning'),
        ])
        time = night._get_working_time()
        self.assertEqual(time.add(MONDAY, 8 * HOUR), MONDAY + timedelta(hours=30))
        self.assertEqual(
            time.opening_after(MONDAY + timedelta(hours=30)),
            datetime.combine(MONDAY + timedelta(1), float_to_time(8 + 1 / 3)))
        # 9.9999 is 9:60 for float_to_time, which fails on it.
        self.assertEqual(
            time.add(MONDAY, 9 * HOUR + 40 * 60), MONDAY + timedelta(1, 10 * HOUR))

    def test_closures_of_the_calendar_of_the_company_and_named(self):
        # Not up to midnight: for hr_holidays, closures that touch overlap.
        for day, values in enumerate((
            {'calendar_id': self.office.id, 'name': "Move"},
            {'name': "Holiday"},
            {'time_type': 'other'},
            {'calendar_id': self.shared.id},
        )):
            start = MONDAY + timedelta(day)
            self.create_closure(start, start + timedelta(hours=20), **values)
        self.assertEqual([self.hours_on(day) for day in range(5)], [0, 0, 8, 8, 8])
        segments = self.office._get_working_time().segments(MONDAY, MONDAY + timedelta(3))
        self.assertEqual([s.label for s in segments if s.kind == CLOSURE], ["Move", "Holiday"])

    def test_closure_of_another_company_does_not_count(self):
        self.create_closure(MONDAY, MONDAY + timedelta(1), company=self.other_company)
        # What stock says to a superuser: the reason why this is not left to plan_hours.
        self.assertEqual(
            self.office.sudo().plan_hours(1, MONDAY, compute_leaves=True),
            MONDAY + timedelta(1, 10 * HOUR))
        self.assertEqual(self.hours_on(0), 8)

    def test_shared_calendar_takes_the_closures_of_the_given_company(self):
        self.create_closure(MONDAY, MONDAY + timedelta(1))
        self.create_closure(
            MONDAY + timedelta(1), MONDAY + timedelta(2), company=self.other_company)
        everyones = self.create_closure(MONDAY + timedelta(2), MONDAY + timedelta(3))
        everyones.sudo().company_id = False
        for company, hours in (
            (None, [8, 8, 0]),
            (self.company, [0, 8, 0]),
            (self.other_company, [8, 0, 0]),
        ):
            self.assertEqual(
                [self.hours_on(day, self.shared, company) for day in range(3)], hours)
        # A calendar with a company is that company's, whoever asks.
        self.assertEqual(self.hours_on(0, self.office, self.other_company), 0)

    def test_time_off_of_one_person_does_not_count(self):
        resource = self.create_resource()
        self.create_closure(MONDAY, MONDAY + timedelta(1), resource_id=resource.id)
        self.assertEqual(self.hours_on(0), 8)

    def test_flexible_calendar_has_no_working_time(self):
        self.office.schedule_type = 'flexible'
        self.assertTrue(self.office._get_working_time().is_empty)
        self.assertIsNone(self.office._get_working_time().add(MONDAY, 0))

    def test_who_asks_makes_no_difference(self):
        self.create_closure(MONDAY, MONDAY + timedelta(1))
        customer = new_test_user(self.env, 'wt_customer', groups='base.group_portal')
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertEqual(self.hours_on(0, self.office.with_user(customer)), 0)
        self.assertEqual(self.hours_on(1, self.office.with_user(customer)), 8)

    def test_calendar_that_is_being_edited(self):
        draft = self.env['resource.calendar'].new({'name': "Draft", 'tz': 'UTC'})
        draft.attendance_ids = [Command.clear(), Command.create({
            'name': "Monday", 'dayofweek': '0', 'hour_from': 9, 'hour_to': 10,
        })]
        self.assertEqual(self.hours_on(0, draft), 1)
        edited = self.env['resource.calendar'].new(origin=self.office)
        self.assertIs(edited._get_working_time(), self.office._get_working_time())


@tagged('post_install', '-at_install')
class TestChoice(CalendarCase):
    """sla.md rule 4: no deadline can be computed, so the calendar is refused where it is chosen."""

    def test_fixed_calendars_and_none_are_accepted(self):
        (self.office | self.shared)._check_sla_calendar()
        self.env['resource.calendar']._check_sla_calendar()

    def test_flexible_calendar_is_refused(self):
        self.office.name = "Home office"
        self.office.schedule_type = 'flexible'
        with self.assertRaisesRegex(ValidationError, "Home office.*flexible"):
            (self.shared | self.office)._check_sla_calendar()

    def test_calendar_that_never_opens_is_refused(self):
        lunch_only = self.create_calendar([('0', 12, 13, 'lunch')])
        closed = self.create_calendar([('0', 9, 10, 'morning')])
        self.create_closure(datetime(2020, 1, 1), datetime(2900, 1, 1), calendar_id=closed.id)
        for calendar in (self.create_calendar([]), lunch_only, closed):
            with self.assertRaisesRegex(ValidationError, "no working time"):
                calendar._check_sla_calendar()


@tagged('post_install', '-at_install')
class TestCache(CalendarCase):

    def setUp(self):
        super().setUp()
        self.recomputed = []
        patcher = patch.object(
            self.env.registry['helpdesk.sla.status'],
            '_mark_for_recompute_by_calendar',
            lambda status, calendars: self.recomputed.append(calendars),
        )
        self.startPatcher(patcher)
        self.env.flush_all()

    def assertDropped(self, change, calendars, kept=()):
        """Check that `change` drops the timelines of `calendars` and has them recomputed."""
        before = {calendar: calendar._get_working_time() for calendar in calendars}
        self.recomputed.clear()
        self.env.registry.cache_invalidated.clear()
        result = change()
        self.env.flush_all()
        marked = self.env['resource.calendar'].union(*self.recomputed)
        for calendar, time in before.items():
            self.assertIsNot(calendar._get_working_time(), time)
            self.assertIn(calendar, marked)
        for calendar in kept:
            self.assertNotIn(calendar, marked)
        # What the end of the request tells the other workers.
        self.assertIn('default', self.env.registry.cache_invalidated)
        return result

    def assertKept(self, change):
        time = self.office._get_working_time()
        self.recomputed.clear()
        result = change()
        self.env.flush_all()
        self.assertIs(self.office._get_working_time(), time)
        self.assertFalse(self.recomputed)
        return result

    def test_second_question_costs_no_query(self):
        time = self.office._get_working_time(self.company)
        self.env.invalidate_all()
        with self.assertQueryCount(0):
            again = self.office._get_working_time(self.company)
            again.add(MONDAY, 100 * HOUR)
        self.assertIs(again, time)
        with self.assertQueryCount(0):
            self.env['resource.calendar']._get_working_time(self.company)

    def test_first_question_costs_the_same_however_many_records(self):
        def count_queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.office._get_working_time(self.company)
            return self.env.cr.sql_log_count - before

        queries = count_queries()
        for week in range(30):
            self.create_closure(MONDAY + timedelta(7 * week), MONDAY + timedelta(7 * week + 1))
        self.assertEqual(count_queries(), queries)
        self.assertEqual(self.hours_on(7 * 29), 0)

    def test_growing_is_kept(self):
        self.office._get_working_time().add(MONDAY, 5000 * HOUR)
        time = self.office._get_working_time()
        with patch.object(type(time), '_lay_out', side_effect=AssertionError):
            time.add(MONDAY, 4000 * HOUR)

    def test_calendar_fields(self):
        for values in (
            {'tz': 'Asia/Tokyo'},
            {'two_weeks_calendar': True},
            {'schedule_type': 'flexible'},
            {'flexible_hours': False},
            {'company_id': self.other_company.id},
        ):
            self.assertDropped(partial(self.office.write, values), self.office, self.shared)

    def test_calendar_fields_that_do_not_matter(self):
        self.assertKept(lambda: self.office.write({'name': "Renamed", 'active': False}))
        self.assertKept(lambda: self.office.attendance_ids[0].write({'name': "Early"}))

    def test_attendances(self):
        attendance = self.assertDropped(lambda: self.env['resource.calendar.attendance'].create({
            'name': "Saturday",
            'calendar_id': self.office.id,
            'dayofweek': '5',
            'hour_from': 10,
            'hour_to': 12,
        }), self.office, self.shared)
        self.assertEqual(self.hours_on(5), 2)
        self.assertDropped(lambda: attendance.write({'hour_to': 14}), self.office, self.shared)
        self.assertEqual(self.hours_on(5), 4)
        self.assertDropped(
            lambda: attendance.write({'calendar_id': self.shared.id}), self.office | self.shared)
        self.assertDropped(attendance.unlink, self.shared, self.office)
        self.assertDropped(lambda: self.office.write({'attendance_ids': [
            Command.update(self.office.attendance_ids[0].id, {'hour_from': 8}),
        ]}), self.office, self.shared)
        self.assertEqual(self.hours_on(0), 9)

    def test_duration_based_attendances(self):
        self.office.switch_based_on_duration()
        self.office.attendance_ids.unlink()
        attendance = self.env['resource.calendar.attendance'].create({
            'name': "Monday",
            'calendar_id': self.office.id,
            'dayofweek': '0',
            'day_period': 'full_day',
            'duration_hours': 8,
        })
        self.assertEqual(self.hours_on(0), 8)
        self.assertDropped(lambda: attendance.write({'duration_hours': 6}), self.office)
        self.assertEqual(self.hours_on(0), 6)

    def test_closure_of_one_calendar(self):
        closure = self.assertDropped(lambda: self.create_closure(
            MONDAY, MONDAY + timedelta(1), calendar_id=self.office.id), self.office, self.shared)
        self.assertEqual(self.hours_on(0), 0)
        self.assertDropped(
            lambda: closure.write({'date_from': MONDAY + timedelta(hours=12)}), self.office)
        self.assertEqual(self.hours_on(0), 3)
        self.assertDropped(lambda: closure.write({'time_type': 'other'}), self.office)
        self.assertEqual(self.hours_on(0), 8)
        self.assertDropped(lambda: closure.write({'time_type': 'leave'}), self.office)
        self.assertDropped(closure.unlink, self.office, self.shared)
        self.assertEqual(self.hours_on(0), 8)

    def test_closure_of_the_company(self):
        archived = self.create_calendar([('0', 9, 18, 'morning')], active=False)
        foreign = self.create_calendar(
            [('0', 9, 18, 'morning')], company_id=self.other_company.id)
        concerned = self.office | self.shared | archived
        closure = self.assertDropped(
            lambda: self.create_closure(MONDAY, MONDAY + timedelta(1)), concerned, foreign)
        self.assertDropped(lambda: closure.write({'calendar_id': self.shared.id}), concerned)
        self.assertEqual(self.hours_on(0), 8)
        self.assertDropped(lambda: closure.write({'calendar_id': False}), concerned, foreign)
        self.assertDropped(lambda: closure.sudo().write({'company_id': False}),
                           concerned | foreign)
        self.assertDropped(closure.unlink, concerned | foreign)

    def test_closure_of_another_calendar_or_company_has_nothing_recomputed(self):
        self.office._get_working_time()
        for values in (
            {'company': self.other_company},
            {'calendar_id': self.shared.id},
        ):
            self.recomputed.clear()
            self.create_closure(MONDAY, MONDAY + timedelta(1), **values)
            self.assertNotIn(self.office, self.env['resource.calendar'].union(*self.recomputed))

    def test_renamed_closure_is_explained_but_not_recomputed(self):
        closure = self.create_closure(MONDAY, MONDAY + timedelta(1))
        time = self.office._get_working_time()
        self.recomputed.clear()
        closure.name = "Epiphany"
        self.assertFalse(self.recomputed)
        self.assertIsNot(self.office._get_working_time(), time)
        segments = self.office._get_working_time().segments(MONDAY, MONDAY + timedelta(1))
        self.assertEqual([segment.label for segment in segments], ["Epiphany"])

    def test_time_off_of_one_person(self):
        resource = self.create_resource()
        time_off = self.assertKept(lambda: self.create_closure(
            MONDAY, MONDAY + timedelta(1), resource_id=resource.id))
        self.assertKept(lambda: time_off.write({
            'date_to': MONDAY + timedelta(2), 'name': "Longer"}))
        # Opened to everybody, and back.
        self.assertDropped(lambda: time_off.write({'resource_id': False}), self.office)
        self.assertEqual(self.hours_on(0), 0)
        self.assertDropped(lambda: time_off.write({'resource_id': resource.id}), self.office)
        self.assertKept(time_off.unlink)

    def test_formation_closes_nothing(self):
        formation = self.assertKept(lambda: self.create_closure(
            MONDAY, MONDAY + timedelta(1), time_type='other'))
        self.assertKept(formation.unlink)

    def test_deleted_calendar_leaves_its_closures_to_the_company(self):
        doomed = self.create_calendar([('0', 9, 18, 'morning')])
        self.create_closure(MONDAY, MONDAY + timedelta(1), calendar_id=doomed.id)
        self.assertEqual(self.hours_on(0), 8)
        self.assertDropped(doomed.unlink, self.office)
        # So does stock: the closure has no calendar any more.
        self.assertEqual(self.office.get_work_hours_count(MONDAY, MONDAY + timedelta(1)), 0)
        self.assertEqual(self.hours_on(0), 0)

    def test_dropped_once_more_when_committed(self):
        """Another thread may have cached the old state before it could see the new one."""
        self.env.cr.postcommit.clear()
        self.create_closure(MONDAY, MONDAY + timedelta(1))
        time = self.office._get_working_time()
        self.env.cr.postcommit.run()
        self.assertIsNot(self.office._get_working_time(), time)


@tagged('post_install', '-at_install')
class TestSameAsStock(CalendarCase):
    """sla.md rule 5, on calendars at random from a fixed seed."""

    ZONES = ['UTC', 'Europe/Warsaw', 'America/New_York', 'Australia/Sydney', 'America/Santiago',
             'Asia/Kolkata']
    # Quarters of an hour. Borders inside a skipped hour are left out: attendances on both sides of
    # it overlap for stock, which then counts that time twice.
    BORDERS = [hour + minute / 60 for hour in range(24) for minute in (0, 15, 30, 45)
               if not (minute and hour in (0, 2))] + [24]

    def random_calendar(self, rng):
        two_weeks = rng.random() < 0.4
        hours = []
        for week_type in ('0', '1') if two_weeks else (False,):
            for day in range(7):
                if day and rng.random() < 0.4:
                    continue
                style = rng.random()
                if style < 0.15:
                    hours.append((str(day), 0, 24, 'morning', week_type))
                    continue
                borders = sorted(rng.sample(self.BORDERS, rng.choice((2, 4, 6))))
                if style < 0.3:
                    borders[0] = 0
                elif style < 0.45:
                    borders[-1] = 24
                periods = ['morning', 'lunch', 'afternoon']
                for index in range(0, len(borders) - 1, 2):
                    period = periods[index // 2 % 3]
                    hours.append((
                        str(day), borders[index], borders[index + 1], period, week_type))
        return self.create_calendar(
            hours, tz=rng.choice(self.ZONES), two_weeks_calendar=two_weeks)

    def random_closures(self, rng, calendar, resource):
        for _index in range(rng.randrange(12)):
            start = datetime(2026, 1, 1) + timedelta(seconds=rng.randrange(365 * 24 * HOUR))
            if rng.random() < 0.5:
                start = start.replace(hour=0, minute=0, second=0)
            stop = start + timedelta(
                seconds=rng.choice((0, 1, 4 * HOUR, 24 * HOUR - 1, 24 * HOUR, 10 * 24 * HOUR)))
            values = rng.choice((
                {},
                {'calendar_id': calendar.id},
                {'calendar_id': self.office.id},
                {'time_type': 'other'},
                {'company': self.other_company},
                {'resource_id': resource.id},
            ))
            # Where hr_holidays is installed, closures may not overlap.
            with suppress(ValidationError), self.env.cr.savepoint():
                self.create_closure(start, stop, **values)

    def test_plan_hours_and_get_work_hours_count(self):
        rng = random.Random(20260112 if EFFORT == 1 else None)
        resource = self.create_resource()
        domain = [('time_type', '=', 'leave'), ('company_id', 'in', [self.company.id, False])]
        compared = 0
        for _calendar in range(30 * EFFORT):
            calendar = self.random_calendar(rng)
            self.random_closures(rng, calendar, resource)
            time = calendar._get_working_time()
            for _question in range(20):
                start = datetime(2026, 1, 1) + timedelta(seconds=rng.randrange(360 * 24 * HOUR))
                if rng.random() < 0.3:
                    start = start.replace(minute=0, second=0)
                seconds = rng.choice((0, 900, HOUR, rng.randrange(1, 80 * HOUR)))
                stop = start + timedelta(seconds=rng.randrange(20 * 24 * HOUR))
                with self.subTest(tz=calendar.tz, start=start, seconds=seconds, stop=stop):
                    self.assertPlanned(
                        time, start, seconds,
                        calendar.plan_hours(
                            seconds / HOUR, start, compute_leaves=True, domain=domain))
                    hours = calendar.get_work_hours_count(start, stop, domain=domain)
                    self.assertEqual(time.between(start, stop), round(hours * HOUR))
                compared += 1
        self.assertEqual(compared, 600 * EFFORT)

    def assertPlanned(self, time, start, seconds, planned):
        """Compare with what stock planned, which adds a microsecond at each midnight."""
        due = time.add(start, seconds)
        planned = (planned + timedelta(milliseconds=500)).replace(microsecond=0)
        if planned != due and seconds and not time.is_open(due):
            # Consumed exactly at closing: the lost microseconds or float dust push stock to the
            # next opening, where rule 3 says closing.
            due = time.opening_after(due)
        self.assertEqual(planned, due)
