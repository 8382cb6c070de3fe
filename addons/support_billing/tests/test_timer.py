from datetime import datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.support_billing.tests.common import SupportBillingCommon
from odoo.addons.support_billing.tools.time_text import parse_time_text


@tagged('post_install', '-at_install')
class TestTimer(SupportBillingCommon):
    """ Counting the time on a ticket, and logging it in one line (W14). """

    def setUp(self):
        super().setUp()
        self.ticket = self._new_ticket().with_user(self.agent)

    def _timers(self):
        return self.env['support.timer'].search([])

    def _entries(self, ticket=None):
        return self.env['account.analytic.line'].search(
            [('helpdesk_ticket_id', '=', (ticket or self.ticket).id)],
        )

    def _wizard(self, ticket=None, user=None, **values):
        ticket = (ticket or self.ticket).with_user(user or self.agent)
        action = ticket.action_log_time()
        return self.env[action['res_model']].with_user(user or self.agent).with_context(
            **action['context'],
        ).create(values)

    # === TIMER === #

    def test_timer_counts_whole_minutes_from_its_start(self):
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
        self.assertTrue(self.ticket.is_timer_running)
        with freeze_time('2026-03-02 09:24:31'):
            self._wizard(text="Looked into it").action_log()
        entry = self._entries()
        self.assertEqual(entry.unit_amount, 25 / 60)
        self.assertEqual((entry.name, entry.user_id), ("Looked into it", self.agent))
        self.assertFalse(self._timers())

    def test_a_moment_is_a_minute(self):
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
            self._wizard(text="Opened it").action_log()
        self.assertEqual(self._entries().unit_amount, 1 / 60)

    def test_one_timer_runs_for_a_person(self):
        self.ticket.action_start_timer()
        self.ticket.action_start_timer()
        self.assertEqual(len(self._timers()), 1)
        self.ticket.with_user(self.colleague).action_start_timer()
        self.assertEqual(len(self._timers()), 2)
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.env['support.timer'].sudo().create({
                'user_id': self.agent.id, 'ticket_id': self.ticket.id,
            })

    def test_timer_on_another_ticket_logs_the_first_one(self):
        other = self._new_ticket(self.other_contact).with_user(self.agent)
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
        with freeze_time('2026-03-02 09:10:00'):
            other.action_start_timer()
        self.assertEqual(self._entries().unit_amount, 10 / 60)
        self.assertEqual(self._timers().ticket_id, other)

    def test_discarded_timer_logs_nothing(self):
        self.ticket.action_start_timer()
        self.ticket.action_discard_timer()
        self.assertFalse(self._timers())
        self.assertIs(self.env['support.timer'].with_user(self.agent).get_running(), False)
        self.assertFalse(self._entries())

    def test_time_counted_can_be_corrected(self):
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
        with freeze_time('2026-03-02 12:00:00'):
            form = Form(self._wizard())
            self.assertEqual(form.hours, 3)
            form.hours = 1.5
            form.name = "Worked on it, then lunch"
            form.save().action_log()
        self.assertEqual(self._entries().unit_amount, 1.5)

    def test_nobody_stops_the_timer_of_another(self):
        self.ticket.action_start_timer()
        with self.assertRaisesRegex(UserError, "somebody else"):
            self._timers().with_user(self.leader)._discard()

    def test_people_see_their_own_timer_and_leaders_all(self):
        self.ticket.action_start_timer()
        Timer = self.env['support.timer']
        self.assertFalse(Timer.with_user(self.colleague).search([]))
        self.assertTrue(Timer.with_user(self.leader).search([]))
        self.assertEqual(Timer.with_user(self.agent).get_running()['ticket_id'], self.ticket.id)
        for outsider in (self.insider, self.portal, self.accountant):
            with self.assertRaises(AccessError):
                Timer.with_user(outsider).search([])

    def test_rows_are_made_by_the_buttons_only(self):
        Timer = self.env['support.timer'].with_user(self.agent)
        with self.assertRaises(AccessError):
            Timer.create({'ticket_id': self.ticket.id})
        self.ticket.action_start_timer()
        with self.assertRaises(AccessError):
            Timer.search([]).start_date = datetime(2020, 1, 1)

    def test_no_timer_where_no_time_is_logged(self):
        ticket = self._new_ticket(team=self.plain_team).with_user(self.agent)
        with self.assertRaisesRegex(UserError, "Time cannot be logged"):
            ticket.action_start_timer()
        with self.assertRaisesRegex(UserError, "no employee"):
            self.ticket.with_user(self.seller).action_start_timer()

    # === ONE LINE === #

    def test_one_line_logs_time_and_what_was_done(self):
        self._wizard(text="0:30 Called the client").action_log()
        self.assertEqual(self._entries().unit_amount, 0.5)
        self.assertEqual(self._entries().name, "Called the client")

    def test_what_cannot_be_read_is_said_and_kept(self):
        wizard = self._wizard(text="called the client")
        with self.assertRaisesRegex(UserError, "For example: 0:30"):
            wizard.action_log()
        self.assertEqual(wizard.name, "called the client")
        with self.assertRaisesRegex(UserError, "what was done"):
            self._wizard(text="0:30").action_log()
        with self.assertRaisesRegex(UserError, "24 hours"):
            self._wizard(text="25h slept").action_log()
        self.assertFalse(self._entries())

    def test_line_typed_while_the_timer_runs_counts_instead_of_it(self):
        self.ticket.action_start_timer()
        self._wizard(text="2h Rebuilt the index").action_log()
        self.assertEqual(self._entries().unit_amount, 2)
        self.assertFalse(self._timers())

    def test_ways_to_write_a_time(self):
        for text, expected in {
            "0:30 Called": (0.5, "Called"),
            "1:05 - Called": (65 / 60, "Called"),
            "1.5h Called": (1.5, "Called"),
            "1,5 h Called": (1.5, "Called"),
            "1h30 Called": (1.5, "Called"),
            "1h 30m Called": (1.5, "Called"),
            "2 hours, Called": (2, "Called"),
            "45m Called": (0.75, "Called"),
            "45 min: Called": (0.75, "Called"),
            "0.5d Called": (4, "Called"),
            "Called": (None, "Called"),
            "3 printers installed": (None, "3 printers installed"),
            "1hour": (1, ""),
            "0:99 Called": (None, "0:99 Called"),
            "": (None, ""),
        }.items():
            self.assertEqual(parse_time_text(text), expected, text)

    # === WORKED AND BILLED === #

    def test_ticket_tells_what_is_billed_of_its_time(self):
        self.product_pack.support_rounding_minutes = 60
        self._wizard(text="0:30 Called").action_log()
        self.ticket.invalidate_recordset()
        self.assertEqual((self.ticket.total_hours_spent, self.ticket.total_hours_billed), (0.5, 1))
