""" Merging and splitting tickets: what moves, what stays, and what nobody may see through it. """

import base64

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, tagged

from .common import HelpdeskCase


class MergeCase(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.target = self.create_ticket(
            name="Printer", partner_id=self.client_contact.id, description="<p>It burns.</p>",
        )
        self.go_to('mon 10:00')
        self.source = self.create_ticket(
            name="Printer again", partner_id=self.client_contact.id,
            description="<p>Still burning.</p>",
        )

    def merge(self, target=None, sources=None, user=None):
        (target or self.target).with_user(user or self.agent)._merge(
            (sources or self.source).with_user(user or self.agent),
        )
        self.env.flush_all()

    def post(self, ticket, body, user=None, **kwargs):
        return ticket.with_user(user or self.agent).message_post(
            body=body, message_type='comment',
            **{'subtype_xmlid': 'mail.mt_comment', **kwargs},
        )

    def bodies(self, ticket):
        return ticket.message_ids.filtered(
            lambda message: message.message_type == 'comment',
        ).mapped('body')


@tagged('post_install', '-at_install')
class TestMerge(MergeCase):

    def test_messages_move_with_their_author_and_date(self):
        message = self.post(self.source, "Fire!", user=self.portal_client)
        note = self.post(self.source, "Call them", subtype_xmlid='mail.mt_note')
        date, author = message.date, message.author_id
        self.go_to('mon 12:00')
        self.merge()
        self.assertEqual((message | note).mapped('res_id'), self.target.ids * 2)
        self.assertEqual((message.date, message.author_id), (date, author))
        self.assertTrue(note.subtype_id.internal)
        self.assertFalse(self.bodies(self.source))

    def test_what_the_system_noted_stays_where_it_happened(self):
        self.move(self.source, self.stage_progress)
        noted = self.source.message_ids.filtered(lambda m: m.message_type == 'notification')
        self.assertTrue(noted)
        self.merge()
        self.assertEqual(noted & self.source.message_ids, noted)

    def test_files_move(self):
        of_ticket, of_message = self.env['ir.attachment'].create([
            {'name': name, 'datas': base64.b64encode(b'x'), 'res_model': 'helpdesk.ticket',
             'res_id': self.source.id}
            for name in ("log.txt", "picture.txt")
        ])
        self.post(self.source, "See", attachment_ids=of_message.ids)
        self.merge()
        self.assertEqual((of_ticket | of_message).mapped('res_id'), self.target.ids * 2)

    def test_activities_tags_and_description_move(self):
        self.source.activity_schedule('mail.mail_activity_data_todo', user_id=self.agent2.id)
        tags = self.env['helpdesk.tag'].create([{'name': "Fire"}, {'name': "Paper"}])
        self.target.tag_ids, self.source.tag_ids = tags[0], tags
        self.merge()
        self.assertEqual(self.target.activity_ids.user_id, self.agent2)
        self.assertFalse(self.source.activity_ids)
        self.assertEqual(self.target.tag_ids, tags)
        self.assertIn("It burns.", self.target.description)
        self.assertIn("Still burning.", self.target.description)
        self.assertIn(self.source.ticket_ref, self.target.description)

    def test_followers_of_us_and_of_the_client_move(self):
        colleague = self.env['res.partner'].create({
            'name': "Colleague", 'parent_id': self.client.id, 'email': 'c@client.example',
        })
        supplier = self.env['res.partner'].create({'name': "Supplier", 'is_company': True})
        self.source.message_subscribe(
            (colleague | supplier | self.agent2.partner_id | self.other_contact).ids,
        )
        self.merge()
        followers = self.target.message_partner_ids
        self.assertLessEqual(colleague | self.agent2.partner_id, followers)
        self.assertFalse(followers & (supplier | self.other_contact))

    def test_the_customer_of_a_source_reads_the_target(self):
        boss = self.create_user('boss', 'base.group_portal')
        boss.partner_id.parent_id = self.client
        source = self.create_ticket(partner_id=boss.partner_id.id)
        with self.assertRaises(AccessError):
            self.target.with_user(boss).read(['name'])
        self.merge(sources=source)
        self.assertTrue(self.target.with_user(boss).read(['name']))

    def test_the_source_ends_canceled_and_points_to_the_target(self):
        self.merge()
        self.assertEqual(self.source.stage_id, self.stage_cancel)
        self.assertEqual(self.source.merged_into_id, self.target)
        self.assertEqual(self.target.merged_ticket_ids, self.source)
        self.assertFalse(self.target.is_closed)

    def test_a_solved_source_stays_solved(self):
        self.move(self.source, self.stage_solved)
        self.merge()
        self.assertEqual(self.source.stage_id, self.stage_solved)
        self.assertEqual(self.source.merged_into_id, self.target)

    def test_clocks(self):
        """ The source's end as canceled, past the deadline or not; the target keeps its own. """
        policy, late = self.create_policy(time=100), self.create_policy('first_response', time=1)
        target, source = self.create_tickets([
            {'partner_id': self.client_contact.id}, {'partner_id': self.client_contact.id},
        ])
        deadline = target.sla_deadline
        self.go_to('mon 17:00')
        self.assertEqual(self.status(source, late).state, 'failed')
        self.merge(target, source)
        for status in (self.status(source, policy), self.status(source, late)):
            self.assertEqual(status.result, 'cancelled')
        self.assertEqual(target.sla_deadline, deadline)
        self.assertFalse(self.status(target, policy).result)
        self.assertFalse(source.sla_deadline)
        # not even when policies are looked at again
        source.sudo()._sla_refresh()
        self.assertEqual(set(source.sla_status_ids.mapped('result')), {'cancelled'})

    def test_results_reached_before_stay(self):
        policy = self.create_policy('first_response')
        source = self.create_ticket(partner_id=self.client_contact.id)
        self.post(source, "We look at it")
        self.merge(sources=source)
        self.assertEqual(self.status(source, policy).result, 'reached')

    def test_both_threads_say_so(self):
        self.merge()
        self.assertIn(self.source.ticket_ref, self.target.message_ids[0].body)
        self.assertTrue(any(
            self.target.ticket_ref in (message.body or '') for message in self.source.message_ids
        ))

    def test_the_customer_gets_no_mail_about_it(self):
        before = self.env['mail.mail'].search([])
        self.stage_cancel.template_id = self.env.ref('helpdesk_sla.mail_template_ticket_solved')
        self.merge()
        self.assertFalse(self.env['mail.mail'].search([]) - before)

    def test_reopening_a_merged_ticket_is_refused(self):
        self.merge()
        source = self.source.with_user(self.agent)
        with self.assertRaisesRegex(UserError, self.target.ticket_ref):
            source.action_reopen()
        with self.assertRaisesRegex(ValidationError, self.target.ticket_ref):
            source.stage_id = self.stage_new

    def test_what_the_customer_writes_on_a_merged_ticket_reaches_the_target(self):
        self.merge()
        self.move(self.target, self.stage_customer)
        message = self.post(self.source, "And now?", user=self.portal_client)
        self.assertEqual(message.res_id, self.target.id)
        self.assertEqual(message.author_id, self.client_contact)
        self.assertEqual(self.target.stage_type, 'open')
        self.assertTrue(self.source.is_closed)
        note = self.post(self.source, "Archive this", subtype_xmlid='mail.mt_note')
        self.assertEqual(note.res_id, self.source.id)

    def test_a_stranger_writes_nothing_through_a_merged_ticket(self):
        self.merge()
        with self.assertRaises(AccessError):
            self.post(self.source, "Hello", user=self.portal_other)

    def test_sources_of_a_source_follow(self):
        first = self.create_ticket(partner_id=self.client_contact.id)
        self.merge(self.source, first)
        self.merge()
        self.assertEqual(first.merged_into_id, self.target)
        with self.assertRaisesRegex(UserError, "Merged already"):
            self.merge(sources=first)
        with self.assertRaisesRegex(UserError, "Merged already"):
            self.merge(self.source, self.create_ticket())

    def test_links_move(self):
        other, third = self.create_tickets([{'name': "Paper"}, {'name': "Ink"}])
        links = self.env['helpdesk.ticket.link']
        links.create([
            {'ticket_id': self.source.id, 'kind': 'blocks', 'linked_ticket_id': other.id},
            {'ticket_id': self.source.id, 'linked_ticket_id': third.id},
            {'ticket_id': self.target.id, 'linked_ticket_id': third.id},
            {'ticket_id': self.target.id, 'linked_ticket_id': self.source.id},
        ])
        self.merge()
        self.assertEqual(
            [(link.kind, link.linked_ticket_id) for link in self.target.link_ids],
            [('blocks', other), ('related', third)],
        )
        self.assertFalse(self.source.link_ids)

    def test_other_clients_are_refused(self):
        """ Their followers would read each other's messages. """
        other = self.create_ticket(partner_id=self.other_contact.id)
        with self.assertRaisesRegex(UserError, "different clients"):
            self.merge(sources=other)
        nobody = self.create_ticket()
        with self.assertRaisesRegex(UserError, "different clients"):
            self.merge(nobody, self.target | other)
        self.assertFalse(other.merged_into_id)

    def test_another_contact_of_the_client_is_fine(self):
        colleague = self.env['res.partner'].create({
            'name': "Colleague", 'parent_id': self.client.id,
        })
        self.merge(sources=self.create_ticket(partner_id=colleague.id))

    def test_without_a_client(self):
        """ Who asked without being known stays informed, in copy; the wizard says so. """
        unknown = self.create_ticket(partner_name="Somebody", partner_email='who@somewhere.example')
        wizard = self.env['helpdesk.ticket.merge.wizard'].with_user(self.agent).create({
            'ticket_ids': (self.target | unknown).ids,
        })
        self.assertEqual(wizard.target_id, self.target)
        self.assertIn('who@somewhere.example', wizard.new_readers)
        wizard.action_merge()
        self.assertIn('who@somewhere.example', self.target.email_cc)
        self.assertEqual(self.target.partner_id, self.client_contact)

    def test_a_target_without_customer_takes_the_sources(self):
        unknown = self.create_ticket(partner_email='who@somewhere.example')
        self.merge(unknown, self.source)
        self.assertEqual(unknown.partner_id, self.client_contact)
        self.assertIn('who@somewhere.example', unknown.email_cc)

    def test_other_companies_are_refused(self):
        team = self.env['helpdesk.team'].with_company(self.other_company).create({
            'name': "Theirs", 'stage_ids': self.team.stage_ids.ids,
        })
        foreign = self.env['helpdesk.ticket'].create({'name': "Theirs", 'team_id': team.id})
        with self.assertRaises(AccessError):
            self.merge(sources=foreign)
        self.manager.company_ids |= self.other_company
        both = (self.target | foreign).with_user(self.manager).with_context(
            allowed_company_ids=(self.company | self.other_company).ids,
        )
        with self.assertRaisesRegex(UserError, "different companies"):
            both[0]._merge(both[1])

    def test_the_user_needs_write_access_to_all(self):
        hidden = self.create_team("Hidden", privacy_visibility='invited_internal')
        secret = self.create_tickets(
            [{'team_id': hidden.id, 'partner_id': self.client_contact.id}], user=self.manager,
        )
        for target, source in ((self.target, secret), (secret, self.target)):
            with self.assertRaises(AccessError):
                self.merge(target, source)
        for user in (self.portal_client, self.outsider):
            with self.assertRaises(AccessError):
                self.merge(user=user)
        self.assertFalse((secret | self.target | self.source).merged_into_id)

    def test_reading_a_source_is_not_enough(self):
        self.env['ir.rule'].create({
            'name': "Not this one",
            'model_id': self.env['ir.model']._get_id('helpdesk.ticket'),
            'domain_force': [('id', '!=', self.source.id)],
            'perm_read': False,
        })
        self.assertTrue(self.source.with_user(self.agent).read(['name']))
        with self.assertRaises(AccessError):
            self.merge()

    def test_users_do_not_write_the_target_by_hand(self):
        with self.assertRaises(AccessError):
            self.source.with_user(self.agent).merged_into_id = self.target

    def test_a_ticket_alone_is_no_merge(self):
        with self.assertRaises(UserError):
            self.merge(self.target, self.target)

    def test_a_team_without_canceled_stage(self):
        """ The sentence names what is missing, and nothing has moved. """
        team = self.create_team("Small", stage_ids=[Command.set(self.stage_new.ids)])
        source = self.create_ticket(team_id=team.id, partner_id=self.client_contact.id)
        with self.assertRaisesRegex(UserError, "Small"), self.env.cr.savepoint():
            self.merge(sources=source)
        self.assertFalse(source.merged_into_id)

    def test_many_cost_as_many_queries_as_few(self):
        def cost(count):
            target, *_others = tickets = self.create_tickets(
                [{'partner_id': self.client_contact.id, 'name': str(n)} for n in range(count + 1)],
            )
            for ticket in tickets:
                self.post(ticket, "Text")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.merge(target, tickets - target)
            return self.env.cr.sql_log_count - before

        cost(2)  # caches
        few, many = cost(2), cost(12)
        self.assertLessEqual((many - few) / 10, 0.5, f"{few} queries for 2, {many} for 12")


@tagged('post_install', '-at_install')
class TestMergeWizard(MergeCase):

    def wizard(self, tickets, user=None):
        return Form(self.env['helpdesk.ticket.merge.wizard'].with_user(
            user or self.agent,
        ).with_context(active_ids=tickets.ids))

    def test_the_oldest_open_ticket_is_suggested(self):
        form = self.wizard(self.source | self.target)
        self.assertEqual(form.target_id, self.target)
        self.move(self.target, self.stage_solved)
        form = self.wizard(self.source | self.target)
        self.assertEqual(form.target_id, self.source)
        form.target_id = self.target
        action = form.save().action_merge()
        self.assertEqual(action['res_id'], self.target.id)
        self.assertEqual(self.source.merged_into_id, self.target)

    def test_problems_are_said_before(self):
        other = self.create_ticket(partner_id=self.other_contact.id)
        self.assertIn("different clients", self.wizard(self.target | other).problem)
        form = self.wizard(self.target)
        self.assertTrue(form.problem)
        wizard = form.save()
        with self.assertRaises(UserError):
            wizard.action_merge()
        form.ticket_ids.add(self.source)
        self.assertFalse(form.problem)

    def test_customers_have_no_wizard(self):
        with self.assertRaises(AccessError):
            self.env['helpdesk.ticket.merge.wizard'].with_user(self.portal_client).create({
                'ticket_ids': (self.target | self.source).ids,
            })


@tagged('post_install', '-at_install')
class TestMergedMail(MergeCase):

    def receive(self, subject, references='', email_from=None, cc=''):
        return self.env['mail.thread'].message_process('helpdesk.ticket', (
            f'From: {email_from or self.client_contact.email}\n'
            f'To: {self.team.alias_email or "support@helpdesk.example"}\n'
            f'Cc: {cc}\n'
            f'Message-Id: <{subject}-{references}@client.example>\n'
            f'Subject: {subject}\n'
            f'In-Reply-To: {references}\n'
            'Content-Type: text/plain\n\nIt still burns.\n'
        ), custom_values={'team_id': self.team.id})

    def test_an_answer_to_a_moved_message_goes_to_the_target(self):
        message = self.post(self.source, "Try again")
        self.merge()
        self.receive("Re: Printer again", message.message_id)
        self.assertIn("It still burns.", str(self.target.message_ids.mapped('body')))

    def test_an_answer_to_an_automatic_mail_of_the_source_goes_to_the_target(self):
        message = self.source.message_post(
            body="We got it", message_type='auto_comment', subtype_xmlid='mail.mt_note',
        )
        self.merge()
        self.assertEqual(message.res_id, self.source.id)
        self.receive("Re: We got it", message.message_id, cc='boss@client.example')
        self.assertIn('boss@client.example', self.target.email_cc)
        self.assertFalse(self.source.email_cc)
        self.assertIn("It still burns.", str(self.target.message_ids.mapped('body')))
        self.assertFalse(self.bodies(self.source))
        self.assertTrue(self.source.is_closed)

    def test_the_reference_of_the_source_in_the_subject_leads_to_the_target(self):
        self.merge()
        count = self.env['helpdesk.ticket'].search_count([])
        self.receive(f"About {self.source.ticket_ref}")
        self.assertIn("It still burns.", str(self.target.message_ids.mapped('body')))
        self.assertEqual(self.env['helpdesk.ticket'].search_count([]), count)
        # not for a stranger
        self.receive(f"Now {self.source.ticket_ref}", email_from='x@stranger.example')
        self.assertEqual(self.env['helpdesk.ticket'].search_count([]), count + 1)


@tagged('post_install', '-at_install')
class TestMergedInPortal(HttpCase, MergeCase):

    def get(self, url):
        return self.url_open(url, allow_redirects=False)

    def test_customers_are_led_to_the_target(self):
        token = self.source._portal_ensure_token()
        self.merge()
        url = f'/my/tickets/{self.source.id}'
        # without login, with the link that was sent
        response = self.get(f'{url}?access_token={token}')
        self.assertIn(f'/my/tickets/{self.target.id}', response.headers['Location'])
        self.assertIn(self.target.access_token, response.headers['Location'])
        # with login: by the own rights
        self.portal_client.password = 'client-of-the-tests'
        self.authenticate(self.portal_client.login, 'client-of-the-tests')
        response = self.get(url)
        self.assertIn(f'/my/tickets/{self.target.id}', response.headers['Location'])
        self.assertNotIn('access_token', response.headers['Location'])

    def test_others_are_not(self):
        boss = self.env['res.partner'].create({'name': "Boss", 'parent_id': self.client.id})
        target = self.create_ticket(name="Secret of the boss", partner_id=boss.id)
        token = self.source._portal_ensure_token()
        self.merge(target)
        target.message_unsubscribe(self.client_contact.ids)
        url = f'/my/tickets/{self.source.id}'
        response = self.get(f'{url}?access_token={token}')
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Secret of the boss", response.text)
        self.assertIn("handled together", response.text)
        response = self.get(url)
        self.assertNotIn(str(target.id), response.headers['Location'])


@tagged('post_install', '-at_install')
class TestSplit(MergeCase):

    def split(self, messages, name="Paper", user=None):
        return self.source.with_user(user or self.agent)._split(
            messages.with_user(user or self.agent), name,
        ).with_user(self.env.user)

    def setUp(self):
        super().setUp()
        self.go_to('mon 11:00')
        self.asked = self.post(self.source, "And we need paper", user=self.portal_client)
        self.go_to('mon 12:00')
        self.note = self.post(self.source, "Which one?", subtype_xmlid='mail.mt_note')
        self.go_to('tue 12:00')

    def test_the_messages_become_a_ticket_of_the_same_client(self):
        ticket = self.split(self.asked | self.note)
        self.assertEqual((self.asked | self.note).mapped('res_id'), ticket.ids * 2)
        self.assertRecordValues(ticket, [{
            'name': "Paper", 'team_id': self.team.id, 'partner_id': self.client_contact.id,
            'channel': self.source.channel, 'stage_id': self.stage_new.id,
        }])
        self.assertIn("paper", ticket.description)
        self.assertEqual(self.source.link_ids.linked_ticket_id, ticket)
        self.assertEqual(self.source.link_ids.kind, 'related')
        self.assertIn(ticket.ticket_ref, self.source.message_ids[0].body)

    def test_its_clock_counts_from_the_customers_message(self):
        self.create_policy()
        ticket = self.split(self.asked)
        self.assertMoment(ticket.open_date, 'mon 11:00')
        self.assertMoment(ticket.sla_deadline, 'tue 10:00')

    def test_without_a_customers_message_it_counts_from_now(self):
        self.assertMoment(self.split(self.note).open_date, 'tue 12:00')

    def test_an_answer_that_moves_was_the_first_response(self):
        policy = self.create_policy('first_response', time=2)
        answer = self.post(self.source, "Coming")
        ticket = self.split(self.asked | answer)
        self.assertMoment(ticket.first_response_date, 'tue 12:00')
        self.assertEqual(self.status(ticket, policy).result, 'failed')

    def test_files_move_with_their_message(self):
        attachment = self.env['ir.attachment'].create({
            'name': "paper.txt", 'datas': base64.b64encode(b'x'),
            'res_model': 'helpdesk.ticket', 'res_id': self.source.id,
        })
        self.asked.sudo().attachment_ids = attachment
        ticket = self.split(self.asked)
        self.assertEqual(attachment.res_id, ticket.id)

    def test_in_copy_stays_who_the_messages_were_for(self):
        self.source.email_cc = 'one@client.example, two@client.example'
        self.asked.sudo().incoming_email_cc = 'Two <two@client.example>, three@client.example'
        self.assertEqual(self.split(self.asked).email_cc, 'two@client.example')

    def test_messages_of_other_tickets_are_refused(self):
        foreign = self.post(self.target, "Secret")
        noted = self.source.message_ids.filtered(lambda m: m.message_type == 'notification')
        for messages in (foreign, foreign | self.asked, noted, self.asked.browse()):
            with self.assertRaises(UserError):
                self.split(messages)
        self.assertEqual(foreign.res_id, self.target.id)

    def test_who_may(self):
        for user in (self.portal_client, self.outsider):
            with self.assertRaises(AccessError):
                self.split(self.asked, user=user)

    def test_the_wizard_lists_the_thread(self):
        form = Form(self.env['helpdesk.ticket.split.wizard'].with_user(self.agent).with_context(
            active_id=self.source.id,
        ))
        self.assertEqual(form.name, "Printer again")
        self.assertEqual(len(form.line_ids), 2)
        wizard = form.save()
        with self.assertRaises(UserError):
            wizard.action_split()
        with form.line_ids.edit(0) as line:
            line.is_selected = True
        form.name = "Paper, please"
        ticket = self.env['helpdesk.ticket'].browse(form.save().action_split()['res_id'])
        self.assertEqual(ticket.name, "Paper, please")
        self.assertEqual(self.asked.res_id, ticket.id)
        self.assertEqual(self.note.res_id, self.source.id)
