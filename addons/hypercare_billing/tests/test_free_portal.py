from odoo.tests import HttpCase, tagged

from .common import HypercareBillingCommon


@tagged('post_install', '-at_install')
class TestFreePortal(HypercareBillingCommon, HttpCase):
    """ Does the client read what is free of charge? """

    def _open(self, url):
        self.authenticate('test_portal', 'test_portal')
        return self.url_open(url).text

    def test_S7_the_page_of_a_ticket_says_that_it_is_free(self):
        self.period.free_in_window = 'questions'
        self._log(self.ticket, 1)
        text = self._open(f'/my/tickets/{self.ticket.id}')
        self.assertIn("Included in your hypercare", text)
        self.assertNotIn("See your support pack", text)

    def test_S7_the_page_of_hypercare_says_what_is_free(self):
        self.period.coordinator_id = self.contact
        self.assertNotIn('hypercare_free', self._open(f'/my/hypercare/{self.period.id}'))
        self.period.free_in_window = 'questions'
        text = self._open(f'/my/hypercare/{self.period.id}')
        self.assertIn("Questions and changes of settings", text)
        self.period.free_in_window = 'support'
        self.assertIn("All support", self._open(f'/my/hypercare/{self.period.id}'))
