""" Who gets a new ticket (requirements H1), also when many arrive at once. """

import logging
import threading
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase


@tagged('post_install', '-at_install')
class TestAssignment(HelpdeskCase):
    """ Three members; the leader registers the tickets and is not one of them. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent3 = cls.create_user('agent3', 'helpdesk_sla.group_helpdesk_user')
        cls.team.member_ids += cls.agent3
        cls.agents = (cls.agent | cls.agent2 | cls.agent3).sorted('id')

    def assign(self, count, **values):
        return self.create_tickets([values] * count, user=self.leader)

    def assertLoads(self, tickets, *expected):
        """ Check how many of the tickets each of the members got. """
        self.assertEqual(
            [len(tickets.filtered(lambda t, user=user: t.user_id == user)) for user in self.agents],
            list(expected),
        )

    def test_by_hand(self):
        self.assertLoads(self.assign(3), 0, 0, 0)

    def test_equal_number(self):
        self.team.assign_method = 'randomly'
        self.assertLoads(self.assign(7), 3, 2, 2)

    def test_equal_number_one_by_one(self):
        self.team.assign_method = 'randomly'
        tickets = self.assign(0)
        for _index in range(6):
            tickets |= self.assign(1)
        self.assertLoads(tickets, 2, 2, 2)
        self.assertEqual(tickets[:3].user_id, self.agents)

    def test_equal_number_whatever_is_open(self):
        self.assign(5, user_id=self.agent.id)
        self.team.assign_method = 'randomly'
        self.assertLoads(self.assign(3), 1, 1, 1)

    def test_equal_number_although_some_are_solved(self):
        self.team.assign_method = 'randomly'
        tickets = self.assign(1)
        tickets.stage_id = self.stage_solved
        tickets |= self.assign(2)
        self.assertLoads(tickets, 1, 1, 1)

    def test_fewest_open(self):
        self.assign(3, user_id=self.agents[0].id)
        self.assign(1, user_id=self.agents[1].id)
        self.team.assign_method = 'balanced'
        self.assertLoads(self.assign(5), 0, 2, 3)
        self.assertLoads(self.assign(3), 1, 1, 1)

    def test_fewest_open_counts_only_what_is_open(self):
        self.assign(3, user_id=self.agents[0].id).stage_id = self.stage_solved
        self.assign(2, user_id=self.agents[1].id).stage_id = self.stage_cancel
        self.assign(1, user_id=self.agents[2].id).stage_id = self.stage_customer
        self.team.assign_method = 'balanced'
        self.assertLoads(self.assign(5), 2, 2, 1)

    def test_members_on_time_off_are_skipped(self):
        self.take_holiday(self.agents[0], 'mon 00:00', 'wed 00:00')
        for method in ('randomly', 'balanced'):
            self.team.assign_method = method
            self.go_to('mon 09:00')
            self.assertLoads(self.assign(4), 0, 2, 2)
        self.go_to('wed 00:00')
        self.team.assign_method = 'randomly'
        self.assertLoads(self.assign(3), 1, 1, 1)

    def test_time_off_of_the_future_does_not_count(self):
        self.take_holiday(self.agents[0], 'mon 09:00:01', 'wed 00:00')
        self.team.assign_method = 'randomly'
        self.assertLoads(self.assign(3), 1, 1, 1)

    def test_closure_of_the_company_is_nobodys_time_off(self):
        self.create_closure('mon 00:00', 'tue 00:00')
        self.team.assign_method = 'randomly'
        self.assertLoads(self.assign(3), 1, 1, 1)

    def test_archived_members_are_skipped(self):
        self.agents[1].active = False
        self.team.assign_method = 'randomly'
        self.assertLoads(self.assign(4), 2, 0, 2)

    def test_nobody_there(self):
        self.team.assign_method = 'balanced'
        for user in self.agents:
            self.take_holiday(user, 'mon 00:00', 'wed 00:00')
        self.assertLoads(self.assign(2), 0, 0, 0)
        self.team.member_ids = False
        self.assertLoads(self.assign(2), 0, 0, 0)

    def test_who_is_named_keeps_the_ticket(self):
        self.team.assign_method = 'randomly'
        tickets = self.create_tickets(
            [{'user_id': self.leader.id}, {}, {'user_id': self.leader.id}, {}], user=self.leader,
        )
        self.assertEqual(tickets[::2].user_id, self.leader)
        self.assertLoads(tickets, 1, 1, 0)

    def test_each_team_has_its_own_turn(self):
        team2 = self.create_team(
            "Second Line", member_ids=self.agents.ids, assign_method='randomly',
        )
        self.team.assign_method = 'randomly'
        tickets = self.create_tickets(
            [{'team_id': team.id} for team in (self.team, team2) * 3], user=self.leader,
        )
        for team in (self.team, team2):
            self.assertLoads(tickets.filtered(lambda t, team=team: t.team_id == team), 1, 1, 1)

    def test_a_visitors_ticket_is_assigned_too(self):
        self.team.write({'assign_method': 'balanced', 'privacy_visibility': 'invited_internal'})
        ticket = self.env['helpdesk.ticket'].with_user(self.env.ref('base.public_user')).sudo(
        ).create({'name': "From the website", 'team_id': self.team.id})
        self.assertEqual(ticket.user_id, self.agents[0])
        self.assertMoment(ticket.assign_date, 'mon 09:00')


@tagged('post_install', '-at_install')
class TestConcurrentAssignment(TransactionCase):
    """ Two workers register tickets of one team at the same moment, in transactions of their own.

    What they need is committed, and removed again in the end.
    """

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'no_reset_password': True})
            users = env['res.users'].union(*(
                new_test_user(
                    env, login=f'helpdesk_concurrent_{index}',
                    groups='helpdesk_sla.group_helpdesk_user',
                )
                for index in range(2)
            ))
            team = env['helpdesk.team'].create({
                'name': "Concurrent", 'member_ids': users.ids, 'company_id': env.company.id,
            })
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

    def register_tickets_at_once(self, method, counts):
        """ Create tickets in as many workers as there are counts, with Odoo's own retries.

        :return: how often each of the workers had to begin, and the assignees
        """
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env['helpdesk.team'].browse(self.team_id).assign_method = method
        ready = threading.Barrier(len(counts), timeout=30)
        attempts, errors = [0] * len(counts), []

        def register(index):
            try:
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})

                    def create():
                        attempts[index] += 1
                        # both see the state of before
                        cr.execute("SELECT 1")
                        if attempts[index] == 1:
                            ready.wait()
                        env['helpdesk.ticket'].create([
                            {'name': f"{index}/{number}", 'team_id': self.team_id}
                            for number in range(counts[index])
                        ])

                    retrying(create, env)
            except Exception as error:  # noqa: BLE001 - reported by the test itself
                errors.append(error)

        threads = [
            threading.Thread(target=register, args=(index,)) for index in range(len(counts))
        ]
        with (
            # held by the server for as long as it runs the tests
            patch.object(Registry, '_lock', DummyRLock()),
            mute_logger('odoo.sql_db'),
            patch('odoo.service.model.random.uniform', return_value=0.01),
            self.assertLogs('odoo.service.model', logging.INFO),
        ):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertFalse(errors)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            tickets = env['helpdesk.ticket'].search([('team_id', '=', self.team_id)])
            return attempts, [user.id for ticket in tickets for user in ticket.user_id]

    def test_both_methods_end_even(self):
        for method in ('randomly', 'balanced'):
            with self.subTest(method=method):
                attempts, assignees = self.register_tickets_at_once(method, [3, 3])
                self.assertEqual(sorted(attempts), [1, 2], "the second had to wait and see")
                loads = [assignees.count(user_id) for user_id in self.user_ids]
                self.assertEqual(len(set(loads)), 1, loads)
