"""Several agents log the last hours of a pack at once (requirement W3)."""

import pytest

from odoo.fields import Command

from .test_concurrency import office  # noqa: F401 - a fixture

AGENTS = 4


# of a pack sold in days, a minute does not change the delivered quantity
@pytest.fixture(params=[('uom.product_uom_hour', 2, 0.75), ('uom.product_uom_day', 0.01, 0.03)])
def pack(office, request):  # noqa: F811
    """The ids of a pack, of the agents' employees and tickets, and the hours of the pack and of each.

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


def test_agents_who_log_the_last_hours_at_once_never_overdraw_the_pack(office, pack):  # noqa: F811
    line_id, people, company_ids, sold, hours = pack

    def logging(employee_id, ticket_id):
        def log(env):
            env = env(context={**env.context, 'allowed_company_ids': company_ids})
            env['account.analytic.line'].create({
                'helpdesk_ticket_id': ticket_id, 'employee_id': employee_id, 'name': "At once",
                'unit_amount': hours,
            })
        return log

    office.work_at_once(*(logging(*person) for person in people))

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
