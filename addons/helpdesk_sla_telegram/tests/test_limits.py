from datetime import timedelta
from unittest.mock import patch

from markupsafe import Markup

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla_telegram.models import (
    helpdesk_telegram_chat,
    helpdesk_telegram_message,
)
from odoo.addons.helpdesk_sla_telegram.models.helpdesk_telegram_update import RETRY_MINUTES
from odoo.addons.helpdesk_sla_telegram.tools.telegram_update import parse_update

from .common import PNG, TelegramCase
from .fake_telegram import ApiError

UPDATE_LOGGER = 'odoo.addons.helpdesk_sla_telegram.models.helpdesk_telegram_update'


class _Clock:
    """ The clock of the job: sleeping takes no time here, but is counted. """

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 2))
        self.now += seconds


@tagged('post_install', '-at_install')
class TestLimits(TelegramCase):
    """ How fast, how much and what kind: the limits of Telegram, and ours. """

    def setUp(self):
        super().setUp()
        self.clock = _Clock()
        self.patch(helpdesk_telegram_message, 'time', self.clock)

    def attachment(self, ticket, name='x.png', **values):
        return self.env['ir.attachment'].create({
            'name': name, 'raw': PNG, 'res_model': 'helpdesk.ticket', 'res_id': ticket.id, **values,
        })

    def markup(self, *pictures):
        """ Return the body of an answer into which pictures were pasted. """
        return Markup('<p>%s</p>') % Markup('<br>').join(
            Markup('<img class="img-fluid" src="%s/web/image/%s-abc/x.png?access_token=1">') % (
                'https://ours.example' * (number % 2), picture.id,
            )
            for number, picture in enumerate(pictures)
        )

    # === PACE === #

    def test_one_message_a_second_in_a_chat(self):
        self.link()
        ticket = self.ask()
        self.clock.slept.clear()
        for number in range(3):
            self.answer(ticket, f"Answer {number}", run=False)
        self.run_cron('send')
        self.assertEqual(self.clock.slept, [1, 1])
        self.assertEqual(
            [text.split()[-1] for text in self.telegram.texts()[-3:]], ['0', '1', '2'],
        )

    def test_chats_take_turns(self):
        self.link()
        ticket = self.ask()
        self.link(self.bob, self.colleague)
        other = self.ask("Another", person=self.bob)
        self.telegram.sent.clear()
        self.clock.slept.clear()
        for number in range(2):
            self.answer(ticket, f"To Ann {number}", run=False)
        self.answer(other, "To Bob", run=False)
        self.run_cron('send')
        self.assertEqual(
            [message['chat']['id'] for message in self.telegram.sent],
            [self.ann['id'], self.bob['id'], self.ann['id']],
        )
        # what the second chat waits is the pace of the bot, not of the first chat
        self.assertEqual(self.clock.slept[0], 0.04)

    def test_twenty_messages_a_minute_in_a_group(self):
        self.link_group()
        ticket = self.ask("/ticket Hi", group=self.GROUP)
        self.go_to('mon 10:00')
        self.telegram.sent.clear()
        for number in range(22):
            self.answer(ticket, f"Answer {number}", run=False)
        self.run_cron('send')
        self.assertEqual(len(self.telegram.sent), 20)
        waiting = self.env['helpdesk.telegram.message'].search([('state', '=', 'queued')])
        self.assertEqual(len(waiting), 2)
        self.assertEqual(waiting[-1].tries, 0)
        self.assertMoment(waiting[-1].next_try_date, 'mon 10:01')
        self.go_to(fields.Datetime.now() + timedelta(seconds=61))
        self.run_cron('send')
        self.assertEqual(len(self.telegram.sent), 22)

    # === FLOODS === #

    def test_too_many_tickets_go_to_the_latest_and_nothing_is_lost(self):
        self.link()
        with patch.object(helpdesk_telegram_chat, 'TICKET_LIMIT', 3):
            self.receive(*(self.telegram.write(self.ann, f"/new Request {n}") for n in range(5)))
            tickets = self.tickets()
            self.assertEqual(tickets.mapped('name'), ["Request 0", "Request 1", "Request 2"])
            latest = tickets[-1]
            bodies = ' '.join(self.comments(latest).mapped('body'))
            self.assertIn("Request 3", bodies)
            self.assertIn("Request 4", bodies)
            self.assertIn("please wait", self.telegram.texts()[-1])
            self.assertIn(latest.ticket_ref, self.telegram.texts()[-1])
            self.go_to(fields.Datetime.now() + timedelta(minutes=11))
            self.ask("/new Request 5")

    # === FILES === #

    def test_what_runs_is_refused_and_named(self):
        self.link()
        ticket = self.ask(None, caption="Look", document={
            **self.telegram.upload(b'MZ'), 'file_name': 'invoice.pdf.exe',
        })
        self.assertFalse(ticket._get_portal_attachments())
        self.assertIn("invoice.pdf.exe", self.notes(ticket))
        self.assertIn("type that we do not take", ' '.join(self.telegram.texts()))

    def test_page_in_disguise_is_refused(self):
        self.link()
        page = b'<!DOCTYPE html><html><script>alert(1)</script></html>'
        ticket = self.ask(None, document={
            **self.telegram.upload(page), 'file_name': 'x.txt', 'mime_type': 'text/html',
        })
        self.assertFalse(ticket._get_portal_attachments())

    def test_type_that_the_sender_claims_is_not_believed(self):
        self.link()
        ticket = self.ask(None, document={
            **self.telegram.upload(b'<root/>'), 'file_name': 'x.xml', 'mime_type': 'text/html',
        })
        attachment = self.env['ir.attachment'].search([
            ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
        ])
        self.assertEqual(attachment.mimetype, 'text/plain')

    def test_at_the_last_try_the_text_is_registered_without_the_file(self):
        self.link()
        self.telegram.fail('getFile', ApiError(502, "Bad Gateway"), times=99)
        with mute_logger(UPDATE_LOGGER):
            self.receive(self.telegram.write(self.ann, caption="Look", document={
                **self.telegram.upload(b'x'), 'file_name': 'x.txt',
            }))
            for minutes in RETRY_MINUTES:
                self.assertFalse(self.tickets())
                self.go_to(fields.Datetime.now() + timedelta(minutes=minutes, seconds=1))
                self.run_crons()
        self.assertEqual(self.tickets().name, "Look")
        self.assertIn("x.txt", self.notes(self.tickets()))

    def test_what_fails_for_good_is_told(self):
        self.link()
        self.receive(self.telegram.write(self.ann, "First"), run=False)
        chat_class = type(self.env['helpdesk.telegram.chat'])
        with patch.object(chat_class, '_open_ticket', side_effect=ValueError("no")), mute_logger(
            UPDATE_LOGGER,
        ):
            for minutes in (0, *RETRY_MINUTES):
                self.go_to(fields.Datetime.now() + timedelta(minutes=minutes, seconds=1))
                self.run_crons()
        [text] = self.telegram.texts()
        self.assertIn("could not register", text)
        self.assertIn("could not be registered", self.bot.last_error)

    # === PICTURES IN THE TEXT === #

    def test_pasted_picture_is_sent(self):
        self.link()
        ticket = self.ask()
        self.telegram.sent.clear()
        picture = self.attachment(ticket)
        pending = self.env['ir.attachment'].with_user(self.agent).create({
            'name': 'y.png', 'raw': PNG, 'res_model': 'mail.compose.message', 'res_id': 0,
        })
        self.answer(ticket, self.markup(picture, pending))
        files = [file for message in self.telegram.sent for file in message.get('files', ())]
        self.assertEqual([name for name, _raw in files], ['x.png', 'y.png'])

    def test_picture_of_something_else_is_not_sent(self):
        self.link()
        ticket = self.ask()
        secret = self.attachment(self.create_ticket(partner_id=self.other_contact.id))
        logo = self.env['ir.attachment'].create({'name': 'secret.png', 'raw': PNG})
        self.telegram.sent.clear()
        self.answer(ticket, self.markup(secret, logo))
        [message] = self.telegram.sent
        self.assertFalse(message.get('files'))

    def test_answer_without_anything_to_show_is_not_swallowed(self):
        self.link()
        ticket = self.ask()
        self.telegram.sent.clear()
        self.answer(ticket, self.markup(self.env['ir.attachment'].browse(999999999)))
        [text] = self.telegram.texts()
        self.assertIn("cannot be shown", text)
        self.assertIn(f"/my/tickets/{ticket.id}", text)

    # === TWICE === #

    def test_start_pressed_twice_is_no_error(self):
        code = self.draw_code()
        start = f'/start {code}'
        self.receive(self.telegram.write(self.ann, start), self.telegram.write(self.ann, start))
        self.assertFalse([text for text in self.telegram.texts() if "not valid" in text])
        self.assertTrue(self.find_chat(self.ann['id']))
        # for anybody else it is worth nothing
        [reply] = self.receive(self.telegram.write(self.stranger, start))
        self.assertIn("not valid", reply)

    def test_name_of_an_album_is_a_text(self):
        nested = []
        for _level in range(5000):
            nested = [nested]
        update = self.telegram.write(self.ann, "Look", media_group_id=nested)
        self.assertEqual(parse_update(update)['album'], '')
