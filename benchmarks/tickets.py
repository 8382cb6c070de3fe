"""Measured in the workers: creating, moving and receiving tickets."""

import random
from email.message import EmailMessage

from odoo import api
from odoo.tools import SQL

from .growth import copy_statement
from .products import LETTER


def create(bench, count=1):
    """Create `count` tickets in one call."""
    product = bench.product

    def function(env, _prepared):
        env[product.model].create([product.values(number) for number in range(count)])

    return bench.timed(function, items=count)


def insert_raw(bench, count=1):
    """Insert the rows that a ticket of this product consists of, without any ORM: the floor."""
    table = 'helpdesk_ticket'

    def prepare(env):
        cr = env.cr
        ticket = env[bench.product.model].browse(bench.memory['tickets'][0]).sudo()
        cr.execute("SELECT max(id) FROM helpdesk_ticket")
        after = cr.fetchone()[0]
        added = SQL("(SELECT id AS added FROM helpdesk_ticket WHERE id > %s) t", after)
        follower = ticket.message_follower_ids[:1]
        return [
            copy_statement(
                cr,
                table,
                ticket.ids,
                {
                    'ticket_ref': SQL("'BI' || n"),
                    'access_token': SQL("NULL"),
                },
                SQL("generate_series(1, %s) AS n", count),
            ),
            copy_statement(
                cr,
                'helpdesk_sla_status',
                ticket.sla_status_ids.ids,
                {'ticket_id': SQL("added")},
                added,
            ),
            copy_statement(
                cr,
                'mail_message',
                ticket.message_ids[-1:].ids,
                {
                    'res_id': SQL("added"),
                    'message_id': SQL("'bench' || added"),
                },
                added,
            ),
            copy_statement(cr, 'mail_followers', follower.ids, {'res_id': SQL("added")}, added),
            SQL(
                "INSERT INTO mail_followers_mail_message_subtype_rel SELECT f.id,"
                " r.mail_message_subtype_id FROM mail_followers f,"
                " mail_followers_mail_message_subtype_rel r WHERE f.res_model ="
                " 'helpdesk.ticket' AND f.res_id > %s AND r.mail_followers_id = %s",
                after,
                follower.id,
            ),
        ]

    def function(env, statements):
        for statement in statements:
            env.cr.execute(statement)

    return bench.timed(function, items=count, prepare=prepare)


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
        random.randbytes(20_000),
        maintype='application',
        subtype='pdf',
        filename="order.pdf",
    )
    raw = message.as_bytes()

    def function(env, _prepared):
        record_id = env['mail.thread'].message_process(False, raw)
        if not record_id or not env['mail.message'].search_count(
            [
                ('model', '=', bench.product.model),
                ('res_id', '=', record_id),
            ]
        ):
            raise AssertionError("the e-mail became no ticket")

    return bench.timed(function, user=api.SUPERUSER_ID)
