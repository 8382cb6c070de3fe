import json

from odoo import Command, http
from odoo.tests import HttpCase, new_test_user


class WebsiteHelpdeskCommon(HttpCase):
    """ Who is who:

    team         public form                       agent     internal user, helpdesk user
    other_team   public form                       client    portal user of the contact `client`
    closed_team  form on, not published            contact   contact without login
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env['website'].search([], limit=1)
        cls.company = cls.website.company_id
        cls.env['website'].search([]).domain = False
        cls.env['helpdesk.team'].search([]).is_published = False
        cls.stages = cls.env['helpdesk.stage'].create([
            {'name': "New", 'sequence': 1, 'stage_type': 'open'},
            {'name': "Solved", 'sequence': 9, 'stage_type': 'solved'},
        ])
        cls.team, cls.other_team, cls.closed_team = cls.env['helpdesk.team'].create([
            {
                'name': name,
                'company_id': cls.company.id,
                'stage_ids': [Command.set(cls.stages.ids)],
                'use_website_form': True,
                'is_published': is_published,
            }
            for name, is_published in (
                ("Machine Room", True), ("Front Office", True), ("Back Office", False),
            )
        ])
        cls.agent = new_test_user(
            cls.env, 'form_agent', groups='helpdesk_sla.group_helpdesk_user',
            email='agent@our-company.example',
        )
        cls.client = new_test_user(
            cls.env, 'form_client', groups='base.group_portal', name="Clara Client",
            email='clara@client.example',
        )
        cls.contact = cls.env['res.partner'].create({
            'name': "Konrad Contact",
            'email': 'Konrad@Contact.example',
            'phone': '+48 600 100 200',
        })

        cls.known_tickets = cls.env['helpdesk.ticket'].with_context(active_test=False).search([])

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _form(self, **values):
        """ Return what the form of the team sends when it is filled in. """
        return {
            'partner_name': "Vera Visitor",
            'partner_email': 'vera@visitor.example',
            'name': "The printer does not print",
            'description': "First line\nSecond line",
            'priority': '2',
            'team_id': str(self.team.id),
            **values,
        }

    def _post(self, values=None, files=None, login=None):
        """ Send the form. Return what the server answers, as JSON. """
        values = dict(values or self._form())
        if login:
            self.authenticate(login, login)
            values['csrf_token'] = http.Request.csrf_token(self)
        response = self.url_open('/website/form/helpdesk.ticket', data=values, files=files)
        self.assertEqual(response.status_code, 200, response.text[:500])
        return json.loads(response.text)

    def _tickets(self):
        """ Return the tickets that came in through the form since the tests began. """
        return self.env['helpdesk.ticket'].with_context(active_test=False).search([
            ('channel', '=', 'form'), ('id', 'not in', self.known_tickets.ids),
        ], order='id')

    def _ticket(self, values=None, **kwargs):
        """ Send the form, which must be accepted. Return the ticket. """
        before = self._tickets()
        answer = self._post(values, **kwargs)
        self.assertIn('id', answer, answer)
        ticket = self._tickets() - before
        self.assertEqual(ticket.ids, [answer['id']])
        return ticket

    def _assert_refused(self, values=None, error='', error_fields=None, **kwargs):
        """ Send the form, which must be refused with a sentence, and leave nothing behind. """
        models = ('helpdesk.ticket', 'ir.attachment', 'mail.message', 'mail.mail', 'res.partner')
        counts = [self.env[model].sudo().search_count([]) for model in models]
        answer = self._post(values, **kwargs)
        self.assertNotIn('id', answer, answer)
        self.assertIn(error, answer['error'])
        self.assertEqual(answer.get('error_fields'), error_fields)
        for internal in ('Traceback', 'helpdesk.', 'psycopg', '_id', 'Error', 'res.'):
            self.assertNotIn(internal, answer['error'])
        self.env.invalidate_all()
        self.assertEqual(
            [self.env[model].sudo().search_count([]) for model in models], counts,
            "something was half-created",
        )
        return answer
