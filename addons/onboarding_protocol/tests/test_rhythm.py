from datetime import date, datetime, timedelta

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla.tests.common import utc
from odoo.addons.mail.tests.common import MailCase
from odoo.addons.onboarding_protocol.tests.test_meetings import MeetingCommon


@tagged('post_install', '-at_install')
class TestRhythm(MeetingCommon, MailCase):
    """ A follow-up one week after the training, then a meeting every two weeks (P7).

    Times are written as people in Warsaw read them. Monday 2026-03-02 is a working day.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar, cls.client_calendar = cls.env['resource.calendar'].create([
            {
                'name': name, 'tz': 'Europe/Warsaw', 'company_id': cls.company.id,
                'attendance_ids': [Command.clear()] + [
                    Command.create({
                        'name': "Day", 'dayofweek': str(day), 'hour_from': 8, 'hour_to': 18,
                        'day_period': 'morning',
                    })
                    for day in range(days)
                ],
            }
            for name, days in (("Ours", 5), ("Client's", 6))
        ])
        cls.company.resource_calendar_id = cls.calendar
        cls.agreement = cls._new_agreement(
            cls.client, resource_calendar_id=cls.client_calendar.id,
        )
        cls.implementation.sla_agreement_id = cls.agreement

    def _hold_training(self, at):
        start = utc(at)
        with freeze_time(start + timedelta(hours=3)):
            return self._new_meeting(
                'training', start=start, stop=start + timedelta(hours=3), is_held=True,
            )

    def _go_live(self, at, project=None):
        project = project or self.implementation
        with freeze_time(utc(at)), self.mock_mail_gateway():
            project._action_go_live()
        self.env.flush_all()

    def _get_meetings(self, kind, project=None):
        return self.env['calendar.event'].search([
            ('implementation_id', '=', (project or self.implementation).id),
            ('implementation_meeting', '=', kind),
        ], order='start')

    def _close(self, calendar, day, last_day=None):
        self.env['resource.calendar.leaves'].create({
            'name': "Holiday", 'calendar_id': calendar.id, 'company_id': self.company.id,
            'date_from': utc(f'{day} 00:00'), 'date_to': utc(f'{last_day or day} 23:59:59'),
        })

    def _run_cron(self, at):
        cron = self.env.ref('onboarding_protocol.ir_cron_recurring_meetings')
        with (
            freeze_time(utc(at)), self.mock_mail_gateway(), self.mock_mail_app(),
            self.enter_registry_test_mode(),
        ):
            cron.method_direct_trigger()
        self.env.flush_all()

    def assertStarts(self, meetings, *moments):
        self.assertEqual(meetings.mapped('start'), [utc(moment) for moment in moments])

    # === FOLLOW-UP === #

    def test_P7_follow_up_is_one_week_after_the_last_training(self):
        self._hold_training('2026-02-24 09:00')
        self._hold_training('2026-03-03 13:30')
        self._go_live('2026-03-05 12:00')
        meeting = self._get_meetings('follow_up')
        self.assertStarts(meeting, '2026-03-10 13:30')
        self.assertEqual(meeting.user_id, self.supervisor)
        self.assertEqual(meeting.partner_ids, self.supervisor.partner_id | self.coordinator)
        self.assertIn(self.client.name, meeting.name)

    def test_P7_follow_up_without_a_training_is_one_week_after_the_go_live(self):
        self._go_live('2026-03-05 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-12 10:00')

    def test_P7_a_training_that_was_only_planned_does_not_count(self):
        self._new_meeting(
            'training', start=utc('2026-03-03 13:30'), stop=utc('2026-03-03 14:30'),
        )
        self._go_live('2026-03-05 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-12 10:00')

    def test_P7_follow_up_is_not_before_the_go_live(self):
        self._hold_training('2026-02-03 09:00')
        self._go_live('2026-03-05 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-06 09:00')

    def test_P7_follow_up_is_moved_off_a_weekend(self):
        # trained on a Saturday
        self._hold_training('2026-02-28 09:00')
        self._go_live('2026-03-02 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-09 09:00')

    def test_P7_follow_up_is_moved_off_our_holiday(self):
        self._close(self.calendar, '2026-03-10')
        self._hold_training('2026-03-03 09:00')
        self._go_live('2026-03-05 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-11 09:00')

    def test_P7_follow_up_is_moved_off_the_clients_holiday(self):
        self._close(self.client_calendar, '2026-03-10')
        self._hold_training('2026-03-03 09:00')
        self._go_live('2026-03-05 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-11 09:00')

    def test_P7_follow_up_is_moved_past_holidays_of_both_sides_and_a_weekend(self):
        self._close(self.calendar, '2026-03-12')
        self._close(self.client_calendar, '2026-03-13')
        self._hold_training('2026-03-05 09:00')
        self._go_live('2026-03-05 16:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-16 09:00')

    def test_P7_a_closure_of_some_hours_moves_only_meetings_in_it(self):
        self.env['resource.calendar.leaves'].create({
            'name': "Stocktaking", 'calendar_id': self.client_calendar.id,
            'company_id': self.company.id,
            'date_from': utc('2026-03-10 12:00'), 'date_to': utc('2026-03-10 18:00'),
        })
        find = self.implementation._find_meeting_start
        morning, afternoon = datetime(2026, 3, 10, 9).time(), datetime(2026, 3, 10, 11, 30).time()
        self.assertEqual(find(date(2026, 3, 10), morning), utc('2026-03-10 09:00'))
        self.assertEqual(find(date(2026, 3, 10), afternoon), utc('2026-03-11 11:30'))

    def test_P7_a_calendar_that_is_closed_for_good_moves_nothing(self):
        self._close(self.calendar, '2026-01-01', '2027-12-31')
        self._go_live('2026-03-05 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-12 10:00')

    def test_P7_month_ends_and_a_leap_day(self):
        self._hold_training('2028-02-22 09:00')
        self._go_live('2028-02-24 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2028-02-29 09:00')
        self.assertStarts(
            self._get_meetings('recurring')[:4], '2028-03-14 09:00', '2028-03-28 09:00',
            '2028-04-11 09:00', '2028-04-25 09:00',
        )

    def test_P7_a_follow_up_that_people_planned_stays_the_only_one(self):
        self._hold_training('2026-03-03 09:00')
        by_hand = self._new_meeting(
            'follow_up', start=utc('2026-03-12 15:00'), stop=utc('2026-03-12 16:00'),
        )
        self._go_live('2026-03-05 12:00')
        self.assertEqual(self._get_meetings('follow_up'), by_hand)
        self.assertStarts(self._get_meetings('recurring')[:1], '2026-03-26 15:00')

    def test_P7_client_is_invited_to_the_follow_up_at_once(self):
        with (
            freeze_time(utc('2026-03-05 12:00')), self.mock_mail_gateway(), self.mock_mail_app(),
        ):
            self.implementation._action_go_live()
        self.assertEqual(len(self._new_msgs.filtered(
            lambda message: message.model == 'calendar.event'
            and self.coordinator in message.notified_partner_ids
        )), 1)

    def test_P7_who_signs_in_the_portal_plans_them_too(self):
        with freeze_time(utc('2026-03-05 12:00')), self.mock_mail_gateway():
            self.implementation.with_user(self.portal)._action_go_live()
        self.assertEqual(len(self._get_meetings('recurring')), 6)
        self.assertEqual(self._get_meetings('follow_up').user_id, self.supervisor)

    def test_P7_entering_the_live_phase_plans_them(self):
        self._without_gates()
        self.implementation.phase_id = self.phases[4]
        self.assertEqual(len(self._get_meetings('follow_up')), 1)
        self.assertEqual(len(self._get_meetings('recurring')), 6)

    def test_P7_a_takeover_has_no_follow_up(self):
        takeover = self._new_implementation(self.client, self.coordinator, kind='takeover')
        self._go_live('2026-03-05 12:00', takeover)
        self.assertFalse(takeover.meeting_ids)

    def test_P7_live_phase_after_waits_for_the_follow_up(self):
        self._go_live('2026-03-05 12:00')
        self.assertEqual(self._get_missing('follow_up_held'), ["Follow-up meeting"])
        meeting = self._get_meetings('follow_up')
        with freeze_time(meeting.stop):
            meeting.action_mark_held()
        self.assertFalse(self._get_missing('follow_up_held'))

    # === EVERY TWO WEEKS === #

    def test_P7_then_a_meeting_every_two_weeks(self):
        self._hold_training('2026-03-03 13:30')
        self._go_live('2026-03-05 12:00')
        # summer time begins on March 29th: it stays 13:30
        self.assertStarts(
            self._get_meetings('recurring'),
            '2026-03-24 13:30', '2026-04-07 13:30', '2026-04-21 13:30', '2026-05-05 13:30',
            '2026-05-19 13:30', '2026-06-02 13:30',
        )
        before, after = self._get_meetings('recurring')[:2]
        self.assertEqual(after.start - before.start, timedelta(days=14, hours=-1))

    def test_P7_each_is_moved_by_itself_and_the_rhythm_stays(self):
        self._close(self.client_calendar, '2026-04-07')
        self._close(self.calendar, '2026-04-08')
        self._hold_training('2026-03-03 13:30')
        self._go_live('2026-03-05 12:00')
        self.assertStarts(
            self._get_meetings('recurring')[:3],
            '2026-03-24 13:30', '2026-04-09 13:30', '2026-04-21 13:30',
        )

    def test_P7_a_moved_follow_up_does_not_move_the_rhythm(self):
        self._close(self.calendar, '2026-03-10')
        self._hold_training('2026-03-03 13:30')
        self._go_live('2026-03-05 12:00')
        self.assertStarts(self._get_meetings('follow_up'), '2026-03-11 13:30')
        self.assertStarts(self._get_meetings('recurring')[:1], '2026-03-24 13:30')

    def test_P7_a_long_closure_leaves_a_meeting_out(self):
        self._close(self.calendar, '2026-04-06', '2026-04-22')
        self._hold_training('2026-03-03 13:30')
        self._go_live('2026-03-05 12:00')
        self.assertStarts(
            self._get_meetings('recurring')[:3],
            '2026-03-24 13:30', '2026-04-23 13:30', '2026-05-05 13:30',
        )

    def test_P7_two_runs_of_the_cron_change_nothing(self):
        self._go_live('2026-03-05 12:00')
        meetings = self._get_meetings('recurring')
        for _run in range(2):
            self._run_cron('2026-03-06 03:00')
            self.assertEqual(self._get_meetings('recurring'), meetings)

    def test_P7_cron_keeps_six_meetings_ahead(self):
        self._hold_training('2026-03-03 13:30')
        self._go_live('2026-03-05 12:00')
        self._run_cron('2026-03-24 03:00')
        self.assertEqual(len(self._get_meetings('recurring')), 6)
        self._run_cron('2026-03-25 03:00')
        self.assertStarts(self._get_meetings('recurring')[6:], '2026-06-16 13:30')
        # nobody ran it for months
        self._run_cron('2027-01-04 03:00')
        self.assertStarts(
            self._get_meetings('recurring')[7:],
            '2027-01-12 13:30', '2027-01-26 13:30', '2027-02-09 13:30', '2027-02-23 13:30',
            '2027-03-09 13:30', '2027-03-23 13:30',
        )

    def test_P7_a_meeting_that_people_planned_is_that_times_meeting(self):
        self._hold_training('2026-03-03 13:30')
        by_hand = self._new_meeting(
            'recurring', start=utc('2026-04-09 08:00'), stop=utc('2026-04-09 09:00'),
        )
        self._go_live('2026-03-05 12:00')
        meetings = self._get_meetings('recurring')
        self.assertEqual(len(meetings), 6)
        self.assertEqual(meetings[1], by_hand)

    def test_P7_moved_cancelled_and_deleted_meetings_do_not_come_back(self):
        self._go_live('2026-03-05 12:00')
        moved, cancelled, deleted = self._get_meetings('recurring')[:3]
        with freeze_time(utc('2026-03-06 03:00')), self.mock_mail_gateway():
            moved.write({
                'start': moved.start + timedelta(days=1), 'stop': moved.stop + timedelta(days=1),
            })
            cancelled.active = False
            deleted.unlink()
        self._run_cron('2026-03-07 03:00')
        self.assertEqual(len(self._get_meetings('recurring')), 4)

    def test_P7_database_holds_one_meeting_for_a_day_of_the_rhythm(self):
        self._go_live('2026-03-05 12:00')
        meeting = self._get_meetings('recurring')[0]
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger('odoo.sql_db'):
            self._new_meeting('recurring', implementation_slot=meeting.implementation_slot)

    def test_P7_stops_when_archived(self):
        self._go_live('2026-03-05 12:00')
        with freeze_time(utc('2026-03-06 12:00')):
            self.implementation.active = False
        self._run_cron('2026-05-05 03:00')
        self.assertFalse(self._get_meetings('recurring'))

    def test_P7_stops_when_switched_off_and_goes_on_when_on_again(self):
        self._go_live('2026-03-05 12:00')
        first = self._get_meetings('recurring')[0]
        self._run_cron('2026-03-13 03:00')
        self.assertTrue(first.is_invited)
        with freeze_time(utc('2026-03-13 12:00')), self.mock_mail_gateway():
            self.implementation.with_user(self.supervisor).recurring_meetings = False
        # who was invited is told by people
        self.assertEqual(self._get_meetings('recurring'), first)
        self._run_cron('2026-03-14 03:00')
        self.assertEqual(self._get_meetings('recurring'), first)
        self.implementation.recurring_meetings = True
        self._run_cron('2026-03-15 03:00')
        self.assertEqual(len(self._get_meetings('recurring')), 6)

    def test_P7_switching_off_keeps_what_people_prepared(self):
        self._go_live('2026-03-05 12:00')
        prepared = self._get_meetings('recurring')[2]
        prepared.agenda = "<p>Returns</p>"
        with freeze_time(utc('2026-03-06 12:00')), self.mock_mail_gateway():
            self.implementation.recurring_meetings = False
        self.assertEqual(self._get_meetings('recurring'), prepared)

    def test_P7_client_is_invited_two_weeks_before_once(self):
        self._hold_training('2026-03-03 13:30')
        self._go_live('2026-03-05 12:00')
        self.assertFalse(any(self._get_meetings('recurring').mapped('is_invited')))
        for at, count in (
            ('2026-03-10 03:00', 0), ('2026-03-11 03:00', 1), ('2026-03-12 03:00', 0),
        ):
            self._run_cron(at)
            invitations = self._new_msgs.filtered(
                lambda message: self.coordinator in message.notified_partner_ids,
            )
            self.assertEqual(len(invitations), count, at)

    def test_P7_one_rhythm_is_not_anothers(self):
        self._go_live('2026-03-05 12:00')
        self.assertFalse(self.other_implementation.meeting_ids)

    def test_P7_up_to_when_is_planned_is_not_written_by_hand(self):
        for user in (self.supervisor, self.manager):
            with self.assertRaises(AccessError):
                self.implementation.with_user(user).recurring_slot_date = '2030-01-01'

    def test_P7_cron_of_many_costs_as_many_queries_as_of_few_where_nothing_is_due(self):
        many = self.implementation | self.other_implementation
        for number in range(10):
            client = self.env['res.partner'].create({'name': f"Client {number}"})
            many |= self._new_implementation(client, client)
        for project in many:
            self._go_live('2026-03-05 12:00', project)

        def count(projects):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with freeze_time(utc('2026-03-06 03:00')):
                projects.sudo()._plan_recurring_meetings()
                projects.sudo()._invite()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(many)
        self.assertLessEqual(count(many), count(many[:2]))

    def test_P7_days_are_found_without_a_query_each(self):
        self.implementation._find_meeting_start(date(2026, 3, 2), datetime.min.time())
        before = self.env.cr.sql_log_count
        for number in range(50):
            self.implementation._find_meeting_start(
                date(2026, 3, 2) + timedelta(days=number), datetime.min.time(),
            )
        self.assertEqual(self.env.cr.sql_log_count, before)
