""" What the reports say, by worked examples (requirements H9). """

from ast import literal_eval

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import HelpdeskCase, utc


class ReportCase(HelpdeskCase):

    def lines(self, model, user=None, **domain):
        self.env.flush_all()
        return self.env[model].with_user(user or self.manager).search([
            ('company_id', '=', self.company.id),
            *((fname, '=', value) for fname, value in domain.items()),
        ])

    def aggregate(self, model, groupby, *aggregates, domain=()):
        """ Return what a pivot reads: by group, in the words of the record or value. """
        self.env.flush_all()
        rows = self.env[model].with_user(self.manager).with_context(
            tz='Europe/Warsaw',
        )._read_group(
            [('company_id', '=', self.company.id), *domain], [groupby], list(aggregates),
        )
        # empty and zero are different things, whatever Python says of False
        rows = [(group, [None if v is False else v for v in values]) for group, *values in rows]
        return {group: values[0] if len(values) == 1 else tuple(values) for group, values in rows}


@tagged('post_install', '-at_install')
class TestTicketMeasures(ReportCase):
    """ The facts on the ticket: working hours of the team, frozen when they happen. """

    def test_a_new_ticket_has_measured_nothing(self):
        ticket = self.create_ticket()
        self.assertRecordValues(ticket, [{
            'assign_hours': 0, 'first_response_hours': 0, 'close_hours': 0, 'close_hours_net': 0,
            'response_count': 0, 'response_hours_total': 0,
        }])

    def test_the_weekend_does_not_count(self):
        self.go_to('fri 17:00')
        ticket = self.create_ticket()
        self.go_to('mon+1 10:30')
        ticket.user_id = self.agent
        self.assertEqual(ticket.assign_hours, 2.5)

    def test_nights_do_not_count(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'tue 11:00')
        self.assertEqual(ticket.close_hours, 11)

    def test_lunch_does_not_count(self):
        self.team.resource_calendar_id = self.create_calendar(hours=((9, 12), (13, 18)))
        self.go_to('mon 11:30')
        ticket = self.create_ticket()
        self.go_to('mon 13:15')
        ticket._register_response()
        self.assertEqual(ticket.first_response_hours, 0.75)

    def test_holidays_do_not_count(self):
        self.create_closure('tue 00:00', 'wed 00:00')
        self.go_to('mon 17:00')
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'wed 10:00')
        self.assertEqual(ticket.close_hours, 2)

    def test_waiting_counts_in_one_of_the_two(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 10:00')
        self.move(ticket, self.stage_progress, 'mon 14:00')
        self.move(ticket, self.stage_supplier, 'mon 15:00')
        self.move(ticket, self.stage_solved, 'mon 17:00')
        self.assertEqual(ticket.close_hours, 8)
        self.assertEqual(ticket.close_hours_net, 2)

    def test_reopened_the_time_it_was_solved_does_not_count(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 11:00')
        self.assertEqual(ticket.close_hours, 2)
        self.move(ticket, self.stage_progress, 'wed 09:00')
        self.assertEqual(ticket.close_hours, 0)
        self.move(ticket, self.stage_solved, 'wed 12:00')
        self.assertEqual(ticket.close_hours, 5)
        self.assertEqual(ticket.close_hours_net, 5)

    def test_the_first_assignment_counts(self):
        ticket = self.create_ticket()
        self.go_to('mon 10:00')
        ticket.user_id = self.agent
        self.go_to('mon 15:00')
        ticket.user_id = self.agent2
        self.assertEqual(ticket.assign_hours, 1)

    def test_facts_stay_when_working_hours_change(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        self.go_to('mon 13:00')
        ticket._register_response()
        self.env.flush_all()
        self.calendar.attendance_ids.hour_from = 12
        self.move(ticket, self.stage_solved, 'mon 15:00')
        self.run_refresh()
        self.assertEqual(ticket.first_response_hours, 4, "taken when the day began at nine")
        self.assertEqual(ticket.close_hours, 3, "taken when the day began at noon")

    def test_facts_stay_when_the_team_changes(self):
        ticket = self.create_ticket()
        self.go_to('mon 13:00')
        ticket._register_response()
        self.env.flush_all()
        night = self.create_calendar(hours=((18, 24),))
        ticket.team_id = self.create_team("Night", resource_calendar_id=night.id)
        self.env.flush_all()
        self.assertEqual(ticket.first_response_hours, 4)

    def test_around_the_clock_without_working_hours(self):
        self.team.resource_calendar_id = False
        self.company.resource_calendar_id = False
        self.go_to('fri 17:00')
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'sat 17:00')
        self.assertEqual(ticket.close_hours, 24)

    def test_answers_are_counted_with_their_hours(self):
        ticket = self.create_ticket()
        ticket._count_response(utc('mon 09:00'), utc('mon 10:00'))
        ticket._count_response(utc('fri 17:00'), utc('mon+1 11:00'))
        ticket._count_response(False, utc('mon+1 12:00'))
        self.assertEqual(ticket.response_count, 2, "nobody waited for the third")
        self.assertEqual(ticket.response_hours_total, 4)

    def test_answers_in_the_thread_are_counted(self):
        def post(user, moment):
            self.go_to(moment)
            self.env['helpdesk.ticket'].browse(ticket.id).with_user(user).sudo().message_post(
                body="Text", author_id=user.partner_id.id, message_type='comment',
                subtype_xmlid='mail.mt_comment',
            )
            self.env.flush_all()

        ticket = self.create_ticket(partner_id=self.client_contact.id)
        post(self.agent, 'mon 10:00')
        post(self.agent, 'mon 10:30')  # nobody waits
        post(self.portal_client, 'mon 17:00')
        post(self.portal_client, 'mon 17:30')  # the oldest unanswered message counts
        post(self.agent, 'tue 10:00')
        self.assertEqual((ticket.response_count, ticket.response_hours_total), (2, 3))
        self.assertEqual(ticket.first_response_hours, 1)

    def test_nobody_writes_measures_by_hand(self):
        ticket = self.create_ticket()
        for fname in ticket._get_measure_fields():
            with self.subTest(fname=fname), self.assertRaises(AccessError):
                ticket.with_user(self.agent)[fname] = 1

    def test_a_copy_has_measured_nothing(self):
        ticket = self.create_ticket()
        ticket._count_response(utc('mon 09:00'), utc('mon 10:00'))
        self.move(ticket, self.stage_solved, 'mon 11:00')
        copy = ticket.copy()
        self.assertFalse(copy.close_hours or copy.response_count)

    def test_many_are_measured_at_once(self):
        def count(tickets):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            tickets.modified(['open_date', 'close_date'])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        tickets = self.create_tickets([{'user_id': self.agent.id}] * 20)
        self.move(tickets, self.stage_customer, 'mon 10:00')
        self.move(tickets, self.stage_solved, 'mon 12:00')
        count(tickets)
        self.assertEqual(count(tickets[:2]), count(tickets))
        self.assertEqual(set(tickets.mapped('close_hours_net')), {1})


@tagged('post_install', '-at_install')
class TestTicketReport(ReportCase):
    """ One row a ticket; what has not happened is in no average.

    +-----------+----------------------+-------------------------------------------------------+
    | ticket    | priority, client     | what happened                                         |
    +-----------+----------------------+-------------------------------------------------------+
    | quick     | medium, client       | Mon 09:00, assigned and answered 10:00, solved 11:00  |
    | slow      | critical, client     | Mon 09:00, assigned 13:00, solved Tue 11:00           |
    | cancelled | medium, other client | Mon 09:00, canceled 12:00                             |
    | fresh     | medium, nobody       | Tue 09:00                                             |
    +-----------+----------------------+-------------------------------------------------------+
    """

    def setUp(self):
        super().setUp()
        self.quick = self.create_ticket(partner_id=self.client_contact.id)
        self.slow = self.create_ticket(partner_id=self.client.id, priority='3')
        self.cancelled = self.create_ticket(partner_id=self.other_contact.id)
        self.go_to('mon 10:00')
        self.quick.user_id = self.agent
        self.quick._register_response()
        self.move(self.quick, self.stage_solved, 'mon 11:00')
        self.move(self.cancelled, self.stage_cancel, 'mon 12:00')
        self.go_to('mon 13:00')
        self.slow.user_id = self.agent2
        self.go_to('tue 09:00')
        self.fresh = self.create_ticket()
        self.move(self.slow, self.stage_solved, 'tue 11:00')
        self.go_to('wed 09:00')

    def test_averages_are_of_what_has_happened(self):
        rows = self.aggregate(
            'helpdesk.ticket.report', 'team_id',
            '__count', 'assign_hours:avg', 'first_response_hours:avg', 'close_hours:avg',
        )
        self.assertEqual(rows, {self.team: (4, 2.5, 1.0, 6.5)})

    def test_counts_by_client(self):
        rows = self.aggregate(
            'helpdesk.ticket.report', 'commercial_partner_id',
            'open_count:sum', 'solved_count:sum', 'cancelled_count:sum',
        )
        self.assertEqual(rows, {
            self.client: (0, 2, 0),
            self.other_client: (0, 0, 1),
            self.client.browse(): (1, 0, 0),
        })

    def test_age_is_of_open_tickets(self):
        rows = self.aggregate('helpdesk.ticket.report', 'is_closed', 'age_days:avg')
        self.assertEqual(rows, {False: 1.0, True: None})
        report = self.lines('helpdesk.ticket.report', ticket_id=self.slow.id)
        self.assertEqual(report.open_hours, 26)

    def test_reopened_tickets_are_counted(self):
        self.move(self.quick, self.stage_progress)
        self.move(self.quick, self.stage_solved, 'wed 10:00')
        self.move(self.quick, self.stage_progress, 'wed 11:00')
        rows = self.aggregate(
            'helpdesk.ticket.report', 'team_id', 'reopened_ticket_count:sum', 'reopen_count:sum',
        )
        self.assertEqual(rows, {self.team: (1, 2)})

    def test_the_average_answer_is_one_of_all_answers(self):
        # after the first answer, which took an hour as well
        self.quick._count_response(utc('mon 10:00'), utc('mon 11:00'))
        self.quick._count_response(utc('mon 11:00'), utc('mon 12:00'))
        self.slow._count_response(utc('mon 09:00'), utc('mon 14:00'))
        rows = self.aggregate(
            'helpdesk.ticket.report', 'team_id', 'response_hours:avg', 'response_count:sum',
        )
        self.assertEqual(rows, {self.team: (2.0, 4)}, "not 3, the average of the tickets' averages")
        rows = self.aggregate('helpdesk.ticket.report', 'priority', 'response_hours:avg')
        self.assertEqual(rows, {'1': 1.0, '3': 5.0})

    def test_the_sla_state_is_the_tickets_own(self):
        self.create_policy('resolution', 8.0)
        self.run_refresh()
        for moment, expected in (('tue 10:00', 'running'), ('tue 17:00:01', 'breached')):
            self.go_to(moment)
            report = self.lines('helpdesk.ticket.report', ticket_id=self.fresh.id)
            self.assertEqual(report.sla_state, self.fresh.sla_state)
            self.assertEqual(report.sla_state, expected)

    def test_archived_tickets_are_left_out(self):
        self.quick.active = False
        self.assertNotIn(self.quick, self.lines('helpdesk.ticket.report').ticket_id)
        self.assertEqual(
            self.lines('helpdesk.ticket.report', active=False).ticket_id.ids, self.quick.ids,
        )

    def test_a_line_opens_its_ticket(self):
        for model in ('helpdesk.ticket.report', 'helpdesk.backlog.report'):
            action = self.lines(model, user=self.agent, ticket_id=self.slow.id)[
                :1
            ].action_open_ticket()
            self.assertEqual(
                (action['res_model'], action['res_id']), ('helpdesk.ticket', self.slow.id),
            )


@tagged('post_install', '-at_install')
class TestSlaReport(ReportCase):

    MODEL = 'helpdesk.sla.report'

    def setUp(self):
        super().setUp()
        self.policy = self.create_policy('resolution', 8.0)

    def line(self, ticket, policy=None, cycle=1):
        return self.lines(
            self.MODEL, ticket_id=ticket.id, sla_id=(policy or self.policy).id, cycle=cycle,
        )

    def compliance(self, groupby, **kwargs):
        return self.aggregate(self.MODEL, groupby, 'compliance:avg', **kwargs)

    def test_compliance_by_group(self):
        urgent = self.create_policy('first_response', 1.0, priority_critical=True)
        kept, broken, mixed, running = self.create_tickets([
            {'partner_id': self.client_contact.id, 'user_id': self.agent.id},
            {'partner_id': self.client.id, 'user_id': self.agent2.id},
            {'partner_id': self.other_contact.id, 'user_id': self.agent.id, 'priority': '3'},
            {'partner_id': self.other_contact.id, 'user_id': self.agent2.id},
        ])
        self.move(kept, self.stage_solved, 'mon 12:00')
        self.move(mixed, self.stage_solved)
        self.move(running, self.stage_customer)
        self.move(broken, self.stage_solved, 'tue 10:00')
        self.assertEqual(self.compliance('team_id'), {self.team: 50.0})
        self.assertEqual(self.compliance('sla_id'), {
            self.policy: 200 / 3, urgent: 0.0,
        })
        self.assertEqual(self.compliance('target'), {'resolution': 200 / 3, 'first_response': 0.0})
        self.assertEqual(self.compliance('priority'), {'1': 50.0, '3': 50.0})
        self.assertEqual(self.compliance('commercial_partner_id'), {
            self.client: 50.0, self.other_client: 50.0,
        })
        self.assertEqual(self.compliance('user_id'), {self.agent: 200 / 3, self.agent2: 0.0})
        self.assertEqual(
            self.aggregate(
                self.MODEL, 'company_id',
                'reached_count:sum', 'failed_count:sum', 'running_count:sum',
            ),
            {self.company: (2, 2, 1)},
        )

    def test_failed_without_a_job(self):
        ticket = self.create_ticket()
        self.go_to('mon 17:00')
        self.assertEqual(self.line(ticket).state, 'running')
        self.assertEqual(self.compliance('team_id'), {self.team: None})
        self.go_to('mon 17:00:01')
        self.assertEqual(self.line(ticket).state, 'failed')
        self.assertEqual(self.line(ticket).state, self.status(ticket, self.policy).state)
        self.assertMoment(self.line(ticket).outcome_date, 'mon 17:00')
        self.assertEqual(self.compliance('team_id'), {self.team: 0.0})
        self.go_to('mon 18:30')
        self.assertEqual(self.line(ticket).overdue_hours, 1.5)

    def test_paused_never_failed(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_customer, 'mon 16:00')
        self.go_to('fri 12:00')
        self.assertEqual(self.line(ticket).state, 'paused')
        self.assertEqual(self.line(ticket).running_count, 1)

    def test_hours_late_are_working_hours(self):
        self.go_to('fri 10:00')
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon+1 11:30')
        line = self.line(ticket)
        self.assertRecordValues(line, [{
            'state': 'failed', 'time': 8.0, 'worked_hours': 10.5, 'hours_late': 2.5,
        }])
        self.assertMoment(line.outcome_date, 'fri 18:00')

    def test_the_first_result_stays_after_reopening(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 12:00')
        self.move(ticket, self.stage_progress, 'tue 09:00')
        self.go_to('fri 09:00')
        self.assertEqual(self.line(ticket, cycle=2).state, 'failed')
        self.assertFalse(self.line(ticket, cycle=2).is_counted)
        self.assertEqual(self.compliance('team_id'), {self.team: 100.0})

    def test_canceled_by_mistake_the_next_cycle_counts(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_cancel, 'mon 12:00')
        self.assertEqual(self.compliance('team_id'), {self.team: None})
        self.move(ticket, self.stage_progress, 'mon 13:00')
        self.go_to('fri 09:00')
        self.assertTrue(self.line(ticket, cycle=2).is_counted)
        self.assertEqual(self.compliance('team_id'), {self.team: 0.0})

    def test_superseded_does_not_count(self):
        self.policy.priority_medium = True
        other = self.create_policy('resolution', 1.0, priority_critical=True)
        ticket = self.create_ticket()
        ticket.priority = '3'
        self.move(ticket, self.stage_solved, 'mon 09:30')
        self.assertEqual(self.line(ticket).state, 'superseded')
        self.assertFalse(self.line(ticket).is_counted)
        self.assertEqual(self.compliance('sla_id'), {self.policy: None, other: 100.0})

    def test_every_answer_counts(self):
        self.policy.active = False
        policy = self.create_policy('next_response', 2.0)
        ticket = self.create_ticket()
        values = {
            'ticket_id': ticket.id, 'sla_id': policy.id, 'name': policy.name,
            'target': 'next_response', 'time': 2, 'start_date': utc('mon 09:00'),
            'cycle_date': utc('mon 09:00'), 'end_date': utc('mon 09:00'),
        }
        ticket.sla_status_ids.unlink()
        self.env['helpdesk.sla.status'].create([
            {**values, 'cycle': 1, 'result': 'reached', 'reached_date': utc('mon 09:00')},
            {**values, 'cycle': 2, 'result': 'failed'},
            {**values, 'cycle': 3, 'result': 'reached', 'reached_date': utc('mon 09:00')},
            {**values, 'cycle': 4, 'result': 'reached', 'reached_date': utc('mon 09:00')},
        ])
        self.assertEqual(self.compliance('target'), {'next_response': 75.0})

    def test_a_month_that_is_over_does_not_change(self):
        self.go_to('2026-03-31 10:00')
        late = self.create_ticket()
        self.move(late, self.stage_solved, '2026-04-02 10:00')
        open_ticket = self.create_ticket()
        self.assertEqual(
            {month.month: count for month, count in self.aggregate(
                self.MODEL, 'outcome_date:month', '__count', domain=[('is_counted', '=', True)],
            ).items()},
            {3: 1}, "broken when its deadline passed, whenever it was solved",
        )
        self.assertFalse(self.line(open_ticket).outcome_date)

    def test_the_result_outlives_its_policy(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 10:00')
        name = self.policy.name
        self.policy.unlink()
        self.assertEqual(self.compliance('name'), {name: 100.0})


@tagged('post_install', '-at_install')
class TestBacklogReport(ReportCase):

    def backlog(self, day):
        """ Return how many tickets were open at the end of a day, as the graph adds it up. """
        [(balance,)] = self.env['helpdesk.backlog.report'].with_user(self.manager)._read_group(
            [('company_id', '=', self.company.id), ('date', '<', utc(f'{day} 23:59'))],
            [], ['balance:sum'],
        )
        return balance or 0

    def test_the_running_total_is_the_backlog(self):
        first, second = self.create_tickets([{}, {}])
        self.move(first, self.stage_solved, 'tue 10:00')
        self.go_to('tue 11:00')
        third = self.create_ticket()
        self.move(first, self.stage_customer, 'wed 10:00')
        self.move(third, self.stage_cancel)
        self.move(first, self.stage_cancel, 'thu 10:00')
        self.move(first, self.stage_solved, 'thu 11:00')
        self.go_to('fri 10:00')
        self.assertEqual(
            [self.backlog(day) for day in ('2026-03-01', 'mon', 'tue', 'wed', 'thu')],
            [0, 2, 2, 2, 1],
        )
        self.assertEqual(second.is_closed, False)

    def test_what_came_in_and_what_was_done(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved, 'mon 12:00')
        self.move(ticket, self.stage_progress, 'tue 12:00')
        self.assertEqual(
            self.aggregate('helpdesk.backlog.report', 'event', '__count', 'balance:sum'),
            {'opened': (1, 1), 'closed': (1, -1), 'reopened': (1, 1)},
        )

    def test_the_sum_is_what_is_open_now(self):
        """ Whatever the life of a ticket was. """
        lives = [
            [], [self.stage_solved], [self.stage_cancel, self.stage_new],
            [self.stage_customer, self.stage_solved, self.stage_cancel],
            [self.stage_solved, self.stage_new, self.stage_solved, self.stage_customer],
            [self.stage_solved, self.stage_new, self.stage_cancel],
        ]
        tickets = self.create_tickets([{}] * len(lives) + [{'stage_id': self.stage_solved.id}])
        for ticket, life in zip(tickets, lives):
            for hour, stage in enumerate(life):
                self.move(ticket, stage, f'tue {10 + hour}:00')
        self.move(tickets[-1], self.stage_progress, 'wed 09:00')
        balances = self.aggregate('helpdesk.backlog.report', 'ticket_id', 'balance:sum')
        for ticket in tickets:
            self.assertEqual(balances[ticket], int(not ticket.is_closed), ticket.stage_history)
        lines = self.lines('helpdesk.backlog.report')
        self.assertEqual(len(lines), len(set(lines.ids)))

    def test_an_imported_history_is_taken_from_the_dates(self):
        ticket = self.env['helpdesk.ticket'].create({
            'name': "Imported", 'team_id': self.team.id, 'stage_id': self.stage_solved.id,
            'open_date': utc('mon 09:00'), 'close_date': utc('mon 10:00'), 'reopen_count': 2,
        })
        self.assertEqual(
            self.lines('helpdesk.backlog.report', ticket_id=ticket.id).mapped('date'),
            [utc('mon 10:00'), utc('mon 09:00')],
        )


@tagged('post_install', '-at_install')
class TestReportAccess(ReportCase):
    """ A report shows of tickets what the tickets' own rules show. """

    MODELS = ('helpdesk.sla.report', 'helpdesk.ticket.report', 'helpdesk.backlog.report')

    def setUp(self):
        super().setUp()
        self.create_policy()
        self.visible = self.create_ticket()
        hidden_team = self.create_team("Hidden", privacy_visibility='invited_internal')
        self.hidden = self.create_tickets([{'team_id': hidden_team.id}], user=self.manager)
        theirs = self.env['helpdesk.team'].with_company(self.other_company).create({
            'name': "Theirs", 'stage_ids': self.team.stage_ids.ids,
            'company_id': self.other_company.id,
        })
        self.create_policy(company_id=self.other_company.id)
        self.theirs = self.create_tickets([{'team_id': theirs.id}], user=self.env.user)
        self.env.flush_all()

    def test_users_find_in_reports_the_tickets_they_find(self):
        tickets = self.visible | self.hidden | self.theirs
        for model in self.MODELS:
            found = self.env[model].with_user(self.agent).search(
                [('ticket_id', 'in', tickets.ids)],
            )
            self.assertEqual(found.ticket_id.ids, self.visible.ids, model)
            found = self.env[model].with_user(self.manager).search(
                [('ticket_id', 'in', tickets.ids)],
            )
            self.assertEqual(
                set(found.ticket_id.ids), set((self.visible | self.hidden).ids), model,
            )

    def test_outsiders_and_customers_get_nothing(self):
        for user in (self.outsider, self.portal_client):
            for model in self.MODELS:
                with self.subTest(user=user.name, model=model), self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])
            with self.assertRaises(AccessError):
                self.env['helpdesk.team'].with_user(user).get_wall_data()

    def test_nobody_writes(self):
        for model in self.MODELS:
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.manager).search([], limit=1).write(
                    {'priority': '0'},
                )


@tagged('post_install', '-at_install')
class TestFavourites(ReportCase):
    """ The shared favourites: everybody finds them, and they work. """

    def setUp(self):
        super().setUp()
        data = self.env['ir.model.data'].search([
            ('module', '=', 'helpdesk_sla'), ('model', '=', 'ir.filters'),
        ])
        self.filters = self.env['ir.filters'].browse(data.mapped('res_id'))

    def test_favourites_search_and_group(self):
        self.assertTrue(self.filters)
        self.create_policy()
        self.create_ticket()
        self.env.flush_all()
        for favourite in self.filters:
            with self.subTest(favourite=favourite.name):
                model = self.env[favourite.model_id].with_user(self.agent)
                context = literal_eval(favourite.context)
                domain = favourite._get_eval_domain()
                model.search(domain)
                measure = model._fields.get(context['graph_measure'])
                if measure and measure.aggregator == 'avg' and len(context['graph_groupbys']) > 1:
                    self.assertIs(context['graph_stacked'], False, "averages do not add up")
                measures = [
                    *context.get('pivot_measures', []), context['graph_measure'],
                ]
                aggregates = [
                    name if name == '__count' else f'{name}:{model._fields[name].aggregator}'
                    for name in dict.fromkeys(measures)
                ]
                for key in (
                    'group_by', 'graph_groupbys', 'pivot_row_groupby', 'pivot_column_groupby',
                ):
                    model.formatted_read_group(domain, context.get(key, []), aggregates)

    def test_favourites_are_offered_to_everybody_where_they_belong(self):
        for favourite in self.filters:
            action = self.env['ir.actions.act_window'].browse(favourite.action_id.id)
            self.assertEqual(action.res_model, favourite.model_id)
            offered = self.env['ir.filters'].with_user(self.agent).get_filters(
                favourite.model_id, action.id,
            )
            self.assertIn(favourite.id, [each['id'] for each in offered])

    def test_failed_this_week(self):
        favourite = self.env.ref('helpdesk_sla.filter_sla_report_failed_week')
        self.create_policy('resolution', 8.0)
        self.go_to('2026-02-26 09:00')
        self.create_ticket()
        self.go_to('mon 09:00')
        ticket = self.create_ticket()
        self.go_to('tue 10:00')
        self.env.flush_all()
        found = self.env['helpdesk.sla.report'].with_user(self.agent).search(
            [*favourite._get_eval_domain(), ('company_id', '=', self.company.id)],
        )
        self.assertEqual(found.ticket_id.ids, ticket.ids)

    def test_views_of_the_reports_load(self):
        for model in TestReportAccess.MODELS:
            reports = self.env[model].with_user(self.agent)
            views = reports.get_views([
                (False, view_type) for view_type in ('graph', 'pivot', 'list', 'search')
            ])['views']
            for view_type in ('graph', 'pivot', 'list', 'search'):
                self.assertTrue(views[view_type]['arch'])


@tagged('post_install', '-at_install')
class TestWall(ReportCase):
    """ The live dashboard: what is shown is what opens. """

    START = 'mon 09:00'

    def setUp(self):
        super().setUp()
        self.other_team = self.create_team("Another Team", member_ids=self.agent.ids)
        self.create_policy('resolution', 8.0, warning_percentage=75)
        self.solved_late = self.create_ticket(user_id=self.agent.id)
        self.breached = self.create_ticket(user_id=self.agent.id, priority='3')
        self.waiting = self.create_ticket(user_id=self.agent.id)
        self.cancelled = self.create_ticket(user_id=self.agent.id)
        self.move(self.waiting, self.stage_customer, 'mon 09:30')
        self.move(self.cancelled, self.stage_cancel, 'mon 10:00')
        self.go_to('mon 11:05')
        self.approaching = self.create_ticket(user_id=self.agent2.id)
        self.go_to('tue 09:00')
        self.fresh = self.create_ticket()
        self.elsewhere = self.create_ticket(team_id=self.other_team.id)
        self.move(self.solved_late, self.stage_solved, 'tue 09:30')
        self.fast = self.create_ticket(user_id=self.agent.id)
        self.go_to('tue 09:45')
        self.fast._register_response()
        self.move(self.fast, self.stage_solved, 'tue 09:50')
        self.go_to('tue 10:00')

    def get_data(self, user=None, teams=None):
        self.env.flush_all()
        return self.env['helpdesk.team'].with_user(user or self.agent).with_context(
            tz='Europe/Warsaw', allowed_company_ids=self.company.ids,
        ).get_wall_data(teams and teams.ids)

    def values(self, data):
        return {name: figure['value'] for name, figure in data['figures'].items()}

    def test_figures(self):
        self.assertEqual(self.values(self.get_data(teams=self.team)), {
            'open': 4, 'unassigned': 1, 'approaching': 1, 'breached': 1, 'waiting_customer': 1,
            'solved_today': 2, 'compliance': 100 / 3, 'first_response': 0.25,
        })

    def test_every_figure_and_bar_equals_the_list_that_it_opens(self):
        for teams in (self.team, self.team | self.other_team, None):
            data = self.get_data(teams=teams)
            for name, figure in data['figures'].items():
                records = self.env[figure['model']].with_user(self.agent).with_context(
                    tz='Europe/Warsaw',
                ).search(figure['domain'])
                if figure['model'] == 'helpdesk.ticket':
                    self.assertEqual(figure['value'], len(records), name)
                else:
                    field = {'compliance': 'compliance', 'first_response': 'first_response_hours'}
                    values = records.mapped(field[name])
                    self.assertAlmostEqual(figure['value'], sum(values) / len(values), msg=name)
            for bar in data['team_loads'] + data['agent_loads']:
                self.assertEqual(
                    bar['open'],
                    self.env['helpdesk.ticket'].with_user(self.agent).search_count(bar['domain']),
                    bar['name'],
                )

    def test_figures_are_those_of_the_cards(self):
        data = self.get_data(teams=self.team)
        team = self.team.with_user(self.agent)
        for name in ('open', 'unassigned', 'approaching', 'breached', 'waiting_customer'):
            self.assertEqual(data['figures'][name]['value'], team[f'{name}_ticket_count'], name)

    def test_tickets_in_the_order_of_their_deadlines(self):
        data = self.get_data(teams=self.team)
        self.assertEqual(
            [ticket['id'] for ticket in data['deadlines']],
            (self.approaching | self.fresh).ids,
        )
        self.assertEqual([ticket['id'] for ticket in data['breached']], self.breached.ids)
        self.assertEqual(data['breached'][0]['user'], "Agent")
        self.assertEqual(data['breached'][0]['deadline'], '2026-03-02 16:00:00')

    def test_bars_of_teams_and_agents(self):
        data = self.get_data(teams=self.team | self.other_team)
        self.assertEqual(
            {bar['name']: (bar['open'], bar['unassigned'], bar['approaching'], bar['breached'])
             for bar in data['team_loads']},
            {"Support": (4, 1, 1, 1), "Another Team": (1, 1, 0, 0)},
        )
        self.assertEqual(
            [(bar['name'], bar['open'], bar['breached']) for bar in data['agent_loads']],
            [("Agent", 2, 1), ("Agent2", 1, 0)],
        )

    def test_who_has_nothing_to_do_is_shown(self):
        self.team.member_ids |= self.leader
        self.assertIn(
            ("Leader", 0),
            [(bar['name'], bar['open']) for bar in self.get_data(teams=self.team)['agent_loads']],
        )

    def test_backlog_of_thirty_days(self):
        backlog = self.get_data(teams=self.team)['backlog']
        self.assertEqual(len(backlog), 30)
        self.assertEqual(backlog[-3:], [
            {'date': '2026-03-01', 'count': 0},
            {'date': '2026-03-02', 'count': 4},
            {'date': '2026-03-03', 'count': 4},
        ])

    def test_the_day_is_that_of_the_user(self):
        self.go_to('tue 23:30')
        late = self.create_ticket(team_id=self.other_team.id)
        self.go_to('tue 23:45')
        backlog = self.get_data(teams=self.other_team)['backlog']
        self.assertEqual(backlog[-1], {'date': '2026-03-03', 'count': 2})
        self.move(late, self.stage_solved, 'wed 00:15')
        data = self.get_data(teams=self.other_team)
        self.assertEqual([day['count'] for day in data['backlog'][-2:]], [2, 1])
        self.assertEqual(data['figures']['solved_today']['value'], 1)

    def test_nothing_to_judge_is_not_zero(self):
        team = self.create_team("New Team")
        values = self.values(self.get_data(teams=team))
        self.assertIs(values['compliance'], False)
        self.assertIs(values['first_response'], False)

    def test_teams_that_the_user_does_not_see_are_left_out(self):
        hidden = self.create_team("Hidden", privacy_visibility='invited_internal')
        self.create_tickets([{'team_id': hidden.id}], user=self.manager)
        data = self.get_data()
        self.assertNotIn(hidden.id, [team['id'] for team in data['teams']])
        self.assertEqual(data['figures']['open']['value'], 5)
        self.assertEqual(self.get_data(teams=hidden)['team_ids'], [])
        self.assertEqual(
            self.get_data(user=self.manager, teams=hidden)['figures']['open']['value'], 1,
        )

    def test_as_many_queries_for_many_as_for_few(self):
        def count_queries(teams):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.get_data(teams=teams)
            return self.env.cr.sql_log_count - before

        many = self.team.union(*(
            self.create_team(f"Team {index}", member_ids=(self.agent | self.agent2).ids)
            for index in range(10)
        ))
        self.create_tickets([
            {'team_id': team.id, 'user_id': user.id}
            for team in many for user in (self.agent, self.agent2, self.leader)
        ])
        count_queries(many)
        few = count_queries(self.team)
        self.assertEqual(few, count_queries(many))
        self.assertLessEqual(few, 40)
