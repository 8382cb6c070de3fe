""" Where nobody can chat, the website offers the form of the team (requirements H3). """

from odoo.tests import HttpCase, tagged

from odoo.addons.helpdesk_sla_livechat.tests.common import LivechatCase


@tagged('post_install', '-at_install')
class TestOffer(LivechatCase, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env['website'].get_current_website()
        cls.website.company_id = cls.company
        cls.website.channel_id = cls.chat
        cls.team.write({
            'use_website_form': True,
            'is_published': True,
            'alias_name': 'chat-support',
            'alias_domain_id': cls.env['mail.alias.domain'].create({
                'name': 'chat.example', 'company_ids': [(4, cls.company.id)],
            }).id,
        })
        cls.create_policy('first_response', 1)
        cls.create_policy('first_response', 0.5, channel_ids=cls.env['helpdesk.channel'].search(
            [('code', '=', 'form')],
        ).ids)

    def get_offer(self):
        self.env.flush_all()
        return self.make_jsonrpc_request(
            '/mail/data', {'fetch_params': [['init_livechat', self.chat.id]]},
        )['Store']['helpdesk_offer']

    def test_the_form_and_what_is_promised_there(self):
        offer = self.get_offer()
        self.assertEqual(offer['url'], self.team.website_url)
        self.assertIn("9:30", offer['text'])

    def test_a_page_that_is_not_public_is_not_offered(self):
        self.team.is_published = False
        self.assertEqual(self.get_offer()['url'], 'mailto:chat-support@chat.example')

    def test_the_website_shows_it(self):
        self.browser_js(
            '/helpdesk',
            """
            const timer = setInterval(() => {
                const root = document.querySelector(".o-livechat-root")?.shadowRoot;
                const link = root?.querySelector(".o-helpdesk-LivechatOffer a");
                if (link && link.getAttribute("href").endsWith("%s")
                    && !root.querySelector("button.o-livechat-LivechatButton")) {
                    clearInterval(timer);
                    console.log("test successful");
                }
            }, 100);
            """ % self.team.website_url,
            ready="document.readyState === 'complete'", login=None,
        )
