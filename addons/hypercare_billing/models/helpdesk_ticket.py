from odoo import api, models

# kinds of requests that are free where a window says so
QUESTION_KINDS = ('question', 'settings')


class HelpdeskTicket(models.Model):
    """ What was asked for in hypercare is free of charge, as far as the window says (S7). """

    _inherit = 'helpdesk.ticket'

    # === COMPUTE METHODS === #

    @api.depends('hypercare_id.free_in_window', 'hypercare_kind', 'sale_line_id')
    def _compute_billing_free_explanation(self):
        super()._compute_billing_free_explanation()

    # === BUSINESS METHODS === #

    def _get_free_reason(self):
        return super()._get_free_reason() or (self._is_free_in_hypercare() and 'hypercare')

    def _is_free_in_hypercare(self):
        """ Return whether the ticket is support that its window does not charge.

        Which window it is in depends on when it was opened: what was asked for in time is free,
        also when the answer takes longer. What the client has ordered for it is paid.
        """
        self.ensure_one()
        # sudo: hypercare.period, sale.order - what is free does not depend on who logs the time
        ticket = self.sudo()
        free = ticket.hypercare_id.free_in_window
        if free in (False, 'nothing') or ticket.billing_scope != 'included':
            return False
        if ticket.sale_order_id.helpdesk_ticket_id == ticket._origin and ticket.sale_order_id:
            return False
        return free == 'support' or ticket.hypercare_kind in QUESTION_KINDS

    def _get_free_explanation(self):
        if self._get_free_reason() != 'hypercare':
            return super()._get_free_explanation()
        # sudo: hypercare.period - what it is called, to whoever sees the ticket
        period = self.sudo().hypercare_id
        if period.free_in_window == 'support':
            return self.env._(
                "Free of charge: opened in “%(period)s”, in which all support is free.",
                period=period.name,
            )
        return self.env._(
            "Free of charge: opened in “%(period)s”, in which questions and settings are free.",
            period=period.name,
        )

    # === PORTAL === #

    def _describe_portal_billing(self, order, is_readable):
        if self._get_free_reason() == 'hypercare':
            return self.env._("Included in your hypercare"), self.env._(
                "The time spent on it is free of charge.",
            )
        return super()._describe_portal_billing(order, is_readable)

    def _get_portal_billing_link(self, order):
        if self._get_free_reason() == 'hypercare':
            return False, False
        return super()._get_portal_billing_link(order)
