from datetime import date, datetime, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestPeriod(HypercareCommon):
    """ The window: how long it is, how it starts, moves and ends (G1, G7). """

    # === HOW LONG === #

    def test_G1_the_scale_of_the_project_proposes_the_days(self):
        scales = self.env['hypercare.scale']
        scales.search([]).action_archive()
        scales.create([
            {'name': "S", 'user_count': 5, 'integration_count': 2, 'process_count': 3, 'days': 7},
            {'name': "M", 'user_count': 20, 'integration_count': 5, 'days': 21},
            {'name': "L", 'user_count': 50, 'days': 45},
        ])
        period = self._create_window(self.other_client)
        proposals = {}
        for counts in ((5, 2, 3), (5, 2, 4), (6, 0, 0), (20, 6, 0), (51, 9, 9)):
            users, integrations, processes = counts
            period.write({
                'scale_user_count': users, 'scale_integration_count': integrations,
                'scale_process_count': processes,
            })
            proposals[counts] = period.days
        self.assertEqual(proposals, {
            (5, 2, 3): 7, (5, 2, 4): 21, (6, 0, 0): 21, (20, 6, 0): 45, (51, 9, 9): 45,
        })

    def test_G1_two_weeks_are_proposed_while_nothing_is_counted(self):
        period = self.env['hypercare.period'].create({
            'partner_id': self.other_client.id, 'team_id': self.team.id,
        })
        self.assertEqual(period.days, 14)

    def test_G1_days_are_proposed_not_prescribed(self):
        period = self._create_window(self.other_client, scale_user_count=3, days=40)
        self.assertEqual(period.days, 40)

    @mute_logger('odoo.sql_db')
    def test_G1_a_window_lasts_from_2_to_60_days(self):
        for days in (0, 1, 61, -5):
            with self.assertRaises(IntegrityError):
                self._create_window(self.other_client, days=days)
        for days in (2, 60):
            self.assertEqual(self._create_window(self.other_client, days=days).days, days)

    def test_G1_days_are_calendar_days_the_go_live_is_the_first(self):
        self.assertEqual(self.period.date_end, date(2026, 3, 15))

    def test_G1_the_last_day_ends_at_midnight_of_the_time_zone(self):
        self.period._start()
        # 24:00 of 15 March in Warsaw
        self.assertEqual(self.period.end_datetime, datetime(2026, 3, 15, 23))

    def test_G1_the_change_of_the_clocks_does_not_move_the_last_day(self):
        self.period.days = 30
        self.period._start()
        self.assertEqual(self.period.date_end, date(2026, 3, 31))
        # summer time began on 29 March
        self.assertEqual(self.period.end_datetime, datetime(2026, 3, 31, 22))

    # === START === #

    def test_G1_two_days_are_two_days_in_each_part_of_the_world(self):
        for zone in (
            'Asia/Tokyo', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kathmandu',
        ):
            client = self.env['res.partner'].create({'name': zone, 'is_company': True})
            period = self._create_window(client, tz=zone, days=2, golive_date=False)
            period.action_start()
            last = period.golive_date + timedelta(days=1)
            self.assertEqual(period.golive_date, period._get_day(self.start), zone)
            self.assertEqual(period._get_day(period.end_datetime - timedelta(seconds=1)), last)
            self.assertEqual(period._get_day(period.end_datetime), last + timedelta(days=1))
            self.assertEqual(period.review_id.date_planned, last, "reviewed on its last day")

    def test_started_by_hand_now(self):
        self.period.golive_date = False
        self.period.with_user(self.supervisor).action_start()
        self.assertEqual(self.period.state, 'running')
        self.assertEqual(self.period.start_datetime, self.start)
        self.assertEqual(self.period.golive_date, date(2026, 3, 2))

    def test_started_by_hand_with_a_go_live_that_is_past(self):
        self.period.golive_date = '2026-02-26'
        self.period.action_start()
        self.assertEqual(self.period.golive_date, date(2026, 2, 26))
        # midnight in Warsaw
        self.assertEqual(self.period.start_datetime, datetime(2026, 2, 25, 23))

    def test_started_once(self):
        self.period.action_start()
        with self.assertRefused("This cannot be done"):
            self.period.action_start()

    def test_one_open_window_a_project(self):
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            self._create_window(project_id=self.project.id)

    def test_what_was_promised_is_fixed_once_it_runs(self):
        self.period.action_start()
        for values in ({'days': 20}, {'golive_date': '2026-03-01'},
                       {'partner_id': self.other_client.id}, {'tz': 'Asia/Tokyo'}):
            with self.assertRefused("has started"):
                self.period.with_user(self.manager).write(values)
        # the same value is no change
        self.period.with_user(self.manager).write({'days': 14, 'golive_date': '2026-03-02'})

    def test_the_state_is_not_written_by_hand(self):
        for values in ({'state': 'closed'}, {'start_datetime': '2026-03-01 00:00:00'}):
            with self.assertRefused("kept by the system", AccessError):
                self.period.with_user(self.manager).write(values)
        with self.assertRefused("kept by the system", AccessError):
            self.env['hypercare.period'].with_user(self.manager).create({
                'partner_id': self.client.id, 'team_id': self.team.id, 'state': 'running',
            })

    def test_a_default_of_the_context_starts_no_window(self):
        period = self.env['hypercare.period'].with_user(self.manager).with_context(
            default_state='running', default_start_datetime='2026-03-01 00:00:00',
        ).create({'partner_id': self.client.id, 'team_id': self.team.id})
        self.assertEqual(period.state, 'planned')
        self.assertFalse(period.start_datetime)

    def test_the_coordinator_belongs_to_the_client(self):
        with self.assertRefused("does not belong to Lantern Books", ValidationError):
            self.period.coordinator_id = self.other_portal.partner_id

    def test_the_project_is_the_clients(self):
        with self.assertRefused("is a project of Lantern Books", ValidationError):
            self._create_window(self.other_client, project_id=self.project.id, state='cancelled')

    def test_a_window_without_a_project_gets_one_while_it_runs(self):
        self.period.project_id = False
        self.period.user_id = self.supervisor
        self.period.action_start()
        self.project.user_id = self.manager
        own = self.period.with_user(self.supervisor)
        self.assertFalse(own.is_project_fixed)
        own.project_id = self.project
        own.invalidate_recordset(['is_project_fixed'])
        self.assertTrue(own.is_project_fixed)
        self.assertEqual(own.user_id, self.supervisor, "the window keeps its supervisor")
        with self.assertRefused("has started"):
            own.project_id = False

    def test_a_window_that_runs_keeps_its_client_whatever_the_project(self):
        self.period.write({'project_id': False, 'coordinator_id': False})
        self.period.action_start()
        project = self.env['project.project'].create({
            'name': "Meadow Dairy: ERP", 'partner_id': self.other_client.id,
            'company_id': self.company.id,
        })
        with self.assertRefused("is a project of Meadow Dairy", ValidationError):
            self.period.project_id = project

    # === THE DAYS ARE OVER === #

    def test_in_review_when_the_days_are_over(self):
        self.period.action_start()
        # 15 March 23:30 in Warsaw, still the last day
        self.go_to(days=13, hours=13, minutes=30)
        self.run_cron('ir_cron_advance')
        self.assertEqual(self.period.state, 'running')
        self.go_to(days=13, hours=14, minutes=30)
        self.run_cron('ir_cron_advance')
        self.assertEqual(self.period.state, 'review')
        self.assertEqual(self.period.activity_ids.user_id, self.supervisor)

    def test_the_job_run_twice_changes_nothing_more(self):
        self.period.action_start()
        self.go_to(days=15)
        self.run_cron('ir_cron_advance')
        self.run_cron('ir_cron_advance')
        self.assertEqual(len(self.period.activity_ids), 1)
        self.assertEqual(self.period.change_ids.mapped('kind'), ['review', 'start'])

    def test_an_archived_window_is_over_as_well(self):
        self.period.action_start()
        self.period.active = False
        self.go_to(days=15)
        self.run_cron('ir_cron_advance')
        self.assertEqual(self.period.state, 'review')

    def test_a_broken_window_keeps_no_other_from_review(self):
        other = self._create_window(self.other_client)
        (self.period | other).action_start()
        model = self.registry['hypercare.period']
        begin = model._begin_exit

        def begin_but_one(period):
            if period == self.period:
                raise ValueError("broken")
            begin(period)

        self.go_to(days=15)
        with (
            patch.object(model, '_begin_exit', begin_but_one),
            self.assertLogs('odoo.addons.hypercare.models.hypercare_period', 'ERROR') as log,
        ):
            self.run_cron('ir_cron_advance')
        self.assertIn(self.period.name, log.output[0])
        self.assertEqual((self.period | other).mapped('state'), ['running', 'review'])

    def test_who_supervises_may_have_left_or_have_no_right(self):
        left, outsider = self.agent, self._new_user('hypercare_pm', 'project.group_project_user')
        other = self._create_window(self.other_client, user_id=outsider.id)
        third = self._create_window(
            self.env['res.partner'].create({'name': "Third", 'is_company': True}), user_id=False,
        )
        self.period.user_id = left
        left.active = False
        windows = self.period | other | third
        windows.action_start()
        self.go_to(days=15)
        self.run_cron('ir_cron_advance')
        self.assertEqual(windows.mapped('state'), ['review'] * 3)

    # === EXTENDED AND CLOSED === #

    def test_G7_an_extension_needs_a_manager_and_a_reason(self):
        self.period.action_start()
        with self.assertRefused("Only a helpdesk administrator"):
            self.period.with_user(self.supervisor)._extend(21, "Second warehouse")
        with self.assertRefused("write the reason"):
            self.period.with_user(self.manager)._extend(21, "  ")
        self.period.with_user(self.manager)._extend(21, "Second warehouse")
        self.assertEqual(self.period.date_end, date(2026, 3, 22))
        change = self.period.change_ids[0]
        self.assertEqual(
            (change.kind, change.reason, change.user_id, change.days_before, change.days_after),
            ('extend', "Second warehouse", self.manager, 14, 21),
        )

    def test_G7_an_extension_is_longer_and_within_the_limit(self):
        self.period.action_start()
        for days in (14, 3, 61):
            with self.assertRefused("Choose more than the 14 days"):
                self.period.with_user(self.manager)._extend(days, "Because")

    def test_G7_extended_from_review_it_runs_again(self):
        self.period.action_start()
        self.go_to(days=15)
        self.run_cron('ir_cron_advance')
        self.assertEqual(len(self.period.activity_ids), 1)
        self.period.with_user(self.manager)._extend(30, "Stocktaking")
        self.assertEqual(self.period.state, 'running')
        self.assertFalse(self.period.activity_ids, "nobody is to close it now")

    def test_G7_an_early_close_needs_a_manager_and_a_reason(self):
        self.period.action_start()
        self.go_to(days=5)
        with self.assertRefused("closes it early"):
            self.period.with_user(self.supervisor)._close("Everything works")
        with self.assertRefused("write the reason"):
            self.period.with_user(self.manager)._close()
        self.period.with_user(self.manager)._close("Everything works")
        self.assertEqual(self.period.state, 'closed')
        self.assertEqual(self.period.end_datetime, self.period.closed_datetime)
        self.assertEqual(self.period.change_ids[0].kind, 'close_early')

    def test_G7_reopened_by_a_manager(self):
        self.period.action_start()
        self.period.with_user(self.manager)._close("By mistake")
        with self.assertRefused("Only a helpdesk administrator"):
            self.period.with_user(self.supervisor)._reopen("Not over")
        self.period.with_user(self.manager)._reopen("Not over")
        self.assertEqual(self.period.state, 'running')
        self.assertEqual(self.period.end_datetime, datetime(2026, 3, 15, 23))

    def test_G7_reopened_after_its_days_somebody_has_to_close_it_again(self):
        self.period.action_start()
        self.period.with_user(self.manager)._close("By mistake")
        self.go_to(days=20)
        self.period.with_user(self.manager)._reopen("Not handed over")
        self.assertEqual(self.period.state, 'review')
        self.assertEqual(self.period.activity_ids.user_id, self.supervisor)

    def test_canceled_and_planned_again(self):
        with self.assertRefused("write the reason"):
            self.period.with_user(self.supervisor)._cancel("")
        self.period.with_user(self.supervisor)._cancel("The client does without")
        self.assertEqual(self.period.state, 'cancelled')
        self.period.with_user(self.supervisor).action_plan_again()
        self.assertEqual(self.period.state, 'planned')

    def test_a_start_by_mistake_is_taken_back(self):
        self.period.action_start()
        ticket = self._create_tickets()
        self.assertEqual(ticket.hypercare_id, self.period)
        self.period.with_user(self.manager)._reset("The wrong client")
        self.assertEqual(self.period.state, 'planned')
        self.assertFalse(ticket.hypercare_id)

    def test_what_has_begun_is_not_deleted(self):
        self.period.action_start()
        with self.assertRefused("has begun"):
            self.period.with_user(self.manager).unlink()
        self._create_window(self.other_client).with_user(self.manager).unlink()

    def test_the_wizard_does_what_the_button_says(self):
        self.period.action_start()
        wizards = self.env['hypercare.change.wizard'].with_user(self.manager)
        wizard = wizards.create({
            'period_id': self.period.id, 'kind': 'extend', 'reason': "More to do",
        })
        self.assertEqual((wizard.days, wizard.date_end), (21, date(2026, 3, 22)))
        wizard.action_confirm()
        self.assertEqual(self.period.days, 21)
        wizards.create({
            'period_id': self.period.id, 'kind': 'close', 'reason': "Done",
        }).action_confirm()
        self.assertEqual(self.period.state, 'closed')

    def test_the_days_so_far(self):
        self.assertEqual(self.period._get_window_days(), [])
        self.period.action_start()
        self.assertEqual(self.period._get_window_days(), [date(2026, 3, 2)])
        self.go_to(days=3)
        self.assertEqual(len(self.period._get_window_days()), 4)
        self.go_to(days=100)
        self.assertEqual(self.period._get_window_days()[-1], date(2026, 3, 15))
