""" Why a deadline is what it is (requirements W5): the timeline, and its sum to the second. """

import random
from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.tests import HttpCase, tagged

from .common import HelpdeskCase, utc


class ExplanationCase(HelpdeskCase):

    def explain(self, status, user=None):
        """ Return the explanation as an agent gets it, checked for what is always true of it. """
        self.env.flush_all()
        self.env.invalidate_all()
        explanation = status.with_user(user or self.agent).get_explanation()
        moment = explanation['start']
        for segment in explanation['segments']:
            self.assertEqual(segment['start'], moment, "a gap in the timeline")
            self.assertLess(moment, segment['stop'])
            self.assertEqual(segment['is_late'], bool(
                explanation['deadline'] and segment['start'] >= explanation['deadline']
            ))
            moment = segment['stop']
        self.assertEqual(moment, explanation['stop'])
        return explanation

    def lines(self, explanation):
        """ Return the timeline in short: kind, start and stop on a clock in Warsaw. """
        return [
            (segment['kind'], Datetime.to_datetime(segment['start']),
             Datetime.to_datetime(segment['stop']))
            for segment in explanation['segments']
        ]

    def assertLines(self, explanation, expected):
        self.assertEqual(self.lines(explanation), [
            (kind, utc(start), utc(stop)) for kind, start, stop in expected
        ])

    def worked(self, explanation, late=False):
        """ Return the seconds worked before, or after, the deadline. """
        return sum(
            segment['seconds'] for segment in explanation['segments']
            if segment['kind'] == 'working' and segment['is_late'] == late
        )


