from odoo import http
from odoo.tests import HttpCase, tagged

from .test_review import ReviewCase


@tagged('post_install', '-at_install')
class TestReviewPortal(ReviewCase, HttpCase):
    """ The client reads the review in the portal, signs it off, and gets the document (G6, G7). """

    def setUp(self):
        super().setUp()
        self.path = f'/my/hypercare/{self.period.id}'
        self.item = self.add_item(
            'refine', "Returns take <b>long</b>", process="Returns", note="They are impatient",
        )

    def get(self, user=None, path=None):
        user = user or self.portal
        self.authenticate(user.login, user.login)
        self.env.flush_all()
        return self.url_open(path or self.path)

    def post(self, user=None, **data):
        user = user or self.portal
        self.authenticate(user.login, user.login)
        content_hash = self.review._get_content_hash()
        self.env.flush_all()
        response = self.url_open(f'{self.path}/review/sign', data={
            'csrf_token': http.Request.csrf_token(self), 'name': "Anna Nowak", 'is_confirmed': '1',
            'content_hash': content_hash, **data,
        })
        self.env.invalidate_all()
        return response

    def test_G6_the_coordinator_reads_and_signs(self):
        self.assertNotIn("Returns take", self.get().text)
        self.hold()
        page = self.get().text
        self.assertIn("Returns take &lt;b&gt;long", page)
        self.assertIn("review/sign", page)
        self.assertNotIn("They are impatient", page)
        page = self.post(comment="See <you> soon").text
        self.assertRecordValues(self.review, [{
            'state': 'signed', 'signed_by': "Anna Nowak", 'signed_comment': "See <you> soon",
            'signer_id': self.coordinator.id,
        }])
        self.assertIn("See &lt;you&gt; soon", page)
        self.assertIn("The review is signed off", page)
        self.assertNotIn("review/sign", page)

    def test_G6_signed_twice_the_first_signature_stays(self):
        self.hold()
        self.post()
        page = self.post(name="Somebody Else").text
        self.assertIn("signed off already", page)
        self.assertEqual(self.review.signed_by, "Anna Nowak")

    def test_G6_a_name_and_the_box_are_needed(self):
        self.hold()
        self.assertIn("fill in the name", self.post(name="  ").text)
        page = self.post(is_confirmed='', comment="My thoughts").text
        self.assertIn("tick that you have read", page)
        self.assertIn("My thoughts", page)
        self.assertEqual(self.review.state, 'held')

    def test_G6_what_changed_meanwhile_is_read_again(self):
        self.hold()
        self.assertIn("was changed since", self.post(content_hash='old').text)
        self.assertEqual(self.review.state, 'held')

    def test_G6_a_colleague_reads_and_does_not_sign(self):
        self.colleague.partner_id.helpdesk_portal_role = 'company'
        self.hold()
        page = self.get(self.colleague).text
        self.assertIn("Returns take", page)
        self.assertNotIn("review/sign", page)
        self.assertIn(f"Only {self.coordinator.name}", self.post(self.colleague).text)
        self.assertEqual(self.review.state, 'held')

    def test_G6_nobody_else_sees_or_signs_it(self):
        self.hold()
        for user in (self.colleague, self.other_portal, self.insider, self.supervisor):
            self.assertNotIn("Returns take", self.get(user).text)
            self.assertNotIn("Returns take", self.post(user).text)
        self.assertEqual(self.review.state, 'held')
        self.authenticate(None, None)
        self.assertIn('/web/login', self.url_open(self.path).url)

    def test_G6_one_of_us_does_not_sign_for_the_client(self):
        self.supervisor.partner_id.parent_id = self.client
        self.period.coordinator_id = self.supervisor.partner_id
        self.hold()
        self.assertNotIn("review/sign", self.get(self.supervisor).text)
        self.post(self.supervisor)
        self.assertEqual(self.review.state, 'held')

    def test_G6_signing_needs_the_token_of_the_session(self):
        self.hold()
        self.authenticate(self.portal.login, self.portal.login)
        url = f'{self.path}/review/sign'
        self.assertIn(self.url_open(url).status_code, (404, 405))
        self.assertEqual(self.url_open(url, data={'name': "Anna"}).status_code, 400)

    def test_G6_an_agenda_is_read_before_the_meeting(self):
        self.review.with_user(self.supervisor).action_schedule()
        page = self.get().text
        self.assertIn("To decide together", page)
        self.assertNotIn("Returns take", page)

    def test_G7_the_client_gets_the_hand_over_document(self):
        path = f'{self.path}/handover'
        self.assertNotIn('/handover', self.get().text)
        self.assertNotIn('/handover', self.get(path=path).url)
        self.period.with_user(self.manager)._close("Done")
        self.assertIn('/handover', self.get().text)
        response = self.get(path=path)
        self.assertEqual(response.headers['Content-Type'].split(';')[0], 'application/pdf')
        self.assertIn('attachment', response.headers['Content-Disposition'])
        for user in (self.colleague, self.other_portal, self.insider):
            self.assertNotIn('/handover', self.get(user, path).url)
        self.period.with_user(self.manager)._reopen("Too early")
        self.assertNotIn('/handover', self.get(path=path).url)
