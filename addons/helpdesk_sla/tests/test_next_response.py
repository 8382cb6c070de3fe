""" The next response: one promise for each unanswered message (sla.md, "Next response"). """

from odoo.tests import tagged

from .common import HelpdeskCase


@tagged('post_install', '-at_install')
class TestNextResponse(HelpdeskCase):
    START = 'mon 09:00'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy('next_response', 2)

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(partner_id=self.client_contact.id)

    def write_to(self, user, at=None, ticket=None):
        """ Post a comment on the ticket as a person. """
        if at:
            self.go_to(at)
        (ticket or self.ticket).with_user(user).message_post(
            body="Hello", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.env.flush_all()
        self.env.invalidate_all()

    def cycles(self):
        return self.ticket.sla_status_ids.sorted('cycle')

    def test_request_is_owed_the_first_response_only(self):
        self.write_to(self.portal_client, 'mon 10:00')
        self.assertFalse(self.cycles())

    def test_starts_at_the_customers_message_after_the_first_answer(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 17:00')
        self.assertMoment(self.cycles().start_date, 'mon 17:00')
        self.assertMoment(self.cycles().deadline, 'tue 10:00')
        self.assertMoment(self.ticket.sla_deadline, 'tue 10:00')

    def test_further_messages_do_not_restart_it(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.write_to(self.portal_client, 'mon 12:30')
        self.assertEqual(len(self.cycles()), 1)
        self.assertMoment(self.cycles().deadline, 'mon 13:00')

    def test_an_answer_ends_it(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.write_to(self.agent, 'mon 12:30')
        status = self.cycles()
        self.assertEqual(status.state, 'reached')
        self.assertMoment(status.reached_date, 'mon 12:30')
        self.assertEqual(status.worked_hours, 1.5)

    def test_a_late_answer_fails_it(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.go_to('mon 13:00:01')
        self.assertEqual(self.cycles().state, 'failed')
        self.write_to(self.agent, 'mon 14:00')
        self.assertEqual(self.cycles().result, 'failed')
        self.assertMoment(self.cycles().reached_date, 'mon 14:00')

    def test_one_row_a_cycle(self):
        self.write_to(self.agent, 'mon 09:30')
        for customer, agent in (('mon 10:00', 'mon 11:00'), ('tue 10:00', 'tue 15:00')):
            self.write_to(self.portal_client, customer)
            self.write_to(self.agent, agent)
        self.write_to(self.portal_client, 'wed 10:00')
        self.assertEqual(self.cycles().mapped('cycle'), [1, 2, 3])
        self.assertEqual(self.cycles().mapped('state'), ['reached', 'failed', 'running'])

    def test_a_second_answer_begins_nothing(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.agent, 'mon 11:00')
        self.assertFalse(self.cycles())

    def test_an_answer_in_the_same_second(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client)
        self.write_to(self.agent)
        self.write_to(self.portal_client)
        self.assertEqual(self.cycles().mapped('state'), ['reached', 'running'])

    def test_notes_and_automatic_messages_do_not_end_it(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.ticket.with_user(self.agent).message_post(body="Mine", subtype_xmlid='mail.mt_note')
        self.ticket.message_post(
            body="Auto", message_type='auto_comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertEqual(self.cycles().state, 'running')

    def test_a_call_ends_it(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.go_to('mon 11:30')
        self.ticket.with_user(self.agent).action_responded_by_phone()
        self.assertEqual(self.cycles().state, 'reached')

    def test_solving_ends_it_without_a_verdict(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.move(self.ticket, self.stage_solved, 'mon 11:30')
        self.assertEqual(self.cycles().state, 'cancelled')
        self.assertFalse(self.ticket.customer_waiting_since)

    def test_solving_after_its_deadline_leaves_it_failed(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.move(self.ticket, self.stage_solved, 'tue 11:30')
        self.assertEqual(self.cycles().result, 'failed')

    def test_message_on_a_solved_ticket_reopens_it_and_begins_the_next(self):
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.move(self.ticket, self.stage_solved, 'mon 11:30')
        self.write_to(self.portal_client, 'tue 10:00')
        self.assertEqual(self.cycles().mapped('state'), ['cancelled', 'running'])
        self.assertMoment(self.cycles()[-1].deadline, 'tue 12:00')

    def test_message_on_a_waiting_ticket_counts_from_the_message(self):
        self.write_to(self.agent, 'mon 10:00')
        self.move(self.ticket, self.stage_customer, 'mon 10:30')
        self.write_to(self.portal_client, 'tue 10:00')
        self.assertMoment(self.cycles().deadline, 'tue 12:00')

    def test_third_party_pauses_it_when_the_policy_says_so(self):
        self.policy.pause_third_party = True
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.move(self.ticket, self.stage_supplier, 'mon 12:00')
        self.assertEqual(self.cycles().state, 'paused')
        self.move(self.ticket, self.stage_progress, 'mon 15:00')
        self.assertMoment(self.cycles().deadline, 'mon 16:00')

    def test_policy_that_applies_later_counts_from_the_message(self):
        late = self.create_policy('next_response', 1, priority_critical=True)
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.go_to('mon 11:30')
        self.ticket.with_user(self.agent).priority = '3'
        self.assertMoment(self.status(self.ticket, late).deadline, 'mon 12:00')

    def test_superseded_and_back_for_the_same_message(self):
        own = self.create_policy('next_response', 1, partner_ids=self.other_client.ids)
        self.write_to(self.agent, 'mon 10:00')
        self.write_to(self.portal_client, 'mon 11:00')
        self.ticket.with_user(self.agent).partner_id = self.other_contact
        self.assertEqual(self.status(self.ticket, self.policy).state, 'superseded')
        self.assertEqual(self.status(self.ticket, own).state, 'running')
        self.ticket.with_user(self.agent).partner_id = self.client_contact
        self.assertEqual(self.status(self.ticket, self.policy).state, 'running')
        self.assertEqual(self.status(self.ticket, own).state, 'superseded')
        self.assertEqual(len(self.cycles()), 2)

    def test_what_waits_can_be_found(self):
        waiting = [('id', '=', self.ticket.id), ('customer_waiting_since', '!=', False)]
        tickets = self.env['helpdesk.ticket']
        self.assertTrue(tickets.search(waiting))
        self.write_to(self.agent, 'mon 10:00')
        self.assertFalse(tickets.search(waiting))
        self.write_to(self.portal_client, 'mon 11:00')
        self.assertTrue(tickets.search(waiting))
