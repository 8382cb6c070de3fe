""" What sla.md says of tickets, computed the slow way from what happened to them.

Written from sla.md and decisions.md, to be compared with the engine: it shares no code with it and
reads none of its fields. `Oracle` keeps a log of what people did; `Oracle.replay` goes through the
whole log anew and says what every promise is now. Records are known by their ids only.
"""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from zoneinfo import ZoneInfo

UTC = ZoneInfo('UTC')
EPOCH = datetime(1970, 1, 1)
QUARTER = 15 * 60
# further than any deadline of the tests; beyond it the slow clock gives up
PATIENCE = 150 * 86400

# whose turn it is -> the kind of pause that lasts meanwhile
PAUSES_OF_STAGES = {
    'customer': 'customer', 'third_party': 'third_party', 'solved': 'solved', 'cancelled': 'solved',
}
CLOSED = ('solved', 'cancelled')
STATES = ('running', 'paused', 'reached', 'failed', 'cancelled', 'superseded')


# === ARITHMETIC === #

@lru_cache(maxsize=1 << 20)
def wall_shows_work(zone, hours, quarter):
    """ Return whether the clock on the wall shows working time at a quarter of an hour.

    :param str zone: where the wall is
    :param tuple hours: `(weekday, from, to, week)` in seconds since midnight; week: 0, 1 or None
    :param int quarter: counted since the epoch, in UTC
    """
    local = (EPOCH + timedelta(seconds=quarter * QUARTER)).replace(tzinfo=UTC).astimezone(
        ZoneInfo(zone),
    )
    seconds = local.hour * 3600 + local.minute * 60
    week = (local.date() - date(1, 1, 1)).days // 7 % 2
    return any(
        local.weekday() == weekday and start <= seconds < stop and parity in (None, week)
        for weekday, start, stop, parity in hours
    )


