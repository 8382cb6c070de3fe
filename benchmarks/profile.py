"""Where the time goes: the SQL statements and the functions behind one measurement."""

import cProfile
import importlib
import io
import os
import pstats
import re
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager

# by what a file's path contains: whose time it is
LAYERS = {
    '/addons/helpdesk_sla/': "this product",
    '/addons/mail/': "mail",
    '/addons/rating/': "rating, portal, web",
    '/addons/portal/': "rating, portal, web",
    '/addons/web/': "rating, portal, web",
    '/odoo/': "ORM and framework",
}


class Observer:
    """Watches what `Bench.timed` measures: statements with their callers, or functions."""

    def __init__(self, functions=False):
        self.statements = []
        self.profiler = cProfile.Profile() if functions else None
        self.seconds = 0

    @contextmanager
    def watch(self):
        thread = threading.current_thread()
        start = time.perf_counter()
        if self.profiler:
            self.profiler.enable()
        else:
            thread.query_hooks = [self._note]
        try:
            yield
        finally:
            if self.profiler:
                self.profiler.disable()
            else:
                del thread.query_hooks
            self.seconds += time.perf_counter() - start

    def _note(self, _cr, query, _params, _start, delay):
        self.statements.append((shorten(query), find_callers(), delay))


def observe(bench, function_name, once=False, **arguments):
    """Run a measurement under observation.

    :param str function_name: 'module:function' of a measurement
    :param bool once: for what does not cost the same a second time: no warming up, functions only
    :return: the cost as measured, and one observer for statements, one for functions
    """
    module, _, name = function_name.partition(':')
    function = getattr(importlib.import_module(module), name)
    statements, functions = Observer(), Observer(functions=True)
    for _index in range(0 if once else 3):
        cost = function(bench, **arguments)
    for observer in [functions] if once else [statements, functions]:
        bench.observer = observer
        try:
            observed = function(bench, **arguments)
        finally:
            bench.observer = None
    return observed if once else cost, statements, functions


def listing(bench, function_name, functions=45, **arguments):
    """Return, as text, the statements and the functions that take the most time."""
    cost, statements, profiled = observe(bench, function_name, **arguments)
    lines = [
        f"{1000 * cost['seconds']:.2f} ms and {cost['queries']:.2f} queries an item",
        "",
        "Statements in the order of their first execution (times, ms together), and who asks:",
    ]
    counts, seconds = Counter(), Counter()
    for statement, callers, delay in statements.statements:
        counts[statement, callers] += 1
        seconds[statement, callers] += delay
    for key in counts:
        statement, callers = key
        lines.append(f'{counts[key]:5} {1000 * seconds[key]:7.2f}  {statement}')
        lines.append(f'{"":15}{" < ".join(callers) or "flush"}')
    for order in ('cumulative', 'tottime'):
        stream = io.StringIO()
        pstats.Stats(profiled.profiler, stream=stream).sort_stats(order).print_stats(functions)
        lines += ["", f"Functions by {order}:"]
        lines += [
            re.sub(r'/\S*/(?:dist|site)-packages/|' + re.escape(os.getcwd() + '/'), '', line)
            for line in stream.getvalue().splitlines()[7:]
            if line.strip()
        ]
    return '\n'.join(lines)


def shares(bench, function_name, **arguments):
    """Return whose statements and whose Python a measurement consists of.

    :return: seconds an item, and by layer: statements an item and share of the time (the database
        has a layer of its own)
    """
    cost, statements, profiled = observe(bench, function_name, **arguments)
    items = arguments.get('count', 1)
    queries, seconds = Counter(), Counter()
    for _statement, callers, _delay in statements.statements:
        layer = next((find_layer(f'/addons/{caller.split(".")[0]}/') for caller in callers), None)
        queries[layer or "ORM and framework"] += 1 / items
    for (path, _line, name), (_calls, _all, own, _total, _callers) in pstats.Stats(
        profiled.profiler
    ).stats.items():
        if "'execute' of 'psycopg2" in name:
            seconds["PostgreSQL and its driver"] += own
        elif path.startswith(('~', '<')):
            seconds["Python and libraries"] += own
        else:
            seconds[find_layer(path) or "Python and libraries"] += own
    whole = sum(seconds.values())
    return {
        'seconds': cost['seconds'],
        'queries': dict(queries),
        'shares': {layer: own / whole for layer, own in seconds.items()},
    }


def find_layer(path):
    return next((layer for part, layer in LAYERS.items() if part in path), None)


def find_callers():
    """Return the methods of addons that are behind a statement, the innermost first."""
    frame, places = sys._getframe(2), []
    while frame and len(places) < 4:
        path = frame.f_code.co_filename
        if '/addons/' in path and '/addons/base/' not in path:
            addon = path.split('/addons/')[-1].split('/')[0]
            place = f'{addon}.{frame.f_code.co_name}:{frame.f_lineno}'
            if place not in places:
                places.append(place)
        frame = frame.f_back
    return tuple(places)


def shorten(statement, size=170):
    """Return a statement on one line, without its values and its lists of columns."""
    statement = re.sub(r'\s+', ' ', str(statement)).strip()
    statement = re.sub(r'(SAVEPOINT) "[-0-9a-f]+"', r'\1', statement)
    statement = re.sub(r'(%s(?:, |,))+%s', '%s ...', statement)
    statement = re.sub(r'(\((?:%s(?: \.\.\.)?)\)(?:, )?){2,}', '(%s ...) ...', statement)
    match = re.match(r'SELECT (.*?) FROM (.*)', statement)
    if match and len(match[1]) > 60:
        statement = ' '.join(('SELECT', match[1][:50] + '...', 'FROM', match[2]))
    match = re.match(r'(INSERT INTO "?\w+"?) \((.*?)\) (.*)', statement)
    if match:
        statement = f'{match[1]} (...{match[2].count(",") + 1} columns) {match[3]}'
    return statement if len(statement) <= size else statement[:size] + ' ...'
