""" Who the customer of a conversation is, and where its later mails go (requirements H3). """

from odoo.tests import tagged

from odoo.addons.helpdesk_sla_livechat.tests.common import LivechatCase
from odoo.addons.mail.tests.common import MailCase


@tagged('post_install', '-at_install')
class TestVisitor(LivechatCase, MailCase):

    def test_who_is_logged_in_is_the_customer(self):
        channel = self.begin_chat(visitor=self.portal_client)
        self.visitor_writes(channel, "I am boss@other.example", user=self.portal_client)
        ticket = self.create_chat_ticket(channel)
        self.assertEqual(ticket.partner_id, self.client_contact)
        self.assertNotIn("not logged in", ticket.description)

    def test_an_address_that_the_visitor_gave(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "Hello")
        self.visitor_writes(channel, "write to Jane.Roe@new.example, please")
        contacts = self.env['res.partner'].search_count([])
        ticket = self.create_chat_ticket(channel)
        self.assertRecordValues(ticket, [{
            'partner_id': False, 'partner_email': 'jane.roe@new.example',
        }])
        self.assertEqual(self.env['res.partner'].search_count([]), contacts)

    def test_the_address_of_a_contact_is_linked_and_not_believed(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, f"I am {self.client_contact.email}")
        ticket = self.create_chat_ticket(channel)
        self.assertEqual(ticket.partner_id, self.client_contact)
        self.assertIn("not logged in", ticket.description)

    def test_the_address_of_an_employee_is_not_linked(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, f"I am {self.leader.email}")
        self.assertFalse(self.create_chat_ticket(channel).partner_id)

    def test_what_the_agent_writes_is_no_address_of_the_visitor(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "Hello")
        self.agent_writes(channel, "You can also write to help@support.example")
        self.assertFalse(self.create_chat_ticket(channel).partner_email)

    def test_a_contact_of_another_company_is_not_linked(self):
        self.env['res.partner'].create({
            'name': "Jim", 'email': 'jim@new.example', 'company_id': self.other_company.id,
        })
        channel = self.begin_chat()
        self.visitor_writes(channel, "I am jim@new.example")
        self.assertFalse(self.create_chat_ticket(channel).partner_id)

    def test_later_mails_join_the_ticket(self):
        self.team.alias_name = 'chat-support'
        self.team.alias_domain_id = self.env['mail.alias.domain'].create({
            'name': 'chat.example', 'company_ids': [(4, self.company.id)],
        })
        self.stage_new.template_id = self.env.ref('helpdesk_sla.mail_template_ticket_received')
        channel = self.begin_chat()
        self.visitor_writes(channel, "My address: visitor@new.example")
        with self.mock_mail_gateway():
            ticket = self.create_chat_ticket(channel)
            self.flush_tracking()
        mail = next(mail for mail in self._mails if 'visitor@new.example' in str(mail['email_to']))
        self.assertIn('chat-support@chat.example', mail['reply_to'])
        tickets = self.env['helpdesk.ticket'].search_count([])
        self.go_to('mon 10:00')
        with self.mock_mail_gateway():
            self.env['mail.thread'].message_process('helpdesk.ticket', (
                f"From: Visitor <visitor@new.example>\nTo: chat-support@chat.example\n"
                f"Message-Id: <answer@new.example>\nIn-Reply-To: {mail['message_id']}\n"
                f"References: {mail['message_id']}\nSubject: Re: chat\n"
                "Content-Type: text/plain\n\nOne more thing"
            ))
        self.assertEqual(self.env['helpdesk.ticket'].search_count([]), tickets)
        self.assertIn("One more thing", ticket.message_ids[0].body)
        self.assertEqual(ticket.message_ids[0].message_type, 'email')