class SlowClock:
    """ Looks at the wall every quarter of an hour, and takes out when it stood still.

    No bisection, no table of intervals, no pytz. Working hours must begin and end at quarters of an
    hour, and not in an hour that a change to or from summer time skips or repeats.
    """

    def __init__(self, zone, hours, closures=()):
        """ Describe a calendar.

        :param zone: name of its zone; empty for around the clock
        :param hours: see `wall_shows_work`
        :param closures: `(from, to, ...)` in naive UTC
        """
        self.zone, self.hours = zone, tuple(tuple(row) for row in hours)
        self.closures = [closure[:2] for closure in closures]

    def _runs(self, start, stop, pauses):
        """ Yield the stretches of `[start, stop)` in which the clock runs, in seconds. """
        still = [
            (_seconds(since), _seconds(until) if until else None)
            for since, until, *_label in [*self.closures, *pauses]
        ]
        for quarter in range(start // QUARTER, -(-stop // QUARTER)):
            low, high = max(start, quarter * QUARTER), min(stop, (quarter + 1) * QUARTER)
            if any(until is None and since <= low for since, until in still):
                return
            if self.zone and not wall_shows_work(self.zone, self.hours, quarter):
                continue
            pieces = [(low, high)]
            for since, until in still:
                if since < high and (until is None or max(since, low) < until):
                    pieces = list(_without(pieces, since, until))
            yield from pieces

    def deadline(self, start, seconds, pauses=()):
        """ Return when the seconds are used up, `None` when that is not in sight. """
        begin = _seconds(start)
        for low, high in self._runs(begin, begin + PATIENCE, pauses) if self._ever() else ():
            if seconds <= high - low:
                return EPOCH + timedelta(seconds=low + seconds)
            seconds -= high - low
        return None

    def worked(self, start, stop, pauses=()):
        """ Return the seconds that the clock ran between two moments. """
        return sum(
            high - low for low, high in self._runs(_seconds(start), _seconds(stop), pauses)
        )

    def _ever(self):
        return not self.zone or any(start < stop for _day, start, stop, _week in self.hours)


def _seconds(moment):
    return int((moment - EPOCH).total_seconds())


def _without(pieces, since, until):
    """ Yield what is left of pieces of time without `[since, until)`. """
    for low, high in pieces:
        if low < min(high, since):
            yield low, min(high, since)
        if until is not None and max(low, until) < high:
            yield max(low, until), high


# === WHAT HAPPENED === #

class Oracle:
    """ The log of what happened, and what follows from it. """

    def __init__(self):
        self.log = []

    def note(self, when, what, **details):
        """ Write down what happened; see the methods `on_...` of `World`. """
        self.log.append((when, what, details))

    def replay(self, now):
        """ Return the world after everything in the log, at a moment. """
        world = World()
        for when, what, details in self.log:
            world.now = when
            getattr(world, f'on_{what}')(**details)
        world.now = now
        return world

    def __str__(self):
        return '\n'.join(
            f'{when:%a %Y-%m-%d %H:%M:%S} {what} '
            + ', '.join(f'{name}={value}' for name, value in details.items())
            for when, what, details in self.log
        )


@dataclass(frozen=True)
class Promise:
    """ What a policy says to a ticket. """

    target: str
    stage: int | None
    seconds: int
    warning: int
    counted: frozenset  # the kinds of pauses in which this clock stands still
    calendar: int | None


@dataclass
class Row:
    """ One promise on a ticket, in one cycle. """

    policy: int
    cycle: int
    since: int  # the first of the ticket's stages, or of its talk, that can keep the promise
    start: datetime
    promise: Promise
    result: str | None = None
    reached: datetime | None = None
    ended: datetime | None = None
    deadline: datetime | None = None
    worked: int | None = None


@dataclass
class Ticket:
    opened: datetime
    criteria: SimpleNamespace  # team, company, priority, kind, tags, customer, channel
    stages: list = field(default_factory=list)  # (when, stage, type), as entered
    reopened: list = field(default_factory=list)  # positions in `stages`
    manual: list = field(default_factory=list)  # [since, until, kind], as set by hand
    talk: list = field(default_factory=list)  # (when, 'asked', 'answered' or 'closed')
    rows: list = field(default_factory=list)
    with_key_user: bool = False  # a colleague at the client answers first
    settled: bool = False  # and has answered: nothing is owed
    dirty: bool = False  # what it depends on changed, and the job has not looked at it yet


class World:
    """ Policies, calendars and tickets as the log has made them. """

    def __init__(self):
        self.now = None
        self.calendars, self.closures, self.teams = {}, {}, {}
        self.stages, self.clients, self.policies, self.tickets = {}, {}, {}, {}
        self.agreements, self.company_calendar = {}, None
        self.first_line = set()

    # === WHAT PEOPLE SET UP === #

    def on_stage_made(self, stage, kind, position):
        self.stages[stage] = SimpleNamespace(kind=kind, position=position)

    def on_contact(self, contact, client):
        self.clients[contact] = client

    def on_key_user_chosen(self, asked_by):
        """ A client's key user answers first what these contacts ask, unless it is critical. """
        self.first_line = set(asked_by)

    def on_team(self, team, **values):
        self.teams[team] = SimpleNamespace(**values)
        self._dirty(lambda ticket: ticket.criteria.team == team and not self._is_closed(ticket))

    def on_company(self, calendar):
        self.company_calendar = calendar
        self._dirty(lambda ticket: not self._is_closed(ticket))

    def on_calendar(self, calendar, **values):
        self.calendars[calendar] = SimpleNamespace(
            **{**vars(self.calendars.get(calendar, SimpleNamespace())), **values},
        )

    def on_closure(self, closure, **values):
        self.closures[closure] = SimpleNamespace(**values)

    def on_closure_removed(self, closure):
        del self.closures[closure]

    def on_policy(self, policy, **values):
        self.policies[policy] = SimpleNamespace(
            **{**vars(self.policies.get(policy, SimpleNamespace())), **values},
        )
        self._dirty(lambda ticket: not self._is_closed(ticket) or any(
            row.policy == policy and not row.result for row in ticket.rows
        ))

    def on_policy_deleted(self, policy):
        for ticket in self.tickets.values():
            for row in ticket.rows:
                if row.policy == policy and not row.result:
                    row.result, row.ended = 'superseded', self.now
                    ticket.dirty = True
        del self.policies[policy]

    def on_agreement(self, agreement, **values):
        """ A client signs an agreement, or it is ended. """
        self.agreements[agreement] = SimpleNamespace(
            **{**vars(self.agreements.get(agreement, SimpleNamespace())), **values},
        )
        self._dirty(lambda ticket: not self._is_closed(ticket) and (
            self._client(ticket) == self.agreements[agreement].client
        ))

    def on_job(self):
        for ticket in self.tickets.values():
            if ticket.dirty:
                self._look(ticket)

    def _dirty(self, concerns):
        for ticket in self.tickets.values():
            if concerns(ticket):
                ticket.dirty = True

    # === WHAT HAPPENS TO TICKETS === #

    def on_ticket(self, ticket, stage=None, **criteria):
        self.tickets[ticket] = made = Ticket(self.now, SimpleNamespace(**criteria))
        stage = stage or self.teams[criteria['team']].stages[0]
        made.stages.append((self.now, stage, self.stages[stage].kind))
        made.talk.append((self.now, 'closed' if self._is_closed(made) else 'asked'))
        made.with_key_user = not self._is_closed(made) and (
            criteria['customer'] in self.first_line and criteria['priority'] < '3'
        )
        if made.with_key_user:
            made.manual.append([self.now, None, 'key_user'])
        self._look(made)

    def on_changed(self, ticket, **criteria):
        changed = self.tickets[ticket]
        vars(changed.criteria).update(criteria)
        stages = self.teams[changed.criteria.team].stages
        if changed.stages[-1][1] not in stages:
            # another team has another pipeline, which begins anew
            self._enter(changed, stages[0])
        self._look(changed)

    def on_moved(self, ticket, stage):
        if self.tickets[ticket].stages[-1][1] != stage:
            self._enter(self.tickets[ticket], stage)

    def on_closed(self, ticket, kind):
        """ An agent presses Solve or Cancel. """
        stages = self.teams[self.tickets[ticket].criteria.team].stages
        self.on_moved(ticket, next(stage for stage in stages if self.stages[stage].kind == kind))

    def on_reopened(self, ticket):
        """ An agent presses Reopen, or the customer's message does. """
        if self.tickets[ticket].stages[-1][2] != 'open':
            self.on_moved(ticket, self.teams[self.tickets[ticket].criteria.team].reopen)

    def on_merged(self, target, source, customer):
        """ An agent merges a ticket into another one.

        :param customer: whose ticket the target is afterwards
        """
        ended = self.tickets[source]
        self.on_changed(
            target, customer=customer,
            tags=sorted({*self.tickets[target].criteria.tags, *ended.criteria.tags}),
        )
        # it is one request: the target's clock tells how long it took
        for row in ended.rows:
            if not row.result:
                row.result, row.ended = 'cancelled', self.now
        if not self._is_closed(ended):
            self.on_closed(source, 'cancelled')

    def on_message(self, ticket, author, public=True, human=True):
        """ Somebody wrote.

        :param str author: 'agent', 'customer' (the client's people and strangers) or 'nobody'
        :param bool public: whether the customer can see it
        :param bool human: whether a person wrote it
        """
        told = self.tickets[ticket]
        if not public or not human:
            return
        if author == 'agent':
            self._answer(told)
        elif author == 'customer':
            self._end_manual(told, 'customer')
            if told.stages[-1][2] in ('customer', *CLOSED):
                self.on_reopened(ticket)
            told.talk.append((self.now, 'asked'))
            self._look(told)

    def on_phoned(self, ticket):
        self._answer(self.tickets[ticket])

    def on_paused(self, ticket, kind, since, until):
        self.tickets[ticket].manual.append([since, until, kind])

    def on_resumed(self, ticket):
        self._end_manual(self.tickets[ticket])

    def on_passed_on(self, ticket):
        """ The key user, or who asked, hands the ticket to us; or an agent takes it. """
        if self._end_turn(self.tickets[ticket]):
            self._look(self.tickets[ticket])

    def on_settled_at_client(self, ticket):
        """ The client has answered itself: nothing was promised to anybody. """
        settled = self.tickets[ticket]
        if settled.with_key_user:
            settled.settled = True
            self._look(settled)
        self.on_closed(ticket, 'solved')

    def _end_turn(self, ticket):
        """ Let the ticket be ours from now on; return whether it was not. """
        was_theirs, ticket.with_key_user, ticket.settled = ticket.with_key_user, False, False
        self._end_manual(ticket, 'key_user')
        return was_theirs

    def _end_manual(self, ticket, *kinds):
        """ End what was paused by hand and has begun. """
        for pause in ticket.manual:
            since, until, kind = pause
            if since <= self.now and (not until or until > self.now) and (
                kind in kinds if kinds else kind != 'key_user'
            ):
                pause[1] = self.now

    def _answer(self, ticket):
        if not ticket.settled and self._end_turn(ticket):
            self._look(ticket)
        ticket.talk.append((self.now, 'answered'))
        self._settle(ticket)

    def answered(self, ticket):
        """ Return when somebody first answered. """
        return next((when for when, what in ticket.talk if what == 'answered'), None)

    def unanswered(self, ticket):
        """ Return the position in the talk of the oldest message that waits for an answer. """
        for position in range(len(ticket.talk), 0, -1):
            if ticket.talk[position - 1][1] != 'asked':
                break
        else:
            position = 0
        return position if position < len(ticket.talk) else None

    def _enter(self, ticket, stage):
        was_closed = self._is_closed(ticket)
        ticket.stages.append((self.now, stage, self.stages[stage].kind))
        if self._is_closed(ticket) and not was_closed:
            # a solution is an answer too, and who does not want one waits for none
            ticket.talk.append((self.now, 'closed'))
            self._end_manual(ticket)
            if not ticket.settled and self._end_turn(ticket):
                self._look(ticket)
        if was_closed and not self._is_closed(ticket):
            ticket.reopened.append(len(ticket.stages) - 1)
            self._end_turn(ticket)
            self._look(ticket)
        else:
            self._settle(ticket)

    def _is_closed(self, ticket):
        return ticket.stages[-1][2] in CLOSED

    # === WHICH POLICIES APPLY === #

    def _chosen(self, ticket):
        """ Return the policies that apply: of each target those of the most specific level. """
        if ticket.settled or not self.teams[ticket.criteria.team].use_sla:
            return []
        matching = [key for key in self.policies if self._matches(self.policies[key], ticket)]
        chosen = []
        for key in matching:
            policy = self.policies[key]
            rivals = [self.policies[other] for other in matching]
            highest = max(
                self._level(rival) for rival in rivals
                if (rival.target, rival.stage) == (policy.target, policy.stage)
            )
            if self._level(policy) == highest:
                chosen.append(key)
        return chosen

    def _level(self, policy):
        """ Return how specific a policy is: of the agreement, naming the client, or general. """
        return 2 if policy.agreement else 1 if policy.clients else 0

    def _client(self, ticket):
        return self.clients.get(ticket.criteria.customer, ticket.criteria.customer)

    def _agreement(self, ticket):
        """ Return the client's agreement that held for the team on the day of the request. """
        for key, agreement in self.agreements.items():
            zone = ZoneInfo(self.calendars[agreement.calendar].zone)
            day = ticket.opened.replace(tzinfo=UTC).astimezone(zone).date()
            if (
                agreement.client == self._client(ticket)
                and (not agreement.teams or ticket.criteria.team in agreement.teams)
                and agreement.since <= day
                and (not agreement.until or day <= agreement.until)
            ):
                return key
        return None

    def _matches(self, policy, ticket):
        criteria = ticket.criteria
        client = self._client(ticket)
        return (
            policy.active
            and policy.company == criteria.company
            and (not policy.teams or criteria.team in policy.teams)
            and (not policy.priorities or criteria.priority in policy.priorities)
            and (not policy.kinds or criteria.kind in policy.kinds)
            and set(policy.tags) <= set(criteria.tags)
            and (not policy.clients or not {criteria.customer, client}.isdisjoint(policy.clients))
            and (not policy.channels or criteria.channel in policy.channels)
            and policy.agreement in (None, self._agreement(ticket))
        )

    def _promise(self, policy, ticket):
        counted = {'solved', 'key_user'} | {
            kind for kind in ('customer', 'third_party', 'maintenance')
            if getattr(policy, f'pause_{kind}')
        }
        agreement = self.agreements.get(self._agreement(ticket))
        return Promise(
            target=policy.target,
            stage=policy.stage,
            seconds=policy.seconds,
            warning=policy.warning,
            counted=frozenset(
                {'key_user'} if policy.target == 'first_response' else counted,
            ),
            calendar=(
                policy.calendar
                or (agreement and agreement.calendar)
                or self.teams[ticket.criteria.team].calendar
                or self.company_calendar
            ),
        )

    # === WHAT BECOMES OF THE PROMISES === #

    def _look(self, ticket):
        """ Choose the ticket's policies, and begin and supersede its promises. """
        ticket.dirty = False
        chosen = self._chosen(ticket)
        for row in ticket.rows:
            if not row.result and row.policy not in chosen:
                row.result, row.ended = 'superseded', self.now
        before = None
        while before != (before := [replace(row) for row in ticket.rows]):
            for key in chosen:
                self._begin(ticket, key, self._promise(self.policies[key], ticket))
            self._settle(ticket)

    def _begin(self, ticket, key, promise):
        """ Begin a promise, or its next cycle, or bring the one that is owed up to date. """
        latest = max(
            (row for row in ticket.rows if row.policy == key),
            key=lambda row: row.cycle, default=None,
        )
        since, start = 0, ticket.opened
        if promise.target == 'next_response':
            since = self.unanswered(ticket)
            # before the first answer it is the first response that is owed
            if since is None or not self.answered(ticket):
                return
            start = ticket.talk[since][0]
            is_other = latest and latest.since != since
        else:
            is_other = latest and self._is_owed_again(ticket, latest)
            if is_other:
                since = ticket.reopened[-1]
        if not latest or is_other:
            ticket.rows.append(Row(key, latest.cycle + 1 if latest else 1, since, start, promise))
        elif latest.result in (None, 'superseded'):
            latest.promise, latest.result, latest.ended = promise, None, None

    def _is_owed_again(self, ticket, row):
        """ Return whether reopening made a promise that had ended one that is owed once more. """
        return (
            row.result not in (None, 'superseded')
            and len(ticket.reopened) >= row.cycle
            and ticket.reopened[-1] > row.since
            and row.ended <= ticket.stages[ticket.reopened[-1]][0]
            and (
                not row.reached
                or row.promise.target == 'resolution'
                or (row.promise.target == 'stage'
                    and self.stages[row.promise.stage].kind == 'solved')
            )
        )

    def _settle(self, ticket):
        """ End the promises that were kept, and those that nobody waits for any more. """
        for row in ticket.rows:
            if row.result:
                continue
            when = self._when_reached(ticket, row)
            if when:
                row.reached = row.ended = when
                pauses = self._pauses(ticket, row.promise, until=when)
                clock = self._clock(row.promise.calendar, ticket)
                row.deadline = clock.deadline(row.start, row.promise.seconds, pauses)
                row.worked = clock.worked(row.start, when, pauses)
                row.result = 'failed' if row.deadline and row.deadline < when else 'reached'
            elif self._is_given_up(ticket, row):
                row.ended = ticket.stages[-1][0]
                row.deadline = self._deadline(ticket, row)
                row.result = (
                    'failed' if row.deadline and row.deadline < row.ended else 'cancelled'
                )

    def _is_given_up(self, ticket, row):
        """ Return whether nobody waits for what was promised any more. """
        return ticket.stages[-1][2] == 'cancelled' or (
            row.promise.target == 'next_response' and self._is_closed(ticket)
        )

    def _when_reached(self, ticket, row):
        if row.promise.target == 'first_response':
            return self.answered(ticket)
        if row.promise.target == 'next_response':
            after = [entry for entry in ticket.talk[row.since:] if entry[1] != 'asked'][:1]
            return after[0][0] if after and after[0][1] == 'answered' else None
        pipeline = self.teams[ticket.criteria.team].stages
        for when, stage, kind in ticket.stages[row.since:]:
            if row.promise.target == 'resolution':
                if kind == 'solved':
                    return when
            elif kind != 'cancelled' and stage in pipeline and (
                self.stages[stage].position >= self.stages[row.promise.stage].position
            ):
                return when
        return None

    # === CLOCKS === #

    def _clock(self, calendar, ticket):
        if not calendar:
            return SlowClock(None, ())
        hours = self.calendars[calendar]
        company = hours.company or ticket.criteria.company
        return SlowClock(hours.zone, hours.hours, [
            (closure.since, closure.until)
            for closure in self.closures.values()
            if closure.calendar in (None, calendar)
            and closure.company in (None, company)
            and not closure.person
        ])

    def _pauses(self, ticket, promise, until=None):
        pauses = []
        for (since, _stage, kind), after in zip(
            ticket.stages, [*(entry[0] for entry in ticket.stages[1:]), until],
        ):
            if PAUSES_OF_STAGES.get(kind) in promise.counted and (not until or since < until):
                pauses.append((since, min(after or until, until) if until else after))
        pauses.extend(
            (since, min(end or until, until) if until else end)
            for since, end, kind in ticket.manual
            if kind in promise.counted and (not until or since < until)
        )
        return pauses

    def _deadline(self, ticket, row, percentage=100):
        return self._clock(row.promise.calendar, ticket).deadline(
            row.start,
            row.promise.seconds * percentage // 100,
            self._pauses(ticket, row.promise),
        )

    # === WHAT IS READ === #

    def facts(self, key):
        """ Return what is true of a ticket now: of each promise, and of all together. """
        ticket = self.tickets[key]
        rows = {(row.policy, row.cycle): self._row_facts(ticket, row) for row in ticket.rows}
        unfinished = [
            facts for facts, row in zip(rows.values(), ticket.rows) if not row.result
        ]
        ended = {row.result for row in ticket.rows} & {'reached', 'failed'}

        def nearest(name):
            return min(filter(None, (facts[name] for facts in unfinished)), default=None)

        deadline, warning, paused = map(nearest, ('deadline', 'warning', 'paused_since'))
        if deadline:
            state = (
                'breached' if deadline < self.now
                else 'approaching' if warning and warning <= self.now
                else 'running'
            )
        elif paused:
            state = 'paused'
        elif unfinished or not ended:
            state = None
        else:
            state = 'failed' if 'failed' in ended else 'reached'
        return SimpleNamespace(
            rows=rows, deadline=deadline, warning=warning, paused_since=paused, state=state,
            answered=self.answered(ticket), stage=ticket.stages[-1][1],
            reopened=len(ticket.reopened),
        )

    def _row_facts(self, ticket, row):
        facts = {
            'target': row.promise.target, 'state': row.result, 'reached': row.reached,
            'worked': row.worked, 'deadline': row.deadline if row.reached else None,
            'warning': None, 'paused_since': None,
        }
        if row.result:
            return facts
        facts['deadline'] = deadline = self._deadline(ticket, row)
        facts['warning'] = self._deadline(ticket, row, row.promise.warning)
        facts['paused_since'] = None if deadline else self._paused_since(ticket, row.promise)
        facts['state'] = (
            'failed' if deadline and deadline < self.now
            else 'paused' if facts['paused_since'] else 'running'
        )
        return facts

    def _paused_since(self, ticket, promise):
        """ Return since when the clock has stood still for a reason that lasts. """
        lasting = [
            since for since, until, kind in ticket.manual if not until and kind in promise.counted
        ]
        kind = PAUSES_OF_STAGES.get(ticket.stages[-1][2])
        if kind in promise.counted:
            # stages that follow each other without the clock running are one pause
            since = None
            for when, _stage, stage_type in reversed(ticket.stages):
                if PAUSES_OF_STAGES.get(stage_type) != kind:
                    break
                since = when
            lasting.append(since)
        return min(lasting, default=None)


def next_moments(facts):
    """ Return the moments of a ticket at which something becomes true by itself, in order. """
    moments = sorted({
        moment
        for row in facts.rows.values() if row['state'] in ('running', 'paused', 'failed')
        for moment in (row['deadline'], row['warning']) if moment
    })
    return moments[bisect_right(moments, EPOCH):]
