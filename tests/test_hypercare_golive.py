"""A signed protocol starts the window, and the window the package, with all addons (P6, P9, G1)."""

from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command, Datetime

from odoo.addons.onboarding_protocol.tests.test_protocol import ProtocolCase


class TestHypercareGolive(ProtocolCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= (
            cls.env.ref('sales_team.group_sale_manager')
            | cls.env.ref('project.group_project_manager')
        )
        values = {
            'type': 'service', 'service_type': 'timesheet', 'invoice_policy': 'delivery',
            'uom_id': cls.env.ref('uom.product_uom_hour').id, 'list_price': 100.0,
        }
        cls.template = cls.env['project.project'].create({
            'name': "ERP", 'is_template': True, 'implementation_kind': 'implementation',
            'company_id': cls.company.id, 'user_id': cls.consultant.id, 'allow_billable': True,
            'phase_ids': [Command.set((cls.phase_before | cls.phase_live).ids)],
            'checklist_item_ids': [Command.create({'name': "An invoice can be posted"})],
        })
        cls.product_package, cls.product_plan, cls.product_project = cls.env[
            'product.product'
        ].create([
            {
                **values, 'name': "One Month of Support", 'is_support_pack': True,
                'support_validity_start': 'go_live', 'support_validity_months': 1,
            },
            {
                **values, 'name': "Plan", 'is_support_pack': True, 'invoice_policy': 'order',
                'support_renewal': 'monthly', 'support_validity_start': 'go_live',
            },
            {
                **values, 'name': "Implementation", 'service_tracking': 'project_only',
                'project_template_id': cls.template.id,
            },
        ])
        # sold by the same order: the implementation, its package and the plan
        cls.sold, cls.package, cls.plan = cls._sell(
            cls.product_project, cls.product_package, cls.product_plan,
        )
        cls.later, = cls._sell(cls.product_package)
        cls.project = cls.sold.project_id
        cls.project.sla_agreement_id = cls.agreement
        cls.period = cls.env['hypercare.period'].search([('project_id', '=', cls.project.id)])

    @classmethod
    def _sell(cls, *products):
        order = cls.env['sale.order'].create({
            'partner_id': cls.client_contact.id,
            'company_id': cls.company.id,
            'order_line': [
                Command.create({'product_id': product.id, 'product_uom_qty': 10})
                for product in products
            ],
        })
        order.action_confirm()
        return order.order_line

    def _new_ticket(self, **values):
        return self.env['helpdesk.ticket'].create({
            'name': "How do I print?", 'team_id': self.period.team_id.id,
            'partner_id': self.client_contact.id, **values,
        })

    def test_P1_the_confirmed_order_plans_the_window(self):
        self.assertRecordValues(self.period, [{
            'state': 'planned', 'partner_id': self.client.id,
            'coordinator_id': self.client_contact.id, 'user_id': self.consultant.id,
        }])
        self.assertFalse(self.package.support_start_date)

    def test_P6_the_signature_starts_the_window_and_the_window_the_package(self):
        protocol = self.create_signed()
        self.assertEqual(protocol.state, 'signed')
        self.assertEqual(self.period.state, 'running')
        self.assertEqual(self.period.start_datetime, self.project.golive_datetime)
        day = self.period.golive_date
        self.assertEqual(day, self.period._get_day(self.project.golive_datetime))
        self.assertEqual((self.package | self.plan).mapped('support_start_date'), [day, day])
        self.assertGreater(self.package.support_end_date, day + timedelta(days=26))

    def test_P9_what_was_sold_by_another_order_waits(self):
        self.create_signed()
        self.assertFalse(self.later.support_start_date)

    def test_P6_a_refused_signature_starts_nothing(self):
        protocol = self.send()
        self.tick(protocol)
        with self.assertRaises(UserError):
            self.sign(protocol, content_hash='another')
        self.assertEqual(self.period.state, 'planned')
        self.assertFalse(self.package.support_start_date)

    def test_G1_a_later_live_phase_starts_nothing_twice(self):
        self.create_signed()
        started = self.period.start_datetime
        last = self.env['implementation.phase'].create({
            'name': "Last", 'sequence': 903, 'is_live': True,
        })
        self.project.sudo().phase_ids |= last
        self.project.sudo().phase_id = last
        self.assertEqual(self.period.start_datetime, started)
        self.assertEqual(self.period.change_ids.mapped('kind'), ['start'])

    def test_G7_tickets_from_the_signature_on_are_in_the_window(self):
        before = self._new_ticket(open_date=Datetime.now() - timedelta(minutes=1))
        self.create_signed()
        after = self._new_ticket()
        self.assertFalse(before.hypercare_id)
        self.assertEqual(after.hypercare_id, self.period)

    def test_P9_without_hypercare_the_project_goes_live_all_the_same(self):
        self.project.with_hypercare = False
        self.create_signed()
        self.assertTrue(self.project.golive_datetime)
        self.assertEqual(self.period.state, 'cancelled')
