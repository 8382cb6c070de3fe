"""E-mail fetched from a real IMAP server, by the stock job (requirement H3)."""

import json
import os
import threading
import urllib.request
from email.message import EmailMessage

import pytest

from .live import MAIL_DOMAIN, ImapServer, Product, wait_until

# what no program understands: no structure, a character set that does not exist, zero bytes
BAD_MAILS = (
    b'\x00\xff\xfe no headers at all',
    b'From: x\r\nTo: imap@' + MAIL_DOMAIN.encode() + b'\r\nMessage-Id: <bad@x.example>\r\n'
    b'Content-Type: multipart/mixed; boundary="never"\r\n\r\n--other\r\n',
)


@pytest.fixture(scope='module')
def imap():
    server = ImapServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope='module')
def product(pytestconfig, imap):
    """The product, with one team whose mailbox is fetched."""
    prefix, _run, pid = pytestconfig.getoption('odoo_database').rsplit('_', 2)
    product = Product(os.environ['TEMPLATE'], f'{prefix}_run_imap_{pid}')
    try:
        product.start()
        [product.team_id] = product.call('helpdesk.team', 'create', [{
            'name': "Fetched", 'alias_name': 'imap',
        }])
        product.servers = product.call('fetchmail.server', 'create', [
            {
                'name': f"Mailbox {number}", 'server_type': 'imap', 'server': '127.0.0.1',
                'port': imap.port, 'user': 'support', 'password': imap.PASSWORD,
            }
            # the same mailbox twice: two fetches that run at the same moment
            for number in range(2)
        ])
        yield product
    finally:
        product.stop()


def mail(number):
    message = EmailMessage()
    message['From'] = f'Client {number} <client{number}@client.example>'
    message['To'] = f'imap@{MAIL_DOMAIN}'
    message['Subject'] = f'Fetched {number}'
    message['Message-Id'] = f'<fetched-{number}@client.example>'
    message.set_content(f"Request {number}")
    return message.as_bytes()


def fetch(product, server_id):
    """Press "Fetch Now" (XML-RPC cannot tell that nothing is returned)."""
    parameters = {'service': 'object', 'method': 'execute_kw', 'args': [
        product.database, 2, 'admin', 'fetchmail.server', 'fetch_mail', [[server_id]],
    ]}
    request = urllib.request.Request(
        f'{product.url}/jsonrpc', json.dumps({'params': parameters}).encode(),
        {'Content-Type': 'application/json'},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        answer = json.load(response)
    assert 'error' not in answer, answer['error']


def subjects(product):
    return sorted(
        ticket['name']
        for ticket in product.read('helpdesk.ticket', [('team_id', '=', product.team_id)], 'name')
        if ticket['name'].startswith('Fetched')
    )


def test_job_fetches_what_is_unseen_once(product, imap):
    imap.deliver('support', *map(mail, range(3)))
    first, _second = product.servers
    product.call('fetchmail.server', 'button_confirm_login', [first])
    [job] = product.call('ir.cron', 'search', [
        ('model_id.model', '=', 'fetchmail.server'), ('active', 'in', (True, False)),
    ])
    product.call('ir.cron', 'method_direct_trigger', [job])
    expected = ['Fetched 0', 'Fetched 1', 'Fetched 2']
    wait_until(lambda: subjects(product) == expected, "the mails to be fetched")
    assert imap.count_unseen('support') == 0
    fetch(product, first)
    assert subjects(product) == expected


def test_bad_mail_does_not_keep_the_others(product, imap):
    first, _second = product.servers
    imap.deliver('support', BAD_MAILS[0], mail(10), BAD_MAILS[1], mail(11))
    fetch(product, first)
    assert {'Fetched 10', 'Fetched 11'} <= {*subjects(product)}
    assert imap.count_unseen('support') == 0


def test_two_fetches_at_once_make_no_ticket_twice(product, imap):
    product.call('fetchmail.server', 'button_confirm_login', product.servers)
    imap.deliver('support', *map(mail, range(20, 40)))
    errors = []

    def try_to_fetch(server_id):
        try:
            fetch(product, server_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
            errors.append(error)

    fetches = [threading.Thread(target=try_to_fetch, args=(id_,)) for id_ in product.servers]
    for thread in fetches:
        thread.start()
    for thread in fetches:
        thread.join(120)
    assert not errors
    found = [name for name in subjects(product) if name in {f'Fetched {n}' for n in range(20, 40)}]
    assert found == sorted(f'Fetched {n}' for n in range(20, 40))
    assert imap.count_unseen('support') == 0
