from odoo.exceptions import AccessError
from odoo.tests import tagged

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
