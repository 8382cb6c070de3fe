""" A ticket from its creation, whatever it begins with, to its copy. """

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase, utc

# what the clocks and their results are read from; users must not write it by hand
ENGINE_VALUES = {
    'ticket_ref': "HT99999",
    'open_date': '2026-03-01 09:00:00',
    'assign_date': '2026-03-01 09:00:00',
    'first_response_date': '2026-03-01 09:00:00',
    'close_date': '2026-03-01 09:00:00',
    'reopen_date': '2026-03-01 09:00:00',
    'reopen_count': 7,
    'date_last_stage_update': '2026-03-01 09:00:00',
    'stage_history': [[1, '2026-03-01 09:00:00', 'open']],
    'stage_type': 'solved',
    'is_closed': True,
    'sla_deadline': '2026-03-09 09:00:00',
    'sla_warning_date': '2026-03-09 09:00:00',
    'sla_paused_since': '2026-03-01 09:00:00',
    'sla_result': 'reached',
    'sla_stale': True,
}


@tagged('post_install', '-at_install')
class TestTicketCreate(HelpdeskCase):
    """ Intake never fails (sla.md rule 4; issue, "Bad input"). """

    def get_warnings(self):
        return self.team.activity_ids.filtered('automated')

    def test_calendar_that_became_empty(self):
        policy = self.create_policy('resolution', 4)
        self.calendar.attendance_ids.unlink()
        ticket = self.create_ticket()
        self.assertFalse(self.status(ticket, policy).deadline)
        self.assertFalse(ticket.sla_deadline)
        self.assertRecordValues(self.get_warnings(), [{'user_id': self.leader.id}])

    def test_calendar_becomes_empty_under_open_tickets(self):
        self.create_policy('resolution', 4)
        ticket = self.create_ticket()
        self.calendar.attendance_ids.unlink()
        self.run_refresh()
        self.assertFalse(ticket.sla_deadline)
        self.assertEqual(self.get_warnings().user_id, self.leader)

    def test_the_leader_is_told_once(self):
        self.create_policy('resolution', 4)
        self.calendar.attendance_ids.unlink()
        self.create_tickets([{}, {}])
        self.create_ticket()
        self.assertEqual(len(self.get_warnings()), 1)

    def test_calendar_filled_again(self):
        policy = self.create_policy('resolution', 4)
        hours = [
            {'name': "Open", 'dayofweek': day, 'hour_from': 9, 'hour_to': 18}
            for day in '01234'
        ]
        self.calendar.attendance_ids.unlink()
        ticket = self.create_ticket()
        self.env['resource.calendar.attendance'].create([
            {**values, 'calendar_id': self.calendar.id} for values in hours
        ])
        self.run_refresh()
        self.assertMoment(self.status(ticket, policy).deadline, 'mon 13:00')

    def test_empty_calendar_without_a_leader(self):
        """ Somebody of us is told, also when a visitor's request shows it. """
        self.create_policy('resolution', 4)
        self.calendar.attendance_ids.unlink()
        self.team.leader_id = False
        public = self.env.ref('base.public_user')
        ticket = self.env['helpdesk.ticket'].with_user(public).sudo().create({
            'name': "From the website", 'team_id': self.team.id,
        })
        self.assertFalse(ticket.sla_deadline)
        self.assertEqual(len(self.get_warnings()), 1)
        user = self.get_warnings().user_id
        self.assertTrue(user.active and not user.share, user.name)
        self.assertTrue(user.has_group('helpdesk_sla.group_helpdesk_manager'), user.name)

    def test_calendar_that_became_flexible(self):
        policy = self.create_policy('resolution', 4)
        self.calendar.schedule_type = 'flexible'
        ticket = self.create_ticket()
        self.assertFalse(self.status(ticket, policy).deadline)

    def test_deleted_calendar(self):
        calendar = self.create_calendar()
        self.team.resource_calendar_id = calendar
        self.company.resource_calendar_id = self.calendar
        policy = self.create_policy('resolution', 4, resource_calendar_id=calendar.id)
        before = self.create_ticket()
        calendar.unlink()
        self.run_refresh()
        for ticket in before | self.create_ticket():
            self.assertMoment(self.status(ticket, policy).deadline, 'mon 13:00')

    def test_team_without_stages(self):
        policy = self.create_policy('resolution', 4)
        self.team.stage_ids = False
        ticket = self.create_ticket()
        self.assertFalse(ticket.stage_id)
        self.assertFalse(ticket.is_closed)
        self.assertMoment(self.status(ticket, policy).deadline, 'mon 13:00')

    def test_team_gets_its_stages_later(self):
        policy = self.create_policy('resolution', 4)
        stages = self.team.stage_ids
        self.team.stage_ids = False
        ticket = self.create_ticket()
        self.team.stage_ids = stages
        self.move(ticket, self.stage_solved, 'mon 10:00')
        self.assertEqual(self.status(ticket, policy).state, 'reached')

    def test_team_without_a_closing_stage(self):
        self.team.stage_ids -= self.stage_cancel
        ticket = self.create_ticket().with_user(self.agent)
        with self.assertRaisesRegex(UserError, "Support has no stage of the type Canceled"):
            ticket.action_cancel()
        ticket.action_solve()
        self.assertEqual(ticket.stage_id, self.stage_solved)

    def test_deleted_policy(self):
        self.create_policy('resolution', 4).unlink()
        self.assertFalse(self.create_ticket().sla_status_ids)

    def test_archived_assignee(self):
        self.agent2.active = False
        ticket = self.create_ticket(user_id=self.agent2.id)
        self.assertEqual(ticket.user_id, self.agent2)
        ticket.with_user(self.agent).priority = '3'

    def test_archived_members(self):
        self.team.assign_method = 'randomly'
        (self.agent | self.agent2).active = False
        ticket = self.create_tickets([{}], user=self.manager)
        self.assertFalse(ticket.user_id)

    def test_archived_client(self):
        self.portal_client.active = False
        self.client_contact.active = False
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertEqual(ticket.commercial_partner_id, self.client)

    def test_no_team_at_all(self):
        self.env['helpdesk.team'].search([]).active = False
        with self.assertRaisesRegex(UserError, "There is no helpdesk team yet"):
            self.env['helpdesk.ticket'].with_user(self.manager).create({'name': "Where to?"})

    def test_own_team_is_the_default(self):
        first = self.create_team("First of all", sequence=-1)
        tickets = self.env['helpdesk.ticket']
        self.assertEqual(
            tickets.with_user(self.agent).create({'name': "Mine"}).team_id, self.team,
        )
        self.assertEqual(
            tickets.with_user(self.manager).create({'name': "Anybody's"}).team_id, first,
        )

    def test_visitor(self):
        """ A request through the website comes in without rights on anything. """
        policy = self.create_policy('resolution', 4, team_ids=self.team.ids)
        self.team.privacy_visibility = 'invited_internal'
        public = self.env.ref('base.public_user')
        ticket = self.env['helpdesk.ticket'].with_user(public).sudo().create({
            'name': "From the website",
            'team_id': self.team.id,
            'partner_name': "Jane",
            'partner_email': "jane@visitor.example",
        })
        self.assertEqual(ticket.stage_id, self.stage_new)
        self.assertMoment(self.status(ticket, policy).deadline, 'mon 13:00')
        self.assertEqual(ticket.partner_name, "Jane")

    def test_contact_data_of_the_customer(self):
        self.client_contact.phone = "+48 123 456 789"
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertRecordValues(ticket, [{
            'partner_name': self.client_contact.name,
            'partner_email': self.client_contact.email,
            'partner_phone': "+48 123 456 789",
            'commercial_partner_id': self.client.id,
        }])

    def test_ticket_cannot_be_moved_to_a_stage_of_another_team(self):
        stage = self.env['helpdesk.stage'].create({'name': "Elsewhere"})
        ticket = self.create_ticket()
        with self.assertRaises(ValidationError):
            ticket.with_user(self.agent).stage_id = stage

    def test_stage_of_another_team_is_not_taken(self):
        stage = self.env['helpdesk.stage'].create({'name': "Elsewhere"})
        ticket = self.create_ticket(stage_id=stage.id)
        self.assertEqual(ticket.stage_id, self.stage_new)

    def test_first_stage_and_dates(self):
        self.go_to('tue 10:00')
        unassigned, assigned = self.create_tickets([{}, {'user_id': self.agent.id}])
        self.assertRecordValues(unassigned | assigned, [
            {
                'stage_id': self.stage_new.id, 'priority': '1', 'channel': 'other',
                'open_date': utc('tue 10:00'), 'assign_date': assign_date, 'close_date': False,
                'date_last_stage_update': utc('tue 10:00'), 'reopen_count': 0,
            }
            for assign_date in (False, utc('tue 10:00'))
        ])

    def test_created_as_solved(self):
        """ Solved during the call in which it was reported. """
        policy = self.create_policy('resolution', 4)
        ticket = self.create_ticket(stage_id=self.stage_solved.id, channel='phone')
        self.assertRecordValues(self.status(ticket, policy), [{
            'state': 'reached', 'worked_hours': 0, 'reached_date': utc('mon 09:00'),
        }])
        self.assertMoment(ticket.close_date, 'mon 09:00')


