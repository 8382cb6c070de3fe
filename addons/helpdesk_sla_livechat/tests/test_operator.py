""" The button and the command of the operator (requirements H3). """

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.helpdesk_sla_livechat.tests.common import LivechatCase
from odoo.addons.mail.tools.discuss import Store


@tagged('post_install', '-at_install')
class TestOperator(LivechatCase):

    def setUp(self):
        super().setUp()
        self.channel = self.begin_chat()
        self.visitor_writes(self.channel, "The invoice cannot be confirmed")

    def get_tickets(self):
        return self.env['helpdesk.ticket'].search([('origin_channel_id', '=', self.channel.id)])

    def run_command(self, body, user=None):
        """ Type a command; return what the operator reads. """
        self.env.cr.precommit.run()
        self.env['bus.bus'].sudo().search([]).unlink()
        self.channel.with_user(user or self.agent).execute_command_ticket(body=body)
        self.env.cr.precommit.run()
        return [
            message for message in self.env['bus.bus'].sudo().search([]).mapped('message')
            if 'transient_message' in message
        ]

    def test_the_button_creates_a_ticket(self):
        ticket = self.create_chat_ticket(self.channel)
        self.assertRecordValues(ticket, [{
            'name': "The invoice cannot be confirmed",
            'channel': 'chat',
            'team_id': self.team.id,
            'user_id': self.agent.id,
            'create_uid': self.agent.id,
            'partner_id': False,
            'partner_name': "Visitor",
        }])
        self.assertIn(self.agent.partner_id, ticket.message_partner_ids)

    def test_the_second_click_opens_it(self):
        ticket = self.create_chat_ticket(self.channel)
        self.assertEqual(self.create_chat_ticket(self.channel), ticket)
        self.assertEqual(len(self.get_tickets()), 1)

    def test_the_command_takes_the_subject(self):
        [told] = self.run_command("/ticket  Invoice   broken ")
        ticket = self.get_tickets()
        self.assertEqual(ticket.name, "Invoice broken")
        self.assertIn(f"data-oe-id='{ticket.id}'", told)

    def test_the_command_without_a_subject(self):
        self.run_command("/ticket")
        self.assertEqual(self.get_tickets().name, "The invoice cannot be confirmed")

    def test_the_command_again_says_so(self):
        self.run_command("/ticket")
        [told] = self.run_command("/ticket Another")
        self.assertIn("has a ticket already", told)
        self.assertEqual(len(self.get_tickets()), 1)

    def test_a_long_message_is_shortened_at_a_word(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "word " * 50)
        self.assertTrue(self.create_chat_ticket(channel).name.endswith("word…"))

    def test_a_greeting_is_no_subject(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "Hi")
        self.visitor_writes(channel, "The printer is on fire")
        self.assertEqual(self.create_chat_ticket(channel).name, "The printer is on fire")
        channel = self.begin_chat()
        self.visitor_writes(channel, "Printer burns")
        self.assertEqual(self.create_chat_ticket(channel).name, "Printer burns")

    def test_a_ticket_without_a_word_of_the_visitor(self):
        self.assertEqual(self.create_chat_ticket(self.begin_chat()).name, "Live chat with Visitor")

    def test_the_team_of_the_operator_where_the_chat_has_none(self):
        self.chat.helpdesk_team_id = False
        self.create_team("A first one", sequence=-5)
        self.assertEqual(self.create_chat_ticket(self.channel).team_id, self.team)

    def test_who_is_not_in_the_team_hands_over(self):
        self.leader.group_ids |= self.env.ref('im_livechat.im_livechat_group_user')
        ticket = self.create_chat_ticket(self.channel, self.leader)
        self.assertFalse(ticket.user_id)

    def test_two_at_once_make_one_ticket(self):
        ticket = self.create_chat_ticket(self.channel)
        with self.assertRaisesRegex(Exception, 'origin_channel_uniq'), self.cr.savepoint():
            ticket.sudo().copy({'origin_channel_id': self.channel.id})
            self.env.flush_all()

    # === RIGHTS === #

    def test_an_operator_without_rights_gets_a_sentence(self):
        with self.assertRaisesRegex(UserError, "You cannot create tickets"):
            self.create_chat_ticket(self.channel, self.operator)
        [told] = self.run_command("/ticket", self.operator)
        self.assertIn("You cannot create tickets", told)
        self.assertFalse(self.get_tickets())

    def test_nobody_from_outside_creates_one(self):
        channel = self.begin_chat(visitor=self.portal_client)
        self.visitor_writes(channel, "Hello", user=self.portal_client)
        with self.assertRaises(UserError):
            self.create_chat_ticket(channel, self.portal_client)
        channel.with_user(self.portal_client).execute_command_ticket(body="/ticket")
        self.assertFalse(channel.helpdesk_ticket_ids)

    def test_an_agent_without_the_chat_reads_no_conversation_by_it(self):
        with self.assertRaises(AccessError):
            self.create_chat_ticket(self.channel, self.agent2)

    def test_only_live_chats_become_tickets(self):
        group = self.env['discuss.channel'].with_user(self.agent)._create_group(
            self.agent2.partner_id.ids,
        )
        with self.assertRaisesRegex(UserError, "live chat conversations only"):
            group.action_create_helpdesk_ticket()

    def test_the_link_to_the_conversation_is_kept_by_the_system(self):
        ticket = self.create_ticket()
        with self.assertRaises(AccessError):
            ticket.with_user(self.agent).origin_channel_id = self.channel
        with self.assertRaises(AccessError):
            ticket.with_user(self.manager).origin_channel_id = self.channel

    def test_a_team_that_the_operator_does_not_see(self):
        hidden = self.create_team("Board", privacy_visibility='invited_internal')
        self.chat.helpdesk_team_id = hidden
        [told] = self.run_command("/ticket")
        ticket = self.get_tickets().sudo()
        self.assertEqual(ticket.team_id, hidden)
        self.assertIn(ticket.ticket_ref, told)

    # === WHO SEES IT === #

    def test_the_visitor_learns_nothing_of_the_ticket(self):
        channel = self.begin_chat(visitor=self.portal_client)
        ticket = self.create_chat_ticket(channel)
        channel.channel_member_ids = [Command.create({
            'guest_id': self.guest.id, 'livechat_member_type': 'visitor',
        })]
        for as_visitor in (channel.with_user(self.portal_client), self.as_guest(channel)):
            told = str(Store().add(as_visitor).get_result())
            self.assertIn('livechat_operator_id', told)
            self.assertNotIn('helpdesk_ticket', told)
            self.assertNotIn(ticket.ticket_ref, told)
        told = str(Store(bus_channel=channel).add(channel).get_result())
        self.assertNotIn('helpdesk_ticket', told)
        with self.assertRaises(AccessError):
            channel.with_user(self.portal_client).read(['helpdesk_ticket_ids'])
        told = str(Store().add(channel.with_user(self.agent)).get_result())
        self.assertIn(ticket.ticket_ref, told)

    def test_opening_the_conversation_from_the_ticket(self):
        ticket = self.create_chat_ticket(self.channel)
        ticket.with_user(self.agent).action_open_livechat()
        with self.assertRaises(AccessError):
            ticket.with_user(self.agent2).action_open_livechat()

    def test_members_of_the_store_say_who_may_create(self):
        employee = new_test_user(self.env, 'employee_store')
        for user, may in ((self.agent, True), (self.operator, False), (employee, False),
                          (self.portal_client, False), (self.public, False)):
            store = Store()
            self.as_guest(self.env['res.users']).with_user(user)._init_store_data(store)
            self.assertEqual(
                store.get_result()['Store']['has_access_create_ticket'], may, user.login,
            )
