from email import message_from_bytes, policy

from odoo.tests import tagged

from odoo.addons.helpdesk_sla.models import mail_thread
from odoo.addons.helpdesk_sla.tests.test_mail_gateway import MailGatewayCase
from odoo.addons.helpdesk_sla.tools import mail_headers

# what machines really send: kind, and source ({address} is the team, {reference} our mail)
CORPUS = {
    'exchange out of office, German': ('reply', """\
From: "Schmidt, Jan" <jan.schmidt@kunde.example>
To: Support <{address}>
Subject: Automatische Antwort: [HT00042] Drucker
In-Reply-To: {reference}
References: {reference}
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: All
X-MS-Exchange-Inbox-Rules-Loop: jan.schmidt@kunde.example
Content-Type: text/plain; charset="utf-8"

Ich bin bis 12. Januar nicht im Büro.
"""),
    'exchange out of office that lost its references': ('reply', """\
From: "Schmidt, Jan" <jan.schmidt@kunde.example>
To: Support <{address}>
Subject: Automatische Antwort: Drucker
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: All

Ich bin nicht im Büro.
"""),
    'vacation, Polish': ('reply', """\
From: Anna Nowak <anna@nowak.example>
To: {address}
Subject: Autoodpowiedz: Drukarka
In-Reply-To: {reference}
Auto-Submitted: auto-replied (vacation)
Precedence: bulk

Jestem na urlopie do poniedzialku.
"""),
    'gmail vacation': ('reply', """\
From: Anna Nowak <anna.nowak@gmail.example>
To: {address}
Subject: Out of office Re: [HT00042] The label printer
In-Reply-To: {reference}
References: {reference}
Auto-Submitted: auto-replied
Precedence: bulk
X-Autoreply: yes
Return-Path: <>

I am on vacation.
"""),
    'postfix delivery report': ('report', """\
From: postmaster@mail.nowak.example
To: {address}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Return-Path: <>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

<anna@nowak.example>: host mx.nowak.example said: 550 5.1.1 User unknown

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.nowak.example

Final-Recipient: rfc822; anna@nowak.example
Action: failed
Status: 5.1.1

--B--
"""),
    'outlook read receipt': ('report', """\
From: Anna Nowak <anna@nowak.example>
To: {address}
Subject: Read: The label printer
In-Reply-To: {reference}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="B"

--B
Content-Type: text/plain

Your message was read on Monday.

--B
Content-Type: message/disposition-notification

Final-Recipient: RFC822; anna@nowak.example
Original-Message-ID: {reference}
Disposition: automatic-action/MDN-sent-automatically; displayed

--B--
"""),
    'empty return path': ('report', """\
From: Mail System <system@nowak.example>
To: {address}
Subject: Warning: could not send message for past 4 hours
Return-Path: <>

The message is still in the queue.
"""),
    'mailman list': ('list', """\
From: Jan Kowalski <jan@lists.example>
To: users@lists.example
Cc: {address}
Subject: [users] Which printer?
List-Id: Users of printers <users.lists.example>
List-Unsubscribe: <mailto:users-leave@lists.example>
Precedence: list

What do you use?
"""),
    'newsletter': ('list', """\
From: Shop <news@shop.example>
To: {address}
Subject: Our offers
Precedence: bulk

Buy now.
"""),
    'calendar answer': ('calendar', """\
From: Anna Nowak <anna@nowak.example>
To: {address}
Subject: Accepted: Installation
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="B"

--B
Content-Type: text/plain

Anna Nowak has accepted this invitation.
--B
Content-Type: text/calendar; charset=utf-8; method=REPLY

BEGIN:VCALENDAR
METHOD:REPLY
END:VCALENDAR
--B--
"""),
}
# a person, or a machine that has a request
REQUESTS = {
    'person': ('', {}),
    'person who wants no receipts': ('', {'X_Auto_Response_Suppress': 'DR, RN, NRN'}),
    'monitoring': ('alert', {'Auto_Submitted': 'auto-generated'}),
    'shop': ('', {'From': 'no-reply@shop.example'}),
    'not automatic': ('', {'Auto_Submitted': 'no'}),
    'our own group': ('', {
        'List_Id': '<support.test.mycompany.com>', 'Precedence': 'list',
    }),
}


