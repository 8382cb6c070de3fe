import re

from odoo import http
from odoo.tests import HttpCase, tagged

from .common import TelegramCase


@tagged('post_install', '-at_install')
class TestPortal(TelegramCase, HttpCase):
    """ /my/telegram: where clients get their code, and end a link. """

    def login(self, user=None):
        user = user or self.portal_client
        self.authenticate(user.login, user.login)

    def post(self, path, user=None, csrf=True):
        self.login(user)
        data = {'csrf_token': http.Request.csrf_token(self)} if csrf else {}
        response = self.url_open(path, data=data, method='POST')
        self.env.invalidate_all()
        return response

    def test_code_from_the_page_links_the_chat(self):
        self.login()
        page = self.url_open('/my/telegram').text
        self.assertIn("Get a code", page)
        self.assertNotIn('telegram_code', page)
        response = self.post('/my/telegram/code')
        code = re.search(r'[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}', response.text)[0]
        self.assertIn(f'https://t.me/acme_support_bot?start={code}', response.text)
        self.assertEqual(response.headers['Cache-Control'], 'no-store')
        self.receive(self.telegram.write(self.ann, f'/start {code}'))
        self.assertEqual(self.find_chat(self.ann['id']).partner_id, self.client_contact)
        self.assertIn("Ann Kowalska", self.url_open('/my/telegram').text)

    def test_page_shows_own_chats_only(self):
        self.link()
        self.login(self.portal_other)
        self.assertNotIn("Ann Kowalska", self.url_open('/my/telegram').text)

    def test_unlink(self):
        chat = self.link()
        self.post(f'/my/telegram/{chat.id}/unlink')
        self.assertEqual(chat.state, 'unlinked')
        self.assertIn("Client", chat.unlink_reason)

    def test_nobody_unlinks_the_chat_of_another(self):
        chat = self.link()
        for user in (self.portal_other, self.colleague, self.agent):
            self.post(f'/my/telegram/{chat.id}/unlink', user)
        self.post('/my/telegram/999999999/unlink')
        self.assertEqual(chat.state, 'linked')

    def test_forms_need_their_token(self):
        chat = self.link()
        for path in ('/my/telegram/code', f'/my/telegram/{chat.id}/unlink'):
            self.assertEqual(self.post(path, csrf=False).status_code, 400)
        self.assertEqual(chat.state, 'linked')
        self.assertEqual(self.url_open(f'/my/telegram/{chat.id}/unlink').status_code, 405)

    def test_address_of_a_code_leads_back(self):
        self.login()
        self.assertTrue(self.url_open('/my/telegram/code').url.endswith('/my/telegram'))

    def test_many_codes_are_refused_with_a_sentence(self):
        for _time in range(5):
            self.post('/my/telegram/code')
        page = self.post('/my/telegram/code').text
        self.assertIn("try again in an hour", page)
        self.assertNotIn('telegram_code', page)

    def test_login_is_needed(self):
        self.authenticate(None, None)
        self.assertIn('/web/login', self.url_open('/my/telegram').url)

    def test_card_on_the_home_page(self):
        def count():
            return self.make_jsonrpc_request('/my/counters', {
                'counters': ['telegram_bot_count'],
            })['telegram_bot_count']

        self.login()
        self.assertEqual(count(), 1)
        self.assertIn('/my/telegram', self.url_open('/my').text)
        self.bot.action_disconnect()
        self.assertEqual(count(), 0)
        self.assertIn("cannot be reached", self.url_open('/my/telegram').text)

    def test_bot_of_another_company_is_not_offered(self):
        self.bot.action_disconnect()
        self.bot.team_id = self.env['helpdesk.team'].with_company(self.other_company).create({
            'name': "Theirs", 'stage_ids': self.team.stage_ids.ids,
        })
        self.bot.sudo().state = 'connected'
        self.login()
        self.assertNotIn("Get a code", self.url_open('/my/telegram').text)

    def test_team_that_is_not_open_to_customers_is_not_named(self):
        self.team.privacy_visibility = 'internal'
        self.login()
        self.assertNotIn("Get a code", self.url_open('/my/telegram').text)
