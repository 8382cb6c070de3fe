"""Telegram as its users meet it: two servers on one database, one of which is killed (H3, S4).

The servers, the database and the webhook are real; Telegram is `fake_telegram`, a server on this
machine that behaves as the Bot API documents, and which like Telegram delivers again what was not
confirmed. Here it delivers everything twice besides.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import requests

from odoo.tools import config

from odoo.addons.helpdesk_sla_telegram.tests.fake_telegram import FakeTelegram

from .live import Product, _free_port, wait_until

TOKEN = '7000000001:AAE-live'
PEOPLE = 8
MESSAGES = 12
# seconds; the jobs of a busy machine
PATIENCE = 240


class Server:
    """One more server on the database of a product; it can be killed."""

    def __init__(self, product):
        self.port = _free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self._database = product.database
        self._process = None

    def start(self):
        log_path = Path(config['data_dir']) / f'{self._database}_second.log'
        with open(log_path, 'a') as log:
            self._process = subprocess.Popen(
                [
                    Path(sys.executable).with_name('odoo'),
                    '-d', self._database, f'--db-filter=^{self._database}$',
                    f'--http-port={self.port}', f'--gevent-port={_free_port()}',
                    '--workers=0', '--max-cron-threads=1', '--log-level=warn',
                ],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )
        wait_until(self._answers, "the second server to start", PATIENCE)

    def _answers(self):
        try:
            with urllib.request.urlopen(f'{self.url}/web/health', timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def kill(self):
        """End it without a chance to finish anything."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def office(pytestconfig):
    """A product of its own, a second server on its database, and a bot at a Telegram."""
    prefix, _run, pid = pytestconfig.getoption('odoo_database').rsplit('_', 2)
    product = Product(os.environ['TEMPLATE'], f'{prefix}_run_telegram_{pid}')
    telegram = FakeTelegram(TOKEN)
    second = Server(product)
    try:
        product.start()
        second.start()
        team, = product.read('helpdesk.team', [('name', '=', "Technical Support")], 'name')
        bot = product.call('helpdesk.telegram.bot', 'create', {
            'name': "Support in Telegram", 'team_id': team['id'], 'api_url': telegram.url,
            'token_input': TOKEN,
        })
        product.call('helpdesk.telegram.bot', 'action_connect', [bot])
        yield product, second, telegram
    finally:
        second.kill()
        product.stop()
        telegram.stop()


def get_code(product, login):
    """Return a code that somebody asks for in the portal."""
    session = requests.Session()

    def send(path, **data):
        form = session.get(f'{product.url}{path}', timeout=60).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
        data['csrf_token'] = token
        return session.post(
            f'{product.url}{path if "login" in data else "/my/telegram/code"}', data=data,
            timeout=60,
        ).text

    send('/web/login', login=login, password=login)
    return re.search(r'id="telegram_code"[^>]*>([A-Z0-9-]+)<', send('/my/telegram'))[1]


class Deliverer(threading.Thread):
    """Telegram's side of a chat: in order, again when it was not confirmed, and then once more."""

    def __init__(self, telegram, urls, updates):
        super().__init__()
        self._telegram, self._urls, self._updates = telegram, urls, updates
        self.confirmed, self.refused = 0, 0

    def run(self):
        for update in self._updates:
            for url in self._urls:
                while not self._deliver(url, update):
                    self.refused += 1
                    time.sleep(0.3)
            self.confirmed += 1

    def _deliver(self, url, update):
        path = '/helpdesk/telegram/webhook/' + self._telegram.webhook['url'].rsplit('/', 1)[1]
        request = urllib.request.Request(f'{url}{path}', json.dumps(update).encode(), {
            'Content-Type': 'application/json',
            'X-Telegram-Bot-Api-Secret-Token': self._telegram.webhook['secret_token'],
        })
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status == 200
        except (OSError, urllib.error.HTTPError):
            return False


def test_conversations_with_two_servers_and_a_kill(office):
    product, second, telegram = office
    urls = [second.url, product.url]
    portal = product.read('ir.model.data', [
        ('module', '=', 'base'), ('name', '=', 'group_portal'),
    ], 'res_id')[0]['res_id']
    logins = [f'telegram{number}' for number in range(PEOPLE)]
    product.call('res.users', 'create', [
        {
            'name': login.title(), 'login': login, 'password': login,
            'email': f'{login}@client.example', 'group_ids': [(6, 0, [portal])],
        }
        for login in logins
    ])
    people = [telegram.person(6000000000 + number, f"P{number}") for number in range(PEOPLE)]
    for person, login in zip(people, logins, strict=True):
        start = telegram.write(person, f'/start {get_code(product, login)}')
        linked = Deliverer(telegram, urls[1:], [start])
        linked.start()
        linked.join(60)
    wait_until(
        lambda: all("linked to your account" in ' '.join(telegram.texts(person['id']))
                    for person in people),
        "everybody to be welcome", PATIENCE,
    )

    deliverers = [
        Deliverer(telegram, urls, [
            telegram.write(person, f'/new Printer request {number}'),
            *(telegram.write(person, f'live {number}-{message}') for message in range(MESSAGES)),
        ])
        for number, person in enumerate(people)
    ]
    for deliverer in deliverers:
        deliverer.start()
    wait_until(
        lambda: sum(deliverer.confirmed for deliverer in deliverers) > PEOPLE * MESSAGES // 3,
        "a third of the messages", PATIENCE,
    )
    second.kill()
    time.sleep(2)
    second.start()
    for deliverer in deliverers:
        deliverer.join(PATIENCE)
    assert sum(deliverer.confirmed for deliverer in deliverers) == PEOPLE * (MESSAGES + 1)
    assert sum(deliverer.refused for deliverer in deliverers), "the kill was felt"

    def states(model):
        return {row['state'] for row in product.read(model, [], 'state')}

    wait_until(
        lambda: states('helpdesk.telegram.update') == {'done'}, "everything to be registered",
        PATIENCE,
    )
    tickets = product.read('helpdesk.ticket', [('name', '=like', 'Printer request %')], 'name')
    assert sorted(ticket['name'] for ticket in tickets) == sorted(
        f'Printer request {number}' for number in range(PEOPLE)
    )
    for ticket in tickets:
        number = ticket['name'].split()[-1]
        comments = product.read('mail.message', [
            ('model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket['id']),
            ('message_type', '=', 'comment'),
        ], 'body')
        bodies = [
            re.sub('<[^>]+>', '', comment['body'])
            for comment in sorted(comments, key=lambda comment: comment['id'])
        ]
        assert bodies == [f'live {number}-{message}' for message in range(MESSAGES)]

    for ticket in tickets:
        product.call(
            'helpdesk.ticket', 'message_post', [ticket['id']], body=f"Answer to {ticket['name']}",
            message_type='comment', subtype_xmlid='mail.mt_comment', login='agent',
            password='agent',
        )
    second.kill()
    wait_until(
        lambda: 'queued' not in states('helpdesk.telegram.message'), "everything to be sent",
        PATIENCE,
    )
    answers = [text.split('\n')[-1] for text in telegram.texts() if "Answer to" in text]
    assert set(answers) == {f"Answer to {ticket['name']}" for ticket in tickets}
    # the one that was under way when the server was killed may have come twice
    assert len(answers) <= len(tickets) + 1
