"""Take the pictures of the user guide from the running product; called by script/screenshots."""

import os
import re
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from odoo.tools import config

config.parse_config(['-c', os.environ['ODOO_RC']])
sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))

from live import CHROMIUM, CHROMIUM_ARGUMENTS, Product  # noqa: E402 - needs the configuration

IMAGES = Path(__file__).parent / 'images'
DESKTOP = {'width': 1440, 'height': 900}
PHONE = {'width': 390, 'height': 844}


class Photographer:
    """A browser in front of the product."""

    def __init__(self, browser, product):
        self._browser = browser
        self._product = product

    def sit_down(self, login=None, viewport=DESKTOP):
        """Return a page, logged in when a login is given."""
        page = self._browser.new_context(
            base_url=self._product.url, viewport=viewport, locale='en-US',
            timezone_id='Europe/Warsaw',
        ).new_page()
        page.set_default_timeout(60_000)
        if login:
            page.goto('/web/login')
            page.fill('input[name=login]', login)
            page.fill('input[name=password]', login)
            page.locator('form.oe_login_form button[type=submit]').click()
            page.wait_for_url(re.compile('/(odoo|my)'), wait_until='commit')
        return page

    def close_chat(self, page, url):
        """Open a page of the portal and close what the live chat offers, if it is there."""
        page.goto(url)
        page.wait_for_timeout(2500)
        offer = page.locator('.o-helpdesk-LivechatOffer-close')
        if offer.count():
            offer.click()

    def take(self, page, name, url=None, ready='main', full_page=False):
        """Picture a page, once what `ready` selects is there and the images have arrived."""
        if url:
            page.goto(url)
        page.locator(ready).first.wait_for()
        page.wait_for_timeout(2500)
        page.screenshot(path=IMAGES / f'{name}.png', full_page=full_page)


