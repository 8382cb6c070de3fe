from odoo.tests import TransactionCase, tagged


@tagged('post_install', '-at_install')
class TestSuggestions(TransactionCase):

    def test_visitors_are_offered_what_is_published(self):
        forum = self.env['forum.forum'].create({'name': "Help", 'privacy': 'public'})
        shown, hidden = self.env['forum.post'].create([
            {'forum_id': forum.id, 'name': "Zebra printer explained", 'state': 'active'},
            {'forum_id': forum.id, 'name': "Zebra printer draft", 'state': 'pending'},
        ])
        team = self.env['helpdesk.team'].search([], limit=1)
        self.assertTrue(shown and hidden)
        found = team.with_user(self.env.ref('base.public_user')).with_context(
            allowed_company_ids=self.env.ref('base.public_user').company_ids.ids,
        )._search_help_articles("zebra printer")
        self.assertEqual([article['title'] for article in found], ["Zebra printer explained"])
        self.assertTrue(found[0]['url'])
