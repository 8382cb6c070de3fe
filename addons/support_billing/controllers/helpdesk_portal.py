from odoo.addons.helpdesk_sla.controllers.portal import HelpdeskPortal


class SupportBillingHelpdeskPortal(HelpdeskPortal):

    def _prepare_ticket_page_values(self, ticket_sudo, access_token, **kwargs):
        values = super()._prepare_ticket_page_values(ticket_sudo, access_token, **kwargs)
        # read with the visitor's language, by whom the access to orders is checked
        values['billing'] = values['ticket']._get_portal_billing()
        return values
