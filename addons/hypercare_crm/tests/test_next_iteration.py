from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.hypercare.tests.test_review import ReviewCase


@tagged('post_install', '-at_install')
class TestNextIteration(ReviewCase):
    """ What comes in the next iteration becomes opportunities, when nobody sells it (G6). """

    def setUp(self):
        super().setUp()
        items = self.env['hypercare.review.item']
        if items._get_next_iteration_model() != 'crm.lead':
            # an addon that is installed as well takes them: look at this one alone
            self.startPatcher(patch.object(
                self.registry['hypercare.review.item'], '_get_next_iteration_model',
                lambda _items: 'crm.lead',
            ))
        self.item = self.add_item(
            'next', "A shop for partners", process="Sales", description="Prices by <group>",
            owner_id=self.colleague.partner_id.id,
        )
        self.hold()

    def create_followups(self):
        return self.review.with_user(self.supervisor).action_create_followups()

    def test_G6_it_becomes_an_opportunity(self):
        seller = self._new_user('hypercare_seller', 'sales_team.group_sale_salesman')
        self.client.user_id = seller
        self.create_followups()
        lead = self.item.lead_id
        self.assertRecordValues(lead, [{
            'name': "Lantern Books: A shop for partners", 'type': 'opportunity',
            'partner_id': self.colleague.partner_id.id, 'user_id': seller.id,
            'company_id': self.company.id,
        }])
        self.assertIn("Prices by &lt;group&gt;", lead.description)
        self.assertEqual(lead.hypercare_item_ids, self.item)
        self.assertTrue(self.item.is_processed)

    def test_G6_pressed_twice_it_is_one_opportunity(self):
        self.create_followups()
        lead = self.item.lead_id
        self.create_followups()
        self.assertEqual(self.item.lead_id, lead)
        self.assertEqual(lead.hypercare_item_ids, self.item)

    def test_G6_it_keeps_its_name_and_its_list(self):
        self.create_followups()
        with self.assertRefused("Opportunity: Lantern Books: A shop for partners"):
            self.item.with_user(self.supervisor).verdict = 'stable'

    def test_G6_what_is_to_be_refined_still_becomes_a_task(self):
        item = self.add_item('refine', "Returns")
        self.create_followups()
        self.assertTrue(item.task_id)
        self.assertFalse(item.lead_id)

    def test_G6_an_addon_that_makes_quotations_comes_first(self):
        with patch.object(
            self.registry['hypercare.review.item'], '_get_next_iteration_model',
            lambda _items: 'some.quotation',
        ), self.assertRefused("Nobody takes"):
            # the addon itself is not there: what is left to it is done by nobody
            self.create_followups()
        self.assertFalse(self.item.lead_id)

    def test_G6_nobody_links_opportunities_by_hand(self):
        lead = self.env['crm.lead'].create({'name': "x"})
        with self.assertRaises(AccessError):
            self.item.with_user(self.manager).lead_id = lead

    def test_G6_sellers_open_it_without_a_right_to_the_review(self):
        seller = self._new_user('hypercare_seller', 'sales_team.group_sale_salesman_all_leads')
        self.create_followups()
        lead = self.item.lead_id.with_user(seller)
        self.assertNotIn('hypercare_item_ids', lead.fields_get())
        self.assertTrue(lead.web_read({'name': {}, 'description': {}}))
