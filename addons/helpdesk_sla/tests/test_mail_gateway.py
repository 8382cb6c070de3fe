import base64
from email.message import EmailMessage
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla.models import mail_thread as our_mail_thread
from odoo.addons.helpdesk_sla.models.helpdesk_ticket_mail import ACKNOWLEDGEMENT_LIMIT
from odoo.addons.helpdesk_sla.tests.common import HelpdeskCase
from odoo.addons.mail.models import mail_thread as stock_mail_thread
from odoo.addons.mail.tests.common import MailCommon


class MailGatewayCase(HelpdeskCase, MailCommon):
    """ The team listens to support@test.mycompany.com; e-mails come in as raw bytes. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.alias_domain_id = cls.mail_alias_domain
        cls.team.alias_name = 'support'
        cls.address = cls.team.alias_email
        cls.stage_new.template_id = cls.env.ref('helpdesk_sla.mail_template_ticket_received')
        cls.stage_solved.template_id = cls.env.ref('helpdesk_sla.mail_template_ticket_solved')
        cls.count = 0

    def setUp(self):
        super().setUp()
        gateway = self.mock_mail_gateway()
        gateway.__enter__()
        self.addCleanup(gateway.__exit__, None, None, None)

    def receive_raw(self, source):
        """ Have the gateway process an e-mail; return the tickets that came of it. """
        tickets = self.env['helpdesk.ticket'].with_context(active_test=False)
        before = tickets.search([])
        with mute_logger('odoo.addons.mail.models.mail_thread'):
            self.env['mail.thread'].with_user(SUPERUSER_ID).message_process(None, source)
        self.flush_tracking()
        return tickets.search([]) - before

    def mail(self, body="It does not print.", **headers):
        """ Return an e-mail to the team; keyword arguments are its headers. """
        type(self).count += 1
        message = EmailMessage()
        headers = {
            'From': 'Anna Nowak <anna@nowak.example>',
            'To': self.address,
            'Subject': "The label printer",
            'Message_ID': f'<{self.count}@nowak.example>',
            **headers,
        }
        for name, value in headers.items():
            if value is not None:
                message[name.replace('_', '-')] = value
        if body is not None:
            message.set_content(body)
        return message

    def receive(self, body="It does not print.", **headers):
        return self.receive_raw(self.mail(body, **headers).as_bytes())

    def answer(self, ticket, body="Any news?", **headers):
        """ Have the gateway process an answer to the newest e-mail about a ticket. """
        parent = ticket.message_ids.filtered(lambda message: message.message_type in (
            'comment', 'email', 'auto_comment',
        ))[:1]
        return self.receive(body, **{
            'Subject': f'Re: {ticket.name}', 'In_Reply_To': parent.message_id, **headers,
        })

    def mails_to(self, email):
        """ Return the e-mails to an address that were made since the last call. """
        mails = self._new_mails.filtered(lambda mail: email in (
            *mail.recipient_ids.mapped('email_normalized'),
            *(mail.email_to or '').replace('>', '').replace('<', ' ').split(),
        ))
        self._new_mails -= mails
        return mails

    def agent_answers(self, ticket, **values):
        message = ticket.with_user(self.agent).message_post(**{
            'body': "We look at it.", 'message_type': 'comment',
            'subtype_xmlid': 'mail.mt_comment', **values,
        })
        self.flush_tracking()
        return message


@tagged('post_install', '-at_install')
class TestMailGateway(MailGatewayCase):
    """ E-mail -> ticket -> answers in the thread -> reopening. """

    # === REQUESTS === #

    def test_mail_becomes_a_ticket(self):
        ticket = self.receive()
        self.assertRecordValues(ticket, [{
            'name': "The label printer",
            'team_id': self.team.id,
            'company_id': self.company.id,
            'channel': 'email',
            'stage_id': self.stage_new.id,
            'user_id': False,
            'partner_id': False,
            'partner_name': "Anna Nowak",
            'partner_email': 'anna@nowak.example',
        }])
        self.assertEqual(ticket.description, "<p>It does not print.</p>")
        self.assertTrue(ticket.ticket_ref)

    def test_text_keeps_its_lines_and_its_signs(self):
        ticket = self.receive("1 < 2\n<b>no</b>\n")
        self.assertEqual(ticket.description, "<p>1 &lt; 2<br>&lt;b&gt;no&lt;/b&gt;</p>")

    def test_unknown_sender_makes_no_contact(self):
        partners = self.env['res.partner'].search_count([])
        ticket = self.receive()
        self.agent_answers(ticket)
        self.assertEqual(self.env['res.partner'].search_count([]), partners)

    def test_known_sender_is_linked(self):
        ticket = self.receive(From=self.client_contact.email)
        self.assertEqual(ticket.partner_id, self.client_contact)
        self.assertEqual(ticket.commercial_partner_id, self.client)
        self.assertEqual(ticket.partner_email, self.client_contact.email)

    def test_contact_of_another_company_is_not_linked_and_the_mail_not_lost(self):
        self.env['res.partner'].create({
            'name': "Foreign", 'email': "anna@nowak.example", 'company_id': self.other_company.id,
        })
        ticket = self.receive()
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.partner_email, 'anna@nowak.example')

    def test_others_in_the_mail_are_in_copy_but_not_ourselves(self):
        ticket = self.receive(
            To=f'{self.address}, Piotr <piotr@nowak.example>',
            Cc=f'boss@nowak.example, catchall.test@{self.alias_domain}, anna@nowak.example',
        )
        self.assertEqual(
            set(ticket._mail_cc_sanitized_raw_dict(ticket.email_cc)),
            {'piotr@nowak.example', 'boss@nowak.example'},
        )

    def test_no_subject(self):
        ticket = self.receive(Subject=None)
        self.assertEqual(ticket.name, "(no subject)")

    def test_blank_subject(self):
        self.assertEqual(self.receive(Subject="  ").name, "(no subject)")

    def test_no_body(self):
        ticket = self.receive(body=None)
        self.assertEqual(len(ticket), 1)

    def test_no_message_id(self):
        self.assertEqual(len(self.receive(Message_ID=None)), 1)

    def test_html_and_script_are_harmless(self):
        message = self.mail(Subject="<script>alert(1)</script>")
        message.set_content('<p>Hi</p><script>alert(1)</script>'
                            '<img src="x" onerror="alert(2)">', subtype='html')
        ticket = self.receive_raw(message.as_bytes())
        self.assertEqual(ticket.name, "<script>alert(1)</script>")
        self.assertNotIn('script', ticket.description)
        self.assertNotIn('onerror', ticket.description)

    def test_eight_bit_garbage_in_headers(self):
        ticket = self.receive_raw(
            b'From: J\xfcrgen \xff\xfe <juergen@nowak.example>\r\n'
            b'To: ' + self.address.encode() + b'\r\n'
            b'Subject: Dr\xfcck\xe9r \x80\x81 =?utf-8?b?////?= =?bogus?q?=00=FF?=\r\n'
            b'Message-Id: <garb\xe9\xff@nowak.example>\r\n'
            b'X-\xff: \xfe\r\nReferences: \xff <\x01@x>\r\nDate: \xff yesterday\r\n'
            b'Auto-Submitted: \xff\r\nPrecedence: \xfe\r\n'
            b'\r\nB\xf6dy \xff\x00 with nothing declared\r\n'
        )
        self.assertEqual(len(ticket), 1)
        self.assertEqual(ticket.partner_email, 'juergen@nowak.example')
        self.assertTrue(ticket.name)

    def test_zero_bytes(self):
        ticket = self.receive_raw(
            b'From: =?utf-8?q?Zero=00?= <zero@nowak.example>\r\n'
            b'To: ' + self.address.encode() + b'\r\n'
            b'Cc: =?utf-8?q?Other=00?= <ot\x00her@nowak.example>\r\n'
            b'Subject: =?utf-8?q?Sub=00ject?=\r\nMessage-Id: <ze\x00ro@nowak.example>\r\n'
            b'References: <a\x00@x> <b@x>\r\nIn-Reply-To: <a\x00@x>\r\n'
            b'Content-Type: text/plain; charset=utf-8\r\n'
            b'Content-Transfer-Encoding: base64\r\n\r\n'
            + base64.b64encode(b'a\x00b') + b'\r\n'
        )
        self.assertEqual(ticket.name, "Subject")
        self.assertIn("ab", ticket.description)

    def test_sender_that_is_no_address(self):
        ticket = self.receive_raw(
            b'From: nobody\r\nTo: ' + self.address.encode() + b'\r\n'
            b'Subject: Who am I\r\nMessage-Id: <nobody@x>\r\n\r\nHello\r\n'
        )
        self.assertEqual(ticket.name, "Who am I")

    def test_sender_that_is_no_address_is_not_taken_for_contacts_without_one(self):
        """ The guard against loops counts what the same sender wrote. """
        contact = self.env['res.partner'].create({'name': "Without an Address"})
        self.env['helpdesk.ticket'].create([
            {'name': "By mail", 'channel': 'email', 'partner_id': contact.id}
            for _number in range(25)
        ])
        self.assertTrue(self.receive_raw(
            b'From: nobody\r\nTo: ' + self.address.encode() + b'\r\n'
            b'Subject: Who am I\r\nMessage-Id: <nobody2@x>\r\n\r\nHello\r\n'
        ))

    def test_big_attachment_is_kept(self):
        content = bytes(range(256)) * 4096 * 20
        message = self.mail()
        message.add_attachment(
            content, maintype='application', subtype='octet-stream', filename='disk.img',
        )
        ticket = self.receive_raw(message.as_bytes())
        attachment = self.env['ir.attachment'].search([
            ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
        ])
        self.assertEqual(attachment.name, 'disk.img')
        self.assertEqual(attachment.raw, content)
        self.assertEqual(ticket._get_portal_attachments(), attachment)

    def test_attachment_with_an_impossible_name_is_kept(self):
        ticket = self.receive_raw(
            b'From: anna@nowak.example\r\nTo: ' + self.address.encode() + b'\r\n'
            b'Subject: Scan\r\nMessage-Id: <scan@nowak.example>\r\n'
            b'Content-Type: multipart/mixed; boundary=b\r\n\r\n'
            b'--b\r\n\r\nSee the scan\r\n--b\r\nContent-Type: application/pdf\r\n'
            b'Content-Disposition: attachment; filename="=?utf-8?q?sc=00an=FF?=/../\xff.pdf"\r\n'
            b'\r\n%PDF\r\n--b--\r\n'
        )
        self.assertEqual(len(ticket._get_portal_attachments()), 1)

    def test_mail_to_two_teams_is_one_ticket_of_the_team_named_first(self):
        second = self.create_team("Billing", alias_name='billing')
        ticket = self.receive(To=f'{second.alias_email}, {self.address}')
        self.assertEqual(ticket.team_id, second)
        ticket = self.receive(To=f'{self.address}, {second.alias_email}')
        self.assertEqual(ticket.team_id, self.team)

    # === ONCE === #

    def test_same_message_id_twice_is_one_ticket(self):
        mail = self.mail().as_bytes()
        self.assertEqual(len(self.receive_raw(mail)), 1)
        self.assertFalse(self.receive_raw(mail))

    def test_mail_that_another_worker_has_just_taken_in_is_not_taken_in_again(self):
        mail = self.mail(Message_ID='<race@nowak.example>').as_bytes()
        # what the other worker committed is not in our snapshot: only a fresh look finds it
        with patch.object(self.env.registry, 'cursor') as cursor:
            cursor.return_value.__enter__.return_value.rowcount = 1
            self.assertFalse(self.receive_raw(mail))
        self.assertEqual(len(self.receive_raw(mail)), 1)

    def test_mail_is_locked_while_it_is_processed(self):
        self.receive(Message_ID='<lock@nowak.example>')
        with self.env.registry.cursor() as cr:
            cr.execute(
                "SELECT pg_try_advisory_xact_lock(hashtext('mail_message'), hashtext(%s)),"
                " pg_try_advisory_xact_lock(hashtext('mail_message'), hashtext(%s))",
                ('<lock@nowak.example>', '<free@nowak.example>'),
            )
            self.assertEqual(cr.fetchone(), (False, True))

    def test_fetched_mail_survives_another_worker_at_the_same_moment(self):
        mail = self.mail().as_bytes()
        thread = self.env['mail.thread'].with_user(SUPERUSER_ID).with_context(
            fetchmail_cron_running=True,
        )
        outcomes = iter([SerializationFailure(), 42])

        def stock_process(*args, **kwargs):
            outcome = next(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        def run_again(process, env):
            try:
                return process()
            except SerializationFailure:
                return process()

        with (
            patch.object(stock_mail_thread.MailThread, 'message_process', stock_process),
            patch.object(our_mail_thread, 'retrying', run_again),
        ):
            self.assertEqual(thread.message_process(None, mail), 42)

    def test_endless_subject_costs_no_time(self):
        subject = 'x' * 200_000
        sender = {'email_from': 'anna@nowak.example', 'subject': subject}
        with self.assertQueryCount(0):
            self.env['helpdesk.ticket']._find_ticket_in_subject(sender, self.team.id)

    # === ANSWERS === #

    def test_answer_joins_the_thread(self):
        ticket = self.receive()
        self.assertFalse(self.answer(ticket))
        self.assertIn("Any news?", ticket.message_ids[0].body)
        self.assertEqual(ticket.message_ids[0].subtype_id, self.env.ref('mail.mt_comment'))

    def test_answer_to_the_acknowledgement_is_public(self):
        ticket = self.receive()
        received = ticket.message_ids.filtered(lambda m: m.message_type == 'auto_comment')
        self.answer(ticket, In_Reply_To=received.message_id)
        self.assertFalse(ticket.message_ids[0].is_internal)
        self.assertTrue(ticket._is_customer_message(ticket.message_ids[0]))

    def test_answer_reopens_a_solved_ticket(self):
        ticket = self.receive()
        self.move(ticket, self.stage_solved)
        self.answer(ticket)
        self.assertEqual(ticket.stage_id, self.stage_progress)
        self.assertEqual(ticket.reopen_count, 1)

    def test_answer_ends_the_wait_for_the_customer(self):
        ticket = self.receive()
        self.move(ticket, self.stage_customer)
        self.answer(ticket)
        self.assertEqual(ticket.stage_id, self.stage_progress)

    def test_answer_brings_an_archived_ticket_back(self):
        ticket = self.receive()
        ticket.active = False
        self.answer(ticket)
        self.assertTrue(ticket.active)

    def test_answer_of_an_agent_by_mail_is_the_first_response(self):
        ticket = self.receive()
        self.answer(ticket, From=self.agent.email)
        self.assertTrue(ticket.first_response_date)
        self.assertEqual(len(self.mails_to('anna@nowak.example')), 2, "received, answer")

    def test_answer_without_references_is_found_by_the_reference_in_the_subject(self):
        ticket = self.receive()
        self.assertFalse(self.receive(Subject=f'AW: [{ticket.ticket_ref}] printer'))
        self.assertIn("It does not print.", ticket.message_ids[0].body)

    def test_reference_in_the_subject_opens_no_ticket_of_somebody_else(self):
        ticket = self.receive()
        other = self.receive(From='eve@evil.example', Subject=f'[{ticket.ticket_ref}] hello')
        self.assertEqual(len(other), 1)
        self.assertNotEqual(other, ticket)

    def test_reference_in_the_subject_brings_nobody_into_copy(self):
        ticket = self.receive()
        self.receive(Subject=ticket.ticket_ref, Cc='eve@evil.example')
        self.assertNotIn('eve@evil.example', ticket.email_cc or '')

    def test_reference_in_the_subject_of_another_company_is_not_found(self):
        ticket = self.receive()
        company = self.env['res.company'].create({'name': "Elsewhere"})
        team = self.team.with_company(company).create({
            'name': "Elsewhere", 'company_id': company.id, 'resource_calendar_id': False,
        })
        mail = {'email_from': 'anna@nowak.example', 'subject': ticket.ticket_ref}
        tickets = self.env['helpdesk.ticket']
        self.assertEqual(tickets._find_ticket_in_subject(mail, self.team.id), ticket)
        self.assertFalse(tickets._find_ticket_in_subject(mail, team.id))

    def test_person_in_copy_may_use_the_reference(self):
        ticket = self.receive(Cc='boss@nowak.example')
        self.assertFalse(self.receive(From='boss@nowak.example', Subject=ticket.ticket_ref))

    def test_new_people_in_an_answer_are_added_to_those_in_copy(self):
        ticket = self.receive(Cc='boss@nowak.example')
        self.answer(ticket, Cc='piotr@nowak.example')
        self.assertEqual(
            set(ticket._mail_cc_sanitized_raw_dict(ticket.email_cc)),
            {'piotr@nowak.example', 'boss@nowak.example'},
        )

    # === WHAT THE CUSTOMER GETS === #

    def test_answers_reach_a_customer_without_contact(self):
        ticket = self.receive()
        self.mails_to('anna@nowak.example')
        self.agent_answers(ticket)
        mail = self.mails_to('anna@nowak.example')
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.reply_to, f'"Support" <{self.address}>')
        self.assertIn(ticket.access_token, mail.body_html, "a link that works without login")

    def test_answers_reach_a_customer_with_contact(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.flush_tracking()
        self.mails_to(self.client_contact.email)
        self.agent_answers(ticket)
        self.assertEqual(len(self.mails_to(self.client_contact.email)), 1)

    def test_internal_notes_reach_nobody_outside(self):
        ticket = self.receive()
        self.mails_to('anna@nowak.example')
        self.agent_answers(ticket, subtype_xmlid='mail.mt_note')
        self.assertFalse(self.mails_to('anna@nowak.example'))

    def test_own_message_is_not_sent_back(self):
        ticket = self.receive()
        self.mails_to('anna@nowak.example')
        self.answer(ticket)
        self.assertFalse(self.mails_to('anna@nowak.example'))

    def test_agent_who_answers_to_all_does_not_cause_a_second_copy(self):
        ticket = self.receive()
        self.mails_to('anna@nowak.example')
        self.answer(ticket, From=self.agent.email, To=f'{self.address}, anna@nowak.example')
        self.assertFalse(self.mails_to('anna@nowak.example'))

    def test_contact_that_the_agent_answers_is_linked_to_this_ticket_only(self):
        ticket, other = self.receive(), self.receive()
        partner = self.env['res.partner'].create({
            'name': "Anna", 'email': 'anna@nowak.example',
        })
        self.agent_answers(ticket, partner_ids=partner.ids)
        self.assertEqual(ticket.partner_id, partner)
        self.assertFalse(other.partner_id)

    def test_acknowledgement(self):
        self.create_policy(target='first_response', time=4)
        ticket = self.receive()
        mail = self.mails_to('anna@nowak.example')
        self.assertEqual(mail.subject, f'[{ticket.ticket_ref}] The label printer')
        self.assertEqual(mail.email_from, f'"Support" <{self.address}>')
        self.assertEqual(mail.reply_to, f'"Support" <{self.address}>')
        self.assertIn("You will have our answer by", mail.body_html)
        self.assertIn("1:00", mail.body_html, "in the zone of the customer or the team")
        self.assertIn("CET", mail.body_html)
        self.assertIn(
            f'/my/tickets/{ticket.id}?access_token={ticket.access_token}', mail.body_html,
        )

    def test_acknowledgement_in_the_language_and_the_zone_of_the_customer(self):
        self.env['res.lang']._activate_lang('fr_FR')
        template = self.stage_new.template_id
        template.with_context(lang='fr_FR').subject = "Bien reçu : {{ object.name }}"
        self.client_contact.write({'lang': 'fr_FR', 'tz': 'America/New_York'})
        self.create_policy(target='first_response', time=4)
        self.receive(From=self.client_contact.email)
        mail = self.mails_to(self.client_contact.email)
        self.assertEqual(mail.subject, "Bien reçu : The label printer")
        self.assertIn("lundi 2 mars 2026", mail.body_html)
        self.assertIn("07:00", mail.body_html)
        self.assertIn("EST", mail.body_html)

    def test_acknowledgement_is_no_response(self):
        self.assertFalse(self.receive().first_response_date)

    def test_solved_mail_asks_for_a_rating_once(self):
        ticket = self.receive()
        self.mails_to('anna@nowak.example')
        self.move(ticket, self.stage_solved)
        self.flush_tracking()
        mail = self.mails_to('anna@nowak.example')
        self.assertEqual(mail.subject, f'[{ticket.ticket_ref}] Solved: The label printer')
        self.assertIn(f'/rate/{ticket.rating_ids.access_token}/5', mail.body_html)

    def test_solved_mail_asks_for_no_rating_of_a_team_that_does_not_want_it(self):
        self.team.use_rating = False
        ticket = self.receive()
        self.mails_to('anna@nowak.example')
        self.move(ticket, self.stage_solved)
        self.flush_tracking()
        self.assertNotIn('/rate/', self.mails_to('anna@nowak.example').body_html)

    def test_rating_request_where_the_stage_sends_nothing(self):
        self.stage_solved.template_id = False
        ticket = self.receive()
        self.mails_to('anna@nowak.example')
        self.move(ticket, self.stage_solved)
        self.flush_tracking()
        self.assertIn('/rate/', self.mails_to('anna@nowak.example').body_html)

    # === MACHINES === #

    def test_our_automatic_mails_say_so(self):
        ticket = self.receive()
        mail = self.mails_to('anna@nowak.example')
        self.assertIn("'Auto-Submitted': 'auto-replied'", mail.headers)
        self.assertIn("'X-Auto-Response-Suppress': 'OOF, AutoReply'", mail.headers)
        self.agent_answers(ticket)
        self.assertNotIn('Auto-Submitted', self.mails_to('anna@nowak.example').headers)

    def test_out_of_office_answer_is_kept_and_does_nothing(self):
        ticket = self.receive()
        self.agent_answers(ticket)
        self.move(ticket, self.stage_customer)
        self.flush_tracking()
        self._init_mail_mock()
        self.assertFalse(self.answer(ticket, "I am away.", Auto_Submitted='auto-replied'))
        self.assertIn("I am away.", ticket.message_ids[0].body)
        self.assertEqual(ticket.stage_id, self.stage_customer)
        self.assertFalse(self._new_mails, "nobody is written to")

    def test_out_of_office_answer_of_an_agent_is_no_response_and_reaches_nobody(self):
        ticket = self.receive()
        self._init_mail_mock()
        self.answer(ticket, "I am away.", From=self.agent.email, X_Autoreply='yes')
        self.assertFalse(ticket.first_response_date)
        self.assertFalse(self._new_mails)

    def test_machine_that_loses_the_references_makes_no_second_ticket(self):
        ticket = self.receive()
        received = self.mails_to('anna@nowak.example')
        for index in range(3):
            self.assertFalse(self.receive(
                "Thank you for your e-mail", Auto_Submitted='auto-replied',
                Subject=f'Automatic answer {index}: {received.subject}',
            ))
        self.assertEqual(len(ticket.message_ids.filtered(
            lambda message: message.message_type == 'out_of_office',
        )), 3)
        self.assertFalse(self.mails_to('anna@nowak.example'))

    def test_machine_without_any_mark_makes_no_second_ticket(self):
        self.receive()
        received = self.mails_to('anna@nowak.example')
        self.assertFalse(self.receive(Subject=f'Re: {received.subject}'))
        self.assertFalse(self.mails_to('anna@nowak.example'))

    def test_alert_becomes_a_ticket_that_is_not_acknowledged(self):
        for headers in (
            {'Auto_Submitted': 'auto-generated'},
            {'From': 'no-reply@nowak.example'},
        ):
            with self.subTest(headers):
                self.assertEqual(len(self.receive(Subject="Disk full", **headers)), 1)
                self.assertFalse(self.mails_to(headers.get('From', 'anna@nowak.example')))

    def test_acknowledgements_to_one_address_are_limited(self):
        for index in range(ACKNOWLEDGEMENT_LIMIT + 3):
            self.assertEqual(len(self.receive(Subject=f'Away {chr(65 + index)}')), 1)
        self.assertEqual(len(self.mails_to('anna@nowak.example')), ACKNOWLEDGEMENT_LIMIT)
        self.go_to('mon 11:00')
        self.receive()
        self.assertEqual(len(self.mails_to('anna@nowak.example')), 1)

    def test_sender_that_loops_is_stopped_and_told(self):
        self.env['ir.config_parameter'].set_param('mail.gateway.loop.threshold', 3)
        for index in range(3):
            self.assertEqual(len(self.receive(Subject=f'Away {index}')), 1)
        self._init_mail_mock()
        self.assertFalse(self.receive(Subject="Away again"))
        self.assertEqual(len(self._new_mails), 1, "a clear bounce")

    def test_our_own_address_as_sender_is_never_written_to(self):
        ticket = self.receive(From=self.address)
        self.assertEqual(len(ticket), 1)
        self.assertFalse(self.mails_to(self.address))
        self.agent_answers(ticket)
        self.assertFalse(self.mails_to(self.address))

    def test_bounce_makes_no_ticket(self):
        self.assertFalse(self.receive(From='MAILER-DAEMON@nowak.example'))
        self.assertFalse(self.receive_raw(
            b'From: postmaster@nowak.example\r\nTo: ' + self.address.encode() + b'\r\n'
            b'Message-Id: <dsn@x>\r\nSubject: Undeliverable\r\n'
            b'Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n'
            b'--b\r\n\r\nNo such user\r\n--b--\r\n'
        ))

    def test_data_that_are_loaded_write_to_nobody(self):
        self.create_ticket(partner_id=self.client_contact.id)
        self.flush_tracking()
        self.assertTrue(self.mails_to(self.client_contact.email))
        self.env['helpdesk.ticket'].with_context(install_mode=True).create({
            'name': "Demo", 'team_id': self.team.id, 'partner_id': self.client_contact.id,
        })
        self.flush_tracking()
        self.assertFalse(self.mails_to(self.client_contact.email))

    # === WHO HEARS OF IT === #

    def test_followers_of_the_team_hear_of_new_tickets_but_customers_do_not(self):
        self.team.message_subscribe((self.agent.partner_id | self.other_contact).ids)
        self.agent.notification_type = 'email'
        self.receive()
        self.assertEqual(len(self.mails_to(self.agent.email)), 1)
        self.assertFalse(self.mails_to(self.other_contact.email))

    def test_other_models_of_the_gateway_are_left_alone(self):
        self.team.message_subscribe(self.agent.partner_id.ids)
        message = self.team.message_post(body="x", message_type='comment',
                                         subtype_xmlid='mail.mt_comment')
        self.receive(To=f'catchall.test@{self.alias_domain}', From=self.outsider.email,
                     In_Reply_To=message.message_id, Auto_Submitted='auto-replied')
        self.assertEqual(self.team.message_ids[0].message_type, 'email')
