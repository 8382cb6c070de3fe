""" Pauses that a person sets, with a reason (sla.md, "Pause"). """

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestManualPause(HelpdeskCase):
    START = 'mon 09:00'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy('resolution', 8)

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.promise = self.status(self.ticket, self.policy)

    def pause(self, kind='customer', at=None, user=None, ticket=None, **values):
        if at:
            self.go_to(at)
        wizard = self.env['helpdesk.sla.pause.wizard'].with_user(user or self.agent).create({
            'ticket_ids': (ticket or self.ticket).ids, 'kind': kind, 'reason': "Because",
            **values,
        })
        wizard.action_pause()
        self.env.flush_all()

    def resume(self, at):
        self.go_to(at)
        self.ticket.with_user(self.agent).action_resume_sla()
        self.env.flush_all()

    def test_clock_stands_still_until_resumed(self):
        self.pause(at='mon 11:00')
        self.assertEqual(self.promise.state, 'paused')
        self.assertTrue(self.ticket.is_sla_paused_by_hand)
        self.resume('wed 10:00')
        self.assertMoment(self.promise.deadline, 'wed 16:00')
        self.assertFalse(self.ticket.is_sla_paused_by_hand)

    def test_it_tells_why_and_by_whom(self):
        self.pause(at='mon 11:00')
        pause = self.ticket.sla_pause_ids
        self.assertEqual(pause.reason, "Because")
        self.assertEqual(pause.user_id, self.agent)
        self.assertTrue(pause.is_manual)
        self.assertIn("Because", self.ticket.message_ids[0].body)

    def test_the_policy_says_which_kinds_count(self):
        for kind, fname in (
            ('customer', 'pause_customer'),
            ('third_party', 'pause_third_party'),
            ('maintenance', 'pause_maintenance'),
        ):
            for counts in (True, False):
                with self.subTest(kind=kind, counts=counts):
                    policy = self.create_policy('resolution', 8, **{fname: counts})
                    ticket = self.create_ticket()
                    self.pause(kind, ticket=ticket, date_to=utc('mon 12:00'))
                    self.assertMoment(
                        self.status(ticket, policy).deadline,
                        'tue 11:00' if counts else 'mon 17:00',
                    )

    def test_the_first_response_is_never_paused(self):
        policy = self.create_policy('first_response', 2)
        ticket = self.create_ticket()
        self.pause(ticket=ticket)
        self.assertMoment(self.status(ticket, policy).deadline, 'mon 11:00')

    def test_promises_that_run_on_are_named(self):
        self.policy.pause_third_party = False
        self.run_refresh()
        with Form(self.env['helpdesk.sla.pause.wizard'].with_user(self.agent).with_context(
            default_ticket_ids=self.ticket.ids,
        )) as wizard:
            wizard.kind = 'third_party'
            self.assertIn(self.policy.name, wizard.ignored_policies)
            wizard.kind = 'customer'
            self.assertFalse(wizard.ignored_policies)
            wizard.reason = "Waiting"

    def test_maintenance_ahead_moves_the_deadline_now(self):
        self.pause('maintenance', date_from=utc('mon 12:00'), date_to=utc('mon 14:00'))
        self.assertMoment(self.promise.deadline, 'tue 10:00')
        self.assertEqual(self.promise.state, 'running')

    def test_maintenance_has_an_end(self):
        with self.assertRaises(ValidationError):
            self.pause('maintenance')

    def test_never_failed_while_it_lasts(self):
        self.pause(at='mon 16:59')
        self.go_to('fri 12:00')
        self.assertEqual(self.promise.state, 'paused')

    def test_customers_message_ends_waiting_for_the_customer(self):
        self.pause(at='mon 11:00')
        self.go_to('mon 12:00')
        self.ticket.with_user(self.portal_client).message_post(
            body="Here it is", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertMoment(self.ticket.sla_pause_ids.date_to, 'mon 12:00')

    def test_customers_message_leaves_the_third_partys_turn(self):
        self.policy.pause_third_party = True
        self.pause('third_party', at='mon 11:00')
        self.go_to('mon 12:00')
        self.ticket.with_user(self.portal_client).message_post(
            body="And?", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertFalse(self.ticket.sla_pause_ids.date_to)

    def test_solving_ends_it(self):
        self.pause(at='mon 11:00')
        self.move(self.ticket, self.stage_solved, 'tue 11:00')
        self.assertEqual(self.promise.state, 'reached')
        self.assertEqual(self.promise.worked_hours, 2)
        manual = self.ticket.sla_pause_ids.filtered('is_manual')
        self.assertMoment(manual.date_to, 'tue 11:00')

    def test_stage_and_hand_together_count_once(self):
        self.pause(at='mon 11:00')
        self.move(self.ticket, self.stage_customer, 'mon 12:00')
        self.move(self.ticket, self.stage_progress, 'mon 14:00')
        self.resume('mon 15:00')
        self.assertMoment(self.promise.deadline, 'tue 12:00')

    def test_moving_between_stages_does_not_end_it(self):
        self.pause(at='mon 11:00')
        self.move(self.ticket, self.stage_progress, 'mon 12:00')
        self.assertEqual(self.promise.state, 'paused')

    def test_a_window_ahead_can_be_taken_back(self):
        self.pause('maintenance', date_from=utc('mon 12:00'), date_to=utc('mon 14:00'))
        self.ticket.sla_pause_ids.with_user(self.agent).action_end()
        self.assertMoment(self.promise.deadline, 'mon 17:00')
        self.assertFalse(self.ticket.sla_pause_ids)

    def test_nobody_rewrites_the_past(self):
        self.go_to('mon 12:00')
        with self.assertRaises(UserError):
            self.pause(date_from=utc('mon 10:00'))
        self.pause(date_from=utc('mon 10:00'), date_to=utc('mon 13:00'), user=self.manager)
        self.assertMoment(self.promise.deadline, 'tue 11:00')

    def test_what_makes_no_sense_is_refused(self):
        now = fields.Datetime.now()
        for values in (
            {'date_to': now},
            {'date_from': now + timedelta(hours=2), 'date_to': now + timedelta(hours=1)},
            # the clock would stand still, and the deadline be unknown, before it begins
            {'date_from': now + timedelta(hours=2)},
        ):
            with self.assertRaises(UserError):
                self.pause(**values)
        self.pause()
        with self.assertRaises(UserError):
            self.pause()
        self.move(self.ticket, self.stage_solved)
        with self.assertRaises(UserError):
            self.pause()

    def test_many_tickets_at_once(self):
        tickets = self.create_tickets([{}] * 3)
        self.pause(ticket=tickets, at='mon 11:00')
        self.assertEqual(set(tickets.sla_status_ids.mapped('state')), {'paused'})

    def test_outsiders_pause_nothing(self):
        for user in (self.outsider, self.portal_client):
            with self.assertRaises(AccessError):
                self.pause(user=user)
            with self.assertRaises(AccessError):
                self.ticket.with_user(user).action_resume_sla()
        self.pause()
        for user in (self.outsider, self.portal_client):
            with self.assertRaises(AccessError):
                self.ticket.sla_pause_ids.with_user(user).action_end()
