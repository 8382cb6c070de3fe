"""Every page of the customers, at a desk and on a phone, for eyes, keyboards and screen readers."""

import pytest

from .customer_pages import find_overflow, find_violations, get_addresses

WINDOWS = {'desktop': {'width': 1440, 'height': 900}, 'phone': {'width': 390, 'height': 844}}


@pytest.mark.parametrize('window', WINDOWS)
def test_every_page_passes_the_accessibility_checks_and_fits_the_window(product, person, window):
    people, findings = {}, []
    for login, address in get_addresses(product):
        if login not in people:
            people[login] = person(login, viewport=WINDOWS[window])
        page = people[login]
        response = page.goto(address)
        page.wait_for_load_state('networkidle')
        assert response.ok, address
        findings += [f'{address}: {finding}' for finding in find_violations(page)]
        findings += [f'{address}: wider than the window: {html}' for html in find_overflow(page)]
    assert not findings, '\n'.join(findings)
