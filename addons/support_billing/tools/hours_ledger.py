""" The arithmetic of prepaid hours: which pack pays for which part of an entry (W3).

Nothing in here knows of the database: hours are floats, what has hours is any object.
"""

from dataclasses import dataclass
from datetime import date

# Less than this many hours (a fifth of a second) is nothing: what is left of sums of fractions.
NOTHING = 1 / 18000


@dataclass
class Pack:
    """ Hours that were paid for in advance.

    :param line: what the hours belong to
    :param float left: the hours left
    :param date start: the first day on which they can be used; None: they cannot be used yet
    :param date end: the last day; None: they do not expire
    """
    line: object
    left: float
    start: date | None = None
    end: date | None = None

    def is_usable(self, day):
        """ Return whether the pack pays for work of a day. """
        return (
            self.left > NOTHING
            and self.start is not None and self.start <= day
            and (self.end is None or day <= self.end)
        )


def take_hours(packs, day, worked, billed):
    """ Take the hours of one entry from packs, the first ones first, and note what is left of them.

    :param list[Pack] packs: in the order in which they are used up; their `left` is reduced
    :param date day: the day of the work
    :param float worked: the hours worked
    :param float billed: the hours to take
    :return: the packs taken from with the hours (pack, worked, billed) that each pays for; the last
        item has no pack when there was not enough. The hours add up to those that were given.
    :rtype: list[tuple[Pack | None, float, float]]
    """
    parts = []
    worked_left, billed_left = worked, billed
    for pack in packs:
        if billed_left <= NOTHING:
            break
        if not pack.is_usable(day):
            continue
        taken = min(pack.left, billed_left)
        if billed_left - taken <= NOTHING:
            taken = billed_left
        share = worked_left if taken == billed_left else worked * taken / billed
        pack.left -= taken
        parts.append((pack, share, taken))
        worked_left -= share
        billed_left -= taken
    if billed_left > NOTHING or not parts:
        parts.append((None, worked_left, billed_left))
    return parts