def take_all(photographer, product):
    """Take every picture that the documents show."""
    def id_of(xmlid):
        module, name = xmlid.split('.')
        record, = product.read(
            'ir.model.data', [('module', '=', module), ('name', '=', name)], 'res_id',
        )
        return record['res_id']

    ticket = id_of('helpdesk_sla.ticket_invoice_post')
    busy_ticket = id_of('helpdesk_sla.ticket_slow')
    team = id_of('helpdesk_sla.team_technical')
    tickets = '/odoo/action-helpdesk_sla.helpdesk_ticket_action_all'

    agent = photographer.sit_down('agent')
    photographer.take(agent, 'overview', '/odoo/action-helpdesk_sla.helpdesk_team_action_dashboard',
                      '.o_kanban_record')
    photographer.take(agent, 'ticket-list', tickets, '.o_data_row')
    agent.locator('.o_switch_view.o_kanban').click()
    photographer.take(agent, 'ticket-kanban', ready='.o_kanban_record')
    photographer.take(agent, 'ticket-form', f'{tickets}/{ticket}', '.o_form_sheet')
    agent.get_by_role('tab', name="SLA").click()
    photographer.take(agent, 'ticket-sla', ready='.o_form_sheet')
    agent.get_by_role('button', name="Pause", exact=True).click()
    photographer.take(agent, 'pause', ready='.modal .o_form_view')
    agent.goto(f'{tickets}/{busy_ticket}')
    agent.locator('.o_helpdesk_sla_promise button').first.click()
    photographer.take(agent, 'explanation', ready='.o_helpdesk_sla_bar')
    agent.goto(f'{tickets}/{busy_ticket}')
    agent.get_by_role('tab', name="Timesheets").click()
    photographer.take(agent, 'ticket-timesheets', ready='.o_form_sheet')

    agent.goto(tickets)
    agent.get_by_role('button', name="Log a Call").first.click()
    photographer.take(agent, 'call', ready='.modal .o_form_view')

    admin = photographer.sit_down('admin')
    photographer.take(admin, 'team-form',
                      f'/odoo/action-helpdesk_sla.helpdesk_team_action/{team}', '.o_form_sheet')
    admin.get_by_role('tab', name="Follow-up").click()
    admin.get_by_role('button', name="Use the Usual Steps").click()
    photographer.take(admin, 'team-followup', ready='[name=followup_step_ids] .o_data_row')
    photographer.take(
        admin, 'policy-form',
        f'/odoo/action-helpdesk_sla.helpdesk_sla_action/{id_of("helpdesk_sla.sla_stage_high")}',
        '.o_form_sheet',
    )

    agreement = id_of('helpdesk_sla.agreement_kestrel')
    photographer.take(
        admin, 'agreement-form',
        f'/odoo/action-helpdesk_sla.helpdesk_sla_agreement_action/{agreement}', '.o_form_sheet',
    )
    photographer.take(
        admin, 'sla-report', '/odoo/action-helpdesk_sla.helpdesk_sla_status_action',
        '.o_graph_renderer canvas',
    )
    photographer.take(admin, 'live', '/odoo/helpdesk-live', '.o_helpdesk_wall')

    photographer.take(admin, 'support-packs', '/odoo/support-packs', '.o_data_row')
    photographer.take(admin, 'leakage', '/odoo/action-support_billing.support_leak_action',
                      '.o_group_header, .o_data_row')
    photographer.take(
        admin, 'statement', '/odoo/action-support_billing.support_statement_action', '.o_data_row',
    )

    client = photographer.sit_down('client')
    photographer.take(client, 'portal-agreement', f'/my/agreements/{agreement}')
    photographer.take(client, 'portal-tickets', '/my/tickets')
    photographer.take(client, 'portal-ticket', f'/my/tickets/{busy_ticket}')

    photographer.take(client, 'portal-new', '/my/tickets/new')
    photographer.take(client, 'portal-telegram', '/my/telegram')

    key_user = photographer.sit_down('keyuser')
    key_user.goto('/my/tickets?filterby=key_user')
    key_user.locator('td a').first.click()
    photographer.take(key_user, 'portal-key-user', ready='#ticket_key_user')

    visitor = photographer.sit_down()
    photographer.take(visitor, 'website-help', '/helpdesk')
    visitor.get_by_text("Send a request").first.click()
    photographer.take(visitor, 'website-form', ready='.s_website_form')

    phone = photographer.sit_down('agent', PHONE)
    photographer.take(phone, 'phone-list', tickets, '.o_kanban_record, .o_data_row')
    photographer.take(phone, 'phone-ticket', f'{tickets}/{ticket}', '.o_form_sheet')
    phone.locator('.o_helpdesk_sla_promise button').first.click()
    photographer.take(phone, 'phone-explanation', ready='.o_helpdesk_sla_bar')
    phone_client = photographer.sit_down('client', PHONE)
    photographer.take(phone_client, 'phone-portal', f'/my/tickets/{busy_ticket}')
    photographer.take(phone_client, 'phone-portal-new', '/my/tickets/new')

    take_implementations(photographer, id_of)
    take_hypercare(photographer, id_of)
    take_persian(photographer, product, busy_ticket)


def take_implementations(photographer, id_of):
    """Take what docs/implementation.md shows."""
    harbor = id_of('onboarding_protocol.implementation_harbor')
    baltic = id_of('onboarding_protocol.takeover_baltic')
    plan = id_of('onboarding_protocol.plan_harbor')

    supervisor = photographer.sit_down('agent')
    # wide enough for all columns
    manager = photographer.sit_down('manager', {'width': 1720, 'height': 640})
    photographer.take(manager, 'implementation-overview', '/odoo/implementations',
                      '.o_kanban_record')
    photographer.take(supervisor, 'implementation-form', f'/odoo/implementations/{harbor}',
                      '.o_form_sheet')
    photographer.take(supervisor, 'success-plan', f'/odoo/success-plans/{plan}',
                      '[name=line_ids] .o_data_row')
    photographer.take(supervisor, 'takeover-form', f'/odoo/takeovers/{baltic}',
                      '[name=takeover_step_ids] .o_data_row')

    admin = photographer.sit_down('admin')
    phase = id_of('onboarding_protocol.phase_configuration')
    phases = '/odoo/action-onboarding_protocol.implementation_phase_action'
    photographer.take(admin, 'phase-gates', f'{phases}/{phase}', '[name=gate_ids] .o_data_row')

    coordinator = photographer.sit_down('harbor', PHONE)
    photographer.close_chat(coordinator, '/my')
    photographer.take(coordinator, 'phone-implementation', f'/my/implementation/{harbor}')
    protocol = id_of('onboarding_protocol.protocol_harbor')
    supervisor.goto(f'/odoo/golive-protocols/{protocol}')
    supervisor.get_by_role('button', name="Send to the Client").click()
    supervisor.get_by_role('button', name="Back to Draft").wait_for()
    photographer.take(coordinator, 'phone-protocol', f'/my/implementation/{harbor}/protocol')
    client = photographer.sit_down('balticclient')
    photographer.close_chat(client, '/my')
    photographer.take(client, 'portal-takeover', f'/my/implementation/{baltic}')


