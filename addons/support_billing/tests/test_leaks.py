from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestLeaks(SupportBillingCommon):
    """ What should have been billed and is not, and what mends it (H8)? """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.env.user)
        cls.stranger = cls.env['res.partner'].create({'name': "No Order Yet", 'is_company': True})
        cls.stage_solved = cls.team.stage_ids.filtered(
            lambda stage: stage.stage_type == 'solved',
        )[:1]

    def _ago(self, days):
        return self.today - timedelta(days)

    def _leaks(self, kind, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env['support.leak'].with_user(user or self.manager).search([
            ('kind', '=', kind),
            ('client_id', 'in', (self.client | self.other_client | self.stranger).ids),
        ])

    def _solve(self, **values):
        ticket = self._new_ticket(**values)
        ticket.stage_id = self.stage_solved
        return ticket

    def _waive(self, leaks, reason="Goodwill", user=None):
        leaks = leaks.with_user(user or self.manager)
        action = leaks.action_waive()
        leaks.env[action['res_model']].with_context(action['context']).create(
            {'reason': reason},
        ).action_waive()

    # === ONE TEST A KIND === #

    def test_flagged(self):
        """ H8: billable time that no order line pays for; mended by what was sold since. """
        ticket = self._new_ticket(self.stranger)
        entry = self._log(ticket, 2, date=self._ago(3))
        leak = self._leaks('flagged')
        self.assertRecordValues(leak, [{
            'client_id': self.stranger.id, 'company_id': self.company.id, 'ticket_id': ticket.id,
            'team_id': self.team.id, 'entry_id': entry.id, 'order_id': False,
            'employee_id': self.employees[self.agent].id, 'hours': 2, 'amount': 200,
            'date': self._ago(3), 'age_days': 3,
        }])
        self.assertEqual(leak.action_allocate()['params']['type'], 'warning')
        self.assertTrue(self._leaks('flagged'))
        pack = self._new_order(self.stranger, self.product_pack, 5).order_line
        leak = self._leaks('flagged')
        self.assertEqual(leak.action_allocate()['params']['type'], 'success')
        self.assertEqual((entry.so_line, ticket.sale_line_id), (pack, pack))
        self.assertFalse(self._leaks('flagged'))

    def test_pending(self):
        """ H8: time on an improvement that the client has not accepted; mended by the order. """
        ticket = self._new_ticket(
            billing_scope_overrule='improvement', billing_scope_reason="A new report",
        )
        self._log(ticket, 3)
        leak = self._leaks('pending')
        self.assertRecordValues(leak, [{
            'ticket_id': ticket.id, 'hours': 3, 'amount': 300, 'age_days': 0,
        }])
        self._new_order(self.client, self.product_hour, 3, helpdesk_ticket_id=ticket.id)
        self.assertFalse(self._leaks('pending'))

    def test_uninvoiced(self):
        """ H8: delivered and not invoiced for n days; mended by the invoice. """
        self.company.support_uninvoiced_days = 30
        ticket = self._new_ticket()
        self._log(ticket, 1, date=self._ago(40))
        self._log(ticket, 2, self.colleague, date=self._ago(30))
        self._log(ticket, 4, date=self._ago(29))
        leak = self._leaks('uninvoiced')
        self.assertRecordValues(leak, [{
            'client_id': self.client.id, 'ticket_id': ticket.id, 'order_id': self.order.id,
            'order_line_id': self.pack.id, 'employee_id': False, 'hours': 3, 'amount': 300,
            'date': self._ago(40), 'age_days': 40,
        }])
        action = leak.with_user(self.seller).sudo().action_create_invoice()
        self.assertEqual(action['context']['active_ids'], self.order.ids)
        invoice = self._invoice(self.order)
        self.assertFalse(self._leaks('uninvoiced'))
        # what is refunded is to be invoiced again, as stock has it
        invoice._reverse_moves().action_post()
        self.assertEqual(self._leaks('uninvoiced').hours, 3)

    def test_uninvoiced_leaves_prepaid_lines_out(self):
        self.order._action_cancel()
        self._new_order(self.client, self.product_prepaid, 10)
        self._log(self._new_ticket(), 1, date=self._ago(90))
        self.assertFalse(self._leaks('uninvoiced'))

    def test_no_time(self):
        """ H8: solved, and no time logged; mended by logging it. """
        ticket = self._solve(estimated_hours=0.5)
        self._solve(team=self.plain_team)
        self._solve(billing_scope_overrule='defect', billing_scope_reason="Our fault")
        self._new_ticket()
        self._new_ticket()._merge(self._solve())
        leak = self._leaks('no_time')
        self.assertRecordValues(leak, [{
            'ticket_id': ticket.id, 'hours': 0.5, 'amount': 50, 'date': self.today,
        }])
        self.assertEqual(leak.action_open_ticket()['res_id'], ticket.id)
        self._log(ticket, 0.25)
        self.assertFalse(self._leaks('no_time'))

    def test_overdrawn(self):
        """ H8: more hours taken than sold; mended by ordering more, or by allocating again. """
        self.order._action_cancel()
        pack = self._new_order(self.client, self.product_prepaid, 5).order_line
        self._log(self._new_ticket(), 5, date=self._ago(2))
        self.assertFalse(self._leaks('overdrawn'))
        pack.product_uom_qty = 3
        leak = self._leaks('overdrawn')
        self.assertRecordValues(leak, [{
            'client_id': self.client.id, 'order_line_id': pack.id, 'hours': 2, 'amount': 200,
            'age_days': 2,
        }])
        second = self._new_order(self.client, self.product_prepaid, 5).order_line
        leak.action_allocate()
        self.assertFalse(self._leaks('overdrawn'))
        self.assertEqual((pack.qty_delivered, second.qty_delivered), (3, 2))

    def test_overdrawn_pack_that_is_invoiced_as_used_loses_nothing(self):
        self._log(self._new_ticket(), 5)
        self.pack.product_uom_qty = 3
        self.assertRecordValues(self._leaks('overdrawn'), [{'hours': 2, 'amount': 0}])

    def test_expired(self):
        """ H8: a pack that expired with hours left; mended by proposing to renew it. """
        self._log(self._new_ticket(), 5)
        self.pack.write({
            'support_start_date': self._ago(60), 'support_end_date': self._ago(1),
        })
        leak = self._leaks('expired')
        self.assertRecordValues(leak, [{
            'order_line_id': self.pack.id, 'hours': 15, 'amount': 2000, 'age_days': 1,
        }])
        leak.with_env(self.env).action_renew()
        self.assertFalse(self._leaks('expired'))
        renewal = self.env['sale.order.line'].search(
            [('support_renews_line_id', '=', self.pack.id)],
        ).order_id
        renewal._action_cancel()
        self.assertTrue(self._leaks('expired'))

    def test_expired_on_the_last_day_it_is_valid(self):
        self.pack.write({'support_start_date': self._ago(60), 'support_end_date': self.today})
        self.assertFalse(self._leaks('expired'))

    def test_quotation(self):
        """ H8: a quotation for a ticket without answer for n days; mended by the answer. """
        self.company.support_unanswered_days = 7
        ticket = self._new_ticket()
        order = self._new_order(
            self.client, self.product_hour, 4, confirm=False, helpdesk_ticket_id=ticket.id,
        )
        self.assertFalse(self._leaks('quotation'))
        order.write({'state': 'sent', 'date_order': fields.Datetime.now() - timedelta(9)})
        leak = self._leaks('quotation')
        self.assertRecordValues(leak, [{
            'order_id': order.id, 'ticket_id': ticket.id, 'amount': 400, 'age_days': 9,
        }])
        self.assertEqual(leak.action_open()['res_id'], order.id)
        with self.assertRaises(UserError):
            leak._waive("Never mind")
        order.action_confirm()
        self.assertFalse(self._leaks('quotation'))

    # === DO NOT BILL === #

    def test_what_is_not_billed_for_a_reason_is_no_leak(self):
        """ H8: the reason is noted on the time, the ticket or the order line. """
        flagged = self._log(self._new_ticket(self.stranger), 1)
        late = self._log(self._new_ticket(), 1, date=self._ago(40))
        recent = self._log(late.helpdesk_ticket_id, 1, date=self._ago(1))
        solved = self._solve()
        self.other_pack.write({
            'support_start_date': self._ago(60), 'support_end_date': self._ago(1),
        })
        kinds = ('flagged', 'uninvoiced', 'no_time', 'expired')
        leaks = self.env['support.leak'].union(*(self._leaks(kind) for kind in kinds))
        self.assertEqual(len(leaks), 4)
        self._waive(leaks)
        self.assertFalse([kind for kind in kinds if self._leaks(kind)])
        self.assertEqual((flagged | late).mapped('billing_kind'), ['free', 'free'])
        self.assertFalse(recent.billing_waiver)
        self.assertEqual(solved.billing_waiver, "Goodwill")
        self.assertEqual(self.other_pack.billing_waiver, "Goodwill")
        self.assertEqual(self.pack.qty_delivered, 1)

    def test_a_reason_is_asked_for(self):
        self._solve()
        with self.assertRaises(ValidationError):
            self._waive(self._leaks('no_time'), " ")

    def test_actions_are_for_their_kinds(self):
        self._solve()
        leak = self._leaks('no_time')
        for action in ('action_allocate', 'action_create_invoice', 'action_renew'):
            with self.subTest(action=action), self.assertRaises(UserError):
                getattr(leak, action)()

    # === RIGHTS === #

    def test_agents_customers_and_others_get_nothing(self):
        self._solve()
        leak = self._leaks('no_time')
        for user in (self.agent, self.portal, self.insider, self.seller):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.env['support.leak'].with_user(user).search([])
                with self.assertRaises(AccessError):
                    leak.with_user(user).action_waive()
                with self.assertRaises(AccessError):
                    self.env['support.waive.wizard'].with_user(user).create(
                        {'leak_ids': leak.ids, 'reason': "Mine"},
                    )

    def test_an_agent_cannot_waive_the_own_time(self):
        entry = self._log(self._new_ticket(), 1)
        with self.assertRaises(AccessError):
            entry.with_user(self.agent).billing_waiver = "For a friend"
        with self.assertRaises(AccessError):
            self._log(self._new_ticket(), 1, billing_waiver="For a friend")
        with self.assertRaises(AccessError):
            entry.helpdesk_ticket_id.with_user(self.agent).billing_waiver = "For a friend"

    def test_an_accountant_reads_and_decides_nothing(self):
        self._solve()
        leak = self._leaks('no_time', self.accountant)
        self.assertEqual(leak.client_id, self.client)
        flagged = self._log(self._new_ticket(self.stranger), 1)
        with self.assertRaises(AccessError):
            self._leaks('flagged', self.accountant).action_allocate()
        with self.assertRaises(AccessError):
            leak.action_waive()
        with self.assertRaises(AccessError):
            leak._waive("No")
        self.assertEqual(flagged.billing_kind, 'flagged')

    def test_a_team_leader_sees_and_mends_the_own_teams(self):
        other_team = self.env['helpdesk.team'].create({
            'name': "Second Line", 'use_helpdesk_sale_timesheet': True,
            'timesheet_product_id': self.product_hour.id,
        })
        own, foreign = self._solve(), self._solve(team=other_team)
        leaks = self._leaks('no_time')
        self.assertEqual(leaks.ticket_id, own | foreign)
        self.assertEqual(self._leaks('no_time', self.leader).ticket_id, own)
        self._waive(self._leaks('no_time', self.leader), user=self.leader)
        self.assertEqual(self._leaks('no_time').ticket_id, foreign)
        with self.assertRaises(AccessError):
            self._leaks('no_time').with_user(self.leader)._waive("Not mine")

    def test_another_company_is_out_of_sight(self):
        company = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = new_test_user(
            self.env, login='test_elsewhere', groups='helpdesk_sla.group_helpdesk_manager',
            company_id=company.id, company_ids=[Command.set(company.ids)],
        )
        self._solve()
        self.assertTrue(self._leaks('no_time'))
        self.assertFalse(self._leaks('no_time', stranger))

    # === MONEY, QUERIES === #

    def test_amounts_are_in_the_currency_of_the_company(self):
        currency = self.setup_other_currency('EUR', rates=[('2016-01-01', 2.0)])
        pricelist = self.env['product.pricelist'].create(
            {'name': "Euro", 'currency_id': currency.id},
        )
        self.order._action_cancel()
        order = self._new_order(
            self.client, self.product_pack, 10, pricelist_id=pricelist.id,
            line_values={'price_unit': 90.0, 'discount': 10.0},
        )
        self.assertEqual(order.currency_id, currency)
        self._log(self._new_ticket(), 2, date=self._ago(40))
        # 2 h at 81 EUR, 2 EUR for 1 of ours
        self.assertRecordValues(self._leaks('uninvoiced'), [
            {'amount': 81, 'currency_id': self.company.currency_id.id},
        ])

    def test_one_row_or_many_take_the_same_queries(self):
        """ H8: looking and mending cost no query a row. """
        def look():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env['support.leak'].with_user(self.manager).web_search_read(
                [], {'kind': {}, 'amount': {}, 'ticket_id': {'fields': {'display_name': {}}},
                     'client_id': {'fields': {'display_name': {}}}},
            )
            return self.cr.sql_log_count - before

        self._solve()
        self._log(self._new_ticket(self.stranger), 1)
        self.env.flush_all()
        look()
        few = look()
        for _ticket in range(15):
            self._solve()
            self._log(self._new_ticket(self.stranger), 1)
        self.env.flush_all()
        self.assertLessEqual(look(), few)
