from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import html2plaintext

from .common import HypercareBillingCommon


@tagged('post_install', '-at_install')
class TestFreeInWindow(HypercareBillingCommon):
    """ What is free of charge in hypercare, and what is paid all the same? (H, S7, P10) """

    def assertKind(self, kind, ticket=None):
        self.assertEqual(set(self._entries(ticket).mapped('billing_kind')), {kind})

    # === WHAT IS FREE === #

    def test_S7_nothing_is_free_unless_the_window_says_so(self):
        self.assertEqual(self.period.free_in_window, 'nothing')
        self._log(self.ticket, 1)
        self.assertParts([('pack', 1, 1, self.pack)])

    def test_S7_questions_and_settings_are_free(self):
        self.period.free_in_window = 'questions'
        for kind, billing_kind in (
            ('question', 'free'), ('settings', 'free'), ('other', 'pack'),
        ):
            ticket = self._ask(kind)
            self._log(ticket, 1)
            self.assertKind(billing_kind, ticket)

    def test_S7_free_time_takes_nothing_from_the_pack_and_is_not_invoiced(self):
        self.period.free_in_window = 'questions'
        self._log(self.ticket, 2)
        self.assertParts([('free', 2, 0, self.no_line)])
        self.assertEqual(self.pack.support_hours_left, 20)
        self.assertEqual(self.pack.qty_delivered, 0)
        self.assertEqual(self._entries().billing_free_reason, 'hypercare')

    def test_S7_all_support_is_free(self):
        self.period.free_in_window = 'support'
        for kind in ('question', 'settings', 'other'):
            ticket = self._ask(kind)
            self._log(ticket, 1)
            self.assertKind('free', ticket)

    def test_S8_a_report_that_a_change_of_law_asks_for_is_support_of_the_window(self):
        self.period.free_in_window = 'questions'
        ticket = self._ask('settings', name="The new VAT report")
        self._log(ticket, 1)
        self.assertTrue(ticket.is_quick_fix)
        self.assertKind('free', ticket)

    def test_W15_the_window_ties_ticket_promise_and_price_together(self):
        self.team.use_sla = True
        common = {
            'company_id': self.company.id, 'target': 'first_response', 'team_ids': self.team.ids,
        }
        general, tight = self.env['helpdesk.sla'].create([
            {**common, 'name': "General", 'time': 8},
            {**common, 'name': "Hypercare", 'time': 1, 'only_hypercare': True},
        ])
        self.period.free_in_window = 'questions'
        inside = self._ask('question')
        self.go_to(hours=1)
        self.period._close("Everything works")
        outside = self._ask('question')
        self._log(inside, 1)
        self._log(outside, 1)
        for ticket, period, policy, kind in (
            (inside, self.period, tight, 'free'),
            (outside, self.env['hypercare.period'], general, 'pack'),
        ):
            self.assertEqual(ticket.hypercare_id, period)
            self.assertEqual(ticket.sla_status_ids.sla_id, policy)
            self.assertKind(kind, ticket)

    def test_S7_an_improvement_is_quoted_all_the_same(self):
        """ H: intake decides between defect and new request. """
        self.period.free_in_window = 'support'
        ticket = self._ask('improvement')
        self._log(ticket, 1)
        self.assertKind('pending', ticket)
        self.assertTrue(ticket.with_user(self.seller).can_create_quotation)

    def test_P10_a_defect_is_free_as_a_defect(self):
        self.period.free_in_window = 'support'
        ticket = self._ask('defect')
        self._log(ticket, 1)
        self.assertEqual(self._entries(ticket).billing_free_reason, 'defect')

    def test_S7_what_the_client_ordered_for_the_ticket_is_paid(self):
        self.period.free_in_window = 'support'
        order = self._new_order(
            self.client, self.product_hour, 3, helpdesk_ticket_id=self.ticket.id,
        )
        self._log(self.ticket, 1)
        self.assertParts([('order', 1, 1, order.order_line)])

    def test_S7_a_line_set_by_hand_stays(self):
        self.period.free_in_window = 'support'
        entry = self._log(self.ticket, 1)
        entry.with_user(self.leader).sudo().write({
            'so_line': self.pack.id, 'is_so_line_edited': True,
        })
        self.assertParts([('pack', 1, 1, self.pack)])

    def test_S7_other_clients_pay(self):
        self.period.free_in_window = 'support'
        ticket = self._ask('question', partner=self.other_contact)
        self._log(ticket, 1)
        self.assertKind('pack', ticket)

    def test_S7_what_was_asked_before_the_window_is_paid(self):
        self.period.free_in_window = 'support'
        ticket = self._ask('question', open_date='2026-03-01 09:00:00')
        self._log(ticket, 1)
        self.assertKind('pack', ticket)

    # === THE END OF THE WINDOW === #

    def test_S7_what_is_asked_after_the_window_is_paid(self):
        self.period.free_in_window = 'support'
        self.go_to(days=14)
        ticket = self._ask('question')
        self._log(ticket, 1)
        self.assertKind('pack', ticket)

    def test_S7_what_was_asked_in_time_is_answered_free(self):
        """ A slow answer of ours does not make the client pay. """
        self.period.free_in_window = 'support'
        self.go_to(days=15)
        self._log(self.ticket, 1)
        self.assertKind('free')

    def test_S7_what_was_booked_keeps_what_it_was_when_the_window_ends(self):
        self.period.free_in_window = 'support'
        entry = self._log(self.ticket, 1)
        self.go_to(days=15)
        self.period.sudo()._begin_exit()
        self.period._close("Everybody is content")
        entry.unit_amount = 2
        self.assertParts([('free', 2, 0, self.no_line)])

    def test_S7_after_the_window_nobody_changes_what_was_free(self):
        self.go_to(days=15)
        self.period.sudo()._begin_exit()
        with self.assertRaises(UserError):
            self.period.free_in_window = 'support'

    def test_S7_an_early_close_charges_what_is_asked_afterwards(self):
        self.period.free_in_window = 'support'
        self._log(self.ticket, 1)
        self.go_to(days=3)
        self.period._close("They need nothing")
        self.go_to(days=3, minutes=1)
        later = self._ask('question')
        self._log(later, 1)
        self.assertKind('free')
        self.assertKind('pack', later)

    # === CHANGES === #

    def test_S7_when_it_changes_the_time_that_is_not_invoiced_follows(self):
        self._log(self.ticket, 1)
        self._log(self._ask('other'), 1)
        self.period.with_user(self.leader).free_in_window = 'questions'
        self.assertKind('free')
        self.period.free_in_window = 'nothing'
        self.assertParts([('pack', 1, 1, self.pack)])

    def test_S7_invoiced_time_stays_as_it_was(self):
        self._log(self.ticket, 1)
        self._invoice(self.order)
        self.period.free_in_window = 'support'
        self._log(self.ticket, 2)
        self.assertParts([('pack', 1, 1, self.pack), ('free', 2, 0, self.no_line)])

    def test_S7_a_type_that_is_corrected_decides_anew(self):
        self.period.free_in_window = 'questions'
        self._log(self.ticket, 1)
        self.ticket.ticket_type_id = self.types['other']
        self.assertParts([('pack', 1, 1, self.pack)])

    def test_G7_a_start_that_is_taken_back_takes_back_what_was_free(self):
        self.period.free_in_window = 'support'
        self._log(self.ticket, 1)
        self.period._reset("Another client was meant")
        self.assertParts([('pack', 1, 1, self.pack)])

    def test_G7_a_late_start_takes_in_what_was_asked_since_the_go_live(self):
        window = self._new_window(self.other_client, free_in_window='support')
        self.go_to(days=1)
        ticket = self._ask('question', partner=self.other_contact)
        self._log(ticket, 1)
        self.assertKind('pack', ticket)
        self.go_to(days=2)
        window.action_start()
        self.assertKind('free', ticket)

    def test_S7_a_hundred_tickets_take_as_many_queries_as_two(self):
        """ A window whose rule changes asks for all of them at once. """
        def count(number):
            tickets = self.env['helpdesk.ticket'].union(
                *(self._ask('question') for _index in range(number)),
            )
            self.env['account.analytic.line'].with_user(self.agent).create([
                {'helpdesk_ticket_id': ticket.id, 'name': "Answered", 'unit_amount': 0.1}
                for ticket in tickets
            ])
            self.period.free_in_window = 'nothing'
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.period.free_in_window = 'questions'
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        few, many = count(2), count(20)
        self.assertLessEqual(many, few + 5)

    # === WHO DECIDES === #

    def test_H8_an_agent_does_not_decide_what_is_free(self):
        self.period.user_id = self.agent
        with self.assertRaises(AccessError):
            self.period.with_user(self.agent).free_in_window = 'support'
        self.period.with_user(self.agent).name = "Hypercare of ours"
        self.assertEqual(self.period.free_in_window, 'nothing')

    def test_H8_nobody_writes_the_reason_of_an_entry(self):
        entry = self._log(self.ticket, 1)
        with self.assertRaises(AccessError):
            entry.with_user(self.leader).billing_free_reason = 'hypercare'
        with self.assertRaises(AccessError):
            self._log(self.ticket, 1, billing_free_reason='hypercare')

    def test_S7_new_windows_begin_with_what_the_company_says(self):
        self.company.hypercare_free = 'questions'
        window = self._new_window(self.other_client)
        self.assertEqual(window.free_in_window, 'questions')
        self.company.hypercare_free = 'support'
        self.assertEqual(window.free_in_window, 'questions')

    # === WHAT IS SHOWN === #

    def test_S7_the_agent_reads_why_it_is_free(self):
        ticket = self.ticket.with_user(self.agent)
        self.assertFalse(ticket.billing_free_explanation)
        self.period.free_in_window = 'questions'
        self.assertIn(self.period.name, ticket.billing_free_explanation)
        self.assertIn("questions and settings", ticket.billing_free_explanation)

    def test_S7_the_form_of_the_ticket_shows_it(self):
        self.period.free_in_window = 'questions'
        self._log(self.ticket, 1)
        with Form(self.ticket.with_user(self.leader)) as form:
            self.assertIn("Free of charge", form.billing_free_explanation)

    def test_W8_the_statement_of_the_client_says_what_was_free_and_why(self):
        self.period.free_in_window = 'questions'
        self._log(self.ticket, 2, date='2026-03-03')
        self._log(self._ask('defect'), 1, date='2026-03-03')
        statement = self.env['support.statement'].create({
            'partner_id': self.client.id, 'company_id': self.company.id,
            'date_start': '2026-03-01',
        })
        row, = [row for row in statement.figures['hours'] if row['kind'] == 'free']
        self.assertEqual(row['worked'], 3)
        self.assertEqual(row['billed'], 0)
        self.assertEqual(row['reasons'], [['defect', 1], ['hypercare', 2]])
        html = self.env['ir.qweb']._render('support_billing.support_statement_document', {
            'statement': statement,
        })
        text = ' '.join(html2plaintext(html).split())
        self.assertIn("Free of charge Defects of the product 01:00 Hypercare 02:00", text)

    def test_S7_the_window_counts_what_was_free(self):
        self.period.free_in_window = 'questions'
        self._log(self.ticket, 2)
        self._log(self._ask('defect'), 1)
        self.assertEqual(self.period.with_user(self.leader).free_hours, 2)
        with self.assertRaises(AccessError):
            self.period.with_user(self.agent).read(['free_hours'])
