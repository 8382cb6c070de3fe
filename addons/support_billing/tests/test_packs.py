from datetime import date

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.support_billing.tests.common import AllocationCommon


@tagged('post_install', '-at_install')
class TestPacks(AllocationCommon):
    """ What somebody who wants more than was bought, or pays for too much, could try (W3, W14). """

    def _bill_overage(self):
        self.product_pack.write({
            'support_overage': 'product', 'support_overage_product_id': self.product_hour.id,
        })

    # === WHAT IS LEFT === #

    def test_hours_set_by_hand_are_not_given_away_again(self):
        """ W3: allocating a ticket anew counts what was put on the pack by hand. """
        self.pack.product_uom_qty = 10
        first = self._log(self.ticket, 5)
        self._log(self.ticket, 10)
        first.write({'so_line': self.pack.id, 'is_so_line_edited': True})
        self._entries()._allocate_support_hours()
        self.assertEqual(self.pack.support_hours_left, 0)
        self._entries().sorted('id', reverse=True)._allocate_support_hours()
        self.assertEqual(self.pack.support_hours_left, 0)

    def test_hours_set_by_hand_are_counted_as_changed(self):
        """ W3: the hours of a line set by hand that are changed now are the ones that count. """
        self.pack.product_uom_qty = 10
        first = self._log(self.ticket, 2)
        first.write({'so_line': self.pack.id, 'is_so_line_edited': True})
        second = self._log(self.ticket, 6)
        (first | second).unit_amount = 6
        self.assertEqual(self.pack.support_hours_left, 0)
        self.assertEqual(second.unit_amount, 4)

    def test_lowered_order_splits_what_is_allocated_anew(self):
        """ W3: a pack that was made smaller pays for no more than that. """
        entry = self._log(self.ticket, 8)
        self.pack.product_uom_qty = 5
        self.assertEqual(self.pack.support_hours_left, -3, "told, not hidden")
        entry._allocate_support_hours()
        self.assertParts([('pack', 5, 5, self.pack), ('flagged', 3, 3, self.pack.browse())])

    def test_new_entry_takes_nothing_from_an_overdrawn_pack(self):
        """ W3: less than nothing is nothing. """
        self._log(self.ticket, 8)
        self.pack.product_uom_qty = 5
        self._log(self.ticket, 1)
        self.assertParts([('pack', 8, 8, self.pack), ('flagged', 1, 1, self.pack.browse())])

    def test_correction_gives_hours_back_to_the_pack(self):
        """ W3: negative time is a correction, as in stock. """
        self._log(self.ticket, 20)
        self._log(self.ticket, -2)
        self.assertEqual(self.pack.support_hours_left, 2)

    def test_time_of_a_task_counts_against_the_pack(self):
        """ W3: a pack is one, whoever takes from it. """
        project = self.env['project.project'].create({
            'name': "Tasks", 'allow_billable': True, 'partner_id': self.client.id,
        })
        task = self.env['project.task'].create({
            'name': "Task", 'project_id': project.id, 'sale_line_id': self.pack.id,
        })
        self.env['account.analytic.line'].create({
            'task_id': task.id, 'unit_amount': 19, 'name': "x",
            'employee_id': self.employees[self.agent].id,
        })
        self._log(self.ticket, 2)
        self.assertParts([('pack', 1, 1, self.pack), ('flagged', 1, 1, self.pack.browse())])

    # === THE LINE OF THE TICKET === #

    def test_pack_chosen_by_hand_pays_though_it_makes_tasks(self):
        """ W3: a pack that makes tasks is left to who chooses by hand; chosen, it pays. """
        product = self._new_product(
            "Prepaid With Tasks", invoice_policy='order', service_tracking='task_global_project',
            project_id=self.project.id,
        )
        pack = self._new_pack(3, product)
        self.ticket.sale_line_id = pack
        self._log(self.ticket, 4)
        self.assertParts([('pack', 3, 3, pack), ('pack', 1, 1, self.pack)])
        other = self._new_ticket()
        pack.product_uom_qty = 10
        self._log(other, 1)
        self.assertEqual(self._entries(other).so_line, self.pack)

    def test_pack_made_for_another_ticket_pays_where_it_is_chosen_by_hand(self):
        """ W3: what somebody chose is what pays. """
        order = self._new_order(
            self.client, self.product_pack, 3, helpdesk_ticket_id=self._new_ticket().id,
        )
        self.ticket.sale_line_id = order.order_line
        self._log(self.ticket, 1)
        self.assertParts([('pack', 1, 1, order.order_line)])

    def test_pack_made_for_another_ticket_is_not_taken(self):
        """ W3: an order made for a ticket is of that ticket. """
        other = self._new_ticket()
        self._new_order(self.client, self.product_pack, 3, helpdesk_ticket_id=other.id)
        self._log(self.ticket, 21)
        self.assertParts([('pack', 20, 20, self.pack), ('flagged', 1, 1, self.pack.browse())])

    def test_cancelled_order_of_hours_pays_for_nothing_more(self):
        """ H8: time on a cancelled order would be lost silently. """
        order = self._new_order(self.client, self.product_hour, 1)
        self.ticket.sale_line_id = order.order_line
        order._action_cancel()
        self._log(self.ticket, 1)
        self.assertParts([('flagged', 1, 1, order.order_line.browse())])

    def test_improvement_whose_order_is_cancelled_waits_again(self):
        """ W9: nobody has agreed to pay any more. """
        type_ = self.env['helpdesk.ticket.type'].create({
            'name': "New Wish", 'billing_scope': 'improvement',
        })
        ticket = self._new_ticket(ticket_type_id=type_.id)
        order = self._new_order(self.client, self.product_hour, 4, helpdesk_ticket_id=ticket.id)
        order._action_cancel()
        self._log(ticket, 1)
        self.assertParts([('pending', 1, 1, self.pack.browse())], ticket)

    def test_pack_in_another_company_pays_for_nothing(self):
        """ W3: companies keep their books apart. """
        company = self.company_data_2['company'] if hasattr(self, 'company_data_2') else (
            self.env['res.company'].create({'name': "Second Company"})
        )
        self.env.user.company_ids |= company
        product = self.product_pack.with_company(company)
        order = self.env['sale.order'].with_company(company).create({
            'partner_id': self.client.id, 'company_id': company.id,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 9})],
        })
        order.action_confirm()
        self._log(self.ticket, 21)
        self.assertEqual(order.order_line.qty_delivered, 0)
        self.assertEqual(self._entries()[-1].billing_kind, 'flagged')

    def test_pack_expired_before_it_was_used_is_passed_over(self):
        """ W3: the first to expire is first, the expired one is none. """
        old = self._new_pack(5)
        old.write({'support_start_date': '2020-01-01', 'support_end_date': '2020-12-31'})
        ticket = self._new_ticket()
        self.assertEqual(ticket.sale_line_id, self.pack)
        self._log(ticket, 1)
        self.assertParts([('pack', 1, 1, self.pack)], ticket)

    def test_pack_that_waits_for_go_live_pays_for_nothing_before(self):
        """ W3: until go-live is known, the hours cannot be used. """
        product = self._new_product(
            "Go-Live Pack", is_support_pack=True, support_validity_start='go_live',
            support_validity_months=1,
        )
        pack = self._new_pack(5, product)
        ticket = self._new_ticket(sale_line_id=pack.id)
        self._log(ticket, 1, date='2026-05-01')
        self.assertEqual(self._entries(ticket).so_line, self.pack)
        pack.order_id._start_support_at_go_live(date(2026, 5, 10))
        for day, line in (('2026-06-09', pack), ('2026-06-10', self.pack)):
            ticket = self._new_ticket(sale_line_id=pack.id)
            self._log(ticket, 1, date=day)
            self.assertEqual(self._entries(ticket).so_line, line, day)

    def test_month_of_a_plan_pays_for_its_own_days_only(self):
        """ P9: what is worked in May is not paid in June. """
        product = self._new_product(
            "Plan", is_support_pack=True, invoice_policy='order', support_renewal='monthly',
        )
        month = self._new_pack(5, product)
        month.write({'support_start_date': '2026-06-01', 'support_end_date': '2026-06-30'})
        for day, line in (
            ('2026-05-31', self.pack), ('2026-06-01', month), ('2026-06-30', month),
            ('2026-07-01', self.pack),
        ):
            ticket = self._new_ticket(sale_line_id=month.id)
            self._log(ticket, 0.5, date=day)
            self.assertEqual(self._entries(ticket).so_line, line, day)

    def test_customer_does_not_change_under_a_line_set_by_hand(self):
        """ W3: never another client's, whoever chose it. """
        entry = self._log(self.ticket, 1)
        entry.write({'so_line': self.pack.id, 'is_so_line_edited': True})
        with self.assertRaisesRegex(ValidationError, "belongs to another customer"):
            self.ticket.partner_id = self.other_contact

    # === SPLIT ENTRIES === #

    def test_minimum_is_not_charged_again_after_a_part_is_invoiced(self):
        """ W14: the parts of an entry are rounded as one, also when some are invoiced already. """
        self.product_pack.support_minimum_minutes = 60
        self.pack.product_uom_qty = 0.25
        self._log(self.ticket, 0.5)
        self.assertEqual(self._entries().mapped('billed_hours'), [0.25, 0.75])
        self._invoice(self.order)
        second = self._new_pack(5)
        self._entries()[-1]._allocate_support_hours()
        self.assertParts([('pack', 0.125, 0.25, self.pack), ('pack', 0.375, 0.75, second)])

    def test_minimum_is_not_charged_again_after_a_part_is_deleted(self):
        """ W14: what is left of an entry is one entry. """
        self.product_pack.support_minimum_minutes = 60
        self.pack.product_uom_qty = 0.25
        second = self._new_pack(0.25)
        self._log(self.ticket, 0.5)
        self.assertEqual(self._entries().mapped('billed_hours'), [0.25, 0.25, 0.5])
        self._entries()[0].with_user(self.agent).unlink()
        self.assertAlmostEqual(sum(self._entries().mapped('unit_amount')), 0.375)
        self._entries()[0].with_user(self.agent).name = "Same"
        self._entries()[-1].with_user(self.agent).unit_amount = 0.25
        self.assertAlmostEqual(sum(self._entries().mapped('billed_hours')), 1)
        self.assertTrue(second)

    def test_part_that_moved_away_stays_when_the_invoice_of_the_rest_is_refunded(self):
        """ W3: hours of one ticket never come back to another one by themselves. """
        self._log(self.ticket, 22)
        invoice = self._invoice(self.order)
        invoiced, flagged = self._entries()
        target = self._new_ticket(self.other_contact)
        flagged.with_user(self.agent).helpdesk_ticket_id = target
        self.env['account.move.reversal'].create({
            'move_ids': [Command.set(invoice.ids)], 'journal_id': invoice.journal_id.id,
        }).refund_moves()
        invoice.reversal_move_ids.action_post()
        self.assertFalse(invoiced.timesheet_invoice_id)
        invoiced.name = "Changed"
        invoiced.unit_amount = 19
        self.assertParts([('pack', 19, 19, self.pack)])
        self.assertParts([('pack', 2, 2, self.other_pack)], target)

    def test_part_without_charge_that_moved_away_stays_when_it_is_charged_again(self):
        """ W3: the same, for time with a reason not to bill it. """
        self._log(self.ticket, 22)
        first, part = self._entries()
        part.billing_waiver = "A gift"
        target = self._new_ticket()
        part.helpdesk_ticket_id = target
        part.billing_waiver = False
        self.assertEqual(self._entries(), first)
        self.assertEqual((first.unit_amount, part.unit_amount), (20, 2))

    def test_one_part_can_be_free(self):
        """ H8: a reason on one part is no reason for the other. """
        self._log(self.ticket, 22)
        self._entries()[-1].billing_waiver = "A gift"
        self.assertParts([('pack', 20, 20, self.pack), ('free', 2, 0, self.pack.browse())])
        self._entries()[-1].billing_waiver = False
        self.assertParts([('pack', 20, 20, self.pack), ('flagged', 2, 2, self.pack.browse())])

    def test_merged_ticket_brings_its_split_entry(self):
        """ W13: the parts move together, and add up. """
        target = self._new_ticket()
        self._log(self.ticket, 22)
        target.with_user(self.agent)._merge(self.ticket.with_user(self.agent))
        self.assertFalse(self._entries())
        self.assertEqual(target.total_hours_spent, 22)
        self.assertEqual(sum(self._entries(target).mapped('unit_amount')), 22)
        self.assertEqual(self.pack.support_hours_left, 0)

    def test_entry_of_a_colleague_who_left_can_be_split(self):
        """ W3: time that was worked is to be paid, whoever is there to see it. """
        entry = self._log(self.ticket, 8, self.colleague)
        self.employees[self.colleague].active = False
        self.pack.product_uom_qty = 5
        entry._allocate_support_hours()
        self.assertParts([('pack', 5, 5, self.pack), ('flagged', 3, 3, self.pack.browse())])
        self.assertEqual(
            self._entries().employee_id.with_context(active_test=False),
            self.employees[self.colleague],
        )

    def test_cost_of_a_split_entry_is_that_of_the_whole(self):
        """ H8: billing changes nothing of what the work cost. """
        entry = self._log(self.ticket, 20)
        cost = entry.amount
        entry.unlink()
        self.pack.product_uom_qty = 7
        self._log(self.ticket, 20)
        self.assertAlmostEqual(sum(self._entries().mapped('amount')), cost)

    # === OVERAGE === #

    def test_overage_line_is_made_without_defaults_of_the_screen(self):
        """ W3: what the screen proposes for timesheets is nothing for the order. """
        self._bill_overage()
        self.env['account.analytic.line'].with_user(self.agent).with_context(
            default_project_id=self.project.id, default_name="Timesheet",
            default_helpdesk_ticket_id=self.ticket.id, default_discount=50,
        ).create({'unit_amount': 21})
        line = self.order.order_line - self.pack
        self.assertEqual(self._entries()[-1].so_line, line)
        self.assertFalse(line.project_id)
        self.assertEqual(line.discount, 0)
        self.assertNotIn("Timesheet", line.name)

    def test_overage_is_billed_for_the_pack_that_ran_out_last(self):
        """ W3: the product of the pack says what becomes of the rest. """
        other = self._new_product(
            "Strict Pack", is_support_pack=True, support_overage='product',
            support_overage_product_id=self.product_hour.id,
        )
        second = self._new_pack(1, other)
        self._log(self.ticket, 22)
        overage = second.order_id.order_line - second
        self.assertParts([
            ('pack', 20, 20, self.pack), ('pack', 1, 1, second), ('overage', 1, 1, overage),
        ])

    # === WHO MAY === #

    def test_agent_cannot_write_what_is_billed(self):
        """ W3: rules decide what pays; nobody does by hand, past them. """
        entry = self._log(self.ticket, 2).with_user(self.agent)
        other = self._log(self.ticket, 3, self.colleague)
        for values in (
            {'billed_hours': 0}, {'billing_kind': 'free'}, {'split_from_id': other.id},
        ):
            with self.assertRaises(AccessError):
                entry.write(values)
            with self.assertRaises(AccessError):
                self._log(self.ticket, 1, **values)
        self.assertParts([('pack', 2, 2, self.pack), ('pack', 3, 3, self.pack)])

    def test_agent_cannot_take_over_the_entry_of_a_colleague(self):
        """ W3: a part is of who worked; defaults are values too. """
        other = self._log(self.ticket, 3, self.colleague)
        with self.assertRaises(AccessError):
            self.env['account.analytic.line'].with_user(self.agent).with_context(
                default_split_from_id=other.id,
            ).create({'helpdesk_ticket_id': self.ticket.id, 'unit_amount': 1, 'name': "x"})
        self.assertParts([('pack', 3, 3, self.pack)])

    def test_agent_cannot_switch_the_allocation_off(self):
        """ W3: the context of a call is said by who calls. """
        entry = self._log(self.ticket, 2).with_user(self.agent)
        entry.with_context(support_allocation=True).unit_amount = 4
        self.assertParts([('pack', 4, 4, self.pack)])
        self.env['account.analytic.line'].with_user(self.agent).with_context(
            support_allocation=True,
        ).create({'helpdesk_ticket_id': self.ticket.id, 'unit_amount': 1, 'name': "x"})
        self.assertEqual(self.pack.support_hours_left, 15)
