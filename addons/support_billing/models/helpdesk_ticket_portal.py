from odoo import models
from odoo.fields import Domain
from odoo.tools.misc import formatLang


class HelpdeskTicket(models.Model):
    """ What the client reads of who pays for a request, and why (W9). """
    _inherit = 'helpdesk.ticket'

    # === BUSINESS METHODS === #

    def _get_portal_billing(self):
        """ Return what the page of the ticket says of who pays for it.

        Called as superuser, for the visitor who is the current user and may see the ticket. Number
        and price of an order are told to those only who may read it themselves.

        :return: `title` and `text`, an order or pack to look at (`url`, its `label`, and whether
            it `is_waiting` to be accepted), the `hours` as pairs of what they are and how many;
            False if the ticket is not billed at all
        :rtype: dict | bool
        """
        self.ensure_one()
        if not self.use_helpdesk_sale_timesheet or not self.partner_id:
            return False
        order = self._get_quotations().get(self, self.env['sale.order'])
        if self.sale_line_id and order._get_quotation_state() != 'sent':
            order = self.sale_line_id.order_id
        is_readable = bool(order) and order.with_env(self.env(su=False)).has_access('read')
        title, text = self._describe_portal_billing(order, is_readable)
        url, label = self._get_portal_billing_link(order) if is_readable else (False, False)
        return {
            'title': title,
            'text': text,
            'url': url,
            'label': label,
            'is_waiting': order._get_quotation_state() == 'sent',
            'hours': self._get_portal_hours(),
        }

    def _get_portal_billing_link(self, order):
        """ Return where the visitor, who may read an order, sees what pays for the ticket.

        :param order: the sale.order that pays for the ticket, or waits to
        :return: the address and what it is called; False twice if there is nothing to see
        :rtype: tuple[str | bool, str | bool]
        """
        self.ensure_one()
        state = order._get_quotation_state()
        if self.billing_scope == 'defect':
            return False, False
        if state == 'sent':
            return order.access_url, self.env._("Look at it and accept")
        line = self.sale_line_id
        if self.billing_scope == 'included' and line.support_hours_available:
            if line in self.env['sale.order.line']._get_portal_packs():
                return f'/my/support-packs/{line.id}', self.env._("See your support pack")
            return False, False
        if state in ('expired', 'accepted'):
            return order.access_url, self.env._("Look at it")
        return False, False

    def _describe_portal_billing(self, order, is_readable):
        """ Return what the request is to the client, and who pays for it.

        :param order: the sale.order that pays for the ticket, or waits to, if any
        :param bool is_readable: whether the visitor may know the order
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        if self.billing_scope == 'defect':
            return (
                self.env._("Defect of the product"), self.env._("It is repaired free of charge."),
            )
        state = order._get_quotation_state()
        if self.billing_scope == 'included' and state != 'sent':
            if not self.sale_line_id or self.sale_line_id.support_hours_available:
                return self.env._("Included in your support"), ""
            if is_readable:
                return self.env._("Support"), self.env._(
                    "You pay for the time spent, by order %(order)s.", order=order.name,
                )
            return self.env._("Support"), self.env._("Your company pays for the time spent.")
        title = (
            self.env._("Support") if self.billing_scope == 'included'
            else self.env._("Improvement")
        )
        if not state or state == 'draft':
            return title, self.env._(
                "This goes beyond your support. We will send you a quotation, and charge nothing "
                "before you have accepted it.",
            )
        if is_readable:
            return title, self._describe_portal_quotation(order)
        return title, {
            'sent': self.env._("We made a quotation for it, which your company can accept."),
            'expired': self.env._("Our quotation for it has expired."),
            'accepted': self.env._("Your company has accepted our quotation for it."),
            'cancelled': self.env._("Our quotation for it was declined or cancelled."),
        }[state]

    def _describe_portal_quotation(self, order):
        """ Return how the quotation for the ticket stands, to who may read it.

        :param order: the sale.order, sent or later
        :rtype: str
        """
        self.ensure_one()
        names = {
            'order': order.name,
            'hours': self._format_support_hours(order._get_support_quantity()),
            'amount': formatLang(self.env, order.amount_total, currency_obj=order.currency_id),
        }
        return {
            'sent': self.env._(
                "We made quotation %(order)s for it: %(hours)s, %(amount)s.", **names,
            ),
            'expired': self.env._(
                "Our quotation %(order)s has expired. Write to us below if you still want it.",
                **names,
            ),
            'accepted': self.env._(
                "Accepted by order %(order)s: %(hours)s, %(amount)s.", **names,
            ),
            'cancelled': self.env._(
                "Our quotation %(order)s was declined or cancelled.", **names,
            ),
        }[order._get_quotation_state()]

    def _get_portal_hours(self):
        """ Return the time spent by who pays for it, where the company shows it to its clients.

        What is charged is shown as charged. Time about which we have to decide is not shown.

        :return: pairs of what the time is, and how much
        :rtype: list[tuple[str, str]]
        """
        self.ensure_one()
        if not self.company_id.support_show_hours_portal:
            return []
        labels = {
            'pack': self.env._("From your support pack"),
            'overage': self.env._("Beyond your support pack"),
            'order': self.env._("On your order"),
            'pending': self.env._("Not charged before you accept"),
            'free': self.env._("Free of charge"),
        }
        found = {
            kind: (worked, billed)
            for kind, worked, billed in self.env['account.analytic.line']._read_group(
                Domain('helpdesk_ticket_id', '=', self.id),
                ['billing_kind'], ['unit_amount:sum', 'billed_hours:sum'],
            )
        }
        hours = []
        for kind, label in labels.items():
            worked, billed = found.get(kind, (0.0, 0.0))
            shown = worked if kind in ('pending', 'free') else billed
            if shown:
                hours.append((label, self._format_support_hours(shown)))
        return hours
