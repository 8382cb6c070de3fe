from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestPeriodAccess(HypercareCommon):
    """ Who may do what; docs/access.md. """

    def test_an_outsider_gets_nothing(self):
        self.period.action_start()
        records = [
            self.period, self.period.change_ids, self.env['hypercare.scale'].search([], limit=1),
        ]
        public = self.env.ref('base.public_user')
        for user in (self.insider, self.portal, self.other_portal, public):
            for record in records:
                for operation in ('read', 'write', 'create', 'unlink'):
                    self.assertFalse(
                        record.with_user(user).has_access(operation),
                        f"{user.login} {operation} {record}",
                    )

    def test_an_agent_reads_and_the_supervisor_writes(self):
        period = self.period.with_user(self.agent)
        self.assertEqual(period.name, "Hypercare: Lantern Books")
        with self.assertRaises(AccessError):
            period.write({'coordinator_id': False})
        with self.assertRaises(AccessError):
            period.action_start()
        self.period.with_user(self.supervisor).write({'coordinator_id': False})

    def test_projects_open_for_who_has_nothing_to_do_with_the_help_desk(self):
        for group in ('project.group_project_user', 'project.group_project_manager'):
            user = self._new_user(f'of_{group}', group)
            projects = self.env['project.project'].with_user(user)
            views = projects.get_views([(False, 'form'), (False, 'kanban'), (False, 'list')])
            names = views['models']['project.project']['fields']
            self.assertFalse([name for name in names if name.startswith('hypercare_')])
            self.env.invalidate_all()
            self.assertTrue(projects.browse(self.project.id).web_read({name: {} for name in names}))

    def test_a_leader_without_rights_on_projects_runs_a_window_of_one(self):
        self.project.privacy_visibility = 'followers'
        period = self.period.with_user(self.leader)
        with Form(period) as form:
            form.scale_user_count = 30
        period.action_start()
        period.coordinator_id = self.colleague.partner_id
        self.assertEqual(period.project_id, self.project)

    def test_an_agent_makes_nobody_elses_window_the_own(self):
        with self.assertRaises(AccessError):
            self.period.with_user(self.agent).user_id = self.agent

    def test_leaders_plan_and_administrators_delete(self):
        values = {'partner_id': self.other_client.id, 'team_id': self.team.id}
        with self.assertRaises(AccessError):
            self.env['hypercare.period'].with_user(self.supervisor).create(values)
        period = self.env['hypercare.period'].with_user(self.leader).create(values)
        with self.assertRaises(AccessError):
            period.unlink()
        period.with_user(self.manager).unlink()

    def test_nobody_writes_the_history(self):
        self.period.action_start()
        for operation in ('write', 'create', 'unlink'):
            self.assertFalse(
                self.period.change_ids.with_user(self.manager).has_access(operation),
            )

    def test_other_companies_windows_are_not_seen(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        user = self._new_user('hypercare_elsewhere', 'helpdesk_sla.group_helpdesk_manager')
        user.write({'company_id': other.id, 'company_ids': [(6, 0, other.ids)]})
        self.assertFalse(self.env['hypercare.period'].with_user(user).with_context(
            allowed_company_ids=other.ids,
        ).search([]) & self.period)
