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

    def _get_done_messages(self):
        """ Return what the page says when something was done, by the word in its address.

        The address carries a word, not the text: nobody can put words in our mouth by a link.
        """
        return {}

    def _render_implementation(self, implementation, **kwargs):
        """ Show an implementation, or that there is none.

        :param implementation: project.project, see `_get_implementations`
        :param kwargs: `message` or `error` to show on top
        """
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'implementation',
            'implementations': self._get_implementations(),
            'implementation': implementation,
            **kwargs,
        })
        if implementation:
            values.update(implementation._get_portal_page_values(request.env.user.partner_id))
        return request.render('onboarding_protocol.portal_my_implementation', values)

    @http.route(
        ['/my/implementation', '/my/implementation/<int:project_id>'],
        type='http', auth='user', website=True,
    )
    def portal_my_implementation(self, project_id=None, done=None, **kwargs):
        if not project_id:
            return self._render_implementation(self._get_implementations()[:1])
        implementation = self._get_implementation(project_id)
        if not implementation:
            return request.redirect('/my')
        return self._render_implementation(
            implementation, message=self._get_done_messages().get(done),
        )
