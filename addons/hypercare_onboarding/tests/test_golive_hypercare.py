from datetime import date

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.hypercare_onboarding import post_init_hook

from .common import ImplementationHypercareCommon


@tagged('post_install', '-at_install')
class TestGoliveHypercare(ImplementationHypercareCommon):
    """ Is hypercare planned with the implementation, and started by its go-live? (G1, T2) """

    # === PLANNED === #

    def test_G1_an_implementation_has_its_window_planned_from_the_beginning(self):
        self.assertRecordValues(self.period, [{
            'state': 'planned',
            'partner_id': self.client.id,
            'coordinator_id': self.coordinator.id,
            'user_id': self.supervisor.id,
            'company_id': self.company.id,
            'golive_date': self.golive,
        }])

    def test_G1_supervisor_without_rights_on_hypercare_begins_one_too(self):
        project = self.env['project.project'].with_user(self.manager).create({
            'name': "Begun by a project administrator", 'implementation_kind': 'implementation',
            'partner_id': self.other_client.id, 'company_id': self.company.id,
        })
        self.assertEqual(self._get_periods(project).state, 'planned')

    def test_G1_a_project_that_becomes_an_implementation_gets_one(self):
        project = self.env['project.project'].create({
            'name': "Later", 'partner_id': self.client.id, 'company_id': self.company.id,
            'privacy_visibility': 'employees',
        })
        self.assertFalse(self._get_periods(project))
        project.implementation_kind = 'implementation'
        self.assertEqual(len(self._get_periods(project)), 1)

    def test_T2_a_takeover_has_one_too(self):
        project = self._new_implementation(self.client, self.coordinator, kind='takeover')
        self.assertEqual(self._get_periods(project).state, 'planned')

    def test_G1_a_window_that_was_planned_by_hand_before_is_taken(self):
        client = self.env['res.partner'].create({'name': "Birch Mill", 'is_company': True})
        period = self.env['hypercare.period'].create({
            'partner_id': client.id, 'team_id': self.team.id, 'company_id': self.company.id,
            'golive_date': '2027-02-01', 'days': 21,
        })
        project = self._new_implementation(client, self.env['res.partner'])
        self.assertEqual(self._get_periods(project), period)
        self.assertRecordValues(period, [{
            'golive_date': date(2027, 2, 1), 'days': 21, 'user_id': self.supervisor.id,
        }])
        second = self._new_implementation(client, self.env['res.partner'])
        self.assertNotEqual(self._get_periods(second), period)

    def test_G1_templates_have_none(self):
        self.assertFalse(self._get_periods(self.template))

    def test_G1_whose_box_is_not_ticked_has_none(self):
        project = self._new_implementation(self.client, self.coordinator, with_hypercare=False)
        self.assertFalse(self._get_periods(project))
        self._go_live(project)
        self.assertTrue(project.golive_datetime)
        self.assertFalse(self._get_periods(project))

    def test_G1_a_template_says_whether_its_implementations_have_one(self):
        self.template.with_hypercare = False
        project = self.template.action_create_from_template({
            'name': "From the template", 'partner_id': self.client.id,
            'company_id': self.company.id,
        })
        self.assertFalse(project.with_hypercare)
        self.assertFalse(self._get_periods(project))

    def test_G1_without_a_helpdesk_team_none_is_planned_and_the_go_live_works(self):
        company = self.env['res.company'].create({'name': "No help desk"})
        self.env['helpdesk.team'].search([('company_id', '=', company.id)]).active = False
        project = self._new_implementation(
            self.client, self.coordinator, company_id=company.id, user_id=False,
        )
        self.assertFalse(self._get_periods(project))
        project.with_context(
            implementation_pass_reason="Nobody supports them",
        ).sudo()._action_go_live()
        self.assertTrue(project.golive_datetime)

    def test_G1_the_team_of_the_agreement_supports_the_client(self):
        team = self.env['helpdesk.team'].create({
            'name': "Premium", 'company_id': self.company.id, 'sequence': 99,
        })
        agreement = self._new_agreement(self.client, team_ids=[Command.set(team.ids)])
        project = self._new_implementation(
            self.client, self.coordinator, sla_agreement_id=agreement.id,
        )
        self.assertEqual(self._get_periods(project).team_id, team)

    def test_installing_plans_for_who_is_not_live_and_for_nobody_else(self):
        live = self._new_implementation(self.client, self.coordinator, with_hypercare=False)
        self._go_live(live)
        # as they are when the addon comes
        live.with_hypercare = True
        self.period.unlink()
        post_init_hook(self.env)
        self.assertEqual(self._get_periods(self.project).state, 'planned')
        self.assertFalse(self._get_periods(live))

    # === KEPT IN STEP === #

    def test_G1_a_planned_window_follows_the_implementation(self):
        self.project.with_user(self.supervisor).write({
            'planned_golive_date': '2027-04-01', 'coordinator_id': self.colleague.id,
        })
        self.project.user_id = self.consultant
        self.assertRecordValues(self.period, [{
            'golive_date': date(2027, 4, 1),
            'coordinator_id': self.colleague.id,
            'user_id': self.consultant.id,
        }])

    def test_G1_a_planned_window_follows_to_another_client(self):
        self.project.write({'partner_id': self.other_client.id, 'coordinator_id': False})
        self.assertEqual(self.period.partner_id, self.other_client)
        self.assertFalse(self.period.coordinator_id)
        self.assertIn(self.other_client.name, self.period.name)

    def test_G1_a_planned_window_is_archived_with_its_project(self):
        self.project.active = False
        self.assertFalse(self.period.active)
        self.project.active = True
        self.assertTrue(self.period.active)

    def test_G1_a_running_window_does_not_follow_any_more(self):
        self._go_live()
        started = self.period.golive_date
        self.project.planned_golive_date = '2027-12-01'
        self.project.user_id = self.consultant
        self.assertEqual(self.period.golive_date, started)
        self.assertEqual(self.period.user_id, self.supervisor)

    def test_G1_a_project_that_never_went_live_can_be_deleted(self):
        self.project.unlink()
        self.assertFalse(self.period.exists())

    # === SCALE === #

    def _new_plan(self, *lines):
        return self.env['implementation.plan'].create({
            'project_id': self.project.id,
            'line_ids': [
                Command.create({'name': f"Line {index}", **values})
                for index, values in enumerate(lines)
            ],
        })

    def test_G1_the_success_plan_proposes_integrations_and_processes(self):
        plan = self._new_plan(
            {'kind': 'integration', 'quantity': 2},
            {'kind': 'courier', 'quantity': 1},
            {'kind': 'automation', 'quantity': 4},
            {'kind': 'report', 'quantity': 9},
            {'kind': 'integration', 'quantity': 7, 'timing': 'later'},
        )
        self.assertEqual(self.period.scale_integration_count, 3)
        self.assertEqual(self.period.scale_process_count, 4)
        plan.line_ids[2].quantity = 6
        self.assertEqual(self.period.scale_process_count, 6)
        self.assertEqual(self.period.days, self.period.proposed_days)

    def test_G1_the_agreement_proposes_the_users(self):
        self.project.sla_agreement_id = self._new_agreement(self.client, user_count=35)
        self.assertEqual(self.period.scale_user_count, 35)

    def test_G1_what_nobody_knows_keeps_what_was_entered(self):
        self.period.write({'scale_user_count': 12, 'scale_integration_count': 5})
        self.project.sla_agreement_id = self._new_agreement(self.client)
        self.assertEqual(self.period.scale_user_count, 12)
        self.assertEqual(self.period.scale_integration_count, 5)

    def test_G1_what_is_entered_is_not_taken_back_by_the_other_numbers(self):
        self._new_plan({'kind': 'integration', 'quantity': 2})
        self.period.scale_integration_count = 9
        self.project.sla_agreement_id = self._new_agreement(self.client, user_count=35)
        self.assertEqual(self.period.scale_integration_count, 9)

    def test_G1_days_chosen_by_hand_survive_the_progress_of_the_plan(self):
        plan = self._new_plan({'kind': 'integration', 'quantity': 2})
        self.period.days = 21
        plan.line_ids.state = 'done'
        self.assertEqual(self.period.days, 21)
        plan.line_ids.quantity = 7
        self.assertEqual(self.period.days, self.period.proposed_days)

    def test_G1_a_plan_that_is_taken_away_proposes_nothing(self):
        plan = self._new_plan({'kind': 'integration', 'quantity': 2}, {'kind': 'automation'})
        plan.line_ids[0].unlink()
        self.assertEqual(self.period.scale_integration_count, 0)
        self.assertEqual(self.period.scale_process_count, 1)

    def test_G1_what_the_agreement_says_at_the_go_live_counts(self):
        agreement = self._new_agreement(self.client, user_count=35)
        self.project.sla_agreement_id = agreement
        agreement.user_count = 60
        self._go_live()
        self.assertEqual(self.period.scale_user_count, 60)
        self.assertEqual(self.period.days, self.period.proposed_days)

    def test_G1_nobody_writes_what_was_proposed(self):
        leader = self._new_user('leader_of_windows', 'helpdesk_sla.group_helpdesk_team_leader')
        with self.assertRaises(AccessError):
            self.period.with_user(leader).scale_proposal = {}

    def test_G1_a_running_window_keeps_its_scale(self):
        plan = self._new_plan({'kind': 'integration', 'quantity': 2})
        self._go_live()
        days = self.period.days
        plan.line_ids.quantity = 40
        self.assertEqual(self.period.scale_integration_count, 2)
        self.assertEqual(self.period.days, days)

    def test_G1_a_window_without_an_implementation_is_sized_by_hand(self):
        period = self.env['hypercare.period'].create({
            'partner_id': self.client.id, 'team_id': self.team.id, 'scale_user_count': 8,
        })
        self.assertEqual(period.scale_user_count, 8)
        self.assertEqual(period.scale_integration_count, 0)

    # === STARTED === #

    def test_G1_the_go_live_starts_the_window_at_its_moment(self):
        self._go_live()
        self.assertEqual(self.period.state, 'running')
        self.assertEqual(self.period.start_datetime, self.project.golive_datetime)
        self.assertEqual(self.period.golive_date, fields.Date.today())

    def test_G1_a_manager_who_lets_it_pass_starts_it_too(self):
        """ The manager has no right on hypercare. """
        self.assertFalse(self.manager.has_group('helpdesk_sla.group_helpdesk_user'))
        self._go_live()
        self.assertEqual(self.period.state, 'running')

    def test_G1_a_window_that_runs_does_not_start_twice(self):
        self.period._start()
        started = self.period.start_datetime
        self._go_live()
        self.assertEqual(self.period.start_datetime, started)
        self.assertEqual(self.period.change_ids.mapped('kind'), ['start'])
        self.assertEqual(len(self._get_periods(self.project)), 1)

    def test_G1_a_window_that_was_canceled_stays_so(self):
        self.period._cancel("The client wants none")
        self._go_live()
        self.assertEqual(self._get_periods(self.project).mapped('state'), ['cancelled'])

    def test_G1_a_window_that_was_deleted_is_planned_again_and_started(self):
        self.period.unlink()
        self._go_live()
        self.assertEqual(self._get_periods(self.project).state, 'running')

    def test_G1_what_was_refused_starts_nothing(self):
        with self.assertRefused("cannot enter"), self.env.cr.savepoint():
            self._go_live(reason=False)
        self.assertEqual(self.period.state, 'planned')

    # === THE BOX === #

    def test_G1_unticked_the_window_is_canceled_and_ticked_it_is_planned_again(self):
        supervised = self.project.with_user(self.supervisor)
        supervised.with_hypercare = False
        self.assertEqual(self.period.state, 'cancelled')
        self.project.planned_golive_date = '2027-05-01'
        supervised.with_hypercare = True
        self.assertRecordValues(self.period, [{
            'state': 'planned', 'golive_date': date(2027, 5, 1),
        }])
        self.assertEqual(len(self._get_periods(self.project)), 1)

    def test_G1_ticked_after_the_go_live_nothing_is_planned(self):
        project = self._new_implementation(self.client, self.coordinator, with_hypercare=False)
        self._go_live(project)
        project.with_hypercare = True
        self.assertFalse(self._get_periods(project))

    # === WHO SEES WHAT === #

    def test_P8_the_button_on_the_implementation_leads_to_the_window(self):
        supervised = self.project.with_user(self.supervisor)
        self.assertEqual(supervised.hypercare_state, 'planned')
        self.assertEqual(supervised.action_view_hypercare()['res_id'], self.period.id)

    def test_an_outsider_gets_nothing(self):
        """ Nobody reaches the window through the project. """
        for user in (self.consultant, self.insider, self.portal):
            with self.assertRaises(AccessError):
                self.project.with_user(user).hypercare_ids.read(['name'])
            with self.assertRaises(AccessError):
                self.project.with_user(user).read(['hypercare_state'])
