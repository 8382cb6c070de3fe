""" The arithmetic of the indicators: what tickets tell of a day. No ORM inside. """

from datetime import date, datetime
from typing import NamedTuple

# the built-in indicators of the open tickets, by priority
BACKLOGS = {
    '0': 'backlog_low', '1': 'backlog_medium', '2': 'backlog_high', '3': 'backlog_critical',
}
SHARES = {
    'question': 'share_question', 'settings': 'share_settings', 'defect': 'share_defect',
}
TARGETS = ('first_response', 'resolution')
CLOSING_TYPES = ('solved', 'cancelled')


class Life(NamedTuple):
    """ When a ticket opened and closed, and what it is. Moments are naive UTC. """

    opened: datetime
    changes: tuple = ()  # (moment, 'open' | 'solved' | 'cancelled'), oldest first, in turns
    priority: str = '1'
    kind: str = 'other'

    def is_open_at(self, moment: datetime) -> bool:
        """ Return whether the ticket was open just before a moment. """
        if self.opened >= moment:
            return False
        state = 'open'
        for changed, new in self.changes:
            if changed >= moment:
                break
            state = new
        return state == 'open'


class Promise(NamedTuple):
    """ What was promised for a ticket, when it was decided, and whether it was kept. """

    target: str
    decided: datetime
    kept: bool


class Login(NamedTuple):
    """ Somebody of the client who may log in, since when, and the first sign of life. """

    created: datetime
    first_sign: datetime | None


class Run(NamedTuple):
    """ Days in a row on which a figure was beyond its limit. """

    date_from: date
    flagged: date  # the day on which there were enough of them
    date_to: date | None  # None while it lasts
    values: list  # (day, value)


def get_changes(
    opened: datetime, closed: datetime | None, stage_type: str | None, history: list | None = None,
    is_reopened: bool = False,
) -> tuple:
    """ Return when a ticket closed and opened again.

    For most tickets two dates say it all. The history is taken apart only for those that were
    reopened, the same as in the Backlog Analysis; of the others it tells as what they closed first,
    for a solved ticket may be canceled later.

    :param list history: `stage_history`: stage, moment and its type, oldest first
    """
    history = history or []
    if not is_reopened or len(history) < 2:
        if not closed:
            return ()
        closing = [entered for _stage, _moment, entered in history if entered in CLOSING_TYPES]
        first = closing[0] if closing else stage_type
        return ((closed, 'cancelled' if first == 'cancelled' else 'solved'),)
    changes = []
    state = 'open'
    for _stage, moment, entered in history:
        new = entered if entered in CLOSING_TYPES else 'open'
        # from solved to canceled: it was closed before, and is
        if (new == 'open') != (state == 'open'):
            changes.append((max(datetime.fromisoformat(moment), opened), new))
            state = new
    return tuple(changes)


def count_tickets(lives: list, start: datetime, end: datetime, users: int = 0) -> dict:
    """ Return the figures of the tickets for the day from `start` to `end`.

    :param int users: how many people at the client work with the system; 0: not known
    :return: by code of the indicator; what cannot be told is left out
    """
    figures = dict.fromkeys(('opened', 'solved', 'reopened', 'backlog', *BACKLOGS.values()), 0)
    kinds = dict.fromkeys(SHARES, 0)
    for life in lives:
        if start <= life.opened < end:
            figures['opened'] += 1
            if life.kind in kinds:
                kinds[life.kind] += 1
        for moment, new in life.changes:
            if start <= moment < end:
                if new == 'solved':
                    figures['solved'] += 1
                elif new == 'open':
                    figures['reopened'] += 1
        if life.is_open_at(end):
            figures['backlog'] += 1
            figures[BACKLOGS[life.priority]] += 1
    if users:
        figures['requests_per_user'] = figures['opened'] / users
    if figures['opened']:
        for kind, count in kinds.items():
            figures[SHARES[kind]] = 100 * count / figures['opened']
    return figures


def count_promises(promises: list, start: datetime, end: datetime) -> dict:
    """ Return which share of the promises that were decided on the day was kept, in percent. """
    figures = {}
    for target in TARGETS:
        kept = [
            promise.kept for promise in promises
            if promise.target == target and start <= promise.decided < end
        ]
        if kept:
            figures[target] = 100 * sum(kept) / len(kept)
    return figures


def count_silent(logins: list, end: datetime) -> dict:
    """ Return how many of those who may log in had shown no sign of life by the end of the day.

    Nothing when nobody may log in: whether somebody is silent is not known then.
    """
    known = [login for login in logins if login.created < end]
    if not known:
        return {}
    return {'silent_users': sum(
        not login.first_sign or login.first_sign >= end for login in known
    )}


def find_runs(values: list, is_beyond, days: int) -> list:
    """ Return where a figure was beyond its limit for so many days in a row.

    Days without a value neither count nor interrupt: on a Sunday no promise is decided.

    :param list values: (day, value), in order
    :param is_beyond: tells whether a value is
    :param int days: how many make a run; 0 or less: none does
    """
    runs, current = [], []
    for day, value in [*values, (None, None)]:
        if day and is_beyond(value):
            current.append((day, value))
            continue
        if days > 0 and len(current) >= days:
            runs.append(Run(
                date_from=current[0][0],
                flagged=current[days - 1][0],
                date_to=current[-1][0] if day else None,
                values=current,
            ))
        current = []
    return runs
