""" What saving a policy would mean is told before it is saved (issue: a preview; W7). """

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import HelpdeskCase


@tagged('post_install', '-at_install')
class TestPolicyPreview(HelpdeskCase):
    START = 'mon 09:00'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['helpdesk.sla'].search([]).active = False
        cls.policy = cls.create_policy('resolution', 8, team_ids=cls.team.ids)

    def setUp(self):
        super().setUp()
        self.high = self.create_tickets([{'priority': '2'}] * 2)
        self.low = self.create_tickets([{'priority': '0'}] * 3)
        self.run_refresh()

    def preview(self, changes, user=None):
        return self.policy.with_user(user or self.manager).preview_changes(changes)

    def test_another_time_moves_all(self):
        self.assertEqual(
            self.preview({'time': 4}), {'total': 5, 'checked': 5, 'moved': 5, 'breached': 0},
        )

    def test_deadlines_that_would_be_in_the_past(self):
        self.go_to('mon 15:00')
        self.assertEqual(self.preview({'time': 2})['breached'], 5)

    def test_narrower_criteria_move_those_that_are_left(self):
        self.assertEqual(self.preview({'priority_high': True})['moved'], 3)

    def test_what_changes_no_deadline_moves_nothing(self):
        self.assertEqual(self.preview({'name': "Another name"})['moved'], 0)
        self.assertEqual(self.preview({'time': 8.0})['moved'], 0)

    def test_another_team_moves_both(self):
        other = self.create_team("Other")
        self.create_ticket(team_id=other.id)
        preview = self.preview({'team_ids': [Command.set(other.ids)]})
        self.assertEqual(preview['total'], 6)
        self.assertEqual(preview['moved'], 6)

    def test_new_policy(self):
        preview = self.env['helpdesk.sla'].with_user(self.manager).preview_changes({
            'name': "New", 'company_id': self.company.id, 'target': 'resolution', 'time': 1,
            'team_ids': [Command.set(self.team.ids)],
        })
        self.assertEqual(preview['moved'], 5)
        self.assertFalse(self.env['helpdesk.sla'].search([('name', '=', "New")]))

    def test_nothing_is_kept(self):
        deadlines = self.high.mapped('sla_deadline')
        self.preview({'time': 4})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.policy.time, 8)
        self.assertEqual(self.high.mapped('sla_deadline'), deadlines)
        self.assertFalse(any((self.high | self.low).mapped('sla_stale')))
        self.assertEqual(self.create_ticket().sla_status_ids.time, 8)

    def test_finished_promises_are_not_counted(self):
        self.move(self.high, self.stage_solved)
        self.assertEqual(self.preview({'time': 4})['total'], 3)

    def test_who_may_not_save_may_not_try(self):
        for user in (self.agent, self.outsider, self.portal_client):
            with self.assertRaises(AccessError):
                self.preview({'time': 4}, user=user)
