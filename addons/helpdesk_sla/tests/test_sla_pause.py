""" When the clocks stand still, and what every way out of a pause costs (requirements W1). """

from odoo.tests import tagged

from .common import HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestSlaPause(HelpdeskCase):
    """ One resolution of eight hours, created on Monday at nine. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy('resolution', 8)

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket()

    @property
    def resolution(self):
        return self.status(self.ticket, self.policy)

    def assertPauses(self, *expected):
        """ Check the rows: kind, from, to. """
        self.assertEqual(
            [
                (pause.kind, pause.date_from, pause.date_to)
                for pause in self.ticket.sla_pause_ids.sorted('id')
            ],
            [
                (kind, utc(date_from), date_to and utc(date_to))
                for kind, date_from, date_to in expected
            ],
        )

    def assertWorked(self, state, hours):
        self.assertRecordValues(self.resolution, [{'state': state, 'worked_hours': hours}])

    # === WHILE IT LASTS === #

    def test_a_pause_has_no_deadline(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.assertRecordValues(self.resolution, [{
            'state': 'paused', 'deadline': False, 'paused_since': utc('mon 10:00'),
        }])
        self.assertRecordValues(self.ticket, [{
            'sla_state': 'paused', 'sla_deadline': False, 'sla_paused_since': utc('mon 10:00'),
        }])

    def test_the_warning_stands_still_too(self):
        self.assertMoment(self.resolution.warning_date, 'mon 15:00')
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.assertFalse(self.resolution.warning_date)
        self.move(self.ticket, self.stage_progress, 'mon 12:00')
        self.assertMoment(self.resolution.warning_date, 'mon 17:00')
        self.assertFalse(self.resolution.paused_since)

    def test_a_warning_before_the_pause_stays(self):
        """ Three quarters were used: the ticket reads paused, and approaching again after it. """
        self.move(self.ticket, self.stage_customer, 'mon 16:00')
        self.assertEqual(self.ticket.sla_state, 'paused')
        self.move(self.ticket, self.stage_progress, 'tue 09:00')
        self.assertEqual(self.ticket.sla_state, 'approaching')
        self.assertMoment(self.ticket.sla_deadline, 'tue 10:00')

    def test_never_breached_while_paused(self):
        self.move(self.ticket, self.stage_customer, 'mon 16:59:59')
        self.go_to('wed 12:00')
        self.assertEqual(self.resolution.state, 'paused')
        self.assertFalse(self.ticket.search([
            ('id', '=', self.ticket.id), ('sla_state', 'in', ('breached', 'failed')),
        ]))

    def test_a_breach_before_the_pause_stays_one(self):
        self.move(self.ticket, self.stage_customer, 'mon 17:00:01')
        self.go_to('wed 12:00')
        self.assertEqual(self.resolution.state, 'failed')
        self.assertEqual(self.ticket.sla_state, 'breached')
        self.move(self.ticket, self.stage_progress)
        self.assertEqual(self.resolution.state, 'failed')
        self.assertMoment(self.resolution.deadline, 'mon 17:00')

    def test_who_paused_and_why(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00', user=self.agent2)
        self.assertRecordValues(self.ticket.sla_pause_ids, [{
            'user_id': self.agent2.id, 'reason': "Awaiting Customer", 'kind': 'customer',
            'company_id': self.company.id,
        }])

    # === WAYS OUT === #

    def test_hold_to_open(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.move(self.ticket, self.stage_progress, 'mon 12:30')
        self.assertPauses(('customer', 'mon 10:00', 'mon 12:30'))
        self.assertMoment(self.resolution.deadline, 'tue 10:30')

    def test_hold_to_solved(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.move(self.ticket, self.stage_solved, 'thu 17:00')
        self.assertPauses(
            ('customer', 'mon 10:00', 'thu 17:00'), ('solved', 'thu 17:00', False),
        )
        self.assertWorked('reached', 1)

    def test_hold_to_cancelled(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.move(self.ticket, self.stage_cancel, 'thu 17:00')
        self.assertPauses(
            ('customer', 'mon 10:00', 'thu 17:00'), ('solved', 'thu 17:00', False),
        )
        self.assertEqual(self.resolution.state, 'cancelled')
        self.assertFalse(self.ticket.sla_state)

    def test_hold_to_another_kind_that_does_not_pause(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.move(self.ticket, self.stage_supplier, 'mon 12:00')
        self.assertPauses(
            ('customer', 'mon 10:00', 'mon 12:00'), ('third_party', 'mon 12:00', False),
        )
        self.assertEqual(self.resolution.state, 'running')
        self.assertMoment(self.resolution.deadline, 'tue 10:00')

    def test_hold_to_another_kind_that_pauses(self):
        self.policy.pause_third_party = True
        self.run_refresh()
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.move(self.ticket, self.stage_supplier, 'mon 12:00')
        self.assertEqual(self.resolution.state, 'paused')
        self.assertMoment(self.resolution.paused_since, 'mon 12:00')
        self.move(self.ticket, self.stage_progress, 'mon 14:00')
        self.assertMoment(self.resolution.deadline, 'tue 12:00')

    def test_hold_to_another_stage_of_the_same_kind(self):
        second = self.env['helpdesk.stage'].create({
            'name': "Awaiting Test", 'sequence': 2, 'stage_type': 'customer',
            'team_ids': self.team.ids,
        })
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.move(self.ticket, second, 'mon 12:00')
        self.move(self.ticket, self.stage_progress, 'mon 13:00')
        self.assertMoment(self.resolution.deadline, 'tue 11:00')

    def test_third_party_to_solved(self):
        self.policy.pause_third_party = True
        self.run_refresh()
        self.move(self.ticket, self.stage_supplier, 'mon 10:00')
        self.move(self.ticket, self.stage_solved, 'wed 10:00')
        self.assertWorked('reached', 1)

    def test_third_party_to_solved_without_a_pause(self):
        self.move(self.ticket, self.stage_supplier, 'mon 10:00')
        self.move(self.ticket, self.stage_solved, 'tue 10:00')
        self.assertWorked('failed', 10)

    def test_solved_to_cancelled(self):
        self.move(self.ticket, self.stage_solved, 'mon 10:00')
        self.move(self.ticket, self.stage_cancel, 'tue 10:00')
        self.assertPauses(('solved', 'mon 10:00', False))
        self.assertWorked('reached', 1)
        self.assertMoment(self.ticket.close_date, 'mon 10:00')

    def test_several_pauses_add_up(self):
        for day in ('mon', 'tue', 'wed'):
            self.move(self.ticket, self.stage_customer, f'{day} 10:00')
            self.move(self.ticket, self.stage_progress, f'{day} 17:30')
        # 1 h + 0.5 h on each of three days are used
        self.assertMoment(self.resolution.deadline, 'thu 12:30')

    def test_pause_over_a_weekend(self):
        self.go_to('fri 16:00')
        self.ticket = self.create_ticket()
        self.move(self.ticket, self.stage_customer, 'fri 17:00')
        self.move(self.ticket, self.stage_progress, 'mon+1 10:00')
        self.assertMoment(self.resolution.deadline, 'mon+1 17:00')

    def test_pause_outside_working_hours_costs_nothing(self):
        self.go_to('mon 19:00')
        self.ticket = self.create_ticket()
        self.move(self.ticket, self.stage_customer, 'mon 20:00')
        self.assertEqual(self.resolution.state, 'paused')
        self.move(self.ticket, self.stage_progress, 'tue 08:00')
        self.assertMoment(self.resolution.deadline, 'tue 17:00')

    def test_pause_of_no_length(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.move(self.ticket, self.stage_progress)
        self.assertMoment(self.resolution.deadline, 'mon 17:00')

    def test_created_on_hold(self):
        self.ticket = self.create_ticket(stage_id=self.stage_customer.id)
        self.assertEqual(self.resolution.state, 'paused')
        self.move(self.ticket, self.stage_progress, 'tue 09:00')
        self.assertMoment(self.resolution.deadline, 'tue 17:00')

    def test_team_change_ends_the_pause(self):
        """ The new team begins in its first stage. """
        team2 = self.create_team("Second Line")
        team2.stage_ids -= self.stage_customer
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.go_to('mon 12:00')
        self.ticket.with_user(self.agent).team_id = team2
        self.assertEqual(self.ticket.stage_id, self.stage_new)
        self.assertPauses(('customer', 'mon 10:00', 'mon 12:00'))
        self.assertMoment(self.resolution.deadline, 'tue 10:00')

    def test_many_tickets_at_once(self):
        others = self.create_tickets([{}, {}])
        self.move(others[0], self.stage_customer, 'mon 10:00')
        self.move(self.ticket | others, self.stage_customer, 'mon 11:00')
        self.move(self.ticket | others, self.stage_progress, 'mon 12:00')
        for ticket, deadline in zip(
            self.ticket | others, ('mon 18:00', 'tue 10:00', 'mon 18:00'),
        ):
            self.assertMoment(ticket.sla_deadline, deadline)

    # === POLICIES === #

    def test_third_party_only_when_the_policy_says_so(self):
        kind = self.create_policy('stage', 8, stage_id=self.stage_solved.id, pause_third_party=True)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_supplier, 'mon 10:00')
        self.assertEqual(self.status(ticket, self.policy).state, 'running')
        self.assertEqual(self.status(ticket, kind).state, 'paused')
        self.assertEqual(ticket.sla_state, 'running')
        self.move(ticket, self.stage_progress, 'mon 12:00')
        self.assertMoment(self.status(ticket, self.policy).deadline, 'mon 17:00')
        self.assertMoment(self.status(ticket, kind).deadline, 'tue 10:00')

    def test_policy_changed_while_on_hold(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.go_to('tue 10:00')
        self.policy.time = 2
        self.run_refresh()
        self.assertEqual(self.resolution.state, 'paused')
        self.move(self.ticket, self.stage_progress, 'wed 10:00')
        self.assertMoment(self.resolution.deadline, 'wed 11:00')

    def test_time_shortened_below_what_was_used_before_the_hold(self):
        """ The new promise was broken before the hold began. """
        self.move(self.ticket, self.stage_customer, 'mon 12:00')
        self.policy.time = 2
        self.run_refresh()
        self.assertEqual(self.resolution.state, 'failed')
        self.assertMoment(self.resolution.deadline, 'mon 11:00')

    def test_other_policy_while_on_hold(self):
        high = self.create_policy('first_response', 100, priority_high=True)
        urgent = self.create_policy('resolution', 3, priority_high=True)
        self.policy.priority_low = self.policy.priority_medium = True
        self.run_refresh()
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.go_to('tue 10:00')
        self.ticket.priority = '2'
        self.assertEqual(self.resolution.state, 'superseded')
        self.assertEqual(self.status(self.ticket, urgent).state, 'paused')
        self.assertMoment(self.status(self.ticket, urgent).paused_since, 'mon 10:00')
        self.assertEqual(self.status(self.ticket, high).state, 'running')
        self.move(self.ticket, self.stage_solved, 'wed 10:00')
        self.assertRecordValues(self.status(self.ticket, urgent), [{
            'state': 'reached', 'worked_hours': 1,
        }])

    def test_third_party_pause_switched_on_while_waiting(self):
        self.move(self.ticket, self.stage_supplier, 'mon 10:00')
        self.policy.pause_third_party = True
        self.run_refresh()
        self.assertEqual(self.resolution.state, 'paused')
        self.move(self.ticket, self.stage_progress, 'mon 12:00')
        self.assertMoment(self.resolution.deadline, 'tue 10:00')

    def test_holiday_inside_the_pause_is_not_counted_twice(self):
        self.move(self.ticket, self.stage_customer, 'mon 10:00')
        self.create_closure('tue 00:00', 'wed 00:00')
        self.run_refresh()
        self.move(self.ticket, self.stage_progress, 'wed 10:00')
        self.assertMoment(self.resolution.deadline, 'wed 17:00')

    def test_first_response_is_never_paused(self):
        policy = self.create_policy('first_response', 2, pause_third_party=True)
        ticket = self.create_ticket()
        for stage in (self.stage_customer, self.stage_supplier, self.stage_solved):
            self.move(ticket, stage, 'mon 10:00')
            self.assertEqual(self.status(ticket, policy).state, 'running', stage.name)
            self.assertMoment(self.status(ticket, policy).deadline, 'mon 11:00', stage.name)
        self.go_to('mon 11:00:01')
        self.assertEqual(self.status(ticket, policy).state, 'failed')

    def test_paused_and_running_together(self):
        """ One promise stands still, another does not: the running one is shown. """
        answer = self.create_policy('first_response', 2)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.assertEqual(ticket.sla_state, 'running')
        self.assertMoment(ticket.sla_deadline, 'mon 11:00')
        ticket._register_response()
        self.assertEqual(self.status(ticket, answer).state, 'reached')
        self.assertEqual(ticket.sla_state, 'paused')

    def test_the_job_counts_the_pauses(self):
        """ Where only working time changed, the clocks are computed on rows, pauses included. """
        policy = self.create_policy('resolution', 8)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.move(ticket, self.stage_progress, 'mon 12:00')
        self.run_refresh()
        self.create_closure('tue 00:00', 'wed 00:00')
        self.run_refresh()
        self.assertMoment(self.status(ticket, policy).deadline, 'wed 10:00')
