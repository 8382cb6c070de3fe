from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import HypercareBillingCommon


@tagged('post_install', '-at_install')
class TestNextQuotation(HypercareBillingCommon):
    """ Does what comes in the next iteration become a quotation, once? (G6) """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.period.write({'coordinator_id': cls.contact.id, 'user_id': cls.agent.id})
        cls.review = cls.env['hypercare.review'].search(
            [('period_id', '=', cls.period.id)],
        ) or cls.env['hypercare.review'].create({'period_id': cls.period.id})
        cls.item, cls.other = cls.env['hypercare.review.item'].create([
            {
                'review_id': cls.review.id, 'verdict': 'next', 'name': "A shop for partners",
                'process': "Sales", 'owner_id': cls.contact.id, 'description': "With own prices",
            },
            {'review_id': cls.review.id, 'verdict': 'next', 'name': "Returns by the courier"},
        ])
        cls.review.sudo().state = 'held'

    def _create_followups(self):
        return self.review.with_user(self.agent).action_create_followups()

    def test_G6_the_items_become_one_quotation_of_the_client(self):
        self._create_followups()
        order = self.item.sale_order_id
        self.assertEqual(self.other.sale_order_id, order)
        self.assertRecordValues(order, [{
            'state': 'draft', 'partner_id': self.contact.id, 'company_id': self.company.id,
            'origin': self.period.name, 'require_signature': True, 'require_payment': False,
        }])
        self.assertEqual(order.hypercare_item_ids, self.item | self.other)

    def test_G6_each_item_is_a_section_with_hours_and_what_it_is_about(self):
        self._create_followups()
        section, hours, note, *others = self.item.sale_order_id.order_line
        self.assertEqual((section.display_type, section.name), (
            'line_section', "A shop for partners",
        ))
        self.assertEqual(hours.product_id, self.product_hour)
        self.assertIn("A shop for partners", hours.name)
        self.assertEqual(hours.product_uom_qty, 1)
        self.assertEqual(note.display_type, 'line_note')
        self.assertEqual(note.name, (
            f"Process: Sales\nProcess owner: {self.contact.name}\nWith own prices"
        ))
        self.assertEqual([line.display_type for line in others], ['line_section', False])

    def test_G6_the_hours_are_those_at_which_the_tickets_are_estimated(self):
        tickets = self._ask('improvement', estimated_hours=4) | self._ask(
            'improvement', estimated_hours=2.5,
        )
        self.item.ticket_ids = tickets
        self._create_followups()
        self.assertEqual(self.item.sale_order_id.order_line[1].product_uom_qty, 6.5)

    def test_G6_pressed_twice_it_is_one_quotation(self):
        self._create_followups()
        order = self.item.sale_order_id
        self._create_followups()
        self.assertEqual(self.item.sale_order_id, order)

    def test_G6_what_is_added_later_is_quoted_on_its_own(self):
        self._create_followups()
        later = self.item.create({
            'review_id': self.review.id, 'verdict': 'next', 'name': "A second warehouse",
        })
        self._create_followups()
        self.assertTrue(later.sale_order_id)
        self.assertNotEqual(later.sale_order_id, self.item.sale_order_id)

    def test_G6_a_quotation_that_was_deleted_is_made_again(self):
        self._create_followups()
        self.item.sale_order_id.unlink()
        self.assertFalse(self.item.is_processed)
        self._create_followups()
        self.assertTrue(self.item.sale_order_id)

    def test_G6_the_quotation_wins_over_the_opportunity(self):
        self.assertEqual(self.item._get_next_iteration_model(), 'sale.order')
        self._create_followups()
        if 'lead_id' in self.item._fields:
            self.assertFalse(self.item.lead_id)

    def test_G6_the_item_says_what_it_has_become(self):
        self._create_followups()
        self.assertIn(self.item.sale_order_id.name, self.item.with_user(self.agent).outcome)

    def test_G6_the_product_of_another_team_stands_in(self):
        self.period.team_id = self.plain_team
        self._create_followups()
        self.assertEqual(self.item.sale_order_id.order_line.product_id, self.product_hour)

    def test_G6_without_a_product_it_is_said_what_is_missing(self):
        self.env['helpdesk.team'].search([
            ('company_id', '=', self.company.id),
        ]).timesheet_product_id = False
        with self.assertRaisesRegex(UserError, "time and materials product"):
            self._create_followups()
        self.assertFalse(self.item.sale_order_id)

    def test_G6_what_was_quoted_keeps_its_name(self):
        self._create_followups()
        with self.assertRaises(UserError):
            self.item.name = "Something else"

    def test_G6_nobody_links_quotations_by_hand(self):
        with self.assertRaises(AccessError):
            self.item.with_user(self.manager).sale_order_id = self.order
        with self.assertRaises(AccessError):
            self.item.with_user(self.leader).create({
                'review_id': self.review.id, 'name': "x", 'sale_order_id': self.order.id,
            })

    def test_G6_sellers_open_it_without_a_right_to_the_review(self):
        self._create_followups()
        seller = self._new_user('pure_seller', 'sales_team.group_sale_salesman_all_leads')
        order = self.item.sale_order_id.with_user(seller)
        self.assertNotIn('hypercare_item_ids', order.fields_get())
        self.assertTrue(order.web_read({'name': {}, 'order_line': {'fields': {'name': {}}}}))


@tagged('post_install', '-at_install')
class TestHandoverPlan(HypercareBillingCommon):
    """ Does the hand-over say what the client has bought? (G7) """

    def _terms(self):
        return dict(self.period.with_user(self.agent)._get_handover_terms())

    def test_G7_a_monthly_plan_is_there_with_hours_and_price(self):
        plan = self._new_product(
            "Care Plan", is_support_pack=True, invoice_policy='order', support_renewal='monthly',
        )
        order = self._new_order(self.client, plan, 8)
        text = self._terms()["Care Plan"]
        self.assertIn("08:00 hours a month", text)
        self.assertIn("800.00", text)
        self.assertIn(order.name, text)

    def test_G7_a_pack_is_there_with_what_is_left(self):
        self._log(self._ask('other'), 5)
        self.assertIn("15:00 of 20:00 hours left", self._terms()["Support Pack"])

    def test_G7_what_is_used_up_expired_or_another_clients_is_not(self):
        self.pack.write({
            'support_start_date': '2026-02-01', 'support_end_date': '2026-03-01',
        })
        used = self._new_pack(1, self._new_product("Small Pack", is_support_pack=True))
        entry = self._log(self._ask('other'), 1)
        entry.sudo().write({'so_line': used.id, 'is_so_line_edited': True})
        self.assertEqual(self._terms(), {})

    def test_G7_a_plan_that_has_ended_is_not(self):
        plan = self._new_product(
            "Care Plan", is_support_pack=True, invoice_policy='order', support_renewal='monthly',
        )
        self._new_order(self.client, plan, 8).order_line.write({
            'support_start_date': '2026-02-01', 'support_plan_end_date': '2026-03-01',
        })
        self.assertNotIn("Care Plan", self._terms())
