"""The rows of the table: what is measured, on whom, and what is to be reached (requirement W10).

Runs in the coordinator; each theme takes its `Coordinator` and returns its rows.
"""

import statistics
from dataclasses import dataclass, field

from .harness import say

EVERYONE = ['ours', 'oca', 'task', 'thread']
HELPDESKS = ['ours', 'oca']
LISTED = ['ours', 'oca', 'task']


@dataclass
class Row:
    """One line: measurements by product, and goals."""

    what: str
    measured: dict  # product -> {'seconds', 'queries'}
    goals: list = field(default_factory=list)  # (what is to be reached, what was, whether)
    note: str = ''

    def at_most(self, ratio, peer):
        """Set the goal that this product takes at most `ratio` times as long as a peer."""
        value = self._ratio(peer, 'ours')
        text = f"{value:.2f} ×"
        if 'processor' in self.measured['ours']:
            text += f" (processor {self._ratio(peer, 'ours', 'processor'):.2f})"
        self.goals.append((f"≤ {ratio} × {PEERS[peer]}", text, value <= ratio))
        return self

    def at_least(self, ratio, peer):
        """Set the goal that this product is at least `ratio` times as fast as a peer."""
        value = self._ratio('ours', peer)
        text = f"{value:,.0f} ×"
        if 'processor' in self.measured['ours']:
            text += f" (processor {self._ratio('ours', peer, 'processor'):,.0f})"
        self.goals.append((f"≥ {ratio} × faster than {PEERS[peer]}", text, value >= ratio))
        return self

    def _ratio(self, divisor, dividend, unit='seconds'):
        return self.measured[dividend][unit] / self.measured[divisor][unit]

    def queries(self, limit, unit="", under=False):
        """Set the goal that this product needs so many queries at most."""
        value = self.measured['ours']['queries']
        self.goals.append(
            (
                f"{'<' if under else '≤'} {limit} queries{unit}",
                f"{value:.2f}".rstrip('0').rstrip('.'),
                value < limit if under else value <= limit,
            )
        )
        return self

    def goal(self, text, value, reached):
        self.goals.append((text, value, reached))
        return self


PEERS = {
    'oca': "OCA",
    'task': "task",
    'thread': "thread",
    'plan_hours': "`plan_hours`",
    'bisection': "bisection",
    'raw': "raw inserts",
}


def working_time(bench):
    """One deadline over working hours."""
    module = 'benchmarks.working_time:'
    counts = {'ours': 20_000, 'plan_hours': 150, 'bisection': 20_000}
    seconds = {way: [] for way in counts}
    for _round in range(3 if bench.quick else 9):
        for way, count in counts.items():
            seconds[way].append(
                bench.ask('ours', module + 'add_up', way=way, count=count)['seconds']
            )
    measured = {
        way: {'seconds': statistics.median(values), 'queries': 2 if way == 'plan_hours' else 0}
        for way, values in seconds.items()
    }
    row = Row(
        "One deadline, Mon-Fri 9-18 with ten closures a year, random starts in two years",
        measured,
    ).at_least(800, 'plan_hours')
    count = 1000 if bench.quick else 20_000
    say(f"Comparing {count:,} deadlines with stock's, which takes about a minute in full")
    compared = bench.ask('ours', module + 'compare', count=count)
    for difference in compared['differences']:
        say(difference)
    row.goal(
        "equal to the second",
        f"{compared['different']} of {compared['cases']:,} differ",
        not compared['different'],
    )
    row.note = (
        f"The comparison runs over {compared['shapes']} working hours: office, lunch break, two"
        " weeks, nights across midnight and around the clock, each in five zones over two years"
        " with their clock changes."
    )
    return [row]


def creating(bench):
    """A ticket with four policies, one by one and in hundreds."""
    call = 'benchmarks.tickets:create'
    raw = 'benchmarks.tickets:insert_raw'
    one = bench.alternate(call, EVERYONE, 31)
    one['raw'] = bench.alternate(raw, ['ours'], 11)['ours']
    hundred = bench.alternate(call, EVERYONE, 7, warm_up=1, count=100)
    hundred['raw'] = bench.alternate(raw, ['ours'], 7, count=100)['ours']
    return [
        Row("Create a ticket with 4 policies, one by one", one)
        .at_most(0.6, 'oca')
        .at_most(0.7, 'task')
        .queries(22),
        Row("The same in hundreds, a ticket", hundred)
        .at_most(0.2, 'oca')
        .at_most(0.4, 'task')
        .queries(1, under=True),
    ]


def moving(bench):
    """A change of stage with SLA."""
    call = 'benchmarks.tickets:move'
    return [
        Row("Change of stage, one", bench.alternate(call, EVERYONE, 31)).at_most(0.6, 'oca'),
        Row(
            "Change of stage, 100 at once, a ticket",
            bench.alternate(call, EVERYONE, 7, warm_up=1, count=100),
        ).at_most(0.4, 'oca'),
    ]


