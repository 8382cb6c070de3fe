from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestProfitability(SupportBillingCommon):
    """ What did support bring in, and what did it cost (H8)? """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.env.user)

    def _ago(self, days):
        return self.today - timedelta(days)

    def _rows(self, *domain, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env['support.profitability.report'].with_user(user or self.manager).search([
            ('client_id', 'in', (self.client | self.other_client).ids), *domain,
        ], order='date, id')

    def _prepaid_pack(self, hours, **line_values):
        self.order._action_cancel()
        return self._new_order(
            self.client, self.product_prepaid, hours, line_values=line_values,
        ).order_line

    # === REVENUE === #

    def test_delivered_hours_bring_in_their_discounted_price(self):
        """ H8: billed hours, rounded as the product says, by the price of an hour. """
        self.product_pack.support_rounding_minutes = 30
        self.pack.write({'price_unit': 90, 'discount': 10})
        ticket = self._new_ticket()
        entry = self._log(ticket, 0.75)
        self.assertRecordValues(self._rows(), [{
            'client_id': self.client.id, 'ticket_id': ticket.id, 'team_id': self.team.id,
            'order_line_id': self.pack.id, 'kind': 'pack', 'hours': 0.75, 'billed_hours': 1.0,
            'revenue': 81, 'cost': 22.5, 'margin': 58.5, 'hourly_rate': 108,
            'employee_id': entry.employee_id.id, 'date': self.today,
        }])

    def test_overage_that_was_never_ordered_has_its_price(self):
        """ H8: a line with nothing ordered, and taxes included in the price. """
        tax = self.env['account.tax'].create({
            'name': "25 % included", 'amount': 25, 'price_include_override': 'tax_included',
        })
        self.product_hour.taxes_id = tax
        self.product_pack.product_tmpl_id.write({
            'support_overage': 'product', 'support_overage_product_id': self.product_hour.id,
        })
        self._log(self._new_ticket(), 22)
        self.assertEqual(self._rows(('kind', '=', 'overage')).mapped('revenue'), [160])

    def test_days_are_sold_at_the_price_of_their_hours(self):
        self.order._action_cancel()
        product = self._new_product("Support Day", uom_id=self.uom_day.id, list_price=800.0,
                                    is_support_pack=True)
        self._new_order(self.client, product, 2)
        self._log(self._new_ticket(), 4)
        self.assertEqual(self._rows().revenue, 400)

    def test_time_that_nobody_pays_costs_and_brings_in_nothing(self):
        ticket = self._new_ticket(
            billing_scope_overrule='defect', billing_scope_reason="Our fault",
        )
        self._log(ticket, 2)
        self.assertRecordValues(self._rows(), [{
            'kind': 'free', 'order_line_id': False, 'hours': 2, 'billed_hours': 0, 'revenue': 0,
            'cost': 60, 'margin': -60, 'hourly_rate': 0,
        }])

    def test_a_prepaid_pack_adds_up_to_its_price(self):
        """ H8: by the hours used while it is valid; what lapses when it expires. """
        pack = self._prepaid_pack(7, price_unit=33.33, discount=7.0)
        self.assertEqual(pack.price_subtotal, 216.98)
        ticket = self._new_ticket()
        for hours in (1, 0.33, 2.5):
            self._log(ticket, hours, date=self._ago(40))
        self.assertAlmostEqual(sum(self._rows().mapped('revenue')), 216.98 * 3.83 / 7, 6)
        pack.write({'support_start_date': self._ago(60), 'support_end_date': self._ago(10)})
        lapsed = self._rows(('kind', '=', 'lapsed'))
        self.assertRecordValues(lapsed, [{
            'date': self._ago(10), 'hours': 0, 'cost': 0, 'order_line_id': pack.id,
            'client_id': self.client.id,
        }])
        self.assertAlmostEqual(lapsed.revenue, 216.98 * 3.17 / 7, 2)
        total = self.env['support.profitability.report']._read_group(
            [('order_line_id', '=', pack.id)], aggregates=['revenue:sum'],
        )[0][0]
        self.assertEqual(pack.currency_id.compare_amounts(total, 216.98), 0)

    def test_an_overdrawn_prepaid_pack_brings_in_its_price_and_no_more(self):
        pack = self._prepaid_pack(5)
        self._log(self._new_ticket(), 5)
        pack.product_uom_qty = 3
        self.assertAlmostEqual(sum(self._rows().mapped('revenue')), pack.price_subtotal, 2)
        self.assertFalse(self._rows(('kind', '=', 'lapsed')))

    def test_time_of_a_task_uses_the_pack_up_too(self):
        pack = self._prepaid_pack(10)
        task = self.env['project.task'].create(
            {'name': "On site", 'project_id': self.project.id, 'partner_id': self.client.id},
        )
        self._log(self._new_ticket(), 4)
        entry = self.env['account.analytic.line'].create({
            'task_id': task.id, 'project_id': self.project.id, 'name': "Drove there",
            'unit_amount': 6, 'employee_id': self.employees[self.agent].id,
            'so_line': pack.id, 'is_so_line_edited': True,
        })
        self.assertEqual(entry.so_line, pack)
        self.assertAlmostEqual(sum(self._rows().mapped('revenue')), 1000, 2)

    # === RATIOS, CURRENCIES === #

    def test_the_hourly_rate_of_a_group_is_weighted(self):
        """ H8: all revenue by all hours, in every group and in the total. """
        self._log(self._new_ticket(), 3)
        self._log(self._new_ticket(
            billing_scope_overrule='defect', billing_scope_reason="Our fault",
        ), 1)
        self._log(self._new_ticket(self.other_contact), 1)
        self._rows()
        groups = self.env['support.profitability.report'].formatted_read_group(
            [('client_id', 'in', (self.client | self.other_client).ids)], ['client_id'],
            ['hourly_rate:avg', 'revenue:sum', 'hours:sum'], order='hourly_rate:avg desc',
        )
        self.assertEqual(
            [(group['client_id'][0], group['hourly_rate:avg']) for group in groups],
            [(self.other_client.id, 100), (self.client.id, 75)],
        )
        self.assertEqual(self.env['support.profitability.report']._read_group(
            [('client_id', 'in', (self.client | self.other_client).ids)],
            aggregates=['hourly_rate:avg'],
        ), [(80,)])

    def test_two_currencies_and_two_companies_add_up(self):
        """ H8: converted at the rate of the order, then into the reader's currency. """
        euro = self.setup_other_currency('EUR', rates=[('2016-01-01', 2.0)])
        pricelist = self.env['product.pricelist'].create(
            {'name': "Euro", 'currency_id': euro.id},
        )
        self.order._action_cancel()
        self._new_order(
            self.client, self.product_pack, 10, pricelist_id=pricelist.id,
            line_values={'price_unit': 90.0},
        )
        self._log(self._new_ticket(), 2)
        # 2 h at 90 EUR, 2 EUR for 1 of ours; 2 h at 30 of ours
        self.assertRecordValues(self._rows(), [{'revenue': 90, 'cost': 60, 'margin': 30}])

        company = self.env['res.company'].create({'name': "Elsewhere", 'currency_id': euro.id})
        self.env['res.currency.rate'].create([
            {'currency_id': euro.id, 'company_id': company.id, 'name': '2016-01-01', 'rate': 1.0},
        ])
        both = new_test_user(
            self.env, login='test_both', company_id=self.company.id,
            groups='helpdesk_sla.group_helpdesk_manager,hr_timesheet.group_timesheet_manager',
            company_ids=[Command.set((self.company | company).ids)],
        )
        employee = self.env['hr.employee'].with_company(company).create({
            'name': "Eva", 'company_id': company.id, 'hourly_cost': 40.0,
        })
        project = self.env['project.project'].create({
            'name': "Elsewhere", 'company_id': company.id, 'allow_timesheets': True,
        })
        team = self.env['helpdesk.team'].with_company(company).create({
            'name': "Elsewhere", 'company_id': company.id, 'use_helpdesk_timesheet': True,
            'project_id': project.id,
        })
        self._log(
            self._new_ticket(team=team), 1, both, employee_id=employee.id, company_id=company.id,
        )
        self.env.flush_all()
        rows = self.env['support.profitability.report'].with_user(both).with_context(
            allowed_company_ids=(self.company | company).ids,
        ).search([('client_id', '=', self.client.id)])
        self.assertEqual(set(rows.mapped('currency_id')), {self.company.currency_id})
        # 1 h at 40 EUR is 20 of ours
        self.assertAlmostEqual(sum(rows.mapped('cost')), 80, 2)
        self.assertAlmostEqual(sum(rows.mapped('revenue')), 90, 2)

    # === CLIENTS === #

    def test_the_page_of_clients_adds_up_the_last_twelve_months(self):
        self._log(self._new_ticket(), 3)
        self._log(self._new_ticket(
            billing_scope_overrule='defect', billing_scope_reason="Our fault",
        ), 1)
        self._log(self._new_ticket(), 1, date=self._ago(400))
        self.pack.price_unit = 48
        self.env.flush_all()
        client = self.env['support.profitability.client'].with_user(self.manager).search(
            [('client_id', '=', self.client.id)],
        )
        self.assertRecordValues(client, [{
            'company_id': self.company.id, 'revenue': 144, 'cost': 120, 'margin': 24, 'hours': 4,
            'unpaid_hours': 1, 'hourly_rate': 36, 'verdict': 'thin', 'color': 3,
        }])
        action = client.action_view_details()
        self.assertEqual(
            sum(self.env[action['res_model']].search(action['domain']).mapped('margin')), 24,
        )

    # === RIGHTS, QUERIES === #

    def test_managers_and_accountants_read_it_and_nobody_else(self):
        self._log(self._new_ticket(), 1)
        self.env.flush_all()
        for model in ('support.profitability.report', 'support.profitability.client'):
            for user in (self.manager, self.accountant):
                with self.subTest(model=model, user=user.login):
                    self.assertTrue(self.env[model].with_user(user).search(
                        [('client_id', '=', self.client.id)],
                    ).mapped('revenue'))
            for user in (self.agent, self.leader, self.seller, self.insider, self.portal):
                with self.subTest(model=model, user=user.login), self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_one_row_or_many_take_the_same_queries(self):
        def look():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            for model in ('support.profitability.report', 'support.profitability.client'):
                self.env[model].with_user(self.manager).web_search_read(
                    [], {'revenue': {}, 'client_id': {'fields': {'display_name': {}}}},
                )
            return self.cr.sql_log_count - before

        self._log(self._new_ticket(), 1)
        self.env.flush_all()
        look()
        few = look()
        for _ticket in range(15):
            self._log(self._new_ticket(self.other_contact), 1)
        self.env.flush_all()
        self.assertLessEqual(look(), few)
