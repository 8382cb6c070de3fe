""" Who else looks at a ticket: who is told, who is not, and how it ends. """

import json

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import HelpdeskCase


class ViewerCase(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.viewers = self.env['helpdesk.ticket.viewer']

    def enter(self, user, is_writing=False, ticket=None):
        """ Return the names of the others, and what they do. """
        answer = self.viewers.with_user(user).enter((ticket or self.ticket).id, is_writing)
        return {viewer['name']: viewer['is_writing'] for viewer in answer['viewers']}

    def leave(self, user):
        self.viewers.with_user(user).leave(self.ticket.id)

    def told(self, function, *args):
        """ Return what is sent over the bus: who hears of whom. """
        self.env.cr.precommit.run()
        self.env['bus.bus'].search([]).unlink()
        function(*args)
        self.env.cr.precommit.run()
        heard = {}
        for notification in self.env['bus.bus'].search([], order='id'):
            message = json.loads(notification.message)
            if message['type'] == 'helpdesk_sla.viewers':
                channel = json.loads(notification.channel)
                heard[channel[2]] = {
                    viewer['name']: viewer['is_writing']
                    for viewer in message['payload']['viewers']
                }
        return heard


@tagged('post_install', '-at_install')
class TestViewer(ViewerCase):

    def test_the_second_sees_the_first(self):
        self.assertEqual(self.enter(self.agent), {})
        self.assertEqual(self.enter(self.agent2), {"Agent": False})

    def test_the_first_is_told_of_the_second(self):
        self.enter(self.agent)
        self.assertEqual(
            self.told(self.enter, self.agent2),
            {self.agent.partner_id.id: {"Agent2": False}},
        )

    def test_of_writing_and_of_its_end(self):
        self.enter(self.agent)
        self.enter(self.agent2)
        for is_writing in (True, False):
            self.assertEqual(
                self.told(self.enter, self.agent2, is_writing),
                {self.agent.partner_id.id: {"Agent2": is_writing}},
            )

    def test_and_of_leaving(self):
        self.enter(self.agent)
        self.enter(self.agent2)
        self.assertEqual(
            self.told(self.leave, self.agent2), {self.agent.partner_id.id: {}},
        )

    def test_a_heartbeat_tells_nobody(self):
        self.enter(self.agent)
        self.enter(self.agent2)
        self.assertEqual(self.told(self.enter, self.agent2), {})

    def test_a_browser_that_is_gone_counts_no_more(self):
        self.enter(self.agent)
        self.go_to('mon 09:01')
        self.assertEqual(self.enter(self.agent2), {"Agent": False})
        self.go_to('mon 09:02')
        self.assertEqual(self.enter(self.agent2), {})

    def test_a_heartbeat_keeps_it(self):
        self.enter(self.agent)
        self.go_to('mon 09:01')
        self.enter(self.agent)
        self.go_to('mon 09:02')
        self.assertEqual(self.enter(self.agent2), {"Agent": False})

    def test_one_row_a_person_and_a_ticket(self):
        for _index in range(3):
            self.enter(self.agent)
        self.assertEqual(self.viewers.search_count([('ticket_id', '=', self.ticket.id)]), 1)

    def test_rows_that_nobody_left_are_swept_up(self):
        self.enter(self.agent)
        self.go_to('mon 09:02')
        self.enter(self.agent2)
        self.viewers._gc_viewers()
        self.assertEqual(
            self.viewers.search([('ticket_id', '=', self.ticket.id)]).user_id, self.agent2,
        )

    def test_other_tickets_are_other_tickets(self):
        other = self.create_ticket()
        self.enter(self.agent)
        self.assertEqual(self.enter(self.agent2, ticket=other), {})

    def test_who_may_not_read_the_ticket_is_not_told(self):
        stranger = self.create_user('stranger', 'helpdesk_sla.group_helpdesk_user')
        self.enter(stranger)
        self.team.privacy_visibility = 'invited_internal'
        self.env.flush_all()
        self.assertEqual(self.told(self.enter, self.agent), {})

    def test_who_may_not_read_the_ticket_does_not_enter(self):
        self.team.privacy_visibility = 'invited_internal'
        stranger = self.create_user('stranger', 'helpdesk_sla.group_helpdesk_user')
        for user in (stranger, self.outsider, self.portal_client, self.portal_other):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.enter(user)

    def test_the_customer_is_not_shown_who_works(self):
        with self.assertRaises(AccessError):
            self.viewers.with_user(self.portal_client).enter(self.ticket.id)

    def test_a_ticket_that_was_deleted_is_no_error(self):
        ticket_id = self.ticket.id
        self.enter(self.agent)
        self.ticket.unlink()
        self.assertEqual(self.viewers.with_user(self.agent).enter(ticket_id)['viewers'], [])
        self.viewers.with_user(self.agent).leave(ticket_id)

    def test_leaving_what_one_never_saw_is_no_error(self):
        self.assertEqual(self.told(self.leave, self.outsider), {})
