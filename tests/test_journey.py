"""One request, from the website form to the posted invoice (requirements H3-H8, S1, W2).

In real browsers, with real mails, against a server of its own.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .live import reply_to, text_of

WARSAW = ZoneInfo('Europe/Warsaw')
UTC = ZoneInfo('UTC')
CLIENT = 'client@kestrel-furniture.example'
COORDINATOR = 'tomasz.wrona@harbor-logistics.example'


def working_hours_later(start, hours):
    """Return `start` plus working hours, Mon-Fri 09:00-18:00 in Warsaw, by walking the minutes.

    Written to be checked by eye, and knowing nothing of the product's own arithmetic.

    :param datetime start: aware
    """
    moment, left = start, timedelta(hours=hours)
    while left:
        local = moment.astimezone(WARSAW)
        until_next_minute = timedelta(minutes=1) - timedelta(seconds=local.second)
        if local.weekday() < 5 and 9 <= local.hour < 18:
            step = min(left, until_next_minute)
            left -= step
        else:
            step = until_next_minute
        moment += step
    return moment


def send_request(page, sender, subject, attachment=None):
    """Fill in the form of Technical Support as a visitor; return the reference of the ticket."""
    page.goto('/helpdesk')
    page.locator('.card', has_text="Technical Support").get_by_text("Send a request").click()
    # the page is ready when its script has taken over the file field
    page.locator('.o_files_zone').wait_for(state='attached')
    page.fill('input[name=partner_name]', "Karol")
    page.fill('input[name=partner_email]', sender)
    page.fill('input[name=name]', subject)
    page.select_option('select[name=priority]', '2')
    page.fill('textarea[name=description]', "Since this morning. We cannot ship anything.")
    if attachment:
        page.set_input_files('input[type=file]', attachment)
    page.locator('.s_website_form_send').click()
    page.wait_for_url('**/helpdesk/thank-you**')
    return re.search(r'HT\d{5}', page.locator('main').inner_text()).group()


def open_ticket(page, reference):
    """Find a ticket by its reference, from the search of the Helpdesk app."""
    page.goto('/odoo/action-helpdesk_sla.helpdesk_ticket_action_all')
    search = page.locator('.o_searchview_input')
    search.fill(reference)
    search.press('Enter')
    page.locator('.o_data_row', has_text=reference).locator('[name=name]').click()
    page.locator('.o_form_view .o_form_statusbar').wait_for()


def answer(page, text):
    """Write to the customer from the chatter."""
    page.locator('.o-mail-Chatter-sendMessage').click()
    page.locator('.o-mail-Composer-input').fill(text)
    page.locator('.o-mail-Composer-send').click()
    page.locator('.o-mail-Message', has_text=text).wait_for()


def log_time(page, hours, description):
    """Log time in the tab of the ticket, and save."""
    page.get_by_role('tab', name="Timesheets").click()
    timesheets = page.locator('[name=timesheet_ids]')
    timesheets.get_by_text("Add a line").click()
    row = timesheets.locator('.o_data_row.o_selected_row')
    # the line is ready when the server has filled in whose time it is
    row.locator('[name=employee_id] img').wait_for()
    field = row.locator('[name=name] input, [name=name] textarea')
    field.fill(description)
    field.press('Tab')
    row.locator('[name=unit_amount] input').fill(hours)
    page.locator('.o_form_button_save').click()
    page.locator('.o_form_button_save').wait_for(state='hidden')
    timesheets.locator('.o_data_row', has_text=description).wait_for()


def solve(page):
    """Press the button, and see the stage."""
    page.get_by_role('button', name="Solve", exact=True).click()
    page.locator('.o_arrow_button_current', has_text="Solved").wait_for()


def create_invoice(page, product, order_id):
    """Invoice an order as an accountant does; return the invoice's id."""
    page.goto(f'/odoo/action-sale.action_orders/{order_id}')
    page.get_by_role('button', name="Create Invoice").first.click()
    page.locator('.modal').get_by_role('button', name=re.compile("Create Draft")).click()
    page.get_by_role('button', name="Confirm", exact=True).click()
    page.locator('.o_arrow_button_current', has_text="Posted").wait_for()
    order, = product.read('sale.order', [('id', '=', order_id)], 'invoice_ids')
    return max(order['invoice_ids'])


def invoiced_quantity(product, invoice_id, sale_line_id):
    """Return the quantity that a posted invoice has for a line of an order."""
    invoice, = product.read('account.move', [('id', '=', invoice_id)], 'state')
    assert invoice['state'] == 'posted'
    return sum(line['quantity'] for line in product.read(
        'account.move.line',
        [('move_id', '=', invoice_id), ('sale_line_ids', '=', sale_line_id)],
        'quantity',
    ))


