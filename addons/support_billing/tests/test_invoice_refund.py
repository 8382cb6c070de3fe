from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.support_billing.tests.test_invoice_detail import InvoiceDetailCommon


@tagged('post_install', '-at_install')
class TestInvoiceRefund(InvoiceDetailCommon):
    """ Is time free again when its line is, and nothing invoiced twice (H8)? """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.support_invoice_detail = 'ticket'
        cls.on_labels = cls._log(cls.labels, 1, date='2026-03-02')
        cls.on_login = cls._log(cls.login, 2, date='2026-03-03')

    def test_invoiced_time_is_locked(self):
        """ H8: on a line per ticket too. """
        self._draft(self.order).action_post()
        for entry in (self.on_labels, self.on_login):
            with self.assertRaisesRegex(UserError, "already invoiced"):
                entry.with_user(self.agent).unit_amount = 5

    def test_deleted_draft_line_frees_its_ticket_only(self):
        """ H8: the other tickets of the order line stay on the invoice. """
        invoice = self._draft(self.order)
        self._line_of(invoice, self.labels).unlink()
        self.assertFalse(self.on_labels.timesheet_invoice_id)
        self.assertEqual(self.on_login.timesheet_invoice_id, invoice)
        self.assertEqual(self.pack.qty_to_invoice, 1.0)
        second = self._draft(self.order)
        self.assertEqual(second.invoice_line_ids.mapped('quantity'), [1.0])
        self.assertEqual(second.timesheet_ids, self.on_labels)

    def test_deleted_draft_line_in_the_form(self):
        """ H8: the same when the accountant deletes it on the invoice. """
        invoice = self._draft(self.order)
        line = self._line_of(invoice, self.labels)
        invoice.write({'invoice_line_ids': [(2, line.id)]})
        self.assertFalse(self.on_labels.timesheet_invoice_id)
        self.assertEqual(self.on_login.timesheet_invoice_id, invoice)

    def test_deleted_draft_frees_all(self):
        invoice = self._draft(self.order)
        invoice.unlink()
        self.assertFalse((self.on_labels | self.on_login).timesheet_invoice_id)
        self.assertEqual(self._draft(self.order).invoice_line_ids.mapped('quantity'), [1.0, 2.0])

    def test_cancelled_invoice_is_invoiced_anew(self):
        invoice = self._draft(self.order)
        invoice.button_cancel()
        second = self._draft(self.order)
        self.assertEqual(second.timesheet_ids, self.on_labels | self.on_login)
        self.assertEqual(self.on_labels.support_invoice_line_id, self._line_of(second, self.labels))

    def test_credit_note_frees_all_and_it_is_invoiced_again(self):
        """ H8: a credit note frees the time, as stock; the hours billed survive. """
        self.product_pack.product_tmpl_id.support_rounding_minutes = 30
        self.on_labels.unit_amount = 1.1
        invoice = self._draft(self.order)
        invoice.action_post()
        self._refund(invoice)
        self.assertFalse((self.on_labels | self.on_login).timesheet_invoice_id)
        self.assertEqual(self.on_labels.billed_hours, 1.5)
        self.assertEqual(self.on_labels.so_line, self.pack)
        self.assertEqual(self.pack.qty_to_invoice, 3.5)
        again = self._draft(self.order)
        self.assertEqual(again.invoice_line_ids.mapped('quantity'), [1.5, 2.0])
        self.assertEqual(self.pack.qty_invoiced, 3.5)
        self._assert_invoiced_once(self.order)

    def test_partial_credit_note_frees_its_ticket_only(self):
        """ H8: the tickets that are not credited stay locked. """
        invoice = self._draft(self.order)
        invoice.action_post()
        self._refund(invoice, keep=self._line_of(invoice, self.labels))
        self.assertFalse(self.on_labels.timesheet_invoice_id)
        self.assertEqual(self.on_login.timesheet_invoice_id, invoice)
        with self.assertRaisesRegex(UserError, "already invoiced"):
            self.on_login.with_user(self.agent).unit_amount = 5

    def test_after_a_partial_credit_note_a_period_is_not_invoiced_twice(self):
        """ H8: stock counts all the time of an invoice that has a credit note. """
        invoice = self._draft(self.order)
        invoice.action_post()
        self._refund(invoice, keep=self._line_of(invoice, self.labels))
        again = self._draft(self.order, '2026-03-01', '2026-03-31')
        self.assertEqual(again.invoice_line_ids.mapped('quantity'), [1.0])
        self.assertEqual(again.timesheet_ids, self.on_labels)
        self._assert_invoiced_once(self.order)

    def test_part_of_a_line_credited_frees_nothing(self):
        """ H8: some hours of a ticket are credited: which entries nobody can tell. """
        invoice = self._draft(self.order)
        invoice.action_post()
        refund = self._refund(invoice, keep=self._line_of(invoice, self.login), post=False)
        refund.invoice_line_ids.quantity = 0.5
        refund.action_post()
        self.assertEqual((self.on_labels | self.on_login).timesheet_invoice_id, invoice)

    def test_two_credit_notes_of_a_line_free_it_together(self):
        invoice = self._draft(self.order)
        invoice.action_post()
        for _index in range(2):
            refund = self._refund(invoice, keep=self._line_of(invoice, self.login), post=False)
            refund.invoice_line_ids.quantity = 1
            self.assertEqual(self.on_login.timesheet_invoice_id, invoice)
            refund.action_post()
        self.assertFalse(self.on_login.timesheet_invoice_id)
        self.assertEqual(self.on_labels.timesheet_invoice_id, invoice)

    def test_draft_credit_note_frees_nothing(self):
        invoice = self._draft(self.order)
        invoice.action_post()
        self._refund(invoice, post=False)
        self.assertEqual((self.on_labels | self.on_login).timesheet_invoice_id, invoice)

    def test_replaced_invoice_takes_the_time_over(self):
        """ H8: Reverse and Create Invoice: the time is on the new invoice, not to be invoiced. """
        invoice = self._draft(self.order)
        invoice.action_post()
        wizard = self.env['account.move.reversal'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'journal_id': invoice.journal_id.id})
        wizard.modify_moves()
        new = wizard.new_move_ids
        self.assertEqual(new.move_type, 'out_invoice')
        self.assertEqual(new.timesheet_ids, self.on_labels | self.on_login)
        self.assertEqual(self.on_login.support_invoice_line_id, self._line_of(new, self.login))
        with self.assertRaises(UserError):
            self._draft(self.order, '2026-03-01', '2026-03-31')
        self._line_of(new, self.labels).unlink()
        self.assertFalse(self.on_labels.timesheet_invoice_id)
        self.assertEqual(self.on_login.timesheet_invoice_id, new)

    def test_one_line_is_freed_as_a_whole(self):
        """ H8: a client who wants one line: the line knows its entries as well. """
        self.client.support_invoice_detail = 'line'
        invoice = self._draft(self.order)
        self.assertEqual(
            invoice.invoice_line_ids.support_entry_ids, self.on_labels | self.on_login,
        )
        invoice.action_post()
        self._refund(invoice)
        self.assertFalse((self.on_labels | self.on_login).timesheet_invoice_id)

    def test_parts_of_a_split_entry_are_freed_each_with_its_order_line(self):
        """ H8: an entry that crosses the end of a pack has two parts, on two lines. """
        small = self._new_order(
            self.client, self._new_product("Small Pack", is_support_pack=True), 1,
        ).order_line
        ticket = self._new_ticket(sale_line_id=small.id)
        entry = self._log(ticket, 3)
        part = self.env['account.analytic.line'].search([('split_from_id', '=', entry.id)])
        self.assertEqual((entry.so_line, part.so_line), (small, self.pack))
        first, second = self._draft(small.order_id), self._draft(self.order)
        (first | second).action_post()
        self._refund(first)
        self.assertFalse(entry.timesheet_invoice_id)
        self.assertEqual(part.timesheet_invoice_id, second)
        self.assertEqual(entry.billed_hours + part.billed_hours, 3)
        again = self._draft(small.order_id)
        self.assertEqual(again.invoice_line_ids.quantity, 1)
        self._assert_invoiced_once(small.order_id | self.order)

    def test_stock_time_on_tasks_is_left_to_stock(self):
        """ H8: invoices without time on tickets, of clients who want one line, are untouched. """
        order = self._new_order(self.other_client, self.product_hour, 0)
        self.env['account.analytic.line'].create({
            'project_id': self.project.id, 'name': "Went there", 'unit_amount': 1.25,
            'employee_id': self.employees[self.agent].id,
            'so_line': order.order_line.id, 'is_so_line_edited': True,
        })
        self.assertFalse(self._draft(order).invoice_line_ids.support_entry_ids)
