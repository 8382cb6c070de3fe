"""Several agents log the last hours of a pack at once (requirement W3)."""

import pytest

from odoo.fields import Command

from .test_concurrency import office  # noqa: F401 - a fixture

AGENTS = 4
ROUNDS = 5


# of a pack sold in days, a minute does not change the delivered quantity
@pytest.fixture(params=[('uom.product_uom_hour', 2, 0.75), ('uom.product_uom_day', 0.01, 0.03)])
def pack(office, request):  # noqa: F811
    """The ids of a pack, of the employees and tickets, and the hours of the pack and of each.

    Together they log more than there is.
    """
    unit, quantity, hours = request.param

    def make(env):
        company = env['helpdesk.team'].browse(office.team_id).company_id
        env = env(context={**env.context, 'allowed_company_ids': company.ids})
        team = env['helpdesk.team'].browse(office.team_id)
        team.use_helpdesk_sale_timesheet = True
        product = env['product.product'].create({
            'name': "Pack", 'type': 'service', 'invoice_policy': 'delivery',
            'service_type': 'timesheet', 'service_tracking': 'no', 'is_support_pack': True,
            'uom_id': env.ref(unit).id, 'taxes_id': False,
        })
        partner = env['res.partner'].create({'name': "Client", 'is_company': True})
        order = env['sale.order'].create({
            'partner_id': partner.id, 'company_id': company.id,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': quantity})],
        })
        order.action_confirm()
        employees = env['hr.employee'].create([
            {'name': f"Agent {number}", 'company_id': company.id} for number in range(AGENTS)
        ])
        tickets = env['helpdesk.ticket'].create([
            {'name': "At once", 'team_id': team.id, 'partner_id': partner.id}
            for _employee in employees
        ])
        assert tickets.sale_line_id == order.order_line
        return (
            order.order_line.id, list(zip(employees.ids, tickets.ids)), company.ids,
            order.order_line.support_hours_left, hours,
        )

    return office.work(make)


def logging(company_ids, person, hours):
    """Return a task that logs time.

    :param person: the ids of an employee and of a ticket
    """
    employee_id, ticket_id = person

    def log(env):
        env = env(context={**env.context, 'allowed_company_ids': company_ids})
        return env['account.analytic.line'].create({
            'helpdesk_ticket_id': ticket_id, 'employee_id': employee_id, 'name': "At once",
            'unit_amount': hours,
        }).id

    return log


def test_agents_who_log_the_last_hours_at_once_never_overdraw_the_pack(office, pack):  # noqa: F811
    line_id, people, company_ids, sold, hours = pack

    office.work_at_once(*(logging(company_ids, person, hours) for person in people))

    def look(env):
        entries = env['account.analytic.line'].search([
            ('helpdesk_ticket_id', 'in', [ticket_id for _employee, ticket_id in people]),
        ])
        taken = entries.filtered(lambda entry: entry.so_line.id == line_id)
        return (
            sum(entries.mapped('unit_amount')),
            sum(taken.mapped('billed_hours')),
            env['sale.order.line'].browse(line_id).support_hours_left,
            set((entries - taken).mapped('billing_kind')),
        )

    worked, taken, left, kinds = office.work(look)
    assert worked == pytest.approx(AGENTS * hours)
    assert taken == pytest.approx(sold)
    assert left == pytest.approx(0)
    assert kinds == {'flagged'}


def test_the_last_hour_is_taken_once_many_times_over(office, pack):  # noqa: F811
    """Whoever comes second, by however little, gets what is left: round after round."""
    line_id, people, company_ids, _sold, hours = pack

    def refill(number):
        def order(env):
            line = env['sale.order.line'].browse(line_id)
            line.product_uom_qty += line.product_uom_qty / number
        return order

    for number in range(1, ROUNDS + 1):
        office.work_at_once(*(logging(company_ids, person, hours) for person in people))
        left = office.work(lambda env: env['sale.order.line'].browse(line_id).support_hours_left)
        assert left == pytest.approx(0, abs=0.001), number
        office.work(refill(number))
    worked = office.work(lambda env: sum(env['account.analytic.line'].search([
        ('helpdesk_ticket_id', 'in', [ticket_id for _employee, ticket_id in people]),
    ]).mapped('unit_amount')))
    assert worked == pytest.approx(ROUNDS * AGENTS * hours)


def test_agents_who_need_the_overage_line_at_once_make_one(office, pack):  # noqa: F811
    """What the pack has no room for is billed on one line of its order."""
    line_id, people, company_ids, sold, hours = pack

    def use_up(env):
        env = env(context={**env.context, 'allowed_company_ids': company_ids})
        line = env['sale.order.line'].browse(line_id)
        line.product_id.write({
            'support_overage': 'product',
            'support_overage_product_id': env['product.product'].create({
                'name': "Hour", 'type': 'service', 'invoice_policy': 'delivery',
                'service_type': 'timesheet', 'service_tracking': 'no', 'taxes_id': False,
                'uom_id': env.ref('uom.product_uom_hour').id,
            }).id,
        })
        logging(company_ids, people[0], sold)(env)

    office.work(use_up)
    office.work_at_once(*(logging(company_ids, person, hours) for person in people))
    lines = office.work(lambda env: [
        sum(env['account.analytic.line'].search([('so_line', '=', line.id)]).mapped('billed_hours'))
        for line in env['sale.order.line'].browse(line_id).order_id.order_line
        if line.is_support_overage
    ])
    assert lines == [pytest.approx(AGENTS * hours)]


def test_hours_set_by_hand_at_the_same_time_are_seen(office, pack):  # noqa: F811
    """An agent logs while a manager puts other time on the pack: the rules see what is left."""
    line_id, people, company_ids, sold, hours = pack

    def waiting(env):
        entry_id = logging(company_ids, people[0], sold)(env)
        env['account.analytic.line'].browse(entry_id).billing_waiver = "Not yet"
        return entry_id

    def by_hand(env):
        env['account.analytic.line'].browse(entry_id).write({
            'billing_waiver': False, 'so_line': line_id, 'is_so_line_edited': True,
        })

    entry_id = office.work(waiting)
    office.work_at_once(by_hand, logging(company_ids, people[1], hours))
    left, taken = office.work(lambda env: (
        env['sale.order.line'].browse(line_id).support_hours_left,
        sum(env['account.analytic.line'].search([
            ('so_line', '=', line_id), ('is_so_line_edited', '=', False),
        ]).mapped('billed_hours')),
    ))
    # as if one had come after the other: who logs first has the hours, and the hand overdraws
    assert left == pytest.approx(0) or (left, taken) == pytest.approx((-hours, hours))
