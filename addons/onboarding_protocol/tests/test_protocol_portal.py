""" The protocol in the portal: who sees it, and what a phone sends (P6). """

import base64

from odoo import http
from odoo.tests import HttpCase, tagged

from .test_protocol import SCAN, SIGNATURE, ProtocolCase


@tagged('post_install', '-at_install')
class TestProtocolPortal(ProtocolCase, HttpCase):

    def setUp(self):
        super().setUp()
        self.access = self.env['implementation.access'].create({
            'project_id': self.project.id, 'name': "Production", 'url': 'https://erp.example',
            'login': "anna-the-client",
        })
        self.protocol = self.send()
        self.path = f'/my/implementation/{self.project.id}/protocol'
        self.env.flush_all()

    def login(self, user):
        self.authenticate(user.login, user.login)

    def get(self, query='', user=None, path=None):
        self.login(user or self.portal_client)
        return self.url_open((path or self.path) + query)

    def post(self, action, data, user=None, files=None, token=None):
        self.login(user or self.portal_client)
        response = self.url_open(
            f'{self.path}/{action}',
            data={
                'csrf_token': http.Request.csrf_token(self),
                'access_token': token or self.protocol.access_token, **data,
            },
            files=files,
        )
        self.env.invalidate_all()
        return response

    def post_sign(self, user=None, token=None, content_hash=None):
        self.login(user or self.portal_client)
        token = token or self.protocol.access_token
        content_hash = content_hash or self.protocol._get_content_hash()
        result = self.make_jsonrpc_request(
            f'{self.path}/sign?access_token={token}&content_hash={content_hash}',
            {'name': "Anna Nowak", 'signature': SIGNATURE},
        )
        self.env.invalidate_all()
        return result

    def all_ticked(self):
        return {f'is_done-{line.id}': '1' for line in self.protocol.line_ids} | {
            f'remark-{line.id}': '' for line in self.protocol.line_ids
        }

    # === SEEING === #

    def test_P6_the_coordinator_ticks_and_signs(self):
        page = self.get(f'?access_token={self.protocol.access_token}').text
        self.assertIn("An order prints a delivery slip", page)
        self.assertNotIn('portal.signature_form', page)
        page = self.post('save', self.all_ticked()).text
        self.assertEqual(self.protocol.answered_count, 2)
        self.assertIn("Saved.", page)
        self.assertIn('portal.signature_form', page)
        self.assertNotIn("anna-the-client", self.get(path='/my/implementation').text)
        result = self.post_sign()
        self.assertTrue(result['force_refresh'], result)
        self.assertRecordValues(self.protocol, [{
            'state': 'signed', 'signed_by': "Anna Nowak", 'signed_ip': '127.0.0.1',
        }])
        self.assertIn(self.protocol.signed_hash, self.get().text)
        page = self.get(path='/my/implementation').text
        self.assertIn("anna-the-client", page)
        self.assertIn("Signed by Anna Nowak", page)

    def test_P6_nobody_else_sees_it(self):
        for user in (self.portal_other, self.outsider, self.agent):
            for suffix in ('', '/pdf'):
                response = self.get(
                    f'?access_token={self.protocol.access_token}', user, self.path + suffix,
                )
                self.assertNotIn("An order prints a delivery slip", response.text)
                self.assertNotIn(suffix or '/protocol', response.url)
        self.authenticate(None, None)
        response = self.url_open(f'{self.path}?access_token={self.protocol.access_token}')
        self.assertIn('/web/login', response.url)

    def test_P6_nobody_else_does_anything(self):
        line = self.protocol.line_ids[0]
        for user in (self.portal_other, self.outsider, self.consultant):
            self.post('save', self.all_ticked(), user)
            self.post('refuse', {'reason': "No", 'line_id': line.id}, user)
            self.post('scan', {'name': "x"}, user, {'scan': ('scan.pdf', SCAN)})
            self.assertIn('error', self.post_sign(user))
        self.assertEqual(self.protocol.state, 'sent')
        self.assertFalse(self.protocol.answered_count)

    def test_P6_colleagues_of_the_coordinator_read_it(self):
        colleague = self.create_user('colleague', 'base.group_portal')
        colleague.partner_id.write({
            'parent_id': self.client.id, 'helpdesk_portal_role': 'company',
        })
        page = self.get(user=colleague).text
        self.assertIn("An order prints a delivery slip", page)
        self.assertNotIn(f'{self.path}/save', page)
        self.assertIn("Only Client", self.post('save', self.all_ticked(), colleague).text)
        self.assertIn("Only Client", self.post_sign(colleague)['error'])
        self.assertFalse(self.protocol.answered_count)

    def test_P6_an_old_link_leads_to_the_version_that_holds(self):
        old = self.protocol.access_token
        self.protocol.with_user(self.consultant).action_draft()
        self.env.flush_all()
        page = self.get(f'?access_token={old}').text
        self.assertIn("nothing to sign at the moment", page)
        self.protocol.with_user(self.consultant).action_send()
        self.env.flush_all()
        page = self.get(f'?access_token={old}').text
        self.assertIn("earlier version", page)
        self.assertNotIn(f'{self.path}/save', page)
        self.assertNotIn(self.protocol.access_token, page)
        self.assertIn("earlier version", self.post('save', self.all_ticked(), token=old).text)
        self.assertIn("earlier version", self.post_sign(token=old)['error'])
        self.assertIn(f'{self.path}/save', self.get().text)

    def test_P6_changes_need_a_post_with_the_token_of_the_session(self):
        self.login(self.portal_client)
        for action in ('save', 'refuse', 'scan'):
            url = f'{self.path}/{action}'
            self.assertIn(self.url_open(url).status_code, (404, 405))
            self.assertEqual(self.url_open(url, data={'reason': "No"}).status_code, 400)

    # === DOING === #

    def test_P6_a_remark_is_shown_as_it_was_written(self):
        line = self.protocol.line_ids[0]
        page = self.post('save', {f'remark-{line.id}': '<script>alert(1)</script>'}).text
        self.assertNotIn('<script>alert(1)', page)
        self.assertEqual(line.remark, '<script>alert(1)</script>')

    def test_P6_an_exception_without_a_remark_is_told_on_the_page(self):
        line = self.protocol.line_ids[0]
        page = self.post('save', {f'is_exception-{line.id}': '1', f'remark-{line.id}': ''}).text
        self.assertIn("write in the remark", page)
        self.assertFalse(line.is_exception)

    def test_P6_refused_in_the_portal(self):
        line = self.protocol.line_ids[0]
        page = self.post('refuse', {'reason': "The slip is empty", 'line_id': line.id}).text
        self.assertEqual(self.protocol.state, 'refused')
        self.assertIn("The slip is empty", page)
        self.assertIn("nothing to sign at the moment", page)

    def test_P6_a_scan_is_uploaded(self):
        page = self.post(
            'scan', {'name': "Anna Nowak"}, files={'scan': ('scan.pdf', SCAN)},
        ).text
        self.assertEqual(self.protocol.state, 'scan')
        self.assertEqual(base64.b64decode(self.protocol.scan), SCAN)
        self.assertIn("We have received the signed copy", page)
        self.assertIn("confirms it", self.post_sign()['error'])

    def test_P6_a_signature_that_cannot_be_read(self):
        self.post('save', self.all_ticked())
        self.login(self.portal_client)
        for signature in ("no picture", 7, None, ''):
            result = self.make_jsonrpc_request(
                f'{self.path}/sign?access_token={self.protocol.access_token}'
                f'&content_hash={self.protocol._get_content_hash()}',
                {'name': "Anna Nowak", 'signature': signature},
            )
            self.assertIn("ignature", result['error'])
        self.env.invalidate_all()
        self.assertEqual(self.protocol.state, 'sent')

    def test_P6_the_pdf_in_the_portal(self):
        response = self.get(path=f'{self.path}/pdf')
        self.assertEqual(response.status_code, 200)
        self.assertIn("Go-live Protocol", response.text)

    # === TICKETS === #

    def test_P6_the_client_reads_that_a_ticket_is_before_the_go_live(self):
        before = self.create_ticket(partner_id=self.client_contact.id)
        page = self.get(path=f'/my/tickets/{before.id}').text
        self.assertIn("ticket_before_golive", page)
        self.tick(self.protocol)
        self.sign(self.protocol)
        after = self.create_ticket(partner_id=self.client_contact.id)
        self.assertNotIn("ticket_before_golive", self.get(path=f'/my/tickets/{after.id}').text)
        self.assertIn("ticket_before_golive", self.get(path=f'/my/tickets/{before.id}').text)
