"""The weeks after a go-live, from the signed protocol to the support plan (G1-G7, P6, P9, W15).

The supervisor sits at a desk, the client's coordinator does everything on a phone. Days pass by
moving what happened so far into the past; the scheduled jobs then do what they do every night.
"""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import expect

from .test_implementation_journey import as_agent, id_of, open_implementation, sign
from .test_improvement_journey import PHONE

CLIENT = "Cedar Print"
LOGIN = 'cedar'
CRITICAL = "Orders of the shop stop"
REASON = "The client asks for the hand-over before the holidays"

# moves a window and all that belongs to it so many days into the past
DAYS_PASS = """
from datetime import timedelta
period = env['hypercare.period'].browse({period_id})
env.cr.execute('UPDATE hypercare_measure SET date = date - %(days)s WHERE period_id = %(id)s;'
    ' UPDATE hypercare_bottleneck SET date_from = date_from - %(days)s,'
    ' date_to = date_to - %(days)s WHERE period_id = %(id)s;'
    ' UPDATE hypercare_period SET measured_date = measured_date - %(days)s WHERE id = %(id)s;'
    ' UPDATE helpdesk_ticket SET open_date = open_date - interval %(interval)s,'
    ' assign_date = assign_date - interval %(interval)s,'
    ' first_response_date = first_response_date - interval %(interval)s,'
    ' close_date = close_date - interval %(interval)s WHERE hypercare_id = %(id)s',
    dict(days={days}, interval='{days} days', id=period.id))
env.invalidate_all()
delta = timedelta(days={days})
review = period.review_id
period.project_id.golive_datetime -= delta
period.write(dict(
    golive_date=period.golive_date - delta, start_datetime=period.start_datetime - delta,
))
if review.state in ('draft', 'scheduled'):
    review.write(dict(date_planned=review.date_planned - delta))
env.cr.commit()
"""

# what the client asks for on some days of the window, and how it is answered
TICKETS = """
from datetime import timedelta
period = env['hypercare.period'].browse({period_id})
stages = period.team_id.stage_ids
new, solved = [
    stages.filtered(lambda stage: stage.stage_type == kind)[:1] for kind in ('open', 'solved')
]
for day, priority, name, is_solved in {tickets!r}:
    opened = period.start_datetime + timedelta(days=day, minutes=5)
    closed = opened + timedelta(minutes=50)
    moment = '%Y-%m-%d %H:%M:%S'
    env['helpdesk.ticket'].create(dict(
        name=name, team_id=period.team_id.id, partner_id=period.coordinator_id.id,
        priority=priority, user_id=period.user_id.id, open_date=opened,
        ticket_type_id=env.ref('helpdesk_sla.type_question').id,
        assign_date=opened + timedelta(minutes=5),
        first_response_date=opened + timedelta(minutes=5),
        stage_id=(solved if is_solved else new).id,
        close_date=is_solved and closed,
        date_last_stage_update=closed if is_solved else opened,
        stage_history=[[new.id, opened.strftime(moment), 'open']] + (
            [[solved.id, closed.strftime(moment), 'solved']] if is_solved else []
        ),
    ))
env.cr.commit()
"""


def run(product, script, **values):
    """Do something on the database as the system does it, beside the running server."""
    process = subprocess.run(
        [
            Path(sys.executable).with_name('odoo'), 'shell', '-d', product.database, '--no-http',
            '--log-level=error', '--shell-interface=python',
        ],
        input=script.format(**values) + "\nprint('finished')\n",
        capture_output=True, text=True, check=False,
    )
    assert 'finished' in process.stdout and 'Traceback' not in process.stderr, process.stderr


def run_job(product, name):
    """Let a scheduled job do its work now."""
    product.call('ir.cron', 'method_direct_trigger', [id_of(product, name, 'hypercare')])


def create_client(product):
    """Create a client whose coordinator uses the portal; return the ids of both."""
    client_id = product.call('res.partner', 'create', {
        'name': CLIENT, 'is_company': True, 'tz': 'Europe/Warsaw',
    })
    user_id = product.call('res.users', 'create', {
        'name': "Celina Dudek", 'login': LOGIN, 'password': LOGIN, 'tz': 'Europe/Warsaw',
        'email': 'celina.dudek@cedar-print.example',
        'group_ids': [(6, 0, [id_of(product, 'group_portal', 'base')])],
    }, context={'no_reset_password': True})
    user, = product.read('res.users', [('id', '=', user_id)], 'partner_id')
    coordinator_id = user['partner_id'][0]
    product.call('res.partner', 'write', [coordinator_id], {'parent_id': client_id})
    return client_id, coordinator_id


