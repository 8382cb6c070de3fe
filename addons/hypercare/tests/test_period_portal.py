from odoo.tests import HttpCase, tagged

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestPeriodPortal(HypercareCommon, HttpCase):
    """ What the client sees (G3). """

    def _open(self, user, url='/my/hypercare'):
        self.authenticate(user.login, user.login)
        return self.url_open(url)

    def test_G3_the_coordinator_follows_the_window(self):
        self.period.action_start()
        page = self._open(self.portal)
        self.assertIn("Hypercare: Lantern Books", page.text)
        self.assertIn(self.supervisor.name, page.text)

    def test_G3_a_colleague_with_the_whole_companys_view_sees_it_too(self):
        self.colleague.partner_id.helpdesk_portal_role = 'company'
        self.assertIn("Hypercare: Lantern Books", self._open(self.colleague).text)

    def test_G3_others_see_nothing(self):
        url = f'/my/hypercare/{self.period.id}'
        for user in (self.colleague, self.other_portal):
            page = self._open(user)
            self.assertNotIn("Lantern Books", page.text)
            self.assertIn("No hypercare is planned", page.text)
            self.assertFalse(self._open(user, url).url.endswith(url))

    def test_G3_a_canceled_window_is_not_shown(self):
        self.period._cancel("Not wanted")
        self.assertIn("No hypercare is planned", self._open(self.portal).text)

    def test_G7_what_is_promised_is_shown_while_it_runs(self):
        self.env['helpdesk.sla'].create({
            'name': "Answer within the hour", 'company_id': self.company.id, 'time': 1,
            'target': 'first_response', 'only_hypercare': True,
        })
        self.period.action_start()
        self.assertIn("Answer within the hour", self._open(self.portal).text)
        self.period.with_user(self.manager)._close("Done")
        self.assertNotIn("Answer within the hour", self._open(self.portal).text)

    def test_G7_the_clients_own_promise_replaces_the_general_one_on_the_page(self):
        policies = self.env['helpdesk.sla'].create([
            {
                'name': name, 'company_id': self.company.id, 'target': target, 'time': 1,
                'only_hypercare': True, **values,
            }
            for name, target, values in (
                ("General answer", 'first_response', {}),
                ("Own answer", 'first_response', {'partner_ids': [(6, 0, self.client.ids)]}),
                ("Others' answer", 'first_response', {
                    'partner_ids': [(6, 0, self.other_client.ids)],
                }),
                ("Defects solved", 'resolution', {
                    'ticket_type_ids': [(6, 0, self.types['defect'].ids)],
                }),
                ("Quick fixes solved", 'resolution', {'only_quick_fix': True}),
            )
        ])
        self.period.action_start()
        self.assertEqual(
            set(self.period._get_portal_promises().mapped('name')),
            {"Own answer", "Defects solved", "Quick fixes solved"}, policies,
        )
