from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestPlans(SupportBillingCommon):
    """ Monthly plans (P9): hours included each month, and an invoice in draft for each. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order._action_cancel()
        cls.product_plan = cls._new_product(
            "Support Plan", is_support_pack=True, invoice_policy='order',
            support_renewal='monthly',
        )

    def _sell(self, day, product=None, **values):
        with freeze_time(day):
            return self._new_order(self.client, product or self.product_plan, 10, **values)

    def _run(self, day):
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref('support_billing.ir_cron_support_plans').method_direct_trigger()
        self.env.invalidate_all()

    def _months(self, order):
        return [
            (str(line.support_start_date), str(line.support_end_date))
            for line in order.order_line.sorted('support_start_date')
        ]

    def test_each_month_gets_its_hours_and_one_invoice(self):
        order = self._sell('2026-01-15')
        self._run('2026-01-15')
        self._run('2026-02-15')
        self.assertEqual(self._months(order), [
            ('2026-01-15', '2026-02-14'), ('2026-02-15', '2026-03-14'),
        ])
        self.assertEqual(order.order_line.mapped('product_uom_qty'), [10, 10])
        self.assertEqual(order.invoice_ids.mapped('state'), ['draft', 'draft'])
        self.assertEqual(order.invoice_ids.mapped('amount_untaxed'), [1000, 1000])

    def test_running_twice_bills_once(self):
        order = self._sell('2026-01-15')
        for _time in range(3):
            self._run('2026-02-20')
        self.assertEqual(len(order.order_line), 2)
        self.assertEqual(sum(order.invoice_ids.mapped('amount_untaxed')), 2000)

    def test_a_plan_from_the_31st_does_not_drift(self):
        order = self._sell('2026-01-31')
        self._run('2026-05-31')
        self.assertEqual([start for start, _end in self._months(order)], [
            '2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31',
        ])

    def test_missed_months_are_made_up_for(self):
        order = self._sell('2026-01-15')
        self._run('2026-04-20')
        self.assertEqual(len(order.order_line), 4)
        self.assertEqual(order.invoice_ids.mapped('amount_untaxed'), [1000] * 4)

    def test_no_month_begins_after_the_end_of_the_plan(self):
        order = self._sell('2026-01-15')
        order.order_line.support_plan_end_date = '2026-03-14'
        self._run('2026-06-01')
        self.assertEqual(len(order.order_line), 2)

    def test_unused_hours_lapse_or_roll_over_as_the_plan_says(self):
        rolling = self._new_product(
            "Rolling Plan", is_support_pack=True, invoice_policy='order',
            support_renewal='monthly', support_rollover_months=2,
        )
        order = self._sell('2026-01-15', rolling)
        self._run('2026-02-15')
        self.assertEqual(self._months(order), [
            ('2026-01-15', '2026-04-14'), ('2026-02-15', '2026-05-14'),
        ])

    def test_hours_of_a_month_pay_for_its_own_days_only(self):
        order = self._sell('2026-01-15')
        with freeze_time('2026-01-20'):
            ticket = self._new_ticket()
            self._log(ticket, 9, date='2026-01-20')
        self._run('2026-02-15')
        first, second = order.order_line.sorted('support_start_date')
        with freeze_time('2026-02-16'):
            self._log(ticket, 3, date='2026-02-16')
            late = self._log(ticket, 2, date='2026-01-21')
        self.assertEqual((first.support_hours_left, second.support_hours_left), (0, 7))
        parts = late | self.env['account.analytic.line'].search([('split_from_id', '=', late.id)])
        self.assertEqual(
            [(part.billing_kind, part.unit_amount) for part in parts],
            [('pack', 1), ('flagged', 1)],
        )

    def test_rolled_over_hours_are_used_first(self):
        rolling = self._new_product(
            "Rolling Plan", is_support_pack=True, invoice_policy='order',
            support_renewal='monthly', support_rollover_months=1,
        )
        order = self._sell('2026-01-15', rolling)
        self._run('2026-02-15')
        first, second = order.order_line.sorted('support_start_date')
        with freeze_time('2026-02-20'):
            self._log(self._new_ticket(), 12, date='2026-02-20')
        self.assertEqual((first.support_hours_left, second.support_hours_left), (0, 8))

    def test_time_flagged_before_the_month_was_made_is_paid_by_it(self):
        order = self._sell('2026-01-15')
        with freeze_time('2026-02-16'):
            ticket = self._new_ticket(sale_line_id=order.order_line.id)
            entry = self._log(ticket, 2, date='2026-02-16')
        self.assertEqual(entry.billing_kind, 'flagged')
        self._run('2026-02-17')
        self.assertEqual(entry.billing_kind, 'pack')
        self.assertEqual(entry.so_line, order.order_line.sorted('support_start_date')[-1])

    def test_a_refunded_month_is_not_billed_again(self):
        order = self._sell('2026-01-15')
        self._run('2026-01-15')
        invoice = order.invoice_ids
        invoice.action_post()
        invoice._reverse_moves(cancel=True)
        self._run('2026-01-16')
        self.assertEqual(
            order.invoice_ids.filtered(lambda move: move.move_type == 'out_invoice'), invoice,
        )

    def test_only_the_month_is_on_its_invoice(self):
        order = self._sell('2026-01-15')
        extra = self._new_product("Workshop", invoice_policy='order')
        order.order_line = [(0, 0, {'product_id': extra.id, 'product_uom_qty': 5})]
        self._run('2026-01-15')
        self.assertEqual(order.invoice_ids.invoice_line_ids.product_id, self.product_plan)

    def test_a_plan_that_waits_for_go_live_starts_with_it(self):
        waiting = self._new_product(
            "First Month", is_support_pack=True, invoice_policy='order',
            support_renewal='monthly', support_validity_start='go_live',
        )
        order = self._sell('2026-01-15', waiting)
        self._run('2026-03-01')
        self.assertFalse(order.invoice_ids)
        with freeze_time('2026-03-10'):
            self.assertFalse(self._new_ticket().sale_line_id, "no hours before go-live")
        order._start_support_at_go_live(date(2026, 3, 10))
        self._run('2026-03-10')
        self.assertEqual(self._months(order), [('2026-03-10', '2026-04-09')])
        self.assertEqual(len(order.invoice_ids), 1)

    def test_cancelled_order_has_no_more_months(self):
        order = self._sell('2026-01-15')
        order._action_cancel()
        self._run('2026-03-15')
        self.assertEqual(len(order.order_line), 1)

    def test_a_plan_that_cannot_be_billed_holds_up_no_other_and_is_told(self):
        broken = self._sell('2026-01-15')
        order = self._sell('2026-01-16')
        self._break_invoicing(broken)
        self._run('2026-01-16')
        self.assertEqual(len(order.invoice_ids), 1)
        self.assertEqual(
            broken.activity_ids.mapped('summary'),
            ["The month of the support plan was not billed"],
        )

    def _break_invoicing(self, broken):
        """ Let invoicing one order fail, as for want of a journal. """
        create_invoices = type(broken)._create_invoices

        def fail(orders, *args, **kwargs):
            if broken.id in orders.ids:
                raise UserError("No journal.")
            return create_invoices(orders, *args, **kwargs)

        patcher = patch.object(type(broken), '_create_invoices', fail)
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_a_plan_is_a_prepaid_pack(self):
        with self.assertRaisesRegex(ValidationError, "every month"):
            self._new_product("Wrong", is_support_pack=True, support_renewal='monthly')
