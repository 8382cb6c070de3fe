from odoo.tests import tagged

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestPromises(HypercareCommon):
    """ Tighter promises while the window runs (G7, W15). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policies = cls.env['helpdesk.sla']
        common = {
            'company_id': cls.company.id, 'target': 'first_response', 'escalation_ids': False,
        }
        cls.general, cls.own, cls.tight = policies.create([
            {**common, 'name': "General", 'time': 8},
            {**common, 'name': "Client's", 'time': 4, 'partner_ids': [(6, 0, cls.client.ids)]},
            {**common, 'name': "Hypercare", 'time': 1, 'only_hypercare': True},
        ])

    def _get_promised(self, ticket):
        return ticket.sla_status_ids.filtered(lambda status: not status.result).sla_id

    def test_G7_the_window_replaces_what_was_promised(self):
        before = self._create_tickets()
        self.assertEqual(self._get_promised(before), self.own)
        self.go_to(hours=1)
        self.period.action_start()
        self.assertEqual(self._get_promised(self._create_tickets()), self.tight)
        # opened before: what was promised then
        self.refresh_sla()
        self.assertEqual(self._get_promised(before), self.own)

    def test_G7_only_the_clients_tickets(self):
        self.period.action_start()
        other = self._create_tickets(partner=self.other_portal.partner_id)
        self.assertEqual(self._get_promised(other), self.general)

    def test_G7_it_ends_with_the_window_and_its_tickets_keep_it(self):
        self.period.action_start()
        inside = self._create_tickets()
        self.go_to(days=13, hours=13)
        last = self._create_tickets()
        self.go_to(days=13, hours=14)
        # no job has run: the promise ends by itself
        after = self._create_tickets()
        self.assertEqual(self._get_promised(last), self.tight)
        self.assertEqual(self._get_promised(after), self.own)
        self.run_cron('ir_cron_advance')
        self.env['helpdesk.ticket']._mark_for_sla_refresh([('id', 'in', inside.ids)])
        self.refresh_sla()
        self.assertEqual(self._get_promised(inside), self.tight)

    def test_G7_an_early_close_ends_it(self):
        self.period.action_start()
        inside = self._create_tickets()
        self.go_to(days=1)
        self.period.with_user(self.manager)._close("All is well")
        self.go_to(days=1, minutes=5)
        self.assertEqual(self._get_promised(self._create_tickets()), self.own)
        self.assertEqual(self._get_promised(inside), self.tight)
        self.assertEqual(inside.hypercare_id, self.period)

    def test_G7_a_late_extension_takes_in_what_came_meanwhile(self):
        self.period.action_start()
        self.go_to(days=15)
        between = self._create_tickets()
        self.assertFalse(between.hypercare_id)
        self.run_cron('ir_cron_advance')
        self.period.with_user(self.manager)._extend(30, "Stocktaking")
        self.assertEqual(between.hypercare_id, self.period)
        self.refresh_sla()
        self.assertEqual(self._get_promised(between), self.tight)

    def test_a_go_live_in_the_past_takes_in_what_came_since(self):
        early, since = self._create_tickets(), self.env['helpdesk.ticket']
        self.go_to(days=2)
        since = self._create_tickets()
        self.go_to(days=3)
        self.period.golive_date = '2026-03-04'
        self.period.action_start()
        self.assertFalse(early.hypercare_id)
        self.assertEqual(since.hypercare_id, self.period)

    def test_a_customer_who_turns_out_to_be_another_changes_the_window(self):
        self.period.action_start()
        ticket = self._create_tickets(partner=self.other_portal.partner_id)
        ticket.partner_id = self.coordinator
        self.assertEqual(ticket.hypercare_id, self.period)
        self.assertEqual(self._get_promised(ticket), self.tight)

    def test_a_ticket_that_goes_to_another_company_leaves_the_window(self):
        self.period.action_start()
        ticket = self._create_tickets()
        other = self.env['res.company'].create({'name': "Elsewhere"})
        team = self.env['helpdesk.team'].create({
            'name': "Elsewhere", 'company_id': other.id, 'resource_calendar_id': False,
        })
        ticket.with_context(allowed_company_ids=(self.company | other).ids).write({
            'team_id': team.id, 'stage_id': team.stage_ids[:1].id,
        })
        self.assertFalse(ticket.hypercare_id)

    def test_a_ticket_that_came_in_while_the_window_started_is_found(self):
        self.period.action_start()
        ticket = self._create_tickets()
        # as another worker leaves it, which did not see the window yet
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET hypercare_id = NULL WHERE id = %s", ticket.ids,
        )
        self.env.invalidate_all()
        self.run_cron('ir_cron_advance')
        self.assertEqual(ticket.hypercare_id, self.period)

    def test_of_two_windows_the_later_one(self):
        self.period.action_start()
        self.go_to(days=3)
        second = self._create_window(golive_date='2026-03-05')
        second.action_start()
        self.assertEqual(self._create_tickets().hypercare_id, second)

    def test_archiving_the_window_changes_no_promise(self):
        self.period.action_start()
        self.period.active = False
        self.assertEqual(self._create_tickets().hypercare_id, self.period)

    def test_looking_up_the_window_costs_no_query_a_ticket(self):
        self.period.action_start()
        tickets = self._create_tickets(20)
        self.env.flush_all()
        tickets.mapped('open_date')
        with self.assertQueryCount(0):
            for ticket in tickets:
                self.assertEqual(self.env['hypercare.period']._find(
                    ticket.company_id, ticket.commercial_partner_id, ticket.open_date,
                ), self.period)

    def test_any_number_of_tickets_joins_in_a_constant_number_of_queries(self):
        # what is read once a process (labels, templates) is read by the first window
        self._create_tickets()
        self._create_window(golive_date='2026-02-01', days=60).action_start()
        counts = []
        for number in (5, 50):
            self._create_tickets(number)
            period = self._create_window()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            period._start(self.start)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertGreaterEqual(period.ticket_count, number)
            self.go_to(hours=1)
        self.assertEqual(counts[0], counts[1])
