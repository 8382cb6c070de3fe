"""Measured in the worker of this product: deadlines over working hours, and their correctness."""

import random
import time
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from itertools import accumulate

from odoo import api
from odoo.fields import Command, Domain

ZONES = (
    'Europe/Warsaw',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Auckland',
)
# by name: the days with their hours (from, to), and the same of the second week where it is another
# one
SHAPES = {
    "office": ({day: [(9, 18)] for day in range(5)}, None),
    "lunch": ({day: [(8, 12), (12.5, 16.5)] for day in range(5)}, None),
    "two weeks": (
        {day: [(8, 16)] for day in range(5)},
        {day: [(10, 14.25), (15, 19)] for day in (0, 2, 4, 5)},
    ),
    "nights": ({day: [(0, 6), (22, 24)] for day in range(7)}, None),
    "around the clock": ({day: [(0, 24)] for day in range(7)}, None),
}


class Bisection:
    """The floor: a bisection over laid out working time, without calendars, zones and growth."""

    def __init__(self, intervals):
        self.starts = [start for start, _stop in intervals]
        self.totals = list(accumulate((stop - start for start, stop in intervals), initial=0))

    def add(self, start, seconds):
        index = max(bisect_right(self.starts, start) - 1, 0)
        length = self.totals[index + 1] - self.totals[index]
        done = self.totals[index] + min(max(start - self.starts[index], 0), length) + seconds
        index = bisect_left(self.totals, done) - 1
        return self.starts[index] + done - self.totals[index]


def closures_domain(company_id):
    return Domain('time_type', '=', 'leave') & Domain('company_id', 'in', [company_id, False])


def draw(count, seed, minutes=1):
    """Return random starts in two years with a target each, in seconds."""
    chance = random.Random(seed)
    begin = datetime(datetime.now().year - 1, 1, 1)
    return [
        (
            begin + timedelta(seconds=chance.randrange(0, 2 * 365 * 86400, minutes)),
            chance.randrange(minutes, 40 * 3600, minutes),
        )
        for _index in range(count)
    ]


def add_up(bench, way, count):
    """Return the seconds that one deadline costs, one of three ways."""
    with bench.environment(user=api.SUPERUSER_ID) as env:
        calendar = env['resource.calendar'].browse(bench.product.ids['calendar'])
        cases = draw(count, random.random())
        domain = list(closures_domain(calendar.company_id.id))
        queries = env.cr.sql_log_count
        if way == 'bisection':
            # two years of office hours in plain seconds
            bisection = Bisection(
                [
                    (day * 86400 + 9 * 3600, day * 86400 + 18 * 3600)
                    for day in range(3 * 365)
                    if day % 7 < 5
                ]
            )
            begin = datetime(datetime.now().year - 1, 1, 1)
            cases = [(int((start - begin).total_seconds()), seconds) for start, seconds in cases]
            clock = time.perf_counter()
            for start, seconds in cases:
                bisection.add(start, seconds)
        elif way == 'ours':
            calendar._get_working_time().add(*cases[0])
            queries = env.cr.sql_log_count
            clock = time.perf_counter()
            for start, seconds in cases:
                calendar._get_working_time().add(start, seconds)
        else:
            clock = time.perf_counter()
            for start, seconds in cases:
                calendar.plan_hours(seconds / 3600, start, compute_leaves=True, domain=domain)
        seconds = (time.perf_counter() - clock) / count
        return {'seconds': seconds, 'queries': (env.cr.sql_log_count - queries) / count}


def compare(bench, count):
    """Compare both answers on random cases over all shapes of working hours and zones.

    Half of the cases lie on quarters of an hour, where a target is often used up exactly at
    closing, on the shapes whose closing stock can express; stock's midnight lacks a microsecond, so
    there the cases are drawn to the second.

    :return: the number of cases, of shapes, and the first differences
    """
    differences, cases, shapes = [], 0, 0
    with bench.environment(user=api.SUPERUSER_ID) as env:
        company = env.company
        domain = list(closures_domain(company.id))
        each = -(-count // (len(SHAPES) * len(ZONES)))
        for name, (first, second) in SHAPES.items():
            for zone in ZONES:
                calendar = make_calendar(env, f"{name} {zone}", zone, first, second)
                shapes += 1
                to_midnight = any(stop == 24 for hours in first.values() for _start, stop in hours)
                for number, (start, seconds) in enumerate(
                    [
                        *draw(each // 2, f'{name} {zone}'),
                        *draw(
                            each - each // 2, f'{zone} {name}', minutes=1 if to_midnight else 900
                        ),
                    ]
                ):
                    ours = calendar._get_working_time(company).add(start, seconds)
                    stock = calendar.plan_hours(
                        seconds / 3600, start, compute_leaves=True, domain=domain
                    )
                    stock = (stock + timedelta(milliseconds=500)).replace(microsecond=0)
                    cases += 1
                    if ours != stock:
                        differences.append(
                            f"{calendar.name} #{number}: {start} + {seconds} s is {ours}, stock"
                            f" {stock}"
                        )
    return {
        'cases': cases,
        'shapes': shapes,
        'different': len(differences),
        'differences': differences[:10],
    }


def make_calendar(env, name, zone, first, second):
    weeks = [('0', first), ('1', second)] if second else [(False, first)]
    calendar = env['resource.calendar'].create(
        {
            'name': name,
            'tz': zone,
            'company_id': env.company.id,
            'two_weeks_calendar': bool(second),
            'attendance_ids': [Command.clear()]
            + [
                Command.create(
                    {
                        'name': "Open",
                        'dayofweek': str(day),
                        'hour_from': start,
                        'hour_to': stop,
                        'day_period': 'morning',
                        'week_type': week,
                    }
                )
                for week, days in weeks
                for day, hours in days.items()
                for start, stop in hours
            ],
        }
    )
    env['resource.calendar.leaves'].create(
        [
            {
                'name': "Holiday",
                'calendar_id': calendar.id,
                'company_id': env.company.id,
                'date_from': datetime(year, month, day, 3),
                'date_to': datetime(year, month, day, 21, 30),
            }
            for year in range(datetime.now().year - 1, datetime.now().year + 2)
            for month, day in (
                (1, 1),
                (1, 6),
                (3, 29),
                (5, 1),
                (5, 3),
                (8, 15),
                (10, 25),
                (11, 1),
                (12, 25),
                (12, 26),
            )
        ]
    )
    env.flush_all()
    env.invalidate_all()
    return calendar
