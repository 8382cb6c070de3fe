""" Reopening: the time it was solved does not count, the first result stays (requirements W10). """

from odoo.tests import tagged

from .common import FROZEN_FIELDS, HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestReopen(HelpdeskCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy('resolution', 8)

    def create_solved(self, at='mon 11:00', **values):
        ticket = self.create_ticket(**values)
        self.move(ticket, self.stage_solved, at)
        return ticket

    def test_time_solved_does_not_count(self):
        ticket = self.create_solved()
        self.move(ticket, self.stage_progress, 'fri 17:00')
        second = self.status(ticket, self.policy, cycle=2)
        self.assertMoment(second.deadline, 'mon+1 14:00')
        self.assertEqual(ticket.sla_state, 'running')
        self.assertRecordValues(ticket.sla_pause_ids, [{
            'kind': 'solved', 'date_from': utc('mon 11:00'), 'date_to': utc('fri 17:00'),
        }])

    def test_first_result_stays(self):
        for at, state in (('mon 11:00', 'reached'), ('tue 11:00', 'failed')):
            self.go_to('mon 09:00')
            ticket = self.create_solved(at)
            first = self.status(ticket, self.policy)
            frozen = first.read(FROZEN_FIELDS)
            self.move(ticket, self.stage_progress, 'wed 10:00')
            self.move(ticket, self.stage_customer, 'wed 11:00')
            self.move(ticket, self.stage_solved, 'fri 17:00')
            self.assertEqual(first.read(FROZEN_FIELDS), frozen)
            self.assertEqual(first.state, state)

    def test_solved_again(self):
        ticket = self.create_solved()
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.move(ticket, self.stage_solved, 'wed 13:00')
        self.assertRecordValues(self.status(ticket, self.policy, cycle=2), [{
            'state': 'reached', 'reached_date': utc('wed 13:00'), 'worked_hours': 5,
        }])
        self.assertEqual(ticket.sla_state, 'reached')

    def test_solved_again_too_late(self):
        ticket = self.create_solved()
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.move(ticket, self.stage_solved, 'wed 17:00')
        self.assertRecordValues(self.status(ticket, self.policy, cycle=2), [{
            'state': 'failed', 'worked_hours': 9, 'deadline': utc('wed 16:00'),
        }])
        self.assertEqual(self.status(ticket, self.policy).state, 'reached')
        self.assertEqual(ticket.sla_state, 'failed')

    def test_reopened_when_the_time_is_used_up(self):
        """ A solution that came too late leaves nothing: the next one is late at once. """
        ticket = self.create_solved('tue 09:30')
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.go_to('wed 10:00:01')
        self.assertEqual(self.status(ticket, self.policy, cycle=2).state, 'failed')
        self.assertEqual(ticket.sla_state, 'breached')

    def test_reopened_twice(self):
        ticket = self.create_solved()
        for cycle, day in enumerate(('tue', 'wed'), start=2):
            self.move(ticket, self.stage_progress, f'{day} 10:00')
            self.assertEqual(ticket.reopen_count, cycle - 1)
            self.assertEqual(self.status(ticket, self.policy, cycle).state, 'running')
            self.move(ticket, self.stage_solved, f'{day} 11:00')
            self.assertEqual(
                self.status(ticket, self.policy, cycle).worked_hours, cycle + 1,
            )
        self.assertEqual(ticket.sla_status_ids.mapped('state'), ['reached'] * 3)

    def test_dates(self):
        ticket = self.create_solved()
        self.assertMoment(ticket.close_date, 'mon 11:00')
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.assertRecordValues(ticket, [{
            'close_date': False, 'reopen_date': utc('wed 10:00'), 'reopen_count': 1,
            'is_closed': False,
        }])
        self.move(ticket, self.stage_solved, 'thu 10:00')
        self.assertMoment(ticket.close_date, 'thu 10:00')

    def test_many_at_once_keep_their_counts(self):
        first, second = self.create_solved(), self.create_solved()
        self.move(first, self.stage_progress)
        self.move(first, self.stage_solved)
        (first | second).with_user(self.agent).action_reopen()
        self.assertEqual((first | second).mapped('reopen_count'), [2, 1])

    def test_reopened_into_hold(self):
        ticket = self.create_solved()
        self.move(ticket, self.stage_customer, 'wed 10:00')
        self.assertEqual(self.status(ticket, self.policy, cycle=2).state, 'paused')
        self.move(ticket, self.stage_progress, 'thu 10:00')
        self.assertMoment(self.status(ticket, self.policy, cycle=2).deadline, 'thu 16:00')

    def test_solved_from_hold_then_reopened(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.move(ticket, self.stage_solved, 'tue 10:00')
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.assertMoment(self.status(ticket, self.policy, cycle=2).deadline, 'wed 17:00')

    def test_an_answer_is_owed_once(self):
        policy = self.create_policy('first_response', 1)
        ticket = self.create_ticket()
        ticket._register_response()
        self.move(ticket, self.stage_solved, 'mon 10:00')
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.assertFalse(self.status(ticket, policy, cycle=2))

    def test_a_stage_on_the_way_is_owed_once(self):
        policy = self.create_policy('stage', 1, stage_id=self.stage_progress.id)
        ticket = self.create_solved()
        self.move(ticket, self.stage_new, 'wed 10:00')
        self.assertFalse(self.status(ticket, policy, cycle=2))

    def test_a_solved_stage_is_owed_again(self):
        policy = self.create_policy('stage', 6, stage_id=self.stage_solved.id)
        ticket = self.create_solved()
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.assertMoment(self.status(ticket, policy, cycle=2).deadline, 'wed 14:00')

    def test_cancelled_by_mistake(self):
        """ Nothing was decided: the promise goes on as if the ticket had been on hold. """
        answer = self.create_policy('first_response', 6)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_cancel, 'mon 11:00')
        self.assertEqual(set(ticket.sla_status_ids.mapped('state')), {'cancelled'})
        self.move(ticket, self.stage_progress, 'mon 13:00')
        self.assertRecordValues(self.status(ticket, self.policy, cycle=2), [{
            'state': 'running', 'deadline': utc('tue 10:00'),
        }])
        self.assertMoment(self.status(ticket, answer, cycle=2).deadline, 'mon 15:00')
        self.assertEqual(ticket.reopen_count, 1)

    def test_policy_that_applies_only_after_reopening(self):
        """ Its promise is kept for the first solution and owed for the second, as if it had
        applied from the beginning. """
        policy = self.create_policy('resolution', 8, priority_high=True)
        ticket = self.create_solved()
        self.move(ticket, self.stage_progress, 'wed 10:00')
        ticket.priority = '2'
        self.assertRecordValues(self.status(ticket, policy), [{
            'state': 'reached', 'worked_hours': 2,
        }])
        self.assertRecordValues(self.status(ticket, policy, cycle=2), [{
            'state': 'running', 'deadline': utc('wed 16:00'),
        }])

    def test_superseded_promise_returns_after_reopening(self):
        self.policy.priority_medium = True
        high = self.create_policy('resolution', 4, priority_high=True)
        ticket = self.create_ticket()
        self.go_to('mon 10:00')
        ticket.priority = '2'
        self.move(ticket, self.stage_solved, 'mon 11:00')
        self.move(ticket, self.stage_progress, 'wed 10:00')
        ticket.priority = '1'
        self.assertEqual(self.status(ticket, high).state, 'reached')
        self.assertEqual(self.status(ticket, high, cycle=2).state, 'superseded')
        current = ticket.sla_status_ids.filtered(lambda status: not status.result)
        self.assertEqual(current.sla_id, self.policy)
        self.assertMoment(current.deadline, 'wed 16:00')

    def test_policy_that_promises_something_else_after_reopening(self):
        """ What the policy promises now was reached by the first solution and is owed again. """
        policy = self.create_policy('first_response', 20)
        ticket = self.create_solved()
        self.move(ticket, self.stage_progress, 'mon 12:00')
        policy.target = 'resolution'
        self.run_refresh()
        self.assertEqual(self.status(ticket, policy).state, 'reached')
        self.assertEqual(self.status(ticket, policy, cycle=2).state, 'running')

    def test_customer_answers_a_closed_ticket(self):
        self.team.reopen_stage_id = self.stage_progress
        ticket = self.create_solved(partner_id=self.client_contact.id)
        self.go_to('wed 10:00')
        ticket.with_user(self.portal_client).message_post(
            body="It burns again", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertEqual(ticket.stage_id, self.stage_progress)
        self.assertEqual(ticket.reopen_count, 1)
        self.assertEqual(self.status(ticket, self.policy, cycle=2).state, 'running')
