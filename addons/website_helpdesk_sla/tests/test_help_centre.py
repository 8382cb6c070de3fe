from datetime import datetime

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from odoo.addons.website_helpdesk_sla.controllers import help_suggestions

from .common import WebsiteHelpdeskCommon


@tagged('post_install', '-at_install')
class TestHelpCentre(WebsiteHelpdeskCommon, HttpCase):
    """ What a team's page tells before anybody asks (S9, W12). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env['resource.calendar'].create({
            'name': "Office hours", 'tz': 'Europe/Warsaw', 'company_id': cls.team.company_id.id,
            'attendance_ids': [(5, 0, 0)] + [
                (0, 0, {
                    'name': "Day", 'dayofweek': str(day), 'hour_from': start, 'hour_to': end,
                    'day_period': period,
                })
                for day in range(5)
                for start, end, period in ((9, 12, 'morning'), (12, 16, 'afternoon'))
            ],
        })
        cls.team.resource_calendar_id = cls.calendar
        cls.faq, cls.draft = cls.env['helpdesk.faq'].create([
            {'team_id': cls.team.id, 'name': "Blank labels", 'answer': "<p>Turn the roll</p>"},
            {'team_id': cls.team.id, 'name': "Blank draft", 'answer': "<p>x</p>",
             'is_published': False},
        ])

    def suggest(self, query, team=None):
        return self.make_jsonrpc_request('/helpdesk/suggest', {
            'team_id': (team or self.team).id, 'query': query,
        })

    def setUp(self):
        super().setUp()
        help_suggestions.HelpSuggestions._counter._seen.clear()

    def test_published_questions_are_on_the_page_and_no_others(self):
        page = self.url_open(self.team.website_url).text
        self.assertIn("Blank labels", page)
        self.assertIn("Turn the roll", page)
        self.assertNotIn("Blank draft", page)

    def test_suggestions_have_all_the_words(self):
        [article] = self.suggest("labels blank")
        self.assertEqual(article['title'], "Blank labels")
        self.assertEqual(article['excerpt'], "Turn the roll")
        self.assertTrue(article['url'].endswith(f'#faq-{self.faq.id}'))
        self.assertEqual(self.suggest("labels that fly"), [])
        self.assertEqual(self.suggest("a b"), [])

    def test_suggestions_for_what_is_no_text(self):
        self.assertEqual(self.suggest("labels\0blank")[0]['title'], "Blank labels")
        self.assertEqual(self.suggest("labels \ud800blank")[0]['title'], "Blank labels")
        self.assertEqual(self.suggest("\0\0\0 \ud800\ud800\ud800"), [])

    def test_suggestions_of_a_closed_team_are_nobodys(self):
        self.team.is_published = False
        self.assertEqual(self.suggest("labels blank"), [])

    def test_suggestions_are_limited_for_one_visitor(self):
        for _number in range(help_suggestions.LIMIT):
            self.assertTrue(self.suggest("labels blank"))
        self.assertEqual(self.suggest("labels blank"), [])

    def test_hours_of_days_alike_are_told_together(self):
        self.assertEqual(self.team._get_website_hours(), [
            ("Monday to Friday", "9:00\u202fAM to 4:00\u202fPM"), ("Saturday to Sunday", "Closed"),
        ])

    def test_open_closed_and_public_holiday(self):
        with freeze_time('2026-03-02 10:00'):
            self.assertTrue(self.team._get_website_now()['is_open'])
        self.env['resource.calendar.leaves'].create({
            'name': "Holiday", 'calendar_id': self.calendar.id,
            'date_from': datetime(2026, 3, 2, 23), 'date_to': datetime(2026, 3, 3, 23),
        })
        with freeze_time('2026-03-03 10:00'):
            now = self.team._get_website_now()
        self.assertFalse(now['is_open'])
        self.assertIn("March 4", now['next_opening'])

    def test_promise_is_that_of_the_engine(self):
        with freeze_time('2026-03-02 10:00'):
            self.env['helpdesk.sla'].create({
                'name': "Answer", 'company_id': self.team.company_id.id, 'time': 1,
                'target': 'first_response', 'team_ids': self.team.ids,
            })
            answer_by = self.team._get_website_now()['answer_by']
            ticket = self.env['helpdesk.ticket'].create({
                'name': "Same", 'team_id': self.team.id, 'channel': 'form',
            })
        # 11:00 in Warsaw
        self.assertEqual(ticket.sla_deadline, datetime(2026, 3, 2, 11))
        self.assertIn("March 2, 2026", answer_by)
        self.assertIn("12:00", answer_by)

    def test_page_says_when(self):
        page = self.url_open(self.team.website_url).text
        self.assertIn("Our hours", page)
        self.assertIn("Europe/Warsaw", page)
