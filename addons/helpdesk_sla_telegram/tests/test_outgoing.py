from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.helpdesk_sla_telegram.models import helpdesk_ticket

from .common import PNG, TelegramCase
from .fake_telegram import ApiError


@tagged('post_install', '-at_install')
class TestOutgoing(TelegramCase):
    """ Public answers of agents go back to the chat: once, in order, and never silently not. """

    def setUp(self):
        super().setUp()
        self.chat = self.link()
        self.ticket = self.ask()
        self.telegram.sent.clear()
        self.telegram.calls.clear()

    def messages(self, state=None):
        return self.env['helpdesk.telegram.message'].search([
            ('ticket_id', '=', self.ticket.id), ('direction', '=', 'out'),
            ('is_service', '=', False), *([('state', '=', state)] if state else []),
        ], order='id')

    def attachment(self, name, raw, **values):
        return self.env['ir.attachment'].create({
            'name': name, 'raw': raw, 'res_model': 'helpdesk.ticket', 'res_id': self.ticket.id,
            **values,
        })

    # === WHAT IS SENT === #

    def test_answer_is_sent_with_reference_and_name(self):
        self.answer(self.ticket, "Pull the plug")
        self.assertEqual(
            self.telegram.texts(self.ann['id']),
            [f"{self.ticket.ticket_ref} · Agent\nPull the plug"],
        )
        self.assertEqual(self.messages().state, 'sent')

    def test_answer_counts_as_the_first_response(self):
        self.go_to('mon 09:30')
        self.answer(self.ticket, "Pull the plug")
        self.assertMoment(self.ticket.first_response_date, 'mon 09:30')

    def test_nothing_else_is_sent(self):
        self.ticket.with_user(self.agent).message_post(
            body="An internal note", subtype_xmlid='mail.mt_note',
        )
        self.ticket.with_user(self.agent).user_id = self.agent
        self.ticket.with_user(self.portal_client).message_post(
            body="From the portal", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.run_cron('send')
        self.assertFalse(self.telegram.sent)

    def test_ticket_of_another_channel_is_not_sent(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.answer(ticket, "By e-mail")
        self.assertFalse(self.telegram.sent)

    def test_solved_is_told(self):
        self.move(self.ticket, self.stage_solved)
        self.run_cron('send')
        [text] = self.telegram.texts()
        self.assertIn(f"{self.ticket.ticket_ref} is solved", text)
        self.receive(self.telegram.write(self.ann, "No", reply_to=self.telegram.sent[-1]))
        self.assertEqual(self.ticket.stage_id, self.stage_progress)

    def test_nothing_is_sent_before_the_commit(self):
        self.answer(self.ticket, "Later", run=False)
        self.assertFalse(self.telegram.calls)
        self.assertEqual(self.messages().state, 'queued')

    def test_long_answer_is_split(self):
        self.answer(self.ticket, "word " * 2000)
        texts = self.telegram.texts()
        self.assertEqual(len(texts), 3)
        self.assertEqual(' '.join(texts).count("word"), 2000)

    def test_files(self):
        attachments = (
            self.attachment('one.png', PNG) | self.attachment('two.png', PNG)
            | self.attachment('log.txt', b"text")
        )
        self.answer(self.ticket, "See", attachment_ids=attachments.ids)
        self.assertEqual(
            [method for method, _params in self.telegram.calls],
            ['sendMessage', 'sendDocument', 'sendMediaGroup'],
        )
        files = [file for message in self.telegram.sent for file in message.get('files', ())]
        self.assertEqual(
            files, [('log.txt', b"text"), ('one.png', PNG), ('two.png', PNG)],
        )
        # somebody answers the second photo
        self.receive(self.telegram.write(self.ann, "This!", reply_to=self.telegram.sent[-1]))
        self.assertIn("This!", self.comments(self.ticket)[-1].body)

    def test_file_without_text_names_the_ticket(self):
        self.answer(self.ticket, "", attachment_ids=self.attachment('x.txt', b"text").ids)
        [message] = self.telegram.sent
        self.assertEqual(message['caption'], f"{self.ticket.ticket_ref} · Agent")

    def test_picture_that_is_none_is_sent_as_a_file(self):
        picture = self.attachment('x.png', PNG + b'x')
        self.telegram.fail('sendPhoto', ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
        self.answer(self.ticket, "", attachment_ids=picture.ids)
        self.assertEqual(
            [method for method, _params in self.telegram.calls], ['sendPhoto', 'sendDocument'],
        )
        self.assertEqual(self.messages().state, 'sent')

    def test_album_that_is_refused_is_sent_as_files(self):
        pictures = self.attachment('1.png', PNG) | self.attachment('2.png', PNG)
        self.telegram.fail('sendMediaGroup', ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED"))
        self.answer(self.ticket, "", attachment_ids=pictures.ids)
        self.assertEqual(
            [name for message in self.telegram.sent for name, _raw in message.get('files', ())],
            ['1.png', '2.png'],
        )

    def test_file_that_is_too_large_is_a_link(self):
        with patch.object(helpdesk_ticket, 'MAX_UPLOAD_SIZE', 10):
            self.answer(self.ticket, "", attachment_ids=self.attachment('big.zip', b'x' * 11).ids)
        self.assertIn(f"/my/tickets/{self.ticket.id}", self.telegram.texts()[-1])

    def test_text_that_telegram_cannot_read_is_sent_plain(self):
        self.telegram.fail('sendMessage', ApiError(400, "Bad Request: can't parse entities: x"))
        self.answer(self.ticket, "5 < 6")
        self.assertIn("5 < 6", self.telegram.texts()[0])

    # === E-MAIL === #

    def mailed(self, message):
        return self.env['mail.notification'].sudo().search([
            ('mail_message_id', '=', message.id), ('notification_type', '=', 'email'),
        ]).res_partner_id

    def test_whoever_reads_it_in_the_chat_gets_no_mail(self):
        self.ticket.message_subscribe(self.colleague.partner_id.ids)
        message = self.answer(self.ticket, "Pull the plug")
        self.assertEqual(self.mailed(message), self.colleague.partner_id)

    def test_copy_by_mail_is_a_choice(self):
        self.bot.email_copy = True
        self.assertEqual(self.mailed(self.answer(self.ticket, "Hi")), self.client_contact)

    def test_unlinked_chat_gets_mail(self):
        self.chat._unlink_chat("Test")
        self.assertEqual(self.mailed(self.answer(self.ticket, "Hi")), self.client_contact)

    def test_what_does_not_reach_the_chat_is_mailed_and_noted(self):
        self.telegram.blocked.add(self.ann['id'])
        message = self.answer(self.ticket, "Pull the plug")
        self.assertEqual(self.chat.state, 'unlinked')
        self.assertEqual(self.messages().state, 'failed')
        self.assertIn("did not reach", self.notes(self.ticket))
        self.assertEqual(self.mailed(message), self.client_contact)
        self.assertEqual(self.ticket.telegram_failed_count, 1)

    # === ERRORS === #

    def test_order_is_kept_when_the_first_one_has_to_wait(self):
        self.telegram.fail('sendMessage', ApiError(502, "Bad Gateway"))
        self.answer(self.ticket, "First")
        self.answer(self.ticket, "Second")
        self.assertFalse(self.telegram.sent)
        self.assertEqual(self.messages().mapped('tries'), [1, 0])
        self.assertIn("Bad Gateway", self.bot.last_error)
        self.go_to(fields.Datetime.now() + timedelta(seconds=61))
        self.run_cron('send')
        self.assertEqual(
            [text.split('\n')[1] for text in self.telegram.texts()], ["First", "Second"],
        )

    def test_too_many_requests_wait_as_long_as_telegram_says(self):
        self.telegram.fail('sendMessage', ApiError(
            429, "Too Many Requests: retry after 35", retry_after=35,
        ))
        self.answer(self.ticket, "First")
        self.assertEqual(
            self.messages().next_try_date, fields.Datetime.now() + timedelta(seconds=35),
        )
        self.assertEqual(self.messages().tries, 0)
        trigger = self.env['ir.cron.trigger'].search([
            ('cron_id', '=', self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_send').id),
        ])
        self.assertIn(self.messages().next_try_date, trigger.mapped('call_at'))
        self.go_to(fields.Datetime.now() + timedelta(seconds=34))
        self.run_cron('send')
        self.assertFalse(self.telegram.sent)
        self.go_to(fields.Datetime.now() + timedelta(seconds=2))
        self.run_cron('send')
        self.assertEqual(len(self.telegram.sent), 1)

    def test_one_chat_does_not_hold_up_another(self):
        self.link(self.bob, self.colleague)
        other = self.ask("Another", person=self.bob)
        self.telegram.sent.clear()
        self.telegram.fail('sendMessage', ApiError(429, "Too Many Requests", retry_after=35))
        self.answer(self.ticket, "First", run=False)
        self.answer(other, "Second")
        self.assertEqual(len(self.telegram.texts(self.bob['id'])), 1)

    def test_after_many_tries_it_failed_and_can_be_retried(self):
        self.telegram.fail('sendMessage', ApiError(502, "Bad Gateway"), times=9)
        message = self.answer(self.ticket, "First")
        for _time in range(8):
            self.go_to(fields.Datetime.now() + timedelta(hours=5))
            self.run_cron('send')
        self.assertEqual(self.messages().state, 'failed')
        self.assertEqual(self.ticket.telegram_failed_count, 1)
        self.assertEqual(self.mailed(message), self.client_contact)
        self.ticket.with_user(self.agent).action_telegram_retry()
        self.run_cron('send')
        self.assertEqual(self.messages().state, 'sent')
        self.assertEqual(len(self.telegram.sent), 1)

    def test_token_that_was_revoked(self):
        self.telegram.token = 'another'
        self.answer(self.ticket, "First")
        self.assertEqual(self.bot.state, 'error')
        self.assertIn("does not accept the token", self.bot.last_error)
        self.assertEqual(self.messages().state, 'queued')
        self.bot.action_disconnect()
        self.bot.token_input = 'another'
        self.bot.action_connect()
        self.run_cron('send')
        self.assertEqual(self.messages().state, 'sent')

    def test_server_that_is_down(self):
        self.telegram.stop()
        self.answer(self.ticket, "First")
        self.assertEqual(self.messages().state, 'queued')
        self.assertIn("cannot be reached", self.bot.last_error)
        self.assertNotIn('secret', self.bot.last_error)

    def test_group_that_migrates(self):
        group = self.link_group()
        ticket = self.ask("/ticket Hi", group=self.GROUP)
        self.telegram.sent.clear()
        self.telegram.known.add(-1009876543210)
        self.telegram.fail('sendMessage', ApiError(
            400, "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=-1009876543210,
        ))
        self.answer(ticket, "Hello")
        self.assertEqual(group.telegram_id, '-1009876543210')
        self.assertEqual(len(self.telegram.texts(-1009876543210)), 1)

    def test_retry_to_an_unlinked_chat_says_why_not(self):
        self.telegram.blocked.add(self.ann['id'])
        self.answer(self.ticket, "First")
        with self.assertRaises(UserError):
            self.ticket.with_user(self.agent).action_telegram_retry()

    def test_retry_needs_the_right_to_answer(self):
        self.telegram.blocked.add(self.ann['id'])
        self.answer(self.ticket, "First")
        for user in (self.portal_client, self.outsider):
            with self.assertRaises(AccessError):
                self.ticket.with_user(user).action_telegram_retry()

    def test_chat_that_another_worker_sends_to_is_left_to_it(self):
        self.answer(self.ticket, "First", run=False)
        with patch.object(type(self.chat), '_try_queue_lock', lambda *args: False):
            self.run_cron('send')
        self.assertFalse(self.telegram.sent)
        # nobody knows whether the other one has seen it
        self.assertIn(fields.Datetime.now() + timedelta(seconds=10), self.env[
            'ir.cron.trigger'
        ].search([
            ('cron_id', '=', self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_send').id),
        ]).mapped('call_at'))
        self.run_cron('send')
        self.assertEqual(len(self.telegram.sent), 1)

    def test_killed_between_call_and_commit_it_is_sent_once_more_and_not_lost(self):
        self.answer(self.ticket, "First", run=False)
        message = self.messages()
        with self.assertRaises(KeyboardInterrupt), self.env.cr.savepoint():
            message._send()
            raise KeyboardInterrupt
        self.env.invalidate_all()
        self.run_cron('send')
        self.assertEqual(self.messages().state, 'sent')
        self.assertEqual(len(self.telegram.sent), 2)
