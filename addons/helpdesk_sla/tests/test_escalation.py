""" Escalation levels: each once, at its moment, one message a person (sla.md, "Warning and
escalation").

    +-----------------------------+-----------------------------------------------------------+
    | policy of these tests       | resolution within 4 h, Mon-Fri 09:00-18:00                |
    | levels                      | 75 % (3 h): assignee; 100 % (4 h): assignee and leader    |
    +-----------------------------+-----------------------------------------------------------+
"""

from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command, Datetime
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase, utc


class EscalationCase(HelpdeskCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref('helpdesk_sla.ir_cron_sla_escalate')
        cls.policy = cls.create_policy('resolution', 4)
        cls.env['ir.cron.trigger'].search([('cron_id', '=', cls.cron.id)]).unlink()

    def setUp(self):
        super().setUp()
        # what is due in the database on which the tests run is none of theirs
        self.env.cr.execute(
            "UPDATE helpdesk_sla_status SET escalation_date = NULL WHERE escalation_date NOTNULL",
        )
        self.env.invalidate_all()

    def run_escalation(self, at=None):
        """ Run the job, at a moment. """
        if at:
            self.go_to(at)
        self.env.flush_all()
        self.env.cr.precommit.run()
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def digests(self, user):
        """ Return what a person was sent, the oldest first. """
        return self.env['mail.message'].search([
            ('partner_ids', 'in', user.partner_id.ids),
            ('message_type', '=', 'user_notification'),
            ('body', 'like', 'somebody now:'),
        ], order='id')

    def told(self, *users):
        """ Return how many messages each of the users got. """
        return [len(self.digests(user)) for user in users]

    def set_levels(self, *levels, policy=None):
        (policy or self.policy).escalation_ids = [
            Command.clear(), *map(Command.create, levels),
        ]

    def notes(self, ticket):
        return ticket.message_ids.filtered(lambda message: 'of the time is used' in message.body)


@tagged('post_install', '-at_install')
class TestEscalation(EscalationCase):

    # === LEVELS === #

    def test_a_new_policy_has_the_default_levels(self):
        self.assertRecordValues(self.policy.escalation_ids.sorted('percentage'), [
            {'percentage': 75, 'notify_assignee': True, 'notify_leader': False},
            {'percentage': 100, 'notify_assignee': True, 'notify_leader': True},
        ])

    def test_a_copy_has_the_levels_of_its_original(self):
        self.set_levels({'percentage': 50, 'notify_leader': True})
        self.assertEqual(self.policy.copy().escalation_ids.mapped('percentage'), [50])

    def test_a_level_that_does_nothing_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "Nothing happens at 80 %"):
            self.set_levels({'percentage': 80})

    @mute_logger('odoo.sql_db')
    def test_percentages_are_unique_and_in_range(self):
        for percentage in (75, -1, 1001):
            with (
                self.subTest(percentage=percentage), self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                self.policy.escalation_ids = [
                    Command.create({'percentage': percentage, 'notify_leader': True}),
                ]

    def test_the_preview_says_when_and_what(self):
        self.assertEqual(
            self.policy.escalation_preview,
            "03:00 (75 %): tell the assignee\n"
            "04:00 (100 %): tell the assignee and tell the team leader",
        )

    def test_a_leader_sets_up_the_levels_of_the_own_policies_only(self):
        own = self.create_policy(team_ids=self.team.ids)
        own.escalation_ids[0].with_user(self.leader).percentage = 60
        with self.assertRaises(AccessError):
            self.policy.escalation_ids[0].with_user(self.leader).percentage = 60
        with self.assertRaises(AccessError):
            own.escalation_ids[0].with_user(self.leader).sla_id = self.policy

    # === THE MOMENT === #

    def test_moments(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        status = self.status(ticket, self.policy)
        self.assertMoment(status.escalation_date, 'mon 12:00')
        self.run_escalation('mon 11:59:59')
        self.assertEqual(self.told(self.agent, self.leader), [0, 0])
        self.assertEqual(status.escalated_percentage, -1)
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.leader), [1, 0])
        self.assertEqual(status.escalated_percentage, 75)
        self.assertMoment(status.escalation_date, 'mon 13:00')
        self.run_escalation('mon 13:00')
        self.assertEqual(self.told(self.agent, self.leader), [2, 1])
        self.assertEqual(status.escalated_percentage, 100)
        self.assertFalse(status.escalation_date)

    def test_each_level_fires_once(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        for moment in ('mon 12:00', 'mon 12:00', 'mon 12:30', 'mon 13:00', 'mon 13:01'):
            self.run_escalation(moment)
        self.assertEqual(self.told(self.agent, self.leader), [2, 1])
        self.assertEqual(len(self.notes(ticket)), 2)

    def test_two_levels_due_at_once_are_one_notice(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('tue 09:00')
        self.assertEqual(self.told(self.agent, self.leader), [1, 1])
        self.assertEqual(self.digests(self.agent).body.count(ticket.ticket_ref), 1)
        self.assertEqual(len(self.notes(ticket)), 1)

    def test_due_at_closing_is_delivered_at_the_next_opening(self):
        self.go_to('mon 14:00')
        ticket = self.create_ticket(user_id=self.agent.id)
        status = self.status(ticket, self.policy)
        self.run_escalation('mon 17:00')
        self.assertMoment(status.deadline, 'mon 18:00')
        self.assertMoment(status.escalation_date, 'tue 09:00')
        self.run_escalation('mon 20:00')
        self.assertEqual(self.told(self.leader), [0])
        self.run_escalation('tue 09:00')
        self.assertEqual(self.told(self.leader), [1])

    def test_a_start_outside_of_working_hours_waits_for_the_opening(self):
        self.set_levels({'percentage': 0, 'notify_leader': True})
        self.go_to('sat 11:00')
        status = self.status(self.create_ticket(), self.policy)
        self.assertMoment(status.escalation_date, 'mon+1 09:00')

    def test_the_next_opening_is_after_a_holiday(self):
        self.create_closure('tue 00:00', 'wed 00:00')
        self.run_refresh()
        self.go_to('mon 14:00')
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 17:00')
        self.assertMoment(self.status(ticket, self.policy).escalation_date, 'wed 09:00')

    def test_a_level_beyond_the_deadline(self):
        self.set_levels({'percentage': 150, 'notify_leader': True})
        self.create_ticket()
        self.run_escalation('mon 14:59')
        self.assertEqual(self.told(self.leader), [0])
        self.run_escalation('mon 15:00')
        self.assertEqual(self.told(self.leader), [1])

    def test_nothing_fires_in_a_pause_and_the_moment_moves_with_it(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        status = self.status(ticket, self.policy)
        self.move(ticket, self.stage_customer, 'mon 11:00')
        self.assertFalse(status.escalation_date)
        self.run_escalation('mon 16:00')
        self.assertEqual(self.told(self.agent), [0])
        self.move(ticket, self.stage_progress, 'mon 17:00')
        self.assertMoment(status.escalation_date, 'tue 09:00')
        self.run_escalation('tue 09:00')
        self.assertEqual(self.told(self.agent), [1])

    def test_paused_after_the_last_second_of_the_day_nothing_fires_until_resumed(self):
        self.go_to('mon 14:00')
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 17:00')
        self.move(ticket, self.stage_customer, 'mon 18:30')
        self.run_escalation('tue 10:00')
        self.assertEqual(self.told(self.leader), [0])
        self.move(ticket, self.stage_progress, 'tue 11:00')
        self.run_escalation('tue 11:00')
        self.assertEqual(self.told(self.leader), [1])

    def test_solved_before_nothing_fires(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        self.move(ticket, self.stage_solved, 'mon 11:00')
        self.assertFalse(self.status(ticket, self.policy).escalation_date)
        self.run_escalation('tue 09:00')
        self.assertEqual(self.told(self.agent, self.leader), [0, 0])

    def test_solved_after_the_warning_the_breach_does_not_fire(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 12:00')
        self.move(ticket, self.stage_solved, 'mon 12:59')
        self.run_escalation('mon 13:00')
        self.assertEqual(self.told(self.agent, self.leader), [1, 0])

    def test_an_archived_ticket_is_quiet(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        ticket.active = False
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent), [0])
        ticket.active = True
        self.run_escalation('mon 12:01')
        self.assertEqual(self.told(self.agent), [1])

    # === EDITED LEVELS === #

    def test_new_levels_reach_open_tickets(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        self.set_levels({'percentage': 50, 'notify_assignee': True})
        self.run_refresh()
        self.assertMoment(self.status(ticket, self.policy).escalation_date, 'mon 11:00')

    def test_a_level_below_what_fired_does_not_fire_any_more(self):
        self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 12:00')
        self.policy.escalation_ids = [Command.create({'percentage': 60, 'notify_leader': True})]
        self.run_refresh()
        self.run_escalation('mon 12:30')
        self.assertEqual(self.told(self.agent, self.leader), [1, 0])

    def test_a_level_that_was_moved_does_not_fire_before_its_new_moment(self):
        """ Also when the job comes before the refresh of the tickets. """
        ticket = self.create_ticket(user_id=self.agent.id)
        self.set_levels({'percentage': 90, 'notify_assignee': True})
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent), [0])
        self.assertMoment(self.status(ticket, self.policy).escalation_date, 'mon 12:36')

    def test_without_levels_nothing_is_due(self):
        self.policy.escalation_ids = [Command.clear()]
        self.assertFalse(self.status(self.create_ticket(), self.policy).escalation_date)

    # === WHO IS TOLD === #

    def test_nobody_assigned_the_leader_is_told(self):
        self.create_ticket()
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.leader), [0, 1])

    def test_an_assignee_on_time_off_is_skipped_to_the_leader(self):
        self.create_ticket(user_id=self.agent.id)
        self.take_holiday(self.agent, 'mon 00:00', 'wed 00:00')
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.leader), [0, 1])

    def test_an_assignee_who_said_to_be_away_is_skipped_to_the_leader(self):
        self.create_ticket(user_id=self.agent.id)
        self.agent.out_of_office_from = utc('mon 08:00')
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.leader), [0, 1])

    def test_time_off_that_is_over_does_not_count(self):
        self.create_ticket(user_id=self.agent.id)
        self.take_holiday(self.agent, 'mon 00:00', 'mon 12:00')
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.leader), [1, 0])

    def test_an_archived_assignee_is_skipped_to_the_leader(self):
        self.create_ticket(user_id=self.agent.id)
        self.agent.active = False
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.leader), [1])

    def test_when_the_leader_is_away_the_members_are_told(self):
        self.create_ticket(user_id=self.agent.id)
        self.take_holiday(self.agent, 'mon 00:00', 'wed 00:00')
        self.take_holiday(self.leader, 'mon 00:00', 'wed 00:00')
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.leader, self.agent2), [0, 0, 1])

    def test_when_everybody_is_away_the_leader_is_told_all_the_same(self):
        self.create_ticket(user_id=self.agent.id)
        for user in (self.agent, self.agent2, self.leader):
            self.take_holiday(user, 'mon 00:00', 'wed 00:00')
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.agent2, self.leader), [0, 0, 1])

    def test_followers_are_colleagues_and_never_the_customer(self):
        self.set_levels({'percentage': 75, 'notify_followers': True})
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        ticket.message_subscribe((self.agent2.partner_id | self.client_contact).ids)
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent2, self.portal_client), [1, 0])

    def test_further_people(self):
        self.set_levels({'percentage': 75, 'user_ids': self.manager.ids})
        self.create_ticket()
        self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.manager, self.leader), [1, 0])

    # === THE DIGEST === #

    def test_one_message_a_person_and_run(self):
        tickets = self.create_tickets([{'user_id': self.agent.id}] * 3)
        self.go_to('mon 10:00')
        late = self.create_tickets([{'user_id': self.agent2.id, 'name': "Another"}])
        self.run_escalation('mon 13:00')
        self.assertEqual(self.told(self.agent, self.agent2, self.leader), [1, 1, 1])
        body = self.digests(self.agent).body
        for ticket in tickets:
            self.assertIn(ticket.ticket_ref, body)
        self.assertNotIn(late.ticket_ref, body)
        self.assertEqual(self.digests(self.leader).subject, "SLA: 3 deadlines passed")

    def test_one_message_also_for_many_batches(self):
        self.create_tickets([{'user_id': self.agent.id}] * 5)
        self.go_to('mon 12:00')
        self.env.flush_all()
        model = type(self.env['helpdesk.sla.escalation'])
        method = model._cron_sla_escalate
        with patch.object(model, '_cron_sla_escalate', lambda self: method(self, batch_size=2)):
            self.run_escalation()
        self.assertEqual(self.told(self.agent), [1])
        self.assertEqual(self.digests(self.agent).subject, "SLA: 5 deadlines approaching")

    def test_passed_and_approaching_are_told_apart(self):
        late = self.create_ticket(user_id=self.agent.id)
        self.go_to('mon 10:00')
        approaching = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 13:00')
        body = self.digests(self.agent).body
        self.assertEqual(self.digests(self.agent).subject, "SLA: 1 passed, 1 approaching")
        self.assertLess(body.index("Deadline passed"), body.index(late.ticket_ref))
        self.assertLess(body.index(late.ticket_ref), body.index("Deadline approaching"))
        self.assertLess(body.index("Deadline approaching"), body.index(approaching.ticket_ref))

    def test_a_line_says_what_a_reader_needs(self):
        ticket = self.create_ticket(user_id=self.agent.id, partner_id=self.client_contact.id)
        self.run_escalation('mon 12:00')
        message = self.digests(self.agent)
        self.assertEqual(
            message.subject, f"SLA deadline approaching: {ticket.display_name}",
        )
        for text in (
            f"/mail/view?model=helpdesk.ticket&amp;res_id={ticket.id}", "Client Ltd", "Agent",
            "Mar 2, 2026, 1:00", "75 % of the time used", "tell the team leader",
        ):
            self.assertIn(text, message.body)

    def test_two_promises_of_a_ticket_are_told_together(self):
        self.create_policy('first_response', 4)
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 12:00')
        digest = self.digests(self.agent)
        self.assertEqual(digest.subject, "SLA: 2 deadlines approaching")
        self.assertEqual(digest.body.count(ticket.display_name), 1)
        self.assertEqual(len(self.notes(ticket)), 1)

    def test_times_are_the_readers(self):
        self.agent.tz = 'Asia/Tokyo'
        self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 12:00')
        self.assertIn("Mar 2, 2026, 9:00", self.digests(self.agent).body)

    def test_the_language_is_the_readers(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.agent.lang = 'fr_FR'
        self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 12:00')
        self.assertIn("2 mars 2026", self.digests(self.agent).body)

    def test_the_digest_respects_how_a_person_wants_to_be_notified(self):
        self.agent.notification_type = 'inbox'
        self.leader.notification_type = 'email'
        self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 13:00')
        self.assertEqual(self.digests(self.agent).notification_ids.notification_type, 'inbox')
        self.assertEqual(self.digests(self.leader).notification_ids.notification_type, 'email')
        mail = self.env['mail.mail'].search(
            [('mail_message_id', '=', self.digests(self.leader).id)],
        )
        self.assertEqual(mail.state, 'outgoing', "left to the queue")
        self.assertIn("'Auto-Submitted': 'auto-generated'", mail.headers)
        self.assertIn("this ticket needs somebody", mail.body_html)

    def test_a_digest_that_fails_keeps_nobody_else_from_theirs(self):
        self.create_ticket(user_id=self.agent.id)
        model = type(self.env['helpdesk.sla.notice'])
        method = model._send_digest

        def fail(notices, user):
            if user == self.agent:
                raise ValueError("Broken")
            return method(notices, user)

        logger = 'odoo.addons.helpdesk_sla.models.helpdesk_sla_notice'
        with patch.object(model, '_send_digest', fail), mute_logger(logger):
            self.run_escalation('mon 13:00')
        self.assertEqual(self.told(self.agent, self.leader), [0, 1])
        self.run_escalation('mon 13:01')
        self.assertEqual(self.told(self.agent, self.leader), [1, 1])

    def test_a_run_that_was_killed_before_the_digest(self):
        """ What was fired is told by the next run, once. """
        ticket = self.create_ticket(user_id=self.agent.id)
        model = type(self.env['helpdesk.sla.notice'])
        with patch.object(model, '_send_digests', lambda self: None):
            self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent), [0])
        self.assertEqual(self.status(ticket, self.policy).escalated_percentage, 75)
        self.run_escalation('mon 12:01')
        self.run_escalation('mon 12:02')
        self.assertEqual(self.told(self.agent), [1])

    def test_what_was_solved_meanwhile_is_not_told(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        with patch.object(
            type(self.env['helpdesk.sla.notice']), '_send_digests', lambda self: None,
        ):
            self.run_escalation('mon 12:00')
        self.move(ticket, self.stage_solved, 'mon 12:01')
        self.run_escalation('mon 12:02')
        self.assertEqual(self.told(self.agent), [0])
        self.assertFalse(self.env['helpdesk.sla.notice'].search([]))

    def test_one_that_fails_does_not_stop_the_others(self):
        broken, sound = self.create_tickets([
            {'user_id': self.agent.id}, {'user_id': self.agent2.id},
        ])
        model = type(self.env['helpdesk.sla.escalation'])
        method = model._log_escalations

        def fail(levels, fired_levels, recipients):
            if any(status.ticket_id == broken for status in fired_levels):
                raise ValueError("Broken")
            return method(levels, fired_levels, recipients)

        logger = 'odoo.addons.helpdesk_sla.models.helpdesk_sla_escalation'
        with patch.object(model, '_log_escalations', fail), mute_logger(logger):
            self.run_escalation('mon 12:00')
        self.assertEqual(self.told(self.agent, self.agent2), [0, 1])
        self.assertEqual(self.status(broken, self.policy).escalated_percentage, -1)
        self.assertEqual(self.status(sound, self.policy).escalated_percentage, 75)
        # it is tried again, but not every minute
        moments = self.env['ir.cron.trigger'].search([('cron_id', '=', self.cron.id)])
        self.assertNotIn(utc('mon 12:01'), moments.mapped('call_at'))

    # === WHAT IS DONE === #

    def test_the_ticket_says_what_fired_and_who_was_told(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 12:00')
        note = self.notes(ticket)
        self.assertIn("75 % of the time is used. Told: Agent.", note.body)
        self.assertTrue(note.is_internal)
        self.assertFalse(note.notification_ids)

    def test_an_activity(self):
        self.set_levels({'percentage': 75, 'notify_assignee': True, 'schedule_activity': True})
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 12:00')
        self.assertRecordValues(ticket.activity_ids, [{
            'user_id': self.agent.id, 'automated': True,
            'date_deadline': Datetime.now().date(),
        }])

    def test_an_activity_without_anybody_told_is_for_the_leader(self):
        self.set_levels({'percentage': 75, 'schedule_activity': True})
        ticket = self.create_ticket()
        self.run_escalation('mon 12:00')
        self.assertEqual(ticket.activity_ids.user_id, self.leader)
        self.assertEqual(self.told(self.leader), [0])

    def test_the_priority_is_raised_by_one_step(self):
        self.set_levels(
            {'percentage': 75, 'raise_priority': True, 'notify_leader': True},
            {'percentage': 100, 'raise_priority': True, 'notify_leader': True},
        )
        ticket = self.create_ticket(priority='1')
        self.run_escalation('mon 12:00')
        self.assertEqual(ticket.priority, '2')
        self.assertIn("Priority raised to High", self.digests(self.leader)[-1].body)
        self.run_escalation('mon 13:00')
        self.assertEqual(ticket.priority, '3')

    def test_critical_is_not_raised(self):
        self.set_levels({'percentage': 75, 'raise_priority': True})
        ticket = self.create_ticket(priority='3')
        self.run_escalation('mon 12:00')
        self.assertEqual(ticket.priority, '3')

    def test_policies_that_replace_each_other_fire_once_each(self):
        """ Raising the priority chooses the policies anew; that must end. """
        self.policy.write({'priority_medium': True, 'priority_low': True})
        high = self.create_policy('resolution', 4, priority_high=True)
        critical = self.create_policy('resolution', 4, priority_critical=True)
        for policy in self.policy | high | critical:
            self.set_levels(
                {'percentage': 75, 'raise_priority': True, 'notify_leader': True}, policy=policy,
            )
        ticket = self.create_ticket(priority='1')
        self.run_escalation('mon 12:00')
        self.assertEqual(ticket.priority, '3')
        self.assertEqual(len(self.notes(ticket)), 3)
        self.assertEqual(self.told(self.leader), [1])
        # back and forth by hand: what fired stays fired
        for priority in ('1', '2', '3', '1'):
            ticket.with_user(self.agent).priority = priority
            self.run_escalation('mon 12:30')
        self.assertEqual(ticket.priority, '1')
        self.assertEqual(self.told(self.leader), [1])

    def test_hand_over_to_another_team(self):
        second = self.create_team(
            "Second line", leader_id=self.manager.id, member_ids=self.agent2.ids,
            assign_method='balanced',
        )
        self.set_levels({'percentage': 100, 'team_id': second.id, 'notify_assignee': True})
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 13:00')
        self.assertEqual(ticket.team_id, second)
        self.assertEqual(ticket.user_id, self.agent2)
        # the former assignee and who takes over
        self.assertEqual(self.told(self.agent, self.agent2, self.leader), [1, 1, 0])
        self.assertIn("Handed over to Second line", self.digests(self.agent2).body)
        self.run_escalation('mon 13:01')
        self.assertEqual(self.told(self.agent, self.agent2), [1, 1])

    def test_hand_over_to_a_team_that_assigns_by_hand_tells_its_leader(self):
        second = self.create_team("Second line", leader_id=self.manager.id)
        self.set_levels({'percentage': 100, 'team_id': second.id})
        ticket = self.create_ticket(user_id=self.agent.id)
        self.run_escalation('mon 13:00')
        self.assertEqual(ticket.team_id, second)
        self.assertFalse(ticket.user_id)
        self.assertEqual(self.told(self.agent, self.manager), [0, 1])

    def test_closed_tickets_are_told_of_and_otherwise_left(self):
        """ The first response is owed also after a solution without an answer. """
        second = self.create_team("Second line")
        policy = self.create_policy('first_response', 2)
        self.set_levels({
            'percentage': 100, 'notify_leader': True, 'raise_priority': True,
            'team_id': second.id, 'schedule_activity': True,
        }, policy=policy)
        ticket = self.create_ticket(user_id=self.agent.id)
        self.move(ticket, self.stage_solved, 'mon 10:00')
        self.run_escalation('mon 11:00')
        self.assertEqual(self.told(self.leader), [1])
        self.assertRecordValues(ticket, [{'priority': '1', 'team_id': self.team.id}])
        self.assertFalse(ticket.activity_ids)

    # === THE CLIENT === #

    def client_mails(self, ticket):
        return self.env['mail.mail'].search([
            ('model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
            ('body_html', 'like', 'working on'),
        ])

    def test_the_client_is_told_when_the_agreement_says_so(self):
        self.set_levels({'percentage': 100, 'notify_client': True})
        policy = self.create_policy('first_response', 8)
        ticket = self.create_ticket(partner_id=self.client_contact.id, user_id=self.agent.id)
        with patch.object(
            type(self.env['helpdesk.sla.status']), '_is_client_told', lambda self: True,
        ):
            self.run_escalation('mon 13:01')
            self.run_escalation('mon 13:02')
        mail = self.client_mails(ticket)
        self.assertEqual(len(mail), 1)
        self.assertIn("you will hear from us", mail.body_html)
        self.assertEqual(mail.recipient_ids, self.client_contact)
        self.assertIn("'Auto-Submitted': 'auto-replied'", mail.headers)
        # a machine's word is no answer
        self.assertFalse(ticket.first_response_date)
        self.assertFalse(self.status(ticket, policy).result)
        self.assertEqual(self.told(self.agent, self.leader), [0, 0])

    def test_the_client_is_told_in_time_what_is_promised(self):
        self.set_levels({'percentage': 75, 'notify_client': True})
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        with patch.object(
            type(self.env['helpdesk.sla.status']), '_is_client_told', lambda self: True,
        ):
            self.run_escalation('mon 12:00')
        self.assertIn("We aim to have it solved by", self.client_mails(ticket).body_html)

    def test_the_agreement_of_the_ticket_decides(self):
        agreement = self.env['helpdesk.sla.agreement'].create({
            'partner_id': self.client.id, 'company_id': self.company.id,
        })
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        status = self.status(ticket, self.policy)
        self.assertFalse(status._is_client_told())
        ticket.agreement_id = agreement
        for is_told in (True, False):
            agreement.notify_client = is_told
            self.assertEqual(status._is_client_told(), is_told)

    def test_the_client_is_not_told_otherwise(self):
        self.set_levels({'percentage': 100, 'notify_client': True})
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.run_escalation('mon 13:01')
        self.assertFalse(self.client_mails(ticket))
        self.assertEqual(len(self.notes(ticket)), 1)


@tagged('post_install', '-at_install')
class TestEscalationWaking(EscalationCase):

    def setUp(self):
        super().setUp()
        self.triggers.unlink()

    @property
    def triggers(self):
        return self.env['ir.cron.trigger'].search(
            [('cron_id', '=', self.cron.id)], order='call_at',
        )

    def commit(self):
        """ Do what a commit does before it commits. """
        self.env.flush_all()
        self.env.cr.precommit.run()

    def assertWakes(self, *moments):
        self.assertEqual(self.triggers.mapped('call_at'), [utc(moment) for moment in moments])

    def test_one_trigger_a_transaction_for_the_earliest_moment(self):
        self.create_policy('first_response', 2)
        self.create_tickets([{}] * 5)
        self.assertFalse(self.triggers, "only at the end of the transaction")
        self.commit()
        self.assertWakes('mon 10:30')

    def test_what_is_later_adds_no_trigger(self):
        self.create_ticket()
        self.commit()
        self.go_to('mon 09:30')
        self.create_tickets([{}] * 5)
        self.commit()
        self.assertWakes('mon 12:00')

    def test_what_is_earlier_adds_one(self):
        self.create_ticket()
        self.commit()
        self.create_policy('first_response', 2, priority_critical=True)
        self.create_ticket(priority='3')
        self.commit()
        self.assertWakes('mon 10:30', 'mon 12:00')

    def test_one_that_is_in_the_past_is_not_relied_upon(self):
        self.env['ir.cron.trigger'].create({'cron_id': self.cron.id, 'call_at': utc('mon 08:00')})
        self.create_ticket()
        self.commit()
        self.assertWakes('mon 08:00', 'mon 12:00')

    def test_a_run_wakes_itself_for_the_next_moment(self):
        self.create_ticket(user_id=self.agent.id)
        self.commit()
        self.triggers.unlink()
        self.run_escalation('mon 12:00')
        self.assertWakes('mon 13:00')
        self.triggers.unlink()
        self.run_escalation('mon 13:00')
        self.assertWakes()

    def test_resuming_wakes_at_the_new_moment(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.commit()
        self.triggers.unlink()
        self.move(ticket, self.stage_progress, 'mon 11:00')
        self.commit()
        self.assertWakes('mon 13:00')

    def test_a_job_that_is_switched_off_gets_no_triggers(self):
        self.cron.active = False
        self.create_ticket()
        self.commit()
        self.assertWakes()

    def test_what_another_worker_holds_is_left_to_the_next_run(self):
        """ And the job comes back for it within a minute. """
        ticket = self.create_ticket(user_id=self.agent.id)
        held = self.status(ticket, self.policy)
        model = type(self.env['helpdesk.sla.escalation'])
        with patch.object(model, '_lock', lambda self, statuses: statuses.browse()):
            self.run_escalation('mon 12:00')
        self.assertEqual(held.escalated_percentage, -1)
        self.assertEqual(self.triggers[-1].call_at, utc('mon 12:01'))
        self.run_escalation('mon 12:01')
        self.assertEqual(held.escalated_percentage, 75)


@tagged('post_install', '-at_install')
class TestEscalationQueries(EscalationCase):

    def count(self, count):
        """ Return the queries of firing a level on so many tickets, digest included. """
        self.go_to('mon 09:00')
        self.create_tickets([
            {'user_id': self.agent.id, 'partner_id': self.client_contact.id},
        ] * count)
        self.go_to('mon 12:00')
        self.env.cr.precommit.run()
        levels = self.env['helpdesk.sla.escalation']
        before = self.env.cr.sql_log_count
        with patch('random.random', lambda: 1):
            statuses = levels._lock(
                self.env['helpdesk.sla.status'].search(levels._get_due_domain()),
            )
            self.assertEqual(len(statuses), count)
            levels._escalate(statuses)
            with patch.object(type(self.env['ir.cron']), '_commit_progress', lambda self: 1):
                self.env['helpdesk.sla.notice']._send_digests()
            levels._wake_for_next(statuses.browse())
            self.env.flush_all()
            self.env.cr.precommit.run()
        queries = self.env.cr.sql_log_count - before
        self.env['helpdesk.sla.status'].search([('result', '=', False)])._finish('superseded')
        return queries

    def test_no_query_a_ticket(self):
        self.count(2)
        self.assertEqual(self.count(40), self.count(10))

    def test_no_query_a_ticket_with_priority_and_team(self):
        self.set_levels({
            'percentage': 75, 'notify_assignee': True, 'notify_leader': True,
            'notify_followers': True, 'raise_priority': True,
            'team_id': self.create_team("Second line", leader_id=self.manager.id).id,
        })
        self.count(2)
        few, many = self.count(10), self.count(40)
        self.assertLessEqual(many - few, 3, "tracking")
