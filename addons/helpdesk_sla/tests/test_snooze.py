""" Snoozing: until when, what brings a ticket back before, and that no promise sleeps. """

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import HelpdeskCase, utc


class SnoozeCase(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(
            partner_id=self.client_contact.id, user_id=self.agent.id,
        )

    def snooze(self, choice, ticket=None, **values):
        """ Fill in the dialog as an agent does; return it. """
        wizard = Form(self.env['helpdesk.snooze.wizard'].with_user(self.agent).with_context(
            default_ticket_ids=(ticket or self.ticket).ids,
        ))
        wizard.choice = choice
        for name, value in values.items():
            setattr(wizard, name, value)
        wizard = wizard.save()
        wizard.action_snooze()
        self.env.flush_all()
        return wizard

    def run_job(self):
        with self.enter_registry_test_mode():
            self.env.ref('helpdesk_sla.ir_cron_ticket_wake').method_direct_trigger()
        self.env.invalidate_all()

    def is_in_queue(self, ticket=None):
        """ Return whether the filter of My Tickets shows the ticket; the same as it says. """
        ticket = (ticket or self.ticket).with_user(self.agent)
        found = ticket.search([('id', '=', ticket.id), ('is_snoozed', '=', False)])
        self.assertEqual(not ticket.is_snoozed, bool(found))
        self.assertEqual(bool(ticket.search([
            ('id', '=', ticket.id), ('is_snoozed', '=', True),
        ])), not found)
        return bool(found)


@tagged('post_install', '-at_install')
class TestSnooze(SnoozeCase):

    def test_out_of_sight_until_the_date(self):
        self.snooze('date', date=utc('tue 12:00'))
        self.assertFalse(self.is_in_queue())
        self.go_to('tue 11:59')
        self.assertFalse(self.is_in_queue())
        # also before the job has run
        self.go_to('tue 12:00')
        self.assertTrue(self.is_in_queue())

    def test_later_today_in_working_hours(self):
        self.assertMoment(self.snooze('today').date, 'mon 12:00')

    def test_later_today_in_the_evening_is_the_next_morning(self):
        self.go_to('mon 16:00')
        self.assertMoment(self.snooze('today').date, 'tue 10:00')

    def test_tomorrow_morning_is_when_the_team_begins(self):
        self.assertMoment(self.snooze('tomorrow').date, 'tue 09:00')

    def test_the_morning_after_friday_is_monday(self):
        self.go_to('fri 10:00')
        self.assertMoment(self.snooze('tomorrow').date, 'mon+1 09:00')

    def test_a_closure_is_no_morning(self):
        self.create_closure('tue 00:00', 'wed 00:00')
        self.assertMoment(self.snooze('tomorrow').date, 'wed 09:00')

    def test_next_monday(self):
        self.assertMoment(self.snooze('monday').date, 'mon+1 09:00')

    def test_back_with_an_activity_for_the_assignee(self):
        self.snooze('date', date=utc('tue 12:00'))
        self.go_to('tue 12:01')
        self.run_job()
        self.assertFalse(self.ticket.snooze_date or self.ticket.snoozed_until)
        activity = self.ticket.activity_ids
        self.assertEqual(activity.user_id, self.agent)
        self.assertIn("the date has come", activity.summary)

    def test_the_job_leaves_alone_what_sleeps(self):
        self.snooze('date', date=utc('tue 12:00'))
        self.go_to('tue 11:00')
        self.run_job()
        self.assertTrue(self.ticket.snooze_date)
        self.assertFalse(self.ticket.activity_ids)

    def test_the_job_tells_once(self):
        self.snooze('date', date=utc('tue 12:00'))
        self.go_to('tue 12:01')
        self.run_job()
        self.run_job()
        self.assertEqual(len(self.ticket.activity_ids), 1)

    def test_who_snoozed_is_told_when_nobody_is_assigned(self):
        ticket = self.create_ticket()
        self.snooze('date', ticket, date=utc('tue 12:00'))
        self.go_to('tue 12:01')
        self.run_job()
        self.assertEqual(ticket.activity_ids.user_id, self.agent)

    def test_the_job_is_woken_at_the_moment(self):
        self.snooze('date', date=utc('tue 12:00'))
        triggers = self.env['ir.cron.trigger'].search([
            ('cron_id', '=', self.env.ref('helpdesk_sla.ir_cron_ticket_wake').id),
        ])
        self.assertIn(utc('tue 12:00'), triggers.mapped('call_at'))

    def test_the_customer_brings_it_back(self):
        for choice, values in (('customer', {}), ('date', {'date': utc('fri 12:00')})):
            with self.subTest(choice=choice):
                self.snooze(choice, **values)
                self.ticket.with_user(self.portal_client).message_post(
                    body="And?", message_type='comment', subtype_xmlid='mail.mt_comment',
                )
                self.assertTrue(self.is_in_queue())
                self.assertIn("the customer answered", self.ticket.activity_ids[:1].summary)

    def test_an_answer_of_ours_does_not(self):
        self.snooze('customer')
        self.ticket.with_user(self.agent).message_post(
            body="We are on it", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertFalse(self.is_in_queue())

    def test_a_missed_call_brings_it_back(self):
        self.snooze('customer')
        self.ticket.with_user(self.agent)._log_call({
            'direction': 'incoming', 'is_answered': False,
        })
        self.assertTrue(self.is_in_queue())

    def test_the_ticket_it_waits_for_brings_it_back(self):
        problem = self.create_ticket(name="The cause")
        self.env['helpdesk.ticket.link'].create({
            'ticket_id': self.ticket.id, 'kind': 'blocked_by', 'linked_ticket_id': problem.id,
        })
        wizard = self.snooze('ticket')
        self.assertEqual(wizard.ticket_id, problem, "what blocks is suggested")
        self.assertFalse(self.is_in_queue())
        self.move(problem, self.stage_progress)
        self.assertFalse(self.is_in_queue())
        self.move(problem, self.stage_solved)
        self.assertTrue(self.is_in_queue())
        self.assertTrue(any(
            "waited for is closed" in message.body for message in self.ticket.message_ids
        ))
        # told once: that nothing blocks it any more
        self.assertEqual(len(self.ticket.activity_ids), 1)

    def test_a_ticket_that_does_not_block_brings_it_back_as_well(self):
        other = self.create_ticket(name="Related")
        self.env['helpdesk.ticket.link'].create({
            'ticket_id': self.ticket.id, 'kind': 'related', 'linked_ticket_id': other.id,
        })
        self.snooze('ticket', ticket_id=other)
        self.move(other, self.stage_solved)
        self.assertTrue(self.is_in_queue())
        self.assertIn("waited for is closed", self.ticket.activity_ids.summary)

    def test_a_ticket_that_is_closed_cannot_be_waited_for(self):
        problem = self.create_ticket(name="The cause")
        self.move(problem, self.stage_solved)
        with self.assertRaisesRegex(UserError, "still open"):
            self.ticket.with_user(self.agent)._snooze('ticket', awaited=problem)

    def test_an_approaching_deadline_brings_it_back(self):
        self.create_policy('resolution', 16, warning_percentage=75)
        ticket = self.create_ticket(user_id=self.agent.id)
        self.snooze('date', ticket, date=utc('fri 12:00'))
        self.assertTrue(ticket.sla_warning_date)
        self.go_to(ticket.sla_warning_date)
        self.assertTrue(self.is_in_queue(ticket))
        self.run_job()
        self.assertFalse(ticket.snooze_date)
        self.assertIn("a deadline approaches", ticket.activity_ids.summary)

    def test_until_a_deadline_approaches(self):
        self.create_policy('resolution', 16)
        ticket = self.create_ticket(user_id=self.agent.id)
        self.snooze('deadline', ticket)
        self.assertFalse(self.is_in_queue(ticket))
        self.go_to(ticket.sla_warning_date or ticket.sla_deadline)
        self.assertTrue(self.is_in_queue(ticket))

    def test_no_deadline_no_snooze_until_it(self):
        with self.assertRaisesRegex(UserError, "No deadline lies ahead"):
            self.snooze('deadline')

    def test_the_clock_is_not_paused(self):
        policy = self.create_policy('resolution', 16)
        ticket = self.create_ticket(user_id=self.agent.id)
        deadline = ticket.sla_deadline
        self.snooze('date', ticket, date=utc('fri 12:00'))
        self.assertEqual(ticket.sla_deadline, deadline)
        self.assertFalse(self.status(ticket, policy).paused_since)

    def test_a_deadline_in_the_snooze_warns(self):
        self.create_policy('resolution', 8)
        ticket = self.create_ticket(user_id=self.agent.id)
        form = Form(self.env['helpdesk.snooze.wizard'].with_user(self.agent).with_context(
            default_ticket_ids=ticket.ids,
        ))
        form.choice = 'today'
        self.assertFalse(form.warning)
        form.choice = 'monday'
        self.assertIn("The clock runs on", form.warning)

    def test_a_past_deadline_is_seen_already(self):
        self.create_policy('resolution', 1)
        ticket = self.create_ticket(user_id=self.agent.id)
        self.go_to('mon 12:00')
        self.snooze('date', ticket, date=utc('tue 12:00'))
        self.assertFalse(self.is_in_queue(ticket))

    def test_the_past_is_no_date(self):
        with self.assertRaisesRegex(UserError, "in the future"):
            self.snooze('date', date=utc('mon 08:00'))

    def test_closed_tickets_cannot_be_snoozed(self):
        self.move(self.ticket, self.stage_solved)
        with self.assertRaisesRegex(UserError, "Closed tickets"):
            self.ticket.with_user(self.agent)._snooze('customer')

    def test_what_is_closed_sleeps_no_more(self):
        self.snooze('customer')
        self.move(self.ticket, self.stage_solved)
        self.assertFalse(self.ticket.snooze_date)
        self.assertFalse(self.ticket.activity_ids)

    def test_woken_by_hand(self):
        self.snooze('customer')
        self.ticket.with_user(self.agent2).action_wake()
        self.assertTrue(self.is_in_queue())

    def test_snoozing_asks_for_the_right_to_write(self):
        for user in (self.outsider, self.portal_client):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.ticket.with_user(user).action_snooze()
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.ticket.with_user(user)._snooze('customer')

    def test_a_batch_costs_few_queries(self):
        tickets = self.create_tickets([{'user_id': self.agent.id}] * 40)
        tickets.with_user(self.agent)._snooze('date', until=utc('tue 12:00'))
        self.go_to('tue 12:01')

        def count(batch):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._wake()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(tickets[:5])
        few, many = count(tickets[5:10]), count(tickets[10:])
        # the activities are stock's, which subscribes each assignee on its own
        self.assertLess((many - few) / 25, 8)