def receiving(bench):
    """An e-mail that becomes a ticket."""
    return [
        Row(
            "E-mail to ticket (known sender, attachment)",
            bench.alternate('benchmarks.tickets:receive', EVERYONE, 31),
        )
        .at_most(1, 'oca')
        .queries(55),
    ]


def recomputing(bench):
    """The job after a holiday was added."""
    module = 'benchmarks.recompute:'
    count = 3000 if bench.quick else 50_000
    peer = bench.ask('oca', module + 'stage_recompute', count=100)
    say(f"Adding {count:,} open tickets")
    bench.ask('ours', module + 'prepare', count=count)
    holiday = bench.ask('ours', module + 'add_holiday', days=1)
    say(
        f"A holiday marked {holiday['marked']:,} tickets in {holiday['seconds']:.1f} s:"
        " recomputing them"
    )
    job = bench.ask('ours', module + 'run_job')
    checked = bench.ask('ours', module + 'check')
    # the second time the job is killed in the middle
    again_count = count if bench.quick else count // 2
    bench.ask('ours', module + 'add_holiday', days=4)
    marked = bench.ask('ours', module + 'keep_marked', count=again_count)
    say(f"Recomputing {marked:,} tickets for another holiday, and killing the job in the middle")
    worker = bench.another_worker('ours')
    worker.ask('ours', module + 'stale')
    worker.send('ours', module + 'run_job')
    left = marked
    while left > marked * 0.9:
        left = bench.ask('ours', module + 'stale')
    worker.kill()
    left = bench.ask('ours', module + 'stale')
    rest = bench.ask('ours', module + 'run_job')
    again = bench.ask('ours', module + 'check_marked', count=again_count)
    bench.ask('ours', module + 'clear')
    row = Row(
        f"Recompute {job['tickets']:,} open tickets after a holiday, a ticket",
        {'ours': job, 'oca': peer},
        note=(
            "OCA has no such job; its number is the recompute of one ticket when its stage"
            f" changes. Adding the holiday took {1000 * holiday['seconds']:,.0f} ms and"
            f" {holiday['queries']:.0f} queries for whoever did it, and marked"
            f" {holiday['marked']:,} tickets. The job, killed with {left:,} of {marked:,} tickets"
            f" to go, did the rest ({rest['tickets']:,}) when it was run again."
        ),
    )
    row.goal("< 1 ms", f"{1000 * job['seconds']:.2f} ms", job['seconds'] < 0.001)
    row.queries(0.05, under=True)
    row.goal(
        "memory flat",
        f"{job['memory_settled']:.0f} MB, then {job['memory_growth']:+.0f} MB",
        job['memory_growth'] < 10,
    )
    row.goal(
        "all right, finished ones unchanged",
        f"{checked['wrong']} wrong",
        not checked['wrong'] and not checked['finished_changed'],
    )
    row.goal(
        "resumable after a kill",
        f"{marked - left:,} + {rest['tickets']:,}, {again['wrong']} wrong",
        0 < left < marked and rest['tickets'] == left and not again['wrong'],
    )
    return [row]


def growing(bench):
    """Searching and opening screens as the table grows."""
    module = 'benchmarks.screens:'
    small, middle, large = (1000, 5000, 20_000) if bench.quick else (10_000, 100_000, 1_000_000)
    backlog = small // 2
    rounds = 15
    views = {
        "a page of 80": 'open_list',
        "the board": 'open_kanban',
        "the team's counters": 'read_counts',
        "the breached ones": 'search_breached',
        "a page of 80 of everything": 'open_page',
    }

    def fill(product, first, last, statuses=True):
        say(f"Filling the table of {product} with {last - first + 1:,} tickets")
        bench.ask(
            product,
            'benchmarks.growth:fill',
            first=first,
            last=last,
            backlog=backlog,
            statuses=statuses,
        )

    def measure():
        return {
            name: bench.alternate(module + call, ['ours'], rounds)['ours']
            for name, call in views.items()
        }

    fill('ours', 1, small)
    before = measure()
    fill('ours', small + 1, middle)
    for product in ('oca', 'task'):
        fill(product, 1, middle)
    size = f"{middle:,}"
    breached = Row(
        f"Find the breached among {size} tickets",
        bench.alternate(module + 'search_breached', HELPDESKS, rounds),
    ).at_least(20, 'oca')
    plan = bench.ask('ours', module + 'explain_breached')
    scan = next(
        (
            line.strip()
            for line in plan
            if ' on helpdesk_ticket_' in line or 'using helpdesk_ticket_' in line
        ),
        '',
    )
    breached.goal(
        "by an index", scan.split(' (')[0].removeprefix('->  ') or "table scan", bool(scan)
    )
    breached.note = "EXPLAIN:\n\n```\n" + '\n'.join(plan[:12]) + "\n```"
    rows = [
        breached,
        Row(
            f"Open the list at {size} tickets",
            bench.alternate(module + 'open_list', LISTED, rounds),
        ).at_most(0.5, 'oca'),
        Row(
            f"Open the board at {size} tickets",
            bench.alternate(module + 'open_kanban', LISTED, rounds),
        ).at_most(0.5, 'oca'),
        Row(
            f"Open a ticket's form at {size} tickets",
            bench.alternate(module + 'open_form', LISTED, rounds),
        ).at_most(0.6, 'oca'),
        Row(
            f"Read the SLA state of {min(middle, 10_000):,} tickets",
            bench.alternate(
                module + 'read_state', HELPDESKS, 5, warm_up=1, count=min(middle, 10_000)
            ),
        ).at_least(10, 'oca'),
    ]
    fill('ours', middle + 1, large, statuses=False)
    after = measure()
    for name in views:
        growth = after[name]['seconds'] / before[name]['seconds']
        processor = after[name]['processor'] / before[name]['processor']
        row = Row(f"Growth from {small:,} to {large:,} tickets: {name}", {'ours': after[name]})
        row.goal(
            f"≤ 2 × the time at {small:,}",
            f"{growth:.2f} × (processor {processor:.2f})",
            growth <= 2,
        )
        rows.append(row)
    return rows


