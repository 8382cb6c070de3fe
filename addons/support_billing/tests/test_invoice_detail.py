from itertools import cycle

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import float_compare, float_round

from odoo.addons.support_billing.tests.common import SupportBillingCommon

try:
    from hypothesis import Phase, given, settings, strategies as st
except ImportError:  # tests/requirements.txt names it
    st = None


class InvoiceDetailCommon(SupportBillingCommon):
    """ The client of the common setting has two tickets, `labels` and `login`. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.labels, cls.login = cls._new_ticket(), cls._new_ticket(name="Cannot log in")

    def _draft(self, order, start=None, end=None, user=None):
        """ Press Create Invoice, for a period if there is one, and return the draft. """
        before = order.invoice_ids
        self.env['sale.advance.payment.inv'].with_user(user or self.env.user).with_context(
            active_model='sale.order', active_ids=order.ids, active_id=order.id,
        ).create({
            'advance_payment_method': 'delivered',
            'date_start_invoice_timesheet': start,
            'date_end_invoice_timesheet': end,
        }).create_invoices()
        return order.invoice_ids - before

    def _refund(self, invoice, keep=None, post=True):
        """ Make the credit note of an invoice, of some of its lines if these are named. """
        wizard = self.env['account.move.reversal'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'journal_id': invoice.journal_id.id})
        wizard.reverse_moves()
        refund = wizard.new_move_ids
        if keep:
            refund.invoice_line_ids.filtered(
                lambda line: line.support_origin_line_id not in keep,
            ).unlink()
        if post:
            refund.action_post()
        return refund

    def _line_of(self, invoice, ticket):
        return invoice.invoice_line_ids.filtered(
            lambda line: ticket.ticket_ref in (line.name or ''),
        )

    def _assert_invoiced_once(self, order):
        """ No more hours are invoiced, after credit notes, than were delivered. """
        for line in order.order_line:
            self.assertLessEqual(
                float_compare(line.qty_invoiced, line.qty_delivered, precision_digits=2), 0,
            )


@tagged('post_install', '-at_install')
class TestInvoiceDetail(InvoiceDetailCommon):
    """ Does the invoice tell the time as the client wants it, for the same money (H8)? """

    def test_one_line_as_stock(self):
        """ H8: by default an order line is one invoice line. """
        self._log(self.labels, 1)
        self._log(self.login, 2)
        lines = self._draft(self.order).invoice_line_ids
        self.assertEqual(lines.mapped('quantity'), [3.0])
        self.assertEqual(lines.name, self.pack.name)

    def test_a_line_per_ticket(self):
        """ H8: one invoice line per ticket, which names it; each is of the order line. """
        self.client.support_invoice_detail = 'ticket'
        self._log(self.labels, 1, date='2026-03-02')
        self._log(self.login, 2, date='2026-03-03')
        self._log(self.labels, 0.5, date='2026-03-04')
        lines = self._draft(self.order).invoice_line_ids
        self.assertEqual(lines.mapped('quantity'), [1.5, 2.0])
        self.assertEqual(
            [line.name.split('\n')[-1] for line in lines],
            [f'{ticket.ticket_ref}: {ticket.name}' for ticket in (self.labels, self.login)],
        )
        self.assertEqual(lines.sale_line_ids, self.pack)
        self.assertEqual(self.pack.qty_invoiced, 3.5)
        self.assertEqual(self.pack.qty_to_invoice, 0)

    def test_a_line_per_person(self):
        """ H8: one invoice line per person. """
        self.client.support_invoice_detail = 'person'
        self._log(self.labels, 1)
        self._log(self.login, 2)
        self._log(self.labels, 0.5, user=self.colleague)
        lines = self._draft(self.order).invoice_line_ids
        self.assertEqual(
            {line.name.split('\n')[-1]: line.quantity for line in lines},
            {"Agent": 3.0, "Colleague": 0.5},
        )

    def test_choice_of_the_company_is_that_of_its_contacts(self):
        """ H8: the option belongs to the client, whichever contact the order is for. """
        self.client.support_invoice_detail = 'ticket'
        self.assertEqual(self.contact.support_invoice_detail, 'ticket')
        order = self._new_order(self.contact, self.product_hour, 0)
        for ticket in (self.labels, self.login):
            ticket.sale_line_id = order.order_line
            self._log(ticket, 1, so_line=order.order_line.id, is_so_line_edited=True)
        self.assertEqual(len(self._draft(order).invoice_line_ids), 2)

    def test_time_on_no_ticket_is_other_time(self):
        """ H8: time on a task or a project is on a line of its own, the last one. """
        self.client.support_invoice_detail = 'ticket'
        self.env['account.analytic.line'].create({
            'project_id': self.project.id, 'name': "Went there", 'unit_amount': 1.25,
            'employee_id': self.employees[self.agent].id, 'date': '2026-03-01',
            'so_line': self.pack.id, 'is_so_line_edited': True,
        })
        self._log(self.labels, 1, date='2026-03-02')
        lines = self._draft(self.order).invoice_line_ids
        self.assertEqual(lines.mapped('quantity'), [1.0, 1.25])
        self.assertIn("Other time", lines[1].name)

    def test_twenty_minutes_on_three_tickets_are_one_hour(self):
        """ H8: the quantities add up to stock's, by largest remainder. """
        self.client.support_invoice_detail = 'ticket'
        for ticket in (self.labels, self.login, self._new_ticket()):
            self._log(ticket, 20 / 60)
        lines = self._draft(self.order).invoice_line_ids
        self.assertEqual(sorted(lines.mapped('quantity')), [0.33, 0.33, 0.34])
        self.assertEqual(self.pack.qty_invoiced, 1.0)

    def test_too_short_for_a_line(self):
        """ H8: what rounds to nothing has no line, and is invoiced all the same. """
        self.client.support_invoice_detail = 'ticket'
        self._log(self.labels, 1)
        entry = self._log(self.login, 0.002)
        invoice = self._draft(self.order)
        self.assertEqual(invoice.invoice_line_ids.mapped('quantity'), [1.0])
        self.assertEqual(entry.timesheet_invoice_id, invoice)
        self.assertEqual(entry.support_invoice_line_id, invoice.invoice_line_ids)

    def test_days_are_split_as_days(self):
        """ H8: a line sold in days is invoiced in days, per ticket. """
        self.client.support_invoice_detail = 'ticket'
        order = self._new_order(
            self.client, self._new_product("Support Days", uom_id=self.uom_day.id), 5,
        )
        for ticket in (self.labels, self.login, self._new_ticket()):
            self._log(ticket, 1, so_line=order.order_line.id, is_so_line_edited=True)
        self.assertEqual(order.order_line.qty_delivered, 0.38)
        lines = self._draft(order).invoice_line_ids
        self.assertEqual(sorted(lines.mapped('quantity')), [0.12, 0.13, 0.13])
        self.assertEqual(lines.product_uom_id, self.uom_day)

    def test_invoice_takes_the_hours_billed(self):
        """ W14: rounded hours are invoiced, the hours worked stay. """
        self.client.support_invoice_detail = 'ticket'
        self.product_pack.product_tmpl_id.write({'support_rounding_minutes': 30})
        entry = self._log(self.labels, 0.1)
        self._log(self.login, 0.6)
        lines = self._draft(self.order).invoice_line_ids
        self.assertEqual(lines.mapped('quantity'), [0.5, 1.0])
        self.assertEqual(entry.unit_amount, 0.1)

    def test_prepaid_pack_is_one_line(self):
        """ H8: what is paid in advance is invoiced as ordered, in one line. """
        self.client.write({
            'support_invoice_detail': 'ticket', 'support_invoice_appendix': True,
        })
        order = self._new_order(self.client, self.product_prepaid, 20)
        self._log(self.labels, 1, so_line=order.order_line.id, is_so_line_edited=True)
        self._log(self.login, 1, so_line=order.order_line.id, is_so_line_edited=True)
        invoice = self._draft(order)
        self.assertEqual(invoice.invoice_line_ids.mapped('quantity'), [20.0])
        self.assertEqual(invoice._get_support_appendix(), [])

    def test_a_period_is_invoiced(self):
        """ H8: of a period only its time is on the lines, as stock invoices it. """
        self.client.support_invoice_detail = 'ticket'
        before = self._log(self.labels, 1, date='2026-02-27')
        self._log(self.labels, 2, date='2026-03-02')
        self._log(self.login, 3, date='2026-03-31')
        after = self._log(self.login, 4, date='2026-04-01')
        march = self._draft(self.order, '2026-03-01', '2026-03-31')
        self.assertEqual(march.invoice_line_ids.mapped('quantity'), [2.0, 3.0])
        self.assertFalse((before | after).timesheet_invoice_id)
        rest = self._draft(self.order)
        self.assertEqual(rest.invoice_line_ids.mapped('quantity'), [1.0, 4.0])
        self.assertEqual(rest.timesheet_ids, before | after)

    def test_hours_changed_on_a_draft_come_as_other_time(self):
        """ H8: hours without entries, of an invoice reduced by hand, are of no ticket. """
        self.client.support_invoice_detail = 'ticket'
        self._log(self.labels, 3)
        self._draft(self.order).invoice_line_ids.quantity = 2
        self._log(self.login, 1)
        lines = self._draft(self.order).invoice_line_ids
        self.assertEqual(lines.mapped('quantity'), [1.0, 1.0])
        self.assertIn(self.login.ticket_ref, lines[0].name)
        self.assertIn("Other time", lines[1].name)

    def test_lines_speak_the_language_of_the_client(self):
        """ H8: the text is in the language of who gets the invoice. """
        self.env['res.lang']._activate_lang('fr_FR')
        self.client.write({'support_invoice_detail': 'ticket', 'lang': 'fr_FR'})
        line = self.pack.with_context(lang='fr_FR')
        asked = []
        self.patch(
            type(self.env['sale.order.line']), '_get_invoice_detail_name',
            lambda line, name, group, detail: asked.append(line.env.lang) or name,
        )
        self._log(self.labels, 1)
        self._draft(self.order)
        self.assertEqual(asked, [line.env.lang])

    def test_accountant_invoices_without_seeing_timesheets(self):
        """ H8: who invoices needs no right on timesheets or tickets. """
        self.client.support_invoice_detail = 'ticket'
        self._log(self.labels, 1)
        self._log(self.login, 1)
        self.accountant.group_ids |= self.env.ref('sales_team.group_sale_salesman_all_leads')
        invoice = self._draft(self.order, user=self.accountant)
        self.assertEqual(len(invoice.invoice_line_ids), 2)
        invoice.with_user(self.accountant).action_post()
        self._line_of(self._refund(invoice, post=False), self.labels).with_user(
            self.accountant,
        ).unlink()

    def test_several_orders_on_one_invoice(self):
        """ H8: lines of the tickets stay with their order when orders are invoiced together. """
        self.client.support_invoice_detail = 'ticket'
        order = self._new_order(self.client, self.product_hour, 0)
        self._log(self.labels, 1)
        self._log(self.login, 2)
        self._log(self.labels, 4, so_line=order.order_line.id, is_so_line_edited=True)
        self._log(self.login, 8, so_line=order.order_line.id, is_so_line_edited=True)
        invoice = (self.order | order)._create_invoices()
        self.assertEqual(len(invoice), 1)
        self.assertEqual(
            [(line.sale_line_ids, line.quantity) for line in invoice.invoice_line_ids],
            [(self.pack, 1), (self.pack, 2), (order.order_line, 4), (order.order_line, 8)],
        )


