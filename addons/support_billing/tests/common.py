from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


class SupportBillingCommon(AccountTestInvoicingCommon):
    """ Who is who.

    +---------------+----------------------------------+------------------------------------------+
    | agent         | helpdesk user, employee          | works on tickets, reads no orders        |
    | colleague     | helpdesk user, employee          | another agent                            |
    | leader        | helpdesk team leader, employee   | leads `team`                             |
    | manager       | helpdesk administrator           | sets up teams                            |
    | seller        | sales, all documents; helpdesk   | makes quotations from tickets            |
    | accountant    | invoicing                        | no helpdesk, invoices orders             |
    | insider       | internal user                    | no group at all                          |
    | portal        | portal user of `client`          |                                          |
    +---------------+----------------------------------+------------------------------------------+
    | client        | company with a pack (20 h, billed as used); contact: `contact`              |
    | other_client  | company with a pack of its own                                              |
    | team          | Track & Bill Time is on          | plain_team: it is off                    |
    +---------------+----------------------------------+------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env['base'].with_context(
            mail_create_nolog=True, mail_notrack=True, tracking_disable=True,
        ).env
        cls.company = cls.env.company
        # whatever accounting set up for its own tests
        cls.env.user.group_ids |= (
            cls.env.ref('helpdesk_sla.group_helpdesk_manager')
            | cls.env.ref('hr_timesheet.group_timesheet_manager')
            | cls.env.ref('project.group_project_manager')
            | cls.env.ref('sales_team.group_sale_manager')
        )
        cls.uom_hour = cls.env.ref('uom.product_uom_hour')
        cls.uom_day = cls.env.ref('uom.product_uom_day')

        cls.agent = cls._new_user('agent', 'helpdesk_sla.group_helpdesk_user')
        cls.colleague = cls._new_user('colleague', 'helpdesk_sla.group_helpdesk_user')
        cls.leader = cls._new_user('leader', 'helpdesk_sla.group_helpdesk_team_leader')
        cls.manager = cls._new_user('manager', 'helpdesk_sla.group_helpdesk_manager')
        cls.seller = cls._new_user(
            'seller', 'helpdesk_sla.group_helpdesk_user,sales_team.group_sale_salesman_all_leads',
        )
        cls.accountant = cls._new_user('accountant', 'account.group_account_invoice')
        cls.insider = cls._new_user('insider', 'base.group_user')
        cls.employees = {
            user: cls.env['hr.employee'].create({
                'name': user.name, 'user_id': user.id, 'company_id': cls.company.id,
                'hourly_cost': 30.0,
            })
            for user in (cls.agent, cls.colleague, cls.leader)
        }

        cls.client, cls.other_client = cls.env['res.partner'].create([
            {'name': "Amber Foods", 'is_company': True},
            {'name': "Harbor Logistics", 'is_company': True},
        ])
        cls.contact, cls.other_contact = cls.env['res.partner'].create([
            {'name': "Ann", 'parent_id': cls.client.id, 'email': 'ann@amber-foods.example'},
            {'name': "Olaf", 'parent_id': cls.other_client.id, 'email': 'olaf@harbor.example'},
        ])
        cls.portal = new_test_user(
            cls.env, login='test_portal', groups='base.group_portal', partner_id=cls.contact.id,
        )

        cls.product_pack = cls._new_product("Support Pack", is_support_pack=True)
        cls.product_prepaid = cls._new_product(
            "Prepaid Support Pack", is_support_pack=True, invoice_policy='order',
        )
        cls.product_hour = cls._new_product("Support Hour")

        cls.team, cls.plain_team = cls.env['helpdesk.team'].create([
            {
                'name': "Technical Support",
                'use_helpdesk_sale_timesheet': True,
                'timesheet_product_id': cls.product_hour.id,
                'leader_id': cls.leader.id,
            },
            {'name': "Front Desk"},
        ])
        cls.project = cls.team.project_id

        cls.order = cls._new_order(cls.client, cls.product_pack, 20)
        cls.pack = cls.order.order_line
        cls.other_order = cls._new_order(cls.other_client, cls.product_pack, 20)
        cls.other_pack = cls.other_order.order_line

    @classmethod
    def _new_user(cls, name, groups):
        return new_test_user(
            cls.env, login=f'test_{name}', name=name.capitalize(), groups=groups,
            email=f'{name}@support.example', company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _new_product(cls, name, **values):
        return cls.env['product.product'].create({
            'name': name,
            'type': 'service',
            'invoice_policy': 'delivery',
            'service_type': 'timesheet',
            'service_tracking': 'no',
            'uom_id': cls.uom_hour.id,
            'list_price': 100.0,
            'taxes_id': False,
            **values,
        })

    @classmethod
    def _new_order(cls, partner, product, quantity, confirm=True, **values):
        order = cls.env['sale.order'].create({
            'partner_id': partner.id,
            'order_line': [Command.create({
                'product_id': product.id, 'product_uom_qty': quantity,
                **values.pop('line_values', {}),
            })],
            **values,
        })
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _new_ticket(cls, partner=None, team=None, **values):
        return cls.env['helpdesk.ticket'].create({
            'name': "Labels do not print",
            'team_id': (team or cls.team).id,
            'partner_id': (cls.contact if partner is None else partner).id,
            **values,
        })

    @classmethod
    def _log(cls, ticket, hours, user=None, **values):
        """ Log time on a ticket, as the user does it in the list of the ticket. """
        return cls.env['account.analytic.line'].with_user(user or cls.agent).create({
            'helpdesk_ticket_id': ticket.id,
            'name': "Looked into it",
            'unit_amount': hours,
            **values,
        }).with_env(cls.env)

    def _invoice(self, order):
        """ Invoice an order with the stock button, and post. """
        wizard = self.env['sale.advance.payment.inv'].with_context(
            active_model='sale.order', active_ids=order.ids, active_id=order.id,
        ).create({'advance_payment_method': 'delivered'})
        before = order.invoice_ids
        wizard.create_invoices()
        invoice = order.invoice_ids - before
        invoice.action_post()
        return invoice


class AllocationCommon(SupportBillingCommon):
    """ A ticket, and what became of the time that was logged on it. """

    def setUp(self):
        super().setUp()
        self.ticket = self._new_ticket()

    def _entries(self, ticket=None):
        return self.env['account.analytic.line'].search(
            [('helpdesk_ticket_id', '=', (ticket or self.ticket).id)], order='id',
        )

    def assertParts(self, expected, ticket=None):
        """ Compare kind, hours worked, hours billed and order line of the entries of a ticket. """
        self.assertEqual([
            (entry.billing_kind, round(entry.unit_amount, 6), round(entry.billed_hours, 6),
             entry.so_line)
            for entry in self._entries(ticket)
        ], expected)

    def _new_pack(self, hours, product=None, **values):
        return self._new_order(
            self.client, product or self.product_pack, hours, line_values=values,
        ).order_line
