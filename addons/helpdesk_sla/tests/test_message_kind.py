from email.message import EmailMessage

from odoo import Command
from odoo.tests import BaseCase, tagged

from odoo.addons.helpdesk_sla.tests.common import HelpdeskCase
from odoo.addons.helpdesk_sla.tools import mail_headers


@tagged('post_install', '-at_install')
class TestMessageKind(HelpdeskCase):
    """ Who wrote what: an answer of ours, an answer to us, or a machine (sla.md, W2). """

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(partner_id=self.client_contact.id)

    def post(self, user=None, ticket=None, **values):
        return (ticket or self.ticket).with_user(user or self.agent).sudo().message_post(**{
            'body': "Hello",
            'message_type': 'comment',
            'subtype_xmlid': 'mail.mt_comment',
            **values,
        })

    def assertKind(self, message, kind, ticket=None):
        ticket = ticket or self.ticket
        found = [
            name for name, matches in (
                ('agent', ticket._is_agent_message(message)),
                ('customer', ticket._is_customer_message(message)),
                ('automatic', ticket._is_automatic_message(message)),
            ) if matches
        ]
        self.assertEqual(found, [kind] if kind else [])

    def test_comment_of_an_agent_is_an_answer(self):
        self.assertKind(self.post(), 'agent')

    def test_comment_of_a_person_without_helpdesk_rights_is_an_answer(self):
        self.assertKind(self.post(user=self.outsider), 'agent')

    def test_mail_of_an_agent_through_the_gateway_is_an_answer(self):
        self.assertKind(self.post(message_type='email', user=self.env.ref('base.user_root'),
                                  author_id=self.agent.partner_id.id), 'agent')

    def test_internal_note_is_nothing(self):
        self.assertKind(self.post(subtype_xmlid='mail.mt_note'), None)

    def test_message_hidden_from_the_customer_is_nothing(self):
        message = self.post()
        message.is_internal = True
        self.assertKind(message, None)

    def test_log_without_subtype_is_automatic(self):
        self.ticket._message_log(body="Something happened")
        self.assertKind(self.ticket.message_ids[0], 'automatic')

    def test_acknowledgement_is_automatic(self):
        self.assertKind(self.post(message_type='auto_comment'), 'automatic')

    def test_stage_notification_is_automatic(self):
        self.assertKind(self.post(message_type='notification'), 'automatic')

    def test_out_of_office_of_an_agent_is_automatic(self):
        self.assertKind(self.post(message_type='out_of_office'), 'automatic')

    def test_odoobot_is_neither_agent_nor_customer(self):
        self.assertKind(self.post(user=self.env.ref('base.user_root')), None)

    def test_former_colleague_is_no_agent(self):
        partner = self.agent2.partner_id
        self.agent2.active = False
        self.assertKind(self.post(user=self.env.ref('base.user_root'), author_id=partner.id),
                        'customer')

    def test_customer_in_the_portal(self):
        self.assertKind(self.post(user=self.portal_client), 'customer')

    def test_contact_without_user(self):
        partner = self.env['res.partner'].create({'name': "Somebody", 'email': "s@x.example"})
        self.assertKind(self.post(user=self.env.ref('base.user_root'), author_id=partner.id,
                                  message_type='email'), 'customer')

    def test_unknown_address(self):
        self.assertKind(self.post(user=self.env.ref('base.user_root'), author_id=False,
                                  email_from="stranger@x.example", message_type='email'),
                        'customer')

    def test_visitor_with_the_access_link(self):
        ticket = self.create_ticket(partner_name="Visitor", partner_email="visitor@x.example")
        message = self.post(user=self.env.ref('base.public_user'), ticket=ticket)
        self.assertKind(message, 'customer', ticket)
        self.assertFalse(message.author_id)
        self.assertEqual(message.email_from, '"Visitor" <visitor@x.example>')

    def test_rating_with_feedback_is_no_message_of_the_customer(self):
        message = self.post(user=self.portal_client)
        self.env['rating.rating'].create({
            'res_model_id': self.env['ir.model']._get_id('helpdesk.ticket'),
            'res_id': self.ticket.id,
            'message_id': message.id,
            'rating': 5,
            'consumed': True,
        })
        self.assertKind(message, None)

    def test_rating_by_link_is_automatic(self):
        token = self.ticket._rating_get_access_token()
        self.ticket.sudo().rating_apply(5, token=token, feedback="Thank you")
        self.assertKind(self.ticket.message_ids[0], 'automatic')

    def test_internal_user_who_is_the_customer_is_no_agent(self):
        ticket = self.create_ticket(partner_id=self.outsider.partner_id.id)
        self.assertKind(self.post(user=self.outsider, ticket=ticket), 'customer', ticket)

    def test_internal_user_of_the_clients_company_is_no_agent(self):
        self.outsider.partner_id.parent_id = self.client
        self.assertKind(self.post(user=self.outsider), 'customer')

    def test_colleague_answers_our_own_employee(self):
        self.agent.partner_id.parent_id = self.company.partner_id
        self.outsider.partner_id.parent_id = self.company.partner_id
        ticket = self.create_ticket(partner_id=self.outsider.partner_id.id)
        self.assertKind(self.post(ticket=ticket), 'agent', ticket)

    def test_the_request_itself_is_no_answer_even_if_an_agent_sent_it(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        message = self.post(ticket=ticket, message_type='email',
                            subtype_xmlid='helpdesk_sla.mt_ticket_new')
        self.assertKind(message, None, ticket)

    def test_only_an_answer_of_ours_ends_the_first_response(self):
        for values in (
            {'user': self.portal_client},
            {'subtype_xmlid': 'mail.mt_note'},
            {'message_type': 'auto_comment'},
            {'message_type': 'out_of_office'},
            {'user': self.env.ref('base.user_root')},
        ):
            self.post(**values)
            self.assertFalse(self.ticket.first_response_date, values)
        self.post()
        self.assertTrue(self.ticket.first_response_date)

    def test_customer_reopens_but_a_machine_does_not(self):
        self.move(self.ticket, self.stage_solved)
        self.post(user=self.env.ref('base.user_root'), author_id=self.client_contact.id,
                  message_type='out_of_office')
        self.assertEqual(self.ticket.stage_id, self.stage_solved)
        self.post(user=self.portal_client)
        self.assertEqual(self.ticket.stage_id, self.stage_progress)

    def test_portal_user_in_two_companies_gets_no_agent_rights_by_following(self):
        self.ticket.message_subscribe(self.portal_other.partner_id.ids)
        self.portal_other.company_ids = [Command.link(self.other_company.id)]
        self.assertKind(self.post(user=self.portal_other), 'customer')


@tagged('post_install', '-at_install')
class TestMailHeaders(BaseCase):
    """ Machines are known by their headers. """

    def message(self, **headers):
        message = EmailMessage()
        for name, value in headers.items():
            message[name.replace('_', '-')] = value
        return message

    def test_automatic(self):
        for headers, automatic in (
            ({}, False),
            ({'Auto_Submitted': 'no'}, False),
            ({'Auto_Submitted': 'auto-replied'}, True),
            ({'Auto_Submitted': 'Auto-Generated; type=x'}, True),
            ({'X_Autoreply': 'yes'}, True),
            ({'X_Autorespond': 'Out of office'}, True),
            ({'Precedence': 'auto_reply'}, True),
            ({'Precedence': 'bulk'}, False),
            ({'Return_Path': '<>'}, True),
            ({'Return_Path': '<a@b.example>'}, False),
        ):
            with self.subTest(headers):
                self.assertEqual(mail_headers.is_automatic(self.message(**headers)), automatic)

    def test_unanswerable(self):
        for headers, sender, unanswerable in (
            ({}, 'anna@b.example', False),
            ({}, '', False),
            ({'Auto_Submitted': 'auto-replied'}, 'anna@b.example', True),
            ({'Precedence': 'list'}, 'anna@b.example', True),
            ({'List_Id': '<news.b.example>'}, 'anna@b.example', True),
            ({'X_Auto_Response_Suppress': 'DR, AutoReply'}, 'anna@b.example', True),
            ({'X_Auto_Response_Suppress': 'DR'}, 'anna@b.example', False),
            ({}, 'no-reply@b.example', True),
            ({}, 'noreply.shop@b.example', True),
            ({}, 'MAILER-DAEMON@b.example', True),
            ({}, 'noreplyless@b.example', False),
        ):
            with self.subTest(headers=headers, sender=sender):
                self.assertEqual(
                    mail_headers.is_unanswerable(self.message(**headers), sender), unanswerable,
                )
