"""An improvement, from the estimate to the signature of the client (S7, W9)."""

import re

from .test_journey import log_time, open_ticket

PHONE = {'width': 390, 'height': 844}
SUBJECT = "Delivery dates on the order confirmation"


def register(product):
    """Register a request whose type leaves open what it is; return its reference and id."""
    type_id = product.call('helpdesk.ticket.type', 'create', {
        'name': "Wish", 'billing_scope': 'depends',
    })
    team, = product.read('helpdesk.team', [('name', '=', "Functional Support")], 'name')
    client, = product.read('res.users', [('login', '=', 'client')], 'partner_id')
    ticket_id = product.call('helpdesk.ticket', 'create', {
        'name': SUBJECT,
        'description': "<p>One date for each line, as on the delivery slip.</p>",
        'team_id': team['id'],
        'ticket_type_id': type_id,
        'partner_id': client['partner_id'][0],
    })
    ticket, = product.read('helpdesk.ticket', [('id', '=', ticket_id)], 'ticket_ref')
    return ticket['ticket_ref'], ticket_id


def save(page):
    page.locator('.o_form_button_save').click()
    page.locator('.o_form_button_save').wait_for(state='hidden')


def test_client_accepts_an_improvement(product, person):
    reference, ticket_id = register(product)

    # the agent estimates: it is an improvement, and what is logged waits
    agent = person('agent')
    open_ticket(agent, reference)
    scope = agent.locator('[name=billing_scope]').first
    assert scope.inner_text() == "Support"
    agent.locator('[name=estimated_hours] input').fill('4')
    agent.locator('[name=estimated_hours] input').press('Tab')
    agent.locator('[name=billing_scope]', has_text="Improvement").first.wait_for()
    save(agent)
    log_time(agent, '1', "Looked where the dates come from")
    agent.get_by_text("1:00 h not approved: the client has not accepted a quotation.").wait_for()

    # who sells quotes it, and sends it
    manager = person('manager')
    open_ticket(manager, reference)
    manager.get_by_role('button', name="Quote", exact=True).click()
    manager.locator('.o_form_view', has_text="One date for each line").wait_for()
    order, = product.read(
        'sale.order', [('helpdesk_ticket_id', '=', ticket_id)], 'name', 'require_signature',
    )
    assert order['require_signature']
    manager.locator('.o_statusbar_buttons').get_by_role('button', name="Send").first.click()
    manager.locator('.modal').get_by_role('button', name="Send", exact=True).click()
    manager.locator('.o_arrow_button_current', has_text="Quotation Sent").wait_for()
    agent.reload()
    agent.get_by_text(
        f"1:00 h not approved: the client has not accepted quotation {order['name']}.",
    ).wait_for()

    # the client reads why it is paid, on a phone, accepts and signs
    client = person('client', PHONE)
    client.goto(f'/my/tickets/{ticket_id}')
    billing = client.locator('#ticket_billing')
    assert f"We made quotation {order['name']} for it: 4:00 h" in billing.inner_text()
    assert "Not charged before you accept" in billing.inner_text()
    billing.get_by_role('link', name="Look at it and accept").click()
    client.wait_for_url(re.compile(rf'/my/orders/{order["id"]}'))
    client.get_by_text("One date for each line").wait_for()
    client.locator('a[data-bs-target="#modalaccept"]:visible').first.click()
    dialog = client.locator('#modalaccept')
    dialog.locator('canvas.o_web_sign_signature').wait_for()
    dialog.get_by_role('button', name="Accept & Sign").click()
    client.wait_for_url('**message=sign_ok**')
    client.get_by_text("Thank You!").first.wait_for()

    # the line of the order is the ticket's, and the time is approved
    ticket, = product.read(
        'helpdesk.ticket', [('id', '=', ticket_id)],
        'sale_order_id', 'sale_line_id', 'pending_hours', 'quotation_state',
    )
    assert ticket['sale_order_id'][0] == order['id']
    assert (ticket['pending_hours'], ticket['quotation_state']) == (0, 'accepted')
    line, = product.read(
        'sale.order.line', [('id', '=', ticket['sale_line_id'][0])],
        'qty_delivered', 'product_uom_qty',
    )
    assert (line['qty_delivered'], line['product_uom_qty']) == (1, 4)
    agent.reload()
    agent.locator('[name=quotation_state]', has_text="Accepted").wait_for()
    assert not agent.get_by_text("not approved").count()
    client.goto(f'/my/tickets/{ticket_id}')
    assert f"Accepted by order {order['name']}" in client.locator('#ticket_billing').inner_text()
