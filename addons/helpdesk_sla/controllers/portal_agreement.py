import binascii

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager as portal_pager


class HelpdeskAgreementPortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'sla_agreement_count' in counters:
            agreements = request.env['helpdesk.sla.agreement']
            values['sla_agreement_count'] = (
                agreements.search_count(self._get_agreements_domain())
                if agreements.has_access('read') else 0
            )
        return values

    def _get_agreements_domain(self):
        """ Return which of the agreements that the visitor may read concern the visitor.

        Without it employees would find those of all clients in their portal.
        """
        return [
            ('step', '!=', 'draft'),
            ('commercial_partner_id', '=', request.env.user.partner_id.commercial_partner_id.id),
        ]

    # === LIST === #

    @http.route(
        ['/my/agreements', '/my/agreements/page/<int:page>'],
        type='http', auth='user', website=True, readonly=True,
    )
    def portal_my_agreements(self, page=1, **kwargs):
        agreements = request.env['helpdesk.sla.agreement']
        readable = agreements.has_access('read')
        domain = self._get_agreements_domain()
        pager = portal_pager(
            url='/my/agreements',
            total=agreements.search_count(domain) if readable else 0,
            page=page,
            step=self._items_per_page,
        )
        if readable:
            agreements = agreements.search(
                domain, limit=self._items_per_page, offset=pager['offset'],
            )
        request.session['my_agreements_history'] = agreements.ids[:100]
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'agreements',
            'default_url': '/my/agreements',
            'pager': pager,
            'agreements': agreements,
        })
        return request.render('helpdesk_sla.portal_my_agreements', values)

    # === AGREEMENT === #

    def _get_agreement_sudo(self, agreement_id, access_token):
        """ Return the agreement as superuser, for a visitor with rights to it or with its token.

        :raise AccessError: if the visitor has neither, or it has been taken back
        :raise MissingError: if there is no such agreement
        """
        agreement_sudo = self._document_check_access(
            'helpdesk.sla.agreement', agreement_id, access_token,
        )
        if agreement_sudo.step == 'draft':
            raise AccessError(request.env._("This agreement is being revised."))
        # with the visitor's language and zone, and as the visitor in the thread
        return agreement_sudo.with_env(request.env(su=True))

    @http.route('/my/agreements/<int:agreement_id>', type='http', auth='public', website=True)
    def portal_my_agreement(
        self, agreement_id, access_token=None, report_type=None, download=False, message=False,
        **kwargs,
    ):
        try:
            agreement_sudo = self._get_agreement_sudo(agreement_id, access_token)
        except (AccessError, MissingError):
            return request.redirect('/my')
        if report_type == 'pdf':
            return self._show_report(
                model=agreement_sudo,
                report_type=report_type,
                report_ref='helpdesk_sla.action_report_agreement',
                download=download,
            )
        values = self._get_page_view_values(
            agreement_sudo,
            access_token,
            {
                'page_name': 'agreement',
                'agreement': agreement_sudo,
                'signed_now': message == 'sign_ok',
            },
            'my_agreements_history',
            False,
            **{key: value for key, value in kwargs.items() if key in ('pid', 'hash')},
        )
        return request.render('helpdesk_sla.portal_my_agreement', values)

    @http.route(
        '/my/agreements/<int:agreement_id>/accept',
        type='jsonrpc', auth='public', website=True,
    )
    def portal_my_agreement_accept(
        self, agreement_id, access_token=None, name=None, signature=None,
    ):
        access_token = access_token or request.httprequest.args.get('access_token')
        try:
            agreement_sudo = self._get_agreement_sudo(agreement_id, access_token)
        except (AccessError, MissingError):
            return {'error': request.env._("This agreement cannot be found.")}
        user = request.env.user
        if user._is_internal():
            return {'error': request.env._(
                "Only the client signs here. A copy that was signed on paper is recorded on the "
                "agreement itself.",
            )}
        author = agreement_sudo._get_recipient() if user._is_public() else user.partner_id
        try:
            # the answer is no error for the server: what was done until then must be taken back
            with request.env.cr.savepoint():
                agreement_sudo._sign_online(name, signature, author)
        except UserError as error:
            return {'error': str(error)}
        except (TypeError, binascii.Error):
            return {'error': request.env._("Your signature could not be read. Draw it again.")}
        return {
            'force_refresh': True,
            'redirect_url': agreement_sudo.get_portal_url(query_string='&message=sign_ok'),
        }
