""" The life of a status: in time or not, what is read without a job, what is frozen. """

from odoo.fields import Datetime
from odoo.tests import tagged

from .common import FROZEN_FIELDS, HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestSlaResult(HelpdeskCase):
    """ In time or not. """

    def test_reached_at_the_deadline_is_in_time(self):
        policy = self.create_policy('resolution', 2)
        in_time, late = self.create_tickets([{}, {}])
        self.move(in_time, self.stage_solved, 'mon 11:00')
        self.move(late, self.stage_solved, 'mon 11:00:01')
        self.assertEqual(self.status(in_time, policy).state, 'reached')
        self.assertEqual(self.status(late, policy).state, 'failed')

    def test_result_is_what_was_read_before(self):
        """ Whatever was failed when it was read does not become a success by being reached.

        A target consumed exactly at closing is due at closing (sla.md rule 3): solving it in the
        evening costs no more working time and is late nevertheless. """
        policy = self.create_policy('resolution', 9)
        ticket = self.create_ticket()
        self.assertMoment(self.status(ticket, policy).deadline, 'mon 18:00')
        self.go_to('mon 20:00')
        self.assertEqual(self.status(ticket, policy).state, 'failed')
        self.move(ticket, self.stage_solved)
        self.assertRecordValues(self.status(ticket, policy), [{
            'state': 'failed', 'worked_hours': 9, 'deadline': utc('mon 18:00'),
        }])

    def test_consumed_as_the_pause_began_is_due_then(self):
        """ Solved from a hold that began at the very deadline: late, as it read until then. """
        policy = self.create_policy('resolution', 2)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 11:00')
        self.assertEqual(self.status(ticket, policy).state, 'running')
        self.go_to('mon 12:00')
        self.assertEqual(self.status(ticket, policy).state, 'failed')
        self.move(ticket, self.stage_solved)
        self.assertEqual(self.status(ticket, policy).state, 'failed')

    def test_solved_outside_working_hours_before_the_deadline(self):
        policy = self.create_policy('resolution', 10)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 22:00')
        self.assertRecordValues(self.status(ticket, policy), [{
            'state': 'reached', 'worked_hours': 9, 'deadline': utc('tue 10:00'),
        }])

    def test_late_is_failed_with_the_moment_it_was_reached(self):
        policy = self.create_policy('resolution', 2)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'tue 09:30')
        self.assertRecordValues(self.status(ticket, policy), [{
            'state': 'failed', 'reached_date': utc('tue 09:30'), 'deadline': utc('mon 11:00'),
            'worked_hours': 9.5,
        }])
        self.assertEqual(ticket.sla_state, 'failed')

    def test_a_later_stage_reaches_the_target(self):
        policy = self.create_policy('stage', 4, stage_id=self.stage_progress.id)
        for stage in (self.stage_progress, self.stage_customer, self.stage_solved):
            ticket = self.create_ticket()
            self.move(ticket, stage)
            self.assertEqual(self.status(ticket, policy).state, 'reached', stage.name)

    def test_an_earlier_stage_does_not_reach_the_target(self):
        policy = self.create_policy('stage', 4, stage_id=self.stage_supplier.id)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_progress)
        self.assertEqual(self.status(ticket, policy).state, 'running')

    def test_a_cancelled_stage_is_never_a_success(self):
        policies = [
            self.create_policy('stage', 4, stage_id=self.stage_progress.id),
            self.create_policy('resolution', 4),
        ]
        ticket = self.create_ticket()
        self.move(ticket, self.stage_cancel, 'mon 10:00')
        for policy in policies:
            self.assertEqual(self.status(ticket, policy).state, 'cancelled', policy.target)

    def test_broken_before_cancelling_stays_failed(self):
        policy = self.create_policy('resolution', 1)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_cancel, 'mon 10:00:01')
        self.assertEqual(self.status(ticket, policy).state, 'failed')

    def test_a_promise_of_later_is_not_broken_on_a_cancelled_ticket(self):
        """ It was canceled in time, whenever the policy began to apply. """
        policy = self.create_policy('first_response', 1, priority_high=True)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_cancel, 'mon 09:30')
        self.go_to('tue 10:00')
        ticket.priority = '2'
        self.assertEqual(self.status(ticket, policy).state, 'cancelled')

    def test_cancelling_at_the_deadline_breaks_nothing(self):
        policy = self.create_policy('resolution', 1)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_cancel, 'mon 10:00')
        self.assertEqual(self.status(ticket, policy).state, 'cancelled')

    def test_leaving_the_reached_stage_takes_nothing_back(self):
        policy = self.create_policy('stage', 4, stage_id=self.stage_progress.id)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_progress, 'mon 10:00')
        self.move(ticket, self.stage_new, 'mon 11:00')
        self.go_to('tue 11:00')
        self.assertRecordValues(self.status(ticket, policy), [{
            'state': 'reached', 'reached_date': utc('mon 10:00'), 'worked_hours': 1,
        }])

    def test_what_a_stage_means_later_changes_nothing_of_what_was_reached(self):
        self.go_to('mon 09:00')
        ticket = self.create_ticket()
        self.move(ticket, self.stage_progress, 'mon 10:00')
        self.move(ticket, self.stage_new, 'mon 11:00')
        self.stage_progress.stage_type = 'solved'
        policy = self.create_policy('resolution', 8)
        self.run_refresh()
        self.assertEqual(self.status(ticket, policy).state, 'running')

    def test_stage_of_a_team_that_does_not_have_it(self):
        """ A team whose pipeline lacks the stage keeps the promise with a later one of its own. """
        policy = self.create_policy('stage', 4, stage_id=self.stage_progress.id)
        self.team.stage_ids -= self.stage_progress
        ticket = self.create_ticket()
        self.assertEqual(self.status(ticket, policy).state, 'running')
        self.move(ticket, self.stage_solved)
        self.assertEqual(self.status(ticket, policy).state, 'reached')

    def test_zero_time_is_due_at_once_or_at_the_next_opening(self):
        policy = self.create_policy('resolution', 0)
        self.assertMoment(self.status(self.create_ticket(), policy).deadline, 'mon 09:00')
        self.go_to('fri 20:00')
        self.assertMoment(self.status(self.create_ticket(), policy).deadline, 'mon+1 09:00')

    def test_no_calendar_is_around_the_clock(self):
        self.team.resource_calendar_id = self.company.resource_calendar_id = False
        policy = self.create_policy('resolution', 24)
        self.go_to('sat 13:00')
        self.assertMoment(self.status(self.create_ticket(), policy).deadline, 'sun 13:00')

    def test_which_calendar_counts(self):
        """ The policy's, else the team's, else the company's. """
        night = self.create_calendar(((18, 24),))
        morning = self.create_calendar(((6, 9),))
        self.company.resource_calendar_id = morning
        of_policy = self.create_policy('resolution', 1, resource_calendar_id=night.id)
        of_team = self.create_policy('first_response', 1)
        self.go_to('mon 05:00')
        ticket = self.create_ticket()
        self.assertMoment(self.status(ticket, of_policy).deadline, 'mon 19:00')
        self.assertMoment(self.status(ticket, of_team).deadline, 'mon 10:00')
        self.team.resource_calendar_id = False
        self.assertMoment(self.status(self.create_ticket(), of_team).deadline, 'mon 07:00')

    def test_customers_zone_does_not_matter(self):
        """ Stored UTC, computed in the calendar's zone, whoever looks. """
        policy = self.create_policy('resolution', 2)
        self.agent.tz = 'Pacific/Auckland'
        self.client_contact.tz = 'America/New_York'
        self.go_to('fri 17:30')
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertMoment(self.status(ticket, policy).deadline, 'mon+1 10:30')