@tagged('post_install', '-at_install')
class TestTicketReference(HelpdeskCase):

    def get_numbers(self, tickets):
        for ticket in tickets:
            self.assertRegex(ticket.ticket_ref, r'^HT\d{5}$')
        return [int(ticket.ticket_ref[2:]) for ticket in tickets]

    def test_numbered_in_a_row(self):
        first, *others = self.get_numbers(self.create_tickets([{}] * 3) | self.create_ticket())
        self.assertEqual(others, [first + 1, first + 2, first + 3])

    def test_each_company_has_its_own_numbers(self):
        other = self.env['helpdesk.team'].with_company(self.other_company).create({
            'name': "Theirs",
        })
        self.create_tickets([{}] * 2)
        tickets = self.env['helpdesk.ticket'].create([
            {'name': "a", 'team_id': team.id} for team in (self.team, other, self.team, other)
        ])
        self.assertEqual(tickets.company_id, self.company | self.other_company)
        ours, theirs = tickets[::2], tickets[1::2]
        for of_company in (ours, theirs):
            first, second = self.get_numbers(of_company)
            self.assertEqual(second, first + 1)
        self.assertNotEqual(self.get_numbers(ours), self.get_numbers(theirs))

    def test_company_whose_numbering_was_deleted(self):
        self.env['ir.sequence'].search([
            ('code', '=', 'helpdesk.ticket'), ('company_id', '=', self.company.id),
        ]).unlink()
        self.assertRegex(self.create_ticket().ticket_ref, r'^HT\d{5}$')

    def test_numbering_can_be_changed(self):
        self.env['ir.sequence'].search([
            ('code', '=', 'helpdesk.ticket'), ('company_id', '=', self.company.id),
        ]).write({'prefix': "T/%(year)s/", 'padding': 3})
        for ticket in self.create_tickets([{}, {}]):
            self.assertRegex(ticket.ticket_ref, r'^T/2026/\d{3}$')

    def test_numbering_without_gaps(self):
        self.env['ir.sequence'].search([
            ('code', '=', 'helpdesk.ticket'), ('company_id', '=', self.company.id),
        ]).implementation = 'no_gap'
        self.assertEqual(
            self.create_tickets([{}, {}]).mapped('ticket_ref'), ['HT00001', 'HT00002'],
        )

    def test_import_keeps_its_references(self):
        tickets = self.create_tickets(
            [{'ticket_ref': "OLD-17", 'open_date': '2026-02-27 15:00:00'}, {}], user=self.manager,
        )
        self.assertEqual(tickets[0].ticket_ref, 'OLD-17')
        self.get_numbers(tickets[1])
        self.assertMoment(tickets[0].open_date, '2026-02-27 16:00')

    def test_imported_ticket_counts_from_when_it_came(self):
        policy = self.create_policy('resolution', 4)
        ticket = self.create_tickets([{'open_date': '2026-02-27 15:00:00'}], user=self.manager)
        self.assertMoment(self.status(ticket, policy).deadline, 'mon 11:00')

    def test_unique_in_the_company(self):
        self.create_tickets([{'ticket_ref': "OLD-17"}], user=self.manager)
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            self.create_tickets([{'ticket_ref': "OLD-17"}], user=self.manager)

    def test_found_by_reference(self):
        ticket = self.create_ticket()
        reference = ticket.ticket_ref
        self.assertEqual(ticket.display_name, f"The printer is on fire ({reference})")
        found = self.env['helpdesk.ticket'].with_user(self.agent).name_search(reference)
        self.assertIn(ticket.id, [id_ for id_, _name in found])


