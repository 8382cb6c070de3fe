"""What every other test of this folder takes for granted."""

from pathlib import Path

from odoo.tests import HttpCase, TransactionCase

ADDONS = Path(__file__).parents[1] / "addons"


class TestEnvironment(TransactionCase):
    def test_every_own_addon_is_installed(self):
        names = {path.parent.name for path in ADDONS.glob("*/__manifest__.py")}
        installed = self.env["ir.module.module"].search(
            [("name", "in", list(names)), ("state", "=", "installed")],
        )
        self.assertEqual(set(installed.mapped("name")), names)


class TestBrowser(HttpCase):
    def test_login_page_in_a_browser(self):
        self.browser_js(
            "/web/login",
            "document.querySelector('input[name=login]') && console.log('test successful')",
        )
