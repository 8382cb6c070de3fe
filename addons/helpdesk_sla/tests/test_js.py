from odoo.tests import HttpCase, tagged

from odoo.addons.web.tests.test_js import HOOTCommon, unit_test_error_checker


@tagged('post_install', '-at_install')
class TestJs(HttpCase):

    def test_unit_tests_of_the_widgets(self):
        suite = HOOTCommon._generate_hash(self, '@helpdesk_sla')
        self.browser_js(
            f'/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id={suite}',
            '', '', login='admin', timeout=180, success_signal='[HOOT] Test suite succeeded',
            error_checker=unit_test_error_checker,
        )
