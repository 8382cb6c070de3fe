"""An implementation from the order to the signed protocol, and a takeover (P1-P8, T1-T4).

The supervisor sits at a desk, the client's coordinator does everything on a phone.
"""

import re
from datetime import datetime, timedelta

from playwright.sync_api import expect

from .test_improvement_journey import PHONE
from .test_journey import UTC, WARSAW

EXCEPTION = "The scanner of gate 3 arrives next week"


def id_of(product, name, module='onboarding_protocol'):
    """Return the id of a record of the demo data."""
    record, = product.read(
        'ir.model.data', [('module', '=', module), ('name', '=', name)], 'res_id',
    )
    return record['res_id']


def sell_implementation(product):
    """Make the quotation of an implementation for Tomasz of Harbor Logistics; return its id."""
    template, = product.read(
        'product.product', [('id', '=', id_of(product, 'product_implementation'))], 'id',
    )
    return product.call('sale.order', 'create', {
        'partner_id': id_of(product, 'partner_harbor_coordinator', 'helpdesk_sla'),
        'order_line': [(0, 0, {'product_id': template['id'], 'product_uom_qty': 1})],
    })


def write_to_us(product, subject, contact, team):
    """Create a ticket of a contact; return its id."""
    return product.call('helpdesk.ticket', 'create', {
        'name': subject,
        'partner_id': contact,
        'team_id': id_of(product, team, 'helpdesk_sla'),
        'priority': '2',
    })


def promised(product, ticket_id):
    """Return what is promised for a ticket."""
    return product.read('helpdesk.sla.status', [('ticket_id', '=', ticket_id)], 'deadline')


def as_agent(product, model, method, *args):
    return product.call(model, method, *args, login='agent', password='agent')


def hold(product, project_id, kind, start, **values):
    """Hold a meeting of an implementation in the name of its supervisor; return its id.

    :param datetime start: in the past, aware
    """
    start = start.astimezone(UTC).replace(tzinfo=None)
    meeting_id = as_agent(product, 'calendar.event', 'create', {
        'name': f"Meeting: {kind}",
        'implementation_id': project_id,
        'implementation_meeting': kind,
        'start': start.isoformat(' ', 'seconds'),
        'stop': (start + timedelta(hours=1)).isoformat(' ', 'seconds'),
        **values,
    })
    as_agent(product, 'calendar.event', 'write', [meeting_id], {'is_held': True})
    return meeting_id


def last_working_day():
    """Return ten o'clock in Warsaw on the last day from Monday to Friday before today."""
    moment = datetime.now(WARSAW).replace(hour=10, minute=0, second=0, microsecond=0)
    moment -= timedelta(days=1)
    while moment.weekday() > 4:
        moment -= timedelta(days=1)
    return moment


def finish_tasks(product, project_id, *phases):
    """Close the tasks of some phases, those of the client as well."""
    tasks = product.call('project.task', 'search', [
        ('project_id', '=', project_id),
        ('phase_id', 'in', [id_of(product, phase) for phase in phases]),
    ])
    assert tasks
    as_agent(product, 'project.task', 'write', tasks, {'state': '1_done'})


def open_implementation(page, menu, name):
    """Find an implementation among the cards, and open it."""
    page.goto(f'/odoo/{menu}')
    page.locator('.o_kanban_record', has_text=name).click()
    page.locator('.o_form_view .o_form_statusbar').wait_for()


def read_refusal(page):
    """Return the sentence of a refusal, and put it away."""
    dialog = page.locator('.modal', has_text="Invalid Operation")
    text = dialog.locator('.modal-body').inner_text()
    dialog.locator('.modal-footer button').first.click()
    dialog.wait_for(state='hidden')
    return text


def refuse_phase(page, name):
    """Click a phase above the form; return why it is refused, and leave the form as it was."""
    page.locator('.o_arrow_button', has_text=name).first.click()
    refusal = read_refusal(page)
    page.locator('.o_form_button_cancel').click()
    page.locator('.o_form_button_cancel').wait_for(state='hidden')
    return refusal


