from odoo.http import request, route

from odoo.addons.sale.controllers.portal import CustomerPortal


class SupportBillingSalePortal(CustomerPortal):

    @route()
    def portal_quote_decline(self, order_id, access_token=None, decline_message=None, **kwargs):
        """ Let the order tell its ticket why, while it is cancelled. """
        request.update_context(support_decline_message=decline_message)
        return super().portal_quote_decline(
            order_id, access_token=access_token, decline_message=decline_message, **kwargs,
        )
