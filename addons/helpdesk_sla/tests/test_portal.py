import json
import re

from odoo import Command, http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla.tests.common import HelpdeskCase, utc


@tagged('post_install', '-at_install')
class TestPortal(HelpdeskCase, HttpCase):
    """ /my/tickets: one's own tickets with a login, one ticket with its link. """

    def setUp(self):
        super().setUp()
        self.ticket = self.create_ticket(
            name="The label printer", partner_id=self.client_contact.id,
            description="<p>It prints <b>nothing</b> at all</p>",
        )
        self.foreign = self.create_ticket(
            name="Somebody else's secret", partner_id=self.other_contact.id,
        )
        self.token = self.ticket._portal_ensure_token()
        self.foreign_token = self.foreign._portal_ensure_token()
        self.env.flush_all()

    def login(self, user):
        if user:
            self.authenticate(user.login, user.login)

    def page(self, path, user=None, **params):
        self.login(user or self.portal_client)
        query = '&'.join(f'{key}={value}' for key, value in params.items())
        response = self.url_open(f'{path}?{query}' if query else path)
        self.assertEqual(response.status_code, 200)
        return response.text

    def public_page(self, path):
        self.authenticate(None, None)
        return self.url_open(path)

    def close(self, ticket, user=None, token=None, csrf=True):
        """ Send the form that closes a ticket. """
        data = {'access_token': token} if token else {}
        if user:
            self.login(user)
        else:
            self.authenticate(None, None)
        if csrf:
            data['csrf_token'] = http.Request.csrf_token(self)
        response = self.url_open(
            f'/my/tickets/{ticket.id}/close', data=data, method='POST',
        )
        self.env.invalidate_all()
        return response

    # === LIST === #

    def test_list_shows_own_tickets_only(self):
        page = self.page('/my/tickets')
        self.assertIn("The label printer", page)
        self.assertIn(self.ticket.ticket_ref, page)
        self.assertNotIn("Somebody else", page)

    def test_list_needs_a_login(self):
        self.assertIn('/web/login', self.public_page('/my/tickets').url)

    def test_list_without_tickets(self):
        user = self.create_user('empty', 'base.group_portal')
        self.assertIn("You have no tickets yet.", self.page('/my/tickets', user))

    def test_list_of_an_internal_user_without_helpdesk(self):
        self.assertIn("You have no tickets yet.", self.page('/my/tickets', self.outsider))

    def test_followed_ticket_is_listed(self):
        self.foreign.message_subscribe(self.client_contact.ids)
        self.assertIn("Somebody else", self.page('/my/tickets'))

    def test_team_without_portal_shows_nothing(self):
        self.team.privacy_visibility = 'internal'
        self.assertNotIn("The label printer", self.page('/my/tickets'))

    def test_search(self):
        self.create_ticket(name="Invoices", partner_id=self.client_contact.id)
        for search, search_in, found in (
            ('label', 'all', True),
            ('label', 'name', True),
            ('nothing', 'all', True),
            ('nothing', 'description', True),
            ('nothing', 'name', False),
            (self.ticket.ticket_ref, 'ticket_ref', True),
            (self.ticket.ticket_ref, 'all', True),
            (self.ticket.ticket_ref, 'name', False),
            ("'\"<script>", 'all', False),
        ):
            with self.subTest(search=search, search_in=search_in):
                page = self.page('/my/tickets', search=search, search_in=search_in)
                self.assertEqual("The label printer" in page, found)
                self.assertNotIn('>Invoices<', page)
                self.assertNotIn('<script>"', page)

    def test_search_does_not_reach_tickets_of_others(self):
        page = self.page('/my/tickets', search="secret", search_in='all')
        self.assertIn("No ticket matches.", page)

    def test_filters(self):
        waiting, closed = self.create_tickets([
            {'name': "The open question", 'partner_id': self.client_contact.id},
            {'name': "The finished thing", 'partner_id': self.client_contact.id},
        ])
        self.move(waiting, self.stage_customer)
        self.move(closed, self.stage_solved)
        for filterby, names in (
            ('all', {"The label printer", "The open question", "The finished thing"}),
            ('open', {"The label printer", "The open question"}),
            ('waiting', {"The open question"}),
            ('closed', {"The finished thing"}),
            ('nonsense', {"The label printer", "The open question", "The finished thing"}),
        ):
            with self.subTest(filterby):
                page = self.page('/my/tickets', filterby=filterby)
                self.assertEqual(
                    set(re.findall(r'>(The [a-z ]+)</a>', page)), names,
                )

    def test_groups(self):
        second = self.create_team("Billing")
        self.create_ticket(
            name="The invoice", partner_id=self.client_contact.id, team_id=second.id,
        )
        self.move(self.ticket, self.stage_customer)
        page = self.page('/my/tickets', groupby='team_id')
        self.assertEqual(re.findall(r'<th colspan="8">([^<]+)</th>', page), ["Billing", "Support"])
        page = self.page('/my/tickets', groupby='stage_id')
        self.assertEqual(
            re.findall(r'<th colspan="8">([^<]+)</th>', page), ["New", "Awaiting Customer"],
        )

    def test_sorting(self):
        self.go_to('mon 10:00')
        self.create_policy(time=2, priority_critical=True)
        self.create_ticket(
            name="The alarm", partner_id=self.client_contact.id, priority='3',
        )
        self.go_to('mon 10:30')
        self.create_ticket(name="The wish", partner_id=self.client_contact.id)
        for sortby, names in (
            ('newest', ["The wish", "The alarm", "The label printer"]),
            ('deadline', ["The alarm", "The wish", "The label printer"]),
            ('name', ["The alarm", "The label printer", "The wish"]),
            ('nonsense; drop table x', ["The wish", "The alarm", "The label printer"]),
        ):
            with self.subTest(sortby):
                page = self.page('/my/tickets', sortby=sortby)
                self.assertEqual(re.findall(r'>(The [a-z ]+)</a>', page), names)

    def test_pages(self):
        self.create_tickets([
            {'name': f"Number {index}", 'partner_id': self.client_contact.id}
            for index in range(85)
        ])
        page = self.page('/my/tickets', sortby='newest', filterby='open')
        self.assertIn('/my/tickets/page/2?', page)
        self.assertIn('filterby=open', page)
        self.assertIn("The label printer", self.page('/my/tickets/page/2', filterby='open'))

    def test_list_does_not_cost_queries_per_ticket(self):
        def queries():
            self.env.registry.clear_all_caches()
            self.page('/my/tickets')
            start = self.env.cr.sql_log_count
            self.page('/my/tickets')
            return self.env.cr.sql_log_count - start

        few = queries()
        self.create_tickets([
            {'name': f"Number {index}", 'partner_id': self.client_contact.id}
            for index in range(40)
        ])
        self.env.flush_all()
        self.assertLessEqual(queries(), few + 10)

    def test_counter_on_the_home_page(self):
        self.login(self.portal_client)
        response = self.url_open(
            '/my/counters', data=json.dumps({'params': {'counters': ['ticket_count']}}),
            headers={'Content-Type': 'application/json'},
        )
        self.assertEqual(response.json()['result'], {'ticket_count': 1})

    # === TICKET === #

    def test_ticket_page(self):
        page = self.page(f'/my/tickets/{self.ticket.id}')
        for text in ("The label printer", self.ticket.ticket_ref, "It prints <b>nothing</b>",
                     "Support", "Medium", "o_portal_chatter"):
            self.assertIn(text, page)

    def test_ticket_of_another_client_is_not_shown(self):
        self.login(self.portal_client)
        response = self.url_open(f'/my/tickets/{self.foreign.id}')
        self.assertTrue(response.url.endswith('/my'))
        self.assertNotIn("secret", response.text)

    def test_ticket_that_does_not_exist(self):
        self.login(self.portal_client)
        self.assertTrue(self.url_open('/my/tickets/999999999').url.endswith('/my'))

    def test_token_works_without_login(self):
        response = self.public_page(f'/my/tickets/{self.ticket.id}?access_token={self.token}')
        self.assertIn("The label printer", response.text)
        self.assertIn(f'data-token="{self.token}"', response.text)

    def test_link_in_the_mail_works_without_login(self):
        link = self.ticket._get_customer_link()
        response = self.public_page(link[link.index('/my/'):])
        self.assertIn("The label printer", response.text)
        self.assertIn(f'data-pid="{self.client_contact.id}"', response.text)

    def test_no_login_and_no_token(self):
        for query in (
            '', '?access_token=', '?access_token=wrong', f'?access_token={self.foreign_token}',
        ):
            with self.subTest(query):
                response = self.public_page(f'/my/tickets/{self.ticket.id}{query}')
                self.assertNotIn("The label printer", response.text)

    def test_ticket_without_token_is_not_opened_by_an_empty_one(self):
        ticket = self.create_ticket(name="Fresh", partner_id=self.client_contact.id)
        ticket.access_token = False
        self.env.flush_all()
        for token in ('', 'False', 'None'):
            response = self.public_page(f'/my/tickets/{ticket.id}?access_token={token}')
            self.assertNotIn("Fresh", response.text)

    def test_promise_in_the_zone_of_the_reader(self):
        self.create_policy(target='first_response', time=4)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertIn("1:00", self.page(f'/my/tickets/{ticket.id}'))
        self.portal_client.tz = 'America/New_York'
        page = self.page(f'/my/tickets/{ticket.id}')
        self.assertIn("7:00", page)
        self.assertIn("EST", page)

    def test_promise_waits_for_the_customer(self):
        self.create_policy(target='resolution', time=4)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.move(ticket, self.stage_customer)
        page = self.page(f'/my/tickets/{ticket.id}')
        self.assertIn("Paused: we wait for your answer", page)
        self.assertIn("We wait for your answer.", page)

    def test_promise_broken_is_said(self):
        self.create_policy(target='resolution', time=1)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.go_to('mon 11:00')
        self.assertIn("We are late.", self.page(f'/my/tickets/{ticket.id}'))
        self.move(ticket, self.stage_solved)
        self.assertIn("Done, but late", self.page(f'/my/tickets/{ticket.id}'))

    def test_files_of_internal_notes_are_not_shown(self):
        attachments = self.env['ir.attachment'].create([
            {'name': f'{name}.txt', 'raw': b'x', 'res_model': 'helpdesk.ticket',
             'res_id': self.ticket.id}
            for name in ('note', 'answer')
        ])
        for attachment, subtype in zip(attachments, ('mail.mt_note', 'mail.mt_comment')):
            self.ticket.with_user(self.agent).message_post(
                body="x", attachment_ids=attachment.ids, subtype_xmlid=subtype,
                message_type='comment',
            )
        form = self.env['ir.attachment'].with_user(self.env.ref('base.public_user')).sudo().create({
            'name': 'form.txt', 'raw': b'x', 'res_model': 'helpdesk.ticket',
            'res_id': self.ticket.id,
        })
        internal = self.env['ir.attachment'].with_user(self.agent).create({
            'name': 'internal.txt', 'raw': b'x', 'res_model': 'helpdesk.ticket',
            'res_id': self.ticket.id,
        })
        self.assertEqual(self.ticket._get_portal_attachments(), form)
        page = self.page(f'/my/tickets/{self.ticket.id}')
        self.assertIn('form.txt', page)
        self.assertIn(form.access_token, page)
        self.assertNotIn('note.txt', page)
        self.assertNotIn(internal.name, page)

    def test_ticket_of_an_archived_agent_and_without_stage_renders(self):
        self.ticket.user_id = self.agent2
        self.agent2.active = False
        self.page(f'/my/tickets/{self.ticket.id}')
        team = self.create_team("No stages", stage_ids=[Command.clear()])
        ticket = self.create_ticket(partner_id=self.client_contact.id, team_id=team.id)
        self.page(f'/my/tickets/{ticket.id}')
        self.page('/my/tickets', groupby='stage_id')

    # === ANSWERING === #

    def post(self, ticket, body, **params):
        response = self.url_open(
            '/mail/message/post',
            data=json.dumps({'params': {
                'thread_model': 'helpdesk.ticket', 'thread_id': ticket.id,
                'post_data': {'body': body, 'message_type': 'comment',
                              'subtype_xmlid': 'mail.mt_comment'},
                **params,
            }}),
            headers={'Content-Type': 'application/json'},
        )
        self.env.invalidate_all()
        return response.json()

    def test_answer_in_the_portal_opens_a_solved_ticket(self):
        self.move(self.ticket, self.stage_solved)
        self.login(self.portal_client)
        self.assertIn('result', self.post(self.ticket, "Still broken"))
        self.assertEqual(self.ticket.stage_id, self.stage_progress)
        self.assertEqual(self.ticket.message_ids.filtered(
            lambda message: message.message_type == 'comment',
        ).author_id, self.client_contact)

    def test_answer_with_the_link_is_the_customers(self):
        self.authenticate(None, None)
        self.assertIn('result', self.post(self.ticket, "Still broken", token=self.token))
        self.assertEqual(self.ticket.message_ids[0].author_id, self.client_contact)

    def test_answer_with_the_link_of_an_unknown_sender(self):
        ticket = self.create_ticket(partner_name="Anna", partner_email='anna@nowak.example')
        token = ticket._portal_ensure_token()
        self.env.flush_all()
        self.authenticate(None, None)
        self.assertIn('result', self.post(ticket, "Still broken", token=token))
        self.assertEqual(ticket.message_ids[0].email_from, '"Anna" <anna@nowak.example>')
        self.assertTrue(ticket._is_customer_message(ticket.message_ids[0]))
        [values] = ticket.message_ids[0].portal_message_format()
        self.assertEqual(values['email_from'], "Anna", "not the address")
        self.assertFalse(values['author_id'])

    def test_answer_without_rights(self):
        self.authenticate(None, None)
        self.assertIn('error', self.post(self.ticket, "Hello"))
        self.assertIn('error', self.post(self.ticket, "Hello", token='wrong'))
        self.assertIn('error', self.post(self.ticket, "Hello", token=self.foreign_token))
        self.login(self.portal_other)
        self.assertIn('error', self.post(self.ticket, "Hello"))

    # === CLOSING === #

    def test_customer_closes_a_ticket(self):
        response = self.close(self.ticket, self.portal_client)
        self.assertTrue(response.url.endswith(f'/my/tickets/{self.ticket.id}'))
        self.assertEqual(self.ticket.stage_id, self.stage_solved)
        self.assertIn("This ticket is solved.", response.text)
        self.assertNotIn("Close the ticket", response.text)

    def test_customer_closes_with_the_link(self):
        response = self.close(self.ticket, token=self.token)
        self.assertEqual(self.ticket.stage_id, self.stage_solved)
        self.assertIn("The label printer", response.text, "the page still opens")

    def test_closing_by_get_is_impossible(self):
        self.login(self.portal_client)
        response = self.url_open(f'/my/tickets/{self.ticket.id}/close')
        self.assertEqual(response.status_code, 405)
        self.env.invalidate_all()
        self.assertFalse(self.ticket.is_closed)

    def test_closing_needs_the_form_of_this_session(self):
        with mute_logger('odoo.http'):
            for values in ({'user': self.portal_client}, {'token': self.token}):
                response = self.close(self.ticket, csrf=False, **values)
                self.assertEqual(response.status_code, 400)
        self.assertFalse(self.ticket.is_closed)

    def test_nobody_else_closes_it(self):
        self.close(self.ticket, self.portal_other)
        self.close(self.ticket)
        self.close(self.ticket, token='wrong')
        self.close(self.ticket, token=self.foreign_token)
        self.assertFalse(self.ticket.is_closed)

    def test_team_that_closes_itself(self):
        self.team.allow_portal_ticket_closing = False
        self.assertNotIn("Close the ticket", self.page(f'/my/tickets/{self.ticket.id}'))
        response = self.close(self.ticket, self.portal_client)
        self.assertIn("cannot be closed here", response.text)
        self.assertFalse(self.ticket.is_closed)

    def test_thread_names_who_closed_it(self):
        self.close(self.ticket, self.portal_client)
        self.assertIn(self.client_contact, self.ticket.message_ids.author_id)

    # === RATING === #

    def test_rating_is_asked_for_once_it_is_solved(self):
        path = f'/my/tickets/{self.ticket.id}'
        self.assertNotIn('/rate/', self.page(path))
        self.move(self.ticket, self.stage_solved)
        page = self.page(path)
        link = re.search(r'/rate/[^/"]+/5', page)[0]
        self.assertIn('/submit_feedback', self.url_open(link).text)
        self.url_open(link.removesuffix('/5') + '/submit_feedback', data={
            'rate': 5, 'feedback': "Great", 'csrf_token': http.Request.csrf_token(self),
        })
        self.env.invalidate_all()
        self.assertEqual(self.ticket.rating_ids.rating, 5)
        self.assertTrue(self.ticket.is_closed, "praise does not open it again")
        self.assertNotIn('/rate/', self.page(path))

    def test_rating_is_not_asked_for_where_it_is_not_wanted(self):
        self.team.use_rating = False
        self.move(self.ticket, self.stage_solved)
        self.assertNotIn('/rate/', self.page(f'/my/tickets/{self.ticket.id}'))

    # === TIME === #

    def test_created_is_shown(self):
        self.assertEqual(self.ticket.open_date, utc('mon 09:00'))
        self.assertIn("Mar 2, 2026, 9:00", self.page(f'/my/tickets/{self.ticket.id}'))
