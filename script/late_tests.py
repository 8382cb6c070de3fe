"""The `odoo` command, with every test run after all addons are loaded.

Odoo runs a test marked `at_install` (the default) as soon as its own addon is loaded: an addon
that builds on it would not be there yet, and the test would say nothing about it.
"""

import odoo.cli
from odoo.tests import loader
from odoo.tests.suite import OdooSuite

make_suite = loader.make_suite


def make_late_suite(module_names, position="at_install"):
    if position == "at_install":
        return OdooSuite()
    return OdooSuite(
        test
        for place in ("at_install", "post_install")
        for test in make_suite(module_names, place)
    )


loader.make_suite = make_late_suite
odoo.cli.main()