def enter_phase(page, name):
    """Press the button that is there as soon as nothing is missing, and see the phase."""
    page.reload()
    page.get_by_role('button', name="Next Phase").click()
    page.locator('.o_arrow_button_current', has_text=name).wait_for()


def sign(form, button):
    """Sign with the name that is proposed, once it is drawn."""
    form.locator('canvas.o_web_sign_signature').wait_for()
    send = form.get_by_role('button', name=button)
    expect(send).to_be_enabled()
    send.click()


def test_implementation_from_the_order_to_the_signed_protocol(product, person, tmp_path):
    contact = id_of(product, 'partner_harbor_coordinator', 'helpdesk_sla')

    # the manager confirms the order: the implementation begins
    order_id = sell_implementation(product)
    manager = person('manager')
    manager.goto(f'/odoo/action-sale.action_orders/{order_id}')
    manager.get_by_role('button', name="Confirm", exact=True).first.click()
    manager.locator('.o_arrow_button_current', has_text="Sales Order").wait_for()
    implementation, = product.read(
        'project.project', [('sale_order_id', '=', order_id)], 'name', 'coordinator_id', 'user_id',
    )
    project_id, name = implementation['id'], implementation['name']
    assert implementation['coordinator_id'][0] == contact
    # with an agreement that is signed beforehand, and begins with the go-live at the latest
    agreement_id = product.call('helpdesk.sla.agreement', 'create', {
        'partner_id': id_of(product, 'partner_harbor', 'helpdesk_sla'),
        'contact_id': contact,
        'date_start': str(datetime.now(WARSAW).date() + timedelta(days=30)),
        'resource_calendar_id': id_of(product, 'resource_calendar_support', 'helpdesk_sla'),
        'line_ids': [(0, 0, {
            'priority': priority, 'response_time': 4, 'next_response_time': 8,
            'resolution_time': 16,
        }) for priority in '0123'],
    })
    product.call('helpdesk.sla.agreement', 'write', [agreement_id], {
        'step': 'signed', 'signed_by': "Tomasz Wrona",
        'signed_on': str(datetime.now(WARSAW).date()),
    })
    product.call('project.project', 'write', [project_id], {'sla_agreement_id': agreement_id})

    # the supervisor sees what is missing, and who owes it; before that nobody configures
    agent = person('agent')
    open_implementation(agent, 'implementations', name)
    missing = agent.locator('.alert', has_text="Missing for Configuration").inner_text()
    assert "Scope meeting" in missing
    assert "The success plan, to be sent to the client" in missing
    assert "Data “List of goods” (Tomasz Wrona)" in missing
    expect(agent.get_by_role('button', name="Next Phase")).to_have_count(0)
    refusal = refuse_phase(agent, "Configuration")
    assert f"{name} cannot enter Configuration yet. Missing:" in refusal
    assert "Data “List of goods” (Tomasz Wrona)" in refusal
    agent.locator('.o_arrow_button_current', has_text="Scope Meeting").wait_for()

    # the success plan of the template is the draft; the coordinator signs it
    agent.get_by_role('tab', name="Success Plan").click()
    agent.locator('[name=plan_ids] .o_data_row').get_by_role('button', name="Open").click()
    agent.get_by_role('button', name="Send to the Client").click()
    agent.locator('.o_arrow_button_current', has_text="To Be Signed").wait_for()
    client = person('harbor', PHONE)
    client.goto('/my/implementation')
    assert client.locator('.o_implementation_page h1').inner_text() == name
    plan = client.locator('#success_plan')
    assert "Marketplace account" in plan.inner_text()
    plan.get_by_role('button', name="Accept & Sign").click()
    sign(client.locator('#plan_sign'), "Accept & Sign")
    client.wait_for_url('**signed=plan**')
    client.locator('#success_plan', has_text="The success plan is signed").wait_for()

    # the data: a form
    client.locator('#data_requests').get_by_role('link', name="Company and orders").click()
    form = client.locator('#data_request')
    form.get_by_label("How many orders").fill('320')
    form.get_by_label("Which label printer").select_option("Zebra")
    form.locator('fieldset', has_text="ship abroad").get_by_label("Yes").check()
    form.get_by_role('button', name="Send to us").click()
    # one answer is missing, and what was typed is still there
    form.get_by_text("Something is missing or cannot be read").wait_for()
    assert form.get_by_label("How many orders").input_value() == '320'
    form.get_by_label("Who packs").fill("Two shifts of four")
    form.get_by_role('button', name="Send to us").click()
    form.get_by_text("We check it and tell you if something is missing.").first.wait_for()
    # and a file
    goods = tmp_path / 'goods.csv'
    goods.write_text("code;name\n1001;Pallet jack\n")
    client.goto(f'/my/implementation/{project_id}')
    client.locator('#data_requests').get_by_role('link', name="List of goods").click()
    client.set_input_files('input[type=file]', goods)
    client.locator('#data_request').get_by_role('button', name="Send to us").click()
    client.locator('#data_request').get_by_role('link', name="goods.csv").wait_for()
    client.locator('#data_request').get_by_text("We check it").first.wait_for()

    # the supervisor accepts both; the rest came by e-mail
    requests = product.read(
        'implementation.data.request', [('project_id', '=', project_id)], 'name', 'state',
    )
    provided = [request['id'] for request in requests if request['state'] == 'provided']
    assert len(provided) == 2
    for request_id in provided:
        agent.goto(
            f'/odoo/action-onboarding_protocol.implementation_data_request_action/{request_id}',
        )
        agent.get_by_role('button', name="Accept", exact=True).click()
        agent.locator('.o_arrow_button_current', has_text="Accepted").wait_for()
    others = [request['id'] for request in requests if request['id'] not in provided]
    product.press(
        'implementation.data.request', 'action_provided_elsewhere', others, login='agent',
    )
    product.press('implementation.data.request', 'action_accept', others, login='agent')
    training_start = last_working_day()
    hold(product, project_id, 'scope', training_start - timedelta(days=7))

    # nothing is missing: on to configuration, and from there to the training
    open_implementation(agent, 'implementations', name)
    enter_phase(agent, "Configuration")
    finish_tasks(product, project_id, 'phase_scope', 'phase_configuration')
    tests = product.call('implementation.test', 'search', [('project_id', '=', project_id)])
    assert tests
    agent.reload()
    agent.locator('.alert', has_text="Missing for Training").get_by_text("not run yet").wait_for()
    as_agent(product, 'implementation.test', 'write', tests, {'result': 'passed'})
    enter_phase(agent, "Training")

    # the training is checked against the success plan
    training_id = hold(product, project_id, 'training', training_start)
    agent.reload()
    agent.locator('.alert', has_text="Missing for Protocol").get_by_text(
        "Check of the training against the success plan",
    ).wait_for()
    checks = product.read(
        'implementation.training.check', [('meeting_id', '=', training_id)], 'name',
    )
    assert "Marketplace account" in {check['name'] for check in checks}
    as_agent(
        product, 'implementation.training.check', 'write', [check['id'] for check in checks],
        {'done': True},
    )
    finish_tasks(product, project_id, 'phase_training')
    enter_phase(agent, "Protocol")

    # access data are ready, and nobody at the client sees them yet
    as_agent(product, 'implementation.access', 'create', {
        'project_id': project_id, 'name': "Production system",
        'url': 'https://erp.harbor-logistics.example', 'login': 'tomasz.wrona',
        'handover': "by phone to Tomasz Wrona",
    })
    client.goto(f'/my/implementation/{project_id}')
    assert "Production system" not in client.locator('main').inner_text()

    # a question before the go-live is answered, but nothing is promised for it
    early = write_to_us(product, "Where is the list of parcels?", contact, 'team_technical')
    assert not promised(product, early)
    agent.goto(f'/odoo/action-helpdesk_sla.helpdesk_ticket_action_all/{early}')
    agent.locator('.o_form_view').get_by_text("Before Go-live").first.wait_for()
    client.goto(f'/my/tickets/{early}')
    client.locator('#ticket_before_golive').wait_for()

    # the protocol is drawn up from the checklist and the plan, and sent
    open_implementation(agent, 'implementations', name)
    agent.get_by_role('tab', name="Protocol").click()
    agent.get_by_role('button', name="Draw up the Protocol").click()
    agent.locator('[name=line_ids] .o_data_row', has_text="Marketplace account").wait_for()
    agent.get_by_role('button', name="Send to the Client").click()
    agent.locator('.o_arrow_button_current', has_text="With the Client").wait_for()

    # ticked on the phone, one point accepted as it is; what is signed is what was saved
    client.goto(f'/my/implementation/{project_id}')
    client.locator('#implementation_protocol').get_by_role('link', name="Tick and sign").click()
    points = client.locator('.o_protocol_line')
    expect(points.first).to_be_visible()
    # the page is ready when its script has hidden what is only for unsaved ticks
    expect(client.locator('.o_protocol_unsaved:visible')).to_have_count(0)
    client.wait_for_load_state('networkidle')
    for point in points.all()[1:]:
        point.get_by_role('checkbox').first.check()
    point = points.first
    point.get_by_label("Accept as it is, see the remark").check()
    point.get_by_placeholder("Remark").fill(EXCEPTION)
    client.locator('.o_protocol_bar', has_text="Not saved yet").wait_for()
    expect(client.locator('#protocol_sign')).to_have_count(0)
    client.locator('.o_protocol_bar').get_by_role('button', name="Save").click()
    client.get_by_text("Saved.").wait_for()
    sign(client.locator('#protocol_sign'), "Sign and go live")
    client.wait_for_url('**done=signed**')
    client.locator('.alert-success', has_text="you are live").wait_for()
    assert EXCEPTION in client.locator('.o_protocol_page').inner_text()
    client.goto(f'/my/implementation/{project_id}')
    access = client.locator('#implementation_access').inner_text()
    assert "https://erp.harbor-logistics.example" in access
    assert "by phone to Tomasz Wrona" in access

    # live: the signed PDF is kept, and the follow-up is a week after the training
    open_implementation(agent, 'implementations', name)
    agent.locator('.ribbon span', has_text="Live").wait_for()
    agent.locator('.o_arrow_button_current', has_text="Follow-up Meeting").wait_for()
    protocol, = product.read('golive.protocol', [('project_id', '=', project_id)], 'number')
    agent.locator('.o-mail-Message', has_text=f"Protocol {protocol['number']} signed").locator(
        '.o-mail-AttachmentList', has_text=f"{protocol['number']}.pdf",
    ).wait_for()
    follow_up, = product.read('calendar.event', [
        ('implementation_id', '=', project_id), ('implementation_meeting', '=', 'follow_up'),
    ], 'start')
    start = datetime.fromisoformat(follow_up['start']).replace(tzinfo=UTC).astimezone(WARSAW)
    later = start.date() - training_start.date() - timedelta(weeks=1)
    # at the time of the training; holidays move it by some days
    assert start.time() == training_start.time()
    assert timedelta() <= later <= timedelta(days=5)

    # what is asked from now on has response times; what was asked before has none
    late = write_to_us(product, "A label prints twice", contact, 'team_technical')
    assert promised(product, late)
    assert not promised(product, early)
    client.goto(f'/my/tickets/{late}')
    expect(client.locator('#ticket_before_golive')).to_have_count(0)