def logging(bench):
    """Time on a ticket, and on a stock task."""
    call = 'benchmarks.timesheets:log'

    def measure(rounds, **arguments):
        measured = bench.alternate(call, ['ticket_time', 'task_time'], rounds, **arguments)
        return {'ours': measured['ticket_time'], 'task': measured['task_time']}

    rows = [
        Row("Log time, one entry", measure(31)),
        Row("Log time, 100 entries at once, an entry", measure(7, warm_up=1, count=100)),
    ]
    for row in rows:
        row.at_most(1.2, 'task').queries(round(1.2 * row.measured['task']['queries'], 2))
    return rows


def watching(bench):
    """The board of the windows after go-lives, and the job that counts their days."""
    module = 'benchmarks.hypercare_board:'
    few, many, tickets = (10, 50, 2000) if bench.quick else (10, 200, 100_000)

    def measure(call, rounds=15, **arguments):
        return bench.alternate(module + call, ['hypercare'], rounds, **arguments)['hypercare']

    def add(windows):
        share = tickets * windows // many
        say(f"Adding {windows} windows with {share:,} tickets")
        return bench.ask('hypercare', module + 'add_windows', windows=windows, tickets=share)

    add(few)
    # beyond the last card: a full page is counted in a query of its own
    board_before = measure('open_board', limit=2 * many)
    job_before = measure('run_job', rounds=7, windows=few)
    there = add(many - few)
    size = f"{there['windows']} windows and {there['tickets']:,} tickets"
    board = measure('open_board', limit=2 * many)
    page = measure('open_board', limit=40)
    job_few = measure('run_job', rounds=7, windows=few)
    job_many = measure('run_job', rounds=7, windows=many)
    idle = measure('find_due')
    growth = job_few['seconds'] / job_before['seconds']
    processor = job_few['processor'] / job_before['processor']
    ratio = job_many['seconds'] / job_few['seconds']
    return [
        Row(f"Open the board of {size}: all cards", {'ours': board})
        .goal("≤ 1 s", f"{board['seconds']:.2f} s", board['seconds'] <= 1)
        .goal(
            f"the queries of {few} windows",
            f"{board['queries']:.0f} and {board_before['queries']:.0f}",
            board['queries'] == board_before['queries'],
        ),
        Row("The same, the first page of 40 cards", {'ours': page}).goal(
            "≤ 1 s", f"{page['seconds']:.2f} s", page['seconds'] <= 1,
        ),
        Row(f"Count a day of {few} windows among {size}", {'ours': job_few}).goal(
            f"≤ 1.5 × the time among {few} windows",
            f"{growth:.2f} × (processor {processor:.2f})",
            growth <= 1.5,
        ),
        Row(f"Count a day of all {there['windows']} windows", {'ours': job_many}).goal(
            f"≤ {many // few} × the time of {few}", f"{ratio:.1f} ×", ratio <= many / few,
        ),
        Row("Find that nothing is to be counted", {'ours': idle}),
    ]


def explaining(bench):
    """Where the time goes, for the document."""
    measurements = {
        "create one": ('benchmarks.tickets:create', {}),
        "create 100, a ticket": ('benchmarks.tickets:create', {'count': 100}),
        "change of stage, one": ('benchmarks.tickets:move', {}),
        "e-mail to ticket": ('benchmarks.tickets:receive', {}),
    }
    return {
        name: {
            product: bench.ask(
                product, 'benchmarks.profile:shares', function_name=call, **arguments
            )
            for product in ('ours', 'thread')
        }
        for name, (call, arguments) in measurements.items()
    }


THEMES = {
    'working_time': working_time,
    'creating': creating,
    'moving': moving,
    'receiving': receiving,
    'logging': logging,
    'recomputing': recomputing,
    'growing': growing,
    'watching': watching,
}
