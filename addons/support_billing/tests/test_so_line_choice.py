from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestSoLineChoice(SupportBillingCommon):
    """ To which order line does the time of a ticket go (H7)? """

    # === WHAT IS SUGGESTED === #

    def test_pack_of_the_customer_is_suggested(self):
        self.assertEqual(self._new_ticket().sale_line_id, self.pack)

    def test_pack_of_the_company_is_suggested_to_each_contact(self):
        self.assertEqual(self._new_ticket(self.client).sale_line_id, self.pack)

    def test_pack_ordered_first_is_used_up_first(self):
        older = self._new_order(self.client, self.product_pack, 5)
        older.date_order = '2020-01-01'
        self.assertEqual(self._new_ticket().sale_line_id, older.order_line)

    def test_used_up_pack_is_not_suggested(self):
        self._log(self._new_ticket(), 20)
        self.assertFalse(self._new_ticket().sale_line_id)

    def test_prepaid_pack_is_suggested(self):
        self._log(self._new_ticket(), 20)
        prepaid = self._new_order(self.client, self.product_prepaid, 10)
        self.assertEqual(self._new_ticket().sale_line_id, prepaid.order_line)

    def test_open_time_and_materials_follow_the_packs(self):
        self._log(self._new_ticket(), 20)
        order = self._new_order(self.client, self.product_hour, 1)
        self._log(self._new_ticket(sale_line_id=order.order_line.id), 7)
        self.assertEqual(self._new_ticket().sale_line_id, order.order_line)

    def test_order_made_for_another_ticket_is_not_suggested(self):
        self._log(self._new_ticket(), 20)
        ticket = self._new_ticket()
        self._new_order(self.client, self.product_hour, 1, helpdesk_ticket_id=ticket.id)
        self.assertTrue(ticket.sale_line_id)
        self.assertFalse(self._new_ticket().sale_line_id)

    def test_line_with_its_own_project_is_not_suggested(self):
        self._log(self._new_ticket(), 20)
        product = self._new_product(
            "Implementation", is_support_pack=True, service_tracking='project_only',
        )
        self._new_order(self.client, product, 100)
        self.assertFalse(self._new_ticket().sale_line_id)

    def test_another_clients_pack_is_never_suggested(self):
        self.order._action_cancel()
        self.assertFalse(self._new_ticket().sale_line_id)

    def test_quotation_is_not_suggested(self):
        self.order._action_cancel()
        self._new_order(self.client, self.product_pack, 20, confirm=False)
        self.assertFalse(self._new_ticket().sale_line_id)

    def test_goods_and_other_units_are_not_suggested(self):
        self.order._action_cancel()
        unit = self.env.ref('uom.product_uom_unit')
        self._new_order(self.client, self._new_product(
            "Pack in pieces", is_support_pack=True, uom_id=unit.id,
        ), 20)
        self._new_order(self.client, self._new_product(
            "Pack by hand", is_support_pack=True, service_type='manual',
        ), 20)
        self.assertFalse(self._new_ticket().sale_line_id)

    def test_pack_of_another_company_is_not_suggested(self):
        company = self.env['res.company'].create({'name': "Branch"})
        self.env.user.company_ids |= company
        team = self.env['helpdesk.team'].with_company(company).create({
            'name': "Branch Support", 'company_id': company.id,
            'use_helpdesk_sale_timesheet': True,
        })
        self.assertEqual(team.project_id.company_id, company)
        self.assertFalse(self._new_ticket(team=team).sale_line_id)

    def test_nothing_is_suggested_where_time_is_not_billed(self):
        self.assertFalse(self._new_ticket(team=self.plain_team).sale_line_id)

    def test_ticket_without_customer_has_no_order_line(self):
        self.assertFalse(self._new_ticket(self.env['res.partner']).sale_line_id)

    def test_customer_found_later_brings_the_suggestion(self):
        ticket = self._new_ticket(self.env['res.partner'])
        ticket.partner_id = self.contact
        self.assertEqual(ticket.sale_line_id, self.pack)

    def test_other_customer_brings_that_customers_line(self):
        ticket = self._new_ticket()
        ticket.partner_id = self.other_contact
        self.assertEqual(ticket.sale_line_id, self.other_pack)

    def test_colleague_of_the_customer_changes_nothing(self):
        order = self._new_order(self.client, self.product_hour, 1)
        ticket = self._new_ticket(sale_line_id=order.order_line.id)
        ticket.partner_id = self.client
        self.assertEqual(ticket.sale_line_id, order.order_line)

    def test_team_that_bills_no_time_brings_no_suggestion_but_keeps_the_choice(self):
        ticket = self._new_ticket()
        ticket.team_id = self.plain_team
        self.assertEqual(ticket.sale_line_id, self.pack)

    def test_new_ticket_form_shows_the_suggestion(self):
        with Form(self.env['helpdesk.ticket'].with_context(
            default_team_id=self.team.id,
        )) as form:
            form.name = "New"
            form.partner_id = self.contact
            self.assertEqual(form.sale_line_id, self.pack)
            form.partner_id = self.other_contact
            self.assertEqual(form.sale_line_id, self.other_pack)

    def test_suggesting_for_many_costs_no_more_queries_than_for_one(self):
        def count(number):
            tickets = self.env['helpdesk.ticket'].create([
                {
                    'name': "Many", 'team_id': self.team.id,
                    'partner_id': (self.contact if index % 2 else self.other_contact).id,
                }
                for index in range(number)
            ])
            tickets.sale_line_id = False
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            lines = tickets._get_suggested_sale_lines()
            self.assertEqual(len(lines), number)
            return self.cr.sql_log_count - before
        # the record rules are cached for good once each kind of record was needed
        count(40)
        count(2)
        self.assertEqual(count(2), count(40))

    # === WHAT CAN BE CHOSEN === #

    def test_another_clients_line_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "same customer"):
            self._new_ticket(sale_line_id=self.other_pack.id)

    def test_unconfirmed_line_is_refused(self):
        order = self._new_order(self.client, self.product_pack, 20, confirm=False)
        with self.assertRaises(ValidationError):
            self._new_ticket(sale_line_id=order.order_line.id)

    def test_goods_are_refused(self):
        product = self.env['product.product'].create({'name': "Printer", 'type': 'consu'})
        order = self._new_order(self.client, product, 1)
        with self.assertRaises(ValidationError):
            self._new_ticket(sale_line_id=order.order_line.id)

    def test_line_of_an_order_cancelled_later_stays_on_the_ticket(self):
        ticket = self._new_ticket()
        self.order._action_cancel()
        ticket.partner_id = self.client
        self.assertEqual(ticket.sale_line_id, self.pack)

    def test_agent_finds_the_lines_of_the_customer_by_name(self):
        second = self._new_order(self.client, self.product_hour, 1)
        found = self._choice(self.agent)
        self.assertEqual(
            [line_id for line_id, _name in found], (second.order_line | self.pack).ids,
        )
        self.assertEqual(
            self._choice(self.agent, self.order.name),
            [(self.pack.id, f"{self.pack.display_name}")],
        )

    def test_names_tell_the_hours_left(self):
        self._log(self._new_ticket(), 1.5)
        [(_id, name)] = self._choice(self.agent, with_support_hours=True)
        self.assertIn("18:30", name)

    def _choice(self, user, name='', **context):
        return self.env['sale.order.line'].with_user(user).with_context(
            support_partner_id=self.contact.id, support_team_id=self.team.id, **context,
        ).name_search(name)

    # === TIME ALREADY LOGGED === #

    def test_other_line_moves_the_time_that_is_not_invoiced(self):
        ticket = self._new_ticket()
        timesheet = self._log(ticket, 2)
        self.assertEqual(timesheet.so_line, self.pack)
        second = self._new_order(self.client, self.product_hour, 1).order_line
        ticket.sale_line_id = second
        self.assertEqual(timesheet.so_line, second)
        self.assertEqual((self.pack.qty_delivered, second.qty_delivered), (0, 2))

    def test_invoiced_time_stays_on_its_line(self):
        ticket = self._new_ticket()
        invoiced = self._log(ticket, 2)
        self._invoice(self.order)
        later = self._log(ticket, 1)
        second = self._new_order(self.client, self.product_hour, 1).order_line
        ticket.sale_line_id = second
        self.assertEqual(invoiced.so_line, self.pack)
        self.assertEqual(later.so_line, second)

    def test_no_line_means_the_time_is_not_billed(self):
        ticket = self._new_ticket()
        timesheet = self._log(ticket, 2)
        ticket.sale_line_id = False
        self.assertFalse(timesheet.so_line)
        self.assertEqual(timesheet.timesheet_invoice_type, 'non_billable')
        self.assertEqual(self.pack.qty_delivered, 0)

    def test_line_set_on_an_entry_by_hand_is_kept(self):
        ticket = self._new_ticket()
        second = self._new_order(self.client, self.product_hour, 1).order_line
        timesheet = self._log(ticket, 2)
        timesheet.write({'so_line': second.id, 'is_so_line_edited': True})
        ticket.sale_line_id = False
        self.assertEqual(timesheet.so_line, second)

    def test_line_of_another_client_set_on_an_entry_is_refused(self):
        timesheet = self._log(self._new_ticket(), 1)
        with self.assertRaises(ValidationError):
            timesheet.write({'so_line': self.other_pack.id, 'is_so_line_edited': True})

    def test_rate_of_the_employee_is_followed_only_for_the_same_client(self):
        senior = self._new_order(self.client, self.product_hour, 1).order_line
        self.env['project.sale.line.employee.map'].create({
            'project_id': self.project.id,
            'employee_id': self.employees[self.agent].id,
            'sale_line_id': senior.id,
        })
        self.assertEqual(self._log(self._new_ticket(), 1).so_line, senior)
        self.assertEqual(
            self._log(self._new_ticket(self.other_contact), 1).so_line, self.other_pack,
        )

    def test_project_with_a_line_of_its_own_never_bills_another_client(self):
        self.project.sale_line_id = self.other_pack
        self.order._action_cancel()
        self.assertFalse(self._log(self._new_ticket(), 1).so_line)

    # === AN ORDER MADE FROM THE TICKET === #

    def test_order_made_from_the_ticket_takes_its_time_when_confirmed(self):
        ticket = self._new_ticket()
        timesheet = self._log(ticket, 2)
        action = ticket.with_user(self.seller).action_create_quotation()
        order = self.env['sale.order'].browse(action['res_id'])
        self.assertEqual(order.partner_id, self.contact)
        self.assertEqual(order.order_line.product_id, self.product_hour)
        self.assertIn(ticket.ticket_ref, order.order_line.display_name)
        self.assertEqual(ticket.sale_line_id, self.pack, "not before it is confirmed")
        order.with_user(self.seller).action_confirm()
        self.assertEqual(ticket.sale_line_id, order.order_line)
        self.assertEqual(timesheet.so_line, order.order_line)
        self.assertEqual(order.order_line.qty_delivered, 2)

    def test_quotation_counts_the_time_nobody_pays_for(self):
        ticket = self._new_ticket(sale_line_id=False)
        self._log(ticket, 1.25)
        self._log(ticket, 2, self.colleague)
        action = ticket.with_user(self.seller).action_create_quotation()
        order = self.env['sale.order'].browse(action['res_id'])
        self.assertEqual(order.order_line.product_uom_qty, 3.25)

    def test_waiting_quotation_is_opened_again(self):
        ticket = self._new_ticket().with_user(self.seller)
        first = ticket.action_create_quotation()['res_id']
        self.assertEqual(ticket.action_create_quotation()['res_id'], first)

    def test_copy_of_the_order_is_not_made_for_the_ticket(self):
        ticket = self._new_ticket().with_user(self.seller)
        order = self.env['sale.order'].browse(ticket.action_create_quotation()['res_id'])
        self.assertFalse(order.copy().helpdesk_ticket_id)
