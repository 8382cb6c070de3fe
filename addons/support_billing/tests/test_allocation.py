from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.support_billing.tests.common import AllocationCommon


@tagged('post_install', '-at_install')
class TestAllocation(AllocationCommon):
    """ What pays for the time on a ticket (W3, W9, W14, P10)? """

    # === PACKS (W3) === #

    def test_entry_that_crosses_the_end_of_a_pack_is_split_to_the_next(self):
        second = self._new_pack(5)
        self._log(self.ticket, 19)
        self._log(self.ticket, 3)
        self.assertParts([
            ('pack', 19, 19, self.pack), ('pack', 1, 1, self.pack), ('pack', 2, 2, second),
        ])
        self.assertEqual((self.pack.support_hours_left, second.support_hours_left), (0, 3))
        self.assertEqual((self.pack.qty_delivered, second.qty_delivered), (20, 2))
        self.assertEqual(self.ticket.total_hours_spent, 22)

    def test_entry_can_cross_several_packs(self):
        second, third = self._new_pack(1), self._new_pack(1)
        self._log(self.ticket, 23)
        none = self.pack.browse()
        self.assertParts([
            ('pack', 20, 20, self.pack), ('pack', 1, 1, second), ('pack', 1, 1, third),
            ('flagged', 1, 1, none),
        ])

    def test_ticket_goes_on_with_the_next_pack(self):
        second = self._new_pack(5)
        self._log(self.ticket, 20)
        self.assertEqual(self.ticket.sale_line_id, second)

    def test_pack_that_expires_first_is_used_first(self):
        second = self._new_pack(5)
        second.support_end_date = '2099-12-31'
        ticket = self._new_ticket()
        self.assertEqual(ticket.sale_line_id, second)
        self._log(ticket, 6)
        self.assertParts([('pack', 5, 5, second), ('pack', 1, 1, self.pack)], ticket)

    def test_expired_pack_pays_for_nothing_after_its_end(self):
        self.pack.write({'support_start_date': '2026-01-01', 'support_end_date': '2026-03-31'})
        self._log(self.ticket, 1, date='2026-03-31')
        self._log(self.ticket, 1, date='2026-04-01')
        self.assertParts([
            ('pack', 1, 1, self.pack), ('flagged', 1, 1, self.pack.browse()),
        ])

    def test_validity_is_counted_from_the_order_in_months(self):
        self.product_pack.support_validity_months = 12
        with freeze_time('2026-01-31'):
            pack = self._new_pack(5)
        self.assertEqual(str(pack.support_start_date), '2026-01-31')
        self.assertEqual(str(pack.support_end_date), '2027-01-30')

    def test_validity_can_be_counted_from_the_first_use(self):
        product = self._new_product(
            "Pack on Demand", is_support_pack=True, support_validity_start='first_use',
            support_validity_months=1,
        )
        pack = self._new_order(self.client, product, 5).order_line
        self.assertFalse(pack.support_start_date)
        ticket = self._new_ticket(sale_line_id=pack.id)
        self._log(ticket, 1, date='2026-05-10')
        self.assertEqual(str(pack.support_start_date), '2026-05-10')
        self.assertEqual(str(pack.support_end_date), '2026-06-09')

    def test_another_clients_pack_never_pays(self):
        self._log(self.ticket, 21)
        self.assertEqual(self.other_pack.qty_delivered, 0)
        self.assertEqual(self._entries()[-1].billing_kind, 'flagged')

    def test_what_no_pack_has_room_for_goes_to_the_overage_product(self):
        self.product_pack.write({
            'support_overage': 'product', 'support_overage_product_id': self.product_hour.id,
        })
        self.product_hour.list_price = 150
        self._log(self.ticket, 21)
        self._log(self.ticket, 2)
        line = self.order.order_line - self.pack
        self.assertEqual(len(line), 1, "one line for all of it")
        self.assertEqual((line.product_id, line.price_unit), (self.product_hour, 150))
        self.assertParts([
            ('pack', 20, 20, self.pack), ('overage', 1, 1, line), ('overage', 2, 2, line),
        ])
        self.assertEqual(line.qty_delivered, 3)
        invoice = self._invoice(self.order)
        self.assertEqual(invoice.amount_untaxed, 20 * 100 + 3 * 150)

    def test_overage_product_is_time_and_materials(self):
        with self.assertRaisesRegex(ValidationError, "Choose the product"):
            self.product_pack.write({
                'support_overage': 'product',
                'support_overage_product_id': self.product_prepaid.id,
            })

    def test_agent_without_access_to_orders_logs_over_the_end_of_a_pack(self):
        self.product_pack.write({
            'support_overage': 'product', 'support_overage_product_id': self.product_hour.id,
        })
        self._log(self.ticket, 21, self.agent)
        self.assertEqual(self._entries().mapped('employee_id.user_id'), self.agent)
        self.assertEqual(len(self._entries()), 2)

    def test_cancelled_order_pays_for_nothing_more(self):
        self.order._action_cancel()
        entry = self._log(self.ticket, 1)
        self.assertEqual(entry.billing_kind, 'flagged')

    # === CHANGES === #

    def test_changed_entry_is_allocated_anew(self):
        entry = self._log(self.ticket, 22)
        entry.unit_amount = 3
        # the part that was flagged keeps its hours: the part was changed, not the whole
        self.assertEqual(sum(self._entries().mapped('unit_amount')), 5)
        self.assertParts([('pack', 5, 5, self.pack)])

    def test_deleted_entry_gives_its_hours_back(self):
        entry = self._log(self.ticket, 5)
        entry.unlink()
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_part_that_moves_takes_the_whole_entry_along(self):
        self._log(self.ticket, 22)
        target = self._new_ticket(self.other_contact)
        self._entries()[-1].with_user(self.agent).helpdesk_ticket_id = target
        self.assertFalse(self._entries())
        self.assertParts([
            ('pack', 20, 20, self.other_pack), ('flagged', 2, 2, self.pack.browse()),
        ], target)

    def test_time_moved_to_a_task_is_no_ticket_time_any_more(self):
        entry = self._log(self.ticket, 1)
        task = self.env['project.task'].create({'name': "Task", 'project_id': self.project.id})
        entry.task_id = task
        self.assertFalse(entry.billing_kind)
        self.assertEqual(entry.billed_hours, 1)
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_flagged_time_is_paid_by_the_pack_that_is_bought_for_it(self):
        self._log(self.ticket, 25)
        second = self._new_pack(10)
        self._entries()[-1]._allocate_support_hours()
        self.assertParts([('pack', 20, 20, self.pack), ('pack', 5, 5, second)])

    def test_split_entry_is_rounded_as_one_wherever_it_goes(self):
        self.product_hour.support_minimum_minutes = 60
        self.pack.product_uom_qty = 0.25
        self._log(self.ticket, 0.5)
        line = self._new_order(self.client, self.product_hour, 1).order_line
        self.ticket.sale_line_id = line
        self.assertParts([('order', 0.5, 1, line)])

    def test_line_set_by_hand_stays(self):
        second = self._new_pack(5)
        entry = self._log(self.ticket, 1)
        entry.write({'so_line': second.id, 'is_so_line_edited': True})
        entry.unit_amount = 2
        self.assertEqual((entry.so_line, entry.billing_kind), (second, 'pack'))
        self.assertEqual(second.support_hours_left, 3)

    def test_time_with_a_reason_not_to_bill_is_free(self):
        entry = self._log(self.ticket, 2)
        entry.billing_waiver = "Our mistake"
        self.assertEqual((entry.billing_kind, entry.billed_hours), ('free', 0))
        self.assertFalse(entry.so_line)
        self.assertEqual(self.pack.support_hours_left, 20)
        entry.billing_waiver = False
        self.assertEqual(entry.so_line, self.pack)

    def test_invoiced_part_stays_when_another_part_changes(self):
        self._log(self.ticket, 22)
        self._invoice(self.order)
        invoiced, flagged = self._entries()
        flagged.unit_amount = 5
        self.assertEqual(invoiced.unit_amount, 20)
        self.assertEqual(flagged.split_from_id, invoiced)
        self.assertParts([('pack', 20, 20, self.pack), ('flagged', 5, 5, self.pack.browse())])

    # === ROUNDING (W14) === #

    def test_rounding_is_billed_and_the_time_worked_stays(self):
        self.product_pack.support_rounding_minutes = 15
        self._log(self.ticket, 20 / 60)
        self.assertParts([('pack', round(20 / 60, 6), 0.5, self.pack)])
        self.assertEqual(self.pack.qty_delivered, 0.5)
        self.assertEqual(self.ticket.total_hours_spent, 20 / 60)
        self.assertEqual(self._invoice(self.order).invoice_line_ids.quantity, 0.5)

    def test_exact_steps_are_not_rounded_further(self):
        self.product_pack.support_rounding_minutes = 15
        for minutes in (15, 30, 45, 60, 105):
            self.assertEqual(
                self.product_pack.product_tmpl_id._get_billed_hours(minutes / 60), minutes / 60,
            )

    def test_minimum_is_billed_for_each_entry(self):
        self.product_pack.support_minimum_minutes = 30
        self._log(self.ticket, 5 / 60)
        self._log(self.ticket, 1)
        self.assertEqual(self.pack.qty_delivered, 1.5)

    def test_rounded_entry_is_split_without_losing_a_minute(self):
        self.product_pack.support_rounding_minutes = 60
        self._log(self.ticket, 19.5)   # billed 20
        self.pack.product_uom_qty = 20.5
        self._log(self.ticket, 0.75)   # billed 1, half of it has room
        parts = self._entries()[1:]
        self.assertEqual(parts.mapped('billed_hours'), [0.5, 0.5])
        self.assertAlmostEqual(sum(parts.mapped('unit_amount')), 0.75)

    def test_time_and_materials_are_rounded_too(self):
        self.product_hour.support_minimum_minutes = 60
        order = self._new_order(self.client, self.product_hour, 1)
        ticket = self._new_ticket(sale_line_id=order.order_line.id)
        self._log(ticket, 0.5)
        self.assertEqual(order.order_line.qty_delivered, 1)

    # === SUPPORT OR IMPROVEMENT (S7, W9, P10) === #

    def _new_type(self, scope):
        return self.env['helpdesk.ticket.type'].create({'name': scope, 'billing_scope': scope})

    def test_defect_is_free_and_gets_no_line(self):
        ticket = self._new_ticket(ticket_type_id=self._new_type('defect').id)
        self.assertFalse(ticket.sale_line_id)
        self._log(ticket, 2)
        self.assertParts([('free', 2, 0, self.pack.browse())], ticket)

    def test_improvement_waits_for_its_order(self):
        ticket = self._new_ticket(ticket_type_id=self._new_type('improvement').id)
        self.assertFalse(ticket.sale_line_id, "no pack pays for an improvement")
        self._log(ticket, 2)
        self.assertParts([('pending', 2, 2, self.pack.browse())], ticket)
        order = self._new_order(self.client, self.product_hour, 4, helpdesk_ticket_id=ticket.id)
        self.assertParts([('order', 2, 2, order.order_line)], ticket)

    def test_estimate_decides_where_the_type_leaves_it_open(self):
        ticket = self._new_ticket(ticket_type_id=self._new_type('depends').id)
        entry = self._log(ticket, 1)
        self.assertEqual((ticket.billing_scope, entry.billing_kind), ('included', 'pack'))
        ticket.estimated_hours = 1
        self.assertEqual(ticket.billing_scope, 'included')
        ticket.estimated_hours = 1.5
        self.assertEqual((ticket.billing_scope, entry.billing_kind), ('improvement', 'pending'))
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_overruling_needs_a_reason_and_moves_the_time(self):
        entry = self._log(self.ticket, 1)
        with self.assertRaisesRegex(ValidationError, "Say why"):
            self.ticket.billing_scope_overrule = 'defect'
        self.ticket.write({
            'billing_scope_overrule': 'defect', 'billing_scope_reason': "It is our bug",
        })
        self.assertEqual(entry.billing_kind, 'free')
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_pack_chosen_by_hand_is_refused_for_an_improvement(self):
        with self.assertRaisesRegex(ValidationError, "is not support"):
            self._new_ticket(
                ticket_type_id=self._new_type('improvement').id, sale_line_id=self.pack.id,
            )

    # === UNITS, COMPANIES, BATCHES === #

    def test_pack_in_days_is_used_up_by_hours(self):
        product = self._new_product("Days", is_support_pack=True, uom_id=self.uom_day.id)
        self.order._action_cancel()
        pack = self._new_order(self.client, product, 1).order_line
        ticket = self._new_ticket()
        self._log(ticket, 9)
        self.assertParts([('pack', 8, 8, pack), ('flagged', 1, 1, pack.browse())], ticket)
        self.assertEqual(pack.qty_delivered, 1)

    def test_logging_for_many_takes_queries_for_one(self):
        def count(number):
            tickets = self.env['helpdesk.ticket'].create([
                {'name': "Many", 'team_id': self.team.id, 'partner_id': self.contact.id}
                for _index in range(number)
            ])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            entries = self.env['account.analytic.line'].create([
                {
                    'helpdesk_ticket_id': ticket.id, 'name': "x", 'unit_amount': 0.05,
                    'employee_id': self.employees[self.agent].id,
                }
                for ticket in tickets
            ])
            self.env.flush_all()
            self.assertEqual(set(entries.mapped('billing_kind')), {'pack'})
            return self.cr.sql_log_count - before
        count(5)
        count(50)
        self.assertEqual(count(5), count(50))

    def test_logging_takes_as_many_queries_for_a_client_of_many_packs(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._log(self.ticket, 0.05)
            self.env.flush_all()
            return self.cr.sql_log_count - before
        count()
        before = count()
        for _index in range(10):
            self._new_pack(5)
        self.assertEqual(count(), before)
