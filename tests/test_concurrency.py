"""Two workers at once, with transactions that are really committed (requirements W4, W7).

Whatever the database makes of it (one waits, one is refused and tries again), the end is one that
the same people could have reached one after the other.
"""

import itertools
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import patch

import pytest

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command, Datetime
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import config

from .live import wait_until

# what a job looks like that is stopped half-way: slow enough to be met in the middle
SLOW_JOB = """
import time
Ticket = type(env['helpdesk.ticket'])
refresh = Ticket._sla_refresh_each
def slowly(self):
    time.sleep(0.3)
    return refresh(self)
Ticket._sla_refresh_each = slowly
print('ready', flush=True)
env['helpdesk.ticket']._cron_sla_refresh(batch_size=10)
"""


class Office:
    """A database of its own, in which transactions are committed."""

    def __init__(self, database):
        self.database = database
        # or the tests of the addons would be loaded, to be run while it is set up
        with patch.dict(config.options, test_enable=False):
            self.registry = Registry(database)

    def work(self, task, together=None):
        """Run `task(env)` in a transaction of its own, as a request does: again when refused.

        :param threading.Barrier together: reached when the transaction has seen the database, so
            that none sees what the others are about to do
        """
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': False})
            tries = itertools.count()

            def attempt():
                env.cr.execute("SELECT 1 FROM helpdesk_ticket LIMIT 1")
                if together and not next(tries):
                    together.wait(60)
                return task(env)

            result = retrying(attempt, env)
            cr.commit()
            return result

    def work_at_once(self, *tasks):
        """Run the tasks in as many workers, none of which sees the others before it commits."""
        together = threading.Barrier(len(tasks))
        errors = []

        def run(task):
            try:
                self.work(task, together)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                errors.append(error)

        workers = [threading.Thread(target=run, args=(task,)) for task in tasks]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(120)
        assert not errors, errors

    def make_ticket(self, **values):
        return self.make_tickets(1, **values)[0]

    def make_tickets(self, count, **values):
        return self.work(lambda env: env['helpdesk.ticket'].create([
            {'name': "Twice", 'team_id': self.team_id, 'partner_id': self.partner_id, **values}
        ] * count).ids)

    def story(self, ticket_id):
        """Return what became of a ticket, without the moments at which it did."""
        def tell(env):
            ticket = env['helpdesk.ticket'].browse(ticket_id)
            return {
                'stage': ticket.stage_id.name,
                'stages': sorted(type_ for _stage, _date, type_ in ticket.stage_history),
                'priority': ticket.priority,
                'answered': bool(ticket.first_response_date),
                'waiting': bool(ticket.customer_waiting_since),
                'reopened': ticket.reopen_count,
                'promises': sorted(
                    (status.name, status.cycle, status.state) for status in ticket.sla_status_ids
                ),
                'pauses': sorted(
                    (pause.kind, bool(pause.date_to)) for pause in ticket.sla_pause_ids
                ),
                'messages': len(ticket.message_ids.filtered(
                    lambda message: message.message_type in ('comment', 'email'),
                )),
            }

        return self.work(tell)

    def assert_settled(self, ticket_ids):
        """Check that computing everything anew changes nothing."""
        def look(env):
            statuses = env['helpdesk.ticket'].browse(ticket_ids).sla_status_ids
            return statuses.sorted('id').read([
                'deadline', 'warning_date', 'paused_since', 'result', 'state', 'cycle',
            ])

        def refresh(env):
            env['helpdesk.ticket'].browse(ticket_ids)._sla_refresh()

        before = self.work(look)
        self.work(refresh)
        assert self.work(look) == before


@pytest.fixture(scope='module')
def office(pytestconfig):
    """An office with a team and its policies, in a copy of the prepared database."""
    prefix, _run, pid = pytestconfig.getoption('odoo_database').rsplit('_', 2)
    database = f'{prefix}_run_office_{pid}'
    template = os.environ['TEMPLATE']
    filestore = Path(config['data_dir']) / 'filestore'
    drop = ['dropdb', '--if-exists', '--force', database]
    subprocess.run(drop, check=True, stderr=subprocess.DEVNULL)
    subprocess.run(['createdb', '-T', template, database], check=True)
    try:
        if (filestore / template).is_dir():
            shutil.copytree(filestore / template, filestore / database, copy_function=os.link)
        office = Office(database)
        office.work(lambda env: set_up(env, office))
        yield office
    finally:
        Registry.delete(database)
        odoo.sql_db.close_db(database)
        subprocess.run(drop, check=True, stderr=subprocess.DEVNULL)
        shutil.rmtree(filestore / database, ignore_errors=True)


