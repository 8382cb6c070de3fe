""" Random lives of tickets: after every step the engine says what the oracle says. """

import os
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from unittest import skipUnless

import freezegun

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Datetime
from odoo.tests import tagged

from .common import EFFORT, FROZEN_FIELDS, HelpdeskCase
from .sla_oracle import STATES, Oracle, next_moments

try:
    from hypothesis import HealthCheck, Phase, settings, strategies as st
    from hypothesis.stateful import (
        RuleBasedStateMachine,
        initialize,
        invariant,
        precondition,
        rule,
        run_state_machine_as_test,
    )
except ImportError:  # tests/requirements.txt names it
    st = None
else:
    # it limits itself by the clock, which stands still in these tests
    freezegun.configure(extend_ignore_list=['hypothesis'])

HOUR = 3600
# the log of a life that failed is readable as it is; a shorter one takes minutes to find
SHRINK = bool(os.environ.get('PROOF_SHRINK'))
TICKET_STATES = ('breached', 'approaching', 'running', 'paused', 'failed', 'reached', False)
# a plain week, the nights of both changes of summer time in Warsaw and in New York, and New Year
BEGINNINGS = (
    'mon 09:00', 'fri 16:30', '2026-03-06 16:00', '2026-03-27 15:00', '2026-10-23 16:00',
    '2026-10-30 15:00', '2026-12-30 15:00',
)
STEPS = (
    1, 60, 17 * 60, 59 * 60, HOUR, 4 * HOUR + 1, 9 * HOUR, 24 * HOUR, 66 * HOUR, 7 * 24 * HOUR + 7,
)
# (weekday, from, to, week): quarters of an hour, none in an hour that a change of time touches
HOURS = {
    'office': [(day, 9 * HOUR, 18 * HOUR, None) for day in range(5)],
    'lunch': [
        (day, *span, None) for day in range(5) for span in (
            (8 * HOUR, 12 * HOUR), (13 * HOUR - 900, 17 * HOUR))
    ],
    'always': [(day, 0, 24 * HOUR, None) for day in range(7)],
    'night': [
        (day, *span, None) for day in range(6) for span in ((0, 6 * HOUR), (22 * HOUR, 24 * HOUR))
    ],
    'weeks': [
        *((day, 6 * HOUR, 14 * HOUR, 0) for day in range(5)),
        *((day, 14 * HOUR, 22 * HOUR, 1) for day in range(6)),
    ],
}
ZONES = ('Europe/Warsaw', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe')


if st:
    TICKETS = st.integers(0, 4)
    TIMES = st.sampled_from((0, 900, HOUR, 5400, 4 * HOUR, 8 * HOUR, 40500, 40 * HOUR))
    PRIORITIES = st.sampled_from('0123')
    TAGS = st.sets(st.integers(0, 1))
    KINDS = st.sampled_from((None, 0, 1))
    CUSTOMERS = st.sampled_from(('contact', 'client', 'other', 'employee', None))
    CHANNELS = st.sampled_from(('email', 'phone', 'other'))
    STAGES = st.integers(0, 5)

    def rarely(strategy, otherwise):
        return st.integers(0, 9).flatmap(
            lambda throw: strategy if throw == 9 else st.just(otherwise),
        )

    POLICIES = st.fixed_dictionaries({
        'target': st.sampled_from((
            'first_response', 'next_response', 'resolution', 'resolution', 'stage')),
        'stage': st.sampled_from((1, 3, 4)),
        'seconds': TIMES,
        'warning': st.sampled_from((75, 75, 0, 33, 100)),
        'pause_customer': rarely(st.just(False), True),
        'pause_third_party': st.booleans(),
        'pause_maintenance': rarely(st.just(False), True),
        'calendar': st.sampled_from((None, None, 0, 1)),
        'teams': rarely(st.sets(st.integers(0, 1), min_size=1), frozenset()),
        'priorities': rarely(st.sets(PRIORITIES, min_size=1), frozenset()),
        'kinds': rarely(st.sets(st.integers(0, 1), min_size=1), frozenset()),
        'tags': rarely(TAGS, frozenset()),
        'clients': rarely(st.sampled_from((('contact',), ('client',), ('other',))), ()),
        'channels': rarely(st.sets(CHANNELS, min_size=1), frozenset()),
    })

    class Life(RuleBasedStateMachine):
        """ What people do, told to the engine and to the oracle. """

        case = None

        def __init__(self):
            super().__init__()
            self.env = self.case.env
            self.savepoint = self.env.cr.savepoint(flush=True)
            self.oracle = Oracle()
            self.tickets = self.env['helpdesk.ticket']
            self.policies = self.env['helpdesk.sla']
            self.closures = self.env['resource.calendar.leaves']
            self.frozen = {}
            self.rows = {}
            self.merged = self.tickets
            self.agreements = self.env['helpdesk.sla.agreement']
            self.has_key_user = False

        def teardown(self):
            self.env.flush_all()
            self.savepoint.close(rollback=True)
            self.env.invalidate_all()
            self.env.registry.clear_cache()
            self.case.go_to(self.case.START)

        def tell(self, what, **details):
            self.oracle.note(Datetime.now(), what, **details)

        # === THE WORLD === #

        @initialize(
            begin=st.sampled_from(BEGINNINGS),
            hours=st.sampled_from(sorted(HOURS)),
            zone=st.sampled_from(ZONES),
            policies=st.lists(POLICIES, min_size=2, max_size=4),
            customer=CUSTOMERS, priority=PRIORITIES, key_user=st.sampled_from((True, True, False)),
        )
        def begin(self, begin, hours, zone, policies, customer, priority, key_user):
            case = self.case
            case.go_to(begin)
            self.stages = case.team.stage_ids.sorted()
            for position, stage in enumerate(self.stages):
                self.tell('stage_made', stage=stage.id, kind=stage.stage_type, position=position)
            self.calendars = case.calendar | case.create_calendar(
                name="Shared", company_id=False,
            )
            self.tell('calendar', calendar=case.calendar.id, zone='Europe/Warsaw',
                      hours=HOURS['office'], company=case.company.id)
            self.set_hours(self.calendars[1], hours, zone, company=False)
            case.company.resource_calendar_id = self.calendars[1]
            self.tell('company', calendar=self.calendars[1].id)
            self.teams = case.team | case.create_team(
                "Second line", resource_calendar_id=self.calendars[1].id,
                stage_ids=[Command.set((self.stages - case.stage_supplier).ids)],
            )
            for team in self.teams:
                self.tell_team(team)
            self.kinds = self.env['helpdesk.ticket.type'].create([{'name': "A"}, {'name': "B"}])
            self.tags = self.env['helpdesk.tag'].create([{'name': "X"}, {'name': "Y"}])
            self.partners = {
                'contact': case.client_contact, 'client': case.client,
                'other': case.other_contact, 'employee': case.agent2.partner_id,
                None: self.env['res.partner'],
            }
            self.tell('contact', contact=case.client_contact.id, client=case.client.id)
            self.tell('contact', contact=case.other_contact.id, client=case.other_client.id)
            self.has_key_user = key_user
            if key_user:
                self.choose_key_user()
            for values in policies:
                self.add_policy(values)
            self.refresh()
            self.create(0, priority, None, (), customer, 'email', None)

        def choose_key_user(self):
            """ Let a colleague answer first what the contact asks. """
            case = self.case
            self.env['helpdesk.department'].create({
                'name': "Warehouse",
                'partner_id': case.client.id,
                'member_ids': [Command.set(case.client_contact.ids)],
                'key_user_ids': [Command.set(case.key_user.partner_id.ids)],
                'is_key_user_first': True,
            })
            self.teams.allow_portal_ticket_closing = True
            self.tell('key_user_chosen', asked_by=case.client_contact.ids)

        def tell_team(self, team):
            stages = team.stage_ids.sorted()
            self.tell(
                'team', team=team.id, calendar=team.resource_calendar_id.id or None,
                stages=stages.ids, use_sla=team.use_sla,
                reopen=self.case.stage_progress.id,
            )

        def set_hours(self, calendar, hours, zone, **details):
            calendar.write({
                'two_weeks_calendar': hours == 'weeks',
                'tz': zone,
                'attendance_ids': [Command.clear(), *(
                    Command.create({
                        'name': "Open", 'dayofweek': str(day), 'day_period': 'morning',
                        'hour_from': start / HOUR, 'hour_to': stop / HOUR,
                        'week_type': str(week) if week is not None else False,
                    })
                    for day, start, stop, week in HOURS[hours]
                )],
            })
            self.tell('calendar', calendar=calendar.id, zone=zone, hours=HOURS[hours], **details)

        def policy_values(self, values):
            """ Return how the engine and the oracle write a policy. """
            written, told = {}, {}
            for name, value in values.items():
                if name == 'target':
                    written['target'] = told['target'] = value
                    staged = value == 'stage'
                    written['stage_id'] = staged and self.stages[values['stage']].id
                    told['stage'] = written['stage_id'] or None
                elif name == 'seconds':
                    written['time'], told['seconds'] = value / HOUR, value
                elif name == 'warning':
                    written['warning_percentage'] = told['warning'] = value
                elif name == 'calendar':
                    calendar = self.calendars[value] if value is not None else self.calendars[:0]
                    written['resource_calendar_id'] = calendar.id
                    told['calendar'] = calendar.id or None
                elif name in ('teams', 'kinds', 'tags'):
                    fname = {
                        'teams': 'team_ids', 'kinds': 'ticket_type_ids', 'tags': 'tag_ids',
                    }[name]
                    told[name] = [getattr(self, name)[index].id for index in sorted(value)]
                    written[fname] = [Command.set(told[name])]
                elif name == 'priorities':
                    told['priorities'] = sorted(value)
                    written.update({
                        f'priority_{label}': str(key) in value
                        for key, label in enumerate(('low', 'medium', 'high', 'critical'))
                    })
                elif name == 'clients':
                    told['clients'] = [self.partners[who].id for who in value]
                    written['partner_ids'] = [Command.set(told['clients'])]
                elif name == 'channels':
                    told['channels'] = sorted(value)
                    written['channel_ids'] = [Command.set(self.case.channels(*value).ids)]
                elif name != 'stage':
                    written[name] = told[name] = value
            return written, told

        def add_policy(self, values):
            written, told = self.policy_values(values)
            policy = self.env['helpdesk.sla'].create({
                'name': f"{told['target']} in {told['seconds']} s",
                'company_id': self.case.company.id,
                **written,
            })
            self.policies |= policy
            self.tell('policy', policy=policy.id, company=self.case.company.id, active=True,
                      agreement=None, **told)

        def refresh(self):
            self.env.flush_all()
            self.case.run_refresh()
            self.env.invalidate_all()
            self.tell('job')
            self.case.assertFalse(self.tickets.filtered('sla_stale'))

        def ticket(self, index):
            tickets = self.tickets - self.merged
            return tickets[index % len(tickets)]

        # === TIME === #

        @rule(seconds=st.sampled_from(STEPS))
        def pass_time(self, seconds):
            self.case.go_to(Datetime.now() + timedelta(seconds=seconds))

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, which=st.integers(0, 3), offset=st.sampled_from((-1, 0, 1)))
        def wait_for_what_comes(self, index, which, offset):
            """ Go to where a deadline passes, or to the second before or after it. """
            now = Datetime.now()
            facts = self.oracle.replay(now).facts(self.ticket(index).id)
            moments = [
                moment + timedelta(seconds=offset) for moment in next_moments(facts)
                if moment + timedelta(seconds=offset) > now
            ]
            if moments:
                self.case.go_to(moments[which % len(moments)])

        @precondition(lambda self: self.tickets)
        @rule(
            index=TICKETS, which=st.integers(0, 3), offset=st.sampled_from((-1, 0, 1)),
            what=st.sampled_from(('solved', 'cancelled', 'answer', 'phone')),
        )
        def act_when_it_comes(self, index, which, offset, what):
            """ Do what decides at the deadline, or a second before or after it. """
            # acting itself takes a second
            self.wait_for_what_comes(index, which, offset - 1)
            if what == 'answer':
                self.agent_answers(index, False, 'agent')
            elif what == 'phone':
                self.phone(index)
            else:
                self.close(index, what)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, kind=st.sampled_from(('solved', 'solved', 'cancelled')),
              seconds=st.sampled_from(STEPS), by_customer=st.booleans())
        def close_and_reopen(self, index, kind, seconds, by_customer):
            self.close(index, kind)
            self.pass_time(seconds)
            if by_customer:
                self.customer_writes(index, 'contact')
            else:
                self.reopen(index)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, seconds=st.sampled_from(STEPS), again=st.booleans())
        def converse(self, index, seconds, again):
            self.agent_answers(index, True, 'agent')
            self.pass_time(seconds)
            self.customer_writes(index, 'contact')
            if again:
                self.pass_time(seconds)
                self.customer_writes(index, 'stranger')

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, how=st.sampled_from(('customer', 'third_party', 'by hand')),
              seconds=st.sampled_from(STEPS), is_closed=st.booleans())
        def wait_for_somebody(self, index, how, seconds, is_closed):
            if how == 'by hand':
                self.pause(index, 'customer', 0, None)
            else:
                self.move(index, {'customer': 2, 'third_party': 3}[how])
            self.pass_time(seconds)
            if how == 'third_party':
                self.move(index, 1)
            else:
                self.customer_writes(index, 'contact')
            if is_closed:
                self.add_closure(2, 4, 0, None, 'ours')
                self.refresh()

        # === TICKETS === #

        @precondition(lambda self: len(self.tickets) < 5)
        @rule(
            team=st.integers(0, 1), priority=PRIORITIES, kind=KINDS, tags=TAGS,
            customer=CUSTOMERS, channel=CHANNELS, stage=rarely(st.sampled_from((1, 2, 4)), None),
        )
        def create(self, team, priority, kind, tags, customer, channel, stage):
            stage_id = self.stages[stage].id if stage is not None else None
            criteria = self.criteria(
                team=team, priority=priority, kind=kind, tags=tags, customer=customer,
                channel=channel,
            )
            ticket = self.case.create_ticket(
                **criteria.written, **({'stage_id': stage_id} if stage_id else {}),
            )
            self.tickets |= ticket
            self.tell('ticket', ticket=ticket.id, stage=stage_id,
                      company=self.case.company.id, **criteria.told)

        def criteria(self, **values):
            """ Return how the engine and the oracle write criteria of a ticket. """
            written, told = {}, dict(values)
            for name, value in values.items():
                if name == 'team':
                    written['team_id'] = told['team'] = self.teams[value].id
                elif name == 'kind':
                    kind = self.kinds[value] if value is not None else self.kinds[:0]
                    written['ticket_type_id'] = kind.id
                    told['kind'] = kind.id or None
                elif name == 'tags':
                    told['tags'] = [self.tags[index].id for index in sorted(value)]
                    written['tag_ids'] = [Command.set(told['tags'])]
                elif name == 'customer':
                    written['partner_id'] = self.partners[value].id
                    told['customer'] = self.partners[value].id or None
                else:
                    written[name] = value
            return SimpleNamespace(written=written, told=told)

        def change(self, index, **values):
            self.catch_up()
            ticket = self.ticket(index)
            criteria = self.criteria(**values)
            ticket.with_user(self.case.agent).write(criteria.written)
            self.tell('changed', ticket=ticket.id, **criteria.told)

        def catch_up(self):
            """ Let a second pass, and the job run before something may end. """
            self.pass_time(1)
            if any(self.tickets.mapped('sla_stale')):
                self.refresh()

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, priority=PRIORITIES)
        def change_priority(self, index, priority):
            self.change(index, priority=priority)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, tags=TAGS, kind=KINDS)
        def change_kind(self, index, tags, kind):
            self.change(index, tags=tags, kind=kind)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, team=st.integers(0, 1))
        def change_team(self, index, team):
            self.change(index, team=team)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, customer=CUSTOMERS, channel=CHANNELS)
        def change_customer(self, index, customer, channel):
            self.change(index, customer=customer, channel=channel)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, stage=STAGES)
        def move(self, index, stage):
            self.catch_up()
            ticket = self.ticket(index)
            stage = self.stages[stage]
            if stage in ticket.team_id.stage_ids:
                ticket.with_user(self.case.agent).stage_id = stage
                self.tell('moved', ticket=ticket.id, stage=stage.id)

        @precondition(lambda self: len(self.tickets) > 1)
        @rule(stage=STAGES)
        def move_all(self, stage):
            self.catch_up()
            stage = self.stages[stage]
            tickets = (self.tickets - self.merged).filtered(
                lambda ticket: stage in ticket.team_id.stage_ids,
            )
            tickets.with_user(self.case.agent).stage_id = stage
            for ticket in tickets:
                self.tell('moved', ticket=ticket.id, stage=stage.id)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, kind=st.sampled_from(('solved', 'solved', 'cancelled')))
        def close(self, index, kind):
            self.catch_up()
            ticket = self.ticket(index).with_user(self.case.agent)
            (ticket.action_solve if kind == 'solved' else ticket.action_cancel)()
            self.tell('closed', ticket=ticket.id, kind=kind)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS)
        def reopen(self, index):
            self.catch_up()
            self.ticket(index).with_user(self.case.agent).action_reopen()
            self.tell('reopened', ticket=self.ticket(index).id)

        @precondition(lambda self: len(self.tickets - self.merged) > 1)
        @rule(index=TICKETS, other=st.integers(1, 3))
        def merge(self, index, other):
            self.catch_up()
            target, source = self.ticket(index), self.ticket(index + other)
            if target == source or len((target | source).commercial_partner_id) > 1:
                return
            customer = target.partner_id.id or source.partner_id.id or None
            target.with_user(self.case.agent)._merge(source.with_user(self.case.agent))
            self.merged |= source
            self.tell('merged', target=target.id, source=source.id, customer=customer)

        # === MESSAGES === #

        def post(self, index, author, details, **values):
            self.catch_up()
            ticket = self.ticket(index)
            ticket.message_post(**{
                'body': "...", 'message_type': 'comment', 'subtype_xmlid': 'mail.mt_comment',
                'author_id': author.id, **values,
            })
            if author == ticket.partner_id and details.get('author') == 'agent':
                details['author'] = 'customer'
            self.tell('message', ticket=ticket.id, **details)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, by_mail=st.booleans(), who=st.sampled_from(('agent', 'agent2')))
        def agent_answers(self, index, by_mail, who):
            self.post(index, self.case[who].partner_id, {'author': 'agent'},
                      message_type='email' if by_mail else 'comment')

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, who=st.sampled_from(('contact', 'client', 'other', 'stranger')))
        def customer_writes(self, index, who):
            if who == 'stranger':
                self.post(index, self.partners[None], {'author': 'customer'}, author_id=False,
                          email_from='stranger@somewhere.example', message_type='email')
            else:
                self.post(index, self.partners[who], {'author': 'customer'},
                          message_type='email')

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS, what=st.sampled_from(('note', 'robot', 'holiday', 'log')))
        def something_that_is_no_answer(self, index, what):
            agent, robot = self.case.agent.partner_id, self.env.ref('base.partner_root')
            if what == 'note':
                self.post(index, agent, {'author': 'agent', 'public': False},
                          subtype_xmlid='mail.mt_note')
            elif what == 'robot':
                self.post(index, robot, {'author': 'nobody'})
            elif what == 'holiday':
                self.post(index, self.partners['contact'], {'author': 'customer', 'human': False},
                          message_type='out_of_office')
            else:
                self.ticket(index).with_user(self.case.agent)._message_log(body="Looked at it")

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS)
        def phone(self, index):
            self.catch_up()
            self.ticket(index).with_user(self.case.agent).action_responded_by_phone()
            self.tell('phoned', ticket=self.ticket(index).id)

        # === PAUSES SET BY HAND === #

        @precondition(lambda self: self.tickets)
        @rule(
            index=TICKETS, kind=st.sampled_from(('customer', 'third_party', 'maintenance')),
            ahead=st.sampled_from((0, 0, 3, 30)), hours=st.sampled_from((None, 1, 20, 90)),
        )
        def pause(self, index, kind, ahead, hours):
            self.catch_up()
            ticket = self.ticket(index)
            if hours is None:
                # what is planned has an end
                ahead, hours = 0, 2 if kind == 'maintenance' else None
            since = Datetime.now() + timedelta(hours=ahead)
            until = since + timedelta(hours=hours) if hours else None
            paused = self.oracle.replay(Datetime.now()).tickets[ticket.id].manual
            wizard = self.env['helpdesk.sla.pause.wizard'].with_user(self.case.agent).create({
                'ticket_ids': ticket.ids, 'kind': kind, 'reason': "Because",
                'date_from': ahead and since, 'date_to': until,
            })
            if ticket.stage_id.stage_type in ('solved', 'cancelled') or any(
                other == kind and not end for _since, end, other in paused
            ):
                with self.case.assertRaises(UserError):
                    wizard.action_pause()
            else:
                wizard.action_pause()
                self.tell('paused', ticket=ticket.id, kind=kind, since=since, until=until)

        @precondition(lambda self: self.tickets)
        @rule(index=TICKETS)
        def resume(self, index):
            self.catch_up()
            self.ticket(index).with_user(self.case.agent).action_resume_sla()
            self.tell('resumed', ticket=self.ticket(index).id)

        # === KEY USERS === #

        def get_waiting(self, index, seconds):
            """ Return a ticket that waits for the key user, for some time already. """
            def find():
                return (self.tickets - self.merged).filtered(
                    lambda ticket: ticket.key_user_state == 'waiting',
                )

            if not find():
                self.create(0, '1', None, (), 'contact', 'email', None)
            self.pass_time(seconds)
            self.catch_up()
            return find()[index % len(find())]

        @precondition(lambda self: self.has_key_user)
        @rule(
            index=TICKETS, seconds=st.sampled_from(STEPS), what=st.sampled_from(('pass', 'take')),
        )
        def pass_on(self, index, seconds, what):
            ticket = self.get_waiting(index, seconds)
            if what == 'pass':
                ticket.with_user(self.case.key_user)._portal_pass_on()
            else:
                ticket.with_user(self.case.agent).action_take_over()
            self.case.turns[what] += 1
            self.tell('passed_on', ticket=ticket.id)

        @precondition(lambda self: self.has_key_user)
        @rule(
            index=TICKETS, seconds=st.sampled_from(STEPS),
            what=st.sampled_from(('answer', 'close')), is_settled=st.booleans(),
        )
        def settle_at_client(self, index, seconds, what, is_settled):
            ticket = self.get_waiting(index, seconds)
            if what == 'answer':
                ticket.with_user(self.case.key_user)._portal_answer_as_key_user("Switch it on")
                self.tell('message', ticket=ticket.id, author='customer')
            else:
                ticket.with_user(self.case.portal_client)._portal_close()
            self.tell('settled_at_client', ticket=ticket.id)
            self.case.turns['settled' if is_settled else 'not settled'] += 1
            if not is_settled:
                self.pass_time(seconds)
                position = (self.tickets - self.merged).ids.index(ticket.id)
                self.customer_writes(position, 'contact')

        # === AGREEMENTS === #

        @precondition(lambda self: len(self.agreements) < 2)
        @rule(
            days=st.sampled_from((0, 0, 1, 10)), calendar=st.integers(0, 1),
            teams=rarely(st.sets(st.integers(0, 1), min_size=1), frozenset()),
            third_party=st.booleans(),
            times=st.dictionaries(PRIORITIES, st.fixed_dictionaries({
                'first_response': st.sampled_from((0, 900, 5400)),
                'next_response': st.sampled_from((0, 900, 4 * HOUR)),
                'resolution': st.sampled_from((0, 8 * HOUR, 40 * HOUR)),
            }), min_size=1),
        )
        def sign_agreement(self, days, calendar, teams, third_party, times):
            columns = {
                'first_response': 'response_time', 'next_response': 'next_response_time',
                'resolution': 'resolution_time',
            }
            if not any(any(row.values()) for row in times.values()):
                return
            client = self.partners['client' if not self.agreements else 'other']
            client = client.commercial_partner_id
            agreement = self.agreements.create({
                'partner_id': client.id, 'company_id': self.case.company.id,
                'date_start': Datetime.now() - timedelta(days=days),
                'team_ids': [Command.set([self.teams[index].id for index in sorted(teams)])],
                'resource_calendar_id': self.calendars[calendar].id,
                'pause_third_party': third_party,
                'line_ids': [
                    Command.create({'priority': priority, **{
                        columns[target]: seconds / HOUR for target, seconds in row.items()
                    }})
                    for priority, row in times.items()
                ],
            })
            self.agreements |= agreement
            agreement._sign("Somebody")
            self.tell(
                'agreement', agreement=agreement.id, client=client.id,
                since=agreement.date_start, until=None, calendar=self.calendars[calendar].id,
                teams=[self.teams[index].id for index in sorted(teams)],
            )
            policies = {
                policy._get_agreement_key(): policy
                for policy in self.env['helpdesk.sla'].search(
                    [('agreement_id', '=', agreement.id)],
                )
            }
            for priority, row in times.items():
                for target, seconds in row.items():
                    if seconds:
                        self.tell(
                            'policy', policy=policies.pop((priority, target)).id,
                            company=self.case.company.id, active=True, agreement=agreement.id,
                            target=target, stage=None, seconds=seconds, warning=75,
                            pause_customer=True, pause_third_party=third_party,
                            pause_maintenance=True, calendar=None, teams=[], kinds=[], tags=[],
                            priorities=[priority], clients=[], channels=[],
                        )
            self.case.assertFalse(policies)

        @precondition(lambda self: self.agreements)
        @rule(index=st.integers(0, 1), days=st.sampled_from((0, 3)))
        def end_agreement(self, index, days):
            agreement = self.agreements[index % len(self.agreements)]
            if not agreement.terminated_on:
                last_day = max(
                    agreement.date_start, (Datetime.now() - timedelta(days=days)).date(),
                )
                agreement._terminate(last_day, "Enough")
                self.tell('agreement', agreement=agreement.id, until=last_day)

        # === POLICIES AND CALENDARS === #

        @precondition(lambda self: len(self.policies) < 6)
        @rule(values=POLICIES)
        def create_policy(self, values):
            self.add_policy(values)

        @precondition(lambda self: self.policies)
        @rule(index=st.integers(0, 5), values=POLICIES, names=st.sets(
            st.sampled_from(('target', 'seconds', 'warning', 'pause_customer', 'calendar',
                             'pause_third_party', 'pause_maintenance', 'priorities', 'teams',
                             'clients', 'tags')),
            min_size=1, max_size=2,
        ))
        def edit_policy(self, index, values, names):
            policy = self.policies[index % len(self.policies)]
            if 'target' in names:
                names = names | {'stage'}
                if 'next_response' in (policy.target, values['target']):
                    return  # another row altogether: see "next_response" in sla.md
            written, told = self.policy_values({
                name: value for name, value in values.items() if name in names
            })
            policy.write(written)
            self.tell('policy', policy=policy.id, **told)

        @precondition(lambda self: self.policies)
        @rule(index=st.integers(0, 5))
        def archive_policy_or_back(self, index):
            policy = self.policies[index % len(self.policies)]
            policy.active = not policy.active
            self.tell('policy', policy=policy.id, active=policy.active)

        @precondition(lambda self: self.policies)
        @rule(index=st.integers(0, 5))
        def delete_policy(self, index):
            policy = self.policies[index % len(self.policies)]
            self.policies -= policy
            self.tell('policy_deleted', policy=policy.id)
            policy.unlink()

        @rule(index=st.integers(0, 1), hours=st.sampled_from(sorted(HOURS)),
              zone=st.sampled_from(ZONES))
        def edit_hours(self, index, hours, zone):
            self.set_hours(self.calendars[index], hours, zone)

        @rule(index=st.integers(0, 1), calendar=st.sampled_from((0, 1, None)))
        def change_hours_of_team(self, index, calendar):
            team = self.teams[index]
            team.resource_calendar_id = (
                self.calendars[calendar] if calendar is not None else False
            )
            self.tell_team(team)

        @rule(index=st.integers(0, 1))
        def switch_sla(self, index):
            self.teams[index].use_sla = not self.teams[index].use_sla
            self.tell_team(self.teams[index])

        @precondition(lambda self: len(self.closures) < 5)
        @rule(
            shift=st.integers(-24, 24 * 5), length=st.sampled_from((1, 4, 24, 49)),
            odd=st.sampled_from((0, 1, 1803)), calendar=st.sampled_from((0, 1, None)),
            whose=st.sampled_from(('ours', 'everybody', 'another', 'another', 'person')),
        )
        def add_closure(self, shift, length, odd, calendar, whose):
            since = Datetime.now() + timedelta(hours=shift, seconds=odd)
            until = since + timedelta(hours=length)
            company = {
                'everybody': self.case.company.browse(), 'another': self.case.other_company,
            }.get(whose, self.case.company)
            if whose == 'another':
                calendar = None
            calendar_id = self.calendars[calendar].id if calendar is not None else False
            try:
                with self.env.cr.savepoint():
                    closure = self.closures.create({
                        'name': "Closed", 'date_from': since, 'date_to': until,
                        'calendar_id': calendar_id,
                        'resource_id': whose == 'person' and self.person().id,
                    })
                    closure.company_id = company
            except ValidationError:
                return  # where hr_holidays is installed, closures may not overlap
            self.closures |= closure
            self.tell(
                'closure', closure=closure.id, since=since, until=until,
                calendar=calendar_id or None, company=company.id or None,
                person=whose == 'person',
            )

        def person(self):
            return self.env['resource.resource'].create({
                'name': "Somebody", 'company_id': self.case.company.id,
                'calendar_id': self.case.calendar.id,
            })

        @precondition(lambda self: self.closures)
        @rule(index=st.integers(0, 4))
        def remove_closure(self, index):
            closure = self.closures[index % len(self.closures)]
            self.closures -= closure
            self.tell('closure_removed', closure=closure.id)
            closure.unlink()

        @rule()
        def run_the_job(self):
            self.refresh()

        @rule()
        def look_again(self):
            """ Nothing happens: whoever computes anew finds the same. """
            self.catch_up()
            # policies of later are not looked for on closed tickets
            self.tickets.filtered(lambda ticket: not ticket.is_closed)._sla_sync()
            self.tickets._sla_refresh()
            self.tickets.sla_status_ids._recompute_clock()

        # === WHAT IS TRUE === #

        @invariant()
        def engine_says_what_the_oracle_says(self):
            self.env.flush_all()
            self.env.invalidate_all()
            world = self.oracle.replay(Datetime.now())
            states = {}
            for ticket in self.tickets:
                for status in ticket.sla_status_ids:
                    self.rows.setdefault(status.id, (status.sla_id.id, status.cycle))
                self.check_frozen(ticket)
                # what the job has still to do is marked; everything else is right already
                if not ticket.sla_stale:
                    facts = world.facts(ticket.id)
                    self.case.seen.update(
                        (row['target'], row['state'], cycle > 1)
                        for (_policy, cycle), row in facts.rows.items()
                    )
                    self.check_ticket(ticket, facts)
                    states[ticket] = facts.state or False
            self.check_searches(states)

        def check_ticket(self, ticket, facts):
            read = {
                self.rows[status.id]: {
                    'target': status.target,
                    'state': status.state,
                    'reached': status.reached_date or None,
                    'worked': (
                        round(status.worked_hours * HOUR) if status.reached_date else None
                    ),
                    'deadline': (
                        status.deadline or None
                        if status.reached_date or not status.result else None
                    ),
                    'warning': (not status.result and status.warning_date) or None,
                    'paused_since': (not status.result and status.paused_since) or None,
                }
                for status in ticket.sla_status_ids
            }
            self.compare(ticket, read, facts.rows)
            self.compare(
                ticket,
                {'ticket': {
                    'deadline': ticket.sla_deadline or None,
                    'warning': ticket.sla_warning_date or None,
                    'paused_since': ticket.sla_paused_since or None,
                    'state': ticket.sla_state or None,
                    'answered': ticket.first_response_date or None,
                    'stage': ticket.stage_id.id,
                    'reopened': ticket.reopen_count,
                }},
                {'ticket': {
                    name: value for name, value in vars(facts).items() if name != 'rows'
                }},
            )

        def compare(self, ticket, read, expected):
            """ Fail with what differs, and with the life that led to it. """
            differences = [
                f"{key} {name}: {(read.get(key) or {}).get(name)!s}"
                f" instead of {(expected.get(key) or {}).get(name)!s}"
                for key in {**read, **expected}
                for name in {**(read.get(key) or {}), **(expected.get(key) or {})}
                if (read.get(key) or {}).get(name) != (expected.get(key) or {}).get(name)
            ]
            self.case.assertFalse(
                differences or read.keys() ^ expected.keys(),
                f"ticket {ticket.id} at {Datetime.now()}\n" + '\n'.join(differences)
                + f"\nafter\n{self.oracle}",
            )

        def check_frozen(self, ticket):
            """ What was reached, failed or canceled stays as it was when that was first seen. """
            ended = ticket.sla_status_ids.filtered(
                lambda status: status.result and status.result != 'superseded',
            )
            for values in ended.read(FROZEN_FIELDS):
                before = self.frozen.setdefault(values['id'], values)
                self.case.assertEqual(values, before, str(self.oracle))
            self.case.assertLessEqual(
                {id_ for id_ in self.frozen if self.rows[id_] and id_ in ticket.sla_status_ids.ids},
                set(ended.ids), str(self.oracle),
            )

        def check_searches(self, states):
            """ Searching and grouping say what reading says. """
            domain = [('id', 'in', self.tickets.ids)]
            for state in TICKET_STATES:
                found = self.tickets.search([*domain, ('sla_state', '=', state)])
                self.case.assertEqual(
                    {ticket for ticket in found if ticket in states},
                    {ticket for ticket, read in states.items() if read == state}, state,
                )
            grouped = self.tickets._read_group(domain, ['sla_state'], ['id:recordset'])
            self.case.assertEqual(
                {ticket: state for state, group in grouped for ticket in group if ticket in states},
                states,
            )
            statuses = self.tickets.sla_status_ids
            domain = [('id', 'in', statuses.ids)]
            for state in STATES:
                self.case.assertEqual(
                    statuses.search([*domain, ('state', '=', state)]).sorted('id'),
                    statuses.filtered(lambda status: status.state == state).sorted('id'), state,
                )
            grouped = statuses._read_group(domain, ['state'], ['id:recordset'])
            self.case.assertEqual(
                {status: state for state, group in grouped for status in group},
                {status: status.state for status in statuses},
            )


@skipUnless(st, "hypothesis is not installed")
@tagged('post_install', '-at_install')
class TestSlaModel(HelpdeskCase):
    """ Whatever people do in whatever order, sla.md is true after every step. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key_user = cls.create_user('keyuser', 'base.group_portal')
        cls.key_user.partner_id.parent_id = cls.client

    def __getitem__(self, name):
        return getattr(self, name)

    def test_random_lives(self):
        self.seen, self.turns = Counter(), Counter()
        machine = type('LifeOfTickets', (Life,), {'case': self})
        run_state_machine_as_test(machine, settings=settings(
            max_examples=20 * EFFORT,
            stateful_step_count=30,
            deadline=None,
            derandomize=EFFORT == 1,
            database=None,
            phases=list(Phase) if SHRINK else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ))
        # the lives were worth living
        targets, states, cycles = map(set, zip(*self.seen))
        self.assertEqual(targets, {'first_response', 'next_response', 'resolution', 'stage'})
        self.assertEqual(states, set(STATES), self.seen)
        self.assertEqual(cycles, {False, True})
        self.assertGreaterEqual(set(self.turns), {'pass', 'take', 'not settled'})
