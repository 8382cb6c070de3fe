import io
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla.models.helpdesk_ticket import HelpdeskTicket
from odoo.addons.website_helpdesk_sla import uninstall_hook
from odoo.addons.website_helpdesk_sla.models import helpdesk_ticket as form_module

from .common import WebsiteHelpdeskCommon

SCRIPT = '<script>alert("%s")</script><img src=x onerror=alert(1)>'


@tagged('post_install', '-at_install')
class TestWebsiteForm(WebsiteHelpdeskCommon):

    # === THE TICKET === #

    def test_request_becomes_ticket_of_the_team(self):
        ticket = self._ticket()
        self.assertRecordValues(ticket, [{
            'team_id': self.team.id,
            'company_id': self.company.id,
            'name': "The printer does not print",
            'partner_name': "Vera Visitor",
            'partner_email': 'vera@visitor.example',
            'partner_id': False,
            'priority': '2',
            'channel': 'form',
            'stage_id': self.stages[0].id,
            'user_id': False,
        }])
        self.assertTrue(ticket.ticket_ref)
        self.assertRegex(ticket.description, r'First line<br ?/?>\s*Second line')

    def test_priority_is_medium_unless_chosen(self):
        values = self._form()
        del values['priority']
        self.assertEqual(self._ticket(values).priority, '1')

    def test_fields_of_the_editor_are_told_in_the_description(self):
        ticket = self._ticket(self._form(**{"Serial number": "A-17", "Room": "2.04"}))
        self.assertIn("Serial number : A-17", ticket.description)
        self.assertIn("Room : 2.04", ticket.description)
        self.assertIn("Second line", ticket.description)

    def test_property_of_the_team_is_filled_in(self):
        self.team.ticket_properties = [{'name': 'machine', 'string': "Machine", 'type': 'char'}]
        ticket = self._ticket(self._form(machine="Lathe"))
        self.assertEqual(ticket.properties['machine'], "Lathe")

    def test_files_are_attached(self):
        ticket = self._ticket(files={
            'Attachments[0][0]': ('screen.png', io.BytesIO(b'\x89PNG\r\n\x1a\n'), 'image/png'),
            'Attachments[0][1]': ('log.txt', io.BytesIO(b'line'), 'text/plain'),
            'Attachments[0][2]': ('', io.BytesIO(b''), 'application/octet-stream'),
        })
        attachments = self.env['ir.attachment'].search([
            ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
        ], order='name')
        self.assertEqual(attachments.mapped('name'), ['log.txt', 'screen.png'])
        self.assertEqual(attachments[0].raw, b'line')
        # the customer sees them with the request, and nobody a note of the public user
        self.assertEqual(ticket._get_portal_attachments(), attachments)
        self.assertFalse(ticket.message_ids.filtered('attachment_ids'))

    def test_file_under_the_name_of_a_field_is_a_file(self):
        ticket = self._ticket(files={
            name: ('a.txt', io.BytesIO(b'content'), 'text/plain')
            for name in ('message_ids', 'description[0]', 'partner_id', 'user_id[0][0]')
        })
        self.assertIn("Second line", ticket.description)
        self.assertFalse(ticket.user_id | ticket.partner_id.user_id)
        self._assert_refused(
            {**self._form(name=''), 'partner_name': "V"}, "Subject", error_fields=['name'],
            files={'name': ('a.txt', io.BytesIO(b'content'), 'text/plain')},
        )

    def test_privileged_fields_are_ignored(self):
        privileged = {
            'user_id': str(self.agent.id),
            'stage_id': str(self.stages[1].id),
            'company_id': '1',
            'partner_id': str(self.contact.id),
            'ticket_ref': 'HT99999',
            'open_date': '2020-01-01 00:00:00',
            'close_date': '2020-01-01 00:00:00',
            'channel': 'phone',
            'tag_ids': '1',
            'active': '',
            'email_cc': 'victim@elsewhere.example',
            'website_form_origin': 'x',
            'sla_deadline': '2030-01-01 00:00:00',
            'context': '{"default_user_id": 2}',
        }
        # also when somebody put them on a form with the website builder
        self.env['ir.model.fields'].formbuilder_whitelist(
            'helpdesk.ticket', [name for name in privileged if name != 'context'],
        )
        ticket = self._ticket(self._form(**privileged))
        self.assertRecordValues(ticket, [{
            'user_id': False,
            'stage_id': self.stages[0].id,
            'company_id': self.company.id,
            'partner_id': False,
            'close_date': False,
            'channel': 'form',
            'email_cc': False,
            'active': True,
        }])
        self.assertNotEqual(ticket.ticket_ref, 'HT99999')
        self.assertGreater(ticket.open_date, fields.Datetime.now() - timedelta(minutes=10))
        self.assertFalse(ticket.tag_ids)

    def test_editor_offers_what_customers_may_fill_in(self):
        offered = self.env['ir.model'].get_authorized_fields('helpdesk.ticket', {})
        self.assertEqual(set(offered), {
            'name', 'description', 'partner_name', 'partner_email', 'partner_phone', 'priority',
            'ticket_type_id', 'team_id',
        })

    # === WHO SENT IT === #

    def test_portal_user_is_the_customer(self):
        ticket = self._ticket(self._form(partner_email='clara@client.example'), login='form_client')
        self.assertEqual(ticket.partner_id, self.client.partner_id)
        self.assertEqual(ticket.partner_email, 'clara@client.example')

    def test_portal_user_need_not_type_the_address(self):
        values = self._form()
        del values['partner_email']
        ticket = self._ticket(values, login='form_client')
        self.assertEqual(ticket.partner_id, self.client.partner_id)

    def test_what_a_portal_user_types_changes_no_contact(self):
        ticket = self._ticket(
            self._form(partner_email='other@elsewhere.example', partner_phone='+48 1 234 567'),
            login='form_client',
        )
        self.assertEqual(ticket.partner_id, self.client.partner_id)
        self.assertEqual(ticket.partner_email, 'clara@client.example')
        self.assertIn('other@elsewhere.example', ticket.description)
        self.assertRecordValues(self.client.partner_id, [{
            'name': "Clara Client", 'email': 'clara@client.example', 'phone': False,
        }])

    def test_address_of_a_contact_links_it_and_shows_nothing_of_it(self):
        ticket = self._ticket(self._form(partner_email='konrad@contact.example'))
        self.assertEqual(ticket.partner_id, self.contact)
        # what somebody typed who was not logged in passes for nothing of the contact
        self.assertEqual(ticket.partner_name, "Konrad Contact")
        self.assertEqual(ticket.partner_phone, self.contact.phone)
        self.assertIn("Vera Visitor", ticket.description)
        self.assertIn("not logged in", ticket.description)
        page = self.url_open('/helpdesk/thank-you').text
        self.assertIn(ticket.ticket_ref, page)
        self.assertNotIn("Konrad", page)
        self.assertNotIn('+48 600 100 200', page)
        self.assertNotIn('/my/tickets/', page)
        self.assertNotIn('access_token', page)
        self.assertEqual(self.contact.name, "Konrad Contact")

    def test_address_of_an_agent_makes_nobody_an_agent(self):
        ticket = self._ticket(self._form(partner_email='agent@our-company.example'))
        self.assertFalse(ticket.partner_id)

    def test_contact_of_another_company_is_not_linked(self):
        self.contact.company_id = self.env['res.company'].create({'name': "Elsewhere"})
        ticket = self._ticket(self._form(partner_email='konrad@contact.example'))
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.partner_email, 'konrad@contact.example')

    def test_agent_who_fills_in_for_a_customer_is_not_the_customer(self):
        ticket = self._ticket(
            self._form(partner_email='konrad@contact.example'), login='form_agent',
        )
        self.assertEqual(ticket.partner_id, self.contact)

    # === THE THANK-YOU PAGE === #

    def test_thank_you_page_names_the_ticket(self):
        ticket = self._ticket()
        page = self.url_open('/helpdesk/thank-you').text
        self.assertIn(ticket.ticket_ref, page)
        self.assertIn("Machine Room", page)
        self.assertIn('vera@visitor.example', page)

    def test_thank_you_page_belongs_to_the_session(self):
        ticket = self._ticket()
        self.authenticate(None, None)
        response = self.url_open(f'/helpdesk/thank-you?id={ticket.id}&ticket_id={ticket.id}')
        self.assertNotIn(ticket.ticket_ref, response.text)
        self.assertTrue(response.url.endswith('/helpdesk'))

    def test_thank_you_page_links_the_ticket_of_a_portal_user(self):
        ticket = self._ticket(login='form_client')
        self.assertIn(f'/my/tickets/{ticket.id}', self.url_open('/helpdesk/thank-you').text)

    # === BAD INPUT === #

    def test_missing_fields_are_named(self):
        values = self._form(name=' \t ')
        del values['partner_email']
        self._assert_refused(
            values, "Subject, E-mail address", error_fields=['name', 'partner_email'],
        )

    def test_nothing_at_all_is_refused(self):
        self._assert_refused({'a': ''}, error_fields=['team_id'])

    def test_wrong_address_is_refused(self):
        for address in (
            'vera', 'vera@', 'a@b.example, c@d.example', 'a@b.example\nBcc: c@d.example',
        ):
            with self.subTest(address=address):
                self._assert_refused(
                    self._form(partner_email=address), "e-mail address",
                    error_fields=['partner_email'],
                )

    def test_our_own_address_is_refused(self):
        self.company.alias_domain_id = self.env['mail.alias.domain'].create({
            'name': 'our-company.example',
        })
        self.team.alias_name = 'machine-room'
        self._assert_refused(
            self._form(partner_email='machine-room@our-company.example'), "our own",
            error_fields=['partner_email'],
        )

    def test_wrong_team_is_refused(self):
        other_company = self.env['res.company'].create({'name': "Elsewhere"})
        foreign = self.team.copy({
            'name': "Foreign", 'company_id': other_company.id, 'resource_calendar_id': False,
        })
        archived, formless = self.team.copy(), self.team.copy({'use_website_form': False})
        (foreign | archived | formless).is_published = True
        archived.active = False
        other_website = self.env['website'].create({
            'name': "Other site", 'company_id': self.company.id,
        })
        elsewhere = self.team.copy({'website_id': other_website.id, 'is_published': True})
        for team_id in (
            '', '0', '-1', 'abc', '1.5', '²', f'{self.team.id} OR 1=1', '9' * 30, '2147483648',
            str(self.closed_team.id), str(foreign.id), str(archived.id), str(formless.id),
            str(elsewhere.id), str(self.env['helpdesk.team'].search([]).ids[-1] + 1000),
        ):
            with self.subTest(team_id=team_id):
                self._assert_refused(
                    self._form(team_id=team_id), "does not take requests",
                    error_fields=['team_id'],
                )

    def test_wrong_choices_are_refused(self):
        archived = self.env['helpdesk.ticket.type'].create({'name': "Old", 'active': False})
        for values in (
            {'priority': '4'}, {'priority': 'High'}, {'priority': '-1'},
            {'ticket_type_id': 'x'}, {'ticket_type_id': '9' * 30},
            {'ticket_type_id': str(archived.id)},
        ):
            with self.subTest(values=values):
                self._assert_refused(
                    self._form(**values), "Please choose again", error_fields=list(values),
                )

    def test_type_can_be_chosen(self):
        ticket_type = self.env['helpdesk.ticket.type'].create({'name': "Question of the form"})
        ticket = self._ticket(self._form(ticket_type_id=str(ticket_type.id)))
        self.assertEqual(ticket.ticket_type_id, ticket_type)

    def test_too_long_texts_are_refused(self):
        for name, size in form_module.FIELD_SIZES.items():
            with self.subTest(field=name):
                self._assert_refused(
                    self._form(**{name: 'x' * (size + 1)}), "too long", error_fields=[name],
                )
        self._assert_refused(self._form(Another='x' * 20_001), "too much text")
        self._assert_refused(
            self._form(**{f'Another {number}': 'x' for number in range(60)}), "too much text",
        )

    def test_odd_characters_are_stored_or_dropped(self):
        ticket = self._ticket(self._form(
            name='Zażółć\x00 \x1b[31mgęślą\r\nBcc: x@y.example \U0001f600',
            description='tab\tand\x00 null \u202e right',
            **{'La\x00bel': 'val\x00ue'},
        ))
        self.assertEqual(ticket.name, 'Zażółć [31mgęślą Bcc: x@y.example \U0001f600')
        self.assertIn('Label : value', ticket.description)

    def test_script_in_every_field_is_inert(self):
        values = {
            name: SCRIPT % name for name in ('name', 'description', 'partner_name')
        }
        ticket = self._ticket(
            self._form(
                **values, partner_phone='<script>1</script>',
                **{f'Custom {SCRIPT % "label"}': SCRIPT % 'value'},
            ),
            files={'Attachments[0][0]': (
                '<img src=x onerror=alert(2)>.txt',
                io.BytesIO(b'no picture'),
                'text/plain',
            )},
        )
        page = self.url_open('/helpdesk/thank-you').text
        self.authenticate('form_agent', 'form_agent')
        portal_page = self.url_open(ticket.get_portal_url())
        self.assertEqual(portal_page.status_code, 200)
        texts = {
            'description': ticket.description,
            'thank-you page': page.partition('id="wrap"')[2],
            'portal page': portal_page.text.partition('id="wrap"')[2],
            **{f'message {message.id}': message.body for message in ticket.message_ids},
            **{
                f'mail {mail.id}': mail.body_html
                for mail in self.env['mail.mail'].search([
                    ('mail_message_id', 'in', ticket.message_ids.ids),
                ])
            },
        }
        self.assertTrue([place for place in texts if place.startswith('message')])
        for place, text in texts.items():
            with self.subTest(place=place):
                self.assertNotIn('<script>alert', text or '')
                self.assertNotIn('<script>1', text or '')
                self.assertNotRegex(text or '', r'<img[^>]*onerror')
        self.assertIn('&lt;script&gt;', ticket.description)
        attachment = self.env['ir.attachment'].search([
            ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
        ])
        self.assertEqual(attachment.mimetype, 'text/plain')

    def test_script_in_the_address_is_refused(self):
        for address in (
            '<script>alert(1)</script>@x.example', 'vera@x.example<script>', '"<b>"@x.example',
            'Vera <vera@visitor.example>', 'a b@c.example',
        ):
            with self.subTest(address=address):
                self._assert_refused(
                    self._form(partner_email=address), "e-mail address",
                    error_fields=['partner_email'],
                )

    def test_addresses_of_other_alphabets_are_taken(self):
        for address in ("o'neil@x.example", 'żółć@b.example', 'user@exämple.com', 'A+b@C.example'):
            with self.subTest(address=address):
                ticket = self._ticket(self._form(partner_email=address))
                self.assertEqual(ticket.partner_email, address.lower())

    def test_prefix_alone_is_no_phone_number(self):
        self.assertFalse(self._ticket(self._form(partner_phone='+48')).partner_phone)

    def test_too_large_files_are_refused(self):
        self.env['ir.config_parameter'].set_param('helpdesk_sla.max_upload_mb', '1')
        files = {
            f'Attachments[0][{number}]': ('a.bin', io.BytesIO(b'0' * 600_000), 'text/plain')
            for number in range(2)
        }
        self._assert_refused(error="at most 1 MB", files=files)
        del files['Attachments[0][1]']
        files['Attachments[0][0]'][1].seek(0)
        self._ticket(files=files)

    def test_ten_megabytes_are_the_limit(self):
        self._assert_refused(
            error="at most 10 MB",
            files={'Attachments[0][0]': ('a.bin', io.BytesIO(b'0' * 10_485_761), 'text/plain')},
        )

    def test_too_many_files_are_refused(self):
        self._assert_refused(error="at most 10", files={
            f'Attachments[0][{number}]': (f'{number}.txt', io.BytesIO(b'0'), 'text/plain')
            for number in range(11)
        })

    def test_upload_beyond_the_server_limit_is_refused_without_internals(self):
        self.env['ir.config_parameter'].set_param('web.max_file_upload_size', '100000')
        with mute_logger('odoo.http'):
            response = self.url_open(
                '/website/form/helpdesk.ticket', data=self._form(),
                files={'A[0][0]': ('a.bin', io.BytesIO(b'0' * 200_000), 'text/plain')},
            )
        self.assertEqual(response.status_code, 413)
        self.assertNotIn('Traceback', response.text)
        self.assertFalse(self._tickets())

    def test_hidden_field_keeps_robots_out(self):
        self._assert_refused(
            self._form(homepage_url='https://spam.example'), "people do not see",
        )

    def test_captcha_is_asked_first(self):
        with patch.object(
            type(self.env['ir.http']), '_verify_request_recaptcha_token',
            side_effect=UserError("Are you a robot?"),
        ) as verify, mute_logger('odoo.http'):
            response = self.url_open('/website/form/helpdesk.ticket', data=self._form())
        verify.assert_called_once_with('website_form')
        self.assertNotEqual(response.status_code, 200)
        self.assertFalse(self._tickets())

    def test_login_without_csrf_token_is_refused(self):
        self.authenticate('form_client', 'form_client')
        with mute_logger('odoo.http'):
            response = self.url_open('/website/form/helpdesk.ticket', data=self._form())
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self._tickets())

    # === REPLAYS AND BURSTS === #

    def test_form_sent_twice_is_one_ticket(self):
        files = {'Attachments[0][0]': ('a.txt', io.BytesIO(b'same'), 'text/plain')}
        ticket = self._ticket(files=files)
        thank_you = self.url_open('/helpdesk/thank-you').text
        self.authenticate(None, None)  # another tab, a reload, a lost cookie
        files['Attachments[0][0]'][1].seek(0)
        self.assertEqual(self._post(files=files), {'id': ticket.id})
        self.assertEqual(self._tickets(), ticket)
        self.assertEqual(
            self.env['ir.attachment'].search_count([
                ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
            ]), 1,
        )
        self.assertIn(ticket.ticket_ref, thank_you)
        self.assertIn(ticket.ticket_ref, self.url_open('/helpdesk/thank-you').text)

    def test_anything_else_is_another_ticket(self):
        tickets = self._ticket()
        tickets += self._ticket(self._form(description="First line\nAnother line"))
        tickets += self._ticket(self._form(team_id=str(self.other_team.id)))
        tickets += self._ticket(self._form(Room="2.04"))
        for content in (b'one', b'two'):
            tickets += self._ticket(
                files={'A[0][0]': ('a.txt', io.BytesIO(content), 'text/plain')},
            )
        self.assertEqual(len(tickets), 6)

    def test_same_request_later_is_another_ticket(self):
        ticket = self._ticket()
        self._age(ticket, minutes=11)
        self.assertNotEqual(self._ticket(), ticket)

    def test_same_request_of_another_sender_is_another_ticket(self):
        values = self._form(partner_email='clara@client.example')
        ticket = self._ticket(values)
        self.assertNotEqual(self._ticket(values, login='form_client'), ticket)

    def test_burst_of_fifty_is_stopped(self):
        answers = [
            self._post(self._form(name=f"Request {number}")) for number in range(50)
        ]
        self.assertEqual([bool(answer.get('id')) for answer in answers], [True] * 10 + [False] * 40)
        self.assertIn("Please wait", answers[-1]['error'])
        self.assertEqual(len(self._tickets()), 10)
        self.assertEqual(self._post(self._form(name="Request 3")), answers[3])
        # somebody who is logged in does not wait for the others behind the same address
        self._ticket(self._form(name="Mine"), login='form_client')
        self.authenticate(None, None)
        self._age(self._tickets(), minutes=6)
        self._ticket(self._form(name="Later"))

    def test_limits_can_be_set(self):
        self.env['ir.config_parameter'].set_param('website_helpdesk_sla.max_requests', '1')
        self._ticket()
        self._assert_refused(self._form(name="Second"), "1 requests")

    def test_sender_of_ipv6_is_the_network(self):
        network = self.env['helpdesk.ticket']._website_form_network
        self.assertEqual(network('2001:db8:0:1:2::3'), network('2001:db8:0:1:ffff::1'))
        self.assertNotEqual(network('2001:db8:0:1::1'), network('2001:db8:0:2::1'))
        self.assertNotEqual(network('192.0.2.1'), network('192.0.2.2'))

    def test_traces_of_senders_are_erased_after_a_day(self):
        old, new = self._ticket(), self._ticket(self._form(name="New"))
        self._age(old, minutes=60 * 25)
        self.env['helpdesk.ticket']._gc_website_form_traces()
        self.assertFalse(old.website_form_origin or old.website_form_fingerprint)
        self.assertTrue(new.website_form_origin and new.website_form_fingerprint)

    def test_traces_tell_no_address(self):
        ticket = self._ticket()
        self.assertNotIn('127.0.0.1', ticket.website_form_origin)
        self.assertNotIn('127', self.env['helpdesk.ticket'].with_user(self.agent).fields_get())
        self.assertNotIn(
            'website_form_origin', self.env['helpdesk.ticket'].with_user(self.agent).fields_get(),
        )

    # === WHEN IT GOES WRONG === #

    def test_failure_tells_nothing_internal(self):
        with (
            patch.object(
                HelpdeskTicket, 'create', autospec=True,
                side_effect=AccessError("helpdesk.ticket(5,) of res.users(1,)"),
            ),
            mute_logger('odoo.addons.website_helpdesk_sla.controllers.website_form'),
        ):
            self._assert_refused(error="could not be sent")

    def test_refused_file_takes_the_ticket_with_it(self):
        with patch.object(
            type(self.env['ir.attachment']), 'create', autospec=True,
            side_effect=UserError("This kind of file is not allowed."),
        ):
            self._assert_refused(error="not allowed", files={
                'A[0][0]': ('a.txt', io.BytesIO(b'0'), 'text/plain'),
            })

    def test_team_without_stages_takes_requests(self):
        self.env['helpdesk.sla'].create({
            'name': "Answered within 4 hours", 'target': 'first_response', 'time': 4,
            'company_id': self.company.id,
        })
        self.team.stage_ids = [Command.clear()]
        self.assertTrue(self._ticket().sla_deadline)

    def test_form_closes_when_the_addon_goes(self):
        uninstall_hook(self.env)
        response = self._post()
        self.assertNotIn('id', response)
        self.assertFalse(self._tickets())

    # === HELPERS === #

    def _age(self, tickets, minutes):
        """ Let the tickets have been sent so long ago. """
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = create_date - %s WHERE id IN %s",
            [timedelta(minutes=minutes), tuple(tickets.ids)],
        )
        self.env.invalidate_all()
