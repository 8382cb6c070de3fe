"""Measured in the workers: the board of the windows after go-lives, and the job that counts them.

The tickets of a window are rows copied by SQL from one real ticket, spread over the days of the
window: one in twenty is open, the rest was closed within a day; every second open one is late.
"""

from datetime import timedelta

from lxml import etree

from odoo import api, fields
from odoo.tools import SQL

from .growth import BulkLoad, copy_rows, vacuum
from .screens import specify

# days that the windows run already, and days that they have
RUNNING, DAYS = 14, 30
BATCH = 50
OPEN = 20  # one in so many


def add_windows(bench, windows, tickets):
    """Add running windows, and so many tickets spread over them; count their past days.

    :return: how many windows and tickets there are now
    """
    with bench.environment(user=api.SUPERUSER_ID, keep=True) as env:
        now = fields.Datetime.now()
        start = now - timedelta(days=RUNNING)
        before = bench.memory.setdefault('windows', [])
        clients = env['res.partner'].create([
            {'name': f"Go-live No. {len(before) + number}", 'is_company': True}
            for number in range(windows)
        ])
        periods = env['hypercare.period'].with_context(tracking_disable=True).create([
            {
                'partner_id': client.id,
                'team_id': bench.product.ids['team'],
                'user_id': bench.product.ids['agent'],
                'days': DAYS,
                'scale_user_count': 20,
            }
            for client in clients
        ])
        for period in periods:
            period._start(start)
        before += periods.ids
        env.flush_all()
        _add_tickets(env, bench, periods, tickets, start, now)
    vacuum(bench, 'helpdesk_ticket', 'helpdesk_sla_status')
    with bench.environment(user=api.SUPERUSER_ID, keep=True) as env:
        periods = env['hypercare.period'].browse(bench.memory['windows'][-windows:])
        for first in range(0, windows, BATCH):
            periods[first:first + BATCH]._measure_due_days()
    vacuum(bench, 'hypercare_measure', 'hypercare_period')
    with bench.environment(user=api.SUPERUSER_ID) as env:
        env.cr.execute("SELECT count(*) FROM helpdesk_ticket WHERE hypercare_id IS NOT NULL")
        return {'windows': len(bench.memory['windows']), 'tickets': env.cr.fetchone()[0]}


