""" Log a Call (H3): who calls, on which ticket, and what a call means for the clocks. """

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, Form, tagged
from odoo.tools import SQL

from odoo.addons.helpdesk_sla.tools import phone_number

from .common import HelpdeskCase, utc

NUMBER = '+48 22 555 01 23'


@tagged('post_install', '-at_install')
class TestPhoneNumber(BaseCase):

    def assertSame(self, *numbers):
        for other in numbers[1:]:
            with self.subTest(other=other):
                self.assertTrue(phone_number.is_same(numbers[0], other))
                self.assertTrue(phone_number.is_same(other, numbers[0]))

    def test_all_ways_to_write_a_number(self):
        self.assertSame(
            NUMBER, '0048225550123', '(22) 555-01-23', '022 555 01 23', '48225550123',
            '+48/22.555.0123', '+48 22 555 01 23 ext. 12', '22 555 01 23 x7',
        )

    def test_the_trunk_prefix_inside_of_an_international_number(self):
        self.assertSame('+49 (0)30 1234567', '030 1234567', '+49301234567')

    def test_persian_and_arabic_digits(self):
        self.assertSame('+98 21 5555 0123', '۰۲۱ ۵۵۵۵ ۰۱۲۳', '٠٢١٥٥٥٥٠١٢٣')

    def test_two_countries_are_two_numbers(self):
        self.assertFalse(phone_number.is_same('+48 22 555 01 23', '+49 22 555 01 23'))

    def test_short_numbers_are_only_themselves(self):
        self.assertSame('112', ' 112 ')
        self.assertFalse(phone_number.is_same('112', '+48 22 555 1 12'))
        self.assertFalse(phone_number.is_same('555 112', '22 555 112'))

    def test_nothing_is_not_the_same_as_nothing(self):
        self.assertFalse(phone_number.is_same('', ''))
        self.assertFalse(phone_number.is_same('unknown', False))


class CallCase(HelpdeskCase):

    def call(self, user=None, context=None, **values):
        """ Fill in the dialog as an agent does, and log the call; return its ticket. """
        wizard = Form(self.env['helpdesk.call.wizard'].with_user(user or self.agent).with_context(
            default_team_id=self.team.id, **(context or {}),
        ))
        for name, value in values.items():
            setattr(wizard, name, value)
        action = wizard.save().action_log_call()
        return self.env['helpdesk.ticket'].browse(action['res_id'])

    def last_note(self, ticket):
        return ticket.message_ids.sorted('id')[-1]