def set_up(env, office):
    """Create who and what the tests need."""
    env['ir.cron'].search([]).active = False
    company = env['res.company'].create({'name': "Two Desks"})
    calendar = env['resource.calendar'].create({
        'name': "Office", 'tz': 'Europe/Warsaw', 'company_id': company.id,
        'attendance_ids': [Command.clear(), *(
            Command.create({
                'name': "Open", 'dayofweek': str(day), 'hour_from': 0, 'hour_to': 24,
                'day_period': 'morning',
            })
            for day in range(7)
        )],
    })
    stages = env['helpdesk.stage'].create([
        {'name': name, 'stage_type': type_, 'sequence': sequence}
        for sequence, (name, type_) in enumerate((
            ("New", 'open'), ("In Progress", 'open'), ("Waiting", 'customer'),
            ("Solved", 'solved'), ("Canceled", 'cancelled'),
        ))
    ])
    team = env['helpdesk.team'].create({
        'name': "Two Desks", 'company_id': company.id, 'resource_calendar_id': calendar.id,
        'stage_ids': [Command.set(stages.ids)], 'reopen_stage_id': stages[1].id,
    })
    env['helpdesk.sla'].create([
        {'name': "Answer", 'target': 'first_response', 'time': 1},
        {'name': "Again", 'target': 'next_response', 'time': 2},
        {'name': "Solve", 'target': 'resolution', 'time': 8, 'priority_medium': True},
        {'name': "Solve soon", 'target': 'resolution', 'time': 4, 'priority_critical': True},
        {'name': "Begin", 'target': 'stage', 'stage_id': stages[1].id, 'time': 2},
    ])
    policies = env['helpdesk.sla'].search([], order='id desc', limit=5)
    policies.company_id = company
    policies.team_ids = team
    office.team_id, office.calendar_id = team.id, calendar.id
    office.policy_id = policies.filtered(lambda policy: policy.name == "Solve").id
    office.stage_ids = dict(zip(('new', 'progress', 'waiting', 'solved', 'cancelled'), stages.ids))
    office.partner_id = env['res.partner'].create({
        'name': "Customer", 'email': "customer@elsewhere.example",
    }).id
    office.agent_id = env['res.users'].with_context(no_reset_password=True).create({
        'name': "Agent", 'login': 'office_agent', 'company_id': company.id,
        'company_ids': [Command.set(company.ids)],
        'group_ids': [Command.link(env.ref('helpdesk_sla.group_helpdesk_user').id)],
    }).id


def ticket_of(env, office, ticket_id):
    return env['helpdesk.ticket'].with_user(office.agent_id).browse(ticket_id)


def moves(office, stage):
    return lambda env, ticket_id: ticket_of(env, office, ticket_id).write({
        'stage_id': office.stage_ids[stage],
    })


def writes(office, **values):
    return lambda env, ticket_id: ticket_of(env, office, ticket_id).write(values)


def answers(office):
    return lambda env, ticket_id: ticket_of(env, office, ticket_id).message_post(
        body="We look at it", message_type='comment', subtype_xmlid='mail.mt_comment',
    )


def customer_writes(office):
    return lambda env, ticket_id: env['helpdesk.ticket'].browse(ticket_id).message_post(
        body="Is anybody there?", message_type='email', subtype_xmlid='mail.mt_comment',
        author_id=office.partner_id,
    )


def phones(office):
    return lambda env, ticket_id: ticket_of(env, office, ticket_id).action_responded_by_phone()


def reopens(office):
    return lambda env, ticket_id: ticket_of(env, office, ticket_id).action_reopen()


# what happened before, one after the other | what happens at once
MEETINGS = {
    'stage, message and priority': (
        (), (lambda o: moves(o, 'progress'), answers, lambda o: writes(o, priority='3')),
    ),
    'solved while the customer writes': (
        (answers,), (lambda o: moves(o, 'solved'), customer_writes),
    ),
    'two answers': ((answers, customer_writes), (answers, phones)),
    'two messages of the customer': ((answers,), (customer_writes, customer_writes)),
    'the same stage twice': (
        (), (lambda o: moves(o, 'waiting'), lambda o: moves(o, 'waiting')),
    ),
    'reopened twice': (
        (lambda o: moves(o, 'solved'),), (customer_writes, reopens),
    ),
    'solved and canceled': (
        (), (lambda o: moves(o, 'solved'), lambda o: moves(o, 'cancelled')),
    ),
    'paused and answered by the customer': (
        (answers, lambda o: moves(o, 'waiting')),
        (customer_writes, lambda o: moves(o, 'progress')),
    ),
    'the same priority twice': (
        (), (lambda o: writes(o, priority='3'), lambda o: writes(o, priority='3')),
    ),
    'priority from two sides': (
        (), (lambda o: writes(o, priority='3'), lambda o: writes(o, priority='2')),
    ),
}