@tagged('post_install', '-at_install')
class TestTicketEngineFields(HelpdeskCase):
    """ What the clocks are read from is not written by hand. """

    def test_refused_on_a_ticket(self):
        for user in (self.agent, self.leader):
            ticket = self.create_ticket().with_user(user)
            for name, value in ENGINE_VALUES.items():
                with self.subTest(name=name, user=user.name), self.assertRaises(AccessError):
                    ticket.write({name: value})

    def test_refused_on_a_new_ticket(self):
        for name, value in ENGINE_VALUES.items():
            with self.subTest(name=name), self.assertRaises(AccessError):
                self.create_ticket(**{name: value})

    def test_refused_through_the_lines(self):
        ticket = self.create_ticket().with_user(self.agent)
        for name in ('sla_status_ids', 'sla_pause_ids'):
            with self.subTest(name=name), self.assertRaises(AccessError):
                ticket.write({name: [(5,)]})

    def test_named_in_the_message(self):
        with self.assertRaisesRegex(AccessError, "Received on"):
            self.create_ticket(open_date='2026-03-01 09:00:00')

    def test_what_users_write_moves_the_dates(self):
        """ The system itself is not stopped by it. """
        ticket = self.create_ticket().with_user(self.agent)
        self.go_to('mon 10:00')
        ticket.action_assign_to_me()
        self.assertMoment(ticket.assign_date, 'mon 10:00')
        self.go_to('mon 11:00')
        ticket.stage_id = self.stage_solved
        self.assertMoment(ticket.close_date, 'mon 11:00')
        self.assertMoment(ticket.date_last_stage_update, 'mon 11:00')
        self.go_to('mon 12:00')
        ticket.user_id = self.agent2
        self.assertMoment(ticket.assign_date, 'mon 10:00', "the first assignment counts")


