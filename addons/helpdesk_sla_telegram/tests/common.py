from odoo.tests import HttpCase

from odoo.addons.helpdesk_sla.tests.common import HelpdeskCase

from .fake_telegram import FakeTelegram

TOKEN = '7000000001:AAE-secret_of-the-bot'
PNG = (
    b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f'
    b'\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff\xff\x7f\x00\t\xfb\x03\xfd\x05CE\xca\x00'
    b'\x00\x00\x00IEND\xaeB`\x82'
)


class TelegramCase(HelpdeskCase):
    """ A bot of `team` at a Telegram on this machine.

    Who is who in Telegram
    +----------+------------------------------------------------------------------------+
    | ann      | `portal_client` on her telephone                                       |
    | bob      | a colleague of hers, `colleague`                                       |
    | olga     | `portal_other`, who works for another client                           |
    | stranger | nobody we know                                                         |
    | GROUP    | a group of the client's                                                |
    +----------+------------------------------------------------------------------------+
    """

    GROUP = -1001234567890
    MODE = 'polling'

    def setUp(self):
        super().setUp()
        self.telegram = FakeTelegram(TOKEN)
        self.addCleanup(self.telegram.stop)
        self.env['ir.config_parameter'].set_param('helpdesk_sla_telegram.poll_seconds', '0')
        self.colleague = self.create_user('colleague', 'base.group_portal')
        self.colleague.partner_id.parent_id = self.client
        # others than the identifiers of the database, and larger than its integers
        self.ann = self.telegram.person(5000000001, "Ann", last_name="Kowalska", username='annk')
        self.bob = self.telegram.person(5000000002, "Bob")
        self.olga = self.telegram.person(5000000003, "Olga")
        self.stranger = self.telegram.person(5000000009, "Mallory")
        self.bot = self.env['helpdesk.telegram.bot'].create({
            'name': "Support in Telegram",
            'team_id': self.team.id,
            'api_url': self.telegram.url,
            'mode': self.MODE,
            'token_input': TOKEN,
        })
        self.bot.action_connect()
        self.telegram.calls.clear()

    # === JOBS === #

    def run_cron(self, name):
        cron = self.env.ref(f'helpdesk_sla_telegram.ir_cron_telegram_{name}')
        self.env.flush_all()
        if isinstance(self, HttpCase):
            cron.method_direct_trigger()
        else:
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.env.invalidate_all()

    def run_crons(self):
        """ Do what is done within seconds of a message. """
        self.run_cron('process')
        self.run_cron('send')

    def receive(self, *updates, run=True):
        """ Take updates in, as the webhook does; return what strangers are answered. """
        replies = [
            reply['text'] for reply in map(self.bot._receive_safely, updates) if reply
        ]
        if run:
            self.run_crons()
        return replies

    # === RECORDS === #

    def draw_code(self, user=None):
        return self.env['helpdesk.telegram.code']._draw(user or self.portal_client)

    def link(self, person=None, user=None):
        """ Link the private chat of a person, as people do. """
        person = person or self.ann
        self.receive(self.telegram.write(person, f'/start {self.draw_code(user)}'))
        self.telegram.sent.clear()
        return self.find_chat(person['id'])

    def link_group(self, user=None):
        self.receive(self.telegram.write(
            self.ann, f'/link {self.draw_code(user)}', group=self.GROUP,
        ))
        self.telegram.sent.clear()
        return self.find_chat(self.GROUP)

    def find_chat(self, number):
        return self.env['helpdesk.telegram.chat'].search([
            ('telegram_id', '=', str(number)), ('state', '=', 'linked'),
        ])

    def tickets(self):
        return self.env['helpdesk.ticket'].search(
            [('company_id', '=', self.company.id)], order='id',
        )

    def ask(self, text="The label printer is on fire", person=None, **values):
        """ Have a person open a ticket in a linked chat. """
        before = self.tickets()
        self.receive(self.telegram.write(person or self.ann, text, **values))
        ticket = self.tickets() - before
        self.assertEqual(len(ticket), 1, "one message, one ticket")
        return ticket

    def answer(self, ticket, body, run=True, user=None, **values):
        message = ticket.with_user(user or self.agent).message_post(
            body=body, message_type='comment', subtype_xmlid='mail.mt_comment', **values,
        )
        if run:
            self.run_cron('send')
        return message

    def comments(self, ticket):
        return ticket.message_ids.filtered(
            lambda message: message.message_type == 'comment',
        ).sorted('id')

    def notes(self, ticket):
        return ' '.join(str(message.body) for message in ticket.message_ids if message.is_internal)