@tagged('post_install', '-at_install')
class TestCall(CallCase):

    def setUp(self):
        super().setUp()
        self.client_contact.phone = NUMBER

    def find(self, number):
        return self.env['res.partner'].with_user(self.agent)._find_by_phone(number, self.company)

    def test_the_client_is_found_by_the_number_however_it_is_written(self):
        for number in (NUMBER, '0048 225550123', '22/5550123', '۰۲۲۵۵۵۰۱۲۳'):
            with self.subTest(number=number):
                self.assertEqual(self.find(number), self.client_contact)
        self.assertFalse(self.find('22 555 01 24'))
        self.assertFalse(self.find(''))

    def test_a_stored_number_in_persian_digits_is_found(self):
        self.client_contact.phone = '۰۲۱ ۵۵۵۵ ۰۱۲۳'
        self.assertEqual(self.find('+98 21 5555 0123'), self.client_contact)

    def test_contacts_of_another_company_are_not_found(self):
        self.client_contact.phone = False
        theirs = self.env['res.partner'].create({
            'name': "Theirs", 'phone': NUMBER, 'company_id': self.other_company.id,
        })
        self.assertFalse(self.find(NUMBER))
        theirs.company_id = self.company
        self.assertEqual(self.find(NUMBER), theirs)

    def test_the_number_is_looked_up_in_an_index(self):
        partners = self.env['res.partner']
        query = partners._search(partners._get_phone_key_domain('5550123'))
        plan = ' '.join(
            row[0] for row in self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        )
        # whether the planner takes it for a handful of contacts is another matter
        (indexed,), = self.env.execute_query(SQL(
            "SELECT pg_get_expr(indexprs, indrelid) FROM pg_index"
            " WHERE indexrelid = 'res_partner_helpdesk_phone_idx'::regclass",
        ))
        self.assertIn(indexed.replace('phone)::', 'res_partner.phone)::'), plan.replace(
            '(phone)::', '(res_partner.phone)::',
        ))

    def test_an_answered_call_becomes_a_ticket_with_its_answer(self):
        policy = self.create_policy('first_response', 1)
        ticket = self.call(phone='22 555 01 23', name="No invoice", minutes=7)
        self.assertEqual(
            (ticket.partner_id, ticket.channel, ticket.name, ticket.user_id, ticket.team_id),
            (self.client_contact, 'phone', "No invoice", self.agent, self.team),
        )
        self.assertMoment(ticket.first_response_date, self.START)
        self.assertFalse(ticket.customer_waiting_since)
        self.assertEqual(self.status(ticket, policy).result, 'reached')
        note = self.last_note(ticket)
        self.assertIn("Incoming call, answered", note.body)
        self.assertIn("7 min", note.body)
        self.assertTrue(note.is_internal)

    def test_a_missed_call_awaits_an_answer(self):
        policy = self.create_policy('first_response', 1)
        ticket = self.call(phone=NUMBER, name="Missed", is_answered=False)
        self.assertFalse(ticket.first_response_date)
        self.assertTrue(ticket.customer_waiting_since)
        self.assertFalse(self.status(ticket, policy).result)
        self.assertIn("Incoming call, missed", self.last_note(ticket).body)

    def test_an_outgoing_call_that_nobody_took_is_no_answer(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.call(
            phone=NUMBER, direction='outgoing', is_answered=False, target='open', ticket_id=ticket,
        )
        self.assertFalse(ticket.first_response_date)
        self.assertIn("Outgoing call, not answered", self.last_note(ticket).body)

    def test_an_outgoing_call_that_was_taken_is_an_answer(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('mon 10:00')
        self.call(phone=NUMBER, direction='outgoing', target='open', ticket_id=ticket)
        self.assertMoment(ticket.first_response_date, 'mon 10:00')

    def test_the_open_tickets_of_the_client_are_offered(self):
        of_contact = self.create_ticket(partner_id=self.client_contact.id)
        of_colleague = self.create_ticket(partner_id=self.client.id)
        closed = self.create_ticket(partner_id=self.client.id)
        closed.stage_id = self.stage_solved
        self.create_ticket(partner_id=self.other_client.id)
        form = Form(self.env['helpdesk.call.wizard'].with_user(self.agent))
        self.assertFalse(form.open_ticket_ids[:])
        form.phone = NUMBER
        self.assertEqual(form.open_ticket_ids[:], of_contact | of_colleague)
        form.target = 'open'
        self.assertEqual(form.ticket_id, of_colleague)

    def test_hidden_tickets_are_not_offered(self):
        hidden = self.create_team("Secret", privacy_visibility='invited_internal')
        self.env['helpdesk.ticket'].create({
            'name': "Hidden", 'team_id': hidden.id, 'partner_id': self.client_contact.id,
        })
        form = Form(self.env['helpdesk.call.wizard'].with_user(self.agent))
        form.phone = NUMBER
        self.assertFalse(form.open_ticket_ids[:])

    def test_an_unknown_caller_gets_no_contact(self):
        before = self.env['res.partner'].search_count([])
        ticket = self.call(phone='+44 20 7946 0000', partner_name="Somebody", name="A question")
        self.assertEqual(self.env['res.partner'].search_count([]), before)
        self.assertFalse(ticket.partner_id)
        self.assertEqual(
            (ticket.partner_name, ticket.partner_phone), ("Somebody", '+44 20 7946 0000'),
        )

    def test_an_unknown_caller_calls_again(self):
        ticket = self.call(phone='+44 20 7946 0000', partner_name="Somebody", name="A question")
        again = self.call(phone='020 7946 0000', target='open', description="Any news?")
        self.assertEqual(again, ticket)
        self.assertIn("Any news?", self.last_note(ticket).body)

    def test_a_number_of_two_clients_is_for_the_agent_to_decide(self):
        self.other_contact.phone = NUMBER
        form = Form(self.env['helpdesk.call.wizard'].with_user(self.agent))
        form.phone = NUMBER
        self.assertFalse(form.partner_id)
        self.assertEqual(form.matching_partner_ids[:], self.client_contact | self.other_contact)

    def test_the_switchboard_of_a_client_is_the_client(self):
        self.client.phone = NUMBER
        form = Form(self.env['helpdesk.call.wizard'].with_user(self.agent))
        form.phone = NUMBER
        self.assertEqual(form.partner_id, self.client)

    def test_a_customer_found_by_name_keeps_the_number_that_was_typed(self):
        form = Form(self.env['helpdesk.call.wizard'].with_user(self.agent))
        form.phone = '600 100 200'
        form.partner_id = self.client_contact
        self.assertEqual(form.phone, '600 100 200')
        self.assertEqual(form.partner_id, self.client_contact)

    def test_a_call_brings_back_what_waits_for_the_customer(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        ticket.with_user(self.agent).action_responded_by_phone()
        self.move(ticket, self.stage_customer, 'mon 09:30')
        self.go_to('mon 10:00')
        self.call(phone=NUMBER, target='open', ticket_id=ticket, is_answered=False)
        self.assertEqual(ticket.stage_type, 'open')
        self.assertMoment(ticket.customer_waiting_since, 'mon 10:00')

    def test_from_the_form_of_a_ticket(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        context = {
            'active_model': 'helpdesk.ticket', 'active_id': ticket.id, 'active_ids': ticket.ids,
        }
        self.assertEqual(self.call(context=context), ticket)
        self.assertEqual(self.env['helpdesk.ticket'].search_count(
            [('commercial_partner_id', '=', self.client.id)],
        ), 1)

    def test_nobody_called(self):
        with self.assertRaisesRegex(ValidationError, "Say who called"):
            self.call(name="Something")

    def test_about_nothing(self):
        with self.assertRaisesRegex(ValidationError, "what the call was about"):
            self.env['helpdesk.call.wizard'].with_user(self.agent).create({
                'phone': NUMBER, 'team_id': self.team.id, 'name': "  ",
            })

    def test_a_ticket_that_was_closed_meanwhile(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        wizard = self.env['helpdesk.call.wizard'].with_user(self.agent).create({
            'phone': NUMBER, 'target': 'open', 'ticket_id': ticket.id,
        })
        self.move(ticket, self.stage_solved)
        with self.assertRaisesRegex(UserError, "is closed"):
            wizard.action_log_call()

    def test_the_team_assigns_when_the_agent_does_not(self):
        self.team.write({'assign_method': 'balanced', 'member_ids': [(6, 0, self.agent2.ids)]})
        ticket = self.call(
            phone=NUMBER, name="For others", user_id=self.env['res.users'],
        )
        self.assertEqual(ticket.user_id, self.agent2)

    def test_only_agents_log_calls(self):
        for user in (self.outsider, self.portal_client):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.env['helpdesk.call.wizard'].with_user(user).create({
                    'phone': NUMBER, 'name': "Mine", 'team_id': self.team.id,
                })

    def test_a_call_on_a_ticket_asks_for_the_right_to_write(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal_client)._log_call({
                'direction': 'outgoing', 'is_answered': True,
            })
        self.assertFalse(ticket.first_response_date)

    def test_the_moment_of_the_answer_is_now(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('tue 11:15')
        self.call(phone=NUMBER, target='open', ticket_id=ticket)
        self.assertEqual(ticket.first_response_date, utc('tue 11:15'))
