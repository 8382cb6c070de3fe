from datetime import date

from odoo.tests import tagged

from .common import HypercareBillingCommon


@tagged('post_install', '-at_install')
class TestGolivePackage(HypercareBillingCommon):
    """ Does the go-live start what was sold for it, once and nothing else? (P9) """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product_package = cls._new_product(
            "One Month of Support", is_support_pack=True, support_validity_start='go_live',
            support_validity_months=1,
        )
        cls.product_plan = cls._new_product(
            "Monthly Plan", is_support_pack=True, invoice_policy='order',
            support_renewal='monthly', support_validity_start='go_live',
        )

    def _sell(self, product=None, **values):
        return self._new_order(
            values.pop('client', self.other_client), product or self.product_package, 10, **values,
        ).order_line

    def _new_project(self, line=None, **values):
        return self.env['project.project'].create({
            'name': "ERP", 'partner_id': self.other_client.id, 'company_id': self.company.id,
            'allow_billable': True, 'sale_line_id': line.id if line else False, **values,
        })

    def test_P9_the_package_begins_with_the_window_and_lasts_a_month(self):
        package = self._sell()
        self.assertFalse(package.support_start_date)
        window = self._new_window(self.other_client)
        window._start()
        self.assertEqual(package.support_start_date, date(2026, 3, 2))
        self.assertEqual(package.support_end_date, date(2026, 4, 1))
        self.assertIn("One Month of Support", window.message_ids[0].body)

    def test_P9_the_day_is_that_of_the_time_zone_of_the_window(self):
        """ At half past eleven in the evening in London it is tomorrow in Warsaw. """
        package = self._sell()
        self.go_to(hours=14, minutes=30)
        self._new_window(self.other_client, tz='Europe/Warsaw')._start()
        self.assertEqual(package.support_start_date, date(2026, 3, 3))

    def test_P9_a_plan_begins_too(self):
        plan = self._sell(self.product_plan)
        self._new_window(self.other_client)._start()
        self.assertEqual(plan.support_start_date, date(2026, 3, 2))

    def test_P9_what_does_not_wait_for_the_go_live_is_left_alone(self):
        first_use = self._sell(self._new_product(
            "Pack from the first use", is_support_pack=True, support_validity_start='first_use',
        ))
        self._new_window(self.other_client)._start()
        self.assertFalse(first_use.support_start_date)

    def test_P9_a_package_that_was_started_does_not_start_twice(self):
        package = self._sell()
        package._start_validity(date(2026, 2, 1))
        self._new_window(self.other_client)._start()
        self.assertEqual(package.support_start_date, date(2026, 2, 1))

    def test_P9_a_second_start_does_not_move_it(self):
        package = self._sell()
        window = self._new_window(self.other_client)
        window._start()
        window._reset("Not live after all")
        self.go_to(days=2)
        window._start()
        self.assertEqual(package.support_start_date, date(2026, 3, 2))

    def test_P9_a_planned_window_starts_nothing(self):
        package = self._sell()
        self._new_window(self.other_client)
        self.assertFalse(package.support_start_date)

    def test_P9_only_confirmed_orders_count(self):
        package = self._sell(confirm=False)
        self._new_window(self.other_client)._start()
        self.assertFalse(package.support_start_date)

    def test_P9_with_an_order_of_the_project_the_others_wait(self):
        other, package = self._sell(), self._sell()
        project = self._new_project(package)
        self._new_window(self.other_client, project_id=project.id)._start()
        self.assertTrue(package.support_start_date)
        self.assertFalse(other.support_start_date)

    def test_P9_the_order_to_which_the_project_is_reinvoiced_counts(self):
        other, package = self._sell(), self._sell()
        project = self._new_project(reinvoiced_sale_order_id=package.order_id.id)
        self._new_window(self.other_client, project_id=project.id)._start()
        self.assertTrue(package.support_start_date)
        self.assertFalse(other.support_start_date)

    def test_P9_the_package_of_another_project_waits_for_its_own_go_live(self):
        package, later = self._sell(), self._sell()
        self._new_window(self.other_client, project_id=self._new_project(later).id)
        self._new_window(self.other_client)._start()
        self.assertTrue(package.support_start_date)
        self.assertFalse(later.support_start_date)

    def test_P9_other_clients_wait(self):
        package = self._sell(client=self.env['res.partner'].create({'name': "Birch Mill"}))
        self._new_window(self.other_client)._start()
        self.assertFalse(package.support_start_date)

    def test_P9_what_is_ordered_after_the_go_live_begins_at_once(self):
        self._new_window(self.other_client)._start()
        self.go_to(days=3)
        self.assertEqual(self._sell().support_start_date, date(2026, 3, 5))

    def test_P9_without_a_window_it_waits(self):
        self.assertFalse(self._sell().support_start_date)

    def test_P9_whoever_starts_the_window_reads_no_orders(self):
        package = self._sell()
        window = self._new_window(self.other_client, user_id=self.agent.id)
        self.assertFalse(package.with_user(self.agent).has_access('read'))
        window.with_user(self.agent).action_start()
        self.assertTrue(package.support_start_date)

    def test_P9_questions_since_a_go_live_that_is_told_late_are_paid_by_the_package(self):
        self.other_order._action_cancel()
        package = self._sell()
        window = self._new_window(self.other_client)
        self.go_to(days=1)
        ticket = self._ask('question', partner=self.other_contact)
        self._log(ticket, 1)
        self.assertParts([('flagged', 1, 1, self.no_line)], ticket)
        self.go_to(days=2)
        window.action_start()
        self.assertParts([('pack', 1, 1, package)], ticket)
