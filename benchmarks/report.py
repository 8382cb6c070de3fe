"""What was measured, as the document that people read."""

import os
import platform
from datetime import date
from importlib import metadata

from .rows import PEERS

INTRODUCTION = """\
# Benchmarks

Written by `script/bench`, which measures this product and its peers in one run on one machine. Do
not edit.

Only the ratios mean anything: each measurement alternates between the products, round by round, so
that
all of them meet the same machine, and the table shows medians. A time on another machine is another
time.
"""

METHOD = """\
## What is measured

- **The products.** *This product*: `helpdesk_sla`. *OCA*: {oca}, from PyPI, installed in the
  environment of the benchmark only. *Task*: stock `project.task`, the price of a record that people
  work on. *Thread*: a model with a name, a customer and nothing else but a chatter
  (`benchmarks/addons/bench_thread`), the price of any threaded record. *Raw inserts*: the rows of
  one of our tickets by SQL, without any ORM.
- **Three databases** on one server, each with the same stock addons (`project`, `rating`,
  `resource` and what they need) and one of: nothing more, this product, OCA. No demo data, nothing
  installed automatically.
- **The same settings**: one team with an e-mail address and one agent with the ordinary rights of
  the product (not the superuser) who is a member; working hours Mon-Fri 9-18 in Warsaw with ten
  closures a year; four promises that hold for every ticket (tasks have none); a client with one
  contact. No stage sends a mail, so nobody is acknowledged anywhere. Followers and notifications
  are those that each product brings.
- **A request** is measured as a web request is served: a fresh transaction with an empty record
  cache, caches of the registry warm, everything up to the commit: flushing, tracking, messages,
  notifications. It is then rolled back. *Creating* is one call of `create` with subject,
  description, customer, assignee, priority and channel; a *change of stage* is one `write`; an
  *e-mail* goes through `mail.thread.message_process` as the gateway hands it over, with text, HTML
  and a PDF of 20 kB.
- **Queries** are counted over all connections of the process.
- **Screens** are what the web client asks for: `web_search_read`, `web_read_group` with
  `read_progress_bar`, `web_read` and the chatter, with specifications made from the products' own
  views the way the web client makes them, opened with the filter for open tickets of a team. The
  views themselves are not fetched; the web client keeps them.
- **Windows after go-lives** are measured in a database of their own, with `hypercare` installed:
  running for two weeks, their tickets copied like those of the large tables, one in twenty open.
- **Large tables** are filled by SQL from a ticket that the product created. {backlog:,} tickets are
  open in every state of their promises, of which a fifth is past the deadline; all others are
  history, closed a thousand a day. So a larger table reaches further back; the work of today stays
  the same.

Smaller runs for development: `script/bench --quick`; single themes: `script/bench --only creating`;
the statements and functions behind one measurement: `script/bench --profile create`.
"""


def describe_machine(versions):
    """Return what the numbers depend on, without saying whose machine it is."""
    with open('/proc/cpuinfo') as cpuinfo:
        model = next(
            (line.split(':', 1)[1].strip() for line in cpuinfo if line.startswith('model name')),
            platform.machine(),
        )
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    return (
        f"{date.today():%d %B %Y}: {len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f}"
        f" GB, Linux; Python {platform.python_version()}, PostgreSQL {versions['postgresql']},"
        f" Odoo {versions['odoo']}; load {versions['load']:.1f} before the start."
    )


def describe_peers(path):
    """Return the names and versions of what is installed in a folder."""
    return " and ".join(
        sorted(
            f"`{distribution.metadata['Name'].lower().replace('_', '-')}` {distribution.version}"
            for distribution in metadata.distributions(path=[path])
        )
    )