@tagged('post_install', '-at_install')
class TestSlaExplanation(ExplanationCase):

    def promise(self, time=8, **values):
        policy = self.create_policy(time=time, **values)
        ticket = self.create_ticket()
        return ticket, self.status(ticket, policy)

    # === TIMELINE === #

    def test_running_until_the_deadline(self):
        self.go_to('mon 16:00')
        _ticket, status = self.promise(time=4)
        self.go_to('mon 17:30:15')
        explanation = self.explain(status)
        self.assertLines(explanation, [
            ('working', 'mon 16:00', 'mon 18:00'),
            ('closed', 'mon 18:00', 'tue 09:00'),
            ('working', 'tue 09:00', 'tue 11:00'),
        ])
        self.assertEqual(self.worked(explanation), 4 * 3600)
        self.assertEqual(explanation['promised_seconds'], 4 * 3600)
        self.assertEqual(explanation['used_seconds'], 5415)
        self.assertEqual(explanation['left_seconds'], 4 * 3600 - 5415)
        self.assertEqual(explanation['late_seconds'], 0)
        self.assertEqual(explanation['state'], 'running')
        self.assertEqual((explanation['calendar'], explanation['tz']), (
            "Support hours", 'Europe/Warsaw',
        ))

    def test_pause_says_who_and_why(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_customer, 'mon 11:00', self.agent2)
        self.move(ticket, self.stage_progress, 'wed 10:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [
            ('working', 'mon 09:00', 'mon 11:00'),
            ('paused', 'mon 11:00', 'wed 10:00'),
            ('working', 'wed 10:00', 'wed 16:00'),
        ])
        pause = explanation['segments'][1]
        self.assertEqual(pause['label'], "Waiting for the customer")
        self.assertEqual(pause['reason'], "Awaiting Customer")
        self.assertEqual(pause['user'], "Agent2")
        self.assertEqual(pause['working_seconds'], (7 + 9 + 1) * 3600, "by this much it moved")
        self.assertEqual(self.worked(explanation), 8 * 3600)

    def test_what_the_system_paused_has_no_name(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_customer, 'mon 11:00', self.env.ref('base.user_root'))
        self.go_to('mon 12:00')
        self.assertIs(self.explain(status)['segments'][1]['user'], False)

    def test_still_paused_until_now(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_customer, 'mon 11:00')
        self.go_to('tue 10:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [
            ('working', 'mon 09:00', 'mon 11:00'),
            ('paused', 'mon 11:00', 'tue 10:00'),
        ])
        self.assertIs(explanation['deadline'], False)
        self.assertEqual(explanation['state'], 'paused')
        self.assertEqual(explanation['paused_since'], Datetime.to_string(utc('mon 11:00')))
        self.assertEqual(explanation['used_seconds'], 2 * 3600)
        self.assertEqual(explanation['left_seconds'], 6 * 3600)

    def test_pause_that_does_not_count_is_named(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_supplier, 'mon 11:00')
        self.move(ticket, self.stage_progress, 'mon 12:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [('working', 'mon 09:00', 'mon 17:00')])
        self.assertEqual(
            [(pause['label'], pause['reason']) for pause in explanation['ignored_pauses']],
            [("Waiting for a third party", "Awaiting Supplier")],
        )

    def test_nothing_pauses_the_first_response(self):
        ticket, status = self.promise(target='first_response')
        self.move(ticket, self.stage_customer, 'mon 11:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [('working', 'mon 09:00', 'mon 17:00')])
        self.assertEqual(len(explanation['ignored_pauses']), 1)

    def test_holiday_has_its_name(self):
        self.create_closure('tue 00:00', 'tue 23:59:59', name="Founder's Day")
        _ticket, status = self.promise(time=12)
        explanation = self.explain(status)
        # the second before midnight belongs to the day that is closed
        self.assertLines(explanation, [
            ('working', 'mon 09:00', 'mon 18:00'),
            ('closed', 'mon 18:00', 'tue 00:00'),
            ('closure', 'tue 00:00', 'wed 00:00'),
            ('closed', 'wed 00:00', 'wed 09:00'),
            ('working', 'wed 09:00', 'wed 12:00'),
        ])
        self.assertEqual(explanation['segments'][2]['label'], "Founder's Day")

    def test_overdue_goes_on_after_the_deadline(self):
        _ticket, status = self.promise(time=4)
        self.go_to('tue 10:00:05')
        explanation = self.explain(status)
        self.assertLines(explanation, [
            ('working', 'mon 09:00', 'mon 13:00'),
            ('working', 'mon 13:00', 'mon 18:00'),
            ('closed', 'mon 18:00', 'tue 09:00'),
            ('working', 'tue 09:00', 'tue 10:00:05'),
        ])
        self.assertEqual(self.worked(explanation), 4 * 3600)
        self.assertEqual(self.worked(explanation, late=True), 6 * 3600 + 5)
        self.assertEqual(explanation['late_seconds'], 6 * 3600 + 5)
        self.assertEqual(explanation['state'], 'failed')

    def test_around_the_clock(self):
        self.team.resource_calendar_id = False
        self.company.resource_calendar_id = False
        _ticket, status = self.promise(time=30)
        explanation = self.explain(status)
        self.assertLines(explanation, [('working', 'mon 09:00', 'tue 15:00')])
        self.assertEqual((explanation['calendar'], explanation['tz']), (False, False))

    def test_hours_without_working_time(self):
        _ticket, status = self.promise()
        self.calendar.attendance_ids.unlink()
        self.run_refresh()
        self.go_to('mon 11:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [('closed', 'mon 09:00', 'mon 11:00')])
        self.assertIs(explanation['deadline'], False)
        self.assertEqual(explanation['used_seconds'], 0)

    def test_labels_in_the_language_of_the_reader(self):
        self.env['res.lang']._activate_lang('pl_PL')
        kind = self.env['ir.model.fields.selection'].search([
            ('field_id.model', '=', 'helpdesk.sla.pause'), ('value', '=', 'customer'),
        ])
        kind.with_context(lang='pl_PL').name = "Oczekiwanie na klienta"
        ticket, status = self.promise()
        self.move(ticket, self.stage_customer, 'mon 11:00')
        self.go_to('mon 12:00')
        explanation = self.explain(status.with_context(lang='pl_PL'))
        self.assertEqual(explanation['segments'][1]['label'], "Oczekiwanie na klienta")

    # === WHAT HAS ENDED === #

    def test_reached_until_then(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_solved, 'mon 11:30:30')
        self.go_to('wed 09:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [('working', 'mon 09:00', 'mon 11:30:30')])
        self.assertEqual(explanation['used_seconds'], 9030)
        self.assertEqual(explanation['result'], 'reached')
        self.assertFalse(explanation['differs'])

    def test_reached_late(self):
        ticket, status = self.promise(time=2)
        self.move(ticket, self.stage_solved, 'mon 12:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [
            ('working', 'mon 09:00', 'mon 11:00'),
            ('working', 'mon 11:00', 'mon 12:00'),
        ])
        self.assertEqual(explanation['used_seconds'], 3 * 3600)
        self.assertFalse(explanation['differs'])

    def test_canceled_until_then(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_cancel, 'mon 11:00')
        self.go_to('wed 09:00')
        explanation = self.explain(status)
        self.assertLines(explanation, [('working', 'mon 09:00', 'mon 11:00')])
        self.assertEqual(explanation['result'], 'cancelled')
        self.assertEqual(explanation['used_seconds'], 2 * 3600)
        self.assertFalse(explanation['differs'])

    def test_reopened_explains_each_cycle(self):
        policy = self.create_policy()
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 13:00')
        self.go_to('wed 09:00')
        ticket.with_user(self.agent).action_reopen()
        first = self.explain(self.status(ticket, policy))
        self.assertLines(first, [('working', 'mon 09:00', 'mon 13:00')])
        self.assertFalse(first['differs'], "what paused it afterwards did not count")
        second = self.explain(self.status(ticket, policy, cycle=2))
        self.assertLines(second, [
            ('working', 'mon 09:00', 'mon 13:00'),
            ('paused', 'mon 13:00', 'wed 09:00'),
            ('working', 'wed 09:00', 'wed 13:00'),
        ])

    def test_frozen_time_is_the_truth_when_hours_changed(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_solved, 'mon 12:00')
        self.create_closure('mon 10:00', 'mon 11:00')
        self.run_refresh()
        explanation = self.explain(status)
        self.assertTrue(explanation['differs'])
        self.assertEqual(explanation['used_seconds'], 3 * 3600, "as it was counted then")
        self.assertEqual(explanation['counted_seconds'], 2 * 3600, "as it would be today")

    def test_deadline_that_would_be_another_today_is_said(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_solved, 'mon 12:00')
        self.create_closure('mon 13:00', 'mon 14:00')
        self.assertTrue(self.explain(status)['differs'])

    # === TO THE SECOND === #

    def test_random_lives_sum_to_the_promise(self):
        """ Whatever happened on the way, the working time until the deadline is what was promised.

        The weeks contain a DST change, closures, and pauses that overlap each other.
        """
        rng = random.Random(5)
        start = utc('2026-03-20 09:00')
        for number in range(40):
            with self.subTest(number):
                day = rng.randrange(24)
                opening = start + timedelta(days=day, hours=5)
                self.env['resource.calendar.leaves'].create({
                    'name': f"Closure {number}",
                    'company_id': self.company.id,
                    'calendar_id': self.calendar.id,
                    'date_from': opening,
                    'date_to': opening + timedelta(seconds=rng.randrange(1, 40000)),
                })
                ticket = self.create_ticket()
                self.env['helpdesk.sla.pause'].create([
                    {
                        'ticket_id': ticket.id,
                        'kind': rng.choice(('customer', 'third_party', 'maintenance')),
                        'date_from': (date_from := start + timedelta(seconds=rng.randrange(10**6))),
                        'date_to': date_from + timedelta(seconds=rng.randrange(3 * 10**5)),
                    }
                    for _pause in range(rng.randrange(5))
                ])
                status = self.env['helpdesk.sla.status'].create({
                    'ticket_id': ticket.id,
                    'name': "Random",
                    'target': 'resolution',
                    'time': rng.randrange(1, 200 * 3600) / 3600,
                    'start_date': start + timedelta(seconds=rng.randrange(10**6)),
                    'cycle_date': start,
                    'resource_calendar_id': rng.choice((self.calendar.id, False)),
                    'pause_third_party': rng.choice((True, False)),
                })
                self.assertTrue(status.deadline)
                explanation = self.explain(status)
                self.assertEqual(self.worked(explanation), explanation['promised_seconds'])
                self.assertEqual(
                    explanation['promised_seconds'], round(status.time * 3600),
                )
                # and what is said to be left is what is left
                self.go_to(status.start_date + (status.deadline - status.start_date) / 3)
                explanation = self.explain(status)
                self.assertEqual(
                    explanation['used_seconds'] + explanation['left_seconds'],
                    explanation['promised_seconds'],
                )
                self.assertEqual(explanation['used_seconds'], status._get_working_time().worked(
                    status.start_date, Datetime.now(), status._get_pauses(),
                ))

    def test_row_of_the_report_opens_the_explanation(self):
        _ticket, status = self.promise()
        self.env.flush_all()
        row = self.env['helpdesk.sla.report'].with_user(self.agent).search(
            [('ticket_id', '=', status.ticket_id.id)],
        )
        self.assertEqual(row.action_explain(), status.with_user(self.agent).action_explain())

    # === ACCESS === #

    def test_only_who_may_read_the_promise_gets_it_explained(self):
        ticket, status = self.promise()
        self.move(ticket, self.stage_customer, 'mon 11:00')
        self.team.privacy_visibility = 'invited_internal'
        stranger = self.create_user('stranger', 'helpdesk_sla.group_helpdesk_user')
        ticket.message_subscribe(self.portal_client.partner_id.ids)
        for user in (stranger, self.outsider, self.portal_client):
            with self.subTest(user.name), self.assertRaises(AccessError):
                status.with_user(user).get_explanation()
        self.explain(status, self.agent)
        self.explain(status, self.leader)
        self.explain(status, self.manager)

    def test_who_paused_is_named_also_where_users_are_not_read(self):
        """ A name is not a right to the user behind it. """
        ticket, status = self.promise()
        elsewhere = self.create_user('elsewhere', 'helpdesk_sla.group_helpdesk_user')
        self.move(ticket, self.stage_customer, 'mon 11:00', elsewhere)
        elsewhere.write({
            'company_ids': [(6, 0, self.other_company.ids)], 'company_id': self.other_company.id,
        })
        self.go_to('mon 12:00')
        self.assertEqual(self.explain(status)['segments'][1]['user'], "Elsewhere")

    def test_explaining_writes_nothing(self):
        _ticket, status = self.promise()
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.execute("SET TRANSACTION READ ONLY")
        self.assertTrue(status.with_user(self.agent).get_explanation()['segments'])


@tagged('post_install', '-at_install')
class TestSlaProgress(ExplanationCase):
    """ What the bar on the ticket knows: the time used, and when it grows. """

    def progress(self, status):
        self.env.invalidate_all()
        return status.with_user(self.agent).sla_progress

    def test_grows_while_the_clock_runs(self):
        policy = self.create_policy(time=10)
        status = self.status(self.create_ticket(), policy)
        self.go_to('mon 12:00')
        self.assertEqual(self.progress(status), {
            'promised': 36000,
            'used': 3 * 3600,
            'at': Datetime.to_string(utc('mon 12:00')),
            'runs': [
                [Datetime.to_string(utc('mon 12:00')), Datetime.to_string(utc('mon 18:00'))],
                [Datetime.to_string(utc('tue 09:00')), Datetime.to_string(utc('tue 10:00'))],
            ],
        })

    def test_stands_still_while_paused(self):
        policy = self.create_policy(time=10)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 12:00')
        self.go_to('mon 15:00')
        progress = self.progress(self.status(ticket, policy))
        self.assertEqual((progress['used'], progress['runs']), (3 * 3600, []))

    def test_is_frozen_when_it_ended(self):
        policy = self.create_policy(time=10)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 12:00')
        self.create_closure('mon 10:00', 'mon 11:00')
        self.go_to('tue 15:00')
        progress = self.progress(self.status(ticket, policy))
        self.assertEqual((progress['used'], progress['runs']), (3 * 3600, []))

    def test_knows_two_days_ahead_and_no_more(self):
        policy = self.create_policy(time=100)
        progress = self.progress(self.status(self.create_ticket(), policy))
        self.assertEqual(progress['runs'][-1][1], Datetime.to_string(utc('tue 18:00')))

    def test_costs_two_queries_however_many_promises(self):
        """ The form of a ticket reads its promises and pauses anyway. """
        for time in range(1, 7):
            self.create_policy(time=time)
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.move(ticket, self.stage_progress, 'mon 11:00')
        fields = {name: {} for name in (
            'name', 'target', 'deadline', 'warning_date', 'paused_since', 'reached_date', 'result',
            'state', 'time', 'worked_hours',
        )}

        def count(**more):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            ticket.with_user(self.agent).web_read({
                'name': {},
                'company_id': {},
                'stage_id': {'fields': {'display_name': {}}},
                'sla_status_ids': {'fields': {**fields, **more}},
                'sla_pause_ids': {'fields': {'kind': {}, 'date_from': {}, 'reason': {}}},
            })
            return self.env.cr.sql_log_count - before

        count(sla_progress={})  # the working time is cached from here on
        self.assertLessEqual(count(sla_progress={}) - count(), 2)


@tagged('post_install', '-at_install')
class TestSlaExplanationTour(HelpdeskCase, HttpCase):

    def test_an_agent_asks_why(self):
        self.create_policy(time=8, name="Solved within a day")
        ticket = self.create_ticket(user_id=self.agent.id)
        self.move(ticket, self.stage_customer, 'mon 11:00')
        self.move(ticket, self.stage_progress, 'wed 10:00')
        self.start_tour(
            f'/odoo/action-helpdesk_sla.helpdesk_ticket_action_all/{ticket.id}',
            'helpdesk_sla_explanation_tour', login=self.agent.login,
        )
