from odoo.tests import tagged
from odoo.tools import float_round

from odoo.addons.support_billing.tests.test_invoice_detail import InvoiceDetailCommon


@tagged('post_install', '-at_install')
class TestInvoiceAppendix(InvoiceDetailCommon):
    """ Does the PDF explain every hour of the invoice (H8)? """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.support_invoice_appendix = True

    def _html(self, invoice, user=None):
        report = self.env['ir.actions.report'].with_user(user or self.env.user)
        return report._render_qweb_html('account.report_invoice', invoice.ids)[0].decode()

    def test_rows_are_the_entries(self):
        """ H8: ticket, date, who, what, worked, billed. """
        self.product_pack.product_tmpl_id.support_rounding_minutes = 15
        self._log(self.labels, 0.4, date='2026-03-02', name="Changed the driver")
        section, = self._draft(self.order)._get_support_appendix()
        row, = section['lines'][0]['rows']
        self.assertEqual(row['ticket'], self.labels.ticket_ref)
        self.assertEqual(row['subject'], "Labels do not print")
        self.assertEqual(str(row['date']), '2026-03-02')
        self.assertEqual((row['who'], row['what']), ("Agent", "Changed the driver"))
        self.assertEqual((row['worked'], row['billed']), (0.4, 0.5))

    def test_it_adds_up_to_the_invoice(self):
        """ H8: to the minute and the cent, each line and the whole. """
        self.client.support_invoice_detail = 'ticket'
        for ticket, minutes in zip([self.labels, self.login] * 4, (7, 11, 13, 17, 19, 23, 29, 31)):
            self._log(ticket, minutes / 60)
        self.pack.price_unit = 33.33
        invoice = self._draft(self.order)
        section, = invoice._get_support_appendix()
        self.assertEqual(float_round(section['quantity'], 2), self.pack.qty_delivered)
        self.assertAlmostEqual(section['hours'] * 60, round(self.pack.qty_delivered * 60))
        self.assertAlmostEqual(section['amount'], invoice.amount_untaxed)
        for block in section['lines']:
            shown = sum(round(row['billed'] * 60) for row in block['rows'])
            self.assertEqual(round(block['billed'] * 60), shown)
            self.assertEqual(round(block['hours'] * 60), shown + round(block['rounding'] * 60))

    def test_days_show_what_rounding_added(self):
        """ H8: 1:00 is 0.13 days, which is 1:02. """
        product = self._new_product("Support Days", uom_id=self.uom_day.id)
        order = self._new_order(self.client, product, 5)
        self._log(self.labels, 1, so_line=order.order_line.id, is_so_line_edited=True)
        section, = self._draft(order)._get_support_appendix()
        self.assertEqual(section['quantity'], 0.13)
        self.assertEqual(round(section['billed'] * 60), 60)
        self.assertEqual(round(section['rounding'] * 60), 2)
        self.assertEqual(round(section['hours'] * 60), 62)

    def test_only_for_clients_who_want_it(self):
        self._log(self.labels, 1, name="Changed the driver")
        invoice = self._draft(self.order)
        self.assertIn("Changed the driver", self._html(invoice))
        self.client.support_invoice_appendix = False
        self.assertNotIn("Changed the driver", self._html(invoice))

    def test_credit_note_has_none(self):
        self._log(self.labels, 1, name="Changed the driver")
        invoice = self._draft(self.order)
        invoice.action_post()
        self.assertNotIn("Changed the driver", self._html(self._refund(invoice)))

    def test_it_speaks_the_language_of_the_invoice(self):
        """ H8: part of the document of the invoice, which is rendered in one language. """
        self.env['res.lang']._activate_lang('fr_FR')
        self.client.lang = 'fr_FR'
        view = self.env.ref('support_billing.report_invoice_timesheets')
        view.update_field_translations('arch_db', {'fr_FR': {"What was done": "Travail"}})
        self._log(self.labels, 1, date='2026-03-02')
        html = self._html(self._draft(self.order))
        self.assertIn("Travail", html)
        self.assertIn("02/03/2026", html)

    def test_client_sees_it_in_the_portal(self):
        """ H8: the document that a portal user downloads has it, without rights on timesheets. """
        self._log(self.labels, 1, name="Changed the driver")
        invoice = self._draft(self.order)
        invoice.action_post()
        invoice.message_subscribe(self.portal.partner_id.ids)
        self.assertIn("Changed the driver", self._html(invoice, self.portal))

    def test_other_clients_get_nothing(self):
        """ H8: the time of other clients is not in the appendix. """
        self.other_client.support_invoice_appendix = True
        self._log(self.labels, 1, name="Changed the driver")
        self._log(self._new_ticket(self.other_contact), 1, name="Moved the boxes")
        self._draft(self.order)
        section, = self._draft(self.other_order)._get_support_appendix()
        self.assertEqual([row['what'] for row in section['lines'][0]['rows']], ["Moved the boxes"])

    def test_accountant_without_timesheets_prints_it(self):
        self._log(self.labels, 1, name="Changed the driver")
        self.assertIn("Changed the driver", self._html(self._draft(self.order), self.accountant))

    def test_it_is_sent_with_the_invoice(self):
        """ H8: the attachment that Send makes is the printed document. """
        self._log(self.labels, 1, name="Changed the driver")
        invoice = self._draft(self.order)
        invoice.action_post()
        rendered = []
        Report = type(self.env['ir.actions.report'])
        render = Report._render_qweb_html
        # what prints PDFs is not asked in tests: stock takes the page for the file
        self.patch(Report, '_render_qweb_html', lambda report, *args, **kwargs: (
            rendered.append(render(report, *args, **kwargs)) or rendered[-1]
        ))
        self.env['account.move.send']._generate_and_send_invoices(
            invoice, sending_methods=['email'],
        )
        self.assertTrue(invoice.invoice_pdf_report_id)
        self.assertIn("Changed the driver", rendered[0][0].decode())
