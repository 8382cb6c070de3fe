from datetime import timedelta
from unittest.mock import patch

from hypothesis import given, settings, strategies as st

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

from .common import HelpdeskCase, utc
from .test_mail_gateway import MailGatewayCase


class FollowupCase(HelpdeskCase, MailCase):
    """ The ladder of the team: reminded after 3 and again 3 days, closed after 5 more. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.action_use_usual_followup()

    def wait_for_customer(self, at='mon 10:00', **values):
        """ Return a ticket that was answered and then left to its customer. """
        self.go_to(at)
        ticket = self.create_ticket(**{'partner_id': self.client_contact.id, **values})
        self.answer(ticket)
        self.move(ticket, self.stage_customer)
        return ticket

    def answer(self, ticket):
        ticket.with_user(self.agent).message_post(
            body="Which printer?", message_type='comment', subtype_xmlid='mail.mt_comment',
        )

    def run_job(self, at):
        self.go_to(at)
        with self.enter_registry_test_mode():
            self.env.ref('helpdesk_sla.ir_cron_followup').method_direct_trigger()
        self.env.invalidate_all()


@tagged('post_install', '-at_install')
class TestFollowup(FollowupCase):
    """ W11: reminded and closed in working days, only while the customer owes an answer. """

    def assertSteps(self, ticket, count, closed=False):
        self.assertEqual((ticket.followup_count, ticket.is_closed), (count, closed))

    def test_reminded_when_the_days_have_passed_and_not_before(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('wed 17:00')
        self.assertSteps(ticket, 0)
        self.run_job('thu 09:00')
        self.assertSteps(ticket, 1)

    def test_days_are_working_days(self):
        ticket = self.wait_for_customer('thu 10:00')
        self.create_closure('mon+1 00:00', 'tue+1 00:00')
        # friday, (weekend, closed monday) tuesday, wednesday
        self.run_job('tue+1 17:00')
        self.assertSteps(ticket, 0)
        self.run_job('wed+1 09:00')
        self.assertSteps(ticket, 1)

    def test_nothing_is_sent_outside_working_hours(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('thu 20:00')
        self.assertSteps(ticket, 0)
        self.run_job('fri 09:00')
        self.assertSteps(ticket, 1)

    def test_each_step_counts_from_the_one_before_however_late_that_was(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('mon+2 09:00')
        self.assertSteps(ticket, 1)
        self.run_job('wed+2 17:00')
        self.assertSteps(ticket, 1)
        self.run_job('thu+2 09:00')
        self.assertSteps(ticket, 2)

    def test_closed_after_the_last_step(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('thu 09:00')
        self.run_job('tue+1 09:00')
        self.assertSteps(ticket, 2)
        self.run_job('tue+2 09:00')
        self.assertTrue(ticket.is_closed)
        self.assertEqual(ticket.stage_type, 'solved')

    def test_an_answer_ends_the_ladder_and_the_next_wait_begins_anew(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('thu 09:00')
        ticket.with_user(self.portal_client).message_post(
            body="The small one", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertSteps(ticket, 0)
        self.run_job('thu+1 09:00')
        self.assertSteps(ticket, 0)
        self.answer(ticket)
        self.move(ticket, self.stage_customer)
        self.run_job('mon+2 09:00')
        self.assertSteps(ticket, 0)
        self.run_job('tue+2 09:00')
        self.assertSteps(ticket, 1)

    def test_an_answer_after_closing_opens_the_ticket_again(self):
        ticket = self.wait_for_customer('mon 10:00')
        for moment in ('thu 09:00', 'tue+1 09:00', 'tue+2 09:00'):
            self.run_job(moment)
        self.assertTrue(ticket.is_closed)
        ticket.with_user(self.portal_client).message_post(
            body="Sorry, I was away", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertFalse(ticket.is_closed)

    def test_not_while_we_owe_the_answer(self):
        """ Moved to the customer's turn, but nobody has answered what the customer wrote. """
        self.go_to('mon 10:00')
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.move(ticket, self.stage_customer)
        self.run_job('mon+1 09:00')
        self.assertSteps(ticket, 0)

    def test_writing_once_more_begins_the_days_anew(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.go_to('wed 10:00')
        self.answer(ticket)
        self.run_job('thu 09:00')
        self.assertSteps(ticket, 0)
        self.run_job('mon+1 09:00')
        self.assertSteps(ticket, 1)

    def test_left_alone_when_exempt_or_held_up_by_others(self):
        exempt = self.wait_for_customer('mon 10:00', followup_exempt=True)
        held_up = self.wait_for_customer('mon 10:00')
        held_up.with_user(self.agent)._pause_sla('third_party', "The bank")
        self.run_job('thu 09:00')
        self.assertSteps(exempt, 0)
        self.assertSteps(held_up, 0)

    def test_not_while_snoozed_for_another_ticket(self):
        other = self.create_ticket()
        ticket = self.wait_for_customer('mon 10:00')
        ticket.with_user(self.agent)._snooze('ticket', awaited=other)
        self.assertFalse(ticket.followup_summary)
        self.run_job('thu 09:00')
        self.assertSteps(ticket, 0)
        self.move(other, self.stage_solved)
        self.run_job('fri 09:00')
        self.assertSteps(ticket, 1)

    def test_nobody_is_closed_whom_no_reminder_reaches(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.client_contact.email = False
        self.assertFalse(ticket.followup_summary)
        for moment in ('thu 09:00', 'tue+1 09:00', 'wed+2 09:00'):
            self.run_job(moment)
        self.assertSteps(ticket, 0)

    def test_reminder_needs_its_mail(self):
        step = self.team.followup_step_ids[:1]
        with self.assertRaises(ValidationError):
            step.template_id = False
        step.template_id = step.template_id.copy()
        ticket = self.wait_for_customer('mon 10:00')
        step.template_id.unlink()
        self.run_job('thu 09:00')
        self.assertSteps(ticket, 0)

    def test_archived_and_merged_are_left_alone(self):
        archived, merged = self.wait_for_customer('mon 10:00'), self.wait_for_customer('mon 10:00')
        target = self.create_ticket(partner_id=self.client_contact.id)
        archived.active = False
        target.with_user(self.agent)._merge(merged.with_user(self.agent))
        self.run_job('thu 09:00')
        self.assertEqual((archived | merged).mapped('followup_count'), [0, 0])

    def test_a_contact_without_record_is_reminded_too(self):
        ticket = self.wait_for_customer(
            'mon 10:00', partner_id=False, partner_name="Eve", partner_email='eve@nowhere.example',
        )
        with self.mock_mail_gateway():
            self.run_job('thu 09:00')
        self.assertSteps(ticket, 1)
        self.assertIn('eve@nowhere.example', ' '.join(
            f'{mail.email_to} {mail.recipient_ids.mapped("email")}' for mail in self._new_mails
        ))

    def test_changed_steps_hold_for_those_who_wait(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.team.followup_step_ids[0].days = 1
        self.run_job('tue 09:00')
        self.assertSteps(ticket, 1)
        # the rest of the ladder is taken away: nothing happens any more
        self.team.followup_step_ids[1:].unlink()
        self.run_job('mon+4 09:00')
        self.assertSteps(ticket, 1)

    def test_looking_costs_the_same_for_many(self):
        now = utc('tue 10:00')

        def look(count):
            tickets = self.env['helpdesk.ticket'].browse()
            for _number in range(count):
                tickets |= self.wait_for_customer('mon 10:00')
            self.go_to('tue 10:00')
            before = self.env.cr.sql_log_count
            self.assertFalse(tickets.filtered(lambda ticket: ticket._is_followup_due(now)))
            return self.env.cr.sql_log_count - before

        look(1)
        self.assertEqual(look(2), look(8))

    def test_switching_it_on_begins_to_count(self):
        """ What has waited for months is reminded first, and only after the days. """
        self.team.followup_step_ids.unlink()
        ticket = self.wait_for_customer('mon 10:00')
        self.go_to('wed+4 10:00')
        self.team.action_use_usual_followup()
        self.run_job('fri+4 17:00')
        self.assertSteps(ticket, 0)
        self.run_job('mon+5 09:00')
        self.assertSteps(ticket, 1)

    def test_reminder_is_no_answer_and_names_the_day_of_closing(self):
        ticket = self.wait_for_customer('mon 10:00')
        responses = ticket.last_response_date, ticket.first_response_date
        with self.mock_mail_gateway():
            self.run_job('thu 09:00')
        self.assertEqual((ticket.last_response_date, ticket.first_response_date), responses)
        [mail] = self._new_mails.filtered(lambda mail: 'wait for your answer' in mail.subject)
        # three working days to the second reminder, five more
        self.assertIn('Tuesday, March 17, 2026', mail.body_html)

    def test_closing_sends_one_mail(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('thu 09:00')
        self.run_job('tue+1 09:00')
        with self.mock_mail_gateway():
            self.run_job('tue+2 09:00')
            self.flush_tracking()
        self.assertTrue(ticket.is_closed)
        [subject] = self._new_mails.mapped('subject')
        self.assertIn("Closed:", subject)

    def test_running_twice_takes_a_step_once(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('thu 09:00')
        self.run_job('thu 09:00')
        self.assertSteps(ticket, 1)

    def test_one_that_fails_holds_up_no_other(self):
        broken, ticket = self.wait_for_customer('mon 10:00'), self.wait_for_customer('mon 10:00')
        take_step = type(ticket)._take_followup_step

        def fail(record):
            if record == broken:
                raise ValueError
            take_step(record)

        with (
            patch.object(type(ticket), '_take_followup_step', fail),
            mute_logger('odoo.addons.helpdesk_sla.models.helpdesk_ticket_followup'),
        ):
            self.run_job('thu 09:00')
        self.assertSteps(broken, 0)
        self.assertSteps(ticket, 1)

    def test_close_comes_last_and_after_a_reminder(self):
        team = self.create_team("Other")
        steps = self.env['helpdesk.followup.step']
        with self.assertRaises(ValidationError):
            steps.create({'team_id': team.id, 'action': 'close', 'days': 1})
        with self.assertRaises(ValidationError):
            steps.create([
                {'team_id': team.id, 'action': 'close', 'days': 1, 'sequence': 1},
                {'team_id': team.id, 'action': 'remind', 'days': 1, 'sequence': 2},
            ])

    def test_found_when_closing_comes_next(self):
        ticket = self.wait_for_customer('mon 10:00')
        tickets = self.env['helpdesk.ticket']
        self.run_job('thu 09:00')
        self.assertNotIn(ticket, tickets.search([('is_closing_next', '=', True)]))
        self.run_job('tue+1 09:00')
        self.assertIn(ticket, tickets.search([('is_closing_next', '=', True)]))
        self.assertTrue(ticket.is_closing_next)

    @settings(max_examples=25, derandomize=True, deadline=None)
    @given(st.lists(st.sampled_from(
        ['job', 'job', 'job', 'customer', 'agent', 'turn', 'next day', 'next day', 'weekend'],
    ), min_size=5, max_size=40))
    def test_random_lives(self, events):
        """ Never closed without two reminders, nor while the customer had the last word. """
        with self.env.cr.savepoint() as savepoint:
            ticket = self.wait_for_customer('mon 10:00')
            now = utc('mon 10:00')
            last_word, reminders = 'agent', 0
            for event in events:
                before, was_closed = ticket.followup_count, ticket.is_closed
                if event == 'job':
                    self.run_job(now)
                    if ticket.followup_count > before:
                        reminders += 1
                        self.assertEqual(last_word, 'agent')
                    if ticket.is_closed and not was_closed:
                        self.assertEqual((last_word, reminders), ('agent', 2))
                elif event == 'customer':
                    ticket.with_user(self.portal_client).message_post(
                        body="Hm", message_type='comment', subtype_xmlid='mail.mt_comment',
                    )
                    last_word, reminders = 'customer', 0
                elif event == 'agent':
                    self.answer(ticket)
                    last_word, reminders = 'agent', 0
                elif event == 'turn' and not ticket.is_closed:
                    if ticket.stage_id != self.stage_customer:
                        self.move(ticket, self.stage_customer)
                        reminders = 0
                else:
                    now += timedelta(days=3 if event == 'weekend' else 1)
                    self.go_to(now)
            savepoint.rollback()
            self.env.invalidate_all(flush=False)


@tagged('post_install', '-at_install')
class TestFollowupMails(FollowupCase, MailGatewayCase):
    """ W11: an answer to a reminder, or to the mail of closing, is an answer to the ticket. """

    def answer(self, ticket, body="", **headers):
        if body:
            return MailGatewayCase.answer(self, ticket, body, **headers)
        return FollowupCase.answer(self, ticket)

    def answer_mail(self, ticket):
        self.answer(ticket, "The small one", From=self.client_contact.email_formatted)

    def test_answer_to_the_reminder_ends_the_ladder(self):
        ticket = self.wait_for_customer('mon 10:00')
        self.run_job('thu 09:00')
        self.answer_mail(ticket)
        self.assertEqual(ticket.stage_type, 'open')
        self.assertFalse(ticket.followup_start)

    def test_answer_to_the_mail_of_closing_opens_the_ticket(self):
        ticket = self.wait_for_customer('mon 10:00')
        for moment in ('thu 09:00', 'tue+1 09:00', 'tue+2 09:00'):
            self.run_job(moment)
        self.assertTrue(ticket.is_closed_unanswered)
        self.answer_mail(ticket)
        self.assertFalse(ticket.is_closed)
        self.assertFalse(ticket.is_closed_unanswered)
