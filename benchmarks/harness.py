"""The coordinator's side: worker processes that take turns."""

import json
import os
import statistics
import subprocess
import sys
import time

from .products import PRODUCTS

STARTED = time.monotonic()


def say(text):
    """Report progress the way the scripts do."""
    sys.stderr.write(f'[{time.monotonic() - STARTED:4.0f}s] {text}\n')


class Worker:
    """A process that holds one database."""

    def __init__(self, database, addons_path):
        self.process = subprocess.Popen(
            [
                sys.executable,
                '-m',
                'benchmarks.worker',
                '--database',
                database,
                '--addons-path',
                addons_path,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, 'PYTHONHASHSEED': '0'},
        )

    def send(self, product, call, **arguments):
        """Have the process call a function for a product."""
        self.process.stdin.write(
            json.dumps(
                {
                    'call': call,
                    'product': product,
                    'arguments': arguments,
                }
            )
            + '\n'
        )
        self.process.stdin.flush()

    def ask(self, product, call, **arguments):
        """Have the process call a function for a product, and return what it returned."""
        self.send(product, call, **arguments)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {product} died in {call}")
        answer = json.loads(line)
        if 'error' in answer:
            raise SystemExit(f"{call} of {product} failed:\n{answer['error']}")
        return answer['result']

    def kill(self):
        """End the process as a crash does."""
        self.process.kill()
        self.process.wait(timeout=60)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


class Coordinator:
    """All products, each in the worker of its database."""

    def __init__(self, databases, quick=False):
        """Start the workers.

        :param dict databases: by the name in `Product.database`: name on the server, addons path
        """
        self.quick = quick
        self.databases = databases
        self.workers = {name: Worker(*settings) for name, settings in databases.items()}
        for name in PRODUCTS:
            self.ask(name, 'benchmarks.worker:set_up')

    def another_worker(self, name):
        """Return a second process for a database."""
        return Worker(*self.databases[name])

    def ask(self, product, call, **arguments):
        return self.workers[PRODUCTS[product].database].ask(product, call, **arguments)

    def alternate(self, call, products, rounds, warm_up=2, variants=None, **arguments):
        """Measure the products in turn, each round beginning with another one.

        :param dict variants: arguments of single products
        :return: the medians, by product
        :rtype: dict[str, dict[str, float]]
        """
        rounds = min(rounds, 5) if self.quick else rounds
        results = {product: [] for product in products}
        for number in range(-warm_up, rounds):
            turn = number % len(products)
            for product in [*products[turn:], *products[:turn]]:
                measured = self.ask(product, call, **arguments, **(variants or {}).get(product, {}))
                if number >= 0:
                    results[product].append(measured)
        return {
            product: {
                key: statistics.median(measured[key] for measured in results[product])
                for key in results[product][0]
            }
            for product in products
        }

    def stop(self):
        for worker in self.workers.values():
            worker.stop()
