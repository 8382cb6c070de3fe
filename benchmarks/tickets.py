"""Measured in the workers: creating, moving and receiving tickets."""

import random
from email.message import EmailMessage

from odoo import api

from .products import LETTER


def create(bench, count=1):
    """Create `count` tickets in one call."""
    product = bench.product

    def function(env, _prepared):
        env[product.model].create([product.values(number) for number in range(count)])

    return bench.timed(function, items=count)


def keep_tickets(bench, count):
    """Create the tickets that `move` moves, for good."""
    product = bench.product
    with bench.environment(keep=True) as env:
        records = env[product.model].create([product.values(number) for number in range(count)])
        env.cr.flush()
        bench.memory['tickets'] = records.ids
    return len(bench.memory['tickets'])


def move(bench, count=1):
    """Start the work on `count` tickets in one call."""
    product = bench.product
    ids = random.sample(bench.memory['tickets'], count)

    def function(env, _prepared):
        env[product.model].browse(ids).write(product.stage_values(True))

    return bench.timed(function, items=count)


def receive(bench):
    """Take in an e-mail of a known sender with an attachment."""
    number = random.getrandbits(64)
    message = EmailMessage()
    message['From'] = "Known Sender <known@client.example>"
    message['To'] = bench.product.alias
    message['Subject'] = f"Order confirmation is not sent ({number})"
    message['Message-ID'] = f'<{number}@client.example>'
    message.set_content("Good morning,\nthe order confirmation is not sent.\nKind regards\n")
    message.add_alternative(LETTER, subtype='html')
    message.add_attachment(
        random.randbytes(20_000), maintype='application', subtype='pdf', filename="order.pdf",
    )
    raw = message.as_bytes()

    def function(env, _prepared):
        record_id = env['mail.thread'].message_process(False, raw)
        if not record_id or not env['mail.message'].search_count([
            ('model', '=', bench.product.model), ('res_id', '=', record_id),
        ]):
            raise AssertionError("the e-mail became no ticket")

    return bench.timed(function, user=api.SUPERUSER_ID)
