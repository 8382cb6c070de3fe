"""Measured in the workers: deadlines of open tickets after a holiday was added."""

import threading
import time
from datetime import timedelta

import odoo
from odoo import api, fields
from odoo.tools import SQL

from .growth import BulkLoad, copy_rows, vacuum

# so many different moments at which tickets came in
MOMENTS = 1000


def prepare(bench, count):
    """Add open tickets with three promises to keep and one that was kept, all of them right."""
    with bench.environment(user=api.SUPERUSER_ID, keep=True) as env:
        cr = env.cr
        sample = env['helpdesk.ticket'].browse(bench.memory['tickets'][0])
        statuses = sample.sla_status_ids.sorted('id')
        now = fields.Datetime.now()
        opened = [now - timedelta(minutes=2 * number) for number in range(MOMENTS)]
        with BulkLoad(cr, 'helpdesk_ticket', 'helpdesk_sla_status'):
            cr.execute("SELECT coalesce(max(id), 0) FROM helpdesk_ticket")
            after = bench.memory['after'] = cr.fetchone()[0]
            copy_rows(
                cr,
                'helpdesk_ticket',
                sample.id,
                {
                    'name': SQL("'Order confirmation is not sent (' || n || ')'"),
                    'ticket_ref': SQL("'BR' || n"),
                    'access_token': SQL("NULL"),
                    'open_date': SQL("(%s::timestamp[])[1 + n %% %s]", opened, MOMENTS),
                    'sla_deadline': SQL("NULL"),
                    'sla_stale': SQL("FALSE"),
                },
                SQL("generate_series(1, %s) AS n", count),
            )
            cr.execute(
                "CREATE TEMP TABLE bench_deadline (opened timestamp, number int, deadline"
                " timestamp, warning timestamp) ON COMMIT DROP",
            )
            for number, row in enumerate(_expected(env, statuses, opened)):
                cr.execute_values(
                    "INSERT INTO bench_deadline VALUES %s",
                    [
                        (moment, number, deadline, warning)
                        for moment, (deadline, warning) in zip(opened, row)
                    ],
                )
            for number, status in enumerate(statuses):
                copy_rows(
                    cr,
                    'helpdesk_sla_status',
                    status.id,
                    {
                        'ticket_id': SQL("t.id"),
                        'start_date': SQL("open_date"),
                        'cycle_date': SQL("open_date"),
                        'deadline': SQL("b.deadline"),
                        'warning_date': SQL("b.warning"),
                        'paused_since': SQL("NULL"),
                        **(
                            {
                                'result': SQL("'reached'"),
                                'reached_date': SQL("open_date"),
                                'end_date': SQL("open_date"),
                            }
                            if number == 0
                            else {}
                        ),
                    },
                    SQL(
                        "(helpdesk_ticket t JOIN bench_deadline b ON b.opened = t.open_date AND"
                        " b.number = %s AND t.id > %s)",
                        number,
                        after,
                    ),
                )
            cr.execute(
                SQL(
                    "UPDATE helpdesk_ticket t SET sla_deadline = s.deadline, sla_warning_date ="
                    " s.warning, first_response_date = open_date FROM (SELECT ticket_id,"
                    " min(deadline) AS deadline, min(warning_date) AS warning FROM"
                    " helpdesk_sla_status WHERE result IS NULL GROUP BY ticket_id) s WHERE"
                    " s.ticket_id = t.id AND t.id > %s",
                    after,
                )
            )
    vacuum(bench, 'helpdesk_ticket', 'helpdesk_sla_status')
    return check(bench)


