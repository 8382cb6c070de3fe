from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase
from odoo.addons.support_billing.tests.common import SupportBillingCommon

NOW = '2026-03-05 10:00:00'
FEBRUARY = date(2026, 2, 1)


class StatementCase(SupportBillingCommon):
    """ It is 5 March 2026; statements are of February. The clients' working hours are in UTC. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW))
        cls.company.resource_calendar_id.tz = 'UTC'
        # nothing but what a test makes
        (cls.order | cls.other_order).date_order = datetime(2026, 1, 10)

    def _new_statement(self, client=None, date_start=FEBRUARY):
        return self.env['support.statement'].create({
            'partner_id': (client or self.client).id, 'date_start': date_start,
        })

    def _new_agreement(self, client=None, fee=1000.0, **values):
        client = client or self.client
        agreement = self.env['helpdesk.sla.agreement'].create({
            'partner_id': client.id,
            'date_start': '2026-01-01',
            'monthly_fee': fee,
            'liability_ids': [
                Command.create({'compliance': 95, 'credit': 5}),
                Command.create({'compliance': 60, 'credit': 25}),
            ],
            **values,
        })
        agreement.write({'step': 'signed', 'signed_by': "Ann", 'signed_on': '2026-01-01'})
        return agreement

    def _new_promise(self, day, result, ticket=None, target='first_response', **values):
        """ Make a promise that fell due at noon of a day, kept at 11:00 or broken by 2 hours. """
        noon = f'{day} 12:00:00'
        reached = values.pop('reached', f'{day} 11:00:00' if result == 'reached'
                             else f'{day} 14:00:00')
        status = self.env['helpdesk.sla.status'].sudo().create({
            'ticket_id': (ticket or self._new_ticket(open_date=f'{day} 09:00:00')).id,
            'name': "Promise",
            'target': target,
            'time': 3,
            'start_date': f'{day} 09:00:00',
            'cycle_date': f'{day} 09:00:00',
            **values,
        })
        # what has ended is frozen, and its deadline no longer computed
        status.write({
            'result': result,
            'reached_date': reached,
            'end_date': reached or noon,
            'worked_hours': 5 if result == 'failed' else 2,
        })
        status.deadline = noon
        return status

    def _run_cron(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref('support_billing.ir_cron_support_statements').method_direct_trigger()
        self.env.invalidate_all()

    def _get_statements(self, clients=None):
        return self.env['support.statement'].search([
            ('partner_id', 'in', (clients or self.client | self.other_client).ids),
        ])


@tagged('post_install', '-at_install')
class TestStatementFigures(StatementCase):
    """ What does a statement say (W8)? """

    # === PROMISES === #

    def test_promises_are_counted_by_target_in_the_month_in_which_they_were_decided(self):
        self._new_promise('2026-01-31', 'failed')
        self._new_promise('2026-02-01', 'reached')
        self._new_promise('2026-02-10', 'failed')
        self._new_promise('2026-02-28', 'reached', target='resolution')
        self._new_promise('2026-03-01', 'failed')
        statement = self._new_statement()
        self.assertEqual(statement.figures['sla'], [
            {'target': 'first_response', 'promised': 2, 'kept': 1},
            {'target': 'resolution', 'promised': 1, 'kept': 1},
        ])
        self.assertEqual((statement.promised_count, statement.kept_count), (3, 2))
        self.assertEqual(statement.compliance, 66.7)

    def test_month_is_that_of_the_companys_zone(self):
        self.company.resource_calendar_id.tz = 'Asia/Tokyo'
        self._new_promise('2026-01-31', 'reached', reached='2026-01-31 16:00:00')
        self._new_promise('2026-02-28', 'reached', reached='2026-02-28 16:00:00')
        self.assertEqual(self._new_statement().promised_count, 1)

    def test_superseded_and_canceled_promises_and_repetitions_do_not_count(self):
        ticket = self._new_ticket(open_date='2026-02-10 09:00:00')
        self._new_promise('2026-02-10', 'superseded', reached=False)
        self._new_promise('2026-02-10', 'cancelled', reached=False)
        self._new_promise('2026-02-10', 'failed', ticket)
        self._new_promise('2026-02-11', 'reached', ticket, cycle=2)
        self.assertEqual(self._new_statement().figures['sla'], [
            {'target': 'first_response', 'promised': 1, 'kept': 0},
        ])

    def test_month_with_a_repetition_alone_has_no_promises(self):
        ticket = self._new_ticket(open_date='2026-01-10 09:00:00')
        self._new_promise('2026-01-10', 'reached', ticket)
        self._new_promise('2026-02-10', 'failed', ticket, cycle=2)
        statement = self._new_statement()
        self.assertEqual(statement.figures['sla'], [])
        self.assertFalse(statement.breach_ids)

    def test_figures_are_those_of_the_sla_analysis(self):
        for day in range(1, 11):
            self._new_promise(f'2026-02-{day:02}', 'reached' if day % 3 else 'failed')
        rows = self.env['helpdesk.sla.report'].search([
            ('commercial_partner_id', '=', self.client.id),
        ])
        statement = self._new_statement()
        self.assertEqual(statement.kept_count, sum(rows.mapped('reached_count')))
        self.assertEqual(
            statement.promised_count - statement.kept_count, sum(rows.mapped('failed_count')),
        )
        self.assertEqual(len(statement.breach_ids), sum(rows.mapped('failed_count')))

    def test_breach_says_which_ticket_and_by_how_much(self):
        status = self._new_promise('2026-02-10', 'failed')
        breach = self._new_statement().breach_ids
        self.assertRecordValues(breach, [{
            'status_id': status.id,
            'ticket_id': status.ticket_id.id,
            'ticket_ref': status.ticket_id.ticket_ref,
            'ticket_name': "Labels do not print",
            'target': 'first_response',
            'hours_late': 2,
        }])

    def test_reason_survives_counting_anew(self):
        self._new_promise('2026-02-10', 'failed')
        statement = self._new_statement()
        statement.with_user(self.manager).breach_ids.reason = "Power cut"
        self._new_promise('2026-02-11', 'failed')
        statement.with_user(self.manager).action_recompute()
        self.assertEqual(statement.breach_ids.mapped('reason'), ["Power cut", False])
        self.assertIn("Power cut", str(statement.document))

    def test_other_clients_do_not_count(self):
        self._new_promise('2026-02-10', 'failed', self._new_ticket(
            self.other_contact, open_date='2026-02-10 09:00:00',
        ))
        statement = self._new_statement()
        self.assertFalse(statement.figures['sla'])
        self.assertEqual(statement.figures['tickets'], {'opened': 0, 'solved': 0, 'open': 0})

    # === CREDITS === #

    def test_credit_is_due_by_the_liability_rules_of_the_agreement(self):
        agreement = self._new_agreement()
        self.assertFalse(self._new_statement().credit_amount)
        for day, result in ((10, 'reached'), (11, 'reached'), (12, 'failed')):
            self._new_promise(f'2026-02-{day}', result)
        statement = self._get_statements()
        statement.action_recompute()
        credit, = statement.figures['credits']
        self.assertEqual(credit['agreement_id'], agreement.id)
        self.assertEqual((credit['percentage'], credit['amount']), (5, 50))
        self.assertEqual(statement.credit_amount, 50)
        self.assertEqual(statement.currency_id, agreement.currency_id)
        self._new_promise('2026-02-13', 'failed')
        statement.action_recompute()
        self.assertEqual(statement.credit_amount, 250)

    def test_nothing_is_due_without_an_agreement_or_when_all_was_kept(self):
        self._new_promise('2026-02-10', 'failed')
        self._new_agreement(self.other_client)
        self._new_promise('2026-02-10', 'reached', self._new_ticket(
            self.other_contact, open_date='2026-02-10 09:00:00',
        ))
        for client in (self.client, self.other_client):
            self.assertFalse(self._new_statement(client).figures['credits'])

    def test_fees_in_two_currencies_are_credited_in_the_companys(self):
        other_team = self.env['helpdesk.team'].create({'name': "Second Team"})
        foreign = self.setup_other_currency('EUR', rates=[('2016-01-01', 2.0)])
        self._new_agreement(team_ids=self.team.ids)
        self._new_agreement(team_ids=other_team.ids, currency_id=foreign.id)
        self._new_promise('2026-02-10', 'failed')
        self._new_promise('2026-02-10', 'failed', self._new_ticket(
            team=other_team, open_date='2026-02-10 09:00:00',
        ))
        statement = self._new_statement()
        self.assertEqual(statement.currency_id, self.company.currency_id)
        self.assertEqual(sorted(row['amount'] for row in statement.figures['credits']), [125, 250])

    # === HOURS, TICKETS, PACKS === #

    def test_hours_are_those_of_the_entries_by_kind(self):
        ticket = self._new_ticket(open_date='2026-02-01 09:00:00')
        self._log(ticket, 1.25, date='2026-02-01')
        self._log(ticket, 2, date='2026-02-28')
        self._log(ticket, 4, date='2026-01-31')
        self._log(ticket, 8, date='2026-03-01')
        self._log(
            ticket, 0.5, self.leader, date='2026-02-03', billing_waiver="Our mistake",
        )
        entries = self.env['account.analytic.line'].search([
            ('helpdesk_ticket_id', '=', ticket.id),
            ('date', '>=', '2026-02-01'), ('date', '<=', '2026-02-28'),
        ])
        packs = entries.filtered(lambda entry: entry.billing_kind == 'pack')
        statement = self._new_statement()
        self.assertEqual(statement.figures['hours'], [
            {'kind': 'pack', 'worked': 3.25, 'billed': sum(packs.mapped('billed_hours'))},
            {'kind': 'free', 'worked': 0.5, 'billed': 0},
        ])
        self.assertEqual(statement.hours_worked, sum(entries.mapped('unit_amount')))

    def test_hours_that_nobody_is_charged_with_are_not_billed(self):
        ticket = self._new_ticket(self.env['res.partner'].create({'name': "No Pack"}))
        self._log(ticket, 2, date='2026-02-03')
        statement = self._new_statement(ticket.partner_id)
        self.assertEqual(statement.figures['hours'], [
            {'kind': 'flagged', 'worked': 2, 'billed': 0},
        ])

    def test_tickets_opened_solved_and_open_at_the_end_of_the_month(self):
        solved = self.env['helpdesk.stage'].search([
            ('team_ids', '=', self.team.id), ('stage_type', '=', 'solved'),
        ], limit=1)
        for opened, closed in (
            ('2026-01-20', '2026-02-02'), ('2026-01-20', None), ('2026-02-10', '2026-02-12'),
            ('2026-02-11', None), ('2026-02-20', '2026-03-02'), ('2026-03-02', None),
        ):
            ticket = self._new_ticket(open_date=f'{opened} 09:00:00')
            if closed:
                ticket.stage_id = solved
                ticket.close_date = f'{closed} 09:00:00'
        self.assertEqual(
            self._new_statement().figures['tickets'], {'opened': 3, 'solved': 2, 'open': 3},
        )

    def test_pack_row_adds_up_from_month_to_month(self):
        ticket = self._new_ticket(open_date='2026-01-15 09:00:00')
        self._log(ticket, 3, date='2026-01-15')
        self._log(ticket, 5, date='2026-02-10')
        self.pack.write({'support_start_date': '2026-01-01', 'support_end_date': '2026-03-31'})
        rows = [
            self._new_statement(date_start=day).figures['packs'][0]
            for day in (date(2026, 1, 1), FEBRUARY, date(2026, 3, 1))
        ]
        balance = [
            [row[name] for name in ('opening', 'added', 'used', 'expired', 'closing')]
            for row in rows
        ]
        self.assertEqual(balance, [
            [0, 20, 3, 0, 17],
            [17, 0, 5, 0, 12],
            [12, 0, 0, 12, 0],
        ])
        self.assertFalse(self._new_statement(date_start=date(2026, 4, 1)).figures['packs'])
        self.assertFalse(self._new_statement(date_start=date(2025, 12, 1)).figures['packs'])

    def test_work_from_before_the_order_is_used_when_the_pack_comes_in(self):
        self._log(self._new_ticket(), 3, date='2026-01-05')
        self.order.date_order = datetime(2026, 2, 10)
        row, = self._new_statement().figures['packs']
        self.assertEqual(
            [row[name] for name in ('opening', 'added', 'used', 'closing')], [0, 20, 3, 17],
        )

    # === BATCHES === #

    def test_as_many_queries_for_twenty_clients_as_for_two(self):
        clients = self.env['res.partner'].create([
            {'name': f"Client {number}", 'is_company': True} for number in range(22)
        ])
        for client in clients:
            self._new_order(client, self.product_pack, 10, date_order='2026-01-10')
            self._new_agreement(client)
            ticket = self._new_ticket(client, open_date='2026-02-10 09:00:00')
            self._new_promise('2026-02-10', 'failed', ticket)
            self._log(ticket, 1, date='2026-02-10')
        Statement = self.env['support.statement'].sudo()
        counts = []
        for batch in (clients[:2], clients[2:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            Statement._make_statements(batch, self.company, FEBRUARY)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(len(self._get_statements(clients).filtered('credit_amount')), 22)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)
        statements = self._get_statements(clients)
        counts = []
        for batch in (statements[:2], statements[2:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            batch.action_recompute()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)


@tagged('post_install', '-at_install')
class TestStatementLife(StatementCase, MailCase):
    """ What happens to a statement, and to what is due (W8)? """

    def setUp(self):
        super().setUp()
        self.client.email = 'office@amber-foods.example'
        self._new_agreement()
        self._new_promise('2026-02-10', 'failed')
        self.statement = self._new_statement()

    # === FROZEN === #

    def test_sent_statement_changes_no_more(self):
        self.statement.with_user(self.manager).action_mark_sent()
        figures, breach = self.statement.figures, self.statement.breach_ids
        self._new_promise('2026-02-11', 'failed')
        for change in (
            self.statement.action_recompute,
            lambda: self.statement.write({'date_start': '2026-01-01'}),
            lambda: self.statement.sudo().write({'figures': {}}),
            lambda: self.statement.sudo().write({'state': 'draft'}),
            lambda: self.statement.write({'breach_ids': [Command.clear()]}),
            lambda: breach.write({'reason': "Another one"}),
            breach.sudo().unlink,
            lambda: breach.sudo().create({'statement_id': self.statement.id}),
            self.statement.unlink,
            self.statement.action_mark_sent,
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                change()
        self.env.invalidate_all()
        self.assertEqual(self.statement.figures, figures)
        self.assertEqual(len(self.statement.breach_ids), 1)

    def test_breach_stays_when_the_ticket_is_deleted(self):
        self.statement.action_mark_sent()
        ticket = self.statement.breach_ids.ticket_id
        reference = ticket.ticket_ref
        ticket.unlink()
        self.assertEqual(self.statement.breach_ids.ticket_ref, reference)
        self.assertIn(reference, str(self.statement.document))

    def test_figures_are_not_written_by_hand(self):
        draft = self.statement.with_user(self.manager)
        for values in ({'figures': {}}, {'credit_amount': 1}, {'state': 'sent'}):
            with self.assertRaises(AccessError):
                draft.write(values)
        with self.assertRaises(AccessError):
            draft.breach_ids.write({'hours_late': 0})
        with self.assertRaises(AccessError):
            draft.create({
                'partner_id': self.other_client.id, 'date_start': '2026-02-01', 'credit_amount': 5,
            })

    def test_statement_is_of_a_whole_month_of_a_company_once(self):
        for error, values in (
            (CheckViolation, {'date_start': '2026-01-02'}),
            (UniqueViolation, {}),
        ):
            with self.assertRaises(error), mute_logger('odoo.sql_db'), self.cr.savepoint():
                self.statement.create({
                    'partner_id': self.client.id, 'date_start': '2026-02-01', **values,
                })
        with self.assertRaises(ValidationError):
            self._new_statement(self.contact)

    def test_month_that_is_not_over_is_not_sent(self):
        statement = self._new_statement(date_start=date(2026, 3, 1))
        with self.assertRaises(UserError):
            statement.action_mark_sent()

    # === SENDING === #

    def test_client_gets_the_pdf_and_the_link(self):
        with self.mock_mail_gateway():
            self.statement.with_user(self.manager).action_send()
        self.assertEqual(self.statement.state, 'sent')
        message = self.statement.message_ids.filtered('attachment_ids')
        self.assertEqual(message.partner_ids, self.client)
        self.assertIn("February 2026", message.attachment_ids.name)
        self.assertIn(self.statement.access_token, message.body)

    def test_signatory_gets_the_statement(self):
        self._new_agreement(self.other_client, contact_id=self.other_contact.id)
        self.assertEqual(self._new_statement(self.other_client).contact_id, self.other_contact)

    def test_client_without_address_is_told_before_anything_is_sent(self):
        self.client.email = False
        with self.assertRaises(UserError):
            self.statement.action_send()
        self.assertEqual(self.statement.state, 'draft')

    # === CREDIT NOTE === #

    def test_credit_note_is_a_draft_of_what_is_due_made_once(self):
        self.statement.action_mark_sent()
        for user in (self.accountant, self.manager):
            self.statement.with_user(user).action_create_credit_note()
        note = self.statement.credit_note_id
        self.assertRecordValues(note, [{
            'move_type': 'out_refund', 'state': 'draft', 'partner_id': self.client.id,
            'currency_id': self.statement.currency_id.id, 'amount_untaxed': 250.0,
        }])
        self.assertEqual(self.env['account.move'].search_count([
            ('partner_id', '=', self.client.id), ('move_type', '=', 'out_refund'),
        ]), 1)
        with self.assertRaises(UserError):
            self.statement._create_credit_note()

    def test_credit_note_that_was_deleted_can_be_drafted_again(self):
        self.statement.action_mark_sent()
        self.statement._create_credit_note().unlink()
        self.assertFalse(self.statement.credit_note_id)
        self.assertTrue(self.statement._create_credit_note())

    def test_credit_note_is_of_one_statement(self):
        self.statement.action_mark_sent()
        note = self.statement._create_credit_note()
        other = self._new_statement(self.other_client)
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            other.sudo().credit_note_id = note
            self.env.flush_all()

    def test_draft_or_nothing_due_is_not_credited(self):
        with self.assertRaises(UserError):
            self.statement._create_credit_note()
        nothing = self._new_statement(self.other_client)
        nothing.action_mark_sent()
        with self.assertRaises(UserError):
            nothing._create_credit_note()

    def test_leader_drafts_no_credit_note(self):
        self.statement.action_mark_sent()
        with self.assertRaises(AccessError):
            self.statement.with_user(self.leader).action_create_credit_note()

    # === CRON === #

    def test_cron_makes_the_statements_of_the_last_month_once(self):
        self._run_cron()
        made = self._get_statements()
        self.assertEqual(made.partner_id, self.client | self.other_client)
        self.assertEqual(set(made.mapped('date_start')), {FEBRUARY})
        self.assertEqual(set(made.mapped('state')), {'draft'})
        self._run_cron()
        self.assertEqual(self._get_statements(), made)

    def test_draft_that_was_deleted_is_not_made_again(self):
        self._run_cron()
        self._get_statements().unlink()
        self._run_cron()
        self.assertFalse(self._get_statements())

    def test_run_that_ended_early_goes_on_where_it_stopped(self):
        Cron = self.registry['ir.cron']
        with patch.object(Cron, '_commit_progress', lambda *args, **kwargs: 0):
            self.env['support.statement'].sudo()._cron_support_statements(batch_size=1)
        self._run_cron()
        self.assertEqual(
            self._get_statements().partner_id, self.client | self.other_client,
        )

    def test_client_with_nothing_at_all_gets_no_statement(self):
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        self._new_order(stranger, self.product_hour, 5, date_order='2026-01-10')
        self._run_cron()
        self.assertFalse(self._get_statements(stranger))

    def test_statement_that_somebody_else_makes_at_the_same_time_is_not_made_twice(self):
        Statement = self.registry['support.statement']
        search_made = Statement._search_made
        seen = []

        def blind_once(self, *args):
            seen.append(1)
            return search_made(self, *args) if len(seen) > 1 else self.browse()

        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr, patch.object(
            Statement, '_search_made', blind_once,
        ), mute_logger('odoo.sql_db'):
            env = self.env(cr=cr, su=True)
            env['support.statement']._make_statements(
                env['res.partner'].browse((self.client | self.other_client).ids),
                env['res.company'].browse(self.company.id), FEBRUARY,
            )
        self.env.invalidate_all()
        self.assertEqual(len(seen), 2)
        self.assertEqual(len(self._get_statements()), 2)

    def test_cron_sends_them_where_the_company_says_so(self):
        self.company.support_statement_send = 'auto'
        for _run in range(2):
            with self.mock_mail_gateway():
                self._run_cron()
        self.assertEqual(self.statement.state, 'sent')
        self.assertEqual(len(self.statement.message_ids.filtered('attachment_ids')), 1)
        # without an address it waits for somebody
        self.assertEqual(self._get_statements(self.other_client).state, 'draft')


@tagged('post_install', '-at_install')
class TestStatementAccess(StatementCase, HttpCase):
    """ Who sees the statements of a client (W6, W8)? """

    def setUp(self):
        super().setUp()
        self._log(self._new_ticket(), 1.5, date='2026-02-10')
        self.statement = self._new_statement()
        self.other_statement = self._new_statement(self.other_client)
        (self.statement | self.other_statement).action_mark_sent()
        self.contact.helpdesk_portal_role = 'company'
        self.portal.password = 'test_portal'
        self.authenticate('test_portal', 'test_portal')
        self.address = f'/my/statements/{self.statement.id}'

    def _assert_hidden(self, address):
        for end in ('', '?report_type=pdf', '?access_token=nonsense'):
            response = self.url_open(f'{address}{end}', allow_redirects=False)
            self.assertEqual(response.status_code, 303, end)

    def test_whoever_sees_the_whole_company_sees_its_statements(self):
        page = self.url_open('/my/statements').text
        self.assertIn(self.address, page)
        self.assertNotIn(f'/my/statements/{self.other_statement.id}', page)
        page = self.url_open(self.address).text
        self.assertIn("February 2026", page)
        self.assertIn("From support packs", page)
        self.assertIn("01:30", page)

    def test_pdf_is_a_pdf(self):
        response = self.url_open(f'{self.address}?report_type=pdf')
        self.assertTrue(response.headers['Content-Type'].startswith('application/pdf'))

    def test_report_itself_is_not_a_way_around_the_role(self):
        report = '/report/html/support_billing.report_support_statement'
        self.contact.helpdesk_portal_role = 'own'
        for statement in (self.statement, self.other_statement):
            page = self.url_open(f'{report}/{statement.id}').text
            self.assertNotIn("From support packs", page)
            self.assertNotIn("February 2026", page)

    def test_whoever_sees_the_own_tickets_only_sees_no_statement(self):
        self.contact.helpdesk_portal_role = 'own'
        self.assertNotIn(self.address, self.url_open('/my/statements').text)
        self._assert_hidden(self.address)
        self.assertFalse(self.env['support.statement'].with_user(self.portal).search([]))

    def test_statement_of_another_client_is_hidden(self):
        self._assert_hidden(f'/my/statements/{self.other_statement.id}')
        self.assertEqual(
            self.env['support.statement'].with_user(self.portal).search([]), self.statement,
        )

    def test_draft_is_hidden_from_the_client_also_with_its_token(self):
        draft = self._new_statement(date_start=date(2026, 1, 1))
        self._assert_hidden(f'/my/statements/{draft.id}')
        response = self.url_open(draft.get_portal_url(), allow_redirects=False)
        self.assertEqual(response.status_code, 303)

    def test_visitor_needs_the_token(self):
        self.authenticate(None, None)
        self._assert_hidden(self.address)
        self.assertIn("February 2026", self.url_open(self.statement.get_portal_url()).text)
        # which opens no other one
        token = self.statement.access_token
        response = self.url_open(
            f'/my/statements/{self.other_statement.id}?access_token={token}', allow_redirects=False,
        )
        self.assertEqual(response.status_code, 303)

    def test_portal_user_changes_nothing(self):
        statement = self.statement.with_user(self.portal)
        for change in (
            lambda: statement.write({'contact_id': self.contact.id}),
            statement.unlink, statement.action_recompute, statement.action_create_credit_note,
        ):
            with self.assertRaises(AccessError):
                change()
        with self.assertRaises(AccessError):
            self.statement.breach_ids.with_user(self.portal).search([])

    def test_managers_leaders_and_accountants_read_and_agents_do_not(self):
        for user in (self.manager, self.leader, self.accountant):
            self.statement.with_user(user).check_access('read')
            self.assertIn("01:30", str(self.statement.with_user(user).document))
        for user in (self.agent, self.insider):
            self.assertFalse(self.statement.with_user(user).has_access('read'))
        for user in (self.leader, self.accountant, self.agent):
            self.assertFalse(self.statement.with_user(user).has_access('write'))

    def test_another_company_sees_nothing(self):
        company = self.env['res.company'].create({'name': "Elsewhere"})
        self.manager.write({
            'company_ids': [Command.set(company.ids)], 'company_id': company.id,
        })
        self.assertFalse(self.env['support.statement'].with_user(self.manager).search([]))

    def test_persian_client_reads_from_right_to_left(self):
        self.env['res.lang']._activate_lang('fa_IR')
        (self.contact | self.client).lang = 'fa_IR'
        report = self.env['ir.actions.report']._render_qweb_html(
            'support_billing.report_support_statement', self.statement.ids,
        )[0].decode()
        self.assertIn('data-oe-lang="fa_IR"', report)
        self.assertIn(self.statement.with_context(lang='fa_IR')._format_month(), report)
