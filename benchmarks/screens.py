"""Measured in the workers: what the web client asks for when somebody opens a screen.

The specifications of what is read are made from the views the way the web client makes them
(web/static/src/model/relational_model/utils.js, `getFieldsSpec`), for all products alike. The views
themselves are not fetched: the web client keeps them.
"""

import json
from ast import literal_eval

from lxml import etree

from odoo.tools import SQL

from odoo.addons.mail.tools.discuss import Store

# what widgets read beside their field: their `fieldDependencies`
ACTIVITY = (
    'activity_exception_decoration',
    'activity_exception_icon',
    'activity_state',
    'activity_summary',
    'activity_type_icon',
    'activity_type_id',
)
DEPENDENCIES = {
    'kanban_activity': ACTIVITY,
    'list_activity': ACTIVITY,
    'statusbar_duration': ('duration_tracking',),
    'rotting_statusbar_duration': ('duration_tracking', 'is_rotting', 'rotting_days'),
    'helpdesk_sla_deadline': ('sla_warning_date', 'sla_paused_since', 'sla_result'),
}
# what widgets read of the records of their field: their `relatedFields`
RELATED = {
    'helpdesk_sla_promises': (
        'name',
        'deadline',
        'warning_date',
        'paused_since',
        'reached_date',
        'result',
        'sla_progress',
    ),
}
LIST_LIMIT = 80
KANBAN_LIMIT = 40
COUNT_LIMIT = 10_000
X2MANY_LIMIT = 40
SUBVIEWS = ('list', 'kanban', 'form')
THREAD_REQUEST = [
    'activities',
    'attachments',
    'contact_fields',
    'followers',
    'scheduledMessages',
    'suggestedRecipients',
]

# what the action of a team's tickets opens: its filter for open tickets, and its context
SCREENS = {
    'ours': ("team_id", [('is_closed', '=', False)]),
    'oca': ("team_id", [('closed', '=', False)]),
    'task': ("project_id", [('display_in_project', '=', True), ('is_closed', '=', False)]),
}
BREACHED = {
    'ours': [('is_closed', '=', False), ('sla_state', '=', 'breached')],
    'oca': [('closed', '=', False), ('sla_expired', '=', True)],
}
STATE = {
    'ours': ['sla_state', 'sla_deadline'],
    'oca': ['sla_expired', 'sla_deadline'],
}


def get_view(env, model, kind):
    """Return the root element of a view as the user gets it."""
    views = env[model].get_views([(False, kind)])
    return etree.fromstring(views['views'][kind]['arch'])


def specify(env, model, root):
    """Return the specification of what a view reads.

    :param root: the element of the view, or of a view inside of it
    """
    nodes, todo = [], list(root)
    while todo:
        node = todo.pop(0)
        if node.tag == 'field':
            nodes.append(node)
        elif isinstance(node.tag, str):
            todo = [*node, *todo]
    specification = {}
    for node in nodes:
        field = env[model]._fields.get(node.get('name'))
        if not field:
            continue
        _specify_field(env, field, node, specification.setdefault(field.name, {}))
        for name in DEPENDENCIES.get(node.get('widget'), ()):
            dependency = env[model]._fields.get(name)
            if dependency:
                specification.setdefault(
                    name,
                    {'fields': {'display_name': {}}} if dependency.type == 'many2one' else {},
                )
    for name in list(specification):
        field = env[model]._fields[name]
        if field.type == 'properties' and field.definition_record in specification:
            specification[field.definition_record].setdefault('fields', {})['display_name'] = {}
    return specification


def _specify_field(env, field, node, specification):
    """Add what one element of a view reads to the specification of its field."""
    is_invisible = any(
        node.get(attribute) in ('True', '1') for attribute in ('invisible', 'column_invisible')
    )
    if field.type in ('many2one', 'reference'):
        specification.setdefault('fields', {})
    if is_invisible or not field.relational:
        return
    fields = specification.get('fields', {})
    subview = next((child for child in node if child.tag in SUBVIEWS), None)
    if field.type == 'many2one':
        fields['display_name'] = {}
    elif subview is not None:
        fields.update(specify(env, field.comodel_name, subview))
        specification['fields'] = fields
        specification['limit'] = int(subview.get('limit', X2MANY_LIMIT))
        if subview.get('default_order'):
            specification['order'] = subview.get('default_order')
    elif node.get('widget') in RELATED:
        related = env[field.comodel_name]._fields
        fields.update((name, {}) for name in RELATED[node.get('widget')] if name in related)
        specification['fields'] = fields
    elif 'many2many' in node.get('widget', ''):
        color_field = literal_eval(node.get('options') or '{}').get('color_field')
        fields.update({'display_name': {}, **({color_field: {}} if color_field else {})})
        specification['fields'] = fields


