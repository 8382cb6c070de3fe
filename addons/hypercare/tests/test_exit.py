from datetime import date
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HypercareCommon
from .test_review import OPERATIONS


class ExitCase(HypercareCommon):
    """ A window that has started, and only the criteria that a test adds. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['hypercare.exit.criterion'].search([]).active = False
        cls.period.action_start()
        cls.plan_stages = cls.env['helpdesk.stage'].create([
            {'name': "Inbox", 'stage_type': 'open', 'sequence': 1},
            {'name': "Ask Client", 'stage_type': 'customer', 'sequence': 2},
            {'name': "Done", 'stage_type': 'solved', 'sequence': 3},
        ])
        cls.plan_team = cls.env['helpdesk.team'].create({
            'name': "Support", 'company_id': cls.company.id,
            'resource_calendar_id': cls.team.resource_calendar_id.id,
            'stage_ids': [Command.set(cls.plan_stages.ids)],
            'member_ids': [Command.set((cls.agent | cls.leader).ids)],
            'use_sla': True,
        })

    def add_criterion(self, code, name="Criterion", **values):
        criterion = self.env['hypercare.exit.criterion'].create({
            'name': name, 'code': code, 'company_id': self.company.id, **values,
        })
        self.env.invalidate_all()
        return self.period.exit_check_ids.filtered(
            lambda check: check.criterion_id == criterion,
        )

    def close(self, reason="Everything is agreed", **delta):
        if delta:
            self.go_to(**delta)
        self.period.with_user(self.manager)._close(reason)

    def assertMet(self, check, is_met, text=''):
        check.invalidate_recordset()
        self.assertEqual(check.is_met, is_met, check.detail)
        self.assertIn(text, check.detail)


@tagged('post_install', '-at_install')
class TestExit(ExitCase):
    """ What has to be met before a client is handed over (G7). """

    # === CRITERIA === #

    def test_G7_no_open_critical_or_high_ticket(self):
        check = self.add_criterion('no_urgent')
        self.assertMet(check, True)
        self._create_tickets(1, priority='1')
        self.assertMet(check, True)
        ticket = self._create_tickets(1, priority='2')
        self.assertMet(check, False, "1 open")
        ticket.action_solve()
        self.assertMet(check, True)

    def test_G7_promises_were_kept(self):
        self.env['helpdesk.sla'].create({
            'name': "Solve in a day", 'company_id': self.company.id, 'time': 8,
            'target': 'resolution',
        })
        check = self.add_criterion('resolution', threshold=60)
        self.assertMet(check, True, "Nothing was promised")
        tickets = self._create_tickets(2)
        tickets[0].action_solve()
        self.go_to(days=3)
        tickets[1].action_solve()
        self.assertMet(check, False, "50 % of 2")
        check.criterion_id.threshold = 50
        self.assertMet(check, True)

    def test_G7_answers_were_in_time(self):
        self.env['helpdesk.sla'].create({
            'name': "Answer in an hour", 'company_id': self.company.id, 'time': 1,
            'target': 'first_response',
        })
        check = self.add_criterion('response', threshold=90)
        self._create_tickets()
        self.assertMet(check, True, "Nothing was promised")
        self.go_to(hours=3)
        self.assertMet(check, False, "0 % of 1")

    def test_G7_few_tickets_are_open(self):
        check = self.add_criterion('open_tickets', threshold=1)
        self._create_tickets()
        self.assertMet(check, True, "1 open, at most 1")
        self._create_tickets()
        self.assertMet(check, False, "2 open")

    def test_G7_the_backlog_is_falling(self):
        check = self.add_criterion('backlog')
        self.assertMet(check, True, "0 open")
        tickets = self._create_tickets(3)
        self.go_to(days=10)
        self.assertMet(check, False, "3 open, 3 on")
        tickets[0].action_solve()
        self.assertMet(check, True, "2 open, 3 on")
        self._create_tickets(1)
        self.assertMet(check, False, "3 open, 3 on")

    def test_G7_the_review_was_held_and_signed(self):
        held = self.add_criterion('review_held')
        signed = self.add_criterion('review_signed')
        self.assertMet(held, False, "Planned on")
        review = self.period.review_id
        review.action_hold()
        self.assertMet(held, True)
        self.assertMet(signed, False, "has not signed yet")
        self.period.with_user(self.portal).sudo()._portal_sign_review(
            self.coordinator, "Anna", True, review._get_content_hash(),
        )
        self.assertMet(signed, True, "Signed by Anna")
        review.with_user(self.manager)._reopen("Wrong")
        review.active = False
        self.assertMet(held, False, "No review")

    def test_G7_the_key_users_were_trained(self):
        check = self.add_criterion('key_users_trained')
        self.assertMet(check, False, "not noted")
        department = self.env['helpdesk.department'].create({
            'name': "Warehouse", 'partner_id': self.client.id,
        })
        self.colleague.partner_id.helpdesk_key_department_ids = department
        self.assertMet(check, False, self.colleague.partner_id.name)
        self.period.with_user(self.supervisor).key_users_trained_on = '2026-03-02'
        self.assertMet(check, True)

    def test_G7_a_training_that_is_planned_was_not_held(self):
        check = self.add_criterion('key_users_trained')
        self.period.key_users_trained_on = '2026-03-05'
        self.assertMet(check, False, "Planned on 03/05/2026")
        self.go_to(days=3)
        check.invalidate_recordset()
        self.assertMet(check, True)

    def test_G7_own_criteria_are_ticked_by_hand(self):
        check = self.add_criterion('manual', "Backups are set up")
        self.assertMet(check, False)
        check.with_user(self.supervisor).is_ticked = True
        self.assertMet(check, True, self.supervisor.name)
        self.assertEqual(check.ticked_by, self.supervisor)
        check.with_user(self.supervisor).is_ticked = False
        self.assertMet(check, False)
        self.assertFalse(check.ticked_by)

    def test_G7_what_the_system_checks_is_not_ticked(self):
        check = self.add_criterion('review_held')
        with self.assertRefused("checked by the system"):
            check.with_user(self.manager).is_ticked = True

    def test_G7_windows_get_criteria_that_come_later_or_return(self):
        check = self.add_criterion('manual')
        self.assertTrue(check)
        check.criterion_id.active = False
        self.assertNotIn(check, self.period.exit_check_ids)
        self.assertFalse(self.period.exit_missing_count)
        check.criterion_id.active = True
        self.env.invalidate_all()
        self.assertIn(check, self.period.exit_check_ids)
        window = self._create_window(self.other_client)
        self.assertEqual(window.exit_check_ids.criterion_id, check.criterion_id)

    def test_G7_criteria_of_another_company_do_not_count(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        check = self.add_criterion('manual', company_id=other.id)
        self.assertFalse(check)
        check = self.add_criterion('manual', company_id=False)
        self.assertTrue(check)

    def test_G7_each_code_has_its_check(self):
        for code, _label in self.env['hypercare.exit.criterion']._selection_code():
            self.assertTrue(hasattr(self.period, f'_check_exit_{code}'), code)

    def test_G7_a_share_is_at_most_100_percent(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.add_criterion('response', threshold=101)

    def test_G7_it_leads_to_where_it_is_mended(self):
        ticket = self._create_tickets(1, priority='3')
        check = self.add_criterion('no_urgent')
        action = check.with_user(self.supervisor).action_open()
        self.assertEqual(self.env['helpdesk.ticket'].search(action['domain']), ticket)
        check = self.add_criterion('review_held')
        action = check.with_user(self.supervisor).action_open()
        self.assertEqual(action['res_id'], self.period.review_id.id)

    def test_G7_any_number_of_windows_in_a_constant_number_of_queries(self):
        for code, _label in self.env['hypercare.exit.criterion']._selection_code():
            self.add_criterion(code, code)
        counts = []
        windows = self.period
        for number in (1, 4):
            for index in range(number):
                client = self.env['res.partner'].create({
                    'name': f"Client {number} {index}", 'is_company': True,
                })
                window = self._create_window(client)
                window.action_start()
                self._create_tickets(2, 'defect', partner=client)
                windows |= window
            self.env.flush_all()
            windows.exit_check_ids.mapped('detail')
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            windows.exit_check_ids.mapped('detail')
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    # === CLOSING === #

    def test_G7_closing_with_unmet_criteria_needs_a_reason(self):
        self.add_criterion('manual', "Backups are set up")
        self.go_to(days=20)
        self.period._begin_exit()
        with self.assertRefused("Why"):
            self.period.with_user(self.supervisor)._close()
        self.period.with_user(self.supervisor)._close("The client takes care of it")
        self.assertEqual(self.period.state, 'closed')
        self.assertIn("Backups are set up", self.period.change_ids[0].missing)

    def test_G7_with_everything_met_no_reason_is_needed(self):
        self.add_criterion('no_urgent')
        self.go_to(days=20)
        self.period._begin_exit()
        self.period.with_user(self.supervisor)._close()
        self.assertEqual(self.period.state, 'closed')

    def test_G7_mandatory_criteria_never_pass(self):
        check = self.add_criterion('manual', "Backups are set up", is_mandatory=True)
        with self.assertRefused("Backups are set up"):
            self.close("I want it")
        check.with_user(self.supervisor).is_ticked = True
        self.close()
        self.assertEqual(self.period.state, 'closed')

    def test_G7_what_was_met_at_the_closing_is_kept(self):
        self.add_criterion('no_urgent', "Nothing urgent")
        check = self.add_criterion('manual', "Backups are set up")
        self._create_tickets(1, priority='3')
        self.close()
        self.assertEqual(
            {result.name: result.status for result in self.period.exit_result_ids},
            {"Nothing urgent": 'missing', "Backups are set up": 'missing'},
        )
        check.criterion_id.name = "Another name"
        self.assertIn("Backups are set up", self.period.exit_result_ids.mapped('name'))
        with self.assertRefused("is closed"):
            check.with_user(self.supervisor).is_ticked = True

    # === PLAN === #

    def test_G7_open_tickets_go_to_the_team_of_the_plan(self):
        tickets = self._create_tickets(3)
        waiting = self.team.stage_ids.filtered(lambda stage: stage.stage_type == 'customer')
        tickets[1].stage_id = waiting[:1]
        tickets[2].action_solve()
        other = self._create_tickets(1, partner=self.other_portal.partner_id)
        self.period.with_user(self.supervisor).write({
            'plan_team_id': self.plan_team.id, 'plan_user_id': self.agent.id,
        })
        self.close(days=1)
        self.assertRecordValues(tickets + other, [
            {'team_id': self.plan_team.id, 'stage_id': self.plan_stages[0].id,
             'user_id': self.agent.id},
            {'team_id': self.plan_team.id, 'stage_id': self.plan_stages[1].id,
             'user_id': self.agent.id},
            {'team_id': self.team.id, 'stage_id': tickets[2].stage_id.id, 'user_id': False},
            {'team_id': self.team.id, 'stage_id': other.stage_id.id, 'user_id': False},
        ])
        self.assertEqual(tickets.hypercare_id, self.period)

    def test_G7_without_a_plan_nothing_moves(self):
        ticket = self._create_tickets()
        self.close()
        self.assertRecordValues(ticket, [{'team_id': self.team.id, 'user_id': False}])

    def test_G7_new_tickets_go_to_the_team_of_the_plan(self):
        self.period.plan_team_id = self.plan_team
        self.period.plan_user_id = self.leader
        self.plan_team.assign_method = 'balanced'
        values = {'name': "New", 'partner_id': self.coordinator.id}
        tickets = self.env['helpdesk.ticket'].with_user(self.agent)
        self.assertEqual(tickets.create(values).team_id, self.team)
        self.close()
        ticket = tickets.create(values)
        self.assertEqual(ticket.team_id, self.plan_team)
        self.assertEqual(ticket.user_id, self.leader)
        # who chooses a team gets that one; other clients are not concerned
        self.assertEqual(tickets.create({**values, 'team_id': self.team.id}).team_id, self.team)
        ticket = tickets.create({**values, 'partner_id': self.other_portal.partner_id.id})
        self.assertEqual(ticket.team_id, self.team)

    def test_G7_archiving_the_window_takes_the_client_from_nobody(self):
        self.period.plan_team_id = self.plan_team
        self.close()
        self.period.active = False
        ticket = self.env['helpdesk.ticket'].with_user(self.agent).create({
            'name': "New", 'partner_id': self.coordinator.id,
        })
        self.assertEqual(ticket.team_id, self.plan_team)

    def test_G7_who_has_left_gets_no_tickets(self):
        ticket = self._create_tickets(user_id=self.agent.id)
        self.period.write({'plan_team_id': self.plan_team.id, 'plan_user_id': self.leader.id})
        self.leader.active = False
        self.close()
        self.assertEqual((ticket.team_id, ticket.user_id), (self.plan_team, self.agent))

    def test_G7_reopened_the_client_writes_to_the_usual_team_again(self):
        self.period.plan_team_id = self.plan_team
        self.close()
        self.period.with_user(self.manager)._reopen("Too early")
        ticket = self.env['helpdesk.ticket'].with_user(self.agent).create({
            'name': "New", 'partner_id': self.coordinator.id,
        })
        self.assertEqual(ticket.team_id, self.team)

    def test_G7_a_signed_agreement_that_waits_begins(self):
        agreement = self.env['helpdesk.sla.agreement'].create({
            'partner_id': self.client.id, 'company_id': self.company.id,
            'date_start': '2026-06-01',
            'resource_calendar_id': self.team.resource_calendar_id.id,
            'line_ids': [Command.create({'priority': '1', 'response_time': 2})],
        })
        agreement.step = 'signed'
        self.period.plan_agreement_id = agreement
        self.close(days=10)
        self.assertEqual(agreement.date_start, date(2026, 3, 12))

    def test_G7_an_agreement_that_is_not_signed_stays_a_draft(self):
        agreement = self.env['helpdesk.sla.agreement'].create({
            'partner_id': self.client.id, 'company_id': self.company.id,
            'date_start': '2026-06-01',
            'resource_calendar_id': self.team.resource_calendar_id.id,
        })
        self.period.plan_agreement_id = agreement
        self.close()
        self.assertEqual(agreement.date_start, date(2026, 6, 1))

    def test_G7_the_agreement_is_one_with_the_client(self):
        agreement = self.env['helpdesk.sla.agreement'].create({
            'partner_id': self.other_client.id, 'company_id': self.company.id,
            'resource_calendar_id': self.team.resource_calendar_id.id,
        })
        with self.assertRefused("another client", ValidationError):
            self.period.plan_agreement_id = agreement

    # === HAND-OVER === #

    def test_G7_the_document_says_what_happened_and_who_supports(self):
        self._create_tickets(1, 'defect', name="The label prints twice")
        review = self.period.review_id
        review.item_ids = [
            Command.create({'verdict': 'refine', 'name': "Returns take long"}),
            Command.create({'verdict': 'next', 'name': "A shop for partners"}),
        ]
        self.period.write({
            'plan_team_id': self.plan_team.id, 'plan_user_id': self.agent.id,
            'plan_note': "The old system stays readable until June",
        })
        html = self._render_handover()
        for text in (
            "The label prints twice", "Returns take long", "A shop for partners", "Support",
            self.agent.name, "The old system stays readable", self.coordinator.name, "draft",
        ):
            self.assertIn(text, html)

    def test_G7_the_document_shows_the_times_of_the_plan(self):
        policy = self.env['helpdesk.sla'].create({
            'name': "General", 'company_id': self.company.id, 'time': 6.5,
            'target': 'first_response',
        })
        self.assertIn("06:30", self._render_handover())
        policy.active = False
        self.period.plan_agreement_id = self.env['helpdesk.sla.agreement'].create({
            'partner_id': self.client.id, 'company_id': self.company.id,
            'resource_calendar_id': self.team.resource_calendar_id.id,
            'line_ids': [Command.create({'priority': '3', 'response_time': 0.75})],
        })
        html = self._render_handover()
        self.assertIn("00:45", html)
        self.assertNotIn("06:30", html)

    def test_G7_the_document_is_kept_with_the_closing(self):
        self.assertFalse(self.period.handover_attachment_id)
        self.close()
        attachment = self.period.handover_attachment_id
        self.assertEqual(
            (attachment.res_model, attachment.res_id), ('hypercare.period', self.period.id),
        )
        message = self.period.message_ids.filtered('attachment_ids')
        self.assertEqual(message.attachment_ids, attachment)

    def test_G7_the_document_that_the_client_got_is_not_replaced(self):
        self.period.with_user(self.manager)._close("Everything works")
        document = self.period.handover_attachment_id.with_user(self.supervisor)
        for values in ({'raw': b"Another one"}, {'res_id': False, 'res_model': False}):
            with self.assertRefused("hand-over document"):
                document.write(values)
        with self.assertRefused("hand-over document"):
            document.unlink()
        document.sudo().write({'description': "By the system"})

    def test_G7_closed_again_both_results_and_the_newer_document_are_kept(self):
        self.period.with_user(self.manager)._close("Everything works")
        document, results = self.period.handover_attachment_id, self.period.exit_result_ids
        self.go_to(days=2)
        self.period.with_user(self.manager)._reopen("It does not")
        self.period.with_user(self.manager)._close("Now it does")
        self.assertNotEqual(self.period.handover_attachment_id, document)
        self.assertTrue(document.exists())
        self.assertEqual(len(self.period.exit_result_ids), 2 * len(results))

    def test_G7_the_document_is_in_the_language_of_the_client(self):
        self.env['res.lang']._activate_lang('pl_PL')
        self.coordinator.lang = 'pl_PL'
        langs = []

        def get_values(period):
            langs.append(period.env.lang)
            return original(period)

        original = type(self.period)._get_handover_values
        with patch.object(type(self.period), '_get_handover_values', get_values):
            self._render_handover()
        self.assertEqual(langs, ['pl_PL'])

    def _render_handover(self):
        self.env.flush_all()
        content, _type = self.env['ir.actions.report']._render_qweb_html(
            'hypercare.report_handover', self.period.ids,
        )
        return content.decode()

    # === WHO MAY WHAT === #

    def test_G7_an_outsider_gets_nothing(self):
        check = self.add_criterion('manual')
        self.close()
        records = [check, check.criterion_id, self.period.exit_result_ids]
        public = self.env.ref('base.public_user')
        for user in (self.insider, self.portal, self.other_portal, public):
            for record in records:
                for operation in OPERATIONS:
                    self.assertFalse(
                        record.with_user(user).has_access(operation),
                        f"{user.login} {operation} {record}",
                    )

    def test_G7_an_agent_reads_and_the_supervisor_ticks(self):
        check = self.add_criterion('manual')
        self.assertFalse(check.with_user(self.agent).is_met)
        with self.assertRaises(AccessError):
            check.with_user(self.agent).is_ticked = True
        with self.assertRaises(AccessError):
            self.period.with_user(self.agent).plan_team_id = self.plan_team
        with self.assertRaises(AccessError):
            check.criterion_id.with_user(self.leader).threshold = 3
        check.criterion_id.with_user(self.manager).threshold = 3

    def test_G7_nobody_writes_what_was_met(self):
        check = self.add_criterion('manual')
        self.close()
        result = self.period.exit_result_ids
        for operation in ('write', 'create', 'unlink'):
            self.assertFalse(result.with_user(self.manager).has_access(operation))
        for operation in ('create', 'unlink'):
            self.assertFalse(check.with_user(self.manager).has_access(operation))
        attachment = self.env['ir.attachment'].create({'name': "x"})
        for record, values in (
            (check, {'ticked_by': self.manager.id}),
            (self.period, {'handover_attachment_id': attachment.id}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(self.manager).write(values)

    def test_G7_other_companies_criteria_are_not_seen(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        user = self._new_user('exit_elsewhere', 'helpdesk_sla.group_helpdesk_manager')
        user.write({'company_id': other.id, 'company_ids': [(6, 0, other.ids)]})
        check = self.add_criterion('manual')
        self.close()
        for record in (check, check.criterion_id, self.period.exit_result_ids):
            self.assertFalse(record.with_user(user).with_context(
                allowed_company_ids=other.ids,
            ).search([('id', 'in', record.ids)]))