@tagged('post_install', '-at_install')
class TestMailMachines(MailGatewayCase):
    """ What machines send opens nothing, reopens nothing, answers nothing, and is not lost. """

    def source(self, name, reference='<nothing@x.example>'):
        _kind, source = CORPUS[name]
        type(self).count += 1
        source = source.format(address=self.address, reference=reference)
        return f'Message-Id: <machine-{self.count}@x.example>\n{source}'.encode()

    def is_bounce(self, name):
        return name in ('postfix delivery report',)

    def test_kinds(self):
        own = {self.mail_alias_domain.name}
        for name, (kind, _source) in CORPUS.items():
            with self.subTest(name):
                message = message_from_bytes(self.source(name), policy=policy.SMTP)
                self.assertEqual(mail_headers.get_machine_kind(message, own), kind)
        for name, (kind, headers) in REQUESTS.items():
            with self.subTest(name):
                self.assertEqual(
                    mail_headers.get_machine_kind(self.mail(**headers), own), kind,
                )

    def test_requests_open_a_ticket(self):
        for name, (_kind, headers) in REQUESTS.items():
            with self.subTest(name):
                self.assertEqual(len(self.receive(Subject=name, **headers)), 1)

    def test_no_ticket_is_opened_and_nothing_is_lost(self):
        for name in CORPUS:
            with self.subTest(name):
                before = self.team.message_ids
                self._init_mail_mock()
                self.assertFalse(self.receive_raw(self.source(name)))
                self.assertFalse(self._new_mails, "nobody is answered")
                if not self.is_bounce(name):
                    note = self.team.message_ids - before
                    self.assertEqual(len(note), 1)
                    self.assertTrue(note.subtype_id.internal)
                    self.assertIn("no ticket was opened", note.body)

    def test_solved_ticket_is_not_reopened(self):
        for name in CORPUS:
            with self.subTest(name):
                ticket = self.receive()
                self.agent_answers(ticket)
                reference = ticket.message_ids.filtered(
                    lambda message: message.message_type == 'comment',
                )[:1].message_id
                self.move(ticket, self.stage_solved)
                self.flush_tracking()
                self._init_mail_mock()
                answered = ticket.first_response_date
                self.assertFalse(self.receive_raw(self.source(name, reference)))
                self.assertEqual(ticket.stage_id, self.stage_solved)
                self.assertFalse(ticket.reopen_count)
                self.assertEqual(ticket.first_response_date, answered)
                self.assertFalse(self._new_mails, "nobody is answered")

    def test_waiting_ticket_keeps_waiting_and_the_answer_is_kept(self):
        for name in ('exchange out of office, German', 'gmail vacation', 'outlook read receipt'):
            with self.subTest(name):
                ticket = self.receive()
                reference = self.agent_answers(ticket).message_id
                self.move(ticket, self.stage_customer)
                self.receive_raw(self.source(name, reference))
                self.assertEqual(ticket.stage_id, self.stage_customer)
                self.assertIn('out_of_office', ticket.message_ids.mapped('message_type'))
                self.assertFalse(ticket.customer_waiting_since)

    def test_read_receipt_is_no_bounce(self):
        ticket = self.receive(From=self.client_contact.email)
        reference = self.agent_answers(ticket).message_id
        bounced = self.client_contact.message_bounce
        source = self.source('outlook read receipt', reference).replace(
            b'anna@nowak.example', self.client_contact.email.encode(),
        )
        self.receive_raw(source)
        self.assertEqual(self.client_contact.message_bounce, bounced)

    def test_group_that_is_our_address_can_be_named(self):
        headers = {'List_Id': '<help.provider.example>', 'Precedence': 'list'}
        self.assertFalse(self.receive(Subject="Held", **headers))
        self.env['ir.config_parameter'].set_param(
            mail_thread.OWN_LISTS_KEY, 'x.example, help.provider.example',
        )
        self.assertEqual(len(self.receive(Subject="Taken", **headers)), 1)


@tagged('post_install', '-at_install')
class TestOversizedMail(MailGatewayCase):
    """ A file that is too large keeps no request from us, and its sender is told. """

    def setUp(self):
        super().setUp()
        self.env['ir.config_parameter'].set_param(mail_thread.MAX_MAIL_KEY, '1')

    def with_files(self, *sizes, **headers):
        message = self.mail("Look at this", **headers)
        for number, size in enumerate(sizes):
            message.add_attachment(
                b'x' * size, maintype='application', subtype='octet-stream',
                filename=f'file{number}.bin',
            )
        return message.as_bytes()

    def files_of(self, ticket):
        return self.env['ir.attachment'].search([
            ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
        ]).mapped('name')

    def test_ticket_is_opened_without_what_is_too_large(self):
        ticket = self.receive_raw(self.with_files(600_000, 3_000_000, 1000))
        self.assertEqual(len(ticket), 1)
        self.assertEqual(ticket.description, "<p>Look at this</p>")
        self.assertEqual(sorted(self.files_of(ticket)), ['file0.bin', 'file2.bin'])
        self.assertTrue(ticket.message_ids.filtered(
            lambda message: message.is_internal and 'file1.bin' in (message.body or ''),
        ))
        mails = self.mails_to('anna@nowak.example')
        told = mails.filtered(lambda mail: 'file1.bin' in mail.body_html)
        self.assertEqual(len(told), 1)
        self.assertIn("'Auto-Submitted': 'auto-replied'", told.headers)
        self.assertFalse(ticket.first_response_date)

    def test_answer_with_a_large_file_joins_its_ticket(self):
        ticket = self.receive()
        self._init_mail_mock()
        reference = ticket.message_ids[0].message_id
        self.assertFalse(self.receive_raw(self.with_files(
            3_000_000, Subject=f'Re: {ticket.name}', In_Reply_To=reference,
        )))
        self.assertFalse(self.files_of(ticket))
        self.assertTrue(self.mails_to('anna@nowak.example'))

    def test_machine_is_not_told(self):
        ticket = self.receive_raw(self.with_files(3_000_000, Auto_Submitted='auto-generated'))
        self.assertEqual(len(ticket), 1)
        self.assertFalse(self.mails_to('anna@nowak.example'))

    def test_sender_is_not_told_endlessly(self):
        ticket = self.receive()
        reference = ticket.message_ids[0].message_id
        self._init_mail_mock()
        for _number in range(8):
            self.receive_raw(self.with_files(
                3_000_000, Subject=f'Re: {ticket.name}', In_Reply_To=reference,
            ))
        self.assertLessEqual(len(self.mails_to('anna@nowak.example')), 5)

    def test_within_the_limit_nothing_is_left_out(self):
        ticket = self.receive_raw(self.with_files(400_000, 500_000))
        self.assertEqual(len(self.files_of(ticket)), 2)
        self.assertEqual(len(self.mails_to('anna@nowak.example')), 1, "the acknowledgement only")
