"""The product as its users meet it: a server process, a mail server and a browser.

Nothing in here is mocked. The server runs on a copy of the prepared database and commits; its mails
go through SMTP to a mailbox in this process, answers come in through the stock gateway script.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xmlrpc.client
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller

import odoo
from odoo.tools import config

MAIL_DOMAIN = 'support.example'
START_TIMEOUT = 120  # seconds
CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
NODE_MODULES = Path(shutil.which('rtlcss')).parents[1]
# Chromium phones home unless told not to; there is nothing but this machine here.
CHROMIUM_ARGUMENTS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
]
MAIL_TIMEOUT = 60


def _free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def wait_until(check, what, timeout=MAIL_TIMEOUT):
    """Return the first true result of `check`, called until it has one.

    :raise AssertionError: naming `what` was waited for, after `timeout` seconds
    """
    stop = time.monotonic() + timeout
    while time.monotonic() < stop:
        result = check()
        if result:
            return result
        time.sleep(0.2)
    raise AssertionError(f"waited {timeout} s in vain for {what}")


class Mailbox:
    """An SMTP server that keeps what it is given."""

    def __init__(self):
        self.received = []
        self._controller = Controller(self, hostname='127.0.0.1', port=_free_port())

    def start(self):
        self._controller.start()
        return self._controller.port

    def stop(self):
        self._controller.stop()

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.received.append((envelope.rcpt_tos, message))
        return '250 OK'

    def wait_for(self, recipient, containing=''):
        """Return the first mail to `recipient` whose subject or text has `containing`, and take it.

        :rtype: email.message.EmailMessage
        """
        def find():
            for entry in self.received:
                recipients, message = entry
                content = f'{message["Subject"]} {text_of(message)}'
                if recipient in recipients and containing in content:
                    self.received.remove(entry)
                    return message
            return None

        return wait_until(find, f"a mail to {recipient} with {containing!r}")


def text_of(message):
    """Return the HTML, else the plain text, of a mail."""
    part = message.get_body(('html', 'plain'))
    return part.get_content() if part else ''


def reply_to(mail, sender, text):
    """Return the answer that a person's mail program makes of a mail.

    :param EmailMessage mail: what is answered
    :param str sender: address of who answers
    """
    reply = EmailMessage()
    reply['From'] = sender
    reply['To'] = mail['Reply-To'] or mail['From']
    reply['Subject'] = f'Re: {mail["Subject"]}'
    reply['Message-Id'] = f'<{time.time_ns()}@client.example>'
    reply['In-Reply-To'] = mail['Message-Id']
    reply['References'] = f'{mail["References"] or ""} {mail["Message-Id"]}'.strip()
    reply.set_content(text)
    return reply


class Product:
    """A running server on its own copy of the prepared database."""

    def __init__(self, template, database):
        self.database = database
        self.port = _free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.mailbox = Mailbox()
        self._template = template
        self._filestore = Path(config['data_dir']) / 'filestore'
        self._server = None

    def start(self):
        """Copy the database and the file store, and start the server and the mail server."""
        self._drop()
        subprocess.run(['createdb', '-T', self._template, self.database], check=True)
        if (self._filestore / self._template).is_dir():
            shutil.copytree(
                self._filestore / self._template, self._filestore / self.database,
                copy_function=os.link,
            )
        smtp_port = self.mailbox.start()
        self._log = open(Path(config['data_dir']) / 'live.log', 'w')  # noqa: SIM115 - the server's
        self._server = subprocess.Popen(
            [
                Path(sys.executable).with_name('odoo'),
                '-d', self.database, f'--db-filter=^{self.database}$',
                f'--http-port={self.port}', f'--gevent-port={_free_port()}',
                '--workers=0', '--max-cron-threads=1',
                '--smtp=127.0.0.1', f'--smtp-port={smtp_port}',
                f'--email-from=notifications@{MAIL_DOMAIN}', '--log-level=warn',
            ],
            stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the server to start", START_TIMEOUT)
        self._set_up_mail()

    def stop(self):
        """Stop what `start` started, and remove the copies."""
        if self._server:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.wait(20)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._log.close()
        self.mailbox.stop()
        self._drop()

    def _answers(self):
        if self._server.poll() is not None:
            raise AssertionError(f"the server ended: {Path(self._log.name).read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(f'{self.url}/web/health', timeout=5) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _drop(self):
        subprocess.run(
            ['dropdb', '--if-exists', '--force', self.database],
            check=True, stderr=subprocess.DEVNULL,
        )
        shutil.rmtree(self._filestore / self.database, ignore_errors=True)

    def _set_up_mail(self):
        """Give the company its mail domain, and the server its own address in links."""
        self.call('ir.config_parameter', 'set_param', 'web.base.url', self.url)
        domain = self.call('mail.alias.domain', 'search', [('name', '=', MAIL_DOMAIN)])
        domain = domain or [self.call('mail.alias.domain', 'create', {'name': MAIL_DOMAIN})]
        companies = self.call('res.company', 'search', [])
        self.call('res.company', 'write', companies, {'alias_domain_id': domain[0]})
        self.call('mail.alias', 'write', self.call('mail.alias', 'search', []), {
            'alias_domain_id': domain[0],
        })

    def call(self, model, method, *args, login='admin', password='admin', **kwargs):
        """Call a method over XML-RPC, as a user of the database."""
        server = xmlrpc.client.ServerProxy(f'{self.url}/xmlrpc/2/common', allow_none=True)
        uid = server.authenticate(self.database, login, password, {})
        if not uid:
            raise AssertionError(f"{login} cannot log in")
        objects = xmlrpc.client.ServerProxy(f'{self.url}/xmlrpc/2/object', allow_none=True)
        return objects.execute_kw(self.database, uid, password, model, method, args, kwargs)

    def read(self, model, domain, *fields):
        """Return what admin reads of the records of a domain."""
        return self.call(model, 'search_read', domain, list(fields))

    def receive(self, mail):
        """Hand a mail to the stock gateway script, as a mail server does."""
        gate = Path(odoo.addons.__path__[0]) / 'mail/static/scripts/odoo-mailgate.py'
        subprocess.run(
            [
                sys.executable, gate, '-d', self.database, '--host=127.0.0.1',
                f'--port={self.port}', '-u', '2', '-p', 'admin',
            ],
            input=mail.as_bytes(), check=True,
        )
