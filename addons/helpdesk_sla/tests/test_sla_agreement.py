""" Agreements: drawn up, signed, locked, and what the engine makes of them (S3, S5, S6). """

import base64
from datetime import date, timedelta

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase

SCAN = base64.b64encode(b'%PDF-1.4 signed')


class AgreementCase(HelpdeskCase):
    """ What the other tests of agreements start from. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team2 = cls.create_team("Second Line")
        cls.night = cls.create_calendar([(0, 24)], range(7), name="Around the clock")

    @classmethod
    def create_agreement(cls, times=None, signed=True, **values):
        """ Create an agreement with `client`, valid from the Thursday before the tests' week.

        :param dict times: first response, next response and resolution in hours, by priority
        """
        agreement = cls.env['helpdesk.sla.agreement'].create({
            'partner_id': cls.client.id,
            'company_id': cls.company.id,
            'user_id': cls.manager.id,
            'date_start': '2026-02-26',
            'resource_calendar_id': cls.calendar.id,
            'line_ids': [
                Command.create({
                    'priority': priority,
                    'response_time': response,
                    'next_response_time': following,
                    'resolution_time': resolution,
                })
                for priority, (response, following, resolution) in (
                    times or {'1': (1, 2, 16), '3': (0.25, 0.5, 4)}
                ).items()
            ],
            **values,
        })
        if signed:
            agreement.step = 'sent'
            agreement._sign("Anna Nowak")
        return agreement

    def promises(self, ticket):
        """ Return what is promised for a ticket now, hours by target. """
        return {
            status.target: status.time
            for status in ticket.sla_status_ids if status.result != 'superseded'
        }


@tagged('post_install', '-at_install')
class TestAgreementEngine(AgreementCase):
    """ From the matrix to the clocks. """

    def test_each_time_of_the_matrix_becomes_a_policy(self):
        agreement = self.create_agreement({'3': (0.25, 0, 4), '0': (0, 0, 0)})
        self.assertRecordValues(agreement.policy_ids.sorted('target'), [
            {'target': 'first_response', 'time': 0.25, 'priority_critical': True,
             'priority_low': False, 'company_id': self.company.id},
            {'target': 'resolution', 'time': 4, 'priority_critical': True,
             'priority_low': False, 'company_id': self.company.id},
        ])

    def test_no_policies_before_the_signature(self):
        agreement = self.create_agreement(signed=False)
        agreement.step = 'sent'
        self.assertFalse(agreement.policy_ids)
        self.assertFalse(self.create_ticket(partner_id=self.client_contact.id).agreement_id)

    def test_times_are_promised_by_priority(self):
        agreement = self.create_agreement()
        ticket = self.create_ticket(partner_id=self.client_contact.id, priority='3')
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertEqual(self.promises(ticket), {'first_response': 0.25, 'resolution': 4})
        self.assertMoment(
            self.status(ticket, agreement.policy_ids.filtered(
                lambda policy: policy.priority_critical and policy.target == 'first_response',
            )).deadline,
            'mon 09:15',
        )
        ticket.priority = '1'
        self.assertEqual(self.promises(ticket), {'first_response': 1, 'resolution': 16})
        ticket.priority = '0'
        self.assertEqual(self.promises(ticket), {})

    def test_only_the_clients_tickets(self):
        agreement = self.create_agreement()
        self.assertEqual(self.create_ticket(partner_id=self.client.id).agreement_id, agreement)
        for partner in (self.other_contact, self.env['res.partner']):
            ticket = self.create_ticket(partner_id=partner.id)
            self.assertFalse(ticket.agreement_id)
            self.assertFalse(ticket.sla_status_ids)

    def test_replaces_policies_for_the_client_and_general_ones(self):
        self.create_policy('resolution', 100)
        self.create_policy('resolution', 2, partner_ids=self.client.ids)
        stage = self.create_policy('stage', 4, stage_id=self.stage_progress.id)
        self.create_agreement()
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertEqual(
            self.promises(ticket), {'first_response': 1, 'resolution': 16, 'stage': 4},
        )
        self.assertTrue(self.status(ticket, stage))

    def test_what_is_not_agreed_is_left_to_the_general_policies(self):
        general = self.create_policy('resolution', 100)
        self.create_agreement({'1': (1, 0, 0)})
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertTrue(self.status(ticket, general))

    def test_hours_of_the_client(self):
        agreement = self.create_agreement(resource_calendar_id=self.night.id)
        general = self.create_policy('stage', 4, stage_id=self.stage_progress.id)
        self.go_to('mon 20:00')
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertMoment(self.status(ticket, agreement.policy_ids.filtered(
            lambda policy: policy.priority_medium and policy.target == 'first_response',
        )).deadline, 'mon 21:00')
        # the client's hours hold for general promises too
        self.assertMoment(self.status(ticket, general).deadline, 'tue 00:00')

    def test_hours_of_a_policy_come_first(self):
        self.create_agreement(resource_calendar_id=self.night.id)
        policy = self.create_policy(
            'stage', 4, stage_id=self.stage_progress.id, resource_calendar_id=self.calendar.id,
        )
        self.go_to('mon 20:00')
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertMoment(self.status(ticket, policy).deadline, 'tue 13:00')

    def test_channels(self):
        agreement = self.create_agreement(channel_ids=self.channels('email', 'portal').ids)
        ticket = self.create_ticket(partner_id=self.client_contact.id, channel='phone')
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertFalse(ticket.sla_status_ids)
        ticket.channel = 'email'
        self.assertEqual(self.promises(ticket), {'first_response': 1, 'resolution': 16})

    def test_teams(self):
        agreement = self.create_agreement(team_ids=self.team2.ids)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertFalse(ticket.agreement_id)
        ticket.team_id = self.team2
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertEqual(self.promises(ticket), {'first_response': 1, 'resolution': 16})
        ticket.team_id = self.team
        self.assertFalse(ticket.agreement_id)
        self.assertEqual(self.promises(ticket), {})

    def test_another_company(self):
        agreement = self.create_agreement()
        team = self.env['helpdesk.team'].with_company(self.other_company).create({
            'name': "Theirs", 'stage_ids': self.team.stage_ids.ids,
        })
        ticket = self.env['helpdesk.ticket'].create({
            'name': "Theirs", 'team_id': team.id, 'partner_id': self.client_contact.id,
        })
        self.assertTrue(agreement)
        self.assertFalse(ticket.agreement_id)

    def test_another_customer(self):
        agreement = self.create_agreement()
        ticket = self.create_ticket(partner_id=self.other_contact.id)
        ticket.with_user(self.agent).partner_id = self.client_contact
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertEqual(self.promises(ticket), {'first_response': 1, 'resolution': 16})

    def test_a_contact_that_changes_the_client(self):
        agreement = self.create_agreement()
        ticket = self.create_ticket(partner_id=self.other_contact.id)
        self.other_contact.parent_id = self.client
        self.run_refresh()
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertEqual(self.promises(ticket), {'first_response': 1, 'resolution': 16})

    def test_a_client_that_becomes_part_of_another(self):
        agreement = self.create_agreement()
        self.client.parent_id = self.other_client
        self.client.is_company = False
        self.assertEqual(
            self.create_ticket(partner_id=self.other_contact.id).agreement_id, agreement,
        )

    def test_validity_is_that_of_the_creation(self):
        """ The first and the last day belong to it; midnight is that of the client's zone. """
        agreement = self.create_agreement(
            date_start='2026-03-03', date_end='2026-03-04',
            resource_calendar_id=self.night.id,
        )
        for moment, valid in (
            ('mon 23:59:59', False), ('tue 00:00', True), ('wed 23:59:59', True),
            ('thu 00:00', False),
        ):
            self.go_to(moment)
            ticket = self.create_ticket(partner_id=self.client_contact.id)
            self.assertEqual(bool(ticket.agreement_id), valid, moment)
        self.go_to('mon 12:00')
        honolulu = self.create_calendar(((0, 24),), range(7), tz='Pacific/Honolulu')
        self.create_agreement(
            partner_id=self.other_client.id, date_start='2026-03-03', date_end='2026-03-04',
            resource_calendar_id=honolulu.id,
        )
        for moment, valid in (('tue 10:59', False), ('tue 11:00', True), ('thu 10:59', True)):
            self.go_to(moment)
            ticket = self.create_ticket(partner_id=self.other_contact.id)
            self.assertEqual(bool(ticket.agreement_id), valid, moment)
        self.assertTrue(agreement)

    def test_a_ticket_keeps_the_agreement_of_its_day(self):
        agreement = self.create_agreement(date_end='2026-03-02')
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('wed 10:00')
        ticket.priority = '3'
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertEqual(self.promises(ticket), {'first_response': 0.25, 'resolution': 4})

    def test_signed_after_the_ticket_came_in(self):
        general = self.create_policy('resolution', 100)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        closed = self.create_ticket(partner_id=self.client_contact.id)
        self.move(closed, self.stage_solved)
        self.go_to('mon 12:00')
        agreement = self.create_agreement()
        self.assertFalse(ticket.agreement_id)
        self.assertFalse(closed.sla_stale)
        self.run_refresh()
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertEqual(self.status(ticket, general).result, 'superseded')
        self.assertEqual(self.promises(ticket), {'first_response': 1, 'resolution': 16})
        # from the creation, not from the signature
        self.assertMoment(ticket.sla_deadline, 'mon 10:00')
        self.assertFalse(closed.agreement_id)

    def test_signing_marks_the_clients_tickets_only(self):
        own = self.create_ticket(partner_id=self.client_contact.id)
        other = self.create_ticket(partner_id=self.other_contact.id)
        self.create_agreement()
        self.assertTrue(own.sla_stale)
        self.assertFalse(other.sla_stale)

    def test_terminated(self):
        """ Who asked until the last day keeps what was promised. """
        agreement = self.create_agreement()
        before = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('tue 10:00')
        agreement._terminate(date(2026, 3, 3), "Moves to Premium")
        on_the_day = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('wed 10:00')
        after = self.create_ticket(partner_id=self.client_contact.id)
        self.run_refresh()
        self.assertEqual(before.agreement_id, agreement)
        self.assertEqual(on_the_day.agreement_id, agreement)
        self.assertTrue(self.promises(before))
        self.assertFalse(after.agreement_id)
        self.assertFalse(self.promises(after))

    def test_terminated_before_a_ticket_that_is_still_open(self):
        agreement = self.create_agreement()
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        agreement._terminate(date(2026, 3, 1), "By mistake")
        self.run_refresh()
        self.assertFalse(ticket.agreement_id)
        self.assertEqual(self.promises(ticket), {})

    def test_pause_for_third_parties(self):
        agreement = self.create_agreement(pause_third_party=True)
        self.assertEqual(set(agreement.policy_ids.mapped('pause_third_party')), {True})

    def test_next_response(self):
        agreement = self.create_agreement()
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('mon 09:30')
        ticket.with_user(self.agent).message_post(
            body="We look at it", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.go_to('mon 10:00')
        ticket.with_user(self.portal_client).sudo().message_post(
            body="And?", message_type='comment', subtype_xmlid='mail.mt_comment',
            author_id=self.client_contact.id,
        )
        self.assertMoment(self.status(ticket, agreement.policy_ids.filtered(
            lambda policy: policy.priority_medium and policy.target == 'next_response',
        )).deadline, 'mon 12:00')

    def test_policies_of_agreements_are_not_edited_by_hand(self):
        policy = self.create_agreement().policy_ids[0].with_user(self.manager)
        for change in (
            lambda: policy.write({'time': 99}),
            policy.action_archive,
            policy.unlink,
            lambda: policy.create({
                'name': "Mine", 'target': 'resolution', 'agreement_id': policy.agreement_id.id,
            }),
        ):
            with self.assertRaisesRegex(UserError, "part of the agreement"), self.cr.savepoint():
                change()

    def test_looking_up_agreements_costs_no_query(self):
        """ None at all without agreements, and none a ticket with them. """
        vals_list = [
            {'partner_id': self.client_contact.id, 'stage_id': self.stage_new.id}
            for _index in range(20)
        ]

        def count(vals_list):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.create_tickets(vals_list)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(vals_list)
        without = count(vals_list)
        self.create_agreement({'3': (1, 1, 1)})  # nothing for these tickets
        count(vals_list)
        few, many = count(vals_list[:5]), count(vals_list)
        # the agreement is read once a batch, for the working hours
        self.assertLessEqual(many, without + 1)
        self.assertLessEqual(many - few, 1)


@tagged('post_install', '-at_install')
class TestAgreementLife(AgreementCase):
    """ From the draft to the end. """

    def test_state(self):
        agreement = self.create_agreement(
            signed=False, date_start='2026-03-03', date_end='2026-03-05',
        )
        self.assertState(agreement, 'draft')
        agreement.action_mark_sent()
        self.assertState(agreement, 'sent')
        agreement._sign("Anna Nowak")
        self.assertState(agreement, 'signed')
        self.go_to('tue 09:00')
        self.assertState(agreement, 'running')
        self.go_to('thu 17:00')
        self.assertState(agreement, 'running')
        self.go_to('fri 09:00')
        self.assertState(agreement, 'expired')
        agreement.terminated_on = date(2026, 3, 4)
        self.assertState(agreement, 'terminated')

    def assertState(self, agreement, state):
        """ Check that the state reads, searches and groups the same. """
        agreements = self.env['helpdesk.sla.agreement']
        domain = [('id', '=', agreement.id)]
        self.env.invalidate_all()
        self.assertEqual(agreement.state, state)
        for other in dict(agreements._fields['state'].selection):
            self.assertEqual(
                bool(agreements.search_count([*domain, ('state', '=', other)])), other == state,
            )
            self.assertEqual(
                bool(agreements.search_count([*domain, ('state', '!=', other)])), other != state,
            )
        self.assertEqual(agreements._read_group(domain, ['state']), [(state,)])

    def test_reference(self):
        agreements = self.env['helpdesk.sla.agreement'].create([
            {'partner_id': partner.id, 'company_id': self.company.id}
            for partner in (self.client, self.other_client)
        ])
        self.assertRegex(agreements[0].name, r'^SLA\d{5}$')
        self.assertNotEqual(*agreements.mapped('name'))

    def test_four_priorities(self):
        agreement = self.create_agreement({'2': (1, 0, 0)}, signed=False)
        self.assertEqual(agreement.line_ids.sorted().mapped('priority'), ['3', '2', '1', '0'])
        form = Form(self.env['helpdesk.sla.agreement'].with_user(self.manager))
        form.partner_id = self.client
        self.assertEqual(len(form.save().line_ids), 4)

    def test_with_the_company_of_a_contact(self):
        with self.assertRaisesRegex(ValidationError, "Choose Client Ltd as the client"):
            self.create_agreement(signed=False, partner_id=self.client_contact.id)
        with self.assertRaisesRegex(ValidationError, "does not work for"):
            self.create_agreement(signed=False, contact_id=self.other_contact.id)

    def test_hours_that_never_open_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "no working time"):
            self.create_agreement(
                signed=False, resource_calendar_id=self.create_calendar(()).id,
            )

    @mute_logger('odoo.sql_db')
    def test_senseless_values_are_refused(self):
        for values, error in (
            ({'date_end': '2026-02-25'}, CheckViolation),
            ({'monthly_fee': -1}, CheckViolation),
            ({'user_count': -1}, CheckViolation),
            ({'liability_ids': [Command.create({'compliance': 101, 'credit': 5})]}, CheckViolation),
            ({'liability_ids': [Command.create({'compliance': 95, 'credit': 0})]}, CheckViolation),
            ({'liability_ids': 2 * [Command.create({'compliance': 95, 'credit': 5})]},
             UniqueViolation),
            ({'times': {'3': (-1, 0, 0)}}, ValidationError),
            ({'times': {'3': (4, 0, 1)}}, ValidationError),
        ):
            with self.subTest(values=values), self.assertRaises(error), self.cr.savepoint():
                self.create_agreement(signed=False, **values)

    def test_overlap(self):
        signed = self.create_agreement(date_end='2026-03-31')
        for values, overlaps in (
            ({}, True),
            ({'date_start': '2026-03-31'}, True),
            ({'date_start': '2026-04-01'}, False),
            ({'date_start': '2026-01-01', 'date_end': '2026-03-02'}, True),
            ({'team_ids': self.team2.ids, 'date_end': '2026-03-15'}, True),
            ({'partner_id': self.other_client.id}, False),
        ):
            with self.subTest(values=values):
                other = self.create_agreement(signed=False, **values)
                other.step = 'sent'
                if overlaps:
                    with self.assertRaisesRegex(
                        ValidationError, f"{signed.name}.*is already signed",
                    ), self.cr.savepoint():
                        other._sign("Anna Nowak")
                else:
                    other._sign("Anna Nowak")

    def test_no_overlap_in_different_teams(self):
        self.create_agreement(team_ids=self.team.ids)
        self.create_agreement(team_ids=self.team2.ids)
        third = self.create_agreement(signed=False, team_ids=(self.team | self.team2).ids)
        with self.assertRaises(ValidationError):
            third._sign("Anna Nowak")

    def test_no_overlap_after_termination(self):
        agreement = self.create_agreement()
        agreement._terminate(date(2026, 3, 2), "Moves to Premium")
        self.create_agreement(date_start='2026-03-03')

    def test_signed_is_locked(self):
        agreement = self.create_agreement(
            liability_ids=[Command.create({'compliance': 95, 'credit': 5})],
        ).with_user(self.manager)
        for change in (
            lambda: agreement.write({'date_end': '2027-01-01'}),
            lambda: agreement.write({'monthly_fee': 1}),
            lambda: agreement.write({'service_ids': [Command.clear()]}),
            lambda: agreement.write({'line_ids': [
                Command.update(agreement.line_ids[0].id, {'response_time': 99}),
            ]}),
            lambda: agreement.line_ids[0].write({'response_time': 99}),
            agreement.line_ids[0].unlink,
            lambda: agreement.liability_ids.write({'credit': 1}),
            agreement.liability_ids.unlink,
            lambda: agreement.liability_ids.create({
                'agreement_id': agreement.id, 'compliance': 50, 'credit': 5,
            }),
            agreement.action_propose,
            agreement.action_draft,
            lambda: agreement.write({'step': 'draft'}),
            agreement.action_archive,
            agreement.unlink,
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                change()
        agreement.user_id = self.leader
        agreement.notify_client = True

    def test_sent_is_locked_until_it_is_taken_back(self):
        agreement = self.create_agreement(signed=False)
        agreement.action_mark_sent()
        with self.assertRaisesRegex(UserError, "waits for the client's signature"):
            agreement.line_ids[0].response_time = 99
        agreement.action_draft()
        agreement.line_ids[0].response_time = 2

    def test_a_promise_is_needed(self):
        agreement = self.create_agreement({'3': (0, 0, 0)}, signed=False)
        for action in (agreement.action_send, agreement.action_mark_sent):
            with self.assertRaisesRegex(UserError, "promises nothing"):
                action()

    def test_signing_needs_a_name_and_time(self):
        agreement = self.create_agreement(signed=False, date_end='2026-03-02')
        with self.assertRaisesRegex(UserError, "Who signs"):
            agreement._sign("  ")
        self.go_to('tue 09:00')
        with self.assertRaisesRegex(UserError, "is over"):
            agreement._sign("Anna Nowak")
        self.assertEqual(agreement.step, 'draft')

    def test_scan(self):
        agreement = self.create_agreement(signed=False, contact_id=self.client_contact.id)
        agreement.action_mark_sent()
        wizard = Form(self.env['helpdesk.sla.agreement.scan.wizard'].with_user(
            self.manager,
        ).with_context(default_agreement_id=agreement.id))
        self.assertEqual(wizard.signed_by, self.client_contact.name)
        wizard.scan = SCAN
        wizard.signed_on = '2026-02-27'
        wizard = wizard.save()
        wizard.scan_name = "signed.pdf"
        wizard.action_sign()
        self.assertRecordValues(agreement, [{
            'state': 'running', 'signed_by': self.client_contact.name,
            'signed_on': date(2026, 2, 27), 'scan_name': "signed.pdf",
        }])
        self.assertTrue(agreement.policy_ids)
        self.assertEqual(agreement.message_ids[0].attachment_ids.name, "signed.pdf")

    def test_scan_of_tomorrow_is_refused(self):
        agreement = self.create_agreement(signed=False)
        with self.assertRaisesRegex(ValidationError, "yet to come"):
            self.env['helpdesk.sla.agreement.scan.wizard'].create({
                'agreement_id': agreement.id, 'scan': SCAN, 'signed_by': "Anna",
                'signed_on': '2026-03-03',
            })

    def test_terminate(self):
        agreement = self.create_agreement(date_end='2026-12-31')
        wizard = Form(self.env['helpdesk.sla.agreement.end.wizard'].with_user(
            self.manager,
        ).with_context(default_agreement_id=agreement.id))
        wizard.last_day, wizard.reason = '2026-03-31', "Moves to Premium"
        wizard.save().action_terminate()
        self.assertRecordValues(agreement, [{
            'state': 'running', 'terminated_on': date(2026, 3, 31),
            'date_valid_to': date(2026, 3, 31), 'termination_reason': "Moves to Premium",
        }])
        self.assertIn("Moves to Premium", agreement.message_ids[0].body)

    def test_termination_is_earlier_than_the_end(self):
        agreement = self.create_agreement(date_end='2026-03-31')
        with self.assertRaisesRegex(ValidationError, "ends on"):
            agreement._terminate(date(2026, 4, 1), "Too late")

    def test_only_signed_agreements_are_terminated(self):
        with self.assertRaisesRegex(UserError, "not signed"):
            self.create_agreement(signed=False)._terminate(date(2026, 3, 3), "No")

    def test_new_version_takes_the_place(self):
        agreement = self.create_agreement()
        self.go_to('wed 10:00')
        action = agreement.with_user(self.manager).action_new_version()
        version = self.env['helpdesk.sla.agreement'].browse(action['res_id'])
        self.assertRecordValues(version, [{
            'state': 'draft', 'previous_id': agreement.id, 'date_start': date(2026, 3, 4),
            'signed_by': False, 'partner_id': self.client.id,
        }])
        self.assertNotEqual(version.name, agreement.name)
        self.assertEqual(
            version.line_ids.sorted().mapped('resolution_time'),
            agreement.line_ids.sorted().mapped('resolution_time'),
        )
        self.assertFalse(version.policy_ids)
        version.line_ids.sorted()[0].response_time = 0.5
        version.action_mark_sent()
        version._sign("Anna Nowak")
        self.assertEqual(agreement.terminated_on, date(2026, 3, 3))
        self.assertEqual(agreement.state, 'terminated')
        self.assertEqual(version.state, 'running')
        ticket = self.create_ticket(partner_id=self.client_contact.id, priority='3')
        self.assertEqual(self.promises(ticket), {'first_response': 0.5, 'resolution': 4})

    def test_renewal_follows_on(self):
        agreement = self.create_agreement(date_end='2026-03-31')
        version = agreement.copy(agreement._prepare_version_values())
        self.assertEqual(version.date_start, date(2026, 4, 1))
        self.assertEqual(version.date_end - version.date_start, timedelta(days=33))

    def test_the_responsible_is_reminded(self):
        agreement = self.create_agreement(date_end='2026-12-31')
        self.assertRecordValues(agreement.activity_ids, [{
            'user_id': self.manager.id, 'date_deadline': date(2026, 12, 1),
        }])
        agreement._terminate(date(2026, 3, 31), "Moves to Premium")
        self.assertFalse(agreement.activity_ids)
        self.assertFalse(self.create_agreement(date_start='2026-05-01').activity_ids)

    def test_the_e_mail(self):
        agreement = self.create_agreement(signed=False, contact_id=self.client_contact.id)
        action = agreement.with_user(self.manager).action_send()
        composer = Form(self.env['mail.compose.message'].with_user(self.manager).with_context(
            action['context'],
        )).save()
        self.assertEqual(composer.partner_ids, self.client_contact)
        self.assertEqual(agreement.step, 'draft')
        composer.action_send_mail()
        self.assertEqual(agreement.step, 'sent')
        message = agreement.message_ids[0]
        self.assertIn(f'/my/agreements/{agreement.id}?access_token=', message.body)
        # tests print no PDF
        self.assertEqual(message.attachment_ids.mapped('name'), [f'{agreement.name}.html'])

    def test_hours_as_people_read_them(self):
        agreement = self.create_agreement(signed=False)
        self.assertEqual(
            agreement._get_working_hours(), [("Monday to Friday", '09:00 – 18:00')],
        )
        agreement.resource_calendar_id = self.create_calendar([(8, 12), (12, 16.5)], [0, 1, 5])
        self.assertEqual(
            agreement._get_working_hours(), [
                ("Monday to Tuesday", '08:00 – 16:30'), ("Saturday", '08:00 – 16:30'),
            ],
        )


@tagged('post_install', '-at_install')
class TestAgreementTerms(AgreementCase):
    """ What is proposed, and what it costs not to keep it. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['helpdesk.sla.sizing'].search([]).active = False
        cls.sizings = cls.env['helpdesk.sla.sizing'].create([
            {
                'name': name,
                'sequence': sequence,
                'line_ids': [
                    Command.create({'priority': priority, 'response_time': hours})
                    for priority in '3210'
                ],
                **criteria,
            }
            for sequence, (name, hours, criteria) in enumerate((
                ("Small", 8, {'user_count_max': 10}),
                ("No IT", 1, {'process_criticality': 'high', 'internal_it': 'no'}),
                ("Critical", 2, {'process_criticality': 'high'}),
                ("Full", 3, {'functional_scale': 'full', 'user_count_min': 50}),
            ))
        ])

    def test_the_first_row_that_fits_is_proposed(self):
        for values, hours in (
            ({'user_count': 10}, 8),
            ({'user_count': 10, 'process_criticality': 'high'}, 8),
            ({'user_count': 11, 'process_criticality': 'high'}, 1),
            ({'user_count': 11, 'process_criticality': 'high', 'has_internal_it': True}, 2),
            ({'user_count': 50, 'functional_scale': 'full'}, 3),
        ):
            with self.subTest(values=values):
                agreement = self.create_agreement({'3': (0, 0, 99)}, signed=False, **values)
                agreement.with_user(self.manager).action_propose()
                self.assertEqual(set(agreement.line_ids.mapped('response_time')), {hours})
                self.assertEqual(set(agreement.line_ids.mapped('resolution_time')), {0})

    def test_nothing_fits(self):
        for values in ({'user_count': 11}, {'user_count': 49, 'functional_scale': 'full'}):
            agreement = self.create_agreement(signed=False, **values)
            with self.assertRaisesRegex(UserError, "No proposal fits"):
                agreement.action_propose()

    def test_shipped_proposals_keep_what_the_sources_say(self):
        """ S1: critical 1 h, standard 2-4 h; C1: critical 15 minutes and 4 hours. """
        self.sizings.active = False
        shipped = self.env['helpdesk.sla.sizing'].with_context(active_test=False).search([]) - (
            self.sizings
        )
        shipped.filtered(lambda row: row.get_external_id()[row.id]).active = True
        agreement = self.create_agreement(signed=False)
        agreement.action_propose()
        times = dict(agreement.line_ids.mapped(lambda line: (line.priority, line.response_time)))
        self.assertEqual(times['3'], 1)
        self.assertTrue(all(2 <= times[priority] <= 4 for priority in '012'))
        agreement.process_criticality = 'high'
        agreement.action_propose()
        self.assertRecordValues(agreement.line_ids.filtered(lambda line: line.priority == '3'), [
            {'response_time': 0.25, 'resolution_time': 4},
        ])

    def test_credit(self):
        agreement = self.create_agreement(liability_ids=[
            Command.create({'compliance': compliance, 'credit': credit})
            for compliance, credit in ((95, 5), (90, 10), (80, 25))
        ])
        for compliance, credit in (
            (100, 0), (95, 0), (94.99, 5), (90, 5), (89.9, 10), (80, 10), (79, 25), (0, 25),
        ):
            self.assertEqual(agreement._get_credit_percentage(compliance), credit, compliance)
        self.assertEqual(
            self.create_agreement(signed=False)._get_credit_percentage(0), 0,
        )

    def test_times_as_people_read_them(self):
        line = self.create_agreement({'3': (0.25, 1.5, 4)}, signed=False).line_ids.filtered(
            lambda line: line.priority == '3',
        )
        self.assertEqual(line._format_time('response_time'), "15 min")
        self.assertEqual(line._format_time('next_response_time'), "1 h 30 min")
        self.assertEqual(line._format_time('resolution_time'), "4 h")
        line.resolution_time = 0
        self.assertEqual(line._format_time('resolution_time'), "–")
