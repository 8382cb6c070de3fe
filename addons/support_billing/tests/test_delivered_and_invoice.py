from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestDeliveredAndInvoice(SupportBillingCommon):
    """ Do the hours logged come out as delivered, and on the invoice (H7)? """

    def test_two_hours_are_delivered_and_invoiced_as_two(self):
        self._log(self._new_ticket(), 2)
        self.assertEqual(self.pack.qty_delivered, 2.0)
        self.assertEqual(self.order.invoice_status, 'to invoice')
        invoice = self._invoice(self.order)
        self.assertEqual(invoice.state, 'posted')
        self.assertEqual(invoice.invoice_line_ids.quantity, 2.0)
        self.assertEqual(invoice.amount_untaxed, 200.0)

    def test_twenty_minutes_are_a_third_of_an_hour_not_more(self):
        # the unit of measure rounds up unless told otherwise: 0.34
        self._log(self._new_ticket(), 20 / 60)
        self.assertEqual(self.pack.qty_delivered, 0.33)
        self.assertEqual(self._invoice(self.order).invoice_line_ids.quantity, 0.33)

    def test_three_times_twenty_minutes_are_one_hour(self):
        ticket = self._new_ticket()
        for _index in range(3):
            self._log(ticket, 20 / 60)
        self.assertEqual(self.pack.qty_delivered, 1.0)

    def test_hours_are_delivered_to_a_line_sold_in_days(self):
        product = self._new_product("Support Days", uom_id=self.uom_day.id)
        order = self._new_order(self.client, product, 5)
        ticket = self._new_ticket(sale_line_id=order.order_line.id)
        self._log(ticket, 2)
        self.assertEqual(order.order_line.qty_delivered, 0.25)
        self.assertEqual(self._invoice(order).invoice_line_ids.quantity, 0.25)

    def test_prepaid_pack_is_invoiced_as_ordered_and_used_up_by_the_hours(self):
        self.order._action_cancel()
        order = self._new_order(self.client, self.product_prepaid, 20)
        invoice = self._invoice(order)
        self.assertEqual(invoice.invoice_line_ids.quantity, 20)
        ticket = self._new_ticket()
        self.assertEqual(ticket.sale_line_id, order.order_line)
        self._log(ticket, 2)
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(order.order_line.remaining_hours, 18)
        self.assertEqual(order.invoice_status, 'invoiced', "nothing more to invoice")

    def test_only_new_time_is_on_the_next_invoice(self):
        ticket = self._new_ticket()
        self._log(ticket, 2)
        self._invoice(self.order)
        self._log(ticket, 1.5)
        self.assertEqual(self._invoice(self.order).invoice_line_ids.quantity, 1.5)
        self.assertEqual(self.pack.qty_invoiced, 3.5)

    def test_invoice_knows_its_timesheets(self):
        timesheet = self._log(self._new_ticket(), 2)
        invoice = self._invoice(self.order)
        self.assertEqual(invoice.timesheet_ids, timesheet)

    def test_invoiced_time_is_locked(self):
        timesheet = self._log(self._new_ticket(), 2)
        self._invoice(self.order)
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "already invoiced"):
            timesheet.with_user(self.agent).unit_amount = 1
        with self.assertRaises(UserError):
            timesheet.unlink()
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "stays on the ticket"):
            timesheet.with_user(self.agent).helpdesk_ticket_id = self._new_ticket()

    def test_credit_note_frees_the_time(self):
        ticket = self._new_ticket()
        timesheet = self._log(ticket, 2)
        invoice = self._invoice(self.order)
        refund = invoice._reverse_moves(cancel=False)
        refund.action_post()
        self.assertFalse(timesheet.timesheet_invoice_id)
        timesheet.unit_amount = 1

    def test_deleted_time_is_not_delivered(self):
        ticket = self._new_ticket()
        timesheet = self._log(ticket, 2)
        self._log(ticket, 1)
        timesheet.unlink()
        self.assertEqual(self.pack.qty_delivered, 1)
        self.assertEqual(ticket.total_hours_spent, 1)

    def test_ticket_tells_what_is_left_of_the_pack(self):
        ticket = self._new_ticket()
        self.assertTrue(ticket.remaining_hours_available)
        self.assertEqual(ticket.remaining_hours_so, 20)
        self._log(ticket, 1.25)
        self._log(self._new_ticket(), 4)
        self.assertEqual(ticket.remaining_hours_so, 14.75)

    def test_overdrawn_pack_shows_below_zero(self):
        ticket = self._new_ticket()
        self._log(ticket, 20)
        self.pack.product_uom_qty = 19
        self.assertEqual(ticket.remaining_hours_so, -1)

    def test_time_and_materials_have_no_remaining_hours(self):
        order = self._new_order(self.client, self.product_hour, 1)
        ticket = self._new_ticket(sale_line_id=order.order_line.id)
        self.assertFalse(ticket.remaining_hours_available)

    def test_time_and_materials_order_from_the_ticket_is_invoiced_by_the_hours(self):
        ticket = self._new_ticket(self.other_contact)
        action = ticket.with_user(self.seller).action_create_quotation()
        order = self.env['sale.order'].browse(action['res_id'])
        order.action_confirm()
        self._log(ticket, 2)
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self._invoice(order).invoice_line_ids.quantity, 2)
        self.assertEqual(self.other_pack.qty_delivered, 0)

    def test_cancelled_invoice_lets_the_time_go_again(self):
        ticket = self._new_ticket()
        timesheet = self._log(ticket, 2)
        invoice = self._invoice(self.order)
        invoice.button_draft()
        invoice.button_cancel()
        second = self._new_order(self.client, self.product_hour, 1).order_line
        ticket.sale_line_id = second
        self.assertEqual(timesheet.so_line, second)