def test_request_to_invoice_on_a_support_pack(product, person, tmp_path):
    screenshot = tmp_path / 'error.txt'
    screenshot.write_text("ERROR: no label for parcel 4711")
    subject = "Packing station prints nothing"

    # a visitor reports, and gets an acknowledgement with a link that works without login
    visitor = person()
    before = datetime.now(UTC)
    reference = send_request(visitor, CLIENT, subject, screenshot)
    acknowledgement = product.mailbox.wait_for(CLIENT, reference)
    link = re.search(r'href="([^"]*/my/tickets/[^"]*access_token[^"]*)"', text_of(acknowledgement))
    visitor.goto(link.group(1).replace('&amp;', '&'))
    assert subject in visitor.locator('main').inner_text()

    ticket, = product.read(
        'helpdesk.ticket', [('ticket_ref', '=', reference)],
        'channel', 'priority', 'open_date', 'message_attachment_count',
    )
    assert ticket['channel'] == 'form'
    assert ticket['priority'] == '2'
    assert ticket['message_attachment_count'] == 1

    # High, In Progress within 4 working hours, counted from when the form was sent
    received = datetime.fromisoformat(ticket['open_date']).replace(tzinfo=UTC)
    assert before.replace(microsecond=0) <= received <= datetime.now(UTC)
    status, = product.read(
        'helpdesk.sla.status',
        [('ticket_id', '=', ticket['id']), ('target', '=', 'stage')], 'deadline', 'state',
    )
    expected = working_hours_later(received, 4).astimezone(UTC)
    assert datetime.fromisoformat(status['deadline']).replace(tzinfo=UTC) == expected
    assert status['state'] == 'running'

    # the agent sees the deadline, takes the ticket and answers
    agent = person('agent')
    open_ticket(agent, reference)
    shown = expected.astimezone(WARSAW)
    sheet = agent.locator('.o_form_sheet').inner_text().replace('\u202f', ' ')
    # the browser names the year only when it is another one
    day, time = f'{shown:%b} {shown.day}', f'{shown.hour % 12 or 12}:{shown:%M} {shown:%p}'
    assert re.search(rf'{day},( \d{{4}},)? {time}', sheet)
    take = agent.get_by_role('button', name="Assign to Me")
    take.click()
    take.wait_for(state='hidden')
    agent.locator('.o_arrow_button', has_text="In Progress").click()
    agent.locator('.o_arrow_button_current', has_text="In Progress").wait_for()
    answer(agent, "Please restart the print station, then tell me what it says.")
    mail = product.mailbox.wait_for(CLIENT, "restart the print station")
    states = {
        row['target']: row['state'] for row in product.read(
            'helpdesk.sla.status', [('ticket_id', '=', ticket['id'])], 'target', 'state',
        )
    }
    assert states['first_response'] == 'reached'
    assert states['stage'] == 'reached'

    # the client answers by e-mail
    product.receive(reply_to(mail, CLIENT, "It prints again, thank you!"))
    agent.reload()
    agent.locator('.o-mail-Message', has_text="It prints again").wait_for()

    # two hours on the client's pack, solved
    assert "Support Pack" in agent.locator('[name=sale_line_id] input').input_value()
    log_time(agent, '2', "Print station")
    solve(agent)
    ticket, = product.read('helpdesk.ticket', [('id', '=', ticket['id'])], 'sale_line_id')
    line_id = ticket['sale_line_id'][0]
    line, = product.read('sale.order.line', [('id', '=', line_id)], 'qty_delivered', 'order_id')
    assert line['qty_delivered'] == 2

    # the accountant invoices them
    accountant = person('accountant')
    invoice_id = create_invoice(accountant, product, line['order_id'][0])
    assert invoiced_quantity(product, invoice_id, line_id) == 2


def test_request_to_invoice_on_an_order_made_from_the_ticket(product, person):
    reference = send_request(person(), COORDINATOR, "A new field on the delivery slip")
    product.mailbox.wait_for(COORDINATOR, reference)

    # the manager sells the time on it as time and materials
    manager = person('manager')
    open_ticket(manager, reference)
    manager.get_by_role('button', name="New Quotation").click()
    manager.locator('.o_form_view', has_text="Quotation").wait_for()
    manager.get_by_role('button', name="Confirm", exact=True).first.click()
    manager.locator('.o_arrow_button_current', has_text="Sales Order").wait_for()
    ticket, = product.read(
        'helpdesk.ticket', [('ticket_ref', '=', reference)], 'sale_line_id', 'sale_order_id',
    )
    line_id, order_id = ticket['sale_line_id'][0], ticket['sale_order_id'][0]

    agent = person('agent')
    open_ticket(agent, reference)
    log_time(agent, '2', "Field added, slip tried")
    solve(agent)
    line, = product.read('sale.order.line', [('id', '=', line_id)], 'qty_delivered')
    assert line['qty_delivered'] == 2

    accountant = person('accountant')
    invoice_id = create_invoice(accountant, product, order_id)
    assert invoiced_quantity(product, invoice_id, line_id) == 2
