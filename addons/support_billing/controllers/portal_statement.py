from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager as portal_pager


class SupportStatementPortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'support_statement_count' in counters:
            statements = request.env['support.statement']
            values['support_statement_count'] = (
                statements.search_count(self._get_statements_domain())
                if statements.has_access('read') else 0
            )
        return values

    def _get_statements_domain(self):
        """ Return which of the statements that the visitor may read concern the visitor.

        Without it employees would find those of all clients in their portal.
        """
        return [
            ('state', '=', 'sent'),
            ('partner_id', '=', request.env.user.partner_id.commercial_partner_id.id),
        ]

    @http.route(
        ['/my/statements', '/my/statements/page/<int:page>'],
        type='http', auth='user', website=True, readonly=True,
    )
    def portal_my_statements(self, page=1, **kwargs):
        statements = request.env['support.statement']
        readable = statements.has_access('read')
        domain = self._get_statements_domain()
        pager = portal_pager(
            url='/my/statements',
            total=statements.search_count(domain) if readable else 0,
            page=page,
            step=self._items_per_page,
        )
        if readable:
            statements = statements.search(
                domain, limit=self._items_per_page, offset=pager['offset'],
            )
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'statements',
            'default_url': '/my/statements',
            'pager': pager,
            'statements': statements,
        })
        return request.render('support_billing.portal_my_statements', values)

    @http.route('/my/statements/<int:statement_id>', type='http', auth='public', website=True)
    def portal_my_statement(
        self, statement_id, access_token=None, report_type=None, download=False, **kwargs,
    ):
        try:
            statement_sudo = self._document_check_access(
                'support.statement', statement_id, access_token,
            )
        except (AccessError, MissingError):
            return request.redirect('/my')
        # with the visitor's language and zone
        statement_sudo = statement_sudo.with_env(request.env(su=True))
        if statement_sudo.state != 'sent' and not request.env.user._is_internal():
            return request.redirect('/my')
        if report_type == 'pdf':
            return self._show_report(
                model=statement_sudo,
                report_type=report_type,
                report_ref='support_billing.action_report_support_statement',
                download=download,
            )
        values = self._prepare_portal_layout_values()
        values.update({'page_name': 'statement', 'statement': statement_sudo})
        return request.render('support_billing.portal_my_statement', values)
