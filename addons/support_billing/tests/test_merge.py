from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestMerge(SupportBillingCommon):
    """ What becomes of time and orders when tickets are merged (W13)? """

    def setUp(self):
        super().setUp()
        self.target, self.source = self._new_ticket(), self._new_ticket()

    def merge(self, target=None, source=None):
        (target or self.target).with_user(self.agent)._merge(
            (source or self.source).with_user(self.agent),
        )

    def test_the_time_of_everybody_moves(self):
        lines = self._log(self.source, 2) | self._log(self.source, 1, self.colleague)
        self._log(self.target, 0.5)
        self.merge()
        self.assertEqual(lines.helpdesk_ticket_id, self.target)
        self.assertEqual(self.target.total_hours_spent, 3.5)
        self.assertEqual(self.source.total_hours_spent, 0)
        self.assertEqual(self.pack.qty_delivered, 3.5)

    def test_invoiced_time_moves_and_stays_invoiced(self):
        line = self._log(self.source, 2)
        self._invoice(self.order)
        invoice = line.timesheet_invoice_id
        self.assertTrue(invoice)
        second_pack = self._new_order(self.client, self.product_pack, 5).order_line
        self.target.sale_line_id = second_pack
        self.merge()
        self.assertRecordValues(line, [{
            'helpdesk_ticket_id': self.target.id, 'timesheet_invoice_id': invoice.id,
            'so_line': self.pack.id,
        }])
        self.assertEqual(second_pack.qty_delivered, 0)

    def test_open_time_goes_to_the_order_line_of_the_target(self):
        second_pack = self._new_order(self.client, self.product_pack, 5).order_line
        self.target.sale_line_id = second_pack
        line = self._log(self.source, 2)
        self.merge()
        self.assertEqual(line.so_line, second_pack)
        self.assertEqual(self.pack.qty_delivered, 0)

    def test_a_target_without_order_line_takes_that_of_the_source(self):
        self.target.sale_line_id = False
        line = self._log(self.source, 2)
        self.merge()
        self.assertEqual(self.target.sale_line_id, self.pack)
        self.assertEqual(line.so_line, self.pack)

    def test_orders_made_for_the_source_move(self):
        order = self._new_order(
            self.client, self.product_hour, 1, helpdesk_ticket_id=self.source.id,
        )
        self.merge()
        self.assertEqual(order.helpdesk_ticket_id, self.target)

    def test_a_team_that_logs_no_time_takes_none(self):
        self._log(self.source, 2)
        target = self._new_ticket(team=self.plain_team)
        with self.assertRaisesRegex(UserError, "Front Desk logs no time"):
            self.merge(target)
        self.assertEqual(self.source.total_hours_spent, 2)
        self.merge(target, self.target)
