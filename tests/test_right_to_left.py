"""What a customer reads in Persian: from right to left, and nothing falls out of the page.

Portal, website form and mails (the requirements' "no left-to-right assumption").
"""

import re

import pytest

from .customer_pages import find_overflow, find_violations, get_addresses
from .live import text_of

PERSIAN = re.compile('[\u0600-\u06ff]')
CUSTOMER = 'client@kestrel-furniture.example'
WINDOWS = {'desktop': {'width': 1440, 'height': 900}, 'phone': {'width': 390, 'height': 844}}


@pytest.fixture(scope='module')
def persian(product):
    """The product with Persian switched on, for the website and for one customer."""
    lang, = product.call(
        'res.lang', 'search', [('code', '=', 'fa_IR'), ('active', 'in', [True, False])],
    )
    websites = product.call('website', 'search', [])
    wizard = product.call('base.language.install', 'create', {
        'lang_ids': [lang], 'overwrite': False, 'website_ids': websites,
    })
    product.call('base.language.install', 'lang_install', [wizard])
    customers = product.call('res.partner', 'search', [('email', '=', CUSTOMER)])
    product.call('res.partner', 'write', customers, {'lang': 'fa_IR'})
    yield product
    product.call('res.partner', 'write', customers, {'lang': 'en_US'})


@pytest.mark.parametrize('window', WINDOWS)
def test_pages_are_mirrored(persian, person, window):
    people, findings = {}, []
    for login, address in get_addresses(persian):
        if login not in people:
            people[login] = person(login, viewport=WINDOWS[window])
            people[login].goto('/fa')
        page = people[login]
        page.goto(address if login else f'/fa{address}')
        page.wait_for_load_state('networkidle')
        direction = page.evaluate('getComputedStyle(document.querySelector("#wrap")).direction')
        if direction != 'rtl':
            findings.append(f'{address}: runs {direction}')
        if not PERSIAN.search(page.locator('#wrap').inner_text()):
            findings.append(f'{address}: not a word of Persian')
        findings += [f'{address}: {finding}' for finding in find_violations(page)]
        findings += [f'{address}: wider than the window: {html}' for html in find_overflow(page)]
    assert not findings, '\n'.join(findings)


def test_mails_run_from_right_to_left(persian):
    customer, = persian.call('res.partner', 'search', [('email', '=', CUSTOMER)], limit=1)
    ticket = persian.call('helpdesk.ticket', 'create', {
        'name': "برچسب چاپ نمی‌شود", 'partner_id': customer, 'channel': 'form',
    })
    created, = persian.read('helpdesk.ticket', [('id', '=', ticket)], 'ticket_ref')
    reference = created['ticket_ref']
    acknowledgement = text_of(persian.mailbox.wait_for(CUSTOMER, reference))
    assert re.search(r'<html[^>]*dir="rtl"', acknowledgement)
    persian.call(
        'helpdesk.ticket', 'message_post', [ticket], body="لطفاً چاپگر را دوباره روشن کنید.",
        message_type='comment', subtype_xmlid='mail.mt_comment',
    )
    answer = text_of(persian.mailbox.wait_for(CUSTOMER, "دوباره"))
    assert re.search(r'<div[^>]*dir="rtl"[^>]*>', answer)