@tagged('post_install', '-at_install')
class TestTicketStage(HelpdeskCase):

    def test_type_is_not_changed_under_tickets(self):
        ticket = self.create_ticket()
        for archived in (False, True):
            ticket.active = not archived
            with self.assertRaisesRegex(UserError, "There are tickets in New"):
                self.stage_new.with_user(self.manager).stage_type = 'customer'

    def test_type_of_an_empty_stage_can_be_changed(self):
        self.create_ticket()
        self.stage_supplier.with_user(self.manager).stage_type = 'customer'
        self.assertEqual(self.stage_supplier.stage_type, 'customer')

    def test_the_rest_of_a_stage_can_be_changed_under_tickets(self):
        self.create_ticket()
        self.stage_new.with_user(self.manager).write({
            'name': "Fresh", 'stage_type': 'open', 'fold': True,
        })
        self.assertEqual(self.stage_new.name, "Fresh")

    def test_stage_with_tickets_is_not_deleted(self):
        self.create_ticket()
        with self.assertRaisesRegex(UserError, "There are tickets in New"):
            self.stage_new.with_user(self.manager).unlink()

    def test_closing_stages_are_folded(self):
        self.assertEqual(
            self.team.stage_ids.sorted().mapped('fold'), [False, False, False, False, True, True],
        )

    def test_another_team_keeps_the_stage_that_it_shares(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_progress)
        ticket.team_id = self.create_team("Second Line")
        self.assertEqual(ticket.stage_id, self.stage_progress)

    def test_another_team_begins_anew_without_the_stage(self):
        team2 = self.create_team("Second Line")
        team2.stage_ids -= self.stage_progress
        ticket = self.create_ticket()
        self.move(ticket, self.stage_progress)
        ticket.team_id = team2
        self.assertEqual(ticket.stage_id, self.stage_new)

    def test_columns_without_tickets_are_shown(self):
        self.create_ticket()
        result = self.env['helpdesk.ticket'].with_user(self.agent).with_context(
            default_team_id=self.team.id, read_group_expand=True,
        ).web_read_group([('team_id', '=', self.team.id)], ['stage_id'], ['__count'])
        self.assertEqual(
            [group['stage_id'][0] for group in result['groups']],
            self.team.stage_ids.sorted().ids,
        )

    def test_time_per_stage(self):
        ticket = self.create_ticket()
        self.env.cr.precommit.run()
        self.move(ticket, self.stage_progress, 'mon 10:00')
        self.env.cr.precommit.run()
        self.move(ticket, self.stage_solved, 'mon 12:30')
        self.env.cr.precommit.run()
        self.go_to('mon 12:30')
        self.assertEqual(ticket.duration_tracking[str(self.stage_new.id)], 3600)
        self.assertEqual(ticket.duration_tracking[str(self.stage_progress.id)], 9000)

    def test_closed_by_the_customer(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('mon 10:00')
        ticket.with_user(self.portal_client)._portal_close()
        self.assertEqual(ticket.stage_id, self.stage_solved)
        self.assertEqual(ticket.sla_pause_ids.user_id, self.portal_client)
        self.assertMoment(ticket.close_date, 'mon 10:00')

    def test_closing_by_customers_can_be_switched_off(self):
        self.team.allow_portal_ticket_closing = False
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        with self.assertRaisesRegex(UserError, "cannot be closed here"):
            ticket.with_user(self.portal_client)._portal_close()
        self.assertEqual(ticket.stage_id, self.stage_new)

    def test_buttons(self):
        self.team.reopen_stage_id = self.stage_progress
        ticket = self.create_ticket().with_user(self.agent)
        for action, stage in (
            ('action_solve', self.stage_solved),
            ('action_reopen', self.stage_progress),
            ('action_reopen', self.stage_progress),
            ('action_cancel', self.stage_cancel),
            ('action_reopen', self.stage_progress),
        ):
            getattr(ticket, action)()
            self.assertEqual(ticket.stage_id, stage, action)
        self.assertEqual(ticket.reopen_count, 2)

    def test_reopening_stage_by_default_is_the_second_one(self):
        self.assertEqual(self.team.reopen_stage_id, self.stage_progress)
        self.team.stage_ids -= self.stage_progress
        self.assertEqual(self.team.reopen_stage_id, self.stage_new)


@tagged('post_install', '-at_install')
class TestTicketCopy(HelpdeskCase):

    def test_copy_is_a_new_request(self):
        policy = self.create_policy('resolution', 4)
        ticket = self.create_ticket(
            partner_id=self.client_contact.id, user_id=self.agent2.id, priority='2',
        )
        ticket._register_response()
        self.move(ticket, self.stage_solved, 'mon 10:00')
        self.move(ticket, self.stage_customer, 'tue 10:00')
        self.go_to('wed 10:00')
        copy = ticket.with_user(self.agent).copy()
        self.assertRecordValues(copy, [{
            'name': "The printer is on fire (copy)",
            'stage_id': self.stage_new.id,
            'partner_id': self.client_contact.id,
            'priority': '2',
            'open_date': utc('wed 10:00'),
            'first_response_date': False,
            'close_date': False,
            'reopen_count': 0,
            'reopen_date': False,
        }])
        self.assertNotEqual(copy.ticket_ref, ticket.ticket_ref)
        self.assertFalse(copy.sudo().sla_pause_ids)
        self.assertRecordValues(copy.sla_status_ids, [{
            'sla_id': policy.id, 'state': 'running', 'deadline': utc('wed 14:00'), 'cycle': 1,
        }])

    def test_copy_of_a_team_keeps_the_tickets_where_they_are(self):
        ticket = self.create_ticket()
        copy = self.team.with_user(self.manager).copy()
        self.assertEqual(copy.name, "Support (copy)")
        self.assertEqual(copy.stage_ids, self.team.stage_ids)
        self.assertFalse(copy.ticket_ids)
        self.assertEqual(ticket.team_id, self.team)
