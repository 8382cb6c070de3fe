"""A process that holds one database and measures what it is asked to.

It reads one JSON object a line ({"call": "module:function", "product": name, "arguments": {...}})
from standard input and answers with one ({"result": ...} or {"error": ...}) on standard output. The
processes of all databases wait for their turn, so that what is compared is measured in alternation
and meets the same machine.
"""

import argparse
import gc
import importlib
import json
import os
import sys
import threading
import time
import traceback
from contextlib import contextmanager, nullcontext

import odoo
import odoo.release
from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

from .products import PRODUCTS


class Bench:
    """What a function that measures gets: its product, environments, and the clock."""

    def __init__(self, registry, product):
        self.registry = registry
        self.product = product
        self.memory = {}  # what one call leaves to the next
        self.observer = None  # see profile.py

    def observing(self):
        return self.observer.watch() if self.observer else nullcontext()

    @contextmanager
    def environment(self, user='agent', keep=False):
        """Yield a fresh environment as a web request has one; rolled back unless `keep`.

        :param user: 'agent' for the agent with ordinary rights, else the id of a user
        """
        with self.registry.cursor() as cr:
            uid = self.product.ids['agent'] if user == 'agent' else user
            env = api.Environment(
                cr,
                uid,
                {
                    'lang': 'en_US',
                    'tz': 'Europe/Warsaw',
                    'allowed_company_ids': [1],
                },
            )
            try:
                yield env
                if keep:
                    cr.commit()
                    return
            finally:
                cr.rollback()

    def timed(self, function, items=1, user='agent', prepare=None, keep=False):
        """Run `function(env, prepared)` as one request and return what it cost.

        Everything up to the commit counts (flushing, tracking, notifications). The commit does not:
        it costs the same for all, and what is measured is rolled back, so that the tables stay as
        they are.

        :param items: how many records the request treats
        :param prepare: run before, in the same transaction, and not counted
        """
        gc.collect()
        with self.environment(user=user, keep=keep) as env:
            prepared = None
            if prepare:
                prepared = prepare(env)
                env.cr.flush()
                env.invalidate_all()
            queries = odoo.sql_db.sql_counter  # of all cursors
            processor = processor_seconds(env.cr)
            start = time.perf_counter()
            with self.observing():
                function(env, prepared)
                env.cr.flush()
            seconds = time.perf_counter() - start
            processor = processor_seconds(env.cr) - processor
            return {
                'seconds': seconds / items,
                'processor': processor / items,
                'queries': (odoo.sql_db.sql_counter - queries) / items,
            }


def processor_seconds(cr):
    """Return the processor time of this process and of its database connection, so far.

    Unlike the clock it hardly depends on what else the machine does. Where the connection's process
    cannot be seen (a server elsewhere), its part is missing, for all products alike.
    """
    try:
        with open(f'/proc/{cr._cnx.info.backend_pid}/schedstat') as schedstat:
            database = int(schedstat.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        database = 0
    return time.process_time() + database


def describe(bench):
    """Return the versions of what runs here."""
    with bench.registry.cursor() as cr:
        cr.execute("SHOW server_version")
        return {'postgresql': cr.fetchone()[0].split()[0], 'odoo': odoo.release.version}


def set_up(bench):
    """Create what the product needs in its database."""
    with bench.environment(user=api.SUPERUSER_ID, keep=True) as env:
        bench.product.set_up(env)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--database', required=True)
    parser.add_argument('--addons-path', required=True)
    options = parser.parse_args()
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)  # whatever else is printed is not an answer
    config.parse_config(
        [
            '-d',
            options.database,
            f'--addons-path={options.addons_path}',
            '--no-http',
            '--log-level=error',
        ],
        setup_logging=True,
    )
    registry = Registry(options.database)
    # mails go to the queue and no further
    threading.current_thread().dbname = options.database
    benches = {}
    for line in sys.stdin:
        question = json.loads(line)
        module, _, name = question['call'].partition(':')
        try:
            bench = benches.get(question['product'])
            if not bench:
                bench = benches[question['product']] = Bench(
                    registry, PRODUCTS[question['product']]()
                )
            function = getattr(importlib.import_module(module), name)
            answer = {'result': function(bench, **question['arguments'])}
        except Exception:  # noqa: BLE001  whatever it was, the coordinator has to hear of it
            answer = {'error': traceback.format_exc()}
        answers.write(json.dumps(answer) + '\n')
        answers.flush()


if __name__ == '__main__':
    main()
