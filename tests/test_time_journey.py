"""An agent logs time: a timer that outlives the browser, a pack that runs out, one line."""

import re

from playwright.sync_api import expect

TIMER = '.o_support_timer'
ENTRIES = '.o_field_widget[name=timesheet_ids] .o_data_row'


def open_ticket(page, ticket_id):
    page.goto(f'/odoo/all-tickets/{ticket_id}')
    page.locator('.o_helpdesk_ticket_form .o_form_statusbar').wait_for()


def create_ticket(product, name, **values):
    team = product.read('helpdesk.team', [('name', '=', 'Technical Support')])[0]
    return product.call('helpdesk.ticket', 'create', [{
        'name': name, 'team_id': team['id'], **values,
    }])[0]


def sell_pack(product, client, hours):
    """Sell a pack of hours to a new client, and return the client."""
    pack = product.read('product.product', [('name', '=', 'Support Pack')])[0]
    [partner_id] = product.call('res.partner', 'create', [{'name': client, 'is_company': True}])
    [order_id] = product.call('sale.order', 'create', [{
        'partner_id': partner_id,
        'order_line': [(0, 0, {'product_id': pack['id'], 'product_uom_qty': hours})],
    }])
    product.call('sale.order', 'action_confirm', [order_id])
    return partner_id


def test_timer_outlives_the_browser_and_the_pack_runs_out(product, person):
    client_id = sell_pack(product, "Osprey Optics", hours=1)
    ticket_id = create_ticket(product, "Lenses in the wrong bin", partner_id=client_id)
    agent = person('agent')
    open_ticket(agent, ticket_id)
    expect(agent.locator(TIMER)).to_have_count(0)
    agent.get_by_role('button', name="Start Timer").click()
    expect(agent.locator(TIMER)).to_have_text(re.compile(r'0:00:\d\d'))
    expect(agent.get_by_role('button', name="Discard Timer")).to_be_visible()
    agent.context.close()

    # whoever leads the team sees who works on what
    manager = person('manager')
    manager.goto('/odoo/support-timers')
    row = manager.locator('.o_data_row', has_text="Lenses in the wrong bin")
    expect(row).to_contain_text("Alex Nowak")
    expect(manager.locator(TIMER)).to_have_count(0)

    # a new browser, on another page: the time runs on, and a click leads to the ticket
    agent = person('agent')
    agent.goto('/odoo/my-tickets')
    expect(agent.locator(TIMER)).to_have_text(re.compile(r'0:\d\d:\d\d'))
    agent.locator(f'{TIMER}_ticket').click()
    expect(agent.locator('.o_breadcrumb')).to_contain_text("Lenses in the wrong bin")
    agent.locator(f'{TIMER}_stop').click()
    dialog = agent.locator('.modal')
    expect(dialog.locator('[name=hours] input')).to_have_value(re.compile(r'00:0[1-9]'))
    dialog.get_by_label("What was Done").fill("Sorted the bins")
    dialog.locator('[name=hours] input').fill('1:30')
    dialog.get_by_role('button', name="Log Time").click()
    expect(agent.locator(TIMER)).to_have_count(0)
    expect(agent.get_by_role('button', name="Start Timer")).to_be_visible()

    # one hour was left in the pack: the rest is there to be seen by whoever bills
    agent.locator('.nav-link[name=timesheets]').click()
    expect(agent.locator(ENTRIES)).to_have_count(2)
    paid = agent.locator(ENTRIES, has_text="Support pack")
    expect(paid.locator('td[name=unit_amount]')).to_have_text('01:00')
    unpaid = agent.locator(ENTRIES, has_text="Not billed, to check")
    expect(unpaid.locator('td[name=unit_amount]')).to_have_text('00:30')
    footer = agent.locator('.oe_subtotal_footer')
    expect(footer.locator('.o_field_widget[name=total_hours_spent]')).to_have_text('01:30')
    expect(agent.locator('.o_field_widget[name=total_hours_billed]')).to_have_text('01:00')


def test_one_line_by_the_messages_and_on_the_card(product, person):
    client_id = sell_pack(product, "Plover Paper", hours=5)
    user = product.read('res.users', [('login', '=', 'agent')])[0]
    ticket_id = create_ticket(
        product, "Paper jam in hall two", partner_id=client_id, user_id=user['id'],
    )
    agent = person('agent')
    open_ticket(agent, ticket_id)
    agent.get_by_role('button', name="Log time", exact=True).click()
    line = agent.get_by_label("Time, and what was done")
    line.fill("called the client")
    line.press('Enter')
    expect(agent.locator('.o_support_log_time_line [role=alert]')).to_have_text(
        "Write how long it took, then what was done. For example: 0:30 Called the client",
    )
    expect(line).to_have_value("called the client")
    line.fill("0:30 Called the client")
    line.press('Enter')
    agent.get_by_text("Time logged").wait_for()
    agent.locator('.nav-link[name=timesheets]').click()
    expect(agent.locator(ENTRIES).locator('td[name=unit_amount]')).to_have_text('00:30')

    agent.goto('/odoo/my-tickets')
    card = agent.locator('.o_kanban_record', has_text="Paper jam in hall two")
    card.hover()
    card.locator('.o_dropdown_kanban button').click()
    agent.get_by_role('menuitem', name="Log Time").click()
    dialog = agent.locator('.modal')
    dialog.get_by_label("Time and Work").fill("1.5h Cleaned the rollers")
    dialog.get_by_role('button', name="Log Time").click()
    expect(dialog).to_have_count(0)
    entries = product.read(
        'account.analytic.line', [('helpdesk_ticket_id', '=', ticket_id)], 'name', 'unit_amount',
    )
    assert sorted((entry['name'], entry['unit_amount']) for entry in entries) == [
        ("Called the client", 0.5), ("Cleaned the rollers", 1.5),
    ]