@pytest.mark.parametrize('meeting', MEETINGS)
def test_at_once_is_one_after_the_other(office, meeting):
    before, at_once = (
        [task(office) for task in tasks] for tasks in MEETINGS[meeting]
    )

    def begin():
        ticket_id = office.make_ticket()
        for task in before:
            office.work(lambda env, task=task: task(env, ticket_id))
        return ticket_id

    possible = []
    for order in itertools.permutations(at_once):
        ticket_id = begin()
        for task in order:
            office.work(lambda env, task=task: task(env, ticket_id))
        possible.append(office.story(ticket_id))
    ticket_id = begin()
    office.work_at_once(*(
        lambda env, task=task: task(env, ticket_id) for task in at_once
    ))
    assert office.story(ticket_id) in possible
    office.assert_settled([ticket_id])


# === THE JOB === #

def deadlines(office, ticket_ids):
    return office.work(lambda env: env['helpdesk.sla.status'].search([
        ('ticket_id', 'in', ticket_ids), ('sla_id', '=', office.policy_id),
    ], order='ticket_id').mapped('deadline'))


def stale(office):
    return office.work(lambda env: env['helpdesk.ticket'].search_count([('sla_stale', '=', True)]))


def run_job(env):
    env['helpdesk.ticket']._cron_sla_refresh(batch_size=10)


@pytest.fixture
def holiday(office):
    """Sixty tickets, and a day off that is added when all of them run."""
    ticket_ids = office.make_tickets(60)
    before = deadlines(office, ticket_ids)
    closure_id = office.work(lambda env: env['resource.calendar.leaves'].create({
        'name': "Day off", 'calendar_id': office.calendar_id,
        'date_from': Datetime.now(),
        'date_to': Datetime.add(Datetime.now(), days=1),
        'company_id': env['resource.calendar'].browse(office.calendar_id).company_id.id,
    }).id)
    assert stale(office) >= 60
    yield ticket_ids, before
    office.work(lambda env: env['resource.calendar.leaves'].browse(closure_id).unlink())
    office.work(run_job)


def assert_moved(office, ticket_ids, before):
    """Check that every deadline moved by the day off, to the second, and once."""
    after = deadlines(office, ticket_ids)
    assert len(after) == len(before) == 60
    # a ticket was received up to some seconds before the day off began
    assert all(
        86400 - 60 <= (late - early).total_seconds() <= 86400 + 60
        for early, late in zip(before, after)
    )
    assert not stale(office)
    office.assert_settled(ticket_ids)


def test_job_in_two_workers(office, holiday):
    office.work_at_once(run_job, run_job)
    # a worker leaves what the other one holds to the next run
    office.work(run_job)
    assert_moved(office, *holiday)


def test_job_killed_in_the_middle_goes_on(office, holiday):
    job = subprocess.Popen(
        [
            Path(sys.executable).with_name('odoo'), 'shell', '-d', office.database,
            '--no-http', '--log-level=critical', '--shell-interface=python',
        ],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        job.stdin.write(SLOW_JOB.encode())
        job.stdin.close()
        total = stale(office)
        wait_until(lambda: stale(office) < total, "the first batch")
    finally:
        job.kill()
        job.wait()
    left = stale(office)
    assert 0 < left < total
    # what was done is kept, and nothing of what was not done is lost
    wait_until(lambda: is_free(office), "the killed job's locks to go")
    office.work(run_job)
    assert_moved(office, *holiday)


def is_free(office):
    """Return whether no ticket is held by another transaction."""
    def check(env):
        tickets = env['helpdesk.ticket'].search([('sla_stale', '=', True)])
        return tickets.try_lock_for_update() == tickets

    return office.work(check)


def test_job_meets_people(office, holiday):
    ticket_ids, _before = holiday
    office.work_at_once(
        run_job,
        lambda env: moves(office, 'solved')(env, ticket_ids[3]),
        lambda env: writes(office, priority='3')(env, ticket_ids[17]),
        lambda env: customer_writes(office)(env, ticket_ids[42]),
    )
    office.work(run_job)
    assert not stale(office)
    assert ('Solve', 1, 'reached') in office.story(ticket_ids[3])['promises']
    assert office.story(ticket_ids[17])['promises'] == [
        ('Answer', 1, 'running'), ('Begin', 1, 'running'), ('Solve', 1, 'superseded'),
        ('Solve soon', 1, 'running'),
    ]
    office.assert_settled(ticket_ids)
