from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, tagged

from odoo.addons.mail.tests.common import MailCase
from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestPackNotices(SupportBillingCommon, MailCase):
    """ Who is told when a pack runs low or expires, and how often (W3)? """

    def setUp(self):
        super().setUp()
        self.contact.parent_id.email = 'office@amber-foods.example'
        self.order.user_id = self.seller
        self.ticket = self._new_ticket()

    def _run(self):
        """ Run the job; return the subjects of the mails to the client. """
        with self.mock_mail_gateway(), self.enter_registry_test_mode():
            self.env.ref('support_billing.ir_cron_support_pack_notices').method_direct_trigger()
        self.env.invalidate_all()
        return self._new_mails.filtered(
            lambda mail: mail.model == 'sale.order.line' and mail.recipient_ids == self.client,
        ).mapped('subject')

    def test_low_balance_is_told_once_at_each_step(self):
        self.assertEqual(self._run(), [])
        self._log(self.ticket, 17)
        self.assertEqual(self._run(), ["Your support pack: 03:00 h left"])
        self.assertEqual(self._run(), [])
        self._log(self.ticket, 1)
        self.assertEqual(self._run(), [])
        self._log(self.ticket, 2)
        self.assertEqual(len(self._run()), 1)
        self.assertEqual(self._run(), [])

    def test_two_steps_at_once_are_one_mail(self):
        self._log(self.ticket, 20)
        self.assertEqual(self._run(), ["Your support pack: 00:00 h left"])

    def test_account_manager_is_asked_to_propose_a_renewal_once(self):
        self._log(self.ticket, 17)
        self._run()
        self._log(self.ticket, 3)
        self._run()
        activity = self.order.activity_ids
        self.assertEqual(activity.user_id, self.seller)
        self.assertEqual(activity.summary, "A support pack is nearly used up")

    def test_pack_that_was_extended_tells_of_its_balance_again(self):
        self._log(self.ticket, 17)
        self._run()
        self.pack.product_uom_qty = 40
        self.assertEqual(self._run(), [])
        self._log(self.ticket, 16)
        self.assertEqual(len(self._run()), 1)

    def test_statement_is_attached(self):
        self._log(self.ticket, 17)
        self._run()
        self.assertTrue(self._new_mails.filtered(
            lambda mail: mail.model == 'sale.order.line',
        ).attachment_ids)

    def test_expiry_is_told_once_some_days_before(self):
        self.pack.write({'support_start_date': '2026-01-01', 'support_end_date': '2026-03-31'})
        with freeze_time('2026-03-10'):
            self.assertEqual(self._run(), [])
        with freeze_time('2026-03-17'):
            self.assertEqual(len(self._run()), 1)
            self.assertEqual(self._run(), [])

    def test_used_up_pack_tells_of_no_expiry(self):
        self._log(self.ticket, 20)
        self._run()
        self.pack.write({'support_start_date': '2026-01-01', 'support_end_date': '2026-03-31'})
        with freeze_time('2026-03-30'):
            self.assertEqual(self._run(), [])

    def test_client_without_address_is_no_error(self):
        self.client.email = False
        self._log(self.ticket, 20)
        self.assertEqual(self._run(), [])
        self.assertTrue(self.order.activity_ids)

    def test_steps_are_percentages(self):
        for text in ('many', '120', '-5'):
            with self.assertRaises(ValidationError):
                self.company.support_balance_thresholds = text
        self.company.support_balance_thresholds = '0; 50 10'
        self.assertEqual(self.company._get_support_balance_thresholds(), [50, 10, 0])

    # === RENEWAL === #

    def test_renewal_is_a_quotation_of_the_same_pack_made_once(self):
        action = self.pack.with_user(self.seller).action_propose_renewal()
        quotation = self.env['sale.order'].browse(action['res_id'])
        self.assertEqual(quotation.state, 'draft')
        self.assertEqual(quotation.order_line.product_id, self.product_pack)
        self.assertEqual(quotation.order_line.product_uom_qty, 20)
        again = self.pack.with_user(self.seller).action_propose_renewal()
        self.assertEqual(again['res_id'], quotation.id)

    def test_only_packs_are_renewed(self):
        line = self._new_order(self.client, self.product_hour, 1).order_line
        with self.assertRaises(UserError):
            line.action_propose_renewal()

    # === STATEMENT === #

    def test_statement_lists_each_entry_with_what_was_left(self):
        self._log(self.ticket, 1.5, date='2026-01-02')
        self._log(self.ticket, 2, date='2026-01-03')
        rows = self.pack._get_pack_statement()
        self.assertEqual([row['balance'] for row in rows], [18.5, 16.5])
        self.assertEqual(rows[0]['ticket'], self.ticket.ticket_ref)
        self.assertEqual(rows[-1]['balance'], self.pack.support_hours_left)


@tagged('post_install', '-at_install')
class TestPackPortal(SupportBillingCommon, HttpCase):
    """ Who sees the statement of a pack in the portal (W3, W6)? """

    def setUp(self):
        super().setUp()
        self._log(self._new_ticket(), 1.5)
        self.portal.password = 'test_portal'
        self.authenticate('test_portal', 'test_portal')
        self.address = f'/my/support-packs/{self.pack.id}'

    def test_whoever_sees_the_whole_company_sees_its_packs(self):
        self.contact.helpdesk_portal_role = 'company'
        page = self.url_open('/my/support-packs').text
        self.assertIn(self.address, page)
        self.assertNotIn(f'/my/support-packs/{self.other_pack.id}', page)
        self.assertIn("18:30", self.url_open(self.address).text)

    def test_whoever_sees_the_own_tickets_only_sees_no_pack(self):
        self.assertNotIn(self.address, self.url_open('/my/support-packs').text)
        self.assertNotIn("18:30", self.url_open(self.address).text)

    def test_pack_of_another_client_is_not_shown_by_id_or_as_pdf(self):
        self.contact.helpdesk_portal_role = 'company'
        for end in ('', '?report_type=pdf'):
            response = self.url_open(f'/my/support-packs/{self.other_pack.id}{end}')
            self.assertTrue(response.url.endswith('/my/support-packs'))

    def test_report_itself_is_not_a_way_around_the_role(self):
        for pack in (self.pack, self.other_pack):
            page = self.url_open(f'/report/html/support_billing.report_support_pack/{pack.id}').text
            self.assertNotIn("Looked into it", page)
            self.assertNotIn(pack.order_id.name, page)

    def test_pdf_is_a_pdf(self):
        self.contact.helpdesk_portal_role = 'company'
        response = self.url_open(f'{self.address}?report_type=pdf')
        self.assertEqual(response.status_code, 200)
        self.assertTrue(response.headers['Content-Type'].startswith('application/pdf'))

    def test_visitor_has_to_log_in(self):
        self.authenticate(None, None)
        self.assertIn('/web/login', self.url_open(self.address).url)