def test_takeover_is_supported_from_the_first_day(product, person):
    project_id = id_of(product, 'takeover_baltic')
    contact = id_of(product, 'partner_baltic_coordinator')
    agreement_id = id_of(product, 'agreement_baltic')

    # the client confirms the step that is open, and validates what was delivered
    client = person('balticclient', PHONE)
    client.goto('/my/implementation')
    steps, documents = client.locator('#takeover_steps'), client.locator('#takeover_documents')
    step = steps.locator('li', has_text="Update meeting with the management")
    step.get_by_role('button', name="Confirm").click()
    step.get_by_text("Agreed").wait_for()
    expect(steps.get_by_role('button', name="Confirm")).to_have_count(0)

    def validate(name):
        client.goto(f'/my/implementation/{project_id}')
        document = documents.locator('li', has_text=name)
        document.get_by_role('button', name="Validate").click()
        document.get_by_text("Validated", exact=True).wait_for()

    validate("Processes of the warehouse")

    # what was returned is delivered anew, and what is planned for the first time
    for name, document in {
        "Interface to the label printers": 'takeover_baltic_labels',
        "Custom functions": 'takeover_baltic_custom',
    }.items():
        document_id = id_of(product, document)
        as_agent(product, 'takeover.document', 'write', [document_id], {
            'url': f'https://docs.example/baltic/{document}',
        })
        product.press('takeover.document', 'action_deliver', [document_id], login='agent')
        validate(name)
    client.goto('/my/takeover/documents')
    assert "Interface to the label printers" in client.locator('main').inner_text()

    # knowledge is transferred in a meeting, and what was to be done for it is done
    task_id = as_agent(product, 'project.task', 'create', {
        'name': "Take stock of connections", 'project_id': project_id,
        'phase_id': id_of(product, 'phase_knowledge'),
    })
    agent = person('agent')
    takeover, = product.read('project.project', [('id', '=', project_id)], 'name')
    open_implementation(agent, 'takeovers', takeover['name'])
    missing = agent.locator('.alert', has_text="Missing for Documentation")
    assert "Knowledge transfer meeting" in missing.inner_text()
    assert "Task “Take stock of connections”" in missing.inner_text()
    hold(product, project_id, 'knowledge', last_working_day())
    finish_tasks(product, project_id, 'phase_knowledge')
    assert product.read('project.task', [('id', '=', task_id)], 'is_closed')[0]['is_closed']
    enter_phase(agent, "Documentation")

    # without an agreement nobody is live, and no manager lets it pass
    product.call('project.project', 'write', [project_id], {'sla_agreement_id': False})
    agent.reload()
    agent.locator('.alert', has_text="Missing for Live").wait_for()
    refusal = refuse_phase(agent, "Live")
    assert f"{takeover['name']} cannot enter Live yet. Missing:" in refusal
    assert "An SLA agreement" in refusal
    manager = person('manager')
    open_implementation(manager, 'takeovers', takeover['name'])
    manager.get_by_role('button', name="Let It Pass").click()
    dialog = manager.locator('.modal')
    dialog.locator('[name=reason] textarea, [name=reason] input').fill("They sign it tomorrow")
    dialog.get_by_role('button', name="Let It Pass").click()
    assert "An SLA agreement" in read_refusal(manager)

    # with it they are, and support begins the same day, before the day that was written
    product.call('project.project', 'write', [project_id], {'sla_agreement_id': agreement_id})
    enter_phase(agent, "Live")
    ticket_id = write_to_us(product, "Label of hall B", contact, 'team_technical')
    assert promised(product, ticket_id)
    ticket, = product.read('helpdesk.ticket', [('id', '=', ticket_id)], 'agreement_id')
    assert ticket['agreement_id'][0] == agreement_id

    # what the former provider costs is nowhere on the client's pages
    costs = product.read(
        'takeover.involvement', [('project_id', '=', project_id)], 'name', 'person', 'amount',
    )
    assert costs
    for address in (f'/my/implementation/{project_id}', '/my/takeover/documents'):
        client.goto(address)
        source = client.content()
        for cost in costs:
            for secret in (cost['name'], cost['person'], f'{cost["amount"]:.0f}'):
                assert not re.search(rf'\b{re.escape(secret)}\b', source), secret
        assert not re.search(r'4[,. ]?800|\b40 hours|involvement', source)
