import re

from odoo import http
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.support_billing.tests.test_scope import ScopeCase


@tagged('post_install', '-at_install')
class TestImprovementPortal(ScopeCase, HttpCase):
    """ The client reads why something is paid, and outsiders read nothing (W9).

    portal: of `client`, who asked; colleague: of `client` too; outsider: of `other_client`.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_colleague = cls._new_portal_user("Bea", cls.client)
        cls.outsider = cls._new_portal_user("Odo", cls.other_client)
        cls.ticket = cls._new_ticket_of_type('depends', estimated_hours=4)
        cls.env['helpdesk.team'].browse(cls.ticket.team_id.id).privacy_visibility = 'portal'

    @classmethod
    def _new_portal_user(cls, name, client):
        partner = cls.env['res.partner'].create({
            'name': name, 'parent_id': client.id, 'email': f'{name.lower()}@client.example',
        })
        return new_test_user(
            cls.env, login=f'test_{name.lower()}', groups='base.group_portal',
            partner_id=partner.id,
        )

    def _get_page(self, ticket=None, user=None, **params):
        """ Return the page of a ticket, as a visitor reads it; no user: without login. """
        login = user and user.login
        self.authenticate(login, login)
        self.env.flush_all()
        query = '&'.join(f'{key}={value}' for key, value in params.items())
        return self.url_open(f'/my/tickets/{(ticket or self.ticket).id}?{query}')

    def _get_block(self, ticket=None, user=None, **params):
        """ Return the part of the page that says who pays, without its markup; '': none. """
        page = self._get_page(ticket, user or self.portal, **params).text
        found = re.search(r'<section[^>]*id="ticket_billing".*?</section>', page, re.DOTALL)
        return ' '.join(re.sub('<[^>]*>', ' ', found.group()).split()) if found else ''

    def _send_quotation(self):
        order = self._quote(self.ticket)
        order.action_quotation_sent()
        return order

    # === WHAT IS SAID === #

    def test_support_is_included(self):
        """ W9: with the hours that the pack paid. """
        ticket = self._new_ticket_of_type('included')
        self._log(ticket, 1.5)
        self.assertEqual(
            self._get_block(ticket), "Included in your support From your support pack 1:30 h",
        )

    def test_pack_is_a_click_away_for_who_sees_the_packs_of_the_company(self):
        """ W3, W9 """
        ticket = self._new_ticket_of_type('included')
        self.assertNotIn("See your support pack", self._get_block(ticket))
        self.contact.helpdesk_portal_role = 'company'
        self.assertIn("See your support pack", self._get_block(ticket))
        self.assertIn(f'/my/support-packs/{self.pack.id}', self._get_page(ticket, self.portal).text)

    def test_defect_is_repaired_free_of_charge(self):
        """ P10, W9 """
        ticket = self._new_ticket_of_type('defect')
        self._log(ticket, 1)
        self.assertEqual(
            self._get_block(ticket),
            "Defect of the product It is repaired free of charge. Free of charge 1:00 h",
        )

    def test_improvement_is_announced_before_it_is_quoted(self):
        """ W9: a draft is not shown yet. """
        block = self._get_block()
        self.assertIn("charge nothing before you have accepted it", block)
        order = self._quote(self.ticket)
        self.assertEqual(self._get_block(), block)
        self.assertNotIn(order.name, block)

    def test_quotation_is_to_be_looked_at(self):
        """ W9: number, hours, price and a link that is no token. """
        order = self._send_quotation()
        self._log(self.ticket, 1)
        block = self._get_block()
        self.assertIn(f"We made quotation {order.name} for it: 4:00 h", block)
        self.assertIn("400.00", block)
        self.assertIn("Look at it and accept", block)
        self.assertIn("Not charged before you accept 1:00 h", block)
        page = self._get_page(user=self.portal).text
        self.assertIn(f'href="/my/orders/{order.id}"', page)
        order_page = self.url_open(f'/my/orders/{order.id}')
        self.assertTrue(order_page.url.endswith(f'/my/orders/{order.id}'))
        self.assertIn('id="modalaccept"', order_page.text, "it can be signed")

    def test_accepted_quotation_is_named(self):
        """ W9 """
        order = self._send_quotation()
        self._log(self.ticket, 1)
        order.action_confirm()
        block = self._get_block()
        self.assertIn(f"Accepted by order {order.name}: 4:00 h", block)
        self.assertIn("On your order 1:00 h", block)
        self.assertNotIn("accept ", block)

    def test_declined_quotation_is_named(self):
        """ W9 """
        order = self._send_quotation()
        order._action_cancel()
        self.assertIn(f"Our quotation {order.name} was declined or cancelled.", self._get_block())

    def test_expired_quotation_is_named(self):
        """ W9 """
        order = self._send_quotation()
        order.validity_date = '2020-01-01'
        self.assertIn(f"Our quotation {order.name} has expired", self._get_block())

    def test_time_and_materials_names_its_order(self):
        """ W9: support that no pack pays for. """
        order = self._new_order(self.client, self.product_hour, 1)
        ticket = self._new_ticket_of_type('included', sale_line_id=order.order_line.id)
        self.assertIn(
            f"You pay for the time spent, by order {order.name}.", self._get_block(ticket),
        )

    def test_team_that_bills_nothing_says_nothing(self):
        """ W9 """
        self.plain_team.privacy_visibility = 'portal'
        self.assertEqual(self._get_block(self._new_ticket(team=self.plain_team)), '')

    def test_company_may_keep_the_hours_to_itself(self):
        """ W9 """
        ticket = self._new_ticket_of_type('included')
        self._log(ticket, 1.5)
        self.company.support_show_hours_portal = False
        self.assertEqual(self._get_block(ticket), "Included in your support")

    def test_time_about_which_we_have_to_decide_is_not_shown(self):
        """ W9: of a client without pack. """
        self.order._action_cancel()
        ticket = self._new_ticket_of_type('included', sale_line_id=False)
        timesheet = self._log(ticket, 1.5)
        self.assertEqual(timesheet.billing_kind, 'flagged')
        self.assertEqual(self._get_block(ticket), "Included in your support")

    # === WHO READS IT === #

    def test_user_of_another_client_sees_nothing(self):
        """ W9: neither ticket nor quotation. """
        order = self._send_quotation()
        for path in (f'/my/tickets/{self.ticket.id}', f'/my/orders/{order.id}'):
            self.authenticate(self.outsider.login, self.outsider.login)
            response = self.url_open(path)
            self.assertTrue(response.url.rstrip('/').endswith(('/my', '/my/home')), response.url)
            self.assertNotIn(order.name, response.text)

    def test_follower_of_another_client_reads_no_price(self):
        """ W9: who sees the ticket does not see the order for it. """
        order = self._send_quotation()
        self.ticket.message_subscribe(self.outsider.partner_id.ids)
        block = self._get_block(user=self.outsider)
        self.assertIn("We made a quotation for it", block)
        self.assertNotIn(order.name, block)
        self.assertNotIn("400.00", block)
        page = self._get_page(user=self.outsider).text
        self.assertNotIn('/my/orders/', page.split('id="ticket_billing"')[1].split('</section>')[0])

    def test_link_of_the_ticket_opens_no_order(self):
        """ W9: without login, neither price nor link nor token of the order. """
        order = self._send_quotation()
        token = self.ticket._portal_ensure_token()
        order._portal_ensure_token()
        page = self._get_page(access_token=token).text
        self.assertIn("We made a quotation for it", page)
        for secret in (order.name, "400.00", order.access_token):
            self.assertNotIn(secret, page)

    def test_colleague_sees_what_the_role_allows(self):
        """ W6, W9: first not even the ticket, with the role of the company the quotation too. """
        order = self._send_quotation()
        self.assertEqual(self._get_block(user=self.portal_colleague), '')
        self.portal_colleague.partner_id.helpdesk_portal_role = 'company'
        self.assertIn(order.name, self._get_block(user=self.portal_colleague))

    def test_agent_without_sales_rights_reads_no_price_in_the_portal_either(self):
        """ W9 """
        order = self._send_quotation()
        block = self._get_block(user=self.agent)
        self.assertIn("We made a quotation for it", block)
        self.assertNotIn(order.name, block)

    # === ACCEPTED OR DECLINED IN THE PORTAL === #

    def test_client_accepts_and_signs_in_the_portal(self):
        """ W9: the time that waited is approved, whatever the company asks to be paid online. """
        self.company.portal_confirmation_pay = True
        timesheet = self._log(self.ticket, 1)
        order = self._send_quotation()
        self.authenticate(self.portal.login, self.portal.login)
        self.make_jsonrpc_request(f'/my/orders/{order.id}/accept', {
            'name': "Ann",
            'signature': (
                'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9aw'
                'AAAABJRU5ErkJggg=='
            ),
        })
        self.env.invalidate_all()
        self.assertEqual((order.state, order.signed_by), ('sale', "Ann"))
        self.assertEqual(self.ticket.sale_order_id, order)
        self.assertEqual(timesheet.billing_kind, 'order')

    def test_client_declines_in_the_portal(self):
        """ W9: the ticket gets the client's words. """
        self.ticket.user_id = self.agent
        order = self._send_quotation()
        self.authenticate(self.portal.login, self.portal.login)
        self.url_open(f'/my/orders/{order.id}/decline', data={
            'csrf_token': http.Request.csrf_token(self), 'decline_message': "Next year, perhaps",
        })
        self.env.invalidate_all()
        self.assertEqual(order.state, 'cancel')
        self.assertIn("Next year, perhaps", self.ticket.message_ids[0].body)
        self.assertEqual(self.ticket.activity_ids.user_id, self.agent)

    def test_user_of_another_client_declines_nothing(self):
        """ W9 """
        order = self._send_quotation()
        self.authenticate(self.outsider.login, self.outsider.login)
        self.url_open(f'/my/orders/{order.id}/decline', data={
            'csrf_token': http.Request.csrf_token(self), 'decline_message': "No",
        })
        self.env.invalidate_all()
        self.assertEqual(order.state, 'sent')
        self.assertFalse(self.ticket.activity_ids)
