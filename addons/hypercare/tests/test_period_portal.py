from odoo.tests import HttpCase, tagged

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestPeriodPortal(HypercareCommon, HttpCase):
    """ What the client sees (G3). """

    def _open(self, user, url='/my/hypercare'):
        self.authenticate(user.login, user.login)
        return self.url_open(url)

    def test_G3_the_coordinator_follows_the_window(self):
        self.period.action_start()
        page = self._open(self.portal)
        self.assertIn("Hypercare: Lantern Books", page.text)
        self.assertIn(self.supervisor.name, page.text)

    def test_G3_a_colleague_with_the_whole_companys_view_sees_it_too(self):
        self.colleague.partner_id.helpdesk_portal_role = 'company'
        self.assertIn("Hypercare: Lantern Books", self._open(self.colleague).text)

    def test_G3_others_see_nothing(self):
        url = f'/my/hypercare/{self.period.id}'
        for user in (self.colleague, self.other_portal):
            page = self._open(user)
            self.assertNotIn("Lantern Books", page.text)
            self.assertIn("No hypercare is planned", page.text)
            self.assertFalse(self._open(user, url).url.endswith(url))

    def test_G3_a_canceled_window_is_not_shown(self):
        self.period._cancel("Not wanted")
        self.assertIn("No hypercare is planned", self._open(self.portal).text)

    def test_G7_what_is_promised_is_shown_while_it_runs(self):
        self.env['helpdesk.sla'].create({
            'name': "Answer within the hour", 'company_id': self.company.id, 'time': 1,
            'target': 'first_response', 'only_hypercare': True,
        })
        self.period.action_start()
        self.assertIn("Answer within the hour", self._open(self.portal).text)
        self.period.with_user(self.manager)._close("Done")
        self.assertNotIn("Answer within the hour", self._open(self.portal).text)
