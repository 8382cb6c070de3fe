from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.onboarding_protocol.tests.common import ImplementationCommon

MONDAY = datetime(2026, 3, 2, 9)


@tagged('post_install', '-at_install')
class TestOverview(ImplementationCommon):
    """ What a manager sees of all implementations. """

    def setUp(self):
        super().setUp()
        self._without_gates()
        for phase, days in zip(self.phases, (5, 20, 7, 3, 7, 0), strict=True):
            phase.planned_days = days
        with freeze_time(MONDAY):
            self.project = self._new_implementation(
                self.client, self.coordinator, planned_golive_date=MONDAY + timedelta(days=30),
            )

    def test_days_in_phase_are_counted_from_its_beginning(self):
        with freeze_time(MONDAY + timedelta(days=5, hours=1)):
            self.assertEqual(self.project.days_in_phase, 5)
            self.assertFalse(self.project.is_phase_overdue)
        self.project.invalidate_recordset()
        with freeze_time(MONDAY + timedelta(days=6, hours=1)):
            self.assertTrue(self.project.is_phase_overdue)
            self.project.phase_id = self.phases[1]
            self.assertEqual(self.project.days_in_phase, 0)

    def test_forecast_adds_what_is_left_of_the_phases_before_the_go_live(self):
        with freeze_time(MONDAY + timedelta(days=2)):
            # 3 days left of the first, 20 + 7 + 3 of those that follow
            self.assertEqual(
                self.project.forecast_golive_date, (MONDAY + timedelta(days=2 + 33)).date(),
            )
            self.assertEqual(self.project.forecast_delay, 5)

    def test_forecast_moves_when_a_phase_takes_longer_than_usual(self):
        with freeze_time(MONDAY + timedelta(days=15)):
            self.assertEqual(
                self.project.forecast_golive_date, (MONDAY + timedelta(days=15 + 30)).date(),
            )

    def test_forecast_of_who_is_live_is_the_go_live(self):
        with freeze_time(MONDAY + timedelta(days=40, hours=3)):
            self.project.phase_id = self.phases[4]
            self.assertEqual(
                self.project.forecast_golive_date, (MONDAY + timedelta(days=40)).date(),
            )
            self.assertEqual(self.project.forecast_delay, 10)

    def test_lead_time_is_from_the_beginning_to_the_go_live(self):
        self.assertFalse(self.project.lead_days)
        with freeze_time(MONDAY + timedelta(days=40, hours=12)):
            self.project.phase_id = self.phases[4]
        self.assertAlmostEqual(self.project.lead_days, 40.5, 3)

    def test_days_of_a_phase_are_those_between_entering_and_leaving_it(self):
        with freeze_time(MONDAY + timedelta(days=4)):
            self.project.phase_id = self.phases[1]
        passage = self.project.passage_ids.filtered('date_out')
        self.assertEqual((passage.phase_id, passage.days), (self.phases[0], 4))

    def test_late_are_those_whose_planned_day_is_over(self):
        self.project.planned_golive_date = '2026-01-01'
        late = self.env['project.project'].search([
            ('golive_datetime', '=', False), ('planned_golive_date', '<', 'today'),
        ])
        self.assertIn(self.project, late)

    def test_overview_of_many_costs_as_many_queries_as_of_few(self):
        many = self.project
        for number in range(30):
            client = self.env['res.partner'].create({'name': f"Client {number}"})
            many |= self._new_implementation(client, client)

        def count(projects):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            projects.web_read({
                'client_id': {'fields': {'display_name': {}}}, 'missing_text': {},
                'missing_count': {}, 'blocked_by': {}, 'days_in_phase': {},
                'forecast_golive_date': {}, 'passed_with_reason': {},
            })
            return self.env.cr.sql_log_count - before

        count(many)
        few = count(many[:3])
        self.assertLessEqual(count(many), few + 2)
