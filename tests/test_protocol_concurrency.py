"""A go-live protocol is signed wholly or not at all, whoever else signs (requirement P6)."""

import subprocess
import sys
from pathlib import Path

import pytest

from odoo import Command
from odoo.exceptions import UserError

from .live import wait_until
from .test_concurrency import office  # noqa: F401 - a fixture

# a transparent pixel
SIGNATURE = (
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg'
    'gg=='
)
PEOPLE = 3

# signs, and is stopped where `{method}` ends: everything until there is done, nothing committed
SLOW_SIGNATURE = """
import time
Model = type(env['{model}'])
original = Model.{method}
def slowly(self, *args, **kwargs):
    result = original(self, *args, **kwargs)
    self.env.flush_all()
    print('ready', flush=True)
    time.sleep(300)
    return result
Model.{method} = slowly
protocol = env['golive.protocol'].browse({protocol_id})
user = env['res.users'].browse({user_id})
protocol.project_id.with_user(user).sudo()._portal_sign_protocol(
    user.partner_id, protocol.access_token, protocol._get_content_hash(), "Anna Nowak",
    {signature!r}, '192.0.2.7',
)
env.cr.commit()
"""


@pytest.fixture
def sent(office):  # noqa: F811
    """The ids of a protocol that waits for its signature, and of the user who may sign it."""
    def make(env):
        env = env(context={**env.context, 'no_reset_password': True})
        company = env['helpdesk.team'].browse(office.team_id).company_id
        client = env['res.partner'].create({'name': "Client", 'is_company': True})
        number = env['golive.protocol'].search_count([])
        user = env['res.users'].create({
            'name': "Anna Nowak", 'login': f'anna{number}@client.example',
            'email': f'anna{number}@client.example', 'tz': 'Europe/Warsaw',
            'group_ids': [Command.set(env.ref('base.group_portal').ids)],
        })
        user.partner_id.parent_id = client
        phases = env['implementation.phase'].create([
            {'name': "Before", 'sequence': 901},
            {'name': "After", 'sequence': 902, 'is_live': True, 'gate_ids': [
                Command.create({'kind': 'protocol_signed', 'is_mandatory': True}),
            ]},
        ])
        project = env['project.project'].create({
            'name': "Implementation", 'implementation_kind': 'implementation',
            'partner_id': client.id, 'coordinator_id': user.partner_id.id,
            'company_id': company.id, 'phase_ids': [Command.set(phases.ids)],
            'checklist_item_ids': [Command.create({'name': "It works"})],
        })
        protocol = env['golive.protocol'].create({'project_id': project.id})
        protocol.action_send()
        protocol.line_ids.is_done = True
        return protocol.id, user.id

    return office.work(make)


def signing(protocol_id, user_id, told):
    """Return a task that signs, and tells how it ended."""
    page = {}

    def sign(env):
        protocol = env['golive.protocol'].browse(protocol_id)
        user = env['res.users'].browse(user_id)
        # the page that is signed was loaded before anybody signed
        page.setdefault('token', protocol.access_token)
        page.setdefault('hash', protocol._get_content_hash())
        try:
            with env.cr.savepoint():
                protocol.project_id.with_user(user).sudo()._portal_sign_protocol(
                    user.partner_id, page['token'], page['hash'], "Anna Nowak", SIGNATURE,
                    '192.0.2.7',
                )
        except UserError as error:
            told.append(str(error))
        else:
            told.append('signed')

    return sign


def look(office, protocol_id):  # noqa: F811
    """Return what became of a protocol and its implementation."""
    def tell(env):
        protocol = env['golive.protocol'].browse(protocol_id)
        project = protocol.project_id
        return {
            'state': protocol.state,
            'number': protocol.number,
            'live': bool(project.golive_datetime),
            'phase': project.phase_id.name,
            'passages': project.passage_ids.mapped('phase_id.name'),
            'documents': len(project.message_ids.attachment_ids),
            'updates': len(project.update_ids),
            'next': env.ref('onboarding_protocol.ir_sequence_protocol').number_next_actual,
        }

    return office.work(tell)