@tagged('post_install', '-at_install')
class TestInvoiceDetailAmount(InvoiceDetailCommon):
    """ Does the invoice amount to what the one line amounts to, to the cent (H8)? """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_client.support_invoice_detail = 'ticket'
        cls.tax = cls.env['account.tax'].create({'name': "23 %", 'amount': 23.0})
        cls.tax_included = cls.env['account.tax'].create({
            'name': "8 % included", 'amount': 8.0, 'price_include_override': 'tax_included',
        })
        currencies = cls.env.ref('base.EUR') + cls.env.ref('base.JPY') + cls.env.ref('base.BHD')
        currencies.active = True
        cls.pricelists = {
            currency: cls.env['product.pricelist'].create({
                'name': currency.name, 'currency_id': currency.id,
            })
            for currency in currencies
        }
        cls.tickets = cls._new_ticket(cls.other_contact) + cls._new_ticket(cls.other_contact) \
            + cls._new_ticket(cls.other_contact)
        cls.one_line_tickets = cls._new_ticket() + cls._new_ticket() + cls._new_ticket()

    def _invoices(self, hours, taxes=(), currency=None, **line_values):
        """ Invoice the same hours on three tickets in one line and per ticket.

        :return: the two invoices
        """
        invoices = []
        for partner, tickets in (
            (self.client, self.one_line_tickets), (self.other_client, self.tickets),
        ):
            order = self._new_order(partner, self.product_hour, 0, line_values={
                'tax_ids': [Command.set([tax.id for tax in taxes])], **line_values,
            }, **({'pricelist_id': self.pricelists[currency].id} if currency else {}))
            for ticket, number in zip(cycle(tickets), hours):
                self._log(
                    ticket, number, so_line=order.order_line.id, is_so_line_edited=True,
                )
            invoices.append(self._draft(order))
        return invoices

    def _assert_same_amounts(self, one, many):
        self.assertEqual(len(one.invoice_line_ids), 1)
        currency = one.currency_id
        for field in ('amount_untaxed', 'amount_tax', 'amount_total'):
            self.assertEqual(currency.compare_amounts(one[field], many[field]), 0, (
                field, one[field], many[field], many.invoice_line_ids.mapped('price_subtotal'),
            ))
        self.assertEqual(
            float_round(sum(many.invoice_line_ids.mapped('quantity')), 2),
            one.invoice_line_ids.quantity,
        )

    def test_without_taxes(self):
        """ H8: 3 × 0.33 h at 33.33 are not 0.99 h at 33.33, unless a price is adjusted. """
        self.company.tax_calculation_rounding_method = 'round_per_line'
        one, many = self._invoices([0.5, 0.25, 0.26], price_unit=33.33)
        self.assertEqual(len(many.invoice_line_ids), 3)
        self._assert_same_amounts(one, many)
        self.assertAlmostEqual(
            sum(many.invoice_line_ids.mapped('price_subtotal')), one.amount_untaxed,
        )

    def test_with_a_tax_rounded_per_line(self):
        """ H8: untaxed amount and tax are those of one line, prices the agreed one. """
        self.company.tax_calculation_rounding_method = 'round_per_line'
        one, many = self._invoices([0.05, 0.05, 0.05], [self.tax], price_unit=33.33)
        self._assert_same_amounts(one, many)
        self.assertEqual(set(many.invoice_line_ids.mapped('price_unit')), {33.33})
        self.assertTrue(any(many.invoice_line_ids.mapped('extra_tax_data')), "it was off by a cent")

    def test_with_a_tax_rounded_globally(self):
        """ H8: stock rounds the whole, nothing is adjusted. """
        self.company.tax_calculation_rounding_method = 'round_globally'
        one, many = self._invoices([0.05, 0.05, 0.05], [self.tax], price_unit=33.33)
        self._assert_same_amounts(one, many)
        self.assertFalse(any(many.invoice_line_ids.mapped('extra_tax_data')))

    def test_with_a_tax_included_in_the_price(self):
        self.company.tax_calculation_rounding_method = 'round_per_line'
        one, many = self._invoices([0.05, 0.05, 0.05], [self.tax_included], price_unit=99.99)
        self._assert_same_amounts(one, many)

    def test_credit_note_amounts_to_the_invoice(self):
        """ H8: what was adjusted is credited as it was invoiced. """
        self.company.tax_calculation_rounding_method = 'round_per_line'
        _one, many = self._invoices([0.05, 0.05, 0.05], [self.tax], price_unit=33.33)
        many.action_post()
        refund = self._refund(many)
        self.assertEqual(refund.amount_total, many.amount_total)
        self.assertEqual(many.payment_state, 'reversed' if not many.amount_residual else 'not_paid')

    def test_quantity_changed_on_the_draft_is_paid_at_the_price(self):
        """ H8: the adjustment is of the quantity it was made for only. """
        self.company.tax_calculation_rounding_method = 'round_per_line'
        _one, many = self._invoices([0.05, 0.05, 0.05], [self.tax], price_unit=33.33)
        line = many.invoice_line_ids.filtered('extra_tax_data')[0]
        line.quantity = 10
        self.assertEqual(line.price_subtotal, 333.30)

    if st:
        @settings(
            max_examples=15, derandomize=True, deadline=None, phases=[Phase.generate],
        )
        @given(
            st.lists(st.integers(1, 240), min_size=2, max_size=4),
            st.integers(1, 2000000),
            st.sampled_from(('EUR', 'JPY', 'BHD')),
            st.sampled_from((0, 0, 5, 33.3)),
            st.sampled_from(('none', 'excluded', 'included', 'both')),
            st.sampled_from(('round_per_line', 'round_globally')),
        )
        def test_random_invoices(self, minutes, price, code, discount, taxes, method):
            """ H8: quantity, untaxed amount, tax and total are those of one line. """
            with self.env.cr.savepoint() as savepoint:
                currency = self.env.ref(f'base.{code}')
                self.company.tax_calculation_rounding_method = method
                one, many = self._invoices(
                    [number / 60 for number in minutes],
                    {
                        'none': [], 'excluded': [self.tax], 'included': [self.tax_included],
                        'both': [self.tax, self.tax_included],
                    }[taxes],
                    currency, price_unit=price / 10 ** (currency.decimal_places + 1),
                    discount=discount,
                )
                self.assertEqual(one.currency_id, currency)
                self._assert_same_amounts(one, many)
                many.action_post()
                self.assertEqual(self._refund(many).amount_total, many.amount_total)
                savepoint.rollback()
