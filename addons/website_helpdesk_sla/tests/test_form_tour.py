from odoo.tests import new_test_user, tagged

from .common import WebsiteHelpdeskCommon


@tagged('post_install', '-at_install')
class TestFormTour(WebsiteHelpdeskCommon):

    def test_visitor_sends_a_request_with_a_file(self):
        self.start_tour(self.team.website_url, 'website_helpdesk_sla_visitor')
        ticket = self._tickets()
        self.assertRecordValues(ticket, [{
            'team_id': self.team.id,
            'name': "Invoices cannot be posted",
            'partner_email': 'vera@visitor.example',
            'priority': '2',
        }])
        self.assertEqual(
            self.env['ir.attachment'].search([
                ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
            ]).mapped('name'),
            ['screenshot.txt'],
        )

    def test_refusal_is_shown_beside_the_button(self):
        self.env['ir.config_parameter'].set_param('website_helpdesk_sla.max_requests', '0')
        self.start_tour(self.team.website_url, 'website_helpdesk_sla_refused')
        self.assertFalse(self._tickets())

    def test_portal_user_finds_the_form_filled_in(self):
        self.start_tour(
            self.team.website_url, 'website_helpdesk_sla_portal', login='form_client',
        )
        self.assertEqual(self._tickets().partner_id, self.client.partner_id)

    def test_manager_edits_the_form_of_one_team(self):
        new_test_user(
            self.env, 'form_manager', groups='helpdesk_sla.group_helpdesk_manager',
        )
        self.start_tour(
            self.env['website'].get_client_action_url(self.team.website_url, True),
            'website_helpdesk_sla_edit', login='form_manager', timeout=180,
        )
        self.assertIn("Building", self.team.website_form)
        self.assertNotIn('data-oe-', self.team.website_form)
        self.assertFalse(self.other_team.website_form)
        self.authenticate(None, None)
        page = self.url_open(self.team.website_url).text
        self.assertIn("Building", page)
        self.assertNotIn("Building", self.url_open(self.other_team.website_url).text)
        self.start_tour(self.team.website_url, 'website_helpdesk_sla_edited')
        self.assertIn("Building : North wing", self._tickets().description)

    def test_designer_puts_a_form_on_any_page(self):
        self.start_tour(
            self.env['website'].get_client_action_url('/contactus', True),
            'website_helpdesk_sla_action', login='admin', timeout=180,
        )
        self.authenticate(None, None)
        page = self.url_open('/contactus').text
        self.assertIn('data-model_name="helpdesk.ticket"', page)
        self.assertIn('data-success-page="/helpdesk/thank-you"', page)