def create_agreement(product, client_id, coordinator_id):
    """Create the agreement of the support plan, signed beforehand; return its id."""
    agreement_id = product.call('helpdesk.sla.agreement', 'create', {
        'partner_id': client_id,
        'contact_id': coordinator_id,
        'date_start': str(date.today() + timedelta(days=60)),
        'resource_calendar_id': id_of(product, 'resource_calendar_support', 'helpdesk_sla'),
        'user_count': 30,
        'line_ids': [(0, 0, {'priority': priority, 'response_time': 4, 'resolution_time': 16})
                     for priority in '0123'],
    })
    product.call('helpdesk.sla.agreement', 'write', [agreement_id], {
        'step': 'signed', 'signed_by': "Celina Dudek", 'signed_on': str(date.today()),
    })
    return agreement_id


def sell_support(product, coordinator_id):
    """Sell a package for the first month and a plan; return the ids of the order and its lines."""
    values = {
        'type': 'service', 'service_type': 'timesheet', 'service_tracking': 'no',
        'uom_id': id_of(product, 'product_uom_hour', 'uom'), 'is_support_pack': True,
        'support_validity_start': 'go_live', 'list_price': 90.0,
    }
    products = [
        product.call('product.product', 'create', {**values, **own}) for own in (
            {'name': "First Month", 'invoice_policy': 'delivery', 'support_validity_months': 1},
            {'name': "Care Plan", 'invoice_policy': 'order', 'support_renewal': 'monthly'},
        )
    ]
    order_id = product.call('sale.order', 'create', {
        'partner_id': coordinator_id,
        'order_line': [
            (0, 0, {'product_id': product_id, 'product_uom_qty': 10}) for product_id in products
        ],
    })
    product.call('sale.order', 'action_confirm', [order_id])
    lines = product.read(
        'sale.order.line', [('order_id', '=', order_id)], 'support_start_date', 'name',
    )
    assert not any(line['support_start_date'] for line in lines)
    return order_id, [line['id'] for line in lines]


def begin_implementation(product, client_id, coordinator_id, agreement_id, order_id):
    """Begin an implementation that only the protocol is missing of; return its id."""
    phases = [
        product.call('implementation.phase', 'create', values) for values in (
            {'name': "Cedar before", 'sequence': 901},
            {'name': "Cedar after", 'sequence': 902, 'is_live': True, 'gate_ids': [
                (0, 0, {'kind': 'protocol_signed', 'is_mandatory': True}),
            ]},
        )
    ]
    project_id = product.call('project.project', 'create', {
        'name': f"{CLIENT}: implementation",
        'implementation_kind': 'implementation',
        'partner_id': client_id,
        'coordinator_id': coordinator_id,
        'user_id': id_of(product, 'user_agent', 'helpdesk_sla'),
        'sla_agreement_id': agreement_id,
        'allow_billable': True,
        'reinvoiced_sale_order_id': order_id,
        'phase_ids': [(6, 0, phases)],
        'checklist_item_ids': [
            (0, 0, {'name': "An order prints a label"}), (0, 0, {'name': "An invoice is posted"}),
        ],
    })
    product.call('implementation.plan', 'create', {
        'project_id': project_id,
        'line_ids': [
            (0, 0, {'name': "Shop", 'kind': 'integration', 'quantity': 2}),
            (0, 0, {'name': "Labels", 'kind': 'automation', 'quantity': 3}),
        ],
    })
    return project_id


def open_window(page, period_id):
    page.goto(f'/odoo/hypercare/{period_id}')
    page.locator('.o_form_view .o_form_statusbar').wait_for()


def go_live(product, agent, client, project_id):
    """Draw up the protocol, have it ticked and signed."""
    open_implementation(agent, 'implementations', f"{CLIENT}: implementation")
    agent.get_by_role('tab', name="Protocol").click()
    agent.get_by_role('button', name="Draw up the Protocol").click()
    agent.locator('[name=line_ids] .o_data_row', has_text="An order prints a label").wait_for()
    agent.get_by_role('button', name="Send to the Client").click()
    agent.locator('.o_arrow_button_current', has_text="With the Client").wait_for()
    client.goto(f'/my/implementation/{project_id}')
    client.locator('#implementation_protocol').get_by_role('link', name="Tick and sign").click()
    expect(client.locator('.o_protocol_line').first).to_be_visible()
    expect(client.locator('.o_protocol_unsaved:visible')).to_have_count(0)
    client.wait_for_load_state('networkidle')
    for point in client.locator('.o_protocol_line').all():
        point.get_by_role('checkbox').first.check()
    client.locator('.o_protocol_bar').get_by_role('button', name="Save").click()
    client.get_by_text("Saved.").wait_for()
    sign(client.locator('#protocol_sign'), "Sign and go live")
    client.wait_for_url('**done=signed**')


