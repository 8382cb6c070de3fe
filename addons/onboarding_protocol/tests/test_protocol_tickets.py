""" Nothing is promised before the go-live (P6). """

from odoo.fields import Command, Date
from odoo.tests import tagged

from .test_protocol import ProtocolCase


@tagged('post_install', '-at_install')
class TestProtocolTickets(ProtocolCase):

    def create_client_ticket(self, **values):
        return self.create_ticket(partner_id=self.client_contact.id, **values)

    def test_P6_a_ticket_before_the_go_live_has_no_sla(self):
        self.create_policy(time=8)
        ticket = self.create_client_ticket()
        self.assertTrue(ticket.is_before_golive)
        self.assertFalse(ticket.sla_status_ids)
        self.assertFalse(ticket.sla_deadline)
        ticket.priority = '3'
        self.assertFalse(ticket.sla_status_ids)

    def test_P6_tickets_after_the_signature_have_their_sla(self):
        before = self.create_client_ticket()
        self.create_signed()
        after = self.create_client_ticket()
        self.assertFalse(after.is_before_golive)
        self.assertEqual(self.promises(after), {'first_response': 1, 'resolution': 16})
        before.priority = '3'
        self.assertTrue(before.is_before_golive)
        self.assertFalse(before.sla_status_ids)

    def test_P6_a_client_who_is_supported_already_keeps_its_sla(self):
        self.create_signed()
        self.create_implementation(name="A second system", sla_agreement_id=False)
        ticket = self.create_client_ticket()
        self.assertFalse(ticket.is_before_golive)
        self.assertEqual(self.promises(ticket)['resolution'], 16)

    def test_P6_other_clients_are_not_concerned(self):
        policy = self.create_policy(time=8)
        ticket = self.create_ticket(partner_id=self.other_contact.id)
        self.assertFalse(ticket.is_before_golive)
        self.assertEqual(ticket.sla_status_ids.sla_id, policy)

    def test_P6_an_agreement_that_begins_later_begins_with_the_signature(self):
        self.agreement._terminate(Date.to_date('2026-02-26'), "Replaced")
        later = self.create_agreement(date_start='2026-06-01')
        self.project.sla_agreement_id = later
        self.create_signed()
        self.assertEqual(later.date_start, self.project.golive_date)
        self.assertEqual(self.create_client_ticket().agreement_id, later)

    def test_P6_tickets_before_the_go_live_are_found(self):
        before = self.create_client_ticket()
        other = self.create_ticket(partner_id=self.other_contact.id)
        found = self.env['helpdesk.ticket'].search(
            [('id', 'in', (before | other).ids), ('is_before_golive', '=', True)],
        )
        self.assertEqual(found, before)
        tickets = self.env['helpdesk.ticket'].with_user(self.agent)
        for view_type in ('search', 'list', 'kanban', 'form'):
            arch = tickets.get_view(view_type=view_type)['arch']
            self.assertIn('is_before_golive', arch)

    def test_P6_a_hundred_tickets_take_no_more_queries_to_judge(self):
        clients = self.env['res.partner'].create([
            {'name': f"Client {number}", 'is_company': True} for number in range(100)
        ])
        contacts = self.env['res.partner'].create([
            {'name': "Anna", 'parent_id': client.id} for client in clients
        ])
        for client in clients[:5]:
            self.create_implementation(
                name=client.name, partner_id=client.id, coordinator_id=False,
                sla_agreement_id=False, checklist_item_ids=[Command.clear()],
            )
        tickets = self.create_tickets([{'partner_id': contact.id} for contact in contacts])
        self.assertEqual(len(tickets.filtered('is_before_golive')), 5)

        def count(tickets):
            self.env.flush_all()
            self.env.invalidate_all()
            self.env['project.project']._golive_facts_changed()
            before = self.env.cr.sql_log_count
            tickets._compute_is_before_golive()
            queries = self.env.cr.sql_log_count - before
            self.env.flush_all()
            return queries

        self.assertEqual(count(tickets[:10]), count(tickets))
