from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestQuickFixes(HypercareCommon):
    """ Settings, reports and forms have a lane and a target of their own in a window (G4). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.general, cls.hypercare, cls.quick = cls.env['helpdesk.sla'].create([
            {'name': "General", 'company_id': cls.company.id, 'target': 'resolution', 'time': 16},
            {
                'name': "Hypercare", 'company_id': cls.company.id, 'target': 'resolution',
                'time': 8, 'only_hypercare': True,
            },
            {
                'name': "Quick Fix", 'company_id': cls.company.id, 'target': 'resolution',
                'time': 4, 'only_quick_fix': True,
            },
        ])

    def test_G4_settings_in_the_window_are_quick_fixes(self):
        before = self._create_tickets(kind='settings')
        self.go_to(minutes=1)
        self.period.action_start()
        settings = self._create_tickets(kind='settings')
        defect = self._create_tickets(kind='defect')
        stranger = self._create_tickets(kind='settings', partner=self.other_portal.partner_id)
        self.assertEqual(
            [ticket.is_quick_fix for ticket in (before, settings, defect, stranger)],
            [False, True, False, False],
        )

    def test_G4_a_type_that_is_deleted_makes_none(self):
        self.period.action_start()
        ticket = self._create_tickets(kind='settings')
        self.assertTrue(ticket.is_quick_fix)
        self.types['settings'].unlink()
        self.assertFalse(ticket.is_quick_fix)

    def test_G4_nobody_makes_a_ticket_a_quick_fix_by_hand(self):
        ticket = self._create_tickets(kind='defect').with_user(self.agent)
        with self.assertRaises(AccessError):
            ticket.is_quick_fix = True
        values = {'name': "Urgent", 'team_id': self.team.id}
        with self.assertRaises(AccessError):
            ticket.create({**values, 'is_quick_fix': True})
        self.assertFalse(
            ticket.with_context(default_is_quick_fix=True).create(values).is_quick_fix,
        )

    def test_G4_a_quick_fix_has_the_target_of_its_own(self):
        self.period.action_start()
        settings = self._create_tickets(kind='settings')
        defect = self._create_tickets(kind='defect')
        stranger = self._create_tickets(kind='settings', partner=self.other_portal.partner_id)
        self.assertEqual(settings.sla_status_ids.sla_id, self.quick)
        self.assertEqual(defect.sla_status_ids.sla_id, self.hypercare)
        self.assertEqual(stranger.sla_status_ids.sla_id, self.general)

    def test_G4_the_kind_that_is_found_later_changes_the_target(self):
        self.period.action_start()
        ticket = self._create_tickets(kind='defect')
        ticket.with_user(self.agent).ticket_type_id = self.types['settings']
        unfinished = ticket.sla_status_ids.filtered(lambda status: not status.result)
        self.assertEqual(unfinished.sla_id, self.quick)

    def test_G4_a_policy_of_quick_fixes_is_one_of_hypercare(self):
        self.assertTrue(self.quick.only_hypercare)
        self.general.only_quick_fix = True
        self.assertTrue(self.general.only_hypercare)
        with self.assertRaisesRegex(Exception, 'quick_fix_in_hypercare'), \
                mute_logger('odoo.sql_db'):
            self.quick.only_hypercare = False
            self.quick.flush_recordset()

    def test_G4_the_form_of_a_policy_ticks_hypercare_as_well(self):
        form = Form(self.env['helpdesk.sla'])
        form.only_quick_fix = True
        self.assertTrue(form.only_hypercare)

    def test_G4_open_tickets_follow_a_policy_that_becomes_one_of_quick_fixes(self):
        self.assertIn('only_quick_fix', self.env['helpdesk.sla']._get_matching_fields())
        self.period.action_start()
        self.quick.unlink()
        ticket = self._create_tickets(kind='settings')
        policy = self.env['helpdesk.sla'].create({
            'name': "Quicker", 'company_id': self.company.id, 'target': 'resolution', 'time': 2,
            'only_quick_fix': True,
        })
        ticket.invalidate_recordset()
        ticket._sla_refresh()
        unfinished = ticket.sla_status_ids.filtered(lambda status: not status.result)
        self.assertEqual(unfinished.sla_id, policy)

    def test_G4_the_share_that_was_solved_in_time(self):
        self.period.action_start()
        self.assertEqual(self.period.quick_fix_measured_count, 0)
        in_time, late, overdue, _running = self._create_tickets(4, kind='settings')
        self._create_tickets(kind='defect').action_solve()
        in_time.action_solve()
        self.go_to(days=1)
        late.action_solve()
        _running = self._create_tickets(kind='settings')
        self.env.flush_all()
        self.period.invalidate_recordset()
        # of the first four two are still open and late by now
        self.assertEqual(self.period.quick_fix_measured_count, 4)
        self.assertAlmostEqual(self.period.quick_fix_rate, 1 / 4)
        self.assertEqual(self.period.quick_fix_count, 5)
        self.assertEqual(self.period.quick_fix_open_count, 3)
        self.assertTrue(overdue.sla_deadline < self.start + timedelta(days=1))

    def test_G4_the_lane_has_the_nearest_deadline_first(self):
        self.period.action_start()
        later = self._create_tickets(kind='settings')
        self.quick.time = 2
        sooner = self._create_tickets(kind='settings')
        action = self.period.action_view_quick_fixes()
        found = self.env['helpdesk.ticket'].search(action['domain'])
        self.assertEqual(found, sooner | later)
        self.assertEqual(found[0], sooner)

    def test_G4_shares_of_many_windows_cost_no_query_each(self):
        periods = self.period
        for number in range(4):
            client = self.env['res.partner'].create({
                'name': f"Client {number}", 'is_company': True,
            })
            periods |= self._create_window(client=client)
        for period in periods:
            period.action_start()
            self._create_tickets(2, kind='settings', partner=period.partner_id)

        def measure(some):
            self.env.flush_all()
            self.env.invalidate_all()
            count = self.env.cr.sql_log_count
            some.mapped('quick_fix_rate')
            some.mapped('quick_fix_count')
            return self.env.cr.sql_log_count - count

        measure(periods)
        self.assertEqual(measure(periods[:1]), measure(periods))