def test_P6_of_people_who_sign_at_once_one_wins_and_the_others_read_why(office, sent):  # noqa: F811
    before = look(office, sent[0])
    told = []
    office.work_at_once(*(signing(*sent, told) for _person in range(PEOPLE)))
    after = look(office, sent[0])
    # the loser's attempt that the database took back told nothing
    assert told.count('signed') == 1
    assert len(told) == PEOPLE
    assert all("signed already, by Anna Nowak" in text for text in told if text != 'signed')
    assert after == {
        'state': 'signed', 'number': f'GLP{before["next"]:05}', 'live': True, 'phase': "After",
        'passages': ["After", "Before"], 'documents': 1, 'updates': 1, 'next': before['next'] + 1,
    }


def test_P6_two_protocols_signed_at_once_have_two_numbers_without_a_gap(office, sent):  # noqa: F811
    other = office.work(lambda env: env['golive.protocol'].browse(sent[0]).project_id.copy({
        'coordinator_id': env['res.users'].browse(sent[1]).partner_id.id,
    }).id)

    def send(env):
        protocol = env['golive.protocol'].create({'project_id': other})
        protocol.action_send()
        protocol.line_ids.is_done = True
        return protocol.id

    other_id = office.work(send)
    first = look(office, sent[0])['next']
    told = []
    office.work_at_once(signing(*sent, told), signing(other_id, sent[1], told))
    assert told == ['signed', 'signed']
    numbers = {look(office, protocol_id)['number'] for protocol_id in (sent[0], other_id)}
    assert numbers == {f'GLP{first:05}', f'GLP{first + 1:05}'}


def test_P6_the_checklist_changes_while_somebody_signs(office, sent):  # noqa: F811
    """Either it was signed before the change, or the signature is refused."""
    told = []

    def change(env):
        env['golive.protocol'].browse(sent[0]).project_id.checklist_item_ids = [
            Command.create({'name': "Backups run"}),
        ]

    office.work_at_once(signing(*sent, told), change)
    after = look(office, sent[0])
    if told == ['signed']:
        assert after['state'] == 'signed'
        assert after['live']
    else:
        assert "new version has to be sent" in told[-1]
        assert after['state'] == 'sent'
        assert not after['live']


@pytest.mark.parametrize(('model', 'method'), [
    ('golive.protocol', 'write'),
    ('project.project', '_log_passage'),
    ('project.project', '_action_go_live'),
    ('golive.protocol', '_announce_signature'),
])
def test_P6_a_kill_in_the_middle_leaves_nothing_behind(office, sent, model, method):  # noqa: F811
    before = look(office, sent[0])
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name('odoo'), 'shell', '-d', office.database, '--no-http',
            '--log-level=critical', '--shell-interface=python',
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    try:
        process.stdin.write(SLOW_SIGNATURE.format(
            model=model, method=method, protocol_id=sent[0], user_id=sent[1], signature=SIGNATURE,
        ))
        process.stdin.close()
        lines = iter(process.stdout.readline, '')
        assert any(line.strip() == 'ready' for line in lines)
    finally:
        process.kill()
        process.wait()

    def is_free(env):
        project = env['golive.protocol'].browse(sent[0]).project_id
        return project.try_lock_for_update() == project

    wait_until(lambda: office.work(is_free), "the killed signature's locks to go")
    assert look(office, sent[0]) == before
    assert before['state'] == 'sent'
    told = []
    office.work(signing(*sent, told))
    assert told == ['signed']
    after = look(office, sent[0])
    assert after['number'] == f'GLP{before["next"]:05}'
    assert (after['live'], after['documents'], after['updates']) == (True, 1, 1)
    assert after['passages'] == ["After", "Before"]
