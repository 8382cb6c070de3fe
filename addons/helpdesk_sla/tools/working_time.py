"""Working time as a timeline that is bisected, not walked (sla.md "Working time").

Nothing in here knows the ORM: the calendar hands over plain data, and whoever computes a deadline
needs neither a database nor a user. Instants are naive UTC datetimes without microseconds, as in
the ORM; durations are whole seconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple

import pytz

WORKING = 'working'  # the clock runs
CLOSED = 'closed'  # outside the attendances
CLOSURE = 'closure'  # a named closure, e.g. a public holiday
PAUSED = 'paused'  # the clock stands still by decision

DAY = 86400  # seconds of a day without a DST change
EPOCH = datetime(1970, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()

# Nothing outside these years is working time: a start mistyped as year 202 or 9999 must cost
# neither minutes nor memory.
FIRST_YEAR = 1970
LAST_YEAR = 2199
# How far ahead of its start a deadline is looked for: about twenty years. It bounds what a calendar
# that is closed for ever costs; the longest contract is far shorter.
HORIZON = 20 * 366 * DAY
# Later than any instant: the end of a pause that lasts.
NEVER = 1 << 62


class Attendance(NamedTuple):
    """A weekly stretch of working time on the wall clock of the calendar's zone."""

    weekday: int  # 0 is Monday
    start: int  # seconds since midnight
    stop: int  # seconds since midnight; 86400 is the midnight that ends the day
    week: int | None = None  # parity in a two-week calendar, `None` when in every week


class Closure(NamedTuple):
    """A half-open time in which nobody works whatever the attendances say."""

    start: datetime
    stop: datetime
    name: str = ''


class Segment(NamedTuple):
    """A stretch of the explanation of a deadline (sla.md "Explain")."""

    start: datetime
    stop: datetime
    kind: str  # WORKING, CLOSED, CLOSURE or PAUSED
    label: object = ''  # name of the closure, or whatever came with the pause

    @property
    def seconds(self) -> int:
        return _to_second(self.stop) - _to_second(self.start)


class _Table(NamedTuple):
    """The part of the timeline that is laid out; swapped as a whole when it grows."""

    first_year: int
    last_year: int  # included
    low: int  # UTC second at which the first year begins on the calendar's wall clock
    high: int  # UTC second at which the last year ends there
    starts: tuple  # UTC second at which each working interval begins
    stops: tuple  # ... and ends
    done: tuple  # working seconds from the beginning of the table to each end