def take_hypercare(photographer, id_of):
    """Take what docs/hypercare.md shows."""
    period = id_of('hypercare.period_amberfoods')

    supervisor = photographer.sit_down('agent')
    photographer.take(supervisor, 'hypercare-triage', '/odoo/hypercare-triage', '.o_data_row')
    photographer.take(supervisor, 'hypercare-window', f'/odoo/hypercare/{period}',
                      '.o_hypercare_indicators .o_kanban_record')
    supervisor.get_by_role('tab', name="Training").click()
    photographer.take(supervisor, 'hypercare-training',
                      ready='[name=training_item_ids] .o_data_row')
    supervisor.get_by_role('tab', name="Exit").click()
    photographer.take(supervisor, 'hypercare-exit', ready='[name=exit_check_ids] .o_data_row')
    supervisor.locator('button[name=action_open_review]').click()
    photographer.take(supervisor, 'hypercare-review', ready='[name=item_ids] .o_data_row')

    # these pages are short
    short = photographer.sit_down('agent', {'width': 1440, 'height': 480})
    photographer.take(short, 'hypercare-board', '/odoo/hypercare-board', '.o_kanban_record')
    photographer.take(short, 'hypercare-bottlenecks', '/odoo/hypercare-bottlenecks', '.o_data_row')

    admin = photographer.sit_down('admin', {'width': 1440, 'height': 620})
    indicator = id_of('hypercare.indicator_resolution')
    photographer.take(admin, 'hypercare-indicator', f'/odoo/hypercare-indicators/{indicator}',
                      '.o_form_sheet')

    coordinator = photographer.sit_down('amberfoods', PHONE)
    photographer.close_chat(coordinator, '/my')
    photographer.take(coordinator, 'phone-hypercare', f'/my/hypercare/{period}')


def take_persian(photographer, product, ticket):
    """Take what a customer reads from right to left; the last thing, it changes the language."""
    lang = product.call(
        'res.lang', 'search', [('code', '=', 'fa_IR'), ('active', 'in', [True, False])],
    )
    wizard = product.call('base.language.install', 'create', {
        'lang_ids': lang, 'overwrite': False, 'website_ids': product.call('website', 'search', []),
    })
    product.call('base.language.install', 'lang_install', [wizard])
    customers = product.call(
        'res.partner', 'search', [('email', '=', 'client@kestrel-furniture.example')],
    )
    product.call('res.partner', 'write', customers, {'lang': 'fa_IR'})
    client = photographer.sit_down('client')
    client.goto('/fa')
    photographer.take(client, 'persian-portal', f'/my/tickets/{ticket}')
    visitor = photographer.sit_down(viewport=PHONE)
    visitor.goto('/fa/helpdesk')
    visitor.locator('.o_helpdesk_card').first.click()
    photographer.take(visitor, 'persian-phone-form', ready='.s_website_form')


def main():
    IMAGES.mkdir(exist_ok=True)
    product = Product(os.environ['TEMPLATE'], os.environ['DATABASE'])
    try:
        product.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS,
            )
            take_all(Photographer(browser, product), product)
            browser.close()
    finally:
        product.stop()


main()
