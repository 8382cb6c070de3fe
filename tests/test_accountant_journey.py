"""An accountant at a browser invoices the month of three clients, and credits a ticket of one."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

LAST_OF_MONTH = date.today().replace(day=1) - timedelta(days=1)
FIRST_OF_MONTH = LAST_OF_MONTH.replace(day=1)


@pytest.fixture(scope='module')
def clients(product):
    """Three clients with an order for time and materials each: (client, order, tickets).

    In the month before this one Alex worked 20 minutes on each of three tickets, Marta an hour on
    the last one; today there is time that is not of the month.
    """
    team = product.read('helpdesk.team', [('name', '=', 'Technical Support')], 'company_id')[0]
    alex, marta = (
        product.call('hr.employee', 'search', [('name', '=', name)])[0]
        for name in ("Alex Nowak", "Marta Zielinska")
    )
    hour = product.call('product.product', 'search', [('name', '=', "Support Hour")])[0]
    made = []
    for name in ("Aspen Tools", "Birch Paper", "Cedar Rail"):
        client = product.call('res.partner', 'create', [{
            'name': name, 'is_company': True, 'email': 'office@client.example',
        }])[0]
        order = product.call('sale.order', 'create', [{
            'partner_id': client,
            'order_line': [(0, 0, {'product_id': hour, 'product_uom_qty': 0, 'price_unit': 99.99})],
        }])[0]
        product.call('sale.order', 'action_confirm', [order])
        line = product.call('sale.order.line', 'search', [('order_id', '=', order)])[0]
        tickets = product.call('helpdesk.ticket', 'create', [
            {'name': subject, 'team_id': team['id'], 'partner_id': client, 'sale_line_id': line}
            for subject in ("Labels do not print", "Cannot log in", "Stock is negative")
        ])
        day = FIRST_OF_MONTH + timedelta(days=9)
        product.call('account.analytic.line', 'create', [
            {
                'helpdesk_ticket_id': ticket, 'employee_id': employee, 'name': what,
                'unit_amount': hours, 'date': str(when),
            }
            for ticket, employee, what, hours, when in (
                (tickets[0], alex, "Changed the driver", 1 / 3, day),
                (tickets[1], alex, "Set a new password", 1 / 3, day),
                (tickets[2], alex, "Counted again", 1 / 3, day),
                (tickets[2], marta, "Corrected the moves", 1, day + timedelta(days=1)),
                (tickets[0], alex, "Looked again", 5, date.today()),
            )
        ])
        made.append((client, order, tickets))
    return made


def choose(page, client_id, detail, appendix):
    """Say on the form of a client how its time is told on invoices."""
    page.goto(f'/odoo/action-base.action_partner_form/{client_id}')
    page.get_by_role('tab', name="Invoicing").click()
    page.locator('[name=support_invoice_detail] input').click()
    page.get_by_role('option', name=detail).or_(
        page.locator('.o_select_menu_item', has_text=detail),
    ).first.click()
    page.get_by_label("Timesheet Appendix").set_checked(appendix)
    page.locator('.o_form_button_save').click()
    expect(page.locator('.o_form_button_save')).to_be_hidden()


def invoice_month(page, order_id):
    """Invoice the month of an order, and return the id of the invoice, which is confirmed."""
    page.goto(f'/odoo/action-sale.action_orders/{order_id}')
    page.get_by_role('button', name="Create Invoice").first.click()
    dialog = page.locator('.modal')
    period = dialog.locator('[name=date_start_invoice_timesheet]')
    for number, day in enumerate((FIRST_OF_MONTH, LAST_OF_MONTH)):
        field = period.locator('.o_input, button').nth(number)
        field.click()
        page.keyboard.press('Control+a')
        page.keyboard.type(day.strftime('%m/%d/%Y'))
        page.keyboard.press('Tab')
    dialog.get_by_role('button', name="Create Draft").click()
    expect(page.locator('.o_arrow_button_current')).to_have_text(re.compile("Draft"))
    return confirm(page)


def confirm(page):
    """Confirm the invoice on the page, and return its id."""
    page.locator('button[name=action_post]:visible').first.click()
    expect(page.locator('.o_arrow_button_current')).to_have_text(re.compile("Posted"))
    return int(re.search(r'/(\d+)(?:\?|$)', page.url)[1])


def lines_of(product, invoice_id):
    """Return the quantities of an invoice by the last line of their text."""
    return {
        line['name'].split('\n')[-1]: line['quantity']
        for line in product.read(
            'account.move.line',
            [('move_id', '=', invoice_id), ('display_type', '=', 'product')], 'name', 'quantity',
        )
    }


def test_accountant_invoices_a_month_for_three_clients_and_refunds_one(product, person, clients):
    accountant = person('accountant')
    _one_line, per_ticket, per_person = clients
    choose(accountant, per_ticket[0], "A line per ticket", False)
    choose(accountant, per_person[0], "A line per person", True)

    invoices = [invoice_month(accountant, order) for _client, order, _tickets in clients]
    totals = {
        (move['amount_untaxed'], move['amount_total']) for move in product.read(
            'account.move', [('id', 'in', invoices)], 'amount_untaxed', 'amount_total',
        )
    }
    assert {untaxed for untaxed, _total in totals} == {199.98}
    assert len(totals) == 1, "the same time costs the same, however it is told"

    assert list(lines_of(product, invoices[0]).values()) == [2.0]
    references = [
        f"{ticket['ticket_ref']}: {ticket['name']}" for ticket in product.read(
            'helpdesk.ticket', [('id', 'in', per_ticket[2])], 'ticket_ref', 'name',
        )
    ]
    tickets = lines_of(product, invoices[1])
    assert tickets.keys() == set(references)
    assert sorted(tickets.values()) == [0.33, 0.33, 1.34]
    assert lines_of(product, invoices[2]) == {"Alex Nowak": 1.0, "Marta Zielinska": 1.0}

    # the appendix is in what is printed, for the client who wants it
    for invoice, told in zip(invoices, (False, False, True)):
        page = accountant.request.get(f'/report/html/account.report_invoice/{invoice}').text()
        assert ("Corrected the moves" in page) is told
    assert accountant.request.get(
        f'/report/pdf/account.report_invoice/{invoices[2]}',
    ).body().startswith(b'%PDF')

    # one ticket of the second client is credited: its time is free, that of the others is not
    login = next(reference for reference in references if "Cannot log in" in reference)
    accountant.goto(f'/odoo/action-account.action_move_out_invoice_type/{invoices[1]}')
    accountant.get_by_role('button', name="Credit Note").click()
    accountant.locator('.modal').get_by_role('button', name="Reverse", exact=True).click()
    expect(accountant.locator('.o_arrow_button_current')).to_have_text(re.compile("Draft"))
    rows = accountant.locator('[name=invoice_line_ids] .o_data_row')
    for left in (3, 2):
        expect(rows).to_have_count(left)
        rows.filter(has_not_text="Cannot log in").first.locator('.o_list_record_remove').click()
    expect(rows).to_have_count(1)
    confirm(accountant)
    free = product.read(
        'account.analytic.line',
        [('helpdesk_ticket_id', 'in', per_ticket[2]), ('timesheet_invoice_id', '=', False)],
        'name',
    )
    assert {entry['name'] for entry in free} == {"Set a new password", "Looked again"}

    again = invoice_month(accountant, per_ticket[1])
    assert lines_of(product, again) == {login: 0.33}
    left = product.read('sale.order.line', [('order_id', '=', per_ticket[1])], 'qty_to_invoice')
    assert left[0]['qty_to_invoice'] == 5.0
