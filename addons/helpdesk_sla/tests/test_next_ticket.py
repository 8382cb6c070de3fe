""" What an agent works on next, also when two press at once. """

import threading
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase


class NextTicketCase(HelpdeskCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for priority, hours in (('critical', 2), ('high', 4), ('medium', 8)):
            cls.create_policy('resolution', hours, **{f'priority_{priority}': True})

    def next(self, ticket=None, user=None):
        """ Press Next Ticket on a ticket; return where it leads. """
        tickets = ticket or self.env['helpdesk.ticket']
        return self.opened(tickets.with_user(user or self.agent).action_next_ticket())

    def take(self, user=None):
        return self.opened(
            self.env['helpdesk.ticket'].with_user(user or self.agent).action_take_next_ticket(),
        )

    def opened(self, action):
        ticket_id = action['params'].get('ticket_id')
        return self.env['helpdesk.ticket'].browse(ticket_id or ())


@tagged('post_install', '-at_install')
class TestNextTicket(NextTicketCase):

    def test_the_most_urgent_by_deadline(self):
        self.create_ticket(user_id=self.agent.id)
        urgent = self.create_ticket(user_id=self.agent.id, priority='3')
        self.assertEqual(self.next(), urgent)

    def test_own_tickets_come_first(self):
        self.create_ticket(priority='3')
        own = self.create_ticket(user_id=self.agent.id)
        self.assertEqual(self.next(), own)

    def test_then_what_nobody_has_taken_in_the_own_teams(self):
        other_team = self.create_team("Others")
        self.create_ticket(team_id=other_team.id, priority='3')
        ticket = self.create_ticket()
        self.assertEqual(self.next(), ticket)
        self.assertFalse(ticket.user_id, "looking is not taking")

    def test_tickets_of_colleagues_are_left_alone(self):
        self.create_ticket(user_id=self.agent2.id)
        self.assertFalse(self.next())

    def test_what_waits_for_the_customer_is_left_out(self):
        self.move(self.create_ticket(user_id=self.agent.id), self.stage_customer)
        self.assertFalse(self.next())

    def test_what_is_closed_is_left_out(self):
        self.move(self.create_ticket(user_id=self.agent.id), self.stage_solved)
        self.assertFalse(self.next())

    def test_what_is_snoozed_is_left_out(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        ticket.with_user(self.agent)._snooze('customer')
        self.assertFalse(self.next())

    def test_what_a_colleague_looks_at_is_left_out(self):
        ticket = self.create_ticket()
        self.env['helpdesk.ticket.viewer'].with_user(self.agent2).enter(ticket.id)
        self.assertFalse(self.next())
        self.assertEqual(self.next(user=self.agent2), ticket)

    def test_a_colleague_whose_browser_is_gone_does_not_keep_a_ticket(self):
        ticket = self.create_ticket()
        self.env['helpdesk.ticket.viewer'].with_user(self.agent2).enter(ticket.id)
        self.go_to('mon 09:02')
        self.assertEqual(self.next(), ticket)

    def test_skipping_goes_on_in_the_queue_and_round(self):
        first = self.create_ticket(user_id=self.agent.id, priority='3')
        second = self.create_ticket(user_id=self.agent.id, priority='2')
        third = self.create_ticket()
        self.assertEqual(self.next(first), second)
        self.assertEqual(self.next(second), third)
        self.assertEqual(self.next(third), first)

    def test_the_only_ticket_is_not_the_next_one(self):
        ticket = self.create_ticket(user_id=self.agent.id)
        action = ticket.with_user(self.agent).action_next_ticket()
        self.assertEqual(action['tag'], 'display_notification')

    def test_taking_assigns(self):
        self.create_ticket()
        urgent = self.create_ticket(priority='3')
        self.assertEqual(self.take(), urgent)
        self.assertEqual(urgent.user_id, self.agent)

    def test_taking_ends_when_nothing_is_left(self):
        self.create_ticket(user_id=self.agent.id)
        self.assertFalse(self.take())

    def test_hidden_teams_stay_hidden(self):
        hidden = self.create_team("Secret", privacy_visibility='invited_internal')
        self.create_ticket(team_id=self.team.id, user_id=self.agent2.id)
        self.env['helpdesk.ticket'].create({'name': "Hidden", 'team_id': hidden.id})
        self.assertFalse(self.next())
        self.assertFalse(self.take())

    def test_a_long_queue_costs_no_more_queries(self):
        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.next()
            return self.env.cr.sql_log_count - before

        self.create_tickets([{'user_id': self.agent.id}] * 3 + [{}] * 3)
        count()
        few = count()
        self.create_tickets([{'user_id': self.agent.id}] * 30 + [{}] * 30)
        self.assertLessEqual(count(), few)


@tagged('post_install', '-at_install')
class TestTakeAtOnce(TransactionCase):
    """ Two agents press at the same moment; what they need is committed, and removed in the end.
    """

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'no_reset_password': True})
            users = env['res.users'].union(*(
                new_test_user(
                    env, login=f'helpdesk_take_{index}', groups='helpdesk_sla.group_helpdesk_user',
                )
                for index in range(2)
            ))
            team = env['helpdesk.team'].create({'name': "At once", 'member_ids': users.ids})
            env['helpdesk.ticket'].create([
                {'name': str(index), 'team_id': team.id} for index in range(2)
            ])
            self.user_ids, self.team_id = users.ids, team.id
        self.addCleanup(self.remove_records)

    def remove_records(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'active_test': False})
            team = env['helpdesk.team'].browse(self.team_id)
            env['helpdesk.ticket'].search([('team_id', '=', team.id)]).unlink()
            team.unlink()
            users = env['res.users'].browse(self.user_ids)
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def test_two_agents_take_two_tickets(self):
        ready = threading.Barrier(2, timeout=30)
        taken, errors = {}, []

        def take(user_id):
            try:
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, user_id, {})
                    attempts = []

                    def press():
                        # both have seen the queue of before
                        queue = env['helpdesk.ticket']._get_unassigned_queue()
                        if not attempts:
                            attempts.append(len(queue))
                            ready.wait()
                        taken[user_id] = env['helpdesk.ticket'].action_take_next_ticket()

                    retrying(press, env)
            except Exception as error:  # noqa: BLE001 - reported by the test itself
                errors.append(error)

        threads = [threading.Thread(target=take, args=(user_id,)) for user_id in self.user_ids]
        with (
            patch.object(Registry, '_lock', DummyRLock()),
            mute_logger('odoo.sql_db', 'odoo.service.model'),
            patch('odoo.service.model.random.uniform', return_value=0.01),
        ):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertFalse(errors)
        opened = {action['params'].get('ticket_id') for action in taken.values()}
        self.assertEqual(len(opened - {None}), 2, "each got a ticket of its own")
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            tickets = env['helpdesk.ticket'].search([('team_id', '=', self.team_id)])
            self.assertEqual(set(tickets.user_id.ids), set(self.user_ids))
