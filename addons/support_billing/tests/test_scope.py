from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


class ScopeCase(SupportBillingCommon):
    """ A type for each answer to "support or improvement?". """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.types = {
            scope: cls.env['helpdesk.ticket.type'].create({
                'name': f"Type {scope}", 'billing_scope': scope,
            })
            for scope in ('included', 'depends', 'improvement', 'defect')
        }

    @classmethod
    def _new_ticket_of_type(cls, scope, **values):
        return cls._new_ticket(ticket_type_id=cls.types[scope].id, **values)

    @classmethod
    def _quote(cls, ticket):
        action = ticket.with_user(cls.seller).action_create_quotation()
        return cls.env['sale.order'].browse(action['res_id'])


@tagged('post_install', '-at_install')
class TestScope(ScopeCase):
    """ Is it support, an improvement or a defect, and what becomes of the time? (S7, P10) """

    # === WHAT IT IS === #

    def test_type_says_what_a_ticket_is(self):
        """ S7: included, improvement and defect follow the type, whatever the estimate. """
        for scope in ('included', 'improvement', 'defect'):
            ticket = self._new_ticket_of_type(scope, estimated_hours=40)
            self.assertEqual(ticket.billing_scope, scope)
            self.assertIn(f"Type {scope}", ticket.billing_scope_explanation)

    def test_ticket_without_a_type_is_support(self):
        """ S7 """
        self.assertEqual(self._new_ticket(estimated_hours=40).billing_scope, 'included')

    def test_depends_is_decided_by_the_estimate_against_the_limit_of_the_company(self):
        """ S7: up to the limit support, above it an improvement. """
        ticket = self._new_ticket_of_type('depends', estimated_hours=1)
        self.assertEqual(ticket.billing_scope, 'included')
        ticket.estimated_hours = 1.25
        self.assertEqual(ticket.billing_scope, 'improvement')
        self.assertIn("1:00 h", ticket.billing_scope_explanation)
        self.company.support_included_hours = 2
        self.assertEqual(
            self._new_ticket_of_type('depends', estimated_hours=2).billing_scope, 'included',
        )

    def test_change_of_a_type_decides_for_new_tickets_only(self):
        """ S7: what was agreed with a client is not decided anew by a setting. """
        ticket = self._new_ticket_of_type('included')
        self.types['included'].billing_scope = 'improvement'
        self.assertEqual(ticket.billing_scope, 'included')

    # === OVERRULED === #

    def test_agent_overrules_with_a_reason(self):
        """ S7 """
        ticket = self._new_ticket_of_type('improvement')
        ticket.with_user(self.agent).write({
            'billing_scope_overrule': 'included', 'billing_scope_reason': "Change of law",
        })
        self.assertEqual(ticket.billing_scope, 'included')

    def test_overruling_needs_a_reason(self):
        """ S7: none, and blanks, are refused. """
        ticket = self._new_ticket_of_type('improvement')
        for reason in ({}, {'billing_scope_reason': "  "}):
            with self.assertRaises(ValidationError):
                ticket.with_user(self.agent).write({'billing_scope_overrule': 'included', **reason})

    def test_each_decision_needs_its_own_reason(self):
        """ S7: the reason of the last decision does not stand for the next one. """
        ticket = self._new_ticket_of_type('improvement')
        ticket.write({
            'billing_scope_overrule': 'included', 'billing_scope_reason': "Change of law",
        })
        with self.assertRaises(ValidationError):
            ticket.billing_scope_overrule = 'defect'

    def test_reason_goes_with_the_decision(self):
        """ S7 """
        ticket = self._new_ticket_of_type('improvement')
        ticket.write({
            'billing_scope_overrule': 'included', 'billing_scope_reason': "Change of law",
        })
        ticket.billing_scope_overrule = False
        self.assertEqual(ticket.billing_scope, 'improvement')
        self.assertFalse(ticket.billing_scope_reason)

    def test_estimate_and_decision_are_tracked(self):
        """ S7: the history of the ticket tells who decided what, and why. """
        ticket = self._new_ticket_of_type('depends').with_context(
            mail_notrack=False, tracking_disable=False,
        )
        self.env.cr.precommit.run()
        ticket.with_user(self.agent).write({
            'estimated_hours': 4,
            'billing_scope_overrule': 'included',
            'billing_scope_reason': "Change of law",
        })
        self.env.cr.precommit.run()
        values = ticket.message_ids.sudo().tracking_value_ids
        self.assertLessEqual(
            {'estimated_hours', 'billing_scope_overrule', 'billing_scope_reason'},
            set(values.field_id.mapped('name')),
        )

    def test_only_agents_decide(self):
        """ S7: not the client, not the accountant. """
        ticket = self._new_ticket_of_type('improvement')
        for user in (self.portal, self.accountant, self.insider):
            with self.assertRaises(AccessError):
                ticket.with_user(user).write({
                    'billing_scope_overrule': 'included', 'billing_scope_reason': "I say so",
                })

    def test_clients_read_neither_estimate_nor_scope(self):
        """ W9: what the client is told is told by the page. """
        ticket = self._new_ticket_of_type('improvement', estimated_hours=3).with_user(self.portal)
        for field in (
            'estimated_hours', 'billing_scope', 'billing_scope_reason', 'pending_hours',
            'quotation_state', 'billing_scope_warning',
        ):
            with self.assertRaises(AccessError):
                ticket.read([field])

    # === WHAT PAYS === #

    def test_improvement_never_takes_from_a_pack(self):
        """ S7: neither by itself nor by hand. """
        ticket = self._new_ticket_of_type('improvement')
        timesheet = self._log(ticket, 2)
        self.assertFalse(ticket.sale_line_id)
        self.assertEqual(timesheet.billing_kind, 'pending')
        with self.assertRaises(ValidationError):
            ticket.with_user(self.agent).sale_line_id = self.pack
        with self.assertRaises(ValidationError):
            timesheet.write({'so_line': self.pack.id, 'is_so_line_edited': True})
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_pack_set_by_hand_on_an_entry_goes_when_support_turns_out_to_be_none(self):
        """ S7 """
        ticket = self._new_ticket_of_type('included')
        timesheet = self._log(ticket, 2)
        timesheet.write({'so_line': self.pack.id, 'is_so_line_edited': True})
        self.assertEqual(timesheet.billing_kind, 'pack')
        ticket.ticket_type_id = self.types['improvement']
        self.assertFalse(timesheet.so_line)
        self.assertEqual(timesheet.billing_kind, 'pending')

    def test_defect_is_free(self):
        """ P10: of a client with a pack, too. """
        ticket = self._new_ticket_of_type('defect')
        timesheet = self._log(ticket, 30)
        self.assertFalse(timesheet.so_line)
        self.assertEqual(timesheet.billing_kind, 'free')
        self.assertEqual(self.pack.support_hours_left, 20)

    def test_change_of_type_moves_the_time_that_is_not_invoiced(self):
        """ S7: to and fro. """
        ticket = self._new_ticket_of_type('included')
        timesheet = self._log(ticket, 2)
        self.assertEqual(self.pack.support_hours_left, 18)
        for scope, kind, line, left in (
            ('improvement', 'pending', self.pack.browse(), 20),
            ('included', 'pack', self.pack, 18),
            ('defect', 'free', self.pack.browse(), 20),
        ):
            ticket.ticket_type_id = self.types[scope]
            self.assertEqual((timesheet.billing_kind, timesheet.so_line), (kind, line))
            self.assertEqual(self.pack.support_hours_left, left)
            self.assertEqual(timesheet.unit_amount, 2)

    def test_estimate_moves_the_time_too(self):
        """ S7: "depends" that turns out to be larger. """
        ticket = self._new_ticket_of_type('depends', estimated_hours=1)
        timesheet = self._log(ticket, 1)
        self.assertEqual(timesheet.so_line, self.pack)
        ticket.estimated_hours = 5
        self.assertEqual(timesheet.billing_kind, 'pending')
        self.assertFalse(ticket.sale_line_id)

    def test_change_of_type_leaves_invoiced_time(self):
        """ S7: invoiced is invoiced. """
        ticket = self._new_ticket_of_type('included')
        timesheet = self._log(ticket, 2)
        self._invoice(self.order)
        ticket.ticket_type_id = self.types['defect']
        self.assertEqual(timesheet.so_line, self.pack)

    # === NOT APPROVED === #

    def test_time_that_is_not_approved_is_shown_to_agent_and_manager(self):
        """ W9: that of colleagues too, as a number. """
        ticket = self._new_ticket_of_type('improvement')
        self._log(ticket, 0.5)
        self._log(ticket, 1.5, self.colleague)
        for user in (self.agent, self.leader, self.manager):
            self.env.invalidate_all()
            seen = ticket.with_user(user)
            self.assertEqual(seen.pending_hours, 2)
            self.assertEqual(
                seen.billing_scope_warning,
                "2:00 h not approved: the client has not accepted a quotation.",
            )

    def test_support_has_nothing_to_approve(self):
        """ W9 """
        ticket = self._new_ticket_of_type('included')
        self._log(ticket, 2)
        self.assertFalse(ticket.pending_hours)
        self.assertFalse(ticket.billing_scope_warning)

    def test_time_that_is_not_approved_is_searched(self):
        """ W9: by an agent, with the time of colleagues. """
        waiting = self._new_ticket_of_type('improvement')
        self._log(waiting, 2, self.colleague)
        other = self._new_ticket_of_type('included')
        self._log(other, 2)
        Ticket = self.env['helpdesk.ticket'].with_user(self.agent)
        both = [('id', 'in', (waiting | other).ids)]
        self.assertEqual(Ticket.search([*both, ('pending_hours', '>', 0)]), waiting)
        self.assertFalse(Ticket.search([*both, ('pending_hours', '>', 2)]))
        self.assertEqual(Ticket.search([*both, ('pending_hours', '!=', 0)]), waiting)
        self.assertEqual(Ticket.search([*both, ('pending_hours', '=', 0)]), other)

    def test_lists_cost_the_same_for_one_ticket_and_for_ten(self):
        """ W9 """
        tickets = self.env['helpdesk.ticket'].browse()
        for _number in range(10):
            ticket = self._new_ticket_of_type('improvement')
            self._log(ticket, 1)
            self._quote(ticket)
            tickets |= ticket
        fields = ['pending_hours', 'billing_scope_warning', 'quotation_state', 'billing_scope']

        def count(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.with_user(self.manager).read(fields)
            return self.env.cr.sql_log_count - before

        count(tickets)
        self.assertEqual(count(tickets[0]), count(tickets))

    def test_days_are_written_where_the_company_logs_days(self):
        """ H6: four hours are half a day. """
        self.company.timesheet_encode_uom_id = self.uom_day
        ticket = self._new_ticket_of_type('improvement')
        self._log(ticket, 4)
        self.assertIn("0.50 days", ticket.billing_scope_warning)

    # === MERGED === #

    def test_merged_improvement_takes_no_pack_from_support(self):
        """ S7 """
        support = self._new_ticket_of_type('included')
        timesheet = self._log(support, 2)
        improvement = self._new_ticket_of_type('improvement')
        improvement.with_user(self.agent)._merge(support.with_user(self.agent))
        self.assertEqual(timesheet.helpdesk_ticket_id, improvement)
        self.assertEqual(timesheet.billing_kind, 'pending')
