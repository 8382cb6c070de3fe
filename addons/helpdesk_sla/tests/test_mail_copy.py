from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.helpdesk_sla.tests.test_mail_gateway import MailGatewayCase


@tagged('post_install', '-at_install')
class TestMailCopy(MailGatewayCase):
    """ Those in copy: colleagues of the sender follow, nobody else learns anything. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # who may create contacts: stock decides that by a right of its own
        cls.agent.group_ids |= cls.env.ref('base.group_partner_manager')
        cls.colleague, cls.stranger = cls.env['res.partner'].create([
            {'name': "Colleague", 'email': 'colleague@client.test', 'parent_id': cls.client.id},
            {'name': "Stranger", 'email': 'stranger@other.test', 'parent_id': cls.other_client.id},
        ])

    def receive_copied(self, *emails, **headers):
        return self.receive(**{
            'From': self.client_contact.email, 'Cc': ', '.join(emails), **headers,
        })

    def count_contacts(self):
        return self.env['res.partner'].search_count([])

    # === WHO FOLLOWS === #

    def test_colleague_in_copy_follows(self):
        ticket = self.receive_copied(self.colleague.email)
        self.assertIn(self.colleague, ticket.message_partner_ids)
        self.assertFalse(ticket.email_cc)
        self._init_mail_mock()
        self.agent_answers(ticket)
        self.assertTrue(self.mails_to(self.colleague.email))

    def test_colleague_who_is_written_to_as_well_follows(self):
        ticket = self.receive(
            From=self.client_contact.email, To=f'{self.address}, {self.colleague.email}',
        )
        self.assertIn(self.colleague, ticket.message_partner_ids)

    def test_colleague_in_copy_of_an_answer_follows(self):
        ticket = self.receive(From=self.client_contact.email)
        self.answer(ticket, From=self.client_contact.email, Cc=self.colleague.email)
        self.assertIn(self.colleague, ticket.message_partner_ids)

    def test_contact_of_another_client_is_only_named(self):
        ticket = self.receive_copied(self.stranger.email)
        self.assertNotIn(self.stranger, ticket.message_partner_ids)
        self.assertIn(self.stranger.email, ticket.email_cc)
        self._init_mail_mock()
        self.agent_answers(ticket)
        self.assertFalse(self.mails_to(self.stranger.email))

    def test_unknown_address_is_only_named(self):
        before = self.count_contacts()
        ticket = self.receive_copied('"Boss, Big" <boss@client.test>')
        self.assertIn('boss@client.test', ticket.email_cc)
        self.assertEqual(self.count_contacts(), before)
        self._init_mail_mock()
        self.agent_answers(ticket)
        self.assertFalse(self.mails_to('boss@client.test'))

    def test_unknown_sender_brings_nobody_in(self):
        ticket = self.receive(Cc=f'{self.colleague.email}, {self.stranger.email}')
        self.assertFalse(
            (self.colleague | self.stranger) & ticket.message_partner_ids,
        )

    def test_stranger_who_answers_brings_nobody_in(self):
        ticket = self.receive(From=self.client_contact.email)
        self.answer(ticket, From=self.stranger.email, Cc=self.colleague.email)
        self.assertNotIn(self.colleague, ticket.message_partner_ids)
        self.assertIn(self.colleague.email, ticket.email_cc)

    def test_one_of_us_in_copy_does_not_follow(self):
        self.agent2.partner_id.parent_id = self.client
        ticket = self.receive_copied(self.agent2.email)
        self.assertNotIn(self.agent2.partner_id, ticket.message_partner_ids)

    def test_our_own_addresses_are_nobody(self):
        self.env['res.partner'].create({
            'name': "Loop", 'email': self.address, 'parent_id': self.client.id,
        })
        ticket = self.receive_copied(self.address, self.mail_alias_domain.catchall_email)
        self.assertFalse(ticket.email_cc)
        self.assertFalse(
            ticket.message_partner_ids.filtered(lambda partner: partner.email == self.address),
        )

    def test_machine_brings_nobody_in(self):
        ticket = self.receive(From=self.client_contact.email)
        self.answer(
            ticket, From=self.client_contact.email, Cc=self.colleague.email,
            Auto_Submitted='auto-replied',
        )
        self.assertNotIn(self.colleague, ticket.message_partner_ids)

    # === WHAT THE AGENT DECIDES === #

    def test_agent_adds_somebody_in_copy(self):
        ticket = self.receive_copied('"Boss, Big" <boss@client.test>', self.stranger.email)
        ticket.with_user(self.agent).action_follow_in_copy('boss@client.test')
        boss = ticket.message_partner_ids.filtered(
            lambda partner: partner.email == 'boss@client.test',
        )
        self.assertEqual(boss.name, "Boss, Big")
        self.assertNotIn('boss', ticket.email_cc)
        self.assertIn(self.stranger.email, ticket.email_cc)

    def test_agent_adds_a_contact_that_exists(self):
        ticket = self.receive_copied(self.stranger.email)
        before = self.count_contacts()
        ticket.with_user(self.agent).action_follow_in_copy(self.stranger.email)
        self.assertIn(self.stranger, ticket.message_partner_ids)
        self.assertEqual(self.count_contacts(), before)

    def test_only_who_is_in_copy_is_added(self):
        ticket = self.receive_copied(self.stranger.email)
        with self.assertRaises(UserError):
            ticket.with_user(self.agent).action_follow_in_copy('somebody@else.test')

    def test_agent_makes_a_contact_of_the_sender(self):
        ticket = self.receive()
        ticket.with_user(self.agent).action_create_contact()
        self.assertRecordValues(ticket.partner_id, [{
            'name': "Anna Nowak", 'email': 'anna@nowak.example',
        }])

    def test_right_to_create_contacts_is_kept(self):
        ticket = self.receive()
        with self.assertRaises(AccessError):
            ticket.with_user(self.agent2).action_create_contact()

    def test_contact_who_has_the_address_is_linked(self):
        ticket = self.receive()
        partner = self.env['res.partner'].create({
            'name': "Anna", 'email': 'Anna@Nowak.example',
        })
        before = self.count_contacts()
        ticket.with_user(self.agent).action_create_contact()
        self.assertEqual(ticket.partner_id, partner)
        self.assertEqual(self.count_contacts(), before)

    def test_our_own_address_becomes_no_contact(self):
        ticket = self.receive(From=self.address)
        with self.assertRaises(UserError):
            ticket.with_user(self.agent).action_create_contact()

    def test_answering_creates_no_contact(self):
        ticket = self.receive(Cc='boss@client.test')
        before = self.count_contacts()
        as_agent = ticket.with_user(self.agent)
        suggested = as_agent._message_get_suggested_recipients(
            reply_discussion=True, no_create=False,
        )
        self.assertNotIn('boss@client.test', [recipient['email'] for recipient in suggested])
        as_agent._partner_find_from_emails_single(
            ['anna@nowak.example', 'boss@client.test'], no_create=False,
        )
        self.assertEqual(self.count_contacts(), before)
        typed = as_agent._partner_find_from_emails_single(['chosen@else.test'], no_create=False)
        self.assertEqual(typed.email, 'chosen@else.test')

    def test_stranger_who_wrote_in_copy_is_not_suggested(self):
        ticket = self.receive_copied(self.stranger.email)
        suggested = ticket.with_user(self.agent)._message_get_suggested_recipients(
            reply_discussion=True,
        )
        self.assertNotIn(
            self.stranger.id, [recipient['partner_id'] for recipient in suggested],
        )
