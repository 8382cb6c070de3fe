"""Two agents at two browsers: who looks and who writes; calls, answers, snoozing, tasks."""

import re

from playwright.sync_api import expect

BANNER = '.o_helpdesk_viewers'
COMPOSER = '.o-mail-Composer-input'


def open_ticket(page, ticket_id):
    page.goto(f'/odoo/all-tickets/{ticket_id}')
    page.locator('.o_helpdesk_ticket_form .o_form_statusbar').wait_for()


def create_ticket(product, name, **values):
    team = product.read('helpdesk.team', [('name', '=', 'Technical Support')])[0]
    return product.call('helpdesk.ticket', 'create', [{
        'name': name, 'team_id': team['id'], **values,
    }])[0]


def test_two_agents_on_one_ticket_see_each_other(product, person):
    ticket_id = create_ticket(product, "Whose is it?")
    agent, manager = person('agent'), person('manager')
    open_ticket(agent, ticket_id)
    expect(agent.locator(BANNER)).to_have_count(0)

    open_ticket(manager, ticket_id)
    expect(manager.locator(BANNER)).to_have_text(re.compile("Alex Nowak is viewing"))
    expect(agent.locator(BANNER)).to_have_text(re.compile("Ewa Kowalczyk is viewing"))

    manager.locator('.o-mail-Chatter-sendMessage').click()
    manager.locator(COMPOSER).press_sequentially("Dear customer")
    expect(agent.locator(BANNER)).to_have_text(re.compile("Ewa Kowalczyk is writing an answer"))
    manager.locator(COMPOSER).fill('')
    expect(agent.locator(BANNER)).to_have_text(re.compile("Ewa Kowalczyk is viewing"))

    # a tab that is closed says goodbye by itself
    manager.close()
    expect(agent.locator(BANNER)).to_have_count(0)
    assert not product.call('helpdesk.ticket', 'search_count', [
        ('id', '=', ticket_id), ('user_id', '!=', False),
    ]), "looking is not taking"


def test_an_answer_is_filled_in_and_moves_the_ticket(product, person):
    customer = product.read('res.partner', [('name', '=', 'Karol Mazur')])[0]
    ticket_id = create_ticket(product, "Since the update", partner_id=customer['id'])
    stage = product.call('helpdesk.stage', 'search', [('stage_type', '=', 'customer')], limit=1)
    group = product.call('res.groups', 'search', [('full_name', '=', 'Helpdesk / User')], limit=1)
    product.call('mail.canned.response', 'create', [{
        'source': 'which version',
        'substitution': "Dear {{ customer }}, which version do you use?",
        'helpdesk_stage_id': stage[0],
        'group_ids': group,
    }])
    agent = person('agent')
    open_ticket(agent, ticket_id)
    agent.locator('.o-mail-Chatter-sendMessage').click()
    agent.locator('.o-mail-Composer').get_by_title("Insert a Canned response").click()
    agent.locator('.modal .o_data_row', has_text="which version").locator('td').first.click()
    text = "Dear Karol Mazur, which version do you use?"
    expect(agent.locator(COMPOSER)).to_have_value(text)
    agent.locator('.o-mail-Composer-send').click()
    agent.locator('.o-mail-Message', has_text=text).wait_for()
    expect(agent.locator('.o_statusbar_status .o_arrow_button_current')).to_have_text(
        re.compile("Awaiting Customer"),
    )


def test_a_call_in_two_clicks(product, person):
    agent = person('agent')
    agent.goto('/odoo/my-tickets')
    agent.get_by_role('button', name="Log a Call").click()
    dialog = agent.locator('.modal')
    dialog.get_by_label("Number").fill('0048 61 555 0310')
    dialog.get_by_label("Number").press('Tab')
    expect(dialog.locator('[name=partner_id] input')).to_have_value(re.compile("Karol Mazur"))
    dialog.get_by_label("Subject").fill("Half of each label")
    dialog.get_by_role('button', name="Log Call").click()
    agent.locator('.o-mail-Message', has_text="Incoming call, answered").wait_for()
    ticket = product.read(
        'helpdesk.ticket', [('name', '=', "Half of each label")], 'channel', 'first_response_date',
    )[0]
    assert ticket['channel'] == 'phone'
    assert ticket['first_response_date']


