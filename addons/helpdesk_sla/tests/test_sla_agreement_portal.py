""" Agreements in the portal: who sees them, and who can sign. """

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .test_sla_agreement import AgreementCase

# a transparent pixel
SIGNATURE = (
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg'
    'gg=='
)


@tagged('post_install', '-at_install')
class TestAgreementPortal(AgreementCase, HttpCase):

    def setUp(self):
        super().setUp()
        self.agreement = self.create_agreement(
            signed=False, contact_id=self.client_contact.id, terms="<p>Three months' notice</p>",
        )
        self.agreement.action_mark_sent()
        self.token = self.agreement._portal_ensure_token()
        self.env.flush_all()

    def login(self, user):
        if user:
            self.authenticate(user.login, user.login)
        else:
            self.authenticate(None, None)

    def page(self, path, user=None):
        self.login(user)
        return self.url_open(path)

    def sign(self, user=None, token=None, agreement=None, name="Anna Nowak", signature=SIGNATURE):
        """ Send what the signature form sends. """
        self.login(user)
        agreement = agreement or self.agreement
        result = self.make_jsonrpc_request(
            f'/my/agreements/{agreement.id}/accept?access_token={token or ""}',
            {'name': name, 'signature': signature},
        )
        self.env.invalidate_all()
        return result

    # === SEEING === #

    def test_clients_see_what_was_sent_to_their_company(self):
        colleague = self.create_user('colleague', 'base.group_portal')
        colleague.partner_id.parent_id = self.client
        draft = self.create_agreement(signed=False, date_start='2027-01-01')
        for user in (self.portal_client, colleague):
            page = self.page('/my/agreements', user).text
            self.assertIn(self.agreement.name, page)
            self.assertNotIn(draft.name, page)
            page = self.page(f'/my/agreements/{self.agreement.id}', user).text
            self.assertIn("16 h", page)
            self.assertIn("Three months", page)

    def test_another_client_sees_nothing(self):
        self.assertNotIn(
            self.agreement.name, self.page('/my/agreements', self.portal_other).text,
        )
        self.assertTrue(self.page(
            f'/my/agreements/{self.agreement.id}', self.portal_other,
        ).url.endswith('/my'))

    def test_employees_do_not_find_clients_agreements_in_their_portal(self):
        for user in (self.manager, self.outsider):
            self.assertNotIn(self.agreement.name, self.page('/my/agreements', user).text)

    def test_with_the_link(self):
        path = f'/my/agreements/{self.agreement.id}'
        self.assertIn("16 h", self.page(f'{path}?access_token={self.token}').text)
        for query in ('', '?access_token=', '?access_token=wrong'):
            self.assertNotIn("16 h", self.page(f'{path}{query}').text)

    def test_nothing_to_see_while_it_is_revised(self):
        self.agreement.action_draft()
        self.env.flush_all()
        path = f'/my/agreements/{self.agreement.id}?access_token={self.token}'
        for user in (None, self.portal_client, self.manager):
            self.assertNotIn("16 h", self.page(path, user).text)
        self.assertIn('error', self.sign(token=self.token))

    def test_the_pdf(self):
        path = f'/my/agreements/{self.agreement.id}?report_type=pdf'
        self.assertEqual(
            self.page(f'{path}&access_token={self.token}').headers['Content-Type'],
            'application/pdf',
        )
        self.assertNotEqual(self.page(path).headers['Content-Type'], 'application/pdf')

    # === SIGNING === #

    def test_sign_with_the_link(self):
        result = self.sign(token=self.token)
        self.assertTrue(result.get('force_refresh'), result)
        self.assertRecordValues(self.agreement, [{
            'state': 'running', 'signed_by': "Anna Nowak", 'step': 'signed',
        }])
        self.assertTrue(self.agreement.signature)
        self.assertTrue(self.agreement.policy_ids)
        message = self.agreement.message_ids.filtered('attachment_ids')
        self.assertEqual(message.author_id, self.client_contact)
        self.assertEqual(message.attachment_ids.name, f'{self.agreement.name}.pdf')
        self.assertIn("Anna Nowak", message.body)
        self.assertIn("Thank you", self.page(result['redirect_url']).text)

    def test_sign_as_a_portal_user(self):
        self.sign(self.portal_client)
        self.assertEqual(self.agreement.step, 'signed')
        self.assertEqual(
            self.agreement.message_ids.filtered('attachment_ids').author_id, self.client_contact,
        )

    def test_the_ticket_that_came_first_falls_under_it(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.sign(token=self.token)
        self.run_refresh()
        self.assertEqual(self.promises(ticket), {'first_response': 1, 'resolution': 16})

    def assertNotSigned(self, result):
        self.assertTrue(result['error'])
        self.assertNotEqual(self.agreement.step, 'signed')
        self.assertFalse(self.agreement.signature)
        self.assertFalse(self.agreement.policy_ids)

    def test_not_with_a_wrong_link(self):
        self.assertNotSigned(self.sign())
        self.assertNotSigned(self.sign(token='wrong'))
        other = self.create_agreement(signed=False, partner_id=self.other_client.id)
        self.assertNotSigned(self.sign(token=other._portal_ensure_token()))

    def test_not_by_another_client(self):
        self.assertNotSigned(self.sign(self.portal_other))

    def test_not_by_our_own_people(self):
        """ Who reads the agreement, or has the client's link at hand, is not the client. """
        for user in (self.agent, self.manager):
            for token in (None, self.agreement._portal_ensure_token()):
                self.assertIn('error', self.sign(user, token=token))
        self.assertEqual(self.agreement.step, 'sent')

    def test_not_twice(self):
        self.sign(token=self.token)
        self.assertIn('error', self.sign(token=self.token, name="Somebody Else"))
        self.assertEqual(self.agreement.signed_by, "Anna Nowak")

    def test_not_when_the_offer_is_over(self):
        self.agreement.action_draft()
        self.agreement.date_end = '2026-03-03'
        self.agreement.action_mark_sent()
        self.go_to('wed 09:00')
        self.assertNotSigned(self.sign(token=self.token))

    def test_not_without_name_or_signature(self):
        self.assertNotSigned(self.sign(token=self.token, name=" "))
        self.assertNotSigned(self.sign(token=self.token, name=None))
        self.assertNotSigned(self.sign(token=self.token, signature=None))

    def test_not_when_another_is_valid(self):
        self.create_agreement()
        self.env.flush_all()
        result = self.sign(token=self.token)
        self.assertIn("already signed", result['error'])
        self.assertNotSigned(result)

    def test_a_broken_signature_is_refused(self):
        for signature in ('abc', 'bm90IGFuIGltYWdl'):
            with self.subTest(signature=signature):
                self.assertNotSigned(self.sign(token=self.token, signature=signature))

    # === RIGHTS === #

    def test_clients_read_nothing_behind_it(self):
        agreement = self.agreement.with_user(self.portal_client)
        self.assertEqual(agreement.read(['name'])[0]['name'], self.agreement.name)
        for name in ('line_ids', 'liability_ids', 'policy_ids'):
            with self.subTest(name=name), self.assertRaises(AccessError):
                agreement[name].mapped('display_name')
        with self.assertRaises(AccessError):
            agreement.read(['monthly_fee'])
        for change in (
            lambda: agreement.write({'step': 'signed'}),
            agreement.action_mark_sent,
            agreement.action_new_version,
        ):
            with self.assertRaises(AccessError):
                change()

    def test_agents_change_nothing(self):
        agreement = self.agreement.with_user(self.agent)
        self.assertTrue(agreement.read(['name', 'state']))
        for change in (
            lambda: agreement.write({'user_id': self.agent.id}),
            agreement.action_mark_sent,
            agreement.action_draft,
            agreement.action_new_version,
            lambda: agreement.read(['monthly_fee']),
        ):
            with self.assertRaises(AccessError):
                change()
        values, = agreement.with_user(self.leader).read(['monthly_fee'])
        self.assertEqual(values['monthly_fee'], 0)
