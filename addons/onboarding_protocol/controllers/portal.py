from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class ImplementationPortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'implementation_count' in counters:
            values['implementation_count'] = len(self._get_implementations())
        return values

    def _get_implementations(self):
        """ Return, as superuser, the implementations that the visitor follows. """
        return request.env['project.project']._get_portal_implementations(
            request.env.user.partner_id,
        )

    def _get_implementation(self, project_id):
        """ Return one of them, or nothing if it is not the visitor's. """
        return self._get_implementations().filtered(lambda project: project.id == project_id)

    @http.route(
        ['/my/implementation', '/my/implementation/<int:project_id>'],
        type='http', auth='user', website=True,
    )
    def portal_my_implementation(self, project_id=None, message=None, error=None, **kwargs):
        implementations = self._get_implementations()
        if project_id:
            implementation = implementations.filtered(lambda project: project.id == project_id)
        else:
            implementation = implementations[:1]
        if project_id and not implementation:
            return request.redirect('/my')
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'implementation',
            'implementations': implementations,
            'implementation': implementation,
            'message': message,
            'error': error,
        })
        if implementation:
            values.update(implementation._get_portal_page_values(request.env.user.partner_id))
        return request.render('onboarding_protocol.portal_my_implementation', values)
