"""A client in the portal: a request by keyboard alone, and a key user's turn (W6, C7)."""

import re

SUBJECT = "The gate scanner reads nothing"


def go_to_field(page, selector):
    """Press Tab until a field has the focus."""
    for _number in range(60):
        if page.evaluate('(selector) => document.activeElement.matches(selector)', selector):
            return
        page.keyboard.press('Tab')
    raise AssertionError(f"{selector} is not reached by Tab")


def test_a_request_by_keyboard_alone(product, person, tmp_path):
    client = person('client')
    client.goto('/my/tickets')
    go_to_field(client, 'a[href="/my/tickets/new"]')
    client.keyboard.press('Enter')
    client.wait_for_url('**/my/tickets/new')
    go_to_field(client, '#name')
    client.keyboard.type(SUBJECT)
    go_to_field(client, 'input[name=priority]')
    client.keyboard.press('ArrowDown')
    go_to_field(client, '#description')
    client.keyboard.type("Since this morning.")
    go_to_field(client, 'button[type=submit]:not(.dropdown-item)')
    client.keyboard.press('Enter')
    client.wait_for_url('**/my/tickets/*new=1')
    assert "Your request is registered" in client.locator('#ticket_thanks').inner_text()
    ticket, = product.read(
        'helpdesk.ticket', [('name', '=', SUBJECT)], 'channel', 'priority', 'ticket_ref',
    )
    assert (ticket['channel'], ticket['priority']) == ('portal', '2')

    # files are dropped as well as chosen, and can be taken out again
    client.goto('/my/tickets/new')
    client.set_input_files('#files', [
        {'name': name, 'mimeType': 'text/plain', 'buffer': b'x'} for name in ('one.txt', 'two.txt')
    ])
    files = client.locator('.o_helpdesk_file_list li')
    files.nth(1).wait_for()
    client.get_by_role('button', name="Remove one.txt").click()
    files.nth(1).wait_for(state='detached')
    assert "two.txt" in files.inner_text()


def test_the_key_user_passes_a_request_on(product, person):
    ticket, = product.read('helpdesk.ticket', [('key_user_state', '=', 'waiting')], 'name')
    key_user = person('keyuser')
    key_user.goto('/my/tickets?filterby=key_user')
    key_user.get_by_role('link', name=ticket['name']).click()
    key_user.locator('#key_user_text').fill("It is the blue one at gate 2")
    key_user.get_by_role('button', name="Pass on", exact=True).click()
    key_user.locator('#ticket_key_user').wait_for(state='detached')
    key_user.get_by_text(re.compile("It is the blue one")).wait_for()
    passed_on, = product.read(
        'helpdesk.ticket', [('id', '=', ticket['id'])], 'key_user_state', 'first_response_date',
    )
    assert passed_on['key_user_state'] == 'passed_on'
    assert not passed_on['first_response_date']
