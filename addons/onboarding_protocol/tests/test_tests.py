from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.onboarding_protocol.tests.common import ImplementationCommon


@tagged('post_install', '-at_install')
class TestTests(ImplementationCommon):
    """ What was configured is tried by doing what the client will do (P4). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.test, cls.other_test = cls.env['implementation.test'].create([
            {
                'name': "Test order with shipping label", 'subject': "Couriers",
                'steps': "Print the label", 'expected': "It prints at station 1",
                'project_id': cls.implementation.id,
            },
            {'name': "Test offer", 'project_id': cls.implementation.id},
        ])

    def _get_missing(self, *projects):
        projects = projects or (self.implementation,)
        dues = self.implementation.union(*projects)._gate_tests_passed(self.phases[2])
        return [due.text for project in projects for due in dues[project]]

    # === A RUN === #

    def test_P4_a_run_notes_who_and_when(self):
        self.test.with_user(self.supervisor).action_pass()
        self.assertEqual(self.test.result, 'passed')
        self.assertEqual(self.test.tester_id, self.supervisor)
        self.assertTrue(self.test.run_datetime)
        self.test.with_user(self.supervisor).action_reset()
        self.assertFalse(self.test.tester_id or self.test.run_datetime)

    def test_P4_who_ran_a_test_is_not_written_by_hand(self):
        for values in ({'tester_id': self.manager.id}, {'run_datetime': '2026-01-01 10:00:00'}):
            with self.assertRaises(AccessError):
                self.test.with_user(self.manager).write(values)
            with self.assertRaises(AccessError):
                self.env['implementation.test'].with_user(self.manager).create({
                    'name': "Test", 'project_id': self.implementation.id, **values,
                })

    def test_P4_a_failed_test_opens_one_task(self):
        test = self.test.with_user(self.supervisor)
        test.write({'result': 'failed', 'remark': "Nothing was printed"})
        task = self.test.task_id
        self.assertEqual(task.project_id, self.implementation)
        self.assertEqual(task.phase_id, self.implementation.phase_id)
        self.assertEqual(task.user_ids, self.supervisor)
        self.assertIn("Nothing was printed", task.description)
        test.action_fail()
        self.assertEqual(self.test.task_id, task)
        self.assertEqual(len(self.implementation.tasks), 1)

    def test_P4_a_test_imported_as_failed_opens_a_task(self):
        test = self.env['implementation.test'].with_user(self.supervisor).create({
            'name': "Test", 'project_id': self.implementation.id, 'result': 'failed',
        })
        self.assertTrue(test.task_id)
        self.assertEqual(test.tester_id, self.supervisor)

    def test_P4_failing_again_opens_the_closed_task_again(self):
        self.test.action_fail()
        self.test.task_id.state = '1_done'
        self.test.action_fail()
        self.assertFalse(self.test.task_id.is_closed)

    def test_P4_a_passed_rerun_closes_nothing_and_says_so(self):
        self.test.action_fail()
        self.test.action_pass()
        self.assertFalse(self.test.task_id.is_closed)
        self.assertIn("it passed", self.test.task_id.message_ids[0].body)

    def test_P4_rerun_history_stays_in_the_chatter(self):
        test = self.env['implementation.test'].with_context(tracking_disable=False).create({
            'name': "Test", 'project_id': self.implementation.id,
        })
        for action in ('action_fail', 'action_pass'):
            self.env.flush_all()
            self.env.cr.precommit.run()
            getattr(test, action)()
        self.env.flush_all()
        self.env.cr.precommit.run()
        values = test.message_ids.sudo().tracking_value_ids.filtered(
            lambda value: value.field_id.name == 'result',
        )
        self.assertEqual(set(values.mapped('new_value_char')), {"Failed", "Passed"})

    def test_P4_tests_of_a_template_are_not_run(self):
        test = self.env['implementation.test'].create({
            'name': "Test", 'project_id': self.template.id,
        })
        with self.assertRaises(UserError):
            test.action_pass()

    # === TEMPLATE === #

    def test_P4_tests_come_from_the_template_without_results(self):
        self.implementation.test_ids.action_fail()
        self.env['implementation.test'].create({
            'name': "Synchronisation check", 'project_id': self.template.id, 'steps': "Wait",
        })
        self.template.partner_id = self.client
        project = self.template.action_create_from_template({
            'name': "New", 'partner_id': self.client.id, 'company_id': self.company.id,
        })
        self.assertEqual(project.test_ids.mapped('name'), ["Synchronisation check"])
        self.assertEqual(project.test_ids.steps, "Wait")
        copy = self.implementation.copy().test_ids
        self.assertEqual(set(copy.mapped('result')), {'not_run'})
        self.assertFalse(copy.tester_id or copy.task_id)

    # === GATE === #

    def test_P4_training_waits_for_the_tests(self):
        self.assertEqual(self._get_missing(), [
            "Test “Test order with shipping label”: not run yet", "Test “Test offer”: not run yet",
        ])
        self.test.action_fail()
        self.other_test.action_pass()
        self.assertEqual(
            self._get_missing(), ["Test “Test order with shipping label”: it failed"],
        )
        self.test.action_pass()
        self.assertFalse(self._get_missing())

    def test_P4_gate_holds_where_nothing_is_tested(self):
        self.assertEqual(
            self._get_missing(self.other_implementation),
            ["At least one test of what was configured"],
        )

    def test_P4_phase_is_refused_until_the_tests_are_passed(self):
        self._without_gates('scope_meeting', 'plan_signed', 'data_accepted', 'tasks_done')
        self.implementation.phase_id = self.phases[1]
        with self.assertRefused("Test offer"):
            self.implementation.with_user(self.supervisor).phase_id = self.phases[2]
        self.implementation.test_ids.action_pass()
        self.implementation.with_user(self.supervisor).phase_id = self.phases[2]

    def test_P4_what_is_owed_tells_how_many_tests_are_passed(self):
        self.test.action_pass()
        self.assertIn(
            "Tests of what was configured: 1 of 2 passed",
            [due.text for due in self.implementation._get_dues()],
        )
        self.other_test.action_pass()
        self.assertNotIn("Tests of", ''.join(d.text for d in self.implementation._get_dues()))

    def test_P4_gate_of_many_costs_as_many_queries_as_of_few(self):
        many = self.implementation | self.other_implementation
        for number in range(10):
            client = self.env['res.partner'].create({'name': f"Client {number}"})
            project = self._new_implementation(client, client)
            self.env['implementation.test'].create({'name': "Test", 'project_id': project.id})
            many |= project

        def count(projects):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            projects._gate_tests_passed(self.phases[2])
            projects.mapped('passed_test_count')
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(many), count(many[:2]))

    # === WHO === #

    def test_tests_of_a_followers_project_are_seen_by_those(self):
        self.implementation.privacy_visibility = 'followers'
        tests = self.env['implementation.test'].search([
            ('project_id', '=', self.implementation.id),
        ])
        self.assertFalse(tests.with_user(self.consultant).search([('id', 'in', tests.ids)]))
        for user in (self.supervisor, self.manager):
            self.assertEqual(tests.with_user(user).search([('id', 'in', tests.ids)]), tests)
        with self.assertRaises(AccessError):
            self.test.with_user(self.consultant).action_pass()

    def test_only_administrators_delete_tests(self):
        with self.assertRaises(AccessError):
            self.test.with_user(self.supervisor).unlink()
        self.test.with_user(self.manager).unlink()

    def test_tests_are_nothing_for_outsiders(self):
        for user in (self.portal, self.other_portal, self.agent, self.insider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.test.with_user(user).read(['name'])


@tagged('post_install', '-at_install')
class TestTestsPage(ImplementationCommon, HttpCase):

    def test_P4_client_sees_how_many_tests_are_passed(self):
        self.env['implementation.test'].create([
            {'name': "Secret of the trade", 'project_id': self.implementation.id,
             'result': 'passed'},
            {'name': "Test", 'project_id': self.implementation.id, 'remark': "Internal remark"},
        ])
        self.authenticate(self.portal.login, self.portal.login)
        page = self.url_open('/my/implementation').text
        self.assertIn('id="implementation_tests"', page)
        self.assertRegex(page, r'1</?[^<]*of|<strong>\s*1 of 2\s*</strong>')
        self.assertNotIn("Internal remark", page)
