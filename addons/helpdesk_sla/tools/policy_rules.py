"""Which policies apply to a ticket, on plain data (sla.md "Policies and how they are chosen").

Nothing in here knows the ORM: a policy is handed over as a `Rule`, a ticket as its facts. So a rule
can be cached for everybody, and choosing costs no query, whatever the number of tickets.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Criterion(NamedTuple):
    """What one fact of a ticket must be for a policy to apply."""

    fact: str  # key of the ticket's facts
    values: frozenset
    needs_all: bool = False  # all of the values, not just one of them

    def holds(self, facts: dict) -> bool:
        known = facts[self.fact]
        return self.values <= known if self.needs_all else not self.values.isdisjoint(known)


class Rule(NamedTuple):
    """A policy as the engine reads it."""

    sla_id: int
    level: int  # of several promises of the same thing the highest level counts
    promised: tuple  # what is promised; rules with the same `promised` compete
    criteria: tuple  # of Criterion; none means any ticket
    calendar_id: int | bool  # working hours of the policy itself
    values: dict  # the copy of the promise that a status carries

    def matches(self, facts: dict) -> bool:
        return all(criterion.holds(facts) for criterion in self.criteria)


def select_rules(rules: Iterable[Rule], facts: dict) -> list:
    """Return the rules that apply to a ticket.

    For each thing that is promised only the most specific level; inside one level all that match.

    :param facts: the known values by name of the fact, each a set
    """
    matching = [rule for rule in rules if rule.matches(facts)]
    levels = {}
    for rule in matching:
        levels[rule.promised] = max(rule.level, levels.get(rule.promised, rule.level))
    return [rule for rule in matching if rule.level == levels[rule.promised]]
