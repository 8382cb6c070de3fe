from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestAccess(SupportBillingCommon):
    """ Who sees and changes what? """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ticket = cls._new_ticket()
        cls.unbilled_ticket = cls._new_ticket(cls.env['res.partner'])
        cls.timesheet = cls._log(cls.ticket, 2)

    # === AGENTS === #

    def test_agents_may_log_time_and_leaders_see_all_of_it(self):
        self.assertTrue(self.agent.has_group('hr_timesheet.group_hr_timesheet_user'))
        self.assertFalse(self.agent.has_group('hr_timesheet.group_hr_timesheet_approver'))
        self.assertTrue(self.leader.has_group('hr_timesheet.group_hr_timesheet_approver'))
        self._log(self.ticket, 1, self.colleague)
        self.env.invalidate_all()
        self.assertEqual(self.ticket.with_user(self.agent).timesheet_ids, self.timesheet)
        self.env.invalidate_all()
        self.assertEqual(len(self.ticket.with_user(self.leader).timesheet_ids), 2)

    def test_agent_cannot_change_the_time_of_a_colleague(self):
        with self.assertRaises(AccessError):
            self.timesheet.with_user(self.colleague).unit_amount = 8
        with self.assertRaises(AccessError):
            self.timesheet.with_user(self.colleague).unlink()

    def test_agent_reads_no_order_and_no_price(self):
        with self.assertRaises(AccessError):
            self.pack.with_user(self.agent).read(['price_unit'])
        with self.assertRaises(AccessError):
            self.order.with_user(self.agent).read(['amount_total'])
        with self.assertRaises(AccessError):
            self.env['sale.order.line'].with_user(self.agent).search([])

    def test_agent_reads_and_changes_the_line_of_a_ticket(self):
        ticket = self.ticket.with_user(self.agent)
        second = self._new_order(self.client, self.product_hour, 1).order_line
        ticket.sale_line_id = second.id
        [values] = ticket.web_read({
            'sale_line_id': {'fields': {'display_name': {}}}, 'remaining_hours_available': {},
            'remaining_hours_so': {}, 'sale_order_state': {}, 'sale_order_count': {},
        })
        self.assertEqual(values['sale_line_id']['display_name'], second.display_name)
        self.assertEqual(values['sale_order_count'], 0)

    def test_choice_of_lines_cannot_be_used_to_search_on_prices(self):
        Line = self.env['sale.order.line'].with_user(self.agent).with_context(
            support_partner_id=self.contact.id, support_team_id=self.team.id,
        )
        self.assertEqual(
            [line_id for line_id, _name in Line.name_search('', [('price_unit', '>', 10**6)])],
            self.pack.ids,
        )
        self.assertEqual(
            Line.web_name_search('', {'display_name': {}})[0].keys(),
            {'id', 'display_name', '__formatted_display_name'},
        )
        with self.assertRaises(AccessError):
            Line.web_name_search('', {'display_name': {}, 'price_unit': {}})

    def test_choice_of_lines_is_for_agents_and_for_one_client(self):
        Line = self.env['sale.order.line'].with_context(
            support_partner_id=self.contact.id, support_team_id=self.team.id,
        )
        self.assertFalse(Line.with_user(self.insider).name_search())
        self.assertFalse(Line.with_user(self.portal).name_search())
        self.assertFalse(
            Line.with_user(self.agent).with_context(support_partner_id=False).name_search(),
        )
        with self.assertRaises(AccessError):
            Line.with_user(self.agent).with_context({}).name_search()

    def test_agent_logs_no_time_on_a_ticket_that_is_hidden(self):
        self.plain_team.write({
            'privacy_visibility': 'invited_internal', 'use_helpdesk_sale_timesheet': True,
        })
        hidden = self._new_ticket(team=self.plain_team)
        with self.assertRaises(AccessError):
            self._log(hidden, 1)
        with self.assertRaises(AccessError):
            self.timesheet.with_user(self.agent).helpdesk_ticket_id = hidden

    def test_quotation_is_offered_to_who_may_sell_and_work_on_the_ticket(self):
        for user, expected in (
            (self.seller, True), (self.agent, False), (self.accountant, False),
        ):
            self.assertEqual(self.ticket.with_user(user).can_create_quotation, expected, user.name)
        self.assertFalse(self.unbilled_ticket.with_user(self.seller).can_create_quotation)

    def test_agent_without_sales_rights_makes_no_quotation(self):
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.agent).action_create_quotation()

    # === ACCOUNTANTS AND SALESPEOPLE === #

    def test_accountant_reads_tickets_behind_orders_and_changes_nothing(self):
        Ticket = self.env['helpdesk.ticket'].with_user(self.accountant)
        self.assertEqual(Ticket.search([('id', 'in', (self.ticket | self.unbilled_ticket).ids)]),
                         self.ticket)
        ticket = self.ticket.with_user(self.accountant)
        ticket.web_read(dict.fromkeys(  # noqa: RUF024 - the empty specification is only read
            ['name', 'total_hours_spent', 'sale_line_id', 'sla_status_ids', 'tag_ids', 'stage_id'],
            {},
        ))
        with self.assertRaises(AccessError):
            self.unbilled_ticket.with_user(self.accountant).read(['name'])
        with self.assertRaises(AccessError):
            ticket.name = "Mine"
        with self.assertRaises(AccessError):
            ticket.sale_line_id = False
        with self.assertRaises(AccessError):
            ticket.unlink()
        with self.assertRaises(AccessError):
            Ticket.create({'name': "New", 'team_id': self.team.id})

    def test_accountant_opens_the_tickets_of_the_order(self):
        order = self.order.with_user(self.accountant)
        self.assertEqual(order.ticket_count, 1)
        self.assertEqual(order.action_view_helpdesk_tickets()['res_id'], self.ticket.id)

    def test_salesperson_reads_the_tickets_of_the_own_orders_only(self):
        salesman = self._new_user('salesman', 'sales_team.group_sale_salesman')
        self.order.user_id = salesman
        self.other_order.user_id = self.seller
        other_ticket = self._new_ticket(self.other_contact)
        found = self.env['helpdesk.ticket'].with_user(salesman).search(
            [('id', 'in', (self.ticket | other_ticket).ids)],
        )
        self.assertEqual(found, self.ticket)
        self.assertEqual(self.order.with_user(salesman).ticket_count, 1)

    def test_order_names_no_ticket_that_its_author_cannot_see(self):
        salesman = self._new_user('salesman', 'sales_team.group_sale_salesman')
        with self.assertRaises(AccessError):
            self.env['sale.order'].with_user(salesman).create({
                'partner_id': self.client.id, 'helpdesk_ticket_id': self.unbilled_ticket.id,
            })

    # === OUTSIDERS === #

    def test_internal_user_without_groups_gets_nothing(self):
        for record in (self.ticket, self.timesheet, self.pack, self.order):
            with self.assertRaises(AccessError):
                record.with_user(self.insider).read(['display_name'])
        with self.assertRaises(AccessError):
            self._log(self.ticket, 1, self.insider)

    def test_portal_user_sees_the_ticket_without_its_time_and_order(self):
        ticket = self.ticket.with_user(self.portal)
        self.assertEqual(ticket.name, "Labels do not print")
        for fname in ('total_hours_spent', 'sale_line_id', 'sale_order_id', 'timesheet_ids',
                      'remaining_hours_so', 'project_id'):
            with self.assertRaises(AccessError, msg=fname):
                ticket.read([fname])
        with self.assertRaises(AccessError):
            self.timesheet.with_user(self.portal).read(['unit_amount'])
        with self.assertRaises(AccessError):
            self._log(self.ticket, 1, self.portal)

    def test_public_user_gets_nothing(self):
        public = self.env.ref('base.public_user')
        for record in (self.ticket, self.timesheet, self.pack):
            with self.assertRaises(AccessError):
                record.with_user(public).read(['display_name'])

    def test_agent_of_another_company_gets_nothing(self):
        company = self.env['res.company'].create({'name': "Branch"})
        stranger = new_test_user(
            self.env, login='test_stranger', groups='helpdesk_sla.group_helpdesk_team_leader',
            company_id=company.id, company_ids=[Command.set(company.ids)],
        )
        for record in (self.ticket, self.timesheet):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(['display_name'])
        self.assertFalse(self.env['sale.order.line'].with_user(stranger).with_context(
            support_partner_id=self.contact.id, support_team_id=self.team.id,
        ).name_search())
