"""What the tests of this folder share: the running product, and people at browsers."""

import os
import re
import resource
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from odoo.tools import config

from .live import CHROMIUM, CHROMIUM_ARGUMENTS, Product

DESKTOP = {'width': 1440, 'height': 900}
BROWSER_TIMEOUT = 60_000  # milliseconds: what a busy machine needs


@pytest.fixture(scope='session')
def product(pytestconfig):
    """A running server on a copy of the prepared database, with a mailbox behind it."""
    prefix, _run, pid = pytestconfig.getoption('odoo_database').rsplit('_', 2)
    product = Product(os.environ['TEMPLATE'], f'{prefix}_run_live_{pid}')
    try:
        product.start()
        yield product
    finally:
        product.stop()


@pytest.fixture(scope='session')
def browser():
    """A real Chromium, of the machine or of the set-up."""
    # Odoo limits the memory of its process; Chromium reserves more than that, and would inherit it
    limit, hard_limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard_limit, hard_limit))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS,
        )
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard_limit))
        yield browser
        browser.close()


@pytest.fixture
def person(product, browser, request):
    """A function that gives somebody a browser of their own, logged in when a login is given.

    What each of them sees when the test fails is kept as a picture.
    """
    pages = {}

    def sit_down(login=None, viewport=DESKTOP):
        context = browser.new_context(
            base_url=product.url, viewport=viewport, locale='en-US', timezone_id='Europe/Warsaw',
        )
        context.set_default_timeout(BROWSER_TIMEOUT)
        page = pages[login or 'visitor'] = context.new_page()
        if login:
            page.goto('/web/login')
            page.fill('input[name=login]', login)
            page.fill('input[name=password]', login)
            page.locator('form.oe_login_form button[type=submit]').click()
            page.wait_for_url(re.compile('/(odoo|my)'), wait_until='commit')
        return page

    yield sit_down
    failed = getattr(request.node, 'failed_in_call', False)
    for name, page in pages.items():
        if failed:
            folder = Path(config['screenshots'] or '.') / request.node.name
            page.screenshot(path=folder / f'{name}.png')
        page.context.close()


def pytest_collection_modifyitems(items):
    """Run Odoo's own classes of tests first, where the servers and browsers of ours are not yet.

    After each of its classes Odoo ends all child processes.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: 0 if here not in item.path.parents else 1 if item.cls else 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tell the fixtures of a test whether it failed."""
    report = yield
    if report.when == 'call':
        item.failed_in_call = report.failed
    return report
