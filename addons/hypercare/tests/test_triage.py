from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCommon

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestTriage(HypercareCommon):
    """ The list of the daily stand-up. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.period.action_start()

    def _find(self, name):
        """ Return the open tickets of the window that a filter of the stand-up finds. """
        self.env.flush_all()
        # as in another request: time goes on without writing anything
        self.env.invalidate_all()
        tickets = self.env['helpdesk.ticket'].with_user(self.agent)
        found = tickets.search([('hypercare_id', '=', self.period.id), (name, '=', True)])
        everything = tickets.search([('hypercare_id', '=', self.period.id)])
        self.assertEqual(
            found, everything.filtered(name), "what is searched for is what is read",
        )
        self.assertEqual(
            everything - found,
            tickets.search([('hypercare_id', '=', self.period.id), (name, '=', False)]),
        )
        return found.with_user(self.env.user)

    def test_triage_new_is_since_the_working_day_before(self):
        monday = self._create_tickets()
        self.assertEqual(self._find('is_triage_new'), monday)
        self.go_to(days=1)
        tuesday = self._create_tickets()
        self.assertEqual(self._find('is_triage_new'), monday | tuesday)
        self.go_to(days=2)
        self.assertEqual(self._find('is_triage_new'), tuesday)

    def test_triage_on_monday_friday_is_the_day_before(self):
        self.go_to(days=4)
        friday = self._create_tickets()
        self.go_to(days=7)
        self.assertEqual(self._find('is_triage_new'), friday)

    def test_triage_a_holiday_is_no_day_before(self):
        ticket = self._create_tickets()
        self._close(date(2026, 3, 3))
        self.go_to(days=2)
        self.assertEqual(self._find('is_triage_new'), ticket)

    def test_triage_blocked_is_what_others_hold_up(self):
        third_party, paused, blocked, blocker, free, planned = self._create_tickets(6)
        stage = self.env['helpdesk.stage'].create({
            'name': "Supplier", 'stage_type': 'third_party',
            'team_ids': [Command.link(self.team.id)],
        })
        third_party.stage_id = stage
        paused.with_user(self.agent)._pause_sla('third_party', "Waits for the bank")
        planned.with_user(self.agent)._pause_sla(
            'third_party', "Bank", date_from=datetime(2026, 3, 9, 9),
            date_to=datetime(2026, 3, 10, 9),
        )
        self.env['helpdesk.ticket.link'].create({
            'ticket_id': blocked.id, 'kind': 'blocked_by', 'linked_ticket_id': blocker.id,
        })
        self.assertEqual(self._find('is_triage_blocked'), third_party | paused | blocked)
        self.assertNotIn(free, self._find('is_triage_blocked'))
        (third_party | blocker).action_solve()
        self.assertEqual(self._find('is_triage_blocked'), paused)

    def test_triage_promised_today_is_a_deadline_of_today(self):
        policy = self.env['helpdesk.sla'].create({
            'name': "Solve", 'company_id': self.company.id, 'target': 'resolution', 'time': 4,
        })
        today = self._create_tickets()
        policy.time = 12
        tomorrow = self._create_tickets()
        self.assertGreater(tomorrow.sla_deadline, today.sla_deadline)
        self.assertEqual(self._find('is_triage_promised'), today)
        self.go_to(days=1)
        self.assertEqual(self._find('is_triage_promised'), tomorrow)

    def test_triage_says_why_a_ticket_is_on_the_list(self):
        ticket = self._create_tickets(kind='settings')
        ticket.user_id = False
        self.assertEqual(ticket.triage_reason, "Unassigned, New, Quick fix")
        ticket.user_id = self.agent
        self.assertEqual(ticket.triage_reason, "New, Quick fix")

    def test_triage_says_what_is_late_first(self):
        self.env['helpdesk.sla'].create({
            'name': "Solve", 'company_id': self.company.id, 'target': 'resolution', 'time': 4,
        })
        ticket = self._create_tickets(user_id=self.agent.id)
        self.assertIn("Promised today", ticket.triage_reason)
        self.go_to(days=1)
        self.env.invalidate_all()
        self.assertEqual(ticket.triage_reason, "Late, New")

    def test_triage_assignee_and_priority_are_written_in_the_list(self):
        ticket = self._create_tickets()
        arch = self.env['helpdesk.ticket'].with_user(self.agent).get_view(
            self.env.ref('hypercare.helpdesk_ticket_view_list_triage').id, 'list',
        )['arch']
        self.assertIn('editable="bottom"', arch)
        ticket.with_user(self.agent).write({'user_id': self.agent.id, 'priority': '3'})
        self.assertEqual(ticket.user_id, self.agent)

    def test_triage_of_a_window_shows_its_tickets_only(self):
        ticket = self._create_tickets()
        self._create_tickets(partner=self.other_portal.partner_id)
        action = self.period.with_user(self.agent).action_view_triage()
        self.assertEqual(self.env['helpdesk.ticket'].search(action['domain']), ticket)

    def test_triage_fields_are_not_for_customers(self):
        ticket = self._create_tickets().with_user(self.portal)
        for name in (
            'is_triage_new', 'is_triage_blocked', 'is_triage_promised', 'triage_reason',
        ):
            with self.assertRaises(AccessError):
                ticket.read([name])

    def test_triage_list_costs_no_query_for_each_ticket(self):
        self._create_tickets(20)
        names = ['is_triage_new', 'is_triage_blocked', 'is_triage_promised', 'triage_reason']

        def measure(number):
            self.env.flush_all()
            self.env.invalidate_all()
            tickets = self.env['helpdesk.ticket'].with_user(self.agent).search(
                [('hypercare_id', '=', self.period.id)], limit=number,
            )
            count = self.env.cr.sql_log_count
            tickets.read(names)
            return self.env.cr.sql_log_count - count

        measure(20)
        self.assertEqual(measure(2), measure(20))

    def _close(self, day):
        """ Have a public holiday. """
        begin, end = self.period._get_day_bounds(day)
        self.env['resource.calendar.leaves'].create({
            'name': "Holiday", 'date_from': begin, 'date_to': end,
            'company_id': self.company.id, 'calendar_id': False,
        })


@tagged('post_install', '-at_install')
class TestTriageMail(MailCommon, HypercareCommon):
    """ The mail of the morning, to the supervisor and to the client's coordinator. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.period.action_start()
        cls.cron = cls.env.ref('hypercare.ir_cron_triage_mail')
        cls.env['hypercare.period'].search(
            [('id', '!=', cls.period.id)],
        ).triage_mail_supervisor = False
        cls.env['hypercare.period'].search(
            [('id', '!=', cls.period.id)],
        ).triage_mail_coordinator = False

    def _run(self, **delta):
        """ Run the job at a moment; return its mails by address. """
        if delta:
            self.go_to(**delta)
        before = self.env['mail.mail'].sudo().search([])
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()
        mails = self.env['mail.mail'].sudo().search([]) - before
        return {
            partner.email: mail for mail in mails for partner in mail.recipient_ids
        }

    def test_G3_triage_mail_is_sent_to_both_once_a_day(self):
        self._create_tickets()
        mails = self._run()
        self.assertEqual(
            set(mails), {self.supervisor.email, self.coordinator.email},
        )
        self.assertEqual(self.period.triage_mail_day, date(2026, 3, 2))
        self.assertFalse(self._run(), "run twice")
        self.assertFalse(self._run(hours=5), "the same day, later")
        self.assertEqual(len(self._run(days=1)), 2)

    def test_triage_mail_waits_for_the_morning_of_the_window(self):
        self._create_tickets()
        self._run()
        # 07:59 in Warsaw, then 08:00
        self.assertFalse(self._run(hours=21, minutes=59))
        self.assertEqual(len(self._run(hours=22)), 2)

    def test_triage_mail_of_a_day_that_is_over_is_not_sent(self):
        self._create_tickets()
        self._run()
        # nothing ran on Tuesday and Wednesday; on Thursday one mail, of Thursday
        self.assertEqual(len(self._run(days=3, hours=6)), 2)
        self.assertEqual(self.period.triage_mail_day, date(2026, 3, 5))

    def test_triage_mail_is_not_sent_after_midnight_for_yesterday(self):
        self._create_tickets()
        # Tuesday 00:30 in Warsaw; Monday's was missed
        self.assertFalse(self._run(hours=14, minutes=30))

    def test_triage_mail_has_days_off(self):
        self._create_tickets()
        self._run()
        self.assertFalse(self._run(days=5), "Saturday")
        begin, end = self.period._get_day_bounds(date(2026, 3, 9))
        self.env['resource.calendar.leaves'].create({
            'name': "Holiday", 'date_from': begin, 'date_to': end,
            'company_id': self.company.id, 'calendar_id': False,
        })
        self.assertFalse(self._run(days=7), "a public holiday")
        self.assertEqual(len(self._run(days=8)), 2)

    def test_triage_mail_is_all_clear_for_the_supervisor_only(self):
        mails = self._run()
        self.assertEqual(set(mails), {self.supervisor.email})
        self.assertIn("all clear", mails[self.supervisor.email].body_html)

    def test_triage_mail_can_be_switched_off(self):
        self._create_tickets()
        self.period.with_user(self.supervisor).triage_mail_coordinator = False
        self.assertEqual(set(self._run()), {self.supervisor.email})
        self.period.triage_mail_supervisor = False
        self.assertFalse(self._run(days=1))

    def test_triage_mail_is_sent_while_the_window_runs(self):
        self._create_tickets()
        self.assertFalse(self._run(days=14), "the day after the last one")
        self.period._begin_exit()
        self.assertFalse(self._run(days=15))

    def test_triage_mail_tells_each_reader_in_the_own_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.coordinator.lang = 'fr_FR'
        self.env.ref('hypercare.mail_template_triage_coordinator').with_context(
            lang='fr_FR',
        ).subject = "Vos demandes"
        self._create_tickets()
        mails = self._run()
        self.assertEqual(mails[self.coordinator.email].subject, "Vos demandes")
        self.assertIn('lang="fr_FR"', mails[self.coordinator.email].body_html)
        self.assertEqual(
            mails[self.supervisor.email].subject, "Lantern Books: hypercare today",
        )

    def test_triage_mail_is_laid_out_from_right_to_left_where_people_read_so(self):
        self.env['res.lang']._activate_lang('ar_001')
        self.coordinator.lang = 'ar_001'
        self._create_tickets()
        self.assertIn('dir="rtl"', self._run()[self.coordinator.email].body_html)

    def test_triage_mail_has_nothing_internal_for_the_client(self):
        self.coordinator.helpdesk_portal_role = 'company'
        ticket = self._create_tickets(user_id=self.agent.id)
        mails = self._run()
        client, ours = mails[self.coordinator.email], mails[self.supervisor.email]
        self.assertIn(f'/my/tickets/{ticket.id}', client.body_html)
        self.assertNotIn('/odoo/', client.body_html)
        self.assertNotIn('access_token', client.body_html)
        self.assertNotIn(self.agent.name, client.body_html)
        self.assertIn(f'/odoo/all-tickets/{ticket.id}', ours.body_html)

    def test_triage_mail_lists_what_the_coordinator_may_read(self):
        self.coordinator.helpdesk_portal_role = 'own'
        own = self._create_tickets(name="Own request")
        other = self._create_tickets(partner=self.colleague.partner_id, name="Of a colleague")
        body = self._run()[self.coordinator.email].body_html
        self.assertIn(own.name, body)
        self.assertNotIn(other.name, body)

    def test_triage_mail_groups_what_the_stand_up_is_about(self):
        old = self._create_tickets(name="Old request")
        self.go_to(days=1)
        fix = self._create_tickets(kind='settings', name="Wrong logo")
        self._run(days=2)
        tickets = self.period._get_triage_tickets()[self.period]
        self.assertEqual(tickets['new'].ids, fix.ids)
        self.assertEqual(tickets['quick_fix'].ids, fix.ids)
        self.assertEqual(tickets['oldest'].ids, (old | fix).ids)

    def test_triage_mail_counts_more_than_it_lists(self):
        self._create_tickets(9)
        body = self._run()[self.supervisor.email].body_html
        self.assertRegex(body, r"and\s+4\s+more")

    def test_triage_mail_is_not_due_after_the_last_run_of_the_day(self):
        self.period.triage_mail_hour = 23
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.period.triage_mail_hour = 23.5

    def test_triage_mail_without_an_address_is_none(self):
        self._create_tickets()
        self.coordinator.email = False
        self.assertEqual(set(self._run()), {self.supervisor.email})

    def test_triage_mail_day_is_noted_by_the_system(self):
        with self.assertRaises(AccessError):
            self.period.with_user(self.manager).triage_mail_day = '2026-03-02'

    def test_triage_mails_of_many_windows_read_the_tickets_once(self):
        periods = self.period
        for number in range(4):
            client = self.env['res.partner'].create({
                'name': f"Client {number}", 'is_company': True,
            })
            periods |= self._create_window(client=client)
        for period in periods - self.period:
            period.action_start()
        for period in periods:
            self._create_tickets(3, kind='settings', partner=period.partner_id)

        def measure(some):
            self.env.flush_all()
            self.env.invalidate_all()
            count = self.env.cr.sql_log_count
            some._get_triage_tickets()
            return self.env.cr.sql_log_count - count

        measure(periods)
        self.assertEqual(measure(periods[:1]), measure(periods))
