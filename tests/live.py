"""The product as its users meet it: a server process, a mail server and a browser.

Nothing in here is mocked. The server runs on a copy of the prepared database and commits; its mails
go through SMTP to a mailbox in this process, answers come in through the stock gateway script.
"""

import grp
import imaplib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
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


class ImapServer:
    """Dovecot, with a mailbox in a temporary folder for whoever logs in with the password.

    It was unpacked by script/bootstrap and is not installed. It finds its parts by settings, but
    for the folder of its modules, which one library names: a copy of that library names another.
    """

    PASSWORD = 'secret'
    _MODULES = b'/usr/lib/dovecot/modules'

    def __init__(self):
        self.port = _free_port()
        self._server = None
        self._folder = None
        # as long as the name that it stands for
        self._modules = Path('/tmp/dovecot-' + secrets.token_hex(6)[:11])

    def start(self):
        root = Path(shutil.which('doveconf')).parents[1] / 'root'
        parts = root / 'usr/lib/dovecot'
        self._folder = Path(tempfile.mkdtemp(prefix='dovecot'))
        self._folder.chmod(0o755)
        self._modules.symlink_to(parts / 'modules')
        library = (parts / 'libdovecot.so.0').read_bytes()
        assert len(str(self._modules)) == len(self._MODULES)
        assert library.count(self._MODULES + b'\0') == 1
        (self._folder / 'lib').mkdir()
        (self._folder / 'lib/libdovecot.so.0').write_bytes(
            library.replace(self._MODULES, str(self._modules).encode()),
        )
        # no mail of root: that is refused
        user = 'nobody' if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
        mail = self._folder / 'mail'
        mail.mkdir()
        if os.geteuid() == 0:
            shutil.chown(mail, user, group)
        configuration = self._folder / 'dovecot.conf'
        configuration.write_text(f"""
base_dir = {self._folder}/run
state_dir = {self._folder}/state
libexec_dir = {parts}
login_plugin_dir = {parts}/modules/login
mail_plugin_dir = {parts}/modules
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
log_path = {self._folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{mail}/%u
import_environment = TZ LD_LIBRARY_PATH
passdb {{
  driver = static
  args = password={self.PASSWORD}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={mail}/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
""")
        self._server = subprocess.Popen(
            [
                root / 'usr/bin/doveconf', '-f', 'service=master', '-c', configuration,
                '-e', root / 'usr/sbin/dovecot', '-F', '-c', configuration,
            ],
            env={**os.environ, 'LD_LIBRARY_PATH': ':'.join(map(str, [
                self._folder / 'lib', parts, parts / 'modules/old-stats',
                *root.glob('usr/lib/*-linux-gnu'), *root.glob('lib/*-linux-gnu'),
            ]))},
            stdin=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the IMAP server to start", 30)

    def stop(self):
        if self._server:
            self._server.terminate()
            try:
                self._server.wait(20)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._modules.unlink(missing_ok=True)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self):
        if self._server.poll() is not None:
            log = self._folder / 'dovecot.log'
            raise AssertionError(f"dovecot ended: {log.exists() and log.read_text()[-2000:]}")
        try:
            with self.connect('nobody'):
                return True
        except (OSError, imaplib.IMAP4.error):
            return False

    def connect(self, user):
        """Return a connection of a user, to be used as a context manager."""
        connection = imaplib.IMAP4('127.0.0.1', self.port, timeout=10)
        connection.login(user, self.PASSWORD)
        return connection

    def deliver(self, user, *sources):
        """Put e-mails, as bytes, into somebody's inbox."""
        with self.connect(user) as connection:
            for source in sources:
                status, answer = connection.append('INBOX', None, None, source)
                assert status == 'OK', answer

    def count_unseen(self, user):
        with self.connect(user) as connection:
            connection.select(readonly=True)
            return len(connection.search(None, 'UNSEEN')[1][0].split())


class Product:
    """A running server on its own copy of the prepared database."""

    def __init__(self, template, database, workers=0, jobs=1):
        self.database = database
        self.workers, self.jobs = workers, jobs
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
        self._smtp_port = smtp_port
        self.start_server()
        self._set_up_mail()

    def start_server(self):
        """Start the server, in a process group of its own so that it can be killed as a whole."""
        self._log = open(Path(config['data_dir']) / 'live.log', 'a')  # noqa: SIM115 - the server's
        self._server = subprocess.Popen(
            [
                Path(sys.executable).with_name('odoo'),
                '-d', self.database, f'--db-filter=^{self.database}$',
                f'--http-port={self.port}', f'--gevent-port={_free_port()}',
                f'--workers={self.workers}', f'--max-cron-threads={self.jobs}',
                '--smtp=127.0.0.1', f'--smtp-port={self._smtp_port}',
                f'--email-from=notifications@{MAIL_DOMAIN}', '--log-level=warn',
            ],
            stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._answers, "the server to start", START_TIMEOUT)

    def kill_server(self):
        """End the server and its workers as a power cut does."""
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()
        self._log.close()

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

    def press(self, model, method, ids, login):
        """Press a button: call a method that returns nothing, which XML-RPC cannot say."""
        try:
            self.call(model, method, ids, login=login, password=login)
        except xmlrpc.client.Fault as fault:
            # what it did was committed before its answer could not be written
            if 'cannot marshal None' not in fault.faultString:
                raise

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