def _expected(env, statuses, opened):
    """Return deadline and warning of each promise for each moment, from the timeline alone."""
    for status in statuses:
        working_time = status.resource_calendar_id._get_working_time(env.company)
        seconds = round(status.time * 3600)
        yield [
            (
                working_time.add(moment, seconds),
                working_time.add(moment, seconds * status.warning_percentage // 100),
            )
            for moment in opened
        ]


def add_holiday(bench, days):
    """Close the calendar on a day, by the ORM: what it costs, and how many tickets it marks."""

    def function(env, _prepared):
        day = fields.Datetime.now().replace(hour=0, minute=0, second=0) + timedelta(days=days)
        while day.weekday() > 4:
            day += timedelta(days=1)
        env['resource.calendar.leaves'].create(
            {
                'name': "Holiday",
                'calendar_id': bench.product.ids['calendar'],
                'company_id': 1,
                'date_from': day,
                'date_to': day + timedelta(hours=23),
            }
        )

    result = bench.timed(function, user=api.SUPERUSER_ID, keep=True)
    return {**result, 'marked': stale(bench)}


def keep_marked(bench, count):
    """Leave only so many tickets marked."""
    with bench.environment(user=api.SUPERUSER_ID, keep=True) as env:
        env.cr.execute(
            SQL(
                "UPDATE helpdesk_ticket SET sla_stale = FALSE WHERE sla_stale AND id NOT IN"
                " (SELECT id FROM helpdesk_ticket WHERE sla_stale ORDER BY id DESC LIMIT %s)",
                count,
            )
        )
    return stale(bench)


def stale(bench):
    """Return how many tickets are still to be recomputed."""
    with bench.environment(user=api.SUPERUSER_ID) as env:
        env.cr.execute("SELECT count(*) FROM helpdesk_ticket WHERE sla_stale")
        return env.cr.fetchone()[0]


def resident():
    """Return the memory of this process in megabytes."""
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * 4096 / 1_000_000


def run_job(bench):
    """Run the job until nothing is marked, as the scheduler would; return what it cost a ticket."""
    count = stale(bench)
    samples, done = [(0, resident())], threading.Event()

    def sample():
        while not done.wait(0.2):
            samples.append((time.perf_counter() - clock, resident()))

    queries = odoo.sql_db.sql_counter
    clock = time.perf_counter()
    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        with bench.environment(user=api.SUPERUSER_ID, keep=True) as env, bench.observing():
            env['helpdesk.ticket']._cron_sla_refresh()
    finally:
        done.set()
        sampler.join()
    seconds = time.perf_counter() - clock
    queries = odoo.sql_db.sql_counter - queries
    left = stale(bench)
    # the first batches fill caches that stay
    settled = [memory for moment, memory in samples if moment > seconds * 0.2] or [resident()]
    return {
        'tickets': count - left,
        'left': left,
        'seconds': seconds / max(count - left, 1),
        'queries': queries / max(count - left, 1),
        'memory_start': samples[0][1],
        'memory_settled': settled[0],
        'memory_peak': max(memory for _moment, memory in samples),
        'memory_growth': settled[-1] - settled[0],
    }


def check_marked(bench, count):
    """Do the same for the `count` tickets that `keep_marked` left marked."""
    return check(bench, newest=count)


def check(bench, newest=None):
    """Return how many statuses are not what the timeline says, and whether finished ones changed.

    :param int newest: look only at so many tickets, the newest
    """
    with bench.environment(user=api.SUPERUSER_ID) as env:
        cr, after = env.cr, bench.memory['after']
        sample = env['helpdesk.ticket'].browse(bench.memory['tickets'][0])
        statuses = sample.sla_status_ids.sorted('id')
        if newest:
            cr.execute("SELECT max(id) FROM helpdesk_ticket")
            after = max(after, cr.fetchone()[0] - newest)
        cr.execute(SQL("SELECT DISTINCT open_date FROM helpdesk_ticket WHERE id > %s", after))
        opened = [moment for (moment,) in cr.fetchall()]
        wrong = 0
        for status, row in list(zip(statuses, _expected(env, statuses, opened)))[1:]:
            cr.execute(
                "CREATE TEMP TABLE bench_check (opened timestamp, deadline timestamp) ON COMMIT"
                " DROP"
            )
            cr.execute_values(
                "INSERT INTO bench_check VALUES %s",
                [(moment, deadline) for moment, (deadline, _warning) in zip(opened, row)],
            )
            cr.execute(
                SQL(
                    "SELECT count(*) FROM helpdesk_sla_status s JOIN bench_check c ON c.opened ="
                    " s.start_date WHERE s.sla_id = %s AND s.ticket_id IN (SELECT id FROM"
                    " helpdesk_ticket WHERE id > %s) AND s.deadline IS DISTINCT FROM c.deadline",
                    status.sla_id.id,
                    after,
                )
            )
            wrong += cr.fetchone()[0]
            cr.execute("DROP TABLE bench_check")
        cr.execute(
            SQL(
                "SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM helpdesk_sla_status s"
                " WHERE result IS NOT NULL AND ticket_id > %s",
                after,
            )
        )
        frozen = cr.fetchone()[0]
        changed = bench.memory.setdefault(f'frozen {after}', frozen) != frozen
    return {'wrong': wrong, 'finished_changed': changed}


def clear(bench):
    """Remove these tickets again."""
    with bench.environment(user=api.SUPERUSER_ID, keep=True) as env:
        env.cr.execute(
            SQL("DELETE FROM helpdesk_sla_status WHERE ticket_id > %s", bench.memory['after'])
        )
        env.cr.execute(SQL("DELETE FROM helpdesk_ticket WHERE id > %s", bench.memory['after']))
    vacuum(bench, 'helpdesk_ticket', 'helpdesk_sla_status')


def stage_recompute(bench, count):
    """What OCA does for one ticket at a time when its stage changes."""
    ids = bench.memory['tickets'][:count]

    def function(env, _prepared):
        for ticket in env['helpdesk.ticket'].browse(ids):
            for status in ticket.ticket_sla_ids:
                status._stage_recompute()

    return bench.timed(function, items=len(ids))
