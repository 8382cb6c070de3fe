import io
import re
from datetime import timedelta

import openpyxl

from odoo import Command, http
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Datetime
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase, utc


class PortalRolesCase(HelpdeskCase):
    """ A client with two departments, and the tickets of its people and of others.

    warehouse: karol (the common portal_client), wanda; office: olga. erik works for another client.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.departments = cls.env['helpdesk.department'].create([
            {'name': name, 'partner_id': cls.client.id} for name in ("Warehouse", "Office")
        ])
        cls.warehouse, cls.office = cls.departments
        cls.karol = cls.portal_client.partner_id
        cls.karol.helpdesk_department_id = cls.warehouse
        cls.wanda = cls.create_colleague("Wanda", cls.warehouse)
        cls.olga = cls.create_colleague("Olga", cls.office)
        cls.erik = cls.portal_other.partner_id
        cls.tickets = {
            name: cls.env['helpdesk.ticket'].create({
                'name': f"Ticket {name}", 'team_id': cls.team.id, 'partner_id': person.id,
                'description': f"<p>Secret of {name}</p>",
            })
            for name, person in (
                ('own', cls.karol), ('department', cls.wanda), ('company', cls.olga),
                ('foreign', cls.erik), ('followed', cls.erik),
            )
        }
        cls.tickets['followed'].message_subscribe(cls.karol.ids)
        for ticket in cls.tickets.values():
            ticket.message_post(
                body="A note among colleagues", message_type='comment',
                subtype_xmlid='mail.mt_note',
            )

    @classmethod
    def create_colleague(cls, name, department):
        user = cls.create_user(name.lower(), 'base.group_portal')
        user.partner_id.write({
            'name': name, 'email': f'{name.lower()}@client.example', 'parent_id': cls.client.id,
            'helpdesk_department_id': department.id,
        })
        return user.partner_id

    def get_names(self, tickets):
        return {name for name, ticket in self.tickets.items() if ticket.id in tickets.ids}


# role -> the tickets that karol sees
ROLES = {
    'own': {'own', 'followed'},
    'department': {'own', 'department', 'followed'},
    'company': {'own', 'department', 'company', 'followed'},
}


@tagged('post_install', '-at_install')
class TestPortalRoles(PortalRolesCase, HttpCase):
    """ W6: each role sees exactly what it may, through whichever door. """

    def setUp(self):
        super().setUp()
        self.attachments = {
            name: self.env['ir.attachment'].create({
                'name': f'{name}.txt', 'raw': b'secret', 'res_model': 'helpdesk.ticket',
                'res_id': ticket.id,
            })
            for name, ticket in self.tickets.items()
        }
        self.tokens = {name: t._portal_ensure_token() for name, t in self.tickets.items()}

    def see_by_model(self, operation):
        tickets = self.env['helpdesk.ticket'].with_user(self.portal_client)
        if operation == 'search':
            return self.get_names(tickets.search([]))
        if operation == 'name_search':
            found = [id_ for id_, _name in tickets.name_search("Ticket")]
            return self.get_names(tickets.browse(found))
        if operation == 'description':
            return self.get_names(tickets.search([('description', 'ilike', 'secret')]))
        if operation == 'count':
            groups = tickets._read_group([], ['name'], ['__count'])
            return {name.removeprefix("Ticket ") for name, _count in groups}
        return {name for name, ticket in self.tickets.items() if self.may_read(ticket)}

    def may_read(self, ticket):
        try:
            ticket.with_user(self.portal_client).read(['name'])
        except AccessError:
            return False
        return True

    def see_by_page(self, door):
        """ Return the tickets whose secrets a page shows to karol, who is logged in. """
        seen = set()
        for name, ticket in self.tickets.items():
            url = {
                'page': f'/my/tickets/{ticket.id}',
                'mail_view': f'/mail/view?model=helpdesk.ticket&res_id={ticket.id}',
                'attachment': f'/web/content/{self.attachments[name].id}',
            }[door]
            response = self.url_open(url)
            text = response.text if door == 'attachment' else response.text.replace(
                f'Ticket {name}', f'Secret of {name}',
            )
            if (door == 'attachment' and response.ok and text == 'secret') or (
                door != 'attachment' and f'Secret of {name}' in text
            ):
                seen.add(name)
            self.assertNotIn("A note among colleagues", response.text)
        return seen

    def see_by_list(self, **params):
        query = '&'.join(f'{key}={value}' for key, value in params.items())
        text = self.url_open(f'/my/tickets?{query}').text
        return set(re.findall(r'>Ticket (\w+)</a>', text))

    def see_by_thread(self):
        seen = set()
        for ticket in self.tickets.values():
            with mute_logger('odoo.http'):
                result = self.make_jsonrpc_request('/mail/thread/messages', {
                    'thread_model': 'helpdesk.ticket', 'thread_id': ticket.id, 'fetch_params': {},
                })
            self.assertNotIn("A note among colleagues", str(result))
            # stock answers for a thread that is refused with messages of nowhere
            seen |= {other for other in self.tickets if f'Told about {other}' in str(result)}
        return seen

    def test_each_role_sees_exactly_what_it_may(self):
        for name, ticket in self.tickets.items():
            ticket.message_post(
                body=f"Told about {name}", message_type='comment', subtype_xmlid='mail.mt_comment',
            )
        self.authenticate(self.portal_client.login, self.portal_client.login)
        for role, expected in ROLES.items():
            self.karol.helpdesk_portal_role = role
            self.env.flush_all()
            doors = {
                **{operation: self.see_by_model(operation) for operation in (
                    'search', 'name_search', 'description', 'count', 'id',
                )},
                **{door: self.see_by_page(door) for door in ('page', 'mail_view', 'attachment')},
                'list': self.see_by_list(),
                'list search': self.see_by_list(search='Ticket', search_in='all'),
                'list by text': self.see_by_list(search='Secret', search_in='description'),
                'thread': self.see_by_thread(),
            }
            # files are reached from the page alone, which names them with tokens of their own
            self.assertFalse(doors.pop('attachment'))
            for door, seen in doors.items():
                with self.subTest(role=role, door=door):
                    self.assertEqual(seen, expected)

    def test_the_token_of_one_ticket_opens_no_other(self):
        self.karol.helpdesk_portal_role = 'company'
        self.authenticate(None, None)
        for name in self.tickets:
            for other, ticket in self.tickets.items():
                text = self.url_open(
                    f'/my/tickets/{ticket.id}?access_token={self.tokens[name]}',
                ).text
                self.assertEqual(f'Secret of {other}' in text, name == other, (name, other))

    def test_key_user_sees_the_department(self):
        self.office.key_user_ids = self.karol
        self.assertEqual(self.see_by_model('search'), {'own', 'company', 'followed'})

    def test_who_changes_the_company_loses_it_at_once(self):
        self.karol.helpdesk_portal_role = 'company'
        self.office.key_user_ids = self.karol
        self.tickets['company'].message_subscribe(self.karol.ids)
        self.assertEqual(self.see_by_model('search'), ROLES['company'])
        self.karol.parent_id = self.other_client
        self.assertEqual(self.see_by_model('search'), {'followed'})
        self.assertEqual(self.karol.helpdesk_portal_role, 'own')
        self.assertFalse(self.karol.helpdesk_department_id)
        self.assertFalse(self.office.key_user_ids)

    def test_the_new_company_does_not_get_the_old_tickets(self):
        self.erik.helpdesk_portal_role = 'company'
        self.wanda.parent_id = self.other_client
        seen = self.get_names(
            self.env['helpdesk.ticket'].with_user(self.portal_other).search([]),
        )
        self.assertEqual(seen, {'foreign', 'followed'})

    def test_the_first_company_of_a_contact_gets_its_tickets(self):
        loner = self.env['res.partner'].create({'name': "Loner"})
        ticket = self.create_ticket(partner_id=loner.id)
        self.karol.helpdesk_portal_role = 'company'
        loner.parent_id = self.client
        self.assertTrue(self.may_read(ticket))

    def test_a_department_is_not_for_another_clients_people(self):
        with self.assertRaises(ValidationError):
            self.warehouse.key_user_ids = self.erik
        with self.assertRaises(ValidationError):
            self.erik.helpdesk_department_id = self.warehouse

    def test_department_role_asks_for_a_department(self):
        with self.assertRaises(ValidationError):
            self.karol.write({
                'helpdesk_portal_role': 'department', 'helpdesk_department_id': False,
            })

    def test_portal_users_cannot_raise_their_role(self):
        for values in (
            {'helpdesk_portal_role': 'company'}, {'helpdesk_department_id': self.office.id},
            {'helpdesk_key_department_ids': [Command.link(self.office.id)]},
        ):
            with self.assertRaises(AccessError):
                self.karol.with_user(self.portal_client).write(values)
        self.authenticate(self.portal_client.login, self.portal_client.login)
        self.url_open('/my/address/submit', data={
            'csrf_token': http.Request.csrf_token(self), 'partner_id': self.karol.id,
            'name': "Karol", 'email': self.karol.email, 'helpdesk_portal_role': 'company',
        })
        self.env.invalidate_all()
        self.assertEqual(self.karol.helpdesk_portal_role, 'own')

    def test_who_is_not_of_the_help_desk_creates_contacts_but_gives_no_role(self):
        self.outsider.group_ids += self.env.ref('base.group_partner_manager')
        contacts = self.env['res.partner'].with_user(self.outsider)
        contact = contacts.create({'name': "New", 'parent_id': self.client.id})
        self.assertEqual(contact.copy().helpdesk_portal_role, 'own')
        with self.assertRaises(AccessError):
            contact.helpdesk_portal_role = 'company'
        with self.assertRaises(AccessError):
            contacts.create({'name': "New", 'helpdesk_portal_role': 'company'})

    def test_export_has_what_the_list_has(self):
        self.tickets['own'].name = '=cmd|calc'
        self.authenticate(self.portal_client.login, self.portal_client.login)
        response = self.url_open('/my/tickets/export')
        self.assertTrue(response.content.startswith(b'PK'))
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        cells = [row[1] for row in sheet.iter_rows(min_row=2)]
        self.assertEqual({cell.value for cell in cells}, {'=cmd|calc', "Ticket followed"})
        # text, not a formula
        self.assertEqual({cell.data_type for cell in cells}, {'s'})


@tagged('post_install', '-at_install')
class TestPortalActions(PortalRolesCase, HttpCase):
    """ What a client's user does in the portal. """

    def setUp(self):
        super().setUp()
        self.authenticate(self.portal_client.login, self.portal_client.login)

    def post(self, path, data, files=()):
        response = self.url_open(
            path, data={'csrf_token': http.Request.csrf_token(self), **data},
            files=[('files', (name, content)) for name, content in files] or None, method='POST',
        )
        self.env.invalidate_all()
        return response

    def find(self, name):
        return self.env['helpdesk.ticket'].search([('name', '=', name)])

    def test_new_ticket(self):
        self.team.privacy_visibility = 'portal'
        self.post('/my/tickets/new/send', {
            'name': "Scanner", 'description': "It <b>beeps</b>", 'priority': '2',
            'team_id': self.team.id, 'user_id': self.agent.id, 'partner_id': self.erik.id,
        }, [('photo.png', b'\x89PNG\r\n\x1a\n0000')])
        ticket = self.find("Scanner")
        self.assertEqual(ticket.partner_id, self.karol)
        self.assertEqual((ticket.channel, ticket.priority), ('portal', '2'))
        self.assertFalse(ticket.user_id)
        self.assertIn('&lt;b&gt;', ticket.description)
        self.assertIn('photo.png', self.url_open(f'/my/tickets/{ticket.id}').text)

    def test_what_is_refused_is_said_and_nothing_is_stored(self):
        hidden = self.create_team("Hidden", privacy_visibility='internal')
        tickets = self.env['helpdesk.ticket']
        count = tickets.search_count([])
        for values, files, sentence in (
            ({'name': ''}, (), "Give your request a subject"),
            ({'name': 'x' * 300}, (), "The subject is too long"),
            ({'description': 'x' * 30_000}, (), "The description is too long"),
            ({'priority': '7'}, (), "how urgent"),
            ({'team_id': hidden.id}, (), "who should read"),
            ({}, [('run.exe', b'x')], "could run on a computer"),
            ({}, [('page.txt', b'<html><script>alert(1)</script></html>')], "could run"),
            ({}, [(f'{n}.txt', b'x') for n in range(11)], "Too many files"),
        ):
            with self.subTest(sentence=sentence):
                page = self.post('/my/tickets/new/send', {
                    'name': "Scanner", 'team_id': self.team.id, **values,
                }, files).text
                self.assertIn(sentence, page)
                self.assertEqual(tickets.search_count([]), count)

    def test_so_many_at_once(self):
        user_tickets = self.env['helpdesk.ticket'].with_user(self.portal_client)
        with self.assertRaises(UserError):
            for number in range(30):
                user_tickets._portal_create({'name': f"N{number}", 'team_id': self.team.id})

    def test_reopen_says_why(self):
        ticket = self.tickets['own']
        ticket.with_user(self.agent).action_solve()
        self.post(f'/my/tickets/{ticket.id}/reopen', {'reason': ' '})
        self.assertTrue(ticket.is_closed)
        self.post(f'/my/tickets/{ticket.id}/reopen', {'reason': "It beeps again"})
        self.assertFalse(ticket.is_closed)
        self.assertIn("It beeps again", ticket.message_ids[:3].mapped('body')[0] + str(
            ticket.message_ids.mapped('body'),
        ))

    def test_watchers_are_colleagues_only(self):
        ticket = self.tickets['own']
        watch = f'/my/tickets/{ticket.id}/watch'
        self.post(watch, {'email': self.olga.email})
        self.assertIn(self.olga, ticket.message_partner_ids)
        page = self.post(watch, {'email': self.erik.email or 'erik@other.example'}).text
        self.assertIn("Nobody of your company", page)
        self.assertNotIn(self.erik, ticket.message_partner_ids)
        self.post(f'/my/tickets/{ticket.id}/unwatch/{self.olga.id}', {})
        self.assertNotIn(self.olga, ticket.message_partner_ids)
        # those of others, agents included, stay
        ticket.message_subscribe(self.agent.partner_id.ids)
        self.post(f'/my/tickets/{ticket.id}/unwatch/{self.agent.partner_id.id}', {})
        self.assertIn(self.agent.partner_id, ticket.message_partner_ids)

    def test_colleagues_are_offered_by_role(self):
        ticket = self.tickets['own'].with_user(self.portal_client)
        self.assertFalse(ticket._get_portal_colleagues())
        self.karol.helpdesk_portal_role = 'department'
        self.assertEqual(ticket._get_portal_colleagues(), self.karol | self.wanda)
        self.karol.helpdesk_portal_role = 'company'
        self.assertLessEqual(self.wanda | self.olga, ticket._get_portal_colleagues())
        self.assertNotIn(self.erik, ticket._get_portal_colleagues())

    def test_nothing_is_done_to_a_ticket_that_one_does_not_see(self):
        ticket = self.tickets['foreign']
        ticket.with_user(self.agent).action_solve()
        ticket.message_subscribe(self.erik.ids)
        for action, data in (
            ('reopen', {'reason': "Mine"}), ('watch', {'email': self.karol.email}),
            (f'unwatch/{self.erik.id}', {}), ('key_user', {'text': "x"}), ('close', {}),
        ):
            self.post(f'/my/tickets/{ticket.id}/{action}', data)
        self.assertTrue(ticket.is_closed)
        self.assertNotIn(self.karol, ticket.message_partner_ids)
        self.assertIn(self.erik, ticket.message_partner_ids)
        self.assertNotIn("Mine", str(ticket.message_ids.mapped('body')))

    def test_filters_by_promise(self):
        self.create_policy(time=1)
        self.go_to('mon 10:00')
        ticket = self.create_ticket(name="Ticket late", partner_id=self.karol.id)
        self.go_to('mon 12:00')
        self.assertTrue(ticket.sla_deadline < Datetime.now())
        found = self.env['helpdesk.ticket'].with_user(self.portal_client)
        self.assertEqual(found.search(found._get_portal_promise_domain('late')), ticket)
        self.assertFalse(found.search(found._get_portal_promise_domain('soon')))


