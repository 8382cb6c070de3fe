from datetime import date, datetime, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HypercareCommon

OPERATIONS = ('read', 'write', 'create', 'unlink')


class ReviewCase(HypercareCommon):
    """ A window that has started, with its review.

    Monday 2026-03-02 is the go-live: the review may take place from Monday 9 to Monday 16, and is
    planned for Thursday 12, the 10th day after it.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.period.action_start()
        cls.review = cls.period.review_id

    def add_item(self, verdict, name, **values):
        return self.env['hypercare.review.item'].with_user(self.supervisor).create({
            'review_id': self.review.id, 'verdict': verdict, 'name': name, **values,
        }).with_user(self.env.user)

    def leave_next_iteration_to_nobody(self):
        """ Look at the addon alone, whichever others are installed. """
        self.startPatcher(patch.object(
            self.registry['hypercare.review.item'], '_get_next_iteration_model',
            lambda _items: False,
        ))

    def hold(self):
        self.review.with_user(self.supervisor).action_hold()

    def sign(self, name="Anna Nowak", comment='', review=None):
        review = (review or self.review).sudo()
        period = self.period.with_user(self.portal).sudo()
        period._portal_sign_review(
            self.coordinator, name, True, review._get_content_hash(), comment,
        )


@tagged('post_install', '-at_install')
class TestReview(ReviewCase):
    """ The joint review of the second week (G6). """

    # === WHEN === #

    def test_G6_planned_with_the_start_on_a_working_day_from_the_10th_day_on(self):
        self.assertRecordValues(self.review, [{
            'state': 'draft', 'date_planned': date(2026, 3, 12), 'user_id': self.supervisor.id,
            'date_from': date(2026, 3, 9), 'date_to': date(2026, 3, 16),
        }])
        self.assertEqual(
            self.review.attendee_ids, self.supervisor.partner_id | self.coordinator,
        )

    def test_G6_the_supervisor_is_reminded_in_time(self):
        activity = self.review.activity_ids
        self.assertEqual(activity.user_id, self.supervisor)
        self.assertLessEqual(activity.date_deadline, self.review.date_planned)

    def test_G6_a_day_on_which_the_team_does_not_work_is_passed_over(self):
        self.env['resource.calendar.leaves'].create({
            'name': "Closed", 'company_id': self.company.id,
            'calendar_id': self.team.resource_calendar_id.id,
            'date_from': '2026-03-11 23:00:00', 'date_to': '2026-03-12 23:00:00',
        })
        self.assertEqual(self.period._get_proposed_review_date(), date(2026, 3, 13))

    def test_G6_a_weekend_is_passed_over(self):
        # the 10th day is a Saturday
        period = self._create_window(golive_date='2026-03-04')
        self.assertEqual(period._get_proposed_review_date(), date(2026, 3, 16))

    def test_G6_without_a_working_day_left_it_is_the_last_one_before(self):
        self.env['resource.calendar.leaves'].create({
            'name': "Closed", 'company_id': self.company.id,
            'calendar_id': self.team.resource_calendar_id.id,
            'date_from': '2026-03-11 23:00:00', 'date_to': '2026-03-20 23:00:00',
        })
        self.assertEqual(self.period._get_proposed_review_date(), date(2026, 3, 11))

    def test_G6_the_first_and_the_last_day_are_inside(self):
        for day in ('2026-03-09', '2026-03-16'):
            self.review.with_user(self.supervisor).date_planned = day

    def test_G6_other_days_are_refused(self):
        for day in ('2026-03-08', '2026-03-17'):
            with self.assertRefused("second week", ValidationError):
                self.review.with_user(self.supervisor).date_planned = day

    def test_G6_a_short_window_is_reviewed_on_its_last_day(self):
        period = self._create_window(self.other_client, days=5)
        period.action_start()
        self.assertEqual(period.review_id.date_planned, date(2026, 3, 6))
        with self.assertRefused("last day", ValidationError):
            period.review_id.date_planned = '2026-03-05'

    def test_G6_an_administrator_chooses_another_day_with_a_reason(self):
        values = {'date_planned': '2026-03-20', 'exception_reason': "The coordinator is away"}
        with self.assertRefused("administrator", AccessError):
            self.review.with_user(self.supervisor).write(values)
        self.review.with_user(self.manager).write(values)
        self.assertEqual(self.review.date_planned, date(2026, 3, 20))

    def test_G6_one_review_at_a_time(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.env['hypercare.review'].create({'period_id': self.period.id})

    def test_G6_starting_again_plans_no_second_review(self):
        self.period.with_user(self.manager)._reset("By mistake")
        self.period.action_start()
        self.assertEqual(self.period.review_ids, self.review)

    def test_G6_starting_again_at_another_time_moves_review_and_meeting(self):
        self.review.action_schedule()
        self.period.with_user(self.manager)._reset("By mistake")
        self.period.golive_date = '2026-03-23'
        self.go_to(days=21)
        self.period.action_start()
        self.assertEqual(self.review.date_planned, date(2026, 4, 2))
        self.assertEqual(self.review.meeting_id.start.date(), date(2026, 4, 2))
        self.assertEqual(self.review.activity_ids.date_deadline, date(2026, 3, 30))

    def test_G6_planned_before_the_go_live_was_known_it_gets_its_day_with_the_start(self):
        period = self._create_window(self.other_client, golive_date=False)
        period.action_open_review()
        self.assertFalse(period.review_id.date_planned)
        period.action_start()
        self.assertEqual(period.review_id.date_planned, date(2026, 3, 12))
        self.assertEqual(len(period.review_id.activity_ids), 1)

    def test_G6_before_the_start_there_is_nothing_to_review(self):
        period = self._create_window(self.other_client)
        period.action_open_review()
        with self.assertRefused("has not begun yet"):
            period.review_id.action_hold()

    # === MEETING === #

    def test_G6_the_attendees_are_invited_to_a_meeting(self):
        self.review.with_user(self.supervisor).action_schedule()
        meeting = self.review.meeting_id
        self.assertEqual(self.review.state, 'scheduled')
        # ten o'clock in Warsaw
        self.assertEqual(meeting.start, datetime(2026, 3, 12, 9))
        self.assertEqual(meeting.partner_ids, self.review.attendee_ids)
        self.assertEqual(meeting.user_id, self.supervisor)

    def test_G6_invited_twice_it_is_one_meeting(self):
        self.review.with_user(self.supervisor).action_schedule()
        meeting = self.review.meeting_id
        self.review.with_user(self.supervisor).action_schedule()
        self.assertEqual(self.review.meeting_id, meeting)

    def test_G6_meeting_and_planned_day_go_together(self):
        self.review.with_user(self.supervisor).action_schedule()
        self.review.with_user(self.supervisor).date_planned = '2026-03-10'
        self.assertEqual(self.review.meeting_id.start, datetime(2026, 3, 10, 9))
        self.assertEqual(self.review.meeting_id.stop, datetime(2026, 3, 10, 10))
        self.review.meeting_id.with_user(self.supervisor).write({
            'start': '2026-03-11 12:00:00', 'stop': '2026-03-11 13:00:00',
        })
        self.assertEqual(self.review.date_planned, date(2026, 3, 11))

    def test_G6_the_meeting_does_not_leave_the_second_week_either(self):
        self.review.with_user(self.supervisor).action_schedule()
        with self.assertRefused("second week", ValidationError):
            self.review.meeting_id.with_user(self.supervisor).write({
                'start': '2026-03-25 12:00:00', 'stop': '2026-03-25 13:00:00',
            })

    # === FIGURES AND AGENDA === #

    def test_G6_the_figures_are_those_of_the_tickets(self):
        self.env['helpdesk.sla'].create({
            'name': "Solve in a day", 'company_id': self.company.id, 'time': 8,
            'target': 'resolution',
        })
        tickets = self._create_tickets(2, 'question') + self._create_tickets(1, 'defect')
        tickets += self._create_tickets(1, 'defect', priority='3')
        self._create_tickets(1, partner=self.other_portal.partner_id)
        tickets[0].action_solve()
        tickets[1].action_cancel()
        self.go_to(days=3)
        tickets[2].action_solve()
        totals = self.period._get_review_totals()[self.period]
        self.assertEqual(
            (totals.opened, totals.solved, totals.open, totals.urgent, totals.reopened),
            (4, 2, 1, 1, 0),
        )
        # one in time, one late, one that is open and late
        self.assertEqual(totals.resolution_count, 3)
        self.assertAlmostEqual(totals.resolution_rate, 100 / 3)
        self.assertIsNone(totals.response_rate)
        self.assertEqual(
            set(totals.types), {("Hypercare question", 2), ("Hypercare defect", 2)},
        )
        tickets[0].action_reopen()
        self.assertEqual(self.period._get_review_totals()[self.period].reopened, 1)

    def test_G6_any_number_of_windows_in_a_constant_number_of_queries(self):
        windows = self.period
        counts = []
        for number in (1, 5):
            for index in range(number):
                client = self.env['res.partner'].create({
                    'name': f"Client {number} {index}", 'is_company': True,
                })
                window = self._create_window(client)
                window.action_start()
                self._create_tickets(2, 'defect', partner=client)
                windows |= window
            self.env.flush_all()
            windows._get_review_totals()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            windows._get_review_totals()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_G6_the_agenda_is_filled_from_the_figures(self):
        self._create_tickets(1, 'defect', name="The label prints twice", priority='3')
        self.review.with_user(self.supervisor).action_fill_agenda()
        self.assertIn("The label prints twice", self.review.agenda)
        self.assertIn("Hypercare defect", self.review.agenda)
        self.assertFalse(self.review.is_agenda_edited)

    def test_G6_what_somebody_wrote_into_the_agenda_stays(self):
        self.review.with_user(self.supervisor).agenda = '<p>We talk about the returns</p>'
        self.assertTrue(self.review.is_agenda_edited)
        self._run_agenda_cron(days=9)
        self.assertIn("the returns", self.review.agenda)
        self.review.with_user(self.supervisor).action_fill_agenda()
        self.assertNotIn("the returns", self.review.agenda)

    def test_G6_the_figures_are_brought_up_to_date_before_the_meeting(self):
        self._create_tickets(1, name="The label prints twice")
        self._run_agenda_cron(days=5)
        self.assertNotIn("The label prints twice", self.review.agenda)
        self._run_agenda_cron(days=9)
        self.assertIn("The label prints twice", self.review.agenda)
        agenda = self.review.agenda
        self._run_agenda_cron(days=9)
        self.assertEqual(self.review.agenda, agenda)

    def _run_agenda_cron(self, **delta):
        self.go_to(**delta)
        with self.enter_registry_test_mode():
            self.env.ref('hypercare.ir_cron_agenda').method_direct_trigger()
        self.env.invalidate_all()

    # === ITEMS === #

    def test_G6_what_is_to_be_refined_becomes_a_task(self):
        ticket = self._create_tickets()
        item = self.add_item(
            'refine', "Returns take too many clicks", process="Returns",
            owner_id=self.colleague.partner_id.id, description="Five clicks, <b>two</b> wanted",
            ticket_ids=ticket.ids,
        )
        self.add_item('stable', "Orders come in")
        self.hold()
        self.review.with_user(self.supervisor).action_create_followups()
        task = item.task_id
        self.assertRecordValues(task, [{
            'name': "Returns take too many clicks", 'project_id': self.project.id,
            'partner_id': self.colleague.partner_id.id,
        }])
        for text in ("Returns", self.colleague.partner_id.name, ticket.ticket_ref, "&lt;b&gt;"):
            self.assertIn(text, task.description)
        self.assertFalse(self.review.followup_count)

    def test_G6_pressed_twice_nothing_is_created_twice(self):
        item = self.add_item('refine', "Returns")
        self.hold()
        self.review.with_user(self.supervisor).action_create_followups()
        task = item.task_id
        result = self.review.with_user(self.supervisor).action_create_followups()
        self.assertEqual(item.task_id, task)
        self.assertIn("Nothing is left", result['params']['message'])
        self.assertEqual(self.env['project.task'].search_count(
            [('project_id', '=', self.project.id)],
        ), 1)

    def test_G6_without_a_project_it_is_said_what_to_do(self):
        period = self._create_window(self.other_client)
        period.action_start()
        review = period.review_id
        review.item_ids = [(0, 0, {'name': "Labels", 'verdict': 'refine'})]
        review.action_hold()
        with self.assertRefused("Choose the project"):
            review.with_user(self.supervisor).action_create_followups()

    def test_G6_nothing_is_created_before_it_was_held(self):
        self.add_item('refine', "Returns")
        with self.assertRefused("held first"):
            self.review.with_user(self.supervisor).action_create_followups()

    def test_G6_the_next_iteration_says_who_would_take_it(self):
        self.leave_next_iteration_to_nobody()
        self.add_item('next', "A shop for partners")
        self.hold()
        with self.assertRefused("CRM"):
            self.review.with_user(self.supervisor).action_create_followups()

    def test_G6_tasks_are_created_although_nobody_takes_the_next_iteration(self):
        self.leave_next_iteration_to_nobody()
        item = self.add_item('refine', "Returns")
        self.add_item('next', "A shop for partners")
        self.hold()
        result = self.review.with_user(self.supervisor).action_create_followups()
        self.assertTrue(item.task_id)
        self.assertEqual(result['params']['type'], 'warning')
        self.assertIn("CRM", result['params']['message'])

    def test_G6_what_has_become_a_task_keeps_its_name_and_its_list(self):
        item = self.add_item('refine', "Returns")
        self.hold()
        self.review.with_user(self.supervisor).action_create_followups()
        mine = item.with_user(self.supervisor)
        for values in ({'name': "Other"}, {'verdict': 'next'}):
            with self.assertRefused("has become something .Task: Returns"):
                mine.write(values)
        with self.assertRefused("has become something .Task: Returns"):
            mine.unlink()
        mine.write({'note': "Ask the warehouse", 'name': "Returns"})

    def test_G6_the_process_owner_belongs_to_the_client(self):
        with self.assertRefused("does not belong to"):
            self.add_item('refine', "Returns", owner_id=self.other_portal.partner_id.id)

    # === SIGNATURE === #

    def test_G6_once_signed_nothing_changes_any_more(self):
        item = self.add_item('refine', "Returns")
        self.hold()
        self.sign(comment="Well done")
        self.assertRecordValues(self.review, [{
            'state': 'signed', 'signed_by': "Anna Nowak", 'signer_id': self.coordinator.id,
            'signed_comment': "Well done",
        }])
        for refused in (
            lambda: item.with_user(self.supervisor).write({'note': "Later"}),
            lambda: item.with_user(self.supervisor).unlink(),
            lambda: self.add_item('next', "Another one"),
            lambda: self.review.with_user(self.manager).write({'agenda': '<p>New</p>'}),
            lambda: self.review.with_user(self.manager).unlink(),
            lambda: self.review.with_user(self.supervisor).action_fill_agenda(),
        ):
            with self.assertRefused("was signed by Anna Nowak"):
                refused()

    def test_G6_signed_items_still_become_tasks(self):
        item = self.add_item('refine', "Returns")
        self.hold()
        self.sign()
        self.review.with_user(self.supervisor).action_create_followups()
        self.assertTrue(item.task_id)

    def test_G6_a_manager_reopens_it_with_a_reason(self):
        self.hold()
        self.sign()
        with self.assertRefused("administrator", AccessError):
            self.review.with_user(self.leader)._reopen("Wrong list")
        with self.assertRefused("reason"):
            self.review.with_user(self.manager)._reopen("  ")
        self.env['hypercare.review.reopen.wizard'].with_user(self.manager).create({
            'review_id': self.review.id, 'reason': "Wrong list",
        }).action_reopen()
        self.assertRecordValues(self.review, [{'state': 'held', 'signed_by': False}])
        for record in (self.review, self.period):
            body = record.message_ids[0].body
            self.assertIn("Wrong list", body)
            self.assertIn("Anna Nowak", body)
        self.add_item('next', "Another one")

    def test_G6_only_a_held_review_is_signed(self):
        with self.assertRefused("no review to sign"):
            self.sign()
        self.review.with_user(self.supervisor).action_schedule()
        with self.assertRefused("once it was held"):
            self.sign()

    def test_G6_what_changed_since_it_was_read_is_not_signed(self):
        self.hold()
        old_hash = self.review._get_content_hash()
        self.add_item('next', "Another one")
        with self.assertRefused("was changed since"):
            self.period.with_user(self.portal).sudo()._portal_sign_review(
                self.coordinator, "Anna Nowak", True, old_hash,
            )

    def test_G6_the_coordinator_is_asked_to_sign(self):
        self.hold()
        message = self.env['mail.message'].search([
            ('model', '=', 'hypercare.review'), ('res_id', '=', self.review.id),
            ('message_type', '=', 'user_notification'), ('subject', 'like', "sign the review"),
        ])
        self.assertEqual(message.partner_ids, self.coordinator)
        self.assertIn(f'/my/hypercare/{self.period.id}', message.body)

    # === WHO MAY WHAT === #

    def test_G6_an_outsider_gets_nothing(self):
        item = self.add_item('refine', "Returns")
        public = self.env.ref('base.public_user')
        for user in (self.insider, self.portal, self.other_portal, public):
            for record in (self.review, item):
                for operation in OPERATIONS:
                    self.assertFalse(
                        record.with_user(user).has_access(operation),
                        f"{user.login} {operation} {record}",
                    )

    def test_G6_an_agent_reads_and_the_supervisor_writes(self):
        item = self.add_item('refine', "Returns")
        self.assertEqual(item.with_user(self.agent).name, "Returns")
        for refused in (
            lambda: item.with_user(self.agent).write({'name': "Other"}),
            lambda: item.with_user(self.agent).unlink(),
            lambda: self.review.with_user(self.agent).write({'date_planned': '2026-03-10'}),
            lambda: self.review.with_user(self.agent).action_hold(),
            lambda: self.env['hypercare.review.item'].with_user(self.agent).create({
                'review_id': self.review.id, 'name': "Mine",
            }),
        ):
            with self.assertRaises(AccessError):
                refused()

    def test_G6_nobody_writes_what_the_system_keeps(self):
        item = self.add_item('refine', "Returns")
        task = self.env['project.task'].create({'name': "x", 'project_id': self.project.id})
        values = {
            self.review: {
                'state': 'signed', 'signed_by': "Me", 'signer_id': self.coordinator.id,
                'signed_on': '2026-03-03 10:00:00', 'held_on': '2026-03-03',
                'meeting_id': False, 'signed_comment': "Fine",
            },
            item: {'task_id': task.id},
        }
        for record, names in values.items():
            for name, value in names.items():
                with self.assertRaises(AccessError, msg=name):
                    record.with_user(self.manager).write({name: value})
        reviews = self.env['hypercare.review'].with_user(self.manager)
        with self.assertRaises(AccessError):
            reviews.create({'period_id': self._create_window().id, 'state': 'held'})
        review = reviews.with_context(default_state='signed', default_signed_by="Me").create({
            'period_id': self._create_window(project_id=False).id,
        })
        self.assertRecordValues(review, [{'state': 'draft', 'signed_by': False}])

    def test_G6_nobody_writes_into_the_review_of_another_window_by_naming_the_own_one(self):
        own = self._create_window(self.other_client, user_id=self.agent.id)
        own.action_start()
        items = self.env['hypercare.review.item'].with_user(self.agent)
        with self.assertRaises(AccessError):
            items.create({'review_id': self.review.id, 'name': "Mine", 'period_id': own.id})
        item = items.create({'review_id': own.review_id.id, 'name': "Mine"})
        with self.assertRaises(AccessError):
            item.write({'review_id': self.review.id, 'period_id': own.id})
        other = self.env['res.company'].create({'name': "Elsewhere"})
        for values in ({'company_id': other.id}, {'partner_id': self.client.id}):
            with self.assertRaises(AccessError):
                own.review_id.with_user(self.agent).write(values)

    def test_G6_an_item_comes_from_requests_of_the_client(self):
        item = self.add_item('refine', "Returns")
        item.ticket_ids = self._create_tickets()
        with self.assertRefused("not a request of Lantern Books", ValidationError):
            item.ticket_ids = self._create_tickets(partner=self.other_portal.partner_id)

    def test_G6_other_companies_reviews_are_not_seen(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        user = self._new_user('review_elsewhere', 'helpdesk_sla.group_helpdesk_manager')
        user.write({'company_id': other.id, 'company_ids': [(6, 0, other.ids)]})
        item = self.add_item('refine', "Returns")
        for record in (self.review, item):
            self.assertFalse(record.with_user(user).with_context(
                allowed_company_ids=other.ids,
            ).search([('id', '=', record.id)]))

    def test_G6_a_portal_user_calls_no_method_of_a_review(self):
        for name in ('action_hold', 'action_schedule', 'action_create_followups'):
            with self.assertRaises(AccessError):
                getattr(self.review.with_user(self.portal), name)()

    def test_G6_what_an_item_has_become_is_not_told_to_outsiders(self):
        item = self.add_item('refine', "Returns")
        self.hold()
        self.review.action_create_followups()
        for user in (self.insider, self.portal):
            with self.assertRaises(AccessError):
                item.with_user(user).action_open_outcome()

    def test_G6_the_client_starts_the_window_and_the_review_is_planned(self):
        period = self._create_window(self.other_client)
        period.with_user(self.other_portal).sudo()._start(self.start - timedelta(hours=1))
        self.assertEqual(period.review_id.date_planned, date(2026, 3, 12))