def prepare(bench):
    """Work out, once, what the screens read; the web client does it in the browser."""
    if 'screens' in bench.memory:
        return bench.memory['screens']
    product = bench.product
    parent, filters = SCREENS[product.name]
    with bench.environment() as env:
        screens = {
            'domain': [(parent, '=', product.ids['team']), *filters],
            'context': {f'default_{parent}': product.ids['team']},
        }
        for kind in ('list', 'kanban', 'form'):
            root = get_view(env, product.model, kind)
            screens[kind] = specify(env, product.model, root)
            screens[f'{kind}_order'] = root.get('default_order') or ''
            if kind == 'kanban':
                bar = root.find('progressbar')
                screens['bar'] = (
                    None
                    if bar is None
                    else {
                        'field': bar.get('field'),
                        'colors': json.loads(bar.get('colors')),
                        'help': bar.get('help'),
                    }
                )
                sums = bar.get('sum_field') if bar is not None else None
                screens['aggregates'] = [f'{sums}:sum'] if sums else []
    bench.memory['screens'] = screens
    return screens


def open_list(bench):
    """Open the list of a team's open tickets: the first page and its count."""
    screens = prepare(bench)

    def function(env, _prepared):
        env[bench.product.model].with_context(**screens['context'], bin_size=True).web_search_read(
            screens['domain'],
            screens['list'],
            limit=LIST_LIMIT,
            order=screens['list_order'],
            count_limit=COUNT_LIMIT + 1,
        )

    return bench.timed(function)


def open_kanban(bench):
    """Open the board of a team's open tickets: the columns, their cards and their bars."""
    screens = prepare(bench)

    def function(env, _prepared):
        model = env[bench.product.model].with_context(**screens['context'], bin_size=True)
        if screens['bar']:
            model.read_progress_bar(screens['domain'], 'stage_id', screens['bar'])
        model.with_context(read_group_expand=True).web_read_group(
            screens['domain'],
            ['stage_id'],
            screens['aggregates'],
            order=screens['kanban_order'],
            auto_unfold=True,
            unfold_read_specification=screens['kanban'],
            unfold_read_default_limit=KANBAN_LIMIT,
            groupby_read_specification={},
        )

    return bench.timed(function)


def open_form(bench):
    """Open a ticket: its form, its chatter and who would be written to."""
    screens = prepare(bench)
    ticket_id = bench.memory['tickets'][1]

    def function(env, _prepared):
        ticket = env[bench.product.model].with_context(**screens['context']).browse(ticket_id)
        ticket.with_context(bin_size=True).web_read(screens['form'])
        # /mail/data and /mail/thread/messages
        thread = env[bench.product.model].browse(ticket_id)
        Store().add(thread, [], as_thread=True, request_list=THREAD_REQUEST).get_result()
        messages = env['mail.message']._message_fetch(domain=None, thread=thread)['messages']
        Store().add(messages).get_result()

    return bench.timed(function)


def search_breached(bench):
    """Find the tickets that are open and past their deadline."""

    def function(env, _prepared):
        bench.memory['breached'] = len(
            env[bench.product.model].search(BREACHED[bench.product.name])
        )

    return bench.timed(function)


def count_breached(bench):
    """Return how many tickets the last search found."""
    return bench.memory['breached']


def explain_breached(bench):
    """Return how PostgreSQL finds them."""
    with bench.environment() as env:
        query = env[bench.product.model]._search(BREACHED[bench.product.name])
        env.cr.execute(
            SQL("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) %s", query.select())
        )
        return [line for (line,) in env.cr.fetchall()]


def read_state(bench, count):
    """Read what promises a list of tickets shows."""
    with bench.environment() as env:
        model = env[bench.product.model].with_context(active_test=False)
        ids = bench.memory.get('state_ids')
        if not ids:
            ids = bench.memory['state_ids'] = model.search([], order='id', limit=count).ids

    def function(env, _prepared):
        env[bench.product.model].browse(ids).read(STATE[bench.product.name])

    return bench.timed(function)


def open_page(bench):
    """Open the list without any filter: the first page of everything, and its count."""
    screens = prepare(bench)

    def function(env, _prepared):
        env[bench.product.model].web_search_read(
            [],
            screens['list'],
            limit=LIST_LIMIT,
            order=screens['list_order'],
            count_limit=COUNT_LIMIT + 1,
        )

    return bench.timed(function)


def read_counts(bench):
    """Read the counters on the dashboard of the teams."""

    def function(env, _prepared):
        fields = [name for name in env['helpdesk.team']._fields if name.endswith('_ticket_count')]
        env['helpdesk.team'].search([]).read(fields)

    return bench.timed(function)
