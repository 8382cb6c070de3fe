"""Many tickets at once: rows copied by SQL from one real ticket, the way years of work leave them.

A fixed backlog is open, in every state of its promises; all the rest is history, closed a thousand
tickets a day, so that a larger table reaches further back and does not hold more work. All columns
that are not named here are those of a ticket that the product created itself.
"""

import odoo
from odoo import api
from odoo.tools import SQL

CLIENTS = 200
CLOSED_A_DAY = 1000


def copy_rows(cr, table, row_id, overrides, source):
    """Insert a copy of a row for every row of `source`; see `copy_statement`."""
    cr.execute(copy_statement(cr, table, [row_id], overrides, source))


def copy_statement(cr, table, row_ids, overrides, source):
    """Return the statement that inserts a copy of rows for every row of `source`.

    :param dict overrides: SQL by column; may use the columns of `source`
    """
    cr.execute(
        SQL(
            "SELECT column_name FROM information_schema.columns WHERE table_schema ="
            " current_schema AND table_name = %s AND column_name != 'id' AND is_generated ="
            " 'NEVER' ORDER BY ordinal_position",
            table,
        )
    )
    columns = [column for (column,) in cr.fetchall()]
    overrides = {column: value for column, value in overrides.items() if column in columns}
    return SQL(
        "INSERT INTO %s (%s) SELECT %s FROM %s AS sample CROSS JOIN %s WHERE sample.id IN %s",
        SQL.identifier(table),
        SQL(', ').join(map(SQL.identifier, columns)),
        SQL(', ').join(
            overrides.get(column, SQL.identifier('sample', column)) for column in columns
        ),
        SQL.identifier(table),
        source,
        tuple(row_ids),
    )


class BulkLoad:
    """Drop the indexes of tables that no constraint needs, and build them at the end."""

    def __init__(self, cr, *tables):
        self.cr = cr
        self.tables = tables

    def __enter__(self):
        self.cr.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if self.cr.fetchone()[0]:
            # references are right by construction
            self.cr.execute("SET LOCAL session_replication_role = replica")
        self.cr.execute("SET LOCAL maintenance_work_mem = '256MB'")
        self.cr.execute(
            SQL(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema"
                " AND tablename IN %s AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname ="
                " indexname)",
                self.tables,
            )
        )
        self.indexes = self.cr.fetchall()
        for name, _definition in self.indexes:
            self.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
        return self

    def __exit__(self, kind, value, trace):
        if not kind:
            for _name, definition in self.indexes:
                self.cr.execute(definition)
            self.cr.commit()


def vacuum(bench, *tables):
    """Do what autovacuum does after a while."""
    connection = odoo.sql_db.db_connect(bench.registry.db_name)
    with connection.cursor() as cr:
        cr._cnx.autocommit = True
        for table in tables:
            cr.execute(SQL("VACUUM (ANALYZE) %s", SQL.identifier(table)))


def fill(bench, first, last, backlog, statuses=True):
    """Add the tickets number `first` to `last`; those up to the number `backlog` are open.

    :param bool statuses: whether finished tickets keep all their statuses or just one
    """
    product = bench.product
    with bench.environment(user=api.SUPERUSER_ID, keep=True) as env:
        partners = env['res.partner'].search([('name', '=like', "Client No. %")])
        if not partners:
            partners = env['res.partner'].create(
                [
                    {
                        'name': f"Client No. {number}",
                        'email': f'client{number}@client.example',
                        'is_company': True,
                    }
                    for number in range(CLIENTS)
                ]
            )
        sample = env[product.model].browse(bench.memory['tickets'][0])
        moment = Moments(env.cr.now(), SQL("n"), backlog)
        tables = FILLS[product.name](env, product, sample, partners, first, last, moment, statuses)
    vacuum(bench, *tables)
    with bench.environment(user=api.SUPERUSER_ID) as env:
        env.cr.execute(SQL("SELECT count(*) FROM %s", SQL.identifier(env[product.model]._table)))
        return env.cr.fetchone()[0]


