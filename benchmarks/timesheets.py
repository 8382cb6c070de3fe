"""Measured in the workers: time logged on tickets and on stock tasks, paid by prepaid hours."""

import random


def log(bench, count=1):
    """Log a quarter of an hour on `count` tickets in one call, as the agent."""
    product = bench.product
    ids = random.sample(bench.memory['tickets'], count)

    def function(env, _prepared):
        entries = env['account.analytic.line'].create(
            [
                {product.time_field: record_id, 'name': "Looked into it", 'unit_amount': 0.25}
                for record_id in ids
            ]
        )
        if not all(entries.mapped('so_line')):
            raise AssertionError("nobody pays for the time")

    return bench.timed(function, items=count)