@tagged('post_install', '-at_install')
class TestKeyUser(PortalRolesCase, HttpCase):
    """ C7: a colleague's request goes to the key user first; that time is not ours. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.write({
            'key_user_ids': [Command.set(cls.karol.ids)], 'is_key_user_first': True,
        })
        cls.create_policy('first_response', 4)
        cls.create_policy('resolution', 8)

    def ask(self, at='mon 10:00', **values):
        self.go_to(at)
        return self.create_ticket(name="Scanner", partner_id=self.wanda.id, **values)

    def as_key_user(self, ticket):
        return ticket.with_user(self.portal_client)

    def get_deadlines(self, ticket):
        return dict(ticket.sla_status_ids.mapped(lambda s: (s.target, s.deadline)))

    def test_no_clock_runs_until_it_is_passed_on(self):
        ticket = self.ask('mon 10:00')
        self.assertEqual(ticket.key_user_state, 'waiting')
        self.assertEqual(set(self.get_deadlines(ticket).values()), {False})
        self.assertEqual(ticket.sla_state, 'paused')
        self.go_to('tue 12:00')
        self.as_key_user(ticket)._portal_pass_on("It is the blue one")
        # as if asked on tuesday at 12:00
        self.assertEqual(self.get_deadlines(ticket), {
            'first_response': utc('tue 16:00'), 'resolution': utc('wed 11:00'),
        })
        self.assertEqual(ticket.key_user_state, 'passed_on')

    def test_their_comment_is_no_answer_of_ours(self):
        ticket = self.ask()
        self.as_key_user(ticket)._portal_pass_on("It is the blue one")
        self.assertFalse(ticket.first_response_date)
        self.assertTrue(ticket.customer_waiting_since)

    def test_what_they_answer_owes_us_nothing(self):
        ticket = self.ask()
        self.go_to('mon 11:00')
        self.as_key_user(ticket)._portal_answer_as_key_user("Press twice")
        self.assertTrue(ticket.is_closed)
        self.assertEqual(ticket.key_user_state, 'answered')
        self.assertEqual(set(ticket.sla_status_ids.mapped('result')), {'superseded'})
        self.assertFalse(ticket.sla_state)

    def test_a_reply_to_their_answer_is_ours(self):
        ticket = self.ask()
        self.go_to('mon 11:00')
        self.as_key_user(ticket)._portal_answer_as_key_user("Press twice")
        self.go_to('tue 12:00')
        ticket.with_user(self.wanda.user_ids).message_post(
            body="No", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertEqual((ticket.is_closed, ticket.key_user_state), (False, 'passed_on'))
        self.assertEqual(self.get_deadlines(ticket), {
            'first_response': utc('tue 16:00'), 'resolution': utc('wed 11:00'),
        })

    def test_an_agent_who_answers_takes_over(self):
        ticket = self.ask()
        self.go_to('mon 11:00')
        ticket.with_user(self.agent).message_post(
            body="I can help", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertEqual(ticket.key_user_state, 'passed_on')
        statuses = {status.target: status for status in ticket.sla_status_ids}
        self.assertEqual(statuses['first_response'].result, 'reached')
        self.assertEqual(statuses['resolution'].deadline, utc('tue 10:00'))

    def test_an_agent_takes_over_with_the_button(self):
        ticket = self.ask()
        ticket.with_user(self.agent).action_take_over()
        self.assertEqual(ticket.key_user_state, 'passed_on')
        with self.assertRaises(AccessError):
            self.ask().with_user(self.portal_client).action_take_over()

    def test_who_asked_may_pass_it_on(self):
        ticket = self.ask()
        ticket.with_user(self.wanda.user_ids)._portal_pass_on()
        self.assertEqual(ticket.key_user_state, 'passed_on')

    def test_only_the_key_user_answers(self):
        ticket = self.ask()
        ticket.message_subscribe(self.olga.ids)
        for user in (self.olga.user_ids, self.wanda.user_ids, self.portal_other):
            with self.assertRaises(UserError):
                ticket.with_user(user)._portal_answer_as_key_user("x")
        with self.assertRaises(UserError):
            ticket.with_user(self.olga.user_ids)._portal_pass_on()

    def test_what_comes_to_us_at_once(self):
        self.assertFalse(self.ask(priority='3').key_user_state)
        self.go_to('mon 10:00')
        self.assertFalse(self.create_ticket(partner_id=self.karol.id).key_user_state)
        self.assertFalse(self.create_ticket(partner_id=self.olga.id).key_user_state)
        self.portal_client.active = False
        self.karol.active = False
        self.assertFalse(self.ask().key_user_state)

    def test_not_among_our_open_tickets(self):
        ticket = self.ask()
        counts = self.team._get_ticket_count_domains()
        self.assertNotIn(ticket, ticket.search(counts['open_ticket_count']))
        ticket.with_user(self.agent).action_take_over()
        self.assertIn(ticket, ticket.search(counts['open_ticket_count']))

    def test_the_key_user_finds_it_in_the_portal(self):
        ticket = self.ask()
        self.authenticate(self.portal_client.login, self.portal_client.login)
        page = self.url_open('/my/tickets?filterby=key_user').text
        self.assertEqual(re.findall(r'/my/tickets/(\d+)"', page), [str(ticket.id)])
        page = self.url_open(f'/my/tickets/{ticket.id}').text
        self.assertIn("Your colleague asks you first", page)
        self.url_open(f'/my/tickets/{ticket.id}/key_user', data={
            'csrf_token': http.Request.csrf_token(self), 'text': "Press twice", 'answer': '1',
        }, method='POST')
        self.env.invalidate_all()
        self.assertEqual(ticket.key_user_state, 'answered')

    def test_pause_and_resume_by_hand_do_not_touch_their_turn(self):
        ticket = self.ask()
        self.assertFalse(ticket.is_sla_paused_by_hand)
        ticket.with_user(self.agent).action_resume_sla()
        self.assertEqual(ticket.sla_state, 'paused')

    def test_many_at_once_cost_no_query_each(self):
        self.go_to('mon 10:00')
        values = [{'partner_id': self.wanda.id} for _number in range(3)]
        tickets = self.create_tickets(values)
        self.assertEqual(set(tickets.mapped('key_user_state')), {'waiting'})
        self.assertEqual(len(tickets.sla_pause_ids), 3)

    def test_the_minutes_with_them_are_told_apart(self):
        ticket = self.ask('mon 10:00')
        self.go_to(utc('mon 10:00') + timedelta(hours=1))
        self.as_key_user(ticket)._portal_pass_on()
        [pause] = ticket.sla_pause_ids
        self.assertEqual((pause.kind, pause.date_to), ('key_user', utc('mon 11:00')))
