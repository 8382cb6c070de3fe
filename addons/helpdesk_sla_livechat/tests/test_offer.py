""" What visitors are offered where there is nobody to chat with (requirements H3). """

from odoo.tests import HttpCase, tagged

from odoo.addons.helpdesk_sla_livechat.tests.common import LivechatCase


@tagged('post_install', '-at_install')
class TestOffer(LivechatCase, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.alias_name = 'chat-support'
        cls.team.alias_domain_id = cls.env['mail.alias.domain'].create({
            'name': 'chat.example', 'company_ids': [(4, cls.company.id)],
        })

    def come_online(self):
        self.env['mail.presence']._update_presence(self.agent)
        self.env.invalidate_all()

    def ask(self):
        """ Return what the page of a visitor is told. """
        self.env.flush_all()
        return self.make_jsonrpc_request(
            '/mail/data', {'fetch_params': [['init_livechat', self.chat.id]]},
        )['Store']

    def test_in_working_hours_with_somebody_there(self):
        self.come_online()
        told = self.ask()
        self.assertTrue(told['livechat_available'])
        self.assertNotIn('helpdesk_offer', told)

    def test_nobody_is_there(self):
        self.create_policy('first_response', 1)
        told = self.ask()
        self.assertFalse(told['livechat_available'])
        self.assertEqual(told['helpdesk_offer']['title'], "Nobody can chat right now")
        self.assertEqual(told['helpdesk_offer']['url'], 'mailto:chat-support@chat.example')
        self.assertIn("10:00", told['helpdesk_offer']['text'])

    def test_outside_of_working_hours(self):
        self.go_to('fri 19:00')
        self.come_online()
        told = self.ask()
        self.assertFalse(told['livechat_available'])
        self.assertEqual(told['helpdesk_offer']['title'], "We are closed now")
        self.assertFalse(self.chat.available_operator_ids)
        self.chat.is_closed_outside_hours = False
        self.assertTrue(self.ask()['livechat_available'])

    def test_on_a_holiday(self):
        self.come_online()
        self.create_closure('mon 00:00', 'tue 00:00')
        told = self.ask()
        self.assertEqual(told['helpdesk_offer']['title'], "We are closed now")
        self.assertNotIn("by Monday", told['helpdesk_offer']['text'])

    def test_what_is_promised_to_everybody(self):
        self.create_policy('first_response', 1)
        self.create_policy('first_response', 0.5, partner_ids=[(4, self.client.id)])
        self.go_to('fri 19:00')
        self.assertIn("Monday, March 9, 2026 at 10:00", self.ask()['helpdesk_offer']['text'])

    def test_the_page_loads_the_chat_for_the_offer(self):
        self.assertTrue(self.chat.get_livechat_info()['available'])
        self.chat.helpdesk_team_id = False
        self.assertFalse(self.chat.get_livechat_info()['available'])
        self.assertFalse(self.ask().get('helpdesk_offer'))

    def test_a_rule_that_hides_the_chat_hides_the_offer(self):
        self.env['im_livechat.channel.rule'].create({
            'channel_id': self.chat.id, 'action': 'hide_button', 'regex_url': '',
        })
        self.assertNotIn('helpdesk_offer', self.ask())

    def test_the_chatbot_stays_when_we_are_closed(self):
        self.env['chatbot.script.step'].create({
            'chatbot_script_id': self.script.id, 'message': "Hello",
        })
        self.env['im_livechat.channel.rule'].create({
            'channel_id': self.chat.id, 'chatbot_script_id': self.script.id,
            'chatbot_enabled_condition': 'only_if_no_operator',
        })
        self.go_to('fri 19:00')
        self.come_online()
        told = self.ask()
        self.assertTrue(told['livechat_available'])
        self.assertNotIn('helpdesk_offer', told)
