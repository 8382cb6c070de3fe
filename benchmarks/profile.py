"""Where the time goes: the SQL statements and the functions of one measurement."""

import cProfile
import importlib
import io
import pstats
import re
import sys
import threading
from collections import Counter


def profile(bench, function_name, warm_up=3, functions=45, **arguments):
    """Return a listing of the statements and of the functions that take the most time.

    :param str function_name: 'module:function' of a measurement
    """
    module, _, name = function_name.partition(':')
    function = getattr(importlib.import_module(module), name)
    for _index in range(warm_up):
        function(bench, **arguments)
    statements, seconds = [], Counter()

    def hook(_cr, query, _params, _start, delay):
        statement = shorten(query if isinstance(query, str) else str(query)), find_caller()
        statements.append(statement)
        seconds[statement] += delay

    thread = threading.current_thread()
    thread.query_hooks = [hook]
    try:
        cost = function(bench, **arguments)
    finally:
        del thread.query_hooks
    profiler = cProfile.Profile()
    profiler.enable()
    function(bench, **arguments)
    profiler.disable()
    lines = [f"{1000 * cost['seconds']:.2f} ms and {cost['queries']:.2f} queries an item", "", "Statements in the order of their first execution (times, ms together):"]
    counts = Counter(statements)
    for statement in dict.fromkeys(statements):
        text, caller = statement
        lines.append(f"{counts[statement]:5} {1000 * seconds[statement]:7.2f}  {text}\n{'':15}by {caller}")
    for order in ('cumulative', 'tottime'):
        stream = io.StringIO()
        pstats.Stats(profiler, stream=stream).sort_stats(order).print_stats(functions)
        lines += ["", f"Functions by {order}:"]
        lines += [
            re.sub(r'(/\S+/(?:dist-packages|bench|python3\.\d+))/', '', line)
            for line in stream.getvalue().splitlines()[7:] if line.strip()
        ]
    return "\n".join(lines)


def find_caller():
    """Return the methods of addons that are behind a statement, the innermost first."""
    frame, places = sys._getframe(2), []
    while frame and len(places) < 4:
        path = frame.f_code.co_filename
        if '/addons/' in path and '/addons/base/' not in path:
            addon = path.split('/addons/')[-1].split('/')[0]
            places.append(f'{addon}.{frame.f_code.co_name}:{frame.f_lineno}')
        frame = frame.f_back
    return ' < '.join(dict.fromkeys(places)) or "the framework"


def shorten(statement, size=170):
    """Return a statement on one line, without its values and its lists of columns."""
    statement = re.sub(r'\s+', ' ', statement).strip()
    statement = re.sub(r'(%s(?:, |,))+%s', '%s ...', statement)
    statement = re.sub(r'(\((?:%s(?: \.\.\.)?)\)(?:, )?){2,}', '(%s ...) ...', statement)
    match = re.match(r'SELECT (.*?) FROM (.*)', statement)
    if match and len(match[1]) > 60:
        statement = f'SELECT {match[1][:50]}... FROM {match[2]}'
    match = re.match(r'(INSERT INTO "?\w+"?) \((.*?)\) (.*)', statement)
    if match:
        statement = f'{match[1]} (...{match[2].count(",") + 1} columns) {match[3]}'
    return statement if len(statement) <= size else statement[:size] + ' ...'
