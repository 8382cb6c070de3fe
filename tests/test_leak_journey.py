"""A manager finds time that nobody pays for and mends it (requirements H8)."""

from playwright.sync_api import expect

CLIENT = "Meadow Optics"


def open_leakage(page):
    """Open Helpdesk > Reporting > Leakage and look for the client."""
    page.goto('/odoo/all-tickets')
    page.get_by_role('button', name="Reporting").click()
    page.get_by_role('menuitem', name="Leakage").click()
    page.locator('.o_breadcrumb', has_text="Leakage").wait_for()
    search = page.locator('.o_searchview_input')
    search.fill(CLIENT)
    search.press('Enter')
    page.locator('.o_searchview_facet', has_text=CLIENT).wait_for()


def leave_leaks_of_a_client(product):
    """Log time that nobody pays for, and solve a ticket without time; return their ids."""
    client = product.call('res.partner', 'create', [{'name': CLIENT, 'is_company': True}])[0]
    team = product.read('helpdesk.team', [('name', '=', 'Technical Support')])[0]['id']
    solved = product.call('helpdesk.stage', 'search', [('stage_type', '=', 'solved')], limit=1)[0]
    employee = product.call('hr.employee', 'search', [('name', '=', 'Alex Nowak')])[0]
    worked, answered = product.call('helpdesk.ticket', 'create', [
        {'name': "Lenses are booked twice", 'team_id': team, 'partner_id': client},
        {'name': "Where is the price list?", 'team_id': team, 'partner_id': client},
    ])
    product.call('helpdesk.ticket', 'write', [answered], {'stage_id': solved})
    product.call('account.analytic.line', 'create', [{
        'helpdesk_ticket_id': worked, 'employee_id': employee, 'name': "Found the second booking",
        'unit_amount': 2,
    }])
    return client, worked, answered


def sell_a_pack(product, client):
    """Sell the client a support pack, and confirm the order."""
    pack = product.call('product.product', 'search', [('name', '=', 'Support Pack')], limit=1)[0]
    order = product.call('sale.order', 'create', [{
        'partner_id': client,
        'order_line': [(0, 0, {'product_id': pack, 'product_uom_qty': 10})],
    }])
    product.call('sale.order', 'action_confirm', order)


def test_a_manager_finds_and_mends_a_leak(product, person):
    client, worked, answered = leave_leaks_of_a_client(product)
    manager = person('manager')
    open_leakage(manager)
    row = manager.locator('.o_data_row', has_text="Lenses are booked twice")
    row.wait_for()
    expect(row).to_contain_text("02:00")
    expect(row).to_contain_text("240.00")

    # nothing was sold to the client yet
    row.get_by_role('button', name="Allocate Again").click()
    manager.locator('.o_notification', has_text="sell a pack").wait_for()
    expect(row).to_be_visible()

    sell_a_pack(product, client)
    row.get_by_role('button', name="Allocate Again").click()
    row.wait_for(state='detached')
    entry = product.read(
        'account.analytic.line', [('helpdesk_ticket_id', '=', worked)], 'billing_kind',
    )[0]
    assert entry['billing_kind'] == 'pack'

    # a short answer on the telephone is given away, and it is known why
    row = manager.locator('.o_data_row', has_text="Where is the price list?")
    row.get_by_role('button', name="Do Not Bill").click()
    dialog = manager.locator('.modal')
    dialog.get_by_label("Reason").fill("One minute on the telephone")
    dialog.get_by_role('button', name="Do Not Bill").click()
    manager.get_by_text("Nothing leaks").wait_for()
    ticket = product.read('helpdesk.ticket', [('id', '=', answered)], 'billing_waiver')[0]
    assert ticket['billing_waiver'] == "One minute on the telephone"


def test_an_agent_is_not_led_there(product, person):
    agent = person('agent')
    agent.goto('/odoo/all-tickets')
    agent.get_by_role('button', name="Reporting").click()
    agent.get_by_role('menuitem', name="Tickets Analysis").wait_for()
    for name in ("Leakage", "Profitability", "Profitability Analysis"):
        expect(agent.get_by_role('menuitem', name=name, exact=True)).to_have_count(0)
    agent.goto('/odoo/support-leakage')
    agent.get_by_text("You are not allowed to access").wait_for()