class Moments:
    """SQL that says when things happen to the ticket number `n`; the same for all products."""

    def __init__(self, now, n, backlog):
        now = now.replace(microsecond=0)
        self.n = n
        self.backlog = backlog
        self.is_open = SQL("%s <= %s", n, backlog)
        self.closed = SQL(
            "%s - (%s - %s) * interval '%s second'",
            now,
            n,
            backlog,
            SQL(str(86400 / CLOSED_A_DAY)),
        )
        self.deadline = SQL(
            "CASE WHEN %(n)s %% 10 < 2 THEN %(now)s - (1 + %(n)s %% 4000) * interval '1 minute'"
            " WHEN %(n)s %% 10 < 4 THEN %(now)s + (1 + %(n)s %% 50) * interval '1 minute'"
            " WHEN %(n)s %% 10 < 9"
            " THEN %(now)s + interval '2 hour' + (%(n)s %% 4000) * interval '1 minute' END",
            n=n,
            now=now,
        )
        self.warning = SQL("%s - interval '1 hour'", self.deadline)
        self.is_paused = SQL("%s %% 10 = 9", n)
        self.paused = SQL("CASE WHEN %s THEN %s - interval '1 hour' END", self.is_paused, now)
        self.opened = SQL(
            "CASE WHEN %s THEN %s - (%s %% 5000) * interval '1 minute'"
            " ELSE %s - interval '1 day' END",
            self.is_open,
            now,
            n,
            self.closed,
        )
        self.is_failed = SQL("%s %% 20 = 0", n)

    def when_open(self, value, otherwise=None):
        otherwise = otherwise or SQL("NULL")
        return SQL("CASE WHEN %s THEN %s ELSE %s END", self.is_open, value, otherwise)

    def stage(self, ids):
        return SQL(
            "CASE WHEN NOT %s THEN %s WHEN %s THEN %s WHEN %s %% 3 = 0 THEN %s ELSE %s END",
            self.is_open,
            ids['solved'],
            self.is_paused,
            ids['waiting'],
            self.n,
            ids['new'],
            ids['progress'],
        )

    @property
    def common(self):
        return {
            'name': SQL("'Order confirmation is not sent (' || %s || ')'", self.n),
            'access_token': SQL("NULL"),
            'priority': SQL("(%s %% 4)::text", self.n),
            'create_date': self.opened,
            'write_date': self.opened,
        }


def fill_ours(env, product, sample, partners, first, last, moment, statuses):
    cr, ids = env.cr, product.ids
    series = SQL("generate_series(%s, %s) AS n", first, last)
    partner = SQL("(%s::int[])[1 + n %% %s]", partners.ids, len(partners))
    with BulkLoad(cr, 'helpdesk_ticket', 'helpdesk_sla_status'):
        cr.execute("SELECT coalesce(max(id), 0) FROM helpdesk_ticket")
        after = cr.fetchone()[0]
        copy_rows(
            cr,
            'helpdesk_ticket',
            sample.id,
            {
                **moment.common,
                'ticket_ref': SQL("'BM' || n"),
                'stage_id': moment.stage(ids),
                'stage_type': SQL(
                    "CASE WHEN NOT %s THEN 'solved' WHEN %s THEN 'customer' ELSE 'open' END",
                    moment.is_open,
                    moment.is_paused,
                ),
                'is_closed': SQL("NOT %s", moment.is_open),
                'user_id': SQL("CASE WHEN n %% 2 = 0 THEN %s END", ids['agent']),
                'partner_id': partner,
                'commercial_partner_id': partner,
                'open_date': moment.opened,
                'date_last_stage_update': moment.opened,
                'first_response_date': moment.opened,
                'close_date': moment.when_open(SQL("NULL::timestamp"), moment.closed),
                'sla_deadline': moment.when_open(moment.deadline),
                'sla_warning_date': moment.when_open(moment.warning),
                'sla_paused_since': moment.when_open(moment.paused),
                'sla_result': moment.when_open(
                    SQL("NULL"),
                    SQL("CASE WHEN %s THEN 'failed' ELSE 'reached' END", moment.is_failed),
                ),
            },
            series,
        )
        tickets = SQL(
            "(SELECT id AS ticket, open_date AS opened, is_closed, sla_deadline,"
            " sla_warning_date, sla_paused_since, close_date AS closed, sla_result AS outcome"
            " FROM helpdesk_ticket WHERE id > %s) AS t",
            after,
        )
        for number, status in enumerate(sample.sudo().sla_status_ids.sorted('id')):
            if number < 2 and not statuses:
                continue
            reached = number < 2
            days = SQL("interval '%s day'", number - 2)
            copy_rows(
                cr,
                'helpdesk_sla_status',
                status.id,
                {
                    'ticket_id': SQL("ticket"),
                    'start_date': SQL("opened"),
                    'cycle_date': SQL("opened"),
                    **(
                        {
                            'result': SQL("'reached'"),
                            'reached_date': SQL("opened"),
                            'end_date': SQL("opened"),
                            'deadline': SQL("opened + interval '1 hour'"),
                            'warning_date': SQL("NULL"),
                            'paused_since': SQL("NULL"),
                        }
                        if reached
                        else {
                            'result': SQL("outcome"),
                            'reached_date': SQL("closed"),
                            'end_date': SQL("closed"),
                            'deadline': SQL(
                                "CASE WHEN is_closed THEN closed + interval '1 hour' ELSE"
                                " sla_deadline + %s END",
                                days,
                            ),
                            'warning_date': SQL("sla_warning_date + %s", days),
                            'paused_since': SQL("sla_paused_since"),
                        }
                    ),
                },
                tickets,
            )
            if not statuses:
                break
    return 'helpdesk_ticket', 'helpdesk_sla_status'