def test_snoozed_tickets_leave_the_queue_and_come_back(product, person):
    agent = person('agent')
    user = product.read('res.users', [('login', '=', 'agent')])[0]
    ticket_id = create_ticket(product, "Not before Monday", user_id=user['id'])
    open_ticket(agent, ticket_id)
    agent.get_by_role('button', name="Snooze").click()
    agent.get_by_label("Next Monday").click()
    agent.locator('.modal footer').get_by_role('button', name="Snooze").click()
    agent.get_by_text("Snoozed until").wait_for()
    agent.goto('/odoo/my-tickets')
    agent.locator('.o_kanban_record').first.wait_for()
    expect(agent.locator('.o_kanban_record', has_text="Not before Monday")).to_have_count(0)

    open_ticket(agent, ticket_id)
    agent.get_by_role('button', name="Wake up").click()
    expect(agent.get_by_text("Snoozed until")).to_have_count(0)
    agent.goto('/odoo/my-tickets')
    agent.locator('.o_kanban_record', has_text="Not before Monday").wait_for()


def convert(page, what, **choices):
    """Choose a conversion in the menu of the form, and answer its questions."""
    page.locator('.o_cp_action_menus button').first.click()
    page.locator('.o-dropdown--menu').get_by_text(what).click()
    dialog = page.locator('.modal')
    for field, name in choices.items():
        dialog.locator(f'[name={field}] input').fill(name)
        page.locator('.o-autocomplete--dropdown-item', has_text=name).first.click()
    dialog.get_by_role('button', name="Convert", exact=True).click()
    dialog.wait_for(state='detached')


def test_a_ticket_becomes_a_task_and_the_task_another_ticket(product, person):
    worker = product.call('res.groups', 'search', [('full_name', '=', 'Project / User')])
    agent_id, = product.call('res.users', 'search', [('login', '=', 'agent')])
    product.call('res.users', 'write', agent_id, {'group_ids': [(4, worker[0])]})
    project_id = product.call('project.project', 'create', {
        'name': "Warehouse Works", 'privacy_visibility': 'employees',
    })
    customer, = product.read('res.partner', [('name', '=', 'Karol Mazur')])
    ticket_id = create_ticket(
        product, "A field on the slip", partner_id=customer['id'], user_id=agent_id,
        description="<p>For the number of the pallet</p>",
    )
    agent = person('agent')
    open_ticket(agent, ticket_id)
    agent.get_by_role('button', name="Responded by Phone").click()
    agent.get_by_role('button', name="Responded by Phone").wait_for(state='hidden')

    # to a task: the ticket is out of sight until it is done
    convert(agent, "Convert to Task", project_id="Warehouse Works")
    task_form = agent.locator('.o_form_view', has_text="Warehouse Works")
    expect(task_form.locator('.o_field_widget[name=description]')).to_contain_text("the pallet")
    task, = product.read('project.task', [('name', '=', "A field on the slip")], 'partner_id')
    assert task['partner_id'][0] == customer['id']
    ticket, = product.read(
        'helpdesk.ticket', [('id', '=', ticket_id)], 'task_ids', 'snooze_event', 'is_closed',
    )
    assert ticket['task_ids'] == [task['id']]
    assert ticket['snooze_event'] == 'task'
    assert not ticket['is_closed']

    # there and back by the buttons of both
    agent.locator('.oe_stat_button', has_text="Ticket").click()
    agent.get_by_text("Snoozed until its task is done").wait_for()
    agent.locator('.oe_stat_button', has_text="Task").click()
    task_form.wait_for()

    # done: the ticket is back in the queue
    product.call('project.task', 'write', task['id'], {'state': '1_done'})
    open_ticket(agent, ticket_id)
    expect(agent.get_by_text("Snoozed until its task is done")).to_have_count(0)

    # and a task that is a request becomes a ticket
    other_id = product.call('project.task', 'create', {
        'name': "The slip is cut off", 'project_id': project_id, 'partner_id': customer['id'],
    })
    agent.goto(f'/odoo/project/{project_id}/tasks/{other_id}')
    agent.locator('.o_form_view .o_form_statusbar').wait_for()
    convert(agent, "Convert to Ticket", team_id="Technical Support")
    agent.locator('.o_helpdesk_ticket_form', has_text="Technical Support").wait_for()
    made, = product.read(
        'helpdesk.ticket', [('name', '=', "The slip is cut off")], 'task_ids', 'partner_id',
    )
    assert made['task_ids'] == [other_id]
    assert made['partner_id'][0] == customer['id']
    other, = product.read('project.task', [('id', '=', other_id)], 'state')
    assert other['state'] == '1_canceled'
    expect(agent.locator('.o-mail-Message', has_text="Created from the task")).to_be_visible()
