from odoo.tests import HttpCase, tagged

from .common import ImplementationHypercareCommon


@tagged('post_install', '-at_install')
class TestGolivePortal(ImplementationHypercareCommon, HttpCase):
    """ Does the client find the way from the implementation to hypercare? """

    def _open(self, login, project):
        self.authenticate(login, login)
        return self.url_open(f'/my/implementation/{project.id}').text

    def test_G3_my_implementation_leads_to_hypercare(self):
        text = self._open('coordinator', self.project)
        self.assertIn(f'/my/hypercare/{self.period.id}', text)
        page = self.url_open(f'/my/hypercare/{self.period.id}')
        self.assertIn(self.period.name, page.text)

    def test_G3_without_a_window_there_is_no_way_to_it(self):
        self.project.with_hypercare = False
        self.assertNotIn('implementation_hypercare', self._open('coordinator', self.project))

    def test_another_client_sees_no_window_of_this_one(self):
        self.authenticate('other_coordinator', 'other_coordinator')
        text = self.url_open('/my/implementation').text
        self.assertNotIn(f'/my/hypercare/{self.period.id}', text)
        page = self.url_open(f'/my/hypercare/{self.period.id}')
        self.assertNotIn(self.period.name, page.text)
