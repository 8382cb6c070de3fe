"""The pages that customers meet, and what holds for each of them."""

from .live import NODE_MODULES

AXE = NODE_MODULES / 'axe-core' / 'axe.min.js'
# the rules of WCAG 2.1, levels A and AA, as far as a program can decide them
RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']

# the coordinator of a client who is live: gets a login for it
LIVE = 'amberfoods'

# who visits -> the addresses; a {placeholder} is filled by `get_addresses`
PAGES = {
    None: [
        '/helpdesk',
        '/helpdesk/{team}',
        '{ticket_link}',
    ],
    'client': [
        '/my',
        '/my/tickets',
        '/my/tickets?groupby=stage_id',
        '/my/tickets?search=nothing+has+this+name&search_in=all',
        '/my/tickets/{ticket}',
        '/my/agreements',
        '/my/agreements/{agreement}',
        '/my/tickets/new',
        '/my/telegram',
        '/helpdesk/{team}',
    ],
    'keyuser': [
        '/my',
        '/my/tickets?filterby=key_user',
        '/my/tickets/{key_user_ticket}',
    ],
    # an implementation that is under way, one that is live, and a takeover
    'harbor': [
        '/my/implementation',
        '/my/implementation/{harbor}/data/{harbor_form}',
        '/my/implementation/{harbor}/data/{harbor_returned}',
        '/my/implementation/{harbor}/protocol',
    ],
    # live, and in hypercare: its review waits for the signature
    LIVE: [
        '/my/implementation',
        '/my/hypercare',
        '/my/implementation/{amber}/protocol',
    ],
    'balticclient': [
        '/my/implementation',
        '/my/takeover/documents',
    ],
}


def get_addresses(product):
    """Return the pages of `PAGES` as pairs of a login and an address."""
    def id_of(name, module='helpdesk_sla'):
        record, = product.read(
            'ir.model.data', [('module', '=', module), ('name', '=', name)], 'res_id',
        )
        return record['res_id']

    if not product.call('res.users', 'search', [('login', '=', LIVE)]):
        product.call('res.users', 'create', {
            'partner_id': id_of('partner_amberfoods_coordinator'),
            'login': LIVE, 'password': LIVE,
            'group_ids': [(6, 0, [id_of('group_portal', 'base')])],
        }, context={'no_reset_password': True})

    ticket = id_of('ticket_slow')
    share = product.call('portal.share', 'create', {
        'res_model': 'helpdesk.ticket', 'res_id': ticket,
    })
    link = product.read('portal.share', [('id', '=', share)], 'share_link')[0]['share_link']
    values = {
        'team': id_of('team_technical'),
        'ticket': ticket,
        'key_user_ticket': id_of('ticket_lantern_scanner'),
        'ticket_link': link.removeprefix(product.url),
        'agreement': id_of('agreement_kestrel'),
        'harbor': id_of('implementation_harbor', 'onboarding_protocol'),
        'harbor_form': id_of('data_harbor_returns', 'onboarding_protocol'),
        'harbor_returned': id_of('data_harbor_mapping', 'onboarding_protocol'),
        'amber': id_of('implementation_amberfoods', 'onboarding_protocol'),
    }
    return [
        (login, address.format(**values))
        for login, addresses in PAGES.items() for address in addresses
    ]


def find_violations(page, scope='#wrap'):
    """Return what axe-core finds wrong on a page, one line for each element.

    :param scope: a selector of the part that is looked at: the header and the footer are stock
    """
    page.add_script_tag(path=AXE)
    result = page.evaluate(
        '([scope, rules]) => axe.run(scope, {runOnly: rules, resultTypes: ["violations"]})',
        [scope, RULES],
    )
    return [
        f'{violation["id"]}: {node["html"][:200]} ({node["failureSummary"]})'
        for violation in result['violations'] for node in violation['nodes']
    ]


def find_overflow(page):
    """Return what is wider than the window, when the page can be scrolled sideways."""
    return page.evaluate('''() => {
        const root = document.documentElement;
        const start = document.body.scrollWidth - root.clientWidth;
        if (root.scrollWidth <= root.clientWidth + 1 && start <= 1) {
            return [];
        }
        return [...document.querySelectorAll("#wrapwrap *")].filter((element) => {
            const box = element.getBoundingClientRect();
            return box.width && (box.right > root.clientWidth + 1 || box.left < -1);
        }).map((element) => element.outerHTML.slice(0, 150)).slice(0, 5);
    }''')
