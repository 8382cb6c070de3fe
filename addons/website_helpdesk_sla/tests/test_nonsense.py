import json

from hypothesis import HealthCheck, given, settings, strategies as st

from odoo.tests import tagged

from odoo.addons.website_helpdesk_sla.controllers import help_suggestions
from odoo.addons.website_helpdesk_sla.models.helpdesk_ticket import FIELDS

from .common import WebsiteHelpdeskCommon

SETTINGS = settings(
    derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TEXT = st.text(st.characters(codec='utf-8'), max_size=60) | st.sampled_from([
    '', ' ', '\0', '0', '-1', '1e9', '9' * 40, 'None', 'true', '[]', '{}', '<script>',
    "' OR 1=1 --", '../../etc/passwd', '%s', '\u202e', '\ufeff', 'a@b', '@', 'x' * 3000,
    '\r\nBcc: x@y.example',
])
STORED = ('helpdesk.ticket', 'ir.attachment', 'mail.message', 'mail.mail', 'res.partner')


@tagged('post_install', '-at_install')
class TestNonsense(WebsiteHelpdeskCommon):
    """ Thousands of requests that no form sends: each is answered, and none leaves anything. """

    def _count(self):
        self.env.invalidate_all()
        return [self.env[model].sudo().search_count([]) for model in STORED]

    def test_form(self):
        """ At least one required field is missing or wrong in each request. """
        before = self._count()
        names = st.sampled_from(sorted(FIELDS)) | st.sampled_from([
            'user_id', 'stage_id', 'company_id', 'open_date', 'sla_status_ids', 'homepage_url',
            'id', 'context', 'model_name', '__proto__', 'team_id ', 'csrf_token',
        ])
        spoiled = st.sampled_from([
            {'name': ''}, {'partner_email': 'nobody'}, {'partner_email': ''},
            {'priority': '7'}, {'team_id': ''}, {'team_id': '0'},
            {'team_id': str(self.closed_team.id)}, {'homepage_url': 'x'}, {'name': 'x' * 5000},
        ])

        @settings(SETTINGS, max_examples=1500)
        @given(st.dictionaries(names, TEXT, max_size=8), spoiled)
        def post(values, wrong):
            # sent as a browser does, without the token of the session
            response = self.url_open(
                '/website/form/helpdesk.ticket', data={**self._form(**values), **wrong},
            )
            self.assertIn(response.status_code, (200, 400), response.text[:300])
            if response.status_code == 200:
                self.assertNotIn('id', json.loads(response.text))

        post()
        self.assertEqual(self._count(), before)

    def test_suggestions(self):
        self.env['helpdesk.faq'].create({
            'team_id': self.team.id, 'name': "Blank labels", 'answer': "<p>Turn the roll</p>",
        })
        before = self._count()
        anything = st.recursive(
            st.none() | st.booleans() | st.integers() | TEXT | st.floats(allow_nan=False),
            lambda children: st.lists(children, max_size=3), max_leaves=3,
        )

        @settings(SETTINGS, max_examples=1500)
        @given(
            st.just(self.team.id) | st.just(str(self.team.id)) | anything,
            TEXT | st.just("blank labels") | anything,
            st.dictionaries(st.sampled_from(['limit', 'x', 'context']), anything, max_size=2),
        )
        def ask(team_id, query, others):
            help_suggestions.HelpSuggestions._counter._seen.clear()
            response = self.url_open('/helpdesk/suggest', data=json.dumps({
                'jsonrpc': '2.0', 'method': 'call',
                'params': {'team_id': team_id, 'query': query, **others},
            }), headers={'Content-Type': 'application/json'})
            self.assertEqual(response.status_code, 200)
            answer = response.json()
            self.assertNotIn('error', answer)
            self.assertLessEqual(len(answer['result']), 5)

        ask()
        self.assertEqual(self._count(), before)
