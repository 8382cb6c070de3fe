from odoo.tests import HttpCase, tagged

# the module, not its classes: what is imported by name is collected as a test of this addon
from odoo.addons.web.tests import test_js


@tagged('post_install', '-at_install')
class TestJs(HttpCase):

    def test_unit_tests_of_the_widgets(self):
        suite = test_js.HOOTCommon._generate_hash(self, '@hypercare')
        self.browser_js(
            f'/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id={suite}',
            '', '', login='admin', timeout=180, success_signal='[HOOT] Test suite succeeded',
            error_checker=test_js.unit_test_error_checker,
        )