class WorkingTime:
    """Immutable timeline of the working intervals of one calendar.

    It is safe to share between threads: nothing changes but the years laid out so far, and these
    are replaced by one assignment of a self-contained table.
    """

    __slots__ = ('_closures', '_is_always', '_table', '_weeks', '_zone')

    def __init__(
        self,
        attendances: Iterable[tuple] = (),
        tz: str = 'UTC',
        closures: Iterable[tuple] = (),
    ):
        """Describe a calendar.

        :param attendances: `Attendance` or equal tuples `(weekday, start, stop[, week])`
        :param tz: name of the zone on whose wall clock the attendances are
        :param closures: `Closure` or equal tuples `(start, stop[, name])`, in UTC, any order,
            overlapping allowed; of two that overlap the earlier begun gives its name
        """
        days = [[] for _day in range(14)]
        for attendance in attendances:
            weekday, start, stop, week = Attendance(*attendance)
            if start < stop:
                for parity in (0, 1) if week is None else (week,):
                    days[7 * parity + weekday].append((start, stop))
        self._weeks = tuple(tuple(sorted(day)) for day in days)
        self._zone = pytz.timezone(tz)
        self._closures = tuple(_disjoint(_in_seconds(closures)))
        self._is_always = False
        self._table = None

    @classmethod
    def always(cls) -> 'WorkingTime':
        """Return the timeline without a calendar: around the clock (sla.md rule 4)."""
        timeline = cls((weekday, 0, DAY) for weekday in range(7))
        timeline._is_always = True
        return timeline

    @property
    def is_always(self) -> bool:
        """Whether this is the timeline without a calendar."""
        return self._is_always

    @property
    def is_empty(self) -> bool:
        """Whether no week has any working time: every deadline is `None`."""
        return not any(self._weeks)

    # === ADDING AND MEASURING === #

    def add(self, start: datetime, seconds: int) -> datetime | None:
        """Return the instant at which `seconds` of working time have passed since `start`.

        A start outside working time counts from the next opening, also for zero seconds (sla.md
        rule 2); a target consumed exactly at closing is due at closing (rule 3).

        :param start: naive UTC
        :param seconds: working time, not negative
        :return: naive UTC, or `None` when the calendar does not have that much working time within
            `HORIZON`
        """
        elapsed = start - EPOCH
        second = self._advance(elapsed.days * DAY + elapsed.seconds, seconds)
        return None if second is None else EPOCH + timedelta(0, second)

    def between(self, start: datetime, stop: datetime) -> int:
        """Return the working seconds in `[start, stop)`; zero when `stop <= start`."""
        return self._measure(_to_second(start), _to_second(stop))

    def opening_after(self, instant: datetime) -> datetime | None:
        """Return the first working instant at or after `instant` (itself when it is one)."""
        return self.add(instant, 0)

    def is_open(self, instant: datetime) -> bool:
        """Return whether `instant` is working time; the instant of closing is not."""
        second = _to_second(instant)
        return self._measure(second, second + 1) == 1

    def deadline(
        self,
        start: datetime,
        seconds: int,
        pauses: Iterable[tuple] = (),
    ) -> datetime | None:
        """Return the instant at which `seconds` of unpaused working time have passed.

        The pauses are half-open, in any order, may overlap and may have begun before `start`. A
        target consumed at the very moment a pause begins is consumed (sla.md rule 3). Zero seconds
        are due at the first instant at which the clock runs (rule 2).

        :param start: naive UTC
        :param seconds: working time, not negative
        :param pauses: tuples `(from, to, ...)` in naive UTC, `to` empty while it lasts; what
            follows in the tuple is ignored
        :return: naive UTC; `None` when an open pause begins before the target is consumed or when
            the calendar does not have that much working time within `HORIZON`
        """
        if not pauses:
            return self.add(start, seconds)
        now = _to_second(start)
        for pause_start, pause_stop, _label in _disjoint(_in_seconds(pauses), now):
            if seconds:
                worked = self._measure(now, pause_start)
                if worked >= seconds:
                    break
                seconds -= worked
            else:
                opening = self._advance(now, 0)
                if opening is None or opening < pause_start:
                    break
            if pause_stop == NEVER:
                return None
            now = pause_stop
        second = self._advance(now, seconds)
        return None if second is None else _to_datetime(second)

    def worked(self, start: datetime, stop: datetime, pauses: Iterable[tuple] = ()) -> int:
        """Return the working seconds in `[start, stop)` outside the pauses."""
        low, high = _to_second(start), _to_second(stop)
        return self._measure(low, high) - sum(
            self._measure(pause_start, pause_stop)
            for pause_start, pause_stop, _label in _disjoint(_in_seconds(pauses), low, high)
        )

    def segments(
        self,
        start: datetime,
        stop: datetime,
        pauses: Iterable[tuple] = (),
    ) -> Iterator[Segment]:
        """Explain `[start, stop)`: contiguous segments without a gap, in order.

        A pause covers whatever is below it, also closed time; the earlier begun of two wins. The
        `working` segments sum to `worked(start, stop, pauses)`, hence to the target when `stop` is
        the deadline.

        :param pauses: tuples `(from, to[, label])`; the label, of any type, is handed through
        :return: segments `(start, stop, kind, label)` in naive UTC
        """
        low, high = _to_second(start), _to_second(stop)
        for pause_start, pause_stop, label in chain(
            _disjoint(_in_seconds(pauses), low, high),
            [(high, high, None)],
        ):
            yield from self._unpaused_segments(low, pause_start)
            if pause_start < pause_stop:
                yield Segment(_to_datetime(pause_start), _to_datetime(pause_stop), PAUSED, label)
            low = pause_stop

    def _unpaused_segments(self, low: int, high: int) -> Iterator[Segment]:
        """Yield what the calendar itself says about `[low, high)`."""
        if low >= high:
            return
        for work_start, work_stop in chain(self._intervals(low, high), [(high, high)]):
            # What is not worked is closed, unless a closure gives it a name.
            for off_start, off_stop, name in self._closures_between(low, work_start):
                if low < off_start:
                    yield Segment(_to_datetime(low), _to_datetime(off_start), CLOSED)
                yield Segment(_to_datetime(off_start), _to_datetime(off_stop), CLOSURE, name)
                low = off_stop
            if low < work_start:
                yield Segment(_to_datetime(low), _to_datetime(work_start), CLOSED)
            if work_start < work_stop:
                yield Segment(_to_datetime(work_start), _to_datetime(work_stop), WORKING)
            low = work_stop

    # === THE SAME IN SECONDS SINCE THE EPOCH === #

    def _advance(self, start: int, seconds: int) -> int | None:
        if seconds < 0:
            raise ValueError(f"Working time cannot be taken back: {seconds} seconds")
        if self._is_always:
            return start + seconds if seconds <= HORIZON else None
        table = self._table
        if table is None or not table[2] <= start < table[3]:
            table = self._reach(table, start)
        while True:
            _first_year, last_year, _low, high, starts, stops, done = table
            index = bisect_right(stops, start)
            if index < len(stops):
                opening = starts[index]
                if opening < start:
                    opening = start
                if seconds:
                    target = done[index] - stops[index] + opening + seconds
                    index = bisect_left(done, target, index)
                    if index < len(done):
                        opening = stops[index] - done[index] + target
                if index < len(done):
                    # The answer must not depend on how far the table happens to reach.
                    return opening if opening - start <= HORIZON else None
            if high - start > HORIZON or last_year >= LAST_YEAR:
                return None
            table = self._grow(table, last_year + 1)

    def _measure(self, start: int, stop: int) -> int:
        if stop <= start:
            return 0
        if self._is_always:
            return stop - start
        table = self._table
        if table is None or start < table[2] or stop > table[3]:
            table = self._reach(self._reach(table, start), stop)
        starts, stops, done = table[4:]
        if not done:
            return 0
        return _position(starts, stops, done, stop) - _position(starts, stops, done, start)

    def _intervals(self, low: int, high: int) -> Iterator[tuple]:
        """Yield the working intervals in `[low, high)`, cut at both ends."""
        if self._is_always:
            yield low, high
            return
        table = self._reach(self._reach(self._table, low), high)
        for index in range(bisect_right(table.stops, low), bisect_left(table.starts, high)):
            yield max(table.starts[index], low), min(table.stops[index], high)

    def _closures_between(self, low: int, high: int) -> Iterator[tuple]:
        """Yield the closures that touch `[low, high)`, cut at both ends."""
        # Closures are disjoint and sorted, so that the one before may reach into the range.
        first = max(0, bisect_right(self._closures, (low, NEVER)) - 1)
        for start, stop, name in self._closures[first:]:
            if start >= high:
                break
            if stop > low:
                yield max(start, low), min(stop, high), name

    # === LAYING OUT === #

    def _reach(self, table: _Table | None, second: int) -> _Table:
        """Return `table` extended to cover `second`, or to all the years there are.

        The caller passes on the table it holds instead of reading the attribute again, which
        another thread may have replaced by one that covers less.
        """
        year = (EPOCH + timedelta(0, second)).year
        if table is None:
            table = self._grow(None, year)
        # The zone may put the instant into the year before or after its UTC year.
        if second < table.low:
            table = self._grow(table, year)
            if second < table.low:
                table = self._grow(table, table.first_year - 1)
        elif second >= table.high:
            table = self._grow(table, year)
            if second >= table.high:
                table = self._grow(table, table.last_year + 1)
        return table

    def _grow(self, table: _Table | None, year: int) -> _Table:
        """Return `table` extended up to `year`, and keep it for the next call."""
        year = min(max(year, FIRST_YEAR), LAST_YEAR)
        if table is None:
            first, last, intervals = year, year, self._lay_out(year, year)
        else:
            first, last = min(year, table.first_year), max(year, table.last_year)
            if (first, last) == (table.first_year, table.last_year):
                return table
            intervals = chain(
                self._lay_out(first, table.first_year - 1),
                zip(table.starts, table.stops),
                self._lay_out(table.last_year + 1, last),
            )
        intervals = _merge(intervals)
        # Two threads may do this at once: both tables are right, one of the two is kept.
        self._table = table = _Table(
            first,
            last,
            self._place(datetime(first, 1, 1), 0),
            self._place(datetime(last + 1, 1, 1), 0),
            tuple(start for start, stop in intervals),
            tuple(stop for start, stop in intervals),
            tuple(accumulate(stop - start for start, stop in intervals)),
        )
        return table

    def _lay_out(self, first_year: int, last_year: int) -> Iterator[tuple]:
        """Return the working intervals of whole years, closures taken out."""
        if first_year > last_year or self.is_empty:
            return ()
        intervals = []
        for year in range(first_year, last_year + 1):
            midnight = datetime(year, 1, 1)
            ordinal = midnight.toordinal()
            offsets = _midnight_offsets(self._zone, year)
            for before, offset, after in zip(offsets, offsets[1:], offsets[2:]):
                # Weeks begin on Monday, and so did day 1; parity as resource.calendar has it.
                for start, stop in self._weeks[(ordinal - 1) % 14]:
                    if before == offset == after:
                        zero = (ordinal - EPOCH_ORDINAL) * DAY - offset
                        intervals.append((zero + start, zero + stop))
                    else:
                        intervals.append((
                            self._place(midnight, start),
                            self._place(midnight, stop),
                        ))
                midnight += timedelta(1)
                ordinal += 1
        return self._without_closures(_merge(sorted(intervals)))

    def _without_closures(self, intervals: Iterable[tuple]) -> Iterator[tuple]:
        for start, stop in intervals:
            for off_start, off_stop, _name in self._closures_between(start, stop):
                if start < off_start:
                    yield start, off_start
                start = off_stop
            if start < stop:
                yield start, stop

    def _place(self, midnight: datetime, seconds: int) -> int:
        """Return the UTC second of a time of the day (sla.md rule 1).

        A time that does not exist or exists twice is read as standard time, as resource.calendar
        does. Only midnight is different: a day begins with the first of two midnights and ends
        there for the day before, otherwise a 24x7 calendar would be closed for an hour (Azores).
        """
        if seconds == DAY:
            return self._place(midnight, DAY - 1) + 1
        local = midnight + timedelta(0, seconds)
        second = _to_second(local) - _offset(self._zone, local)
        if not seconds:
            earlier = self._zone.localize(local, is_dst=True)
            if self._zone.normalize(earlier).replace(tzinfo=None) == local:
                return min(second, _to_second(earlier.astimezone(pytz.utc).replace(tzinfo=None)))
        return second


