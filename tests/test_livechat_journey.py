"""One conversation of the live chat, from the website to the customer's e-mail (H3, H4, W2)."""

import re

import pytest
from playwright.sync_api import expect

from .live import reply_to, wait_until

VISITOR = 'greta.holm@lighthouse-cafe.example'
QUESTION = "The label printer eats the paper since this morning"
ANSWER = "Please open the lid and close it again."
CHAT = '.o-mail-ChatWindow'
DISCUSS = '.o-mail-DiscussContent'
COMPOSER = '.o-mail-Composer-input'


@pytest.fixture
def operator(product, person):
    """The agent of the demo data, present and alone at the chat of the website."""
    websites = product.read('website', [('channel_id', '!=', False)], 'channel_id')
    agent, = product.read('res.users', [('login', '=', 'agent')])
    product.call('im_livechat.channel', 'write', [site['channel_id'][0] for site in websites], {
        # at whatever hour the test runs
        'is_closed_outside_hours': False,
        'user_ids': [(6, 0, [agent['id']])],
    })
    page = person('agent')
    wait_until(
        lambda: product.read(
            'mail.presence', [('user_id', '=', agent['id']), ('status', '=', 'online')],
        ),
        "the presence of the operator",
    )
    return page


def say(chat, text):
    """Write in a conversation."""
    chat.locator(COMPOSER).fill(text)
    chat.locator(COMPOSER).press('Enter')
    expect(chat.locator('.o-mail-Message', has_text=text)).to_be_visible()


def moment_of(product, text):
    """Return when something was said, to the second."""
    message, = product.read(
        'mail.message', [('model', '=', 'discuss.channel'), ('body', 'like', text)], 'date',
    )
    return message['date']


def test_from_the_chat_of_the_website_to_the_mail_of_the_customer(product, person, operator):
    # somebody whom nobody knows asks on the website
    visitor = person()
    visitor.goto('/helpdesk')
    visitor.locator('.o-livechat-LivechatButton').click()
    question = visitor.locator(CHAT)
    say(question, QUESTION)

    # the operator answers
    operator.locator('.o-mail-DiscussSidebar').get_by_text("Visitor", exact=True).click()
    chat = operator.locator(DISCUSS)
    expect(chat).to_contain_text(QUESTION)
    say(chat, ANSWER)
    expect(question).to_contain_text(ANSWER)
    say(question, f"No change. Write to {VISITOR}, I have to open")
    expect(chat).to_contain_text("I have to open")

    # one click, and the conversation is a ticket
    chat.get_by_title("Create Ticket").click()
    link = chat.get_by_title(re.compile(r'View Ticket HT\d{5}'))
    link.wait_for()
    reference = re.search(r'HT\d{5}', link.get_attribute('title')).group()
    ticket, = product.read(
        'helpdesk.ticket', [('ticket_ref', '=', reference)],
        'name', 'channel', 'user_id', 'partner_id', 'partner_email', 'open_date',
        'first_response_date', 'origin_channel_id',
    )
    assert ticket['name'] == QUESTION
    assert ticket['channel'] == 'chat'
    assert ticket['user_id'][1] == "Alex Nowak"
    assert (ticket['partner_id'], ticket['partner_email']) == (False, VISITOR)

    # the clocks have known the conversation from its first word
    assert ticket['open_date'] == moment_of(product, QUESTION)
    assert ticket['first_response_date'] == moment_of(product, ANSWER)
    status, = product.read(
        'helpdesk.sla.status',
        [('ticket_id', '=', ticket['id']), ('target', '=', 'first_response')],
        'state', 'reached_date',
    )
    assert status['state'] == 'reached'
    assert status['reached_date'] == ticket['first_response_date']

    # the ticket tells what was said, and later what was said after it was created
    link.click()
    description = operator.locator('.o_helpdesk_ticket_form .o_field_widget[name=description]')
    for text in (QUESTION, ANSWER, "I have to open"):
        expect(description).to_contain_text(text)
    say(question, "One more thing: it is loud")
    expect(operator.locator(CHAT)).to_contain_text("it is loud")
    question.get_by_title("Close Chat Window").click()
    question.get_by_role('button', name="Yes").click()
    expect(operator.locator(CHAT)).to_contain_text("left the conversation")
    operator.locator(CHAT).get_by_title("Close Chat Window").click()
    operator.reload()
    note = operator.locator('.o-mail-Chatter .o-mail-Message', has_text="The live chat went on")
    expect(note).to_contain_text("it is loud")

    # from now on by e-mail
    operator.locator('.o-mail-Chatter-sendMessage').click()
    chatter = operator.locator('.o-mail-Chatter')
    chatter.locator(COMPOSER).fill("A new roller is on its way to you.")
    chatter.locator('.o-mail-Composer-send').click()
    mail = product.mailbox.wait_for(VISITOR, "A new roller")
    product.receive(reply_to(mail, VISITOR, "The roller is here, it prints again!"))
    operator.reload()
    chatter.locator('.o-mail-Message', has_text="it prints again").wait_for()
    tickets = product.read('helpdesk.ticket', [('partner_email', '=', VISITOR)], 'ticket_ref')
    assert [row['ticket_ref'] for row in tickets] == [reference]
