from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.support_billing.tests.test_scope import ScopeCase


@tagged('post_install', '-at_install')
class TestImprovementQuotation(ScopeCase):
    """ From the estimate to the order that the client has accepted (W9). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ticket = cls._new_ticket_of_type(
            'depends', estimated_hours=4, user_id=cls.agent.id,
            description="<p>A discount by <b>quantity</b></p>",
        )

    # === WHAT IS QUOTED === #

    def test_the_estimate_is_quoted(self):
        """ W9: not the time spent so far. """
        self._log(self.ticket, 1)
        order = self._quote(self.ticket)
        line = order.order_line.filtered('product_id')
        self.assertEqual(line.product_uom_qty, 4)
        self.assertEqual(line.product_id, self.product_hour)
        self.assertEqual(order.partner_id, self.contact)

    def test_less_than_an_hour_is_quoted_as_estimated(self):
        """ W9 """
        ticket = self._new_ticket_of_type('improvement', estimated_hours=0.5)
        self.assertEqual(self._quote(ticket).order_line.product_uom_qty, 0.5)

    def test_time_that_nobody_pays_for_is_quoted_without_an_estimate(self):
        """ W9 """
        ticket = self._new_ticket_of_type('improvement')
        self._log(ticket, 1.5)
        self._log(ticket, 1, self.colleague)
        self.assertEqual(self._quote(ticket).order_line.product_uom_qty, 2.5)

    def test_what_was_asked_for_is_on_the_quotation(self):
        """ W9: as text, in a note, and shortened when it is long. """
        note = self._quote(self.ticket).order_line.filtered('display_type')
        self.assertEqual(note.display_type, 'line_note')
        self.assertEqual(note.name, "A discount by *quantity*")
        ticket = self._new_ticket_of_type('improvement', description="<p>%s</p>" % ("many " * 9000))
        self.assertLess(len(self._quote(ticket).order_line.filtered('display_type').name), 2100)

    def test_files_of_the_request_are_on_the_quotation(self):
        """ W9: for the client to see, those of internal notes are not. """
        self.env['ir.attachment'].with_user(self.portal).sudo().create({
            'name': 'sketch.txt', 'raw': b'what we want',
            'res_model': 'helpdesk.ticket', 'res_id': self.ticket.id,
        })
        self.ticket.with_user(self.agent).message_post(
            body="For us", subtype_xmlid='mail.mt_note', attachments=[('secret.txt', b'secret')],
        )
        order = self._quote(self.ticket)
        message = order.message_ids.filtered('attachment_ids')
        self.assertEqual(message.attachment_ids.mapped('name'), ['sketch.txt'])
        self.assertEqual(message.attachment_ids.raw, b'what we want')
        self.assertEqual(message.attachment_ids.mapped('res_model'), ['sale.order'])
        self.assertEqual(message.subtype_id, self.env.ref('mail.mt_comment'))
        self.assertFalse(message.is_internal)
        self.assertFalse(message.notified_partner_ids)

    def test_improvement_has_to_be_signed(self):
        """ W9: whatever the company asks for otherwise; it expires as others do. """
        self.company.write({
            'portal_confirmation_sign': False, 'portal_confirmation_pay': True,
            'quotation_validity_days': 14,
        })
        order = self._quote(self.ticket)
        self.assertTrue(order.require_signature)
        self.assertFalse(order.require_payment, "the time spent is paid, not the estimate")
        self.assertEqual(
            order.validity_date, fields.Date.context_today(order) + timedelta(days=14),
        )
        self.assertFalse(self._quote(self._new_ticket_of_type('included')).require_signature)

    def test_defect_is_not_quoted(self):
        """ P10 """
        ticket = self._new_ticket_of_type('defect').with_user(self.seller)
        self.assertFalse(ticket.can_create_quotation)
        with self.assertRaises(UserError):
            ticket.action_create_quotation()

    def test_agent_without_sales_rights_is_told_how_the_quotation_stands(self):
        """ W9: no more than that. """
        order = self._quote(self.ticket)
        seen = self.ticket.with_user(self.agent)
        self.assertEqual(seen.quotation_state, 'draft')
        with self.assertRaises(AccessError):
            seen.action_create_quotation()
        with self.assertRaises(AccessError):
            order.with_user(self.agent).read(['amount_total'])

    # === HOW IT STANDS === #

    def test_each_state_is_named_where_time_waits(self):
        """ W9 """
        self._log(self.ticket, 2)
        order = self._quote(self.ticket)

        def warning():
            self.env.invalidate_all()
            return self.ticket.with_user(self.agent).billing_scope_warning

        self.assertEqual(
            warning(),
            f"2:00 h not approved: quotation {order.name} has not been sent to the client.",
        )
        order.action_quotation_sent()
        self.assertEqual(
            warning(), f"2:00 h not approved: the client has not accepted quotation {order.name}.",
        )
        order.validity_date = fields.Date.context_today(order) - timedelta(days=1)
        self.assertIn("expired", warning())
        self.assertEqual(self.ticket.quotation_state, 'expired')
        order._action_cancel()
        self.assertIn("cancelled", warning())

    def test_a_new_quotation_counts_after_one_that_was_declined(self):
        """ W9 """
        self._quote(self.ticket)._action_cancel()
        self.assertEqual(self.ticket.quotation_state, 'cancelled')
        self.env.invalidate_all()
        order = self._quote(self.ticket)
        self.assertEqual(self.ticket.quotation_state, 'draft')
        order.action_confirm()
        self.env.invalidate_all()
        self.assertEqual(self.ticket.quotation_state, 'accepted')

    # === ACCEPTED, OR NOT === #

    def test_accepted_quotation_takes_the_time_that_waited(self):
        """ W9: through the ledger, and what is logged after it. """
        first = self._log(self.ticket, 1)
        order = self._quote(self.ticket)
        self.assertEqual(first.billing_kind, 'pending')
        order.action_confirm()
        line = order.order_line.filtered('product_id')
        second = self._log(self.ticket, 2)
        self.assertEqual(self.ticket.sale_line_id, line)
        self.assertEqual((first | second).so_line, line)
        self.assertEqual(set((first | second).mapped('billing_kind')), {'order'})
        self.assertEqual(line.qty_delivered, 3)
        self.assertFalse(self.ticket.pending_hours)
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_improvement_sold_at_a_fixed_price_is_approved_too(self):
        """ W9: hours paid for in advance, for this ticket; beyond them no pack is taken. """
        timesheet = self._log(self.ticket, 3)
        order = self._new_order(
            self.contact, self.product_prepaid, 4, helpdesk_ticket_id=self.ticket.id,
        )
        self.assertEqual(self.ticket.sale_line_id, order.order_line)
        more = self._log(self.ticket, 3)
        self.assertEqual((timesheet | more).so_line, order.order_line)
        self.assertEqual(set((timesheet | more).mapped('billing_kind')), {'order'})
        self.assertEqual(self.ticket.sale_line_id, order.order_line)
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_declined_quotation_is_told_on_the_ticket(self):
        """ W9: with the client's words, and an activity for who works on it. """
        order = self._quote(self.ticket)
        order.action_quotation_sent()
        waiting_since = self.ticket.customer_waiting_since
        order.with_user(self.portal).sudo().with_context(
            support_decline_message="Too <b>dear</b>",
        )._action_cancel()
        message = self.ticket.message_ids[0]
        self.assertIn("Too &lt;b&gt;dear&lt;/b&gt;", message.body)
        self.assertIn(order.name, message.body)
        self.assertEqual(message.subtype_id, self.env.ref('mail.mt_note'))
        activity = self.ticket.activity_ids
        self.assertEqual(activity.user_id, self.agent)
        self.assertIn(order.name, activity.summary)
        self.assertEqual(self.ticket.customer_waiting_since, waiting_since, "no question of his")

    def test_unassigned_ticket_has_the_activity_for_the_leader(self):
        """ W9 """
        self.ticket.user_id = False
        self._quote(self.ticket)._action_cancel()
        self.assertEqual(self.ticket.activity_ids.user_id, self.leader)

    def test_who_cancels_it_while_working_on_the_ticket_needs_no_reminder(self):
        """ W9 """
        self.ticket.user_id = self.seller
        self._quote(self.ticket).with_user(self.seller)._action_cancel()
        self.assertFalse(self.ticket.activity_ids)
        self.assertIn("was cancelled", self.ticket.message_ids[0].body)