@tagged('post_install', '-at_install')
class TestStateWithoutJob(HelpdeskCase):
    """ Reading, searching, grouping and sorting agree at any moment, before any job ran. """

    START = 'mon 09:00'
    MOMENTS = (
        'mon 09:00', 'mon 10:29:59', 'mon 10:30', 'mon 10:59:59', 'mon 11:00', 'mon 11:00:01',
        'mon 14:00', 'tue 09:00', 'wed 09:00', 'wed 12:00:01',
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policies = (
            cls.create_policy('resolution', 2)
            | cls.create_policy('first_response', 1)
            | cls.create_policy('stage', 20, stage_id=cls.stage_solved.id)
        )

    def create_lives(self):
        """ Create tickets in every state that there is, on Monday 09:00 and later. """
        tickets = self.create_tickets([{} for _index in range(10)])
        answered, held, solved, late, cancelled, _untouched, moved, reopened, plain, calm = tickets
        (answered | held | solved | reopened)._register_response()
        plain.team_id = self.create_team("Without SLA", use_sla=False)
        self.create_policy('resolution', 90, priority_low=True)
        self.policies[0].write({
            'priority_medium': True, 'priority_high': True, 'priority_critical': True,
        })
        self.run_refresh()
        calm.priority = '0'
        self.move(held | moved, self.stage_customer, 'mon 10:00')
        self.move(solved | reopened, self.stage_solved, 'mon 10:30')
        self.move(cancelled, self.stage_cancel, 'mon 10:31')
        self.move(moved, self.stage_progress, 'mon 12:00')
        self.move(late, self.stage_solved, 'mon 12:30')
        self.move(reopened, self.stage_progress, 'mon 13:00')
        return tickets

    def assertAgreement(self, records, fname, states):
        """ Check that all ways to ask for a state give what is read. """
        domain = [('id', 'in', records.ids)]
        read = {
            state: records.filtered(lambda record, state=state: record[fname] == state)
            for state in states
        }
        self.assertEqual(records.browse().union(*read.values()), records)
        for state in states:
            with self.subTest(fname=fname, state=state, now=str(Datetime.now())):
                self.assertEqual(
                    set(records.search([*domain, (fname, '=', state)])), set(read[state]),
                )
                self.assertEqual(
                    set(records.search([*domain, (fname, '!=', state)])),
                    set(records - read[state]),
                )
                self.assertEqual(
                    set(records.search([*domain, (fname, 'in', [state, 'failed', 'paused'])])),
                    set(records.filtered(lambda r: r[fname] in (state, 'failed', 'paused'))),
                )
                self.assertEqual(
                    set(records.search([*domain, (fname, 'not in', [state, 'paused'])])),
                    set(records.filtered(lambda r: r[fname] not in (state, 'paused'))),
                )
        grouped = dict(records._read_group(domain, [fname], ['id:recordset']))
        self.assertEqual(
            {state: set(group) for state, group in grouped.items() if group},
            {state: set(group) for state, group in read.items() if group},
        )
        ordered = records.search(domain, order=f'{fname}, id')
        self.assertEqual(
            ordered.mapped('id'),
            ordered.sorted(lambda r: (not r[fname], r[fname] or '', r.id)).mapped('id'),
        )

    def test_ways_to_ask_agree(self):
        tickets = self.create_lives()
        states = [state for state, _label in tickets._fields['sla_state'].selection]
        seen = set()
        for moment in self.MOMENTS:
            self.go_to(moment)
            self.assertAgreement(tickets, 'sla_state', [*states, False])
            self.assertAgreement(
                tickets.sla_status_ids, 'state',
                ['running', 'paused', 'reached', 'failed', 'cancelled', 'superseded'],
            )
            seen |= set(tickets.mapped('sla_state')) | set(tickets.sla_status_ids.mapped('state'))
        self.assertEqual(seen, {
            'breached', 'approaching', 'running', 'paused', 'failed', 'reached', False,
            'cancelled', 'superseded',
        })

    def test_states_of_a_ticket_over_time(self):
        self.policies[1:].active = False
        ticket = self.create_ticket()
        for moment, state in (
            ('mon 09:00', 'running'),
            ('mon 10:29:59', 'running'),
            ('mon 10:30', 'approaching'),
            ('mon 11:00', 'approaching'),
            ('mon 11:00:01', 'breached'),
            ('tue 09:00', 'breached'),
        ):
            self.go_to(moment)
            self.assertEqual(ticket.sla_state, state, moment)

    def test_team_counters_agree_with_the_tickets(self):
        tickets = self.create_lives()
        for moment in self.MOMENTS:
            self.go_to(moment)
            of_team = tickets.filtered(lambda ticket: ticket.team_id == self.team)
            is_open = of_team.filtered(lambda ticket: not ticket.is_closed)
            for state in ('approaching', 'breached'):
                self.assertEqual(
                    self.team[f'{state}_ticket_count'],
                    len(is_open.filtered(lambda ticket, state=state: ticket.sla_state == state)),
                    f"{state} {moment}",
                )


@tagged('post_install', '-at_install')
class TestFrozenStatus(HelpdeskCase):
    """ What has ended never changes, whatever is edited later. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy('resolution', 2, pause_third_party=True)

    def setUp(self):
        super().setUp()
        self.tickets = self.create_tickets([{'priority': '1'}] * 4)
        reached, late, cancelled, superseded = self.tickets
        self.move(reached | late, self.stage_customer, 'mon 09:30')
        self.move(reached | late, self.stage_progress, 'mon 10:00')
        self.move(reached, self.stage_solved, 'mon 11:00')
        self.move(cancelled, self.stage_cancel)
        superseded.team_id = self.create_team("Without SLA", use_sla=False)
        self.move(late, self.stage_solved, 'tue 10:00')
        self.statuses = self.tickets.sla_status_ids
        self.assertEqual(
            [ticket.sla_status_ids.state for ticket in self.tickets],
            ['reached', 'failed', 'cancelled', 'superseded'],
        )
        self.frozen = self.statuses.read(FROZEN_FIELDS)

    def assertFrozen(self):
        self.run_refresh()
        self.assertEqual(self.statuses.exists().read(FROZEN_FIELDS), self.frozen)
        # not only by the job
        self.tickets._sla_refresh()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.statuses.exists().read(FROZEN_FIELDS), self.frozen)

    def test_calendar_edited(self):
        self.calendar.attendance_ids.hour_from = 14
        self.assertFrozen()

    def test_calendar_emptied(self):
        self.calendar.attendance_ids.unlink()
        self.assertFrozen()

    def test_holiday_added(self):
        self.create_closure('mon 00:00', 'tue 00:00')
        self.assertFrozen()

    def test_calendar_deleted(self):
        self.team.resource_calendar_id = self.company.resource_calendar_id = False
        self.calendar.unlink()
        self.assertFrozen()

    def test_policy_edited(self):
        self.policy.with_user(self.manager).write({
            'time': 0.5, 'name': "Other", 'target': 'first_response', 'warning_percentage': 1,
            'pause_third_party': False,
        })
        self.assertFrozen()

    def test_policy_archived(self):
        self.policy.active = False
        self.assertFrozen()

    def test_policy_deleted(self):
        self.policy.with_user(self.manager).unlink()
        self.assertFrozen()

    def test_pause_edited(self):
        self.tickets.sla_pause_ids.unlink()
        self.assertFrozen()

    def test_ticket_moved_on(self):
        self.move(self.tickets[:3], self.stage_progress, 'wed 10:00')
        self.move(self.tickets[:3], self.stage_customer, 'wed 11:00')
        self.assertFrozen()

    def test_criteria_changed(self):
        self.create_policy('resolution', 1, priority_critical=True)
        self.policy.priority_low = True
        self.tickets.priority = '3'
        self.assertFrozen()