def fill_oca(env, product, sample, partners, first, last, moment, statuses):
    cr, ids = env.cr, product.ids
    series = SQL("generate_series(%s, %s) AS n", first, last)
    partner = SQL("(%s::int[])[1 + n %% %s]", partners.ids, len(partners))
    with BulkLoad(cr, 'helpdesk_ticket', 'helpdesk_ticket_sla'):
        cr.execute("SELECT coalesce(max(id), 0) FROM helpdesk_ticket")
        after = cr.fetchone()[0]
        copy_rows(
            cr,
            'helpdesk_ticket',
            sample.id,
            {
                **moment.common,
                'number': SQL("'BM' || n"),
                'stage_id': moment.stage(ids),
                'unattended': SQL("%s AND n %% 3 = 0 AND NOT %s", moment.is_open, moment.is_paused),
                'user_id': SQL("CASE WHEN n %% 2 = 0 THEN %s END", ids['agent']),
                'partner_id': partner,
                'commercial_partner_id': partner,
                'last_stage_update': moment.opened,
                'closed_date': moment.when_open(SQL("NULL::timestamp"), moment.closed),
            },
            series,
        )
        tickets = SQL(
            "(SELECT id AS ticket, id - %s + %s AS n FROM helpdesk_ticket WHERE id > %s) AS t",
            after,
            first - 1,
            after,
        )
        for number, status in enumerate(sample.sudo().ticket_sla_ids.sorted('id')):
            days = SQL("interval '%s day'", number - 2)
            copy_rows(
                cr,
                'helpdesk_ticket_sla',
                status.id,
                {
                    'ticket_id': SQL("ticket"),
                    'last_state_date': moment.opened,
                    **(
                        {
                            'state': SQL("'accomplished'"),
                            'deadline': SQL("%s + interval '1 hour'", moment.opened),
                        }
                        if number < 2
                        else {
                            'state': SQL(
                                "CASE WHEN NOT %s THEN CASE WHEN %s THEN 'expired' ELSE"
                                " 'accomplished' END WHEN %s THEN 'on_hold' ELSE 'in_progress'"
                                " END",
                                moment.is_open,
                                moment.is_failed,
                                moment.is_paused,
                            ),
                            'deadline': moment.when_open(
                                SQL("coalesce(%s, %s) + %s", moment.deadline, moment.opened, days),
                                SQL("%s + interval '1 hour'", moment.closed),
                            ),
                        }
                    ),
                },
                tickets,
            )
    return 'helpdesk_ticket', 'helpdesk_ticket_sla'


def fill_task(env, product, sample, partners, first, last, moment, statuses):
    cr, ids = env.cr, product.ids
    series = SQL("generate_series(%s, %s) AS n", first, last)
    with BulkLoad(cr, 'project_task', 'project_task_user_rel'):
        cr.execute("SELECT coalesce(max(id), 0) FROM project_task")
        after = cr.fetchone()[0]
        copy_rows(
            cr,
            'project_task',
            sample.id,
            {
                **moment.common,
                'priority': SQL("(n %% 2)::text"),
                'stage_id': moment.stage(ids),
                'state': moment.when_open(SQL("'01_in_progress'"), SQL("'1_done'")),
                'partner_id': SQL("(%s::int[])[1 + n %% %s]", partners.ids, len(partners)),
                'date_deadline': moment.when_open(moment.deadline),
                'date_last_stage_update': moment.opened,
                'date_end': moment.when_open(SQL("NULL::timestamp"), moment.closed),
            },
            series,
        )
        cr.execute(
            SQL(
                "INSERT INTO project_task_user_rel (task_id, user_id) SELECT id, %s FROM"
                " project_task WHERE id > %s AND id %% 2 = 0",
                ids['agent'],
                after,
            )
        )
    return 'project_task', 'project_task_user_rel'


FILLS = {'ours': fill_ours, 'oca': fill_oca, 'task': fill_task}
