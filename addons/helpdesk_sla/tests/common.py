import os
from datetime import datetime, timedelta
from unittest.mock import patch

import pytz
from freezegun import freeze_time

from odoo.fields import Command, Datetime
from odoo.tests import TransactionCase, new_test_user

ZONE = pytz.timezone('Europe/Warsaw')
WEEKDAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
# a week without a DST change or a public holiday
MONDAY = datetime(2026, 3, 2)
# how much harder than usual the property tests try: once, always the same few examples; more often,
# others each time
EFFORT = int(os.environ.get('PROOF_EFFORT') or 1)
# what is true of a status that has ended, whatever happens later
FROZEN_FIELDS = [
    'name', 'target', 'time', 'start_date', 'deadline', 'warning_date', 'result', 'reached_date',
    'end_date', 'worked_hours', 'state', 'cycle',
]


def utc(moment):
    """ Return a moment on a clock in Warsaw as naive UTC.

    :param str moment: a day of the tests' week with a time ('fri 17:30', 'mon+1 10:30' for the
        week after), or a date with a time ('2026-03-27 17:00')
    """
    day, time = moment.split()
    if day[0].isdigit():
        midnight = datetime.fromisoformat(day)
    else:
        day, _plus, weeks = day.partition('+')
        midnight = MONDAY + timedelta(WEEKDAYS.index(day), weeks=int(weeks or 0))
    hours, minutes, seconds = (*map(int, time.split(':')), 0)[:3]
    local = midnight + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return ZONE.localize(local).astimezone(pytz.utc).replace(tzinfo=None)


