import io
import logging

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules import neutralize
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla_telegram import uninstall_hook

from .common import TOKEN, TelegramCase
from .fake_telegram import ApiError


@tagged('post_install', '-at_install')
class TestBot(TelegramCase):
    """ Connecting a bot, and the secret that must not get out. """

    # === CONNECTION === #

    def test_connect_by_polling(self):
        self.assertEqual(self.bot.state, 'connected')
        self.assertEqual(self.bot.username, 'acme_support_bot')
        self.assertEqual(self.bot.telegram_id, '7000000001')
        self.assertFalse(self.telegram.webhook)

    def test_connect_by_webhook(self):
        self.bot.action_disconnect()
        self.bot.mode = 'webhook'
        self.bot.action_connect()
        webhook = self.telegram.webhook
        self.assertTrue(webhook['url'].endswith(
            f'/helpdesk/telegram/webhook/{self.bot.sudo().webhook_key}',
        ))
        self.assertEqual(webhook['secret_token'], self.bot.sudo().webhook_secret)
        self.bot.action_disconnect()
        self.assertFalse(self.telegram.webhook)
        self.assertFalse(self.bot.sudo().webhook_secret)

    def test_each_connection_has_its_own_secret(self):
        self.bot.action_disconnect()
        self.bot.mode = 'webhook'
        self.bot.action_connect()
        first = self.telegram.webhook['secret_token']
        self.bot.action_connect()
        self.assertNotEqual(self.telegram.webhook['secret_token'], first)

    def test_webhook_of_telegram_needs_https(self):
        self.bot.action_disconnect()
        self.env['ir.config_parameter'].set_param('web.base.url', 'http://odoo.example')
        self.bot.write({
            'mode': 'webhook', 'api_url': 'https://api.telegram.org', 'token_input': TOKEN,
        })
        with self.assertRaisesRegex(UserError, "https only"):
            self.bot.action_connect()

    def test_wrong_token(self):
        self.bot.action_disconnect()
        self.bot.token_input = 'wrong'
        with self.assertRaisesRegex(UserError, "@BotFather"):
            self.bot.action_connect()
        self.assertEqual(self.bot.state, 'disconnected')

    def test_without_token(self):
        bot = self.env['helpdesk.telegram.bot'].create({
            'name': "Empty", 'team_id': self.create_team("Other").id,
        })
        with self.assertRaisesRegex(UserError, "Type in the token"):
            bot.action_connect()

    def test_server_that_is_not_there(self):
        self.bot.action_disconnect()
        self.telegram.stop()
        with self.assertRaisesRegex(UserError, "cannot be reached") as caught:
            self.bot.action_connect()
        self.assertNotIn(TOKEN, str(caught.exception))

    def test_server_that_is_something_else(self):
        self.bot.action_disconnect()
        self.telegram.fail('getMe', ApiError(503, "Service Unavailable"))
        with self.assertRaisesRegex(UserError, "Service Unavailable"):
            self.bot.action_connect()

    def test_disconnecting_works_without_telegram(self):
        self.bot.action_disconnect()
        self.bot.mode = 'webhook'
        self.bot.action_connect()
        self.telegram.stop()
        self.bot.action_disconnect()
        self.assertEqual(self.bot.state, 'disconnected')
        self.assertIn("cannot be reached", self.bot.last_error)

    def test_uninstalling_disconnects(self):
        self.bot.action_disconnect()
        self.bot.mode = 'webhook'
        self.bot.action_connect()
        uninstall_hook(self.env)
        self.assertFalse(self.telegram.webhook)

    def test_connected_bot_is_kept_as_it_is_connected(self):
        for values in (
            {'mode': 'webhook'}, {'team_id': self.create_team("Other").id}, {'active': False},
            {'token_input': 'other'}, {'api_url': 'http://127.0.0.1:9'},
        ):
            with self.assertRaises(UserError, msg=values):
                self.bot.write(values)
        with self.assertRaises(UserError):
            self.bot.unlink()

    # === THE SECRET === #

    def test_nobody_reads_the_token(self):
        bot = self.bot.with_user(self.manager)
        self.assertTrue(bot.is_token_set)
        for name in ('token', 'webhook_secret', 'webhook_key', 'update_offset'):
            self.assertNotIn(name, bot.fields_get())
            with self.assertRaises(AccessError):
                bot.read([name])
            with self.assertRaises(AccessError):
                bot.search([(name, '=like', '7%')])
            with self.assertRaises(AccessError):
                bot.web_read({name: {}})
        self.assertNotIn(TOKEN, str(bot.read()))

    def test_only_administrators_set_it(self):
        self.bot.action_disconnect()
        with self.assertRaises(AccessError):
            self.bot.with_user(self.leader).token_input = 'other'
        with Form(self.bot.with_user(self.manager)) as form:
            form.token_input = ' other\n'
        self.assertEqual(self.bot.sudo().token, 'other')
        self.assertFalse(self.bot.with_user(self.manager).token_input)

    def test_saving_without_typing_keeps_it(self):
        self.bot.action_disconnect()
        with Form(self.bot.with_user(self.manager)) as form:
            form.name = "Renamed"
        self.assertEqual(self.bot.sudo().token, TOKEN)

    def test_another_server_is_not_sent_the_token(self):
        self.bot.action_disconnect()
        self.bot.with_user(self.manager).api_url = 'https://evil.example'
        self.assertFalse(self.bot.sudo().token)

    def test_another_server_with_a_new_token(self):
        self.bot.action_disconnect()
        self.bot.with_user(self.manager).write({
            'api_url': 'https://bots.example', 'token_input': 'new',
        })
        self.assertEqual(self.bot.sudo().token, 'new')

    def test_copy_has_no_token(self):
        copy = self.bot.copy({'team_id': self.create_team("Other").id})
        self.assertFalse(copy.sudo().token)
        self.assertNotEqual(copy.sudo().webhook_key, self.bot.sudo().webhook_key)

    def test_token_is_not_logged(self):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        root, urllib3 = logging.getLogger(), logging.getLogger('urllib3.connectionpool')
        level = urllib3.level
        urllib3.setLevel(logging.DEBUG)
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        self.addCleanup(urllib3.setLevel, level)
        self.link()
        self.bot.action_connect()
        self.telegram.stop()
        self.run_cron('poll')
        self.assertIn('/bot***/getMe', stream.getvalue())
        self.assertNotIn(TOKEN, stream.getvalue())
        self.assertNotIn(TOKEN.split(':')[1], self.bot.last_error)

    # === RULES === #

    def test_one_bot_a_team(self):
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            self.bot.copy()

    def test_address_of_the_server(self):
        self.bot.action_disconnect()
        for address in ('ftp://x', 'api.telegram.org', 'file:///etc/passwd', 'https://'):
            with self.assertRaises(ValidationError):
                self.bot.api_url = address

    def test_copy_of_the_database_is_silent(self):
        neutralize.neutralize_database(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(self.bot.state, 'disconnected')
        self.assertFalse(self.bot.sudo().token)
