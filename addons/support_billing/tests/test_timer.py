import json
from datetime import date, datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
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

    def _stop(self, user=None, **values):
        """ Stop the timer of somebody, and return the wizard that asks what was done. """
        user = user or self.agent
        action = self._timers().with_user(user).search([('user_id', '=', user.id)]).action_stop()
        return self._open(action, user, **values)

    def _open(self, action, user=None, **values):
        return self.env[action['res_model']].with_user(user or self.agent).with_context(
            **action['context'],
        ).create(values)

    # === TIMER === #

    def test_timer_counts_whole_minutes_from_its_start(self):
        """ W14: the time worked is logged in whole minutes. """
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
        self.assertTrue(self.ticket.is_timer_running)
        with freeze_time('2026-03-02 09:24:31'):
            self._stop(name="Looked into it").action_log()
        entry = self._entries()
        self.assertEqual(entry.unit_amount, 25 / 60)
        self.assertEqual((entry.name, entry.user_id), ("Looked into it", self.agent))
        self.assertFalse(self._timers())

    def test_a_moment_is_a_minute(self):
        """ W14: at least one minute is logged. """
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
            self._stop(name="Opened it").action_log()
        self.assertEqual(self._entries().unit_amount, 1 / 60)

    def test_rounding_to_bill_is_not_done_by_the_timer(self):
        """ W14: the product rounds what is billed, not what was worked. """
        self.product_pack.support_rounding_minutes = 60
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
        with freeze_time('2026-03-02 09:10:00'):
            self._stop(name="Looked into it").action_log()
        self.assertEqual(
            (self._entries().unit_amount, self._entries().billed_hours), (10 / 60, 1),
        )

    def test_one_timer_runs_for_a_person(self):
        self.ticket.action_start_timer()
        self.ticket.action_start_timer()
        self.assertEqual(len(self._timers()), 1)
        self.ticket.with_user(self.colleague).action_start_timer()
        self.assertEqual(len(self._timers()), 2)

    def test_the_database_keeps_a_second_timer_out(self):
        self.ticket.action_start_timer()
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.env['support.timer'].sudo().create({
                'user_id': self.agent.id, 'ticket_id': self.ticket.id,
            })

    def test_timer_on_another_ticket_logs_the_first_one(self):
        other = self._new_ticket(self.other_contact).with_user(self.agent)
        with freeze_time('2026-03-02 09:00:00'):
            self.ticket.action_start_timer()
        with freeze_time('2026-03-02 09:10:00'):
            self.assertFalse(other.action_start_timer())
        self.assertEqual(self._entries().unit_amount, 10 / 60)
        self.assertEqual(self._timers().ticket_id, other)

    def test_forgotten_timer_is_not_logged_unasked(self):
        """ A week-end on the clock is not taken from the client's pack. """
        other = self._new_ticket(self.other_contact).with_user(self.agent)
        with freeze_time('2026-03-06 16:00:00'):
            self.ticket.action_start_timer()
        with freeze_time('2026-03-09 08:00:00'):
            action = other.action_start_timer()
            self.assertEqual(self._timers().ticket_id, self.ticket)
            wizard = self._open(action, hours=1.25, name="Looked into it")
            self.assertFalse(self._entries())
            wizard.action_log()
        entry = self._entries()
        self.assertEqual((entry.unit_amount, entry.date), (1.25, date(2026, 3, 6)))
        self.assertEqual(self._timers().ticket_id, other)

    def test_forgotten_timer_that_is_discarded_makes_room(self):
        other = self._new_ticket(self.other_contact).with_user(self.agent)
        with freeze_time('2026-03-06 16:00:00'):
            self.ticket.action_start_timer()
        self._open(other.action_start_timer()).action_discard_timer()
        self.assertFalse(self._entries())
        self.assertEqual(self._timers().ticket_id, other)

    def test_timer_stopped_in_two_windows_is_logged_once(self):
        """ H8: time is not logged twice. """
        self.ticket.action_start_timer()
        first, second = self._stop(name="Called"), self._stop(name="Called")
        first.action_log()
        with self.assertRaisesRegex(UserError, "stopped in another window"):
            second.action_log()
        self.assertEqual(len(self._entries()), 1)

    def test_timer_needs_what_was_done(self):
        self.ticket.action_start_timer()
        with self.assertRaisesRegex(UserError, "what was done"):
            self._stop(name=" ").action_log()
        self.assertTrue(self._timers())

    def test_timer_of_a_ticket_out_of_reach_can_be_discarded(self):
        """ Who can log no more time on a ticket is not kept from starting another timer. """
        self.ticket.action_start_timer()
        self.team.privacy_visibility = 'invited_internal'
        self.ticket.sudo().message_unsubscribe(self.agent.partner_id.ids)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.ticket.read(['name'])
        self._stop(name="Called").action_discard_timer()
        self.assertFalse(self._timers())

    def test_timer_of_a_merged_ticket_runs_on(self):
        other = self._new_ticket()
        self.ticket.action_start_timer()
        other.sudo()._merge_move(self.ticket.sudo())
        self.assertEqual(self._timers().ticket_id, other)

    def test_browsers_are_told(self):
        self.env['bus.bus'].sudo().search([]).unlink()
        self.ticket.action_start_timer()
        self.ticket.action_discard_timer()
        self.env.cr.precommit.run()
        messages = [
            json.loads(message) for message in self.env['bus.bus'].sudo().search(
                [('channel', 'ilike', f'"res.partner",{self.agent.partner_id.id}')], order='id',
            ).mapped('message')
        ]
        payloads = [
            message['payload'] for message in messages
            if message['type'] == 'support_billing.timer'
        ]
        self.assertEqual(payloads[0]['ticket_id'], self.ticket.id)
        self.assertIs(payloads[1], False)

    def test_no_timer_is_told_as_none(self):
        self.assertIs(self.env['support.timer'].with_user(self.agent).get_running(), False)

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
            form = Form(self._stop())
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

    def test_leaders_see_no_timer_on_tickets_that_they_do_not_see(self):
        self.ticket.action_start_timer()
        self.team.write({
            'privacy_visibility': 'invited_internal', 'leader_id': False,
            'member_ids': [Command.set(self.agent.ids)],
        })
        self.ticket.sudo().message_unsubscribe(self.leader.partner_id.ids)
        self.env.invalidate_all()
        self.assertFalse(self._timers().with_user(self.leader).search([]))
        self.assertTrue(self._timers().with_user(self.manager).search([]))

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

    def test_who_may_not_have_timers_has_none(self):
        """ Accountants read tickets that are linked to orders, and timers not at all. """
        self.ticket.action_start_timer()
        self.assertFalse(self.ticket.with_user(self.accountant).is_timer_running)

    # === ONE LINE === #

    def test_one_line_logs_time_and_what_was_done(self):
        self.ticket.log_time("0:30 Called the client")
        self.assertEqual(self._entries().unit_amount, 0.5)
        self.assertEqual(self._entries().name, "Called the client")

    def test_one_line_of_the_card_logs_the_same(self):
        self._open(self.ticket.action_log_time(), text="45m Called the client").action_log()
        self.assertEqual(self._entries().unit_amount, 0.75)

    def test_line_without_a_time_is_told_what_to_write(self):
        with self.assertRaisesRegex(UserError, "For example: 0:30 Called"):
            self.ticket.log_time("called the client")
        self.assertFalse(self._entries())

    def test_line_without_what_was_done_is_refused(self):
        with self.assertRaisesRegex(UserError, "what was done"):
            self.ticket.log_time("0:30")
        self.assertFalse(self._entries())

    def test_line_of_no_time_is_refused(self):
        with self.assertRaisesRegex(UserError, "at least a minute"):
            self.ticket.log_time("0:00 Thought of it")
        self.assertFalse(self._entries())

    def test_line_of_more_than_a_day_is_refused(self):
        with self.assertRaisesRegex(UserError, "24 hours"):
            self.ticket.log_time("25h Slept")
        self.assertFalse(self._entries())

    def test_line_is_an_entry_of_its_own_while_the_timer_runs(self):
        self.ticket.action_start_timer()
        self.ticket.log_time("2h Rebuilt the index")
        self.assertEqual(self._entries().unit_amount, 2)
        self.assertTrue(self._timers())

    def test_line_where_no_time_is_logged(self):
        ticket = self._new_ticket(team=self.plain_team).with_user(self.agent)
        with self.assertRaisesRegex(UserError, "Time cannot be logged"):
            ticket.log_time("0:30 Called")

    def test_outsiders_log_nothing(self):
        for outsider in (self.insider, self.portal):
            with self.assertRaises(AccessError):
                self.ticket.with_user(outsider).log_time("0:30 Called")

    def test_outsiders_start_no_timer(self):
        for outsider in (self.insider, self.portal, self.accountant):
            with self.assertRaises(AccessError):
                self.ticket.with_user(outsider).action_start_timer()

    def test_days_as_unit_of_time(self):
        """ Where time is told in days, half a day is half a working day. """
        self.company.timesheet_encode_uom_id = self.uom_day
        with self.assertRaisesRegex(UserError, "0.5d Called"):
            self.ticket.log_time("called")
        self.ticket.log_time("0.5d Called")
        self.assertEqual(self._entries().unit_amount, 4)

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
        self.ticket.log_time("0:30 Called")
        self.ticket.invalidate_recordset()
        self.assertEqual((self.ticket.total_hours_spent, self.ticket.total_hours_billed), (0.5, 1))
        self.assertTrue(self.ticket.is_billed_differently)

    def test_ticket_is_silent_on_what_is_billed_as_worked(self):
        for _number in range(3):
            self.ticket.log_time("0:20 Called")
        self.ticket.invalidate_recordset()
        self.assertFalse(self.ticket.is_billed_differently)