class HelpdeskCase(TransactionCase):
    """ One company, one team, and a clock that stands still until a test moves it (`go_to`).

    Who is who
    +---------------+------------------------------------------------------------------------+
    | user          | is                                                                     |
    +---------------+------------------------------------------------------------------------+
    | agent         | Helpdesk: User, member of `team`                                       |
    | agent2        | Helpdesk: User, member of `team`                                       |
    | leader        | Helpdesk: Team Leader, leader of `team`, not a member                  |
    | manager       | Helpdesk: Administrator, in no team                                    |
    | outsider      | internal user without a helpdesk group                                 |
    | portal_client | portal user of `client_contact`, who works for `client`                |
    | portal_other  | portal user of `other_contact`, who works for `other_client`           |
    +---------------+------------------------------------------------------------------------+

    Where
    +---------------+------------------------------------------------------------------------+
    | company       | a company of its own: neither demo data nor other tests' policies count |
    | other_company | a second one, of which the users know nothing                          |
    | calendar      | Mon-Fri 09:00-18:00 Europe/Warsaw                                      |
    | team          | visible to invited portal users and all internal users; by hand        |
    +---------------+------------------------------------------------------------------------+

    The pipeline of `team`, in this order
    +---------------+-------------+----------------------+-------------+
    | stage         | type        | clocks               | kind of pause |
    +---------------+-------------+----------------------+-------------+
    | stage_new     | open        | run                  |             |
    | stage_progress| open        | run                  |             |
    | stage_customer| customer    | stand still          | customer    |
    | stage_supplier| third_party | as the policy says   | third_party |
    | stage_solved  | solved      | end, the rest pauses | solved      |
    | stage_cancel  | cancelled   | end, the rest pauses | solved      |
    +---------------+-------------+----------------------+-------------+

    Times are written as people in Warsaw read them, see `utc`.
    """

    START = 'mon 09:00'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company, cls.other_company = cls.env['res.company'].create([
            {'name': "Support Company"},
            {'name': "Another Company"},
        ])
        cls.env.user.company_ids |= cls.company | cls.other_company
        cls.env = cls.env(context={
            **cls.env.context,
            'allowed_company_ids': cls.company.ids,
            'no_reset_password': True,
        })
        cls.calendar = cls.create_calendar()

        cls.client, cls.other_client = cls.env['res.partner'].create([
            {'name': "Client Ltd", 'is_company': True},
            {'name': "Other Client Ltd", 'is_company': True},
        ])
        cls.agent = cls.create_user('agent', 'helpdesk_sla.group_helpdesk_user')
        cls.agent2 = cls.create_user('agent2', 'helpdesk_sla.group_helpdesk_user')
        cls.leader = cls.create_user('leader', 'helpdesk_sla.group_helpdesk_team_leader')
        cls.manager = cls.create_user('manager', 'helpdesk_sla.group_helpdesk_manager')
        cls.outsider = cls.create_user('outsider', 'base.group_user')
        cls.portal_client = cls.create_user('client', 'base.group_portal')
        cls.portal_other = cls.create_user('other', 'base.group_portal')
        cls.client_contact = cls.portal_client.partner_id
        cls.other_contact = cls.portal_other.partner_id
        cls.client_contact.parent_id = cls.client
        cls.other_contact.parent_id = cls.other_client

        stages = cls.env['helpdesk.stage'].create([
            {'name': name, 'sequence': sequence, 'stage_type': stage_type}
            for sequence, (name, stage_type) in enumerate((
                ("New", 'open'),
                ("In Progress", 'open'),
                ("Awaiting Customer", 'customer'),
                ("Awaiting Supplier", 'third_party'),
                ("Solved", 'solved'),
                ("Canceled", 'cancelled'),
            ))
        ])
        (
            cls.stage_new, cls.stage_progress, cls.stage_customer, cls.stage_supplier,
            cls.stage_solved, cls.stage_cancel,
        ) = stages
        cls.team = cls.create_team(
            "Support", member_ids=(cls.agent | cls.agent2).ids, leader_id=cls.leader.id,
        )

    def setUp(self):
        super().setUp()
        freezer = freeze_time(utc(self.START))
        self._clock = freezer.start()
        self.addCleanup(freezer.stop)
        # `create_date` and what tracking notes come from the transaction, not from the clock
        self.startPatcher(patch.object(self.env.cr, 'now', Datetime.now))

    def tearDown(self):
        # whatever a test does, what is stored on the tickets is what their statuses say
        self.env.flush_all()
        self.env.invalidate_all()
        for ticket in self.env['helpdesk.ticket'].with_context(active_test=False).search(
            [('company_id', 'in', (self.company | self.other_company).ids)],
        ):
            unfinished = ticket.sla_status_ids.filtered(lambda status: not status.result)
            for fname, of_status in (
                ('sla_deadline', 'deadline'),
                ('sla_warning_date', 'warning_date'),
                ('sla_paused_since', 'paused_since'),
            ):
                self.assertEqual(
                    ticket[fname],
                    min(filter(None, unfinished.mapped(of_status)), default=False),
                    f"{fname} of {ticket.display_name}",
                )
        super().tearDown()

    # === TIME === #

    def go_to(self, moment):
        """ Set the clock; see `utc`. Nothing runs by itself on the way. """
        self.env.flush_all()
        self._clock.move_to(utc(moment) if isinstance(moment, str) else moment)
        self.env.invalidate_all()

    def run_refresh(self):
        """ Run the job that works off what changes of policies and calendars have marked. """
        with self.enter_registry_test_mode():
            self.env.ref('helpdesk_sla.ir_cron_sla_refresh').method_direct_trigger()

    # === RECORDS === #

    @classmethod
    def create_user(cls, login, groups):
        return new_test_user(
            cls.env,
            login=f'helpdesk_{login}',
            name=login.capitalize(),
            email=f'{login}@helpdesk.example',
            groups=groups,
            company_id=cls.company.id,
            tz='Europe/Warsaw',
        )

    @classmethod
    def create_calendar(cls, hours=((9, 18),), days=range(5), **values):
        """ Create working hours in Warsaw, the same on each of the days. """
        return cls.env['resource.calendar'].create({
            'name': "Support hours",
            'tz': ZONE.zone,
            'company_id': cls.company.id,
            'attendance_ids': [Command.clear()] + [
                Command.create({
                    'name': "Open",
                    'dayofweek': str(day),
                    'hour_from': hour_from,
                    'hour_to': hour_to,
                    'day_period': 'morning' if hour_from < 12 else 'afternoon',
                })
                for day in days
                for hour_from, hour_to in hours
            ],
            **values,
        })

    @classmethod
    def create_closure(cls, date_from, date_to, company=None, **values):
        """ Close the company's working hours, as for a public holiday. """
        company = company or cls.company
        return cls.env['resource.calendar.leaves'].with_company(company).create({
            'name': "Holiday",
            'date_from': utc(date_from),
            'date_to': utc(date_to),
            'calendar_id': cls.calendar.id,
            **values,
        })

    @classmethod
    def create_team(cls, name, **values):
        return cls.env['helpdesk.team'].create({
            'name': name,
            'company_id': cls.company.id,
            'resource_calendar_id': cls.calendar.id,
            'stage_ids': [Command.set((
                cls.stage_new | cls.stage_progress | cls.stage_customer | cls.stage_supplier
                | cls.stage_solved | cls.stage_cancel
            ).ids)],
            **values,
        })

    @classmethod
    def create_policy(cls, target='resolution', time=8.0, **values):
        return cls.env['helpdesk.sla'].create({
            'name': f"{target} within {time} h",
            'company_id': cls.company.id,
            'target': target,
            'time': time,
            **values,
        })

    def channels(self, *codes):
        return self.env['helpdesk.channel'].search([('code', 'in', codes)])

    def create_ticket(self, **values):
        """ Create a ticket as an agent, now; returned with the rights of the test. """
        return self.create_tickets([values])

    def create_tickets(self, vals_list, user=None):
        tickets = self.env['helpdesk.ticket'].with_user(user or self.agent).create([
            {'name': "The printer is on fire", 'team_id': self.team.id, **values}
            for values in vals_list
        ])
        return tickets.with_user(self.env.user)

    def move(self, ticket, stage, at=None, user=None):
        """ Move a ticket to a stage as an agent, at a moment. """
        if at:
            self.go_to(at)
        ticket.with_user(user or self.agent).stage_id = stage
        self.env.flush_all()

    def status(self, ticket, policy, cycle=1):
        """ Return what a policy promises for a ticket. """
        return ticket.sla_status_ids.filtered(
            lambda status: status.sla_id == policy and status.cycle == cycle,
        )

    def take_holiday(self, user, date_from, date_to, **values):
        """ Register the time off of a person, as the Time Off app does. """
        resource = self.env['resource.resource'].create({
            'name': user.name,
            'user_id': user.id,
            'company_id': self.company.id,
            'calendar_id': self.calendar.id,
        })
        return self.create_closure(
            date_from, date_to, calendar_id=False, resource_id=resource.id, **values,
        )

    # === ASSERTIONS === #

    def assertMoment(self, value, expected, msg=None):
        """ Check a stored moment against what people in Warsaw read. """
        self.assertEqual(value, utc(expected) if expected else False, msg)