def hours_to_seconds(hours: float) -> int:
    """Return a duration that people enter in hours, e.g. 0.25, in whole seconds."""
    return round(hours * 3600)


def _to_second(instant: datetime) -> int:
    elapsed = instant - EPOCH
    return elapsed.days * DAY + elapsed.seconds


def _to_datetime(second: int) -> datetime:
    return EPOCH + timedelta(0, second)


def _offset(zone: tzinfo, local: datetime) -> int:
    """Return the seconds that `zone` is ahead of UTC at a time on its wall clock."""
    offset = zone.localize(local).utcoffset()
    return offset.days * DAY + offset.seconds


@lru_cache(maxsize=256)
def _midnight_offsets(zone: tzinfo, year: int) -> tuple:
    """Return the offsets of each midnight of a year, the one before and the one after included.

    They tell the few days with a DST change, and nearly all the cost of laying out a year is here.
    """
    first = datetime(year, 1, 1)
    days = date(year + 1, 1, 1).toordinal() - first.toordinal()
    return tuple(_offset(zone, first + timedelta(day)) for day in range(-1, days + 1))


def _position(starts: tuple, stops: tuple, done: tuple, second: int) -> int:
    """Return the working seconds from the beginning of a table up to `second`."""
    index = bisect_right(stops, second)
    if index == len(stops):
        return done[-1]
    start, stop = starts[index], stops[index]
    return done[index] - (stop - (start if start > second else second))


def _in_seconds(spans: Iterable[tuple]) -> Iterator[tuple]:
    """Yield `(start, stop, label)` in seconds from tuples `(from, to or empty[, label, ...])`."""
    for span in spans:
        label = span[2] if len(span) > 2 else ''
        yield _to_second(span[0]), _to_second(span[1]) if span[1] else NEVER, label


def _disjoint(spans: Iterable[tuple], low: int = -NEVER, high: int = NEVER) -> Iterator[tuple]:
    """Yield the spans in order, cut to `[low, high)`, the earlier begun of two keeping its time."""
    for start, stop, label in sorted(spans, key=lambda span: span[0]):
        start, stop = max(start, low), min(stop, high)
        if start < stop:
            yield start, stop, label
            low = stop


def _merge(intervals: Iterable[tuple]) -> list:
    """Return sorted intervals with those that touch or overlap joined."""
    merged = []
    for start, stop in intervals:
        if start >= stop:
            # An attendance inside the hour that a DST change skips.
            continue
        if merged and start <= merged[-1][1]:
            if stop > merged[-1][1]:
                merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return merged
