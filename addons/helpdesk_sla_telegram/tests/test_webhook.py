import json
from copy import deepcopy
from unittest import skipUnless

try:
    from hypothesis import HealthCheck, given, settings, strategies as st
except ImportError:  # tests/requirements.txt names it; the other tests do without
    st = None

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla.tests.common import EFFORT

from .common import PNG, TelegramCase

SECRET_HEADER = 'X-Telegram-Bot-Api-Secret-Token'
WEBHOOK_LOGGER = 'odoo.addons.helpdesk_sla_telegram.controllers.webhook'


def scalars():
    return st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
        st.sampled_from([
            '\0', '\ud800', '/start', '/new', '/start ABCD-EFGH-JKLM', '@acme_support_bot',
        ]),
        st.sampled_from([0, -1, 2 ** 31, 2 ** 63, 10 ** 40, 5000000001]),
    )


def values():
    """ Return a strategy for JSON in the words of the Bot API, that makes no sense. """
    keys = st.sampled_from([
        'update_id', 'message', 'edited_message', 'my_chat_member', 'message_id', 'from', 'chat',
        'id', 'type', 'text', 'entities', 'offset', 'length', 'url', 'caption', 'photo',
        'document', 'voice', 'file_id', 'file_size', 'file_name', 'media_group_id',
        'reply_to_message', 'new_chat_member', 'status', 'migrate_to_chat_id', 'sender_chat',
        'location', 'contact', 'sticker',
    ])
    return st.recursive(
        scalars(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(keys | st.text(max_size=8), inner, max_size=6),
        ),
        max_leaves=20,
    )


def garbage():
    return st.one_of(
        st.binary(max_size=200),
        values().map(lambda value: json.dumps(value).encode()),
        # the outside right, the inside not
        st.builds(
            lambda number, key, value: json.dumps({'update_id': number, key: value}).encode(),
            st.integers(0, 2 ** 31),
            st.sampled_from(['message', 'edited_message', 'my_chat_member']),
            values(),
        ),
        st.sampled_from([
            b'', b'null', b'[' * 100000, b'{"update_id":' + b'9' * 5000 + b'}', b'\xff',
        ]),
    )


