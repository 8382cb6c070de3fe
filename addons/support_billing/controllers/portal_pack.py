from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class SupportPackPortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'support_pack_count' in counters:
            values['support_pack_count'] = len(
                request.env['sale.order.line']._get_portal_packs(),
            )
        return values

    @http.route('/my/support-packs', type='http', auth='user', website=True, readonly=True)
    def portal_my_support_packs(self, **kwargs):
        packs_sudo = request.env['sale.order.line']._get_portal_packs()
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'support_packs',
            'default_url': '/my/support-packs',
            'packs': packs_sudo.filtered(lambda pack: not pack._is_expired()),
            'expired_packs': packs_sudo.filtered(lambda pack: pack._is_expired()),
        })
        return request.render('support_billing.portal_my_support_packs', values)

    @http.route(
        '/my/support-packs/<int:line_id>', type='http', auth='user', website=True, readonly=True,
    )
    def portal_my_support_pack(self, line_id, report_type=None, download=False, **kwargs):
        pack_sudo = request.env['sale.order.line']._get_portal_packs().filtered(
            lambda pack: pack.id == line_id,
        )
        if not pack_sudo:
            return request.redirect('/my/support-packs')
        if report_type == 'pdf':
            return self._show_report(
                model=pack_sudo,
                report_type=report_type,
                report_ref='support_billing.action_report_support_pack',
                download=download,
            )
        values = self._prepare_portal_layout_values()
        values.update({'page_name': 'support_pack', 'line': pack_sudo})
        return request.render('support_billing.portal_my_support_pack', values)
