"""The coordinator; see `script/bench`, which prepares the databases that are named here."""

import argparse
import os
import sys

from . import report
from .harness import Coordinator, say
from .products import PRODUCTS
from .rows import THEMES, explaining

KEPT_TICKETS = 300


def main():
    parser = argparse.ArgumentParser(prog='script/bench')
    parser.add_argument(
        '--database', action='append', required=True, metavar='NAME=DATABASE=ADDONS_PATH'
    )
    parser.add_argument('--oca-path', required=True)
    parser.add_argument('--output', required=True)
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--only', action='append', choices=THEMES)
    parser.add_argument('--profile', metavar='MEASUREMENT')
    parser.add_argument('--product', action='append', choices=PRODUCTS)
    parser.add_argument('--count', type=int)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    say("Starting a process for each database")
    bench = Coordinator(
        {
            name: tuple(settings)
            for name, *settings in (text.split('=') for text in options.database)
        },
        quick=options.quick,
    )
    for product in PRODUCTS:
        bench.ask(product, 'benchmarks.tickets:keep_tickets', count=KEPT_TICKETS)
    if options.profile:
        show_profile(bench, options)
    else:
        measure(bench, options, load)
    bench.stop()


def show_profile(bench, options):
    """Print the statements and the functions of one measurement."""
    module, _, name = f'tickets:{options.profile}'.rpartition(':')
    function_name = f'benchmarks.{module.split(":")[-1]}:{name}'
    for product in options.product or ['ours']:
        arguments = {'count': options.count} if options.count else {}
        sys.stdout.write(f"===== {options.profile}: {PRODUCTS[product].label}\n")
        sys.stdout.write(
            bench.ask(
                product,
                'benchmarks.profile:listing',
                function_name=function_name,
                **arguments,
            )
            + '\n'
        )


def measure(bench, options, load):
    """Measure the themes and write the document."""
    rows = []
    for name in options.only or THEMES:
        say(f"Measuring: {THEMES[name].__doc__.rstrip('.')}")
        for row in THEMES[name](bench):
            rows.append(row)
            for text, value, reached in row.goals:
                say(f"{'ok    ' if reached else 'MISSED'} {row.what}: {text}: {value}")
    explained = None
    if not options.only:
        say("Looking where the time goes")
        explained = explaining(bench)
    versions = {**bench.ask('ours', 'benchmarks.worker:describe'), 'load': load}
    report.write(
        options.output,
        rows,
        explained,
        versions,
        options.oca_path,
        500 if options.quick else 5000,
    )
    say(f"Written: {options.output}")


if __name__ == '__main__':
    main()
