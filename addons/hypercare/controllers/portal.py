from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class HypercarePortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'hypercare_count' in counters:
            values['hypercare_count'] = len(self._get_periods())
        return values

    def _get_periods(self):
        """ Return, as superuser, the windows that the visitor follows. """
        return request.env['hypercare.period']._get_portal_periods(request.env.user.partner_id)

    def _get_period(self, period_id):
        """ Return one of them, or nothing if it is not the visitor's. """
        return self._get_periods().filtered(lambda period: period.id == period_id)

    def _get_hypercare_messages(self):
        """ Return what the page says when something was done, by the word in its address.

        The address carries a word, not the text: nobody can put words in our mouth by a link. The
        controllers of all portal pages are one class: its name must not be that of another page.
        """
        return {}

    def _render_period(self, period, **kwargs):
        """ Show a window, or that there is none.

        :param period: hypercare.period, see `_get_periods`
        :param kwargs: `message` or `error` to show on top
        """
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'hypercare', 'periods': self._get_periods(), 'period': period, **kwargs,
        })
        if period:
            values.update(period._get_portal_page_values(request.env.user.partner_id))
        return request.render('hypercare.portal_my_hypercare', values)

    @http.route(
        ['/my/hypercare', '/my/hypercare/<int:period_id>'],
        type='http', auth='user', website=True,
    )
    def portal_my_hypercare(self, period_id=None, done=None, **kwargs):
        if not period_id:
            return self._render_period(self._get_periods()[:1])
        period = self._get_period(period_id)
        if not period:
            return request.redirect('/my')
        return self._render_period(period, message=self._get_hypercare_messages().get(done))