def test_hypercare_from_the_protocol_to_the_support_plan(product, person):
    client_id, coordinator_id = create_client(product)
    agreement_id = create_agreement(product, client_id, coordinator_id)
    order_id, support_lines = sell_support(product, coordinator_id)
    project_id = begin_implementation(
        product, client_id, coordinator_id, agreement_id, order_id,
    )

    # the window was planned with the implementation, and the client knows of it
    period, = product.read(
        'hypercare.period', [('project_id', '=', project_id)], 'name', 'state', 'team_id',
        'scale_user_count', 'scale_integration_count', 'scale_process_count', 'days',
    )
    assert period['state'] == 'planned'
    assert [period[f'scale_{name}_count'] for name in ('user', 'integration', 'process')] == [
        30, 2, 3,
    ]
    period_id = period['id']
    agent, client = person('agent'), person(LOGIN, PHONE)
    open_implementation(agent, 'implementations', f"{CLIENT}: implementation")
    agent.locator('[name=button_box], .o-form-buttonbox').get_by_text("Hypercare").first.click()
    agent.locator('.o_arrow_button_current', has_text="Planned").wait_for()
    client.goto('/my/implementation')
    client.locator('#implementation_hypercare', has_text="after your go-live").wait_for()

    # the signature starts the window and, with it, what was sold for the time from then on
    go_live(product, agent, client, project_id)
    open_window(agent, period_id)
    agent.locator('.o_arrow_button_current', has_text="Running").wait_for()
    window, = product.read('hypercare.period', [('id', '=', period_id)], 'golive_date')
    lines = product.read(
        'sale.order.line', [('id', 'in', support_lines)], 'support_start_date',
    )
    assert {line['support_start_date'] for line in lines} == {window['golive_date']}
    client.goto('/my/implementation')
    client.locator('#implementation_hypercare').get_by_role('link').click()
    client.wait_for_url(f'**/my/hypercare/{period_id}')
    client.locator('.o_hypercare_page', has_text=f"Day 1 of {period['days']}").wait_for()

    # questions are free in this window: a leader said so, and everybody reads it
    product.call('hypercare.period', 'write', [period_id], {'free_in_window': 'questions'})
    client.reload()
    client.locator('#hypercare_free', has_text="Questions and changes of settings").wait_for()

    # nine days pass: every day a question, and something critical that nobody solves
    run(product, DAYS_PASS, period_id=period_id, days=9)
    run(product, TICKETS, period_id=period_id, tickets=[
        *((day, '1', f"How do I print label {day}?", True) for day in range(9)),
        (4, '3', CRITICAL, False),
    ])
    run_job(product, 'ir_cron_measure')
    agent.goto('/odoo/hypercare-board')
    card = agent.locator('.o_kanban_record', has_text=CLIENT)
    card.get_by_text("Open Critical Tickets").wait_for()
    card.get_by_text(f"Day 10 of {period['days']}").wait_for()
    open_window(agent, period_id)
    agent.get_by_role('tab', name="Indicators").click()
    agent.locator(
        '.o_hypercare_indicators .o_kanban_record', has_text="Open Critical Tickets",
    ).get_by_text("Bottleneck", exact=True).wait_for()
    agent.locator('.o-mail-Activity', has_text="Bottleneck: Open Critical Tickets").wait_for()

    # a question is answered, and its time is free
    question, = product.read(
        'helpdesk.ticket', [('name', '=', "How do I print label 3?")], 'hypercare_id',
    )
    assert question['hypercare_id'][0] == period_id
    team, = product.read(
        'helpdesk.team', [('id', '=', period['team_id'][0])], 'use_helpdesk_sale_timesheet',
    )
    if not team['use_helpdesk_sale_timesheet']:
        product.call('helpdesk.team', 'write', [team['id']], {'use_helpdesk_sale_timesheet': True})
    as_agent(product, 'account.analytic.line', 'create', {
        'helpdesk_ticket_id': question['id'], 'name': "Showed it", 'unit_amount': 0.5,
    })
    agent.goto(f'/odoo/action-helpdesk_sla.helpdesk_ticket_action_all/{question["id"]}')
    agent.get_by_role('tab', name="Timesheets").click()
    agent.get_by_text("in which questions and settings are free").wait_for()
    agent.locator('[name=timesheet_ids] .o_data_row', has_text="Hypercare").wait_for()
    client.goto(f'/my/tickets/{question["id"]}')
    client.locator('#ticket_billing', has_text="Included in your hypercare").wait_for()

    # the bottleneck is solved
    critical, = product.read('helpdesk.ticket', [('name', '=', CRITICAL)], 'id')
    product.press('helpdesk.ticket', 'action_solve', [critical['id']], login='agent')

    # the review: invited, held, and what comes of it
    open_window(agent, period_id)
    agent.locator('button[name=action_open_review]').click()
    agent.get_by_role('button', name="Invite", exact=True).click()
    agent.locator('.o_arrow_button_current', has_text="Scheduled").wait_for()
    client.goto(f'/my/hypercare/{period_id}')
    client.locator('#hypercare_review', has_text="Agenda").wait_for()
    review, = product.read('hypercare.review', [('period_id', '=', period_id)], 'id')
    as_agent(product, 'hypercare.review.item', 'create', [
        {'review_id': review['id'], 'verdict': verdict, 'name': name, 'process': process}
        for verdict, name, process in (
            ('stable', "Labels", "Shipping"),
            ('refine', "Returns take two people", "Returns"),
            ('next', "A shop for partners", "Sales"),
        )
    ])
    agent.reload()
    agent.get_by_role('button', name="Was Held").first.click()
    agent.locator('.o_arrow_button_current', has_text="Held").wait_for()
    agent.get_by_role('button', name="Create Tasks and Next Iteration").click()
    agent.locator('.o_notification', has_text="Tasks created: 1.").wait_for()
    items = {
        item['verdict']: item for item in product.read(
            'hypercare.review.item', [('review_id', '=', review['id'])], 'verdict', 'task_id',
            'sale_order_id',
        )
    }
    assert items['refine']['task_id'] and not items['stable']['sale_order_id']
    quotation_id = items['next']['sale_order_id'][0]

    # the client signs it off; whoever sells finds the quotation
    client.goto(f'/my/hypercare/{period_id}')
    form = client.locator('#hypercare_review_sign')
    form.get_by_label("Do you want to add something?").fill("Thank you for the quick answers")
    form.get_by_role('checkbox').check()
    form.get_by_role('button', name="Sign Off").click()
    client.locator('.alert-success', has_text="The review is signed off").wait_for()
    manager = person('manager')
    manager.goto(f'/odoo/action-sale.action_quotations_with_onboarding/{quotation_id}')
    manager.locator('.o_form_view', has_text="A shop for partners").wait_for()
    manager.locator('.o_arrow_button_current', has_text="Quotation").first.wait_for()
    manager.get_by_role('tab', name="Hypercare Review").click()
    manager.locator('[name=hypercare_item_ids] .o_data_row', has_text="Sales").wait_for()

    # the days are over: the window waits for its exit, and says what is missing
    run(product, DAYS_PASS, period_id=period_id, days=period['days'])
    run_job(product, 'ir_cron_measure')
    run_job(product, 'ir_cron_advance')
    open_window(agent, period_id)
    agent.locator('.o_arrow_button_current', has_text="In Review").wait_for()
    agent.get_by_role('tab', name="Exit", exact=True).click()
    row = agent.locator('[name=exit_check_ids] .o_data_row', has_text="Key users trained")
    row.get_by_text("The day of the training is not noted").wait_for()
    agent.locator(
        '[name=exit_check_ids] .o_data_row', has_text="No open critical or high ticket",
    ).get_by_text("None is open").wait_for()

    # who supports from now on
    as_agent(product, 'hypercare.period', 'write', [period_id], {
        'plan_agreement_id': agreement_id,
        'plan_team_id': id_of(product, 'team_functional', 'helpdesk_sla'),
        'plan_user_id': id_of(product, 'user_agent2', 'helpdesk_sla'),
    })
    agent.reload()
    agent.get_by_role('button', name="Close", exact=True).first.click()
    dialog = agent.locator('.modal')
    assert "Key users trained" in dialog.locator('.modal-body').inner_text()
    dialog.locator('[name=reason] input').fill(REASON)
    dialog.get_by_role('button', name="Close Hypercare").click()
    agent.locator('.o_arrow_button_current', has_text="Closed").wait_for()
    agent.get_by_role('tab', name="History").click()
    agent.locator('[name=change_ids] .o_data_row', has_text=REASON).wait_for()

    # the client gets the hand-over, and the plan applies to what comes from now on
    client.goto(f'/my/hypercare/{period_id}')
    client.locator('.o_hypercare_page', has_text="your support plan applies").wait_for()
    with client.expect_download() as download:
        client.locator('#hypercare_handover').get_by_role('link', name="Download PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b'%PDF')
    ticket_id = product.call('helpdesk.ticket', 'create', {
        'name': "A label in another size", 'partner_id': coordinator_id,
        'team_id': id_of(product, 'team_functional', 'helpdesk_sla'),
    })
    ticket, = product.read(
        'helpdesk.ticket', [('id', '=', ticket_id)], 'hypercare_id', 'agreement_id',
    )
    assert not ticket['hypercare_id']
    assert ticket['agreement_id'][0] == agreement_id
    client.goto('/my/implementation')
    client.locator('#implementation_hypercare', has_text="your support plan applies").wait_for()
