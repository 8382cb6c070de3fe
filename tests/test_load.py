"""A thousand e-mails, two workers, and a power cut in the middle (requirement H3).

The e-mails come as from a mail server: each of the two queues hands over one after the other and
repeats what was not confirmed. So an e-mail that was taken in when the server died before it could
say so comes again.
"""

import http.client
import os
import threading
import time
import xmlrpc.client
from collections import Counter
from email.message import EmailMessage

import pytest

from .live import MAIL_DOMAIN, Product, wait_until

MAILS = 1000
# these are handed over by both queues, as a client's two mail servers do
IN_BOTH_QUEUES = 25
PATIENCE = 300  # seconds


@pytest.fixture(scope='module')
def product(pytestconfig):
    prefix, _run, pid = pytestconfig.getoption('odoo_database').rsplit('_', 2)
    product = Product(os.environ['TEMPLATE'], f'{prefix}_run_load_{pid}', workers=2)
    try:
        product.start()
        [product.team_id] = product.call('helpdesk.team', 'create', [{
            'name': "Busy", 'alias_name': 'busy',
        }])
        yield product
    finally:
        product.stop()


def mail(number):
    message = EmailMessage()
    message['From'] = f'Client {number} <client{number}@load.example>'
    message['To'] = f'busy@{MAIL_DOMAIN}'
    message['Subject'] = f'Load {number:04}'
    message['Message-Id'] = f'<load-{number}@load.example>'
    message.set_content(f"Request {number}")
    return xmlrpc.client.Binary(message.as_bytes())


class Queue(threading.Thread):
    """A mail server that hands over its e-mails in order, each until it is taken."""

    def __init__(self, product, numbers):
        super().__init__(daemon=True)
        self.product, self.numbers = product, numbers
        self.repeated = 0
        self.given_up = []

    def run(self):
        # what the stock gateway script calls
        url = f'{self.product.url}/xmlrpc/2/object'
        for number in self.numbers:
            stop = time.monotonic() + PATIENCE
            while True:
                try:
                    with xmlrpc.client.ServerProxy(url, allow_none=True) as server:
                        server.execute_kw(
                            self.product.database, 2, 'admin', 'mail.thread', 'message_process',
                            [False, mail(number)],
                        )
                    break
                except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
                    self.repeated += 1
                    if time.monotonic() > stop:
                        self.given_up.append((number, repr(error)))
                        break
                    time.sleep(0.5)


def count(product):
    return product.call('helpdesk.ticket', 'search_count', [('team_id', '=', product.team_id)])


def test_thousand_mails_and_a_power_cut(product):
    both = {number for number in range(MAILS) if not number % IN_BOTH_QUEUES}
    queues = [
        Queue(product, [number for number in range(MAILS) if number % 2 == odd or number in both])
        for odd in range(2)
    ]
    for queue in queues:
        queue.start()
    wait_until(lambda: count(product) >= MAILS * 0.4, "the first of the mails", PATIENCE)
    product.kill_server()
    product.start_server()
    assert count(product) < MAILS, "the cut came too late to prove anything"
    for queue in queues:
        queue.join(PATIENCE)
        assert not queue.is_alive()
        assert not queue.given_up
    assert sum(queue.repeated for queue in queues), "no mail met the power cut"

    tickets = product.read(
        'helpdesk.ticket', [('team_id', '=', product.team_id)], 'name', 'ticket_ref',
        'message_ids', 'partner_email',
    )
    names = Counter(ticket['name'] for ticket in tickets)
    assert names == Counter(f'Load {number:04}' for number in range(MAILS))
    assert len({ticket['ticket_ref'] for ticket in tickets}) == MAILS
    numbers = [
        int(ticket['name'].split()[1])
        for ticket in sorted(tickets, key=lambda ticket: ticket['id'])
    ]
    for odd in range(2):
        own = [number for number in numbers if number % 2 == odd and number not in both]
        assert own == sorted(own), "each queue's mails are taken in its order"
    # whole, not half: each has its text, once
    messages = product.call('mail.message', 'search_count', [
        ('model', '=', 'helpdesk.ticket'), ('message_type', '=', 'email'),
        ('message_id', '=like', '<load-%@load.example>'),
    ])
    assert messages == MAILS
