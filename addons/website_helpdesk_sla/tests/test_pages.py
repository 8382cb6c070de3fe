from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from .common import WebsiteHelpdeskCommon


@tagged('post_install', '-at_install')
class TestPages(WebsiteHelpdeskCommon):

    def test_index_lists_the_teams_that_take_requests(self):
        self.team.website_form_summary = "When a machine stops"
        page = self.url_open('/helpdesk').text
        self.assertIn("Machine Room", page)
        self.assertIn("When a machine stops", page)
        self.assertIn("Front Office", page)
        self.assertNotIn("Back Office", page)

    def test_index_of_one_team_is_its_page(self):
        self.other_team.is_published = False
        self.assertTrue(self.url_open('/helpdesk').url.endswith(self.team.website_url))

    def test_index_without_teams_says_so(self):
        (self.team | self.other_team).is_published = False
        self.assertIn("No team takes requests", self.url_open('/helpdesk').text)

    def test_page_holds_the_form_of_its_team(self):
        response = self.url_open(self.team.website_url)
        self.assertEqual(response.status_code, 200)
        self.assertIn('data-model_name="helpdesk.ticket"', response.text)
        self.assertIn(f"'team_id': {self.team.id}", response.text.replace('&#39;', "'"))
        self.assertNotIn('data-oe-model', response.text)

    def test_page_moves_with_the_name(self):
        old_url = self.team.website_url
        self.team.name = "Engine Room"
        response = self.url_open(old_url)
        self.assertTrue(response.url.endswith(f'/helpdesk/engine-room-{self.team.id}'))

    def test_page_of_a_closed_team_is_not_found(self):
        for url in (
            self.closed_team.website_url, '/helpdesk/nothing', '/helpdesk/x-99999999999999999999',
            '/helpdesk/x-0',
        ):
            with self.subTest(url=url):
                self.assertEqual(self.url_open(url).status_code, 404)

    def test_page_of_a_closed_team_is_seen_by_those_who_prepare_it(self):
        self.authenticate('form_agent', 'form_agent')
        self.assertEqual(self.url_open(self.closed_team.website_url).status_code, 404)
        new_test_user(self.env, 'form_manager', groups='helpdesk_sla.group_helpdesk_manager')
        self.authenticate('form_manager', 'form_manager')
        response = self.url_open(self.closed_team.website_url)
        self.assertEqual(response.status_code, 200)
        self.assertIn("Publish it", response.text)

    def test_edited_page_is_the_own_page_of_the_team(self):
        self.team.website_form = '<section><h2>Ring the bell</h2></section>'
        self.assertIn("Ring the bell", self.url_open(self.team.website_url).text)
        other = self.url_open(self.other_team.website_url).text
        self.assertNotIn("Ring the bell", other)
        self.assertIn("helpdesk_ticket_form", other)

    def test_edited_form_keeps_its_parts(self):
        form = self.env['ir.qweb']._render('website_helpdesk_sla.helpdesk_team_default_form', {
            'form_limits': {'files': 3, 'upload_mb': 4},
        })
        manager = new_test_user(
            self.env, 'form_manager', groups='helpdesk_sla.group_helpdesk_manager',
        )
        self.team.with_user(manager).website_form = form
        for part in (
            'data-model_name="helpdesk.ticket"', 'name="team_id"', 'name="homepage_url"',
            'data-max-files-number="3"', '<select', '<textarea', 'type="file"',
            'data-success-page="/helpdesk/thank-you"',
        ):
            self.assertIn(part, self.team.website_form)

    def test_sitemap_names_the_public_pages(self):
        self.env['ir.attachment'].search([('url', '=like', '/sitemap%')]).unlink()
        sitemap = self.url_open('/sitemap.xml').text
        self.assertIn('/helpdesk</loc>', sitemap)
        self.assertIn(f'{self.team.website_url}</loc>', sitemap)
        self.assertNotIn(self.closed_team.website_url, sitemap)
        self.assertNotIn('/helpdesk/thank-you', sitemap)

    def test_website_of_another_company_is_refused(self):
        other_website = self.env['website'].create({
            'name': "Elsewhere",
            'company_id': self.env['res.company'].create({'name': "Elsewhere"}).id,
        })
        with self.assertRaises(ValidationError):
            self.team.website_id = other_website

    def test_visitors_read_no_teams(self):
        for user in (self.website.user_id, self.client):
            self.assertFalse(self.env['helpdesk.team'].with_user(user).has_access('read'))
