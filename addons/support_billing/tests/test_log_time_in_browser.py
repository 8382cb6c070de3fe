from odoo.tests import HttpCase, tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


class LogTimeCase(SupportBillingCommon, HttpCase):

    def _log_time_in_browser(self, tour):
        """ Let an agent choose another order line and log two hours, and check what came of it. """
        line = self._new_order(self.client, self.product_hour, 1).order_line
        ticket = self._new_ticket()
        self.assertEqual(ticket.sale_line_id, self.pack)
        self.start_tour(
            f'/odoo/action-helpdesk_sla.helpdesk_ticket_action_all/{ticket.id}',
            tour, login=self.agent.login,
        )
        self.assertEqual(ticket.sale_line_id, line)
        self.assertRecordValues(ticket.timesheet_ids, [{
            'name': "On the phone",
            'unit_amount': 2.0,
            'employee_id': self.employees[self.agent].id,
            'so_line': line.id,
        }])
        self.assertEqual(line.qty_delivered, 2)


@tagged('post_install', '-at_install')
class TestLogTimeInBrowser(LogTimeCase):

    def test_agent_logs_time(self):
        self._log_time_in_browser('support_billing_log_time')


@tagged('post_install', '-at_install')
class TestLogTimeOnPhone(LogTimeCase):

    browser_size = '375x667'
    touch_enabled = True

    def test_agent_logs_time_on_a_phone(self):
        self._log_time_in_browser('support_billing_log_time_mobile')