@tagged('post_install', '-at_install')
class TestWebhook(TelegramCase, HttpCase):
    """ What Telegram delivers comes in; what anybody else delivers does not. """

    MODE = 'webhook'

    def setUp(self):
        super().setUp()
        self.path = f'/helpdesk/telegram/webhook/{self.bot.sudo().webhook_key}'
        self.secret = self.telegram.webhook['secret_token']
        self.assertTrue(self.telegram.webhook['url'].endswith(self.path))

    def deliver(self, update, secret=None, path=None, **headers):
        """ Deliver an update as Telegram does. """
        data = update if isinstance(update, bytes) else json.dumps(update).encode()
        return self.url_open(path or self.path, data=data, method='POST', headers={
            'Content-Type': 'application/json',
            SECRET_HEADER: self.secret if secret is None else secret,
            **headers,
        })

    def count_records(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return {
            model: self.env[model].search_count([])
            for model in (
                'helpdesk.ticket', 'helpdesk.telegram.update', 'helpdesk.telegram.message',
                'helpdesk.telegram.chat', 'helpdesk.telegram.code', 'mail.message', 'ir.attachment',
                'res.partner',
            )
        }

    def test_conversation(self):
        response = self.deliver(self.telegram.write(self.ann, f'/start {self.draw_code()}'))
        self.assertEqual(response.status_code, 200)
        self.run_crons()
        self.assertIn("linked to your account", self.telegram.texts()[0])
        response = self.deliver(self.telegram.write(self.ann, "The label printer is on fire"))
        self.assertEqual((response.status_code, response.content), (200, b''))
        self.assertFalse(self.tickets(), "Telegram does not wait for what is done")
        self.run_crons()
        ticket = self.tickets()
        self.assertIn(ticket.ticket_ref, self.telegram.texts()[-1])
        self.answer(ticket, "Pull the plug")
        self.assertIn("Pull the plug", self.telegram.texts()[-1])
        self.assertTrue(self.bot.last_contact_date)

    def test_stranger_is_answered_in_the_response(self):
        response = self.deliver(self.telegram.write(self.stranger, "Hello"))
        answer = response.json()
        self.assertEqual(answer['method'], 'sendMessage')
        self.assertEqual(answer['chat_id'], self.stranger['id'])
        self.assertIn("people I know", answer['text'])
        self.assertFalse(self.deliver(self.telegram.write(self.stranger, "Hello?")).content)

    def test_delivered_again_it_is_registered_once(self):
        self.link()
        update = self.telegram.write(self.ann, "The label printer is on fire")
        for _time in range(3):
            self.assertEqual(self.deliver(update).status_code, 200)
        self.run_crons()
        self.assertEqual(self.deliver(update).status_code, 200)
        self.run_crons()
        self.assertEqual(len(self.tickets()), 1)
        self.assertFalse(self.comments(self.tickets()))

    def test_without_the_secret_there_is_nothing(self):
        self.link()
        before = self.count_records()
        update = self.telegram.write(self.ann, "Forged")
        for secret in ('', 'wrong', self.secret[:-1], self.secret + 'x', 'ü'):
            response = self.deliver(update, secret=secret.encode('latin-1'))
            self.assertEqual((response.status_code, response.content), (404, b''), secret)
        self.assertEqual(self.count_records(), before)

    def test_unknown_address(self):
        for key in ('x', 'x' * 500, '%00', self.bot.sudo().webhook_key + 'x'):
            response = self.deliver({}, path=f'/helpdesk/telegram/webhook/{key}')
            self.assertEqual(response.status_code, 404, key)

    def test_secret_of_another_bot(self):
        other = self.env['helpdesk.telegram.bot'].create({
            'name': "Other", 'team_id': self.create_team("Other").id,
        })
        other.sudo().write({'state': 'connected', 'webhook_secret': 'other'})
        response = self.deliver({}, secret='other')
        self.assertEqual(response.status_code, 404)

    def test_disconnected_bot_takes_nothing_in(self):
        self.bot.action_disconnect()
        self.assertEqual(self.deliver({'update_id': 1}).status_code, 404)
        self.assertEqual(self.deliver({'update_id': 1}, secret='').status_code, 404)

    def test_polling_bot_has_no_webhook(self):
        self.bot.action_disconnect()
        self.bot.mode = 'polling'
        self.bot.action_connect()
        self.bot.sudo().webhook_secret = self.secret
        self.assertEqual(self.deliver({'update_id': 1}).status_code, 404)

    def test_only_post(self):
        self.assertEqual(
            self.url_open(self.path, headers={SECRET_HEADER: self.secret}).status_code, 405,
        )

    def test_what_is_too_large_is_not_read(self):
        self.assertEqual(self.deliver(b' ' * (1024 * 1024 + 1)).status_code, 413)

    def test_what_is_no_json(self):
        for data in (b'', b'{', b'\xff\xfe', b'[' * 200000, b'"'):
            self.assertEqual(self.deliver(data).status_code, 400, data[:20])

    def test_error_of_ours_is_delivered_again_and_tells_nothing(self):
        self.link()

        def _receive(bot, incoming):
            raise ValueError("something internal")

        self.patch(type(self.bot), '_receive', _receive)
        with mute_logger(WEBHOOK_LOGGER):
            response = self.deliver(self.telegram.write(self.ann, "Hello"))
        self.assertEqual((response.status_code, response.content), (500, b''))

    def test_no_session_is_kept(self):
        response = self.deliver(self.telegram.write(self.stranger, "Hello"))
        self.assertNotIn('session_id', response.cookies)

    # === NONSENSE === #

    @skipUnless(st, "hypothesis is not installed")
    def test_garbage_is_refused_and_nothing_is_stored(self):
        self.link()
        before = self.count_records()

        @settings(
            max_examples=1500 * EFFORT, derandomize=True, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(garbage())
        def check(data):
            response = self.deliver(data)
            self.assertIn(response.status_code, (200, 400))
            self.assertNotIn('Traceback', response.text)

        check()
        self.assertEqual(self.count_records(), before)

    @skipUnless(st, "hypothesis is not installed")
    def test_messages_with_nonsense_in_them_are_registered_or_ignored(self):
        self.link()
        file = {**self.telegram.upload(PNG), 'width': 9, 'height': 9, 'file_name': 'x.png'}
        templates = [
            self.telegram.write(self.ann, "Look at https://example.com", entities=[
                {'type': 'text_link', 'offset': 0, 'length': 4, 'url': 'https://example.com'},
            ]),
            self.telegram.write(self.ann, caption="Look", photo=[file], media_group_id='1'),
            self.telegram.write(self.ann, caption="Look", document=file),
            self.telegram.write(self.ann, "Hm", reply_to={'message_id': 1}),
            self.telegram.edit(self.telegram.write(self.ann, "Look"), "Look here"),
        ]
        numbers = iter(range(10 ** 6, 10 ** 7))

        @settings(
            max_examples=500 * EFFORT, derandomize=True, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.sampled_from(templates), st.data())
        def check(template, data):
            update = deepcopy(template)
            update['update_id'] = next(numbers)
            [message] = [value for key, value in update.items() if key != 'update_id']
            for _time in range(data.draw(st.integers(1, 3))):
                self.spoil(message, data)
            self.assertEqual(self.deliver(update).status_code, 200)

        check()
        self.assertTrue(self.env['helpdesk.telegram.update'].search_count([]))
        self.run_cron('process')
        while self.env['helpdesk.telegram.update'].search_count([('state', '=', 'pending')]):
            failed = self.env['helpdesk.telegram.update'].search([('tries', '>', 0)])
            self.assertFalse(failed.mapped('error'))
            self.run_cron('process')
        self.assertTrue(self.tickets())

    def spoil(self, value, data):
        """ Replace something somewhere inside of a value by something else. """
        while True:
            key = data.draw(st.sampled_from(
                sorted(value) if isinstance(value, dict) else range(len(value)),
            ))
            inner = value[key]
            if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
                value = inner
                continue
            value[key] = data.draw(scalars() | values())
            return