def _add_tickets(env, bench, periods, tickets, start, now):
    """Copy tickets into the windows, the promises with them."""
    cr, ids = env.cr, bench.product.ids
    sample = env['helpdesk.ticket'].browse(bench.memory['tickets'][0])
    window = SQL("(%s::int[])[1 + n %% %s]", periods.ids, len(periods))
    client = SQL("(%s::int[])[1 + n %% %s]", periods.partner_id.ids, len(periods))
    opened = SQL(
        "%s::timestamp + (n * 7919 %% %s) * interval '1 second'",
        start, int((now - start).total_seconds()) - 3600,
    )
    is_open = SQL("n / %s %% %s = 0", len(periods), OPEN)
    closed = SQL("LEAST(%s + (n %% 1440) * interval '1 minute', %s)", opened, now)

    def when_open(value, otherwise):
        return SQL("CASE WHEN %s THEN %s ELSE %s END", is_open, value, otherwise)

    due = SQL(
        "%s::timestamp + (CASE WHEN n %% 2 = 0 THEN -1 ELSE 1 END) * interval '3 hour'", now,
    )
    with BulkLoad(cr, 'helpdesk_ticket', 'helpdesk_sla_status'):
        cr.execute("SELECT coalesce(max(id), 0) FROM helpdesk_ticket")
        after = cr.fetchone()[0]
        copy_rows(
            cr,
            'helpdesk_ticket',
            sample.id,
            {
                'name': SQL("'How do I register a return? (' || n || ')'"),
                'ticket_ref': SQL("'HC%s-' || n", after),
                'access_token': SQL("NULL"),
                'priority': SQL("(n %% 4)::text"),
                'partner_id': client,
                'commercial_partner_id': client,
                'hypercare_id': window,
                'hypercare_kind': SQL(
                    "(ARRAY['question', 'settings', 'defect', 'other'])[1 + n %% 4]",
                ),
                'create_date': opened,
                'open_date': opened,
                'first_response_date': opened,
                'close_date': when_open(SQL("NULL::timestamp"), closed),
                'is_closed': SQL("NOT (%s)", is_open),
                'stage_id': when_open(ids['progress'], ids['solved']),
                'stage_type': when_open(SQL("'open'"), SQL("'solved'")),
                'sla_deadline': when_open(due, SQL("NULL::timestamp")),
                'sla_warning_date': when_open(due, SQL("NULL::timestamp")),
                'sla_paused_since': SQL("NULL"),
                'sla_result': when_open(SQL("NULL"), SQL("'reached'")),
            },
            SQL("generate_series(1, %s) AS n", tickets),
        )
        rows = SQL(
            "(SELECT id AS ticket, open_date AS opened, close_date AS closed, sla_deadline AS due"
            " FROM helpdesk_ticket WHERE id > %s) AS t",
            after,
        )
        for status in sample.sudo().sla_status_ids.sorted('id'):
            answered = status.target == 'first_response'
            ended = SQL("opened") if answered else SQL("closed")
            copy_rows(
                cr,
                'helpdesk_sla_status',
                status.id,
                {
                    'ticket_id': SQL("ticket"),
                    'start_date': SQL("opened"),
                    'cycle_date': SQL("opened"),
                    'result': SQL("CASE WHEN %s IS NOT NULL THEN 'reached' END", ended),
                    'reached_date': ended,
                    'end_date': ended,
                    'deadline': SQL("COALESCE(due, opened + interval '1 day')"),
                    'warning_date': SQL("due"),
                    'paused_since': SQL("NULL"),
                },
                rows,
            )


def open_board(bench, limit):
    """Open the board: so many of its cards, and how many there are."""
    if 'board' not in bench.memory:
        with bench.environment() as env:
            action = env['ir.actions.act_window']._for_xml_id(
                'hypercare.hypercare_period_action_board',
            )
            view_id = next(view for view, kind in action['views'] if kind == 'kanban')
            views = env['hypercare.period'].get_views([(view_id, 'kanban')])
            root = etree.fromstring(views['views']['kanban']['arch'])
            bench.memory['board'] = specify(env, 'hypercare.period', root)

    def function(env, _prepared):
        result = env['hypercare.period'].with_context(bin_size=True).web_search_read(
            [('state', 'in', ('running', 'review'))],
            bench.memory['board'],
            limit=limit,
            count_limit=10_001,
        )
        bench.memory['cards'] = len(result['records'])

    return {**bench.timed(function), 'cards': bench.memory['cards']}


def run_job(bench, windows):
    """Count yesterday in so many windows, which is what the job does in a night; rolled back."""
    ids = bench.memory['windows'][:windows]

    def prepare(env):
        # for the others there is nothing to do
        day = env['hypercare.period'].browse(ids[:1])._get_today() - timedelta(days=1)
        periods = env['hypercare.period'].browse(ids)
        periods.measured_date = day - timedelta(days=1)

    def function(env, _prepared):
        due = env['hypercare.period']._search_due_measures()
        if len(due) != windows:
            raise AssertionError(f"{len(due)} windows are due, not {windows}")
        for first in range(0, len(due), BATCH):
            due[first:first + BATCH]._measure_due_days()

    return bench.timed(function, user=api.SUPERUSER_ID, prepare=prepare)


def find_due(bench):
    """Look whether there is anything to count: what the job does every hour."""

    def function(env, _prepared):
        if env['hypercare.period']._search_due_measures():
            raise AssertionError("everything was counted")

    return bench.timed(function, user=api.SUPERUSER_ID)
