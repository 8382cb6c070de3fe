""" What of a conversation moves the clocks of its ticket, and when (requirements W2). """

from odoo.tests import tagged

from odoo.addons.helpdesk_sla.tests.common import utc
from odoo.addons.helpdesk_sla_livechat.tests.common import LivechatCase


@tagged('post_install', '-at_install')
class TestClocks(LivechatCase):
    """ One answer within an hour, and each further one within half an hour. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.create_policy('first_response', 1)
        cls.next = cls.create_policy('next_response', 0.5)

    # === BEFORE THE TICKET === #

    def test_the_answer_in_the_chat_is_the_first_response_at_its_moment(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        self.go_to('mon 09:02')
        self.agent_writes(channel)
        self.go_to('mon 11:00')
        ticket = self.create_chat_ticket(channel)
        self.assertMoment(ticket.open_date, 'mon 09:00')
        self.assertMoment(ticket.first_response_date, 'mon 09:02')
        self.assertFalse(ticket.customer_waiting_since)
        self.assertRecordValues(self.status(ticket, self.first), [{
            'state': 'reached', 'reached_date': utc('mon 09:02'), 'deadline': utc('mon 10:00'),
        }])
        self.assertFalse(self.status(ticket, self.next))
        self.assertEqual(ticket.response_count, 1)
        self.assertAlmostEqual(ticket.response_hours_total, 2 / 60)

    def test_an_answer_in_the_chat_that_came_too_late(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        self.go_to('mon 10:30')
        self.agent_writes(channel)
        ticket = self.create_chat_ticket(channel)
        self.assertEqual(self.status(ticket, self.first).state, 'failed')

    def test_whoever_was_never_answered_waits_since_the_first_message(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "Hello?")
        self.go_to('mon 09:30')
        self.visitor_writes(channel, "Is anybody there?")
        self.go_to('mon 09:40')
        ticket = self.create_chat_ticket(channel)
        self.assertMoment(ticket.open_date, 'mon 09:00')
        self.assertMoment(ticket.customer_waiting_since, 'mon 09:00')
        self.assertFalse(ticket.first_response_date)
        self.assertMoment(self.status(ticket, self.first).deadline, 'mon 10:00')

    def test_a_question_that_is_open_when_the_ticket_is_created(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        self.go_to('mon 09:05')
        self.agent_writes(channel)
        self.go_to('mon 09:10')
        self.visitor_writes(channel, "And the scanner?")
        self.go_to('mon 09:20')
        ticket = self.create_chat_ticket(channel)
        self.assertMoment(ticket.customer_waiting_since, 'mon 09:10')
        self.assertRecordValues(self.status(ticket, self.next), [{
            'state': 'running', 'deadline': utc('mon 09:40'),
        }])

    def test_what_the_agent_said_first_answers_nothing(self):
        channel = self.begin_chat()
        self.agent_writes(channel, "May I help you?")
        self.go_to('mon 09:05')
        self.visitor_writes(channel, "Yes, please")
        ticket = self.create_chat_ticket(channel)
        self.assertMoment(ticket.open_date, 'mon 09:05')
        self.assertFalse(ticket.first_response_date)

    def test_a_conversation_without_a_word_of_the_visitor(self):
        channel = self.begin_chat()
        self.agent_writes(channel, "May I help you?")
        self.go_to('mon 09:05')
        ticket = self.create_chat_ticket(channel)
        self.assertMoment(ticket.open_date, 'mon 09:05')
        self.assertFalse(ticket.first_response_date)

    # === CHATBOTS === #

    def test_a_chatbot_answers_nothing(self):
        channel = self.begin_chat(bot=True)
        self.visitor_writes(channel, "The printer burns")
        self.bot_writes(channel, "Have you tried turning it off?")
        self.go_to('mon 09:10')
        channel._add_members(users=self.agent)
        self.go_to('mon 09:15')
        ticket = self.create_chat_ticket(channel)
        self.assertFalse(ticket.first_response_date)
        self.assertMoment(ticket.open_date, 'mon 09:10', "people were asked when they were called")
        self.bot_writes(channel, "Still here")
        self.assertFalse(ticket.first_response_date)

    def test_odoobot_answers_nothing(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        channel.sudo().message_post(
            author_id=self.env.ref('base.partner_root').id, body="Hi", message_type='comment',
            subtype_xmlid='mail.mt_comment',
        )
        self.assertFalse(ticket.first_response_date)

    def test_joining_and_leaving_answers_nothing(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        channel.with_user(self.agent2).sudo()._add_members(users=self.agent2)
        channel._close_livechat_session()
        self.assertFalse(ticket.first_response_date)
        self.assertMoment(ticket.customer_waiting_since, 'mon 09:00')

    # === AFTER THE TICKET === #

    def test_answers_after_creation_count_as_they_happen(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        self.go_to('mon 09:20')
        self.agent_writes(channel)
        self.assertMoment(ticket.first_response_date, 'mon 09:20')
        self.go_to('mon 09:30')
        self.visitor_writes(channel, "It still burns")
        self.assertMoment(ticket.customer_waiting_since, 'mon 09:30')
        self.assertMoment(self.status(ticket, self.next).deadline, 'mon 10:00')
        self.go_to('mon 09:45')
        self.agent_writes(channel)
        self.assertFalse(ticket.customer_waiting_since)
        self.assertEqual(self.status(ticket, self.next).state, 'reached')

    def test_a_colleague_who_joined_answers_as_well(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        channel._add_members(users=self.operator)
        self.agent_writes(channel, user=self.operator)
        self.assertTrue(ticket.first_response_date)

    def test_a_visitor_of_our_own_is_a_customer(self):
        channel = self.begin_chat(visitor=self.outsider)
        self.visitor_writes(channel, "My screen is dark", user=self.outsider)
        ticket = self.create_chat_ticket(channel)
        self.assertFalse(ticket.first_response_date)
        self.assertEqual(ticket.partner_id, self.outsider.partner_id)

    def test_the_visitor_ends_the_pause_that_waits_for_the_customer(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        self.agent_writes(channel, "Which one?")
        self.move(ticket, self.stage_customer)
        self.visitor_writes(channel, "The red one")
        self.assertEqual(ticket.stage_id, self.team._get_reopen_stage())

    def test_after_a_merge_the_other_ticket_is_told(self):
        channel = self.begin_chat(visitor=self.portal_client)
        self.visitor_writes(channel, "The printer burns", user=self.portal_client)
        ticket = self.create_chat_ticket(channel)
        other = self.create_ticket(partner_id=self.client_contact.id)
        other._merge(ticket)
        self.agent_writes(channel)
        self.assertTrue(other.first_response_date)
        self.assertEqual(self.create_chat_ticket(channel), other)

    def test_the_transcript_moves_no_clock(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        self.visitor_writes(channel, "Hello?")
        self.go_to('mon 09:30')
        channel._close_livechat_session()
        self.assertFalse(ticket.first_response_date)
        self.assertMoment(ticket.customer_waiting_since, 'mon 09:00')
