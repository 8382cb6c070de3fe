""" The step "Create Ticket" of a chatbot (requirements H3). """

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla_livechat.tests.common import LivechatCase


@tagged('post_install', '-at_install')
class TestChatbot(LivechatCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.steps = cls.env['chatbot.script.step'].create([
            {'chatbot_script_id': cls.script.id, 'step_type': step_type, 'message': message}
            for step_type, message in (
                ('free_input_multi', "What is wrong?"),
                ('question_email', "Your address?"),
                ('question_phone', "Your number?"),
                ('create_ticket', "Thank you"),
            )
        ])

    def play(self, *answers, visitor=None):
        """ Answer the questions of the script as its controller does.

        :return: the conversation, and what the chatbot said last
        """
        channel = self.begin_chat(visitor=visitor, bot=True)
        as_visitor = channel.with_user(visitor) if visitor else self.as_guest(channel)
        steps = self.steps.with_env(as_visitor.env)
        for step, answer in zip(steps, answers):
            channel.chatbot_current_step_id = step.id
            step.sudo()._process_step(as_visitor)
            self.visitor_writes(channel, answer, user=visitor)
            self.env['chatbot.message'].sudo().search([
                ('discuss_channel_id', '=', channel.id), ('script_step_id', '=', step.id),
            ]).user_raw_answer = answer
        channel.chatbot_current_step_id = steps[-1].id
        return channel, steps[-1].sudo()._process_step(as_visitor)

    def test_what_was_asked_for_is_on_the_ticket(self):
        self.create_policy('first_response', 1)
        channel, said = self.play("The printer burns", "jane@new.example", "+48 22 123")
        ticket = channel.helpdesk_ticket_ids
        self.assertRecordValues(ticket, [{
            'name': "The printer burns",
            'team_id': self.team.id,
            'channel': 'chat',
            'partner_id': False,
            'partner_email': 'jane@new.example',
            'partner_phone': "+48 22 123",
            'user_id': False,
            'first_response_date': False,
        }])
        self.assertIn("Thank you", said.body)
        self.assertIn(ticket.ticket_ref, said.body)
        self.assertIn("The printer burns", ticket.description)

    def test_the_team_of_the_step(self):
        other = self.create_team("Other")
        self.steps[-1].helpdesk_team_id = other
        channel, _said = self.play("The printer burns", "jane@new.example", "1")
        self.assertEqual(channel.helpdesk_ticket_ids.team_id, other)

    def test_no_contact_is_created_or_changed(self):
        self.client_contact.phone = False
        contacts = self.env['res.partner'].search_count([])
        channel, _said = self.play(
            "The printer burns", "jane@new.example", "+48 22 123", visitor=self.portal_client,
        )
        self.assertEqual(channel.helpdesk_ticket_ids.partner_id, self.client_contact)
        self.assertEqual(self.env['res.partner'].search_count([]), contacts)
        self.assertFalse(self.client_contact.phone)

    def test_a_script_that_begins_anew_names_the_same_ticket(self):
        channel, _said = self.play("The printer burns", "jane@new.example", "1")
        ticket = channel.helpdesk_ticket_ids
        said = self.steps[-1]._process_step(channel)
        self.assertIn(ticket.ticket_ref, said.body)
        self.assertEqual(channel.helpdesk_ticket_ids, ticket)

    def test_the_answer_of_a_person_who_is_called_afterwards(self):
        channel, _said = self.play("The printer burns", "jane@new.example", "1")
        self.go_to('mon 09:30')
        channel._add_members(users=self.agent)
        self.agent_writes(channel)
        self.assertMoment(channel.helpdesk_ticket_ids.first_response_date, 'mon 09:30')

    def test_without_a_team_the_conversation_goes_on(self):
        self.chat.helpdesk_team_id = False
        self.env['helpdesk.team'].search([]).action_archive()
        with mute_logger('odoo.addons.helpdesk_sla_livechat.models.chatbot_script_step'):
            channel, said = self.play("The printer burns", "jane@new.example", "1")
        self.assertIn("Thank you", said.body)
        self.assertFalse(channel.helpdesk_ticket_ids)
