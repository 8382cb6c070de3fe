""" Links between tickets, blocked tickets and suggested duplicates. """

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase


class LinkCase(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.tickets = self.create_tickets([{'name': name} for name in ("One", "Two", "Three")])
        self.one, self.two, self.three = self.tickets

    def link(self, ticket, kind, other, user=None):
        return self.env['helpdesk.ticket.link'].with_user(user or self.agent).create({
            'ticket_id': ticket.id, 'kind': kind, 'linked_ticket_id': other.id,
        })

    def links(self, ticket):
        return [(link.kind, link.linked_ticket_id) for link in ticket.link_ids]


@tagged('post_install', '-at_install')
class TestTicketLink(LinkCase):

    def test_both_sides_read_the_link(self):
        self.link(self.one, 'blocks', self.two)
        self.link(self.three, 'related', self.one)
        self.assertEqual(
            self.links(self.one), [('blocks', self.two), ('related', self.three)],
        )
        self.assertEqual(self.links(self.two), [('blocked_by', self.one)])
        self.assertEqual(self.links(self.three), [('related', self.one)])

    def test_both_sides_change_and_go_together(self):
        link = self.link(self.one, 'blocks', self.two)
        link.kind = 'blocked_by'
        self.assertEqual(self.links(self.two), [('blocks', self.one)])
        link.linked_ticket_id = self.three
        self.env.invalidate_all()
        self.assertEqual(self.links(self.two), [])
        self.assertEqual(self.links(self.three), [('blocks', self.one)])
        self.three.link_ids.with_user(self.agent).unlink()
        self.env.invalidate_all()
        self.assertEqual(self.links(self.one), [])

    def test_in_the_form(self):
        with Form(self.one.with_user(self.agent)) as form, form.link_ids.new() as line:
            line.kind = 'blocked_by'
            line.linked_ticket_id = self.two
        self.assertEqual(self.links(self.two), [('blocks', self.one)])
        with Form(self.two.with_user(self.agent)) as form:
            form.link_ids.remove(0)
        self.env.invalidate_all()
        self.assertEqual(self.links(self.one), [])

    def test_a_deleted_ticket_takes_its_links_along(self):
        self.link(self.one, 'blocks', self.two)
        self.one.unlink()
        self.env.invalidate_all()
        self.assertEqual(self.links(self.two), [])

    def test_once_a_pair(self):
        self.link(self.one, 'blocks', self.two)
        for ticket, other in ((self.one, self.two), (self.two, self.one)):
            with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'), \
                    self.env.cr.savepoint():
                self.link(ticket, 'related', other)

    def test_not_to_itself(self):
        with self.assertRaises(CheckViolation), mute_logger('odoo.sql_db'), \
                self.env.cr.savepoint():
            self.link(self.one, 'related', self.one)

    def test_nothing_blocks_itself(self):
        self.link(self.one, 'blocks', self.two)
        self.link(self.two, 'blocks', self.three)
        for ticket, kind, other in (
            (self.three, 'blocks', self.one), (self.one, 'blocked_by', self.three),
        ):
            with self.assertRaisesRegex(ValidationError, "block itself"), \
                    self.env.cr.savepoint():
                self.link(ticket, kind, other)
        related = self.link(self.three, 'related', self.one)
        with self.assertRaisesRegex(ValidationError, "block itself"), self.env.cr.savepoint():
            related.kind = 'blocks'
        self.link(self.one, 'blocks', self.create_ticket())

    def test_one_company(self):
        team = self.env['helpdesk.team'].with_company(self.other_company).create({
            'name': "Theirs", 'stage_ids': self.team.stage_ids.ids,
        })
        foreign = self.env['helpdesk.ticket'].create({'name': "Theirs", 'team_id': team.id})
        with self.assertRaisesRegex(ValidationError, "different companies"):
            self.link(self.one, 'related', foreign, user=self.env.user)

    def test_links_to_hidden_tickets_are_hidden(self):
        hidden = self.create_team("Hidden", privacy_visibility='invited_internal')
        secret = self.create_tickets([{'team_id': hidden.id}], user=self.manager)
        self.link(self.one, 'blocked_by', secret, user=self.manager)
        self.env.invalidate_all()
        as_agent = self.one.with_user(self.agent)
        self.assertFalse(as_agent.link_ids)
        self.assertFalse(as_agent.is_blocked)
        self.assertTrue(self.one.with_user(self.manager).is_blocked)
        with self.assertRaises(AccessError):
            self.link(self.two, 'related', secret)
        for user in (self.portal_client, self.outsider):
            with self.assertRaises(AccessError):
                self.link(self.one, 'related', self.two, user=user)


@tagged('post_install', '-at_install')
class TestBlocked(LinkCase):

    def found(self):
        return self.env['helpdesk.ticket'].with_user(self.agent).search([
            ('is_blocked', '=', True), ('id', 'in', self.tickets.ids),
        ]).with_user(self.env.user)

    def test_flag(self):
        self.link(self.one, 'blocks', self.two)
        self.assertEqual(self.tickets.mapped('is_blocked'), [False, True, False])
        self.assertEqual(self.found(), self.two)
        self.assertEqual(
            self.env['helpdesk.ticket'].search([
                ('is_blocked', '=', False), ('id', 'in', self.tickets.ids),
            ], order='id'),
            self.one | self.three,
        )
        self.move(self.one, self.stage_solved)
        self.env.invalidate_all()
        self.assertFalse(self.two.is_blocked)
        self.assertFalse(self.found())

    def test_flags_of_many_cost_one_query(self):
        self.link(self.one, 'blocks', self.two)
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            self.tickets.mapped('is_blocked')

    def test_who_waits_is_told_when_nothing_blocks_any_more(self):
        self.two.user_id = self.agent2
        self.link(self.one, 'blocks', self.two)
        self.link(self.three, 'blocks', self.two)
        self.move(self.one, self.stage_solved)
        self.assertIn("No longer blocked", self.two.message_ids[0].body)
        self.assertFalse(self.two.activity_ids)
        self.move(self.three, self.stage_cancel)
        self.assertEqual(self.two.activity_ids.user_id, self.agent2)
        self.assertFalse(self.one.activity_ids)

    def test_nobody_is_told_of_closed_tickets(self):
        self.two.user_id = self.agent2
        self.link(self.one, 'blocks', self.two)
        self.move(self.two, self.stage_solved)
        self.move(self.one, self.stage_solved)
        self.assertFalse(self.two.activity_ids)


@tagged('post_install', '-at_install')
class TestSimilar(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(
            name="Invoice cannot be printed", partner_id=self.client_contact.id,
        )

    def similar(self, **values):
        other = self.create_ticket(**{
            'name': "The invoice can not be printed", 'partner_id': self.client.id, **values,
        })
        return other, self.ticket.with_user(self.agent).similar_ticket_ids

    def test_same_client_similar_subject(self):
        other, found = self.similar()
        self.assertEqual(found.ids, other.ids)
        self.assertEqual(self.ticket.similar_ticket_count, 1)

    def test_another_subject_or_client(self):
        self.assertFalse(self.similar(name="Coffee machine leaks")[1])
        self.assertFalse(self.similar(partner_id=self.other_contact.id)[1])
        self.assertFalse(self.similar(partner_id=False)[1])

    def test_closed_lately(self):
        other, _found = self.similar()
        self.move(other, self.stage_solved)
        self.assertTrue(self.ticket.similar_ticket_ids)
        self.go_to('2026-04-20 09:00')
        self.assertFalse(self.ticket.similar_ticket_ids)

    def test_not_for_closed_nor_of_merged_tickets(self):
        other, _found = self.similar()
        self.move(self.ticket, self.stage_solved)
        self.assertFalse(self.ticket.similar_ticket_ids)
        self.move(self.ticket, self.stage_new)
        self.ticket.with_user(self.agent)._merge(other.with_user(self.agent))
        self.env.invalidate_all()
        self.assertFalse(self.ticket.similar_ticket_ids)

    def test_hidden_tickets_are_not_suggested(self):
        hidden = self.create_team("Hidden", privacy_visibility='invited_internal')
        self.create_tickets([{
            'name': self.ticket.name, 'team_id': hidden.id, 'partner_id': self.client.id,
        }], user=self.manager)
        self.assertFalse(self.ticket.with_user(self.agent).similar_ticket_ids)
        self.assertTrue(self.ticket.with_user(self.manager).similar_ticket_ids)

    def test_by_address_where_there_is_no_contact(self):
        ticket = self.create_ticket(name="Invoice lost", partner_email='who@somewhere.example')
        other = self.create_ticket(name="Invoice lost!", partner_email='Who@somewhere.example')
        self.assertEqual(ticket.similar_ticket_ids, other)

    def test_without_trigrams(self):
        self.patch(self.registry, 'has_trigram', False)
        other, found = self.similar()
        self.assertEqual(found.ids, other.ids)
        self.assertFalse(self.similar(name="Coffee machine leaks")[1] - other)

    def test_it_costs_one_query(self):
        self.similar()
        ticket = self.ticket.with_user(self.agent)
        ticket.read(['name', 'partner_id', 'similar_ticket_count'])
        ticket.invalidate_recordset(['similar_ticket_ids', 'similar_ticket_count'])
        with self.assertQueryCount(1):
            self.assertEqual(ticket.similar_ticket_count, 1)

    def test_the_shortcut_merges(self):
        other, _found = self.similar()
        action = self.ticket.with_user(self.agent).action_merge_similar_tickets()
        self.env['helpdesk.ticket.merge.wizard'].with_user(self.agent).with_context(
            action['context'],
        ).create({}).action_merge()
        self.assertEqual(other.merged_into_id, self.ticket)
        self.env.invalidate_all()
        action = self.ticket.with_user(self.agent).action_view_similar_tickets()
        self.assertEqual(action['domain'], [('id', 'in', self.ticket.ids)])
