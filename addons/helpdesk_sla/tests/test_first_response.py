""" What is an answer, and what only looks like one (requirements W2). """

from odoo.tests import tagged

from .common import HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestFirstResponse(HelpdeskCase):
    """ One answer within two hours, asked for on Monday at nine. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy('first_response', 2)

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('mon 10:00')

    def post(self, user=None, **values):
        return self.ticket.with_user(user or self.agent).message_post(**{
            'body': "We are on our way",
            'message_type': 'comment',
            'subtype_xmlid': 'mail.mt_comment',
            **values,
        })

    def assertAnswered(self, at='mon 10:00', state='reached'):
        self.assertMoment(self.ticket.first_response_date, at)
        self.assertRecordValues(self.status(self.ticket, self.policy), [{
            'state': state, 'reached_date': utc(at),
        }])

    def assertUnanswered(self):
        self.assertFalse(self.ticket.first_response_date)
        self.assertRecordValues(self.status(self.ticket, self.policy), [{
            'result': False, 'reached_date': False, 'deadline': utc('mon 11:00'),
        }])

    # === AN ANSWER === #

    def test_comment_of_the_agent(self):
        self.post()
        self.assertAnswered()

    def test_comment_of_a_colleague(self):
        self.post(self.manager)
        self.assertAnswered()

    def test_reply_by_email(self):
        self.post(message_type='email')
        self.assertAnswered()

    def test_the_second_answer_changes_nothing(self):
        self.post()
        self.go_to('mon 12:00')
        self.post(self.agent2)
        self.assertAnswered()

    def test_a_late_answer(self):
        self.go_to('mon 11:00:01')
        self.post()
        self.assertAnswered('mon 11:00:01', 'failed')

    def test_an_answer_at_the_deadline(self):
        self.go_to('mon 11:00')
        self.post()
        self.assertAnswered('mon 11:00')

    def test_answered_by_phone(self):
        self.ticket.with_user(self.agent).action_responded_by_phone()
        self.assertAnswered()
        self.assertIn("phone", self.ticket.message_ids[0].body)

    def test_answered_by_phone_after_an_answer(self):
        self.post()
        messages = self.ticket.message_ids
        self.go_to('mon 10:30')
        self.ticket.with_user(self.agent).action_responded_by_phone()
        self.assertAnswered()
        self.assertEqual(self.ticket.message_ids, messages)

    def test_a_ticket_made_during_a_call_waits_until_the_agent_says_so(self):
        self.ticket = self.create_ticket(channel='phone')
        self.assertFalse(self.ticket.first_response_date)
        self.ticket.with_user(self.agent).action_responded_by_phone()
        self.assertAnswered()

    def test_an_answer_leaves_the_stage_alone(self):
        self.post()
        self.assertEqual(self.ticket.stage_id, self.stage_new)

    # === NOT AN ANSWER === #

    def test_internal_note(self):
        self.post(subtype_xmlid='mail.mt_note')
        self.assertUnanswered()

    def test_note_in_the_log(self):
        self.ticket.with_user(self.agent)._message_log(body="Looked at it")
        self.assertUnanswered()

    def test_odoobot(self):
        self.post(self.env.ref('base.user_root'))
        self.assertUnanswered()

    def test_notification(self):
        self.post(message_type='notification')
        self.assertUnanswered()

    def test_automatic_comment(self):
        self.post(message_type='auto_comment')
        self.assertUnanswered()

    def test_the_customer(self):
        self.post(self.portal_client)
        self.assertUnanswered()

    def test_a_colleague_of_the_customer(self):
        colleague = self.create_user('colleague', 'base.group_portal')
        colleague.partner_id.parent_id = self.client
        self.ticket.message_subscribe(colleague.partner_id.ids)
        self.post(colleague)
        self.assertUnanswered()

    def test_moving_the_ticket(self):
        for stage in (self.stage_progress, self.stage_customer, self.stage_solved):
            self.move(self.ticket, stage)
            self.assertUnanswered()

    def test_assigning_the_ticket(self):
        self.ticket.with_user(self.agent).action_assign_to_me()
        self.assertUnanswered()

    # === WHAT A CUSTOMER'S MESSAGE DOES === #

    def test_customers_message_ends_the_customers_turn(self):
        resolution = self.create_policy('resolution', 8)
        self.run_refresh()
        self.team.reopen_stage_id = self.stage_progress
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.go_to('mon 12:00')
        self.post(self.portal_client)
        self.assertEqual(self.ticket.stage_id, self.stage_progress)
        self.assertRecordValues(self.ticket.sla_pause_ids, [{
            'kind': 'customer', 'date_from': utc('mon 10:00'), 'date_to': utc('mon 12:00'),
        }])
        self.assertMoment(self.status(self.ticket, resolution).deadline, 'tue 10:00')

    def test_customers_message_does_not_end_a_third_partys_turn(self):
        self.move(self.ticket, self.stage_supplier)
        self.post(self.portal_client)
        self.assertEqual(self.ticket.stage_id, self.stage_supplier)

    def test_customers_message_on_an_open_ticket_moves_nothing(self):
        self.post(self.portal_client)
        self.assertEqual(self.ticket.stage_id, self.stage_new)

    def test_agents_message_does_not_end_the_customers_turn(self):
        self.move(self.ticket, self.stage_customer)
        self.post()
        self.assertEqual(self.ticket.stage_id, self.stage_customer)

    def test_unanswered_and_solved_is_still_owed(self):
        """ A solution without a word is no answer: the clock goes on. """
        self.move(self.ticket, self.stage_solved)
        self.assertEqual(self.ticket.sla_state, 'running')
        self.go_to('mon 11:00:01')
        self.assertEqual(self.ticket.sla_state, 'breached')
        self.post()
        self.assertAnswered('mon 11:00:01', 'failed')