def format_time(seconds):
    """Return a time with three digits, in the unit that suits it."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        value = seconds * factor
        if value >= 1 or unit == "µs":
            digits = 0 if value >= 100 else 1 if value >= 10 else 2
            return f"{value:,.{digits}f} {unit}"


def format_measured(measured):
    if not measured:
        return ""
    queries = measured.get('queries')
    text = format_time(measured['seconds'])
    if queries:
        text += f", {queries:.2f}".rstrip('0').rstrip('.')
    return text


def table(rows):
    """Return the rows as a table: the medians with their queries, and what was to be reached."""
    lines = [
        "| what (time, queries) | this product | OCA | task | thread | floor | goal | reached |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        floor = next(
            (
                f"{format_measured(row.measured[name])} ({PEERS[name]})"
                for name in ('raw', 'bisection')
                if name in row.measured
            ),
            "",
        )
        peers = dict(row.measured)
        if 'plan_hours' in peers:
            floor += f"; {format_measured(peers['plan_hours'])} (stock `plan_hours`)"
        lines.append(
            "| "
            + " | ".join(
                [
                    row.what,
                    *(
                        format_measured(peers.get(name))
                        for name in ('ours', 'oca', 'task', 'thread')
                    ),
                    floor,
                    "<br>".join(text for text, _value, _reached in row.goals),
                    "<br>".join(
                        f"{'yes' if reached else '**no**'}: {value}"
                        for _text, value, reached in row.goals
                    ),
                ]
            )
            + " |"
        )
    return "\n".join(lines)


def explain(explained):
    """Return where the time of creating, moving and receiving goes."""
    layers = (
        "this product",
        "mail",
        "rating, portal, web",
        "ORM and framework",
        "Python and libraries",
        "PostgreSQL and its driver",
    )
    lines = [
        "## Where the time goes",
        "",
        (
            "Share of the time in the code of each layer itself, by the profiler, and the"
            " statements that it asks for; the last column is the time in the database and its"
            " driver, whoever asked. The thread row is the floor of what a record with a chatter"
            " costs."
        ),
        "",
        "| what | time | " + " | ".join(layers) + " |",
        "|---|---|" + "---|" * len(layers),
    ]
    for name, products in explained.items():
        for product, share in products.items():
            cells = []
            for layer in layers:
                queries = share['queries'].get(layer)
                cell = f"{100 * share['shares'].get(layer, 0):.0f} %"
                if queries:
                    cell += f", {queries:.2f}".rstrip('0').rstrip('.') + " q"
                cells.append(cell)
            label = name if product == 'ours' else f"{name}: {PEERS[product]}"
            lines.append(
                f"| {label} | {format_time(share['seconds'])} | " + " | ".join(cells) + " |"
            )
    return "\n".join(lines)


def compare_floors(rows):
    """Return how far this product is from what a ticket costs at least."""
    lines = []
    for row in rows:
        ours = row.measured.get('ours')
        floors = [
            f"{ours['seconds'] / row.measured[name]['seconds']:.1f} × {text}"
            for name, text in (('thread', "a bare thread record"), ('raw', "the raw inserts"))
            if name in row.measured
        ]
        if floors:
            lines.append(f"- {row.what}: {' and '.join(floors)}.")
    return ["How far above the floor this product is:", "", *lines, ""] if lines else []


def write(path, rows, explained, versions, oca_path, backlog):
    """Write the document."""
    notes = [f"**{row.what}.** {row.note}" for row in rows if row.note]
    reached = sum(reached for row in rows for _text, _value, reached in row.goals)
    wanted = sum(len(row.goals) for row in rows)
    parts = [
        INTRODUCTION,
        describe_machine(versions),
        "",
        "## Results",
        "",
        (
            f"{reached} of {wanted} goals reached. A ratio is this product's time by the peer's;"
            " in brackets the same for the processor time of the process and its database"
            " connection, which hardly depends on what else the machine does."
        ),
        "",
        table(rows),
        "",
        "\n\n".join(notes),
        "",
        *([explain(explained), "", *compare_floors(rows)] if explained else []),
        METHOD.format(oca=describe_peers(oca_path), backlog=backlog).rstrip(),
        "",
    ]
    with open(path, 'w') as document:
        document.write("\n".join(parts))
