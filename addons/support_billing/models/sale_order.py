from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import plaintext2html


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    helpdesk_ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket',
        string="Made for Ticket",
        check_company=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        help="The ticket for which this order was made. When the order is confirmed, the time "
             "spent on the ticket goes to it.",
    )
    ticket_count = fields.Integer(string="Tickets", compute='_compute_ticket_count')

    # === COMPUTE METHODS === #

    @api.depends_context('uid')
    def _compute_ticket_count(self):
        tickets_by_order = self._get_tickets_by_order()
        for order in self:
            order.ticket_count = len(tickets_by_order[order._origin])

    def _compute_show_hours_recorded_button(self):
        # sudo: sale.order - stock reads the number of projects, which only project users may, to
        # show a button to all who log time; who logs time on tickets need not be a project user
        super(SaleOrder, self.sudo())._compute_show_hours_recorded_button()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_ticket_access(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_ticket_access([vals])
        return super().write(vals)

    def _check_ticket_access(self, vals_list):
        """ Refuse to name a ticket that the user may not see: the order would show its title. """
        ticket_ids = {
            vals['helpdesk_ticket_id'] for vals in vals_list if vals.get('helpdesk_ticket_id')
        }
        self.env['helpdesk.ticket'].browse(ticket_ids).check_access('read')

    # === ACTION METHODS === #

    def action_view_helpdesk_tickets(self):
        """ Open the tickets whose time goes to the order, or for which it was made. """
        self.ensure_one()
        tickets = self._get_tickets_by_order()[self]
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_all',
        )
        action['domain'] = [('id', 'in', tickets.ids)]
        action['context'] = {'create': False}
        if len(tickets) == 1:
            action.update(views=[(False, 'form')], res_id=tickets.id)
        return action

    # === BUSINESS METHODS === #

    def _get_tickets_by_order(self):
        """ Return the tickets of the orders that the user can see, the archived ones included.

        They are those whose time goes to the order, or has gone to it, and the one for which the
        order was made.

        :rtype: dict[sale.order, helpdesk.ticket]
        """
        Ticket = self.env['helpdesk.ticket'].with_context(active_test=False)
        ticket_ids = defaultdict(set)
        # sudo: helpdesk.ticket, account.analytic.line - ids only, of which the user gets those that
        # he or she can see
        for order, ids in Ticket.sudo()._read_group(
            [('sale_order_id', 'in', self.ids)], ['sale_order_id'], ['id:array_agg'],
        ) + self.env['account.analytic.line'].sudo()._read_group(
            [('order_id', 'in', self.ids), ('helpdesk_ticket_id', '!=', False)],
            ['order_id'], ['helpdesk_ticket_id:array_agg'],
        ):
            ticket_ids[order.id].update(ids)
        for order in self:
            ticket_ids[order._origin.id].update(order.helpdesk_ticket_id.ids)
        tickets = Ticket.browse()
        if Ticket.has_access('read'):
            tickets = Ticket.search([('id', 'in', list(set().union(*ticket_ids.values())))])
        return defaultdict(Ticket.browse, {
            order._origin: tickets.filtered(
                lambda ticket, order=order: ticket.id in ticket_ids[order._origin.id],
            )
            for order in self
        })

    def _action_confirm(self):
        result = super()._action_confirm()
        self.order_line.filtered(
            lambda line: line.support_hours_available
            and line.product_id.support_validity_start == 'order',
        )._start_validity(fields.Date.context_today(self))
        self._link_tickets()
        return result

    def _get_invoiceable_lines(self, final=False):
        """ Invoice only the months of support plans when these are what is invoiced. """
        lines = super()._get_invoiceable_lines(final)
        if 'support_invoice_line_ids' in self.env.context:
            lines = lines.filtered(
                lambda line: line.id in self.env.context['support_invoice_line_ids'],
            )
        return lines

    def _start_support_at_go_live(self, day):
        """ Let the packs of the orders that wait for go-live be valid from a day.

        :param date day: the day of go-live
        """
        self.order_line.filtered(
            lambda line: line.support_hours_available
            and line.product_id.support_validity_start == 'go_live',
        )._start_validity(day)

    def _link_tickets(self):
        """ Let the time spent on the tickets for which the orders were made go to them. """
        for order in self.filtered('helpdesk_ticket_id'):
            # sudo: helpdesk.ticket - the order was made for the ticket, by somebody who could see
            # it; whoever confirms it settles only where the time goes
            ticket = order.helpdesk_ticket_id.sudo()
            line = order.order_line.filtered(
                lambda line, ticket=ticket: ticket._accepts_sale_line(line)
                and not ticket._is_refused_pack(line),
            )[:1]
            if line:
                ticket.sale_line_id = line

    # === QUOTATIONS FOR TICKETS === #

    def _action_cancel(self):
        """ Tell the tickets for which the orders were made. """
        made_for_tickets = self.filtered(
            lambda order: order.helpdesk_ticket_id and order.state != 'cancel',
        )
        result = super()._action_cancel()
        for order in made_for_tickets:
            order._tell_ticket_of_refusal()
        return result

    def _get_quotation_state(self):
        """ Return how the order stands: a value of `quotation_state` of the ticket.

        :return: False for no order
        :rtype: str | bool
        """
        if not self:
            return False
        self.ensure_one()
        if self.state in ('draft', 'sent'):
            return 'expired' if self.is_expired else self.state
        return 'accepted' if self.state == 'sale' else 'cancelled'

    def _tell_ticket_of_refusal(self):
        """ Note on the ticket that its quotation was declined, for who works on it.

        The context says with which words the client did (`support_decline_message`). Whoever
        cancels it while working on the ticket needs no reminder.
        """
        self.ensure_one()
        # sudo: helpdesk.ticket, helpdesk.team - the order was made for the ticket; who cancels it,
        # the client in the portal too, may write nothing else on it
        ticket = self.sudo().helpdesk_ticket_id
        user = ticket.user_id or ticket.team_id.leader_id or self.sudo().user_id
        order = self.with_context(lang=user.lang or self.env.lang)
        message = self.env.context.get('support_decline_message')
        if message:
            text = order.env._(
                "The client declined quotation %(order)s: %(message)s",
                order=order.name, message=message,
            )
        else:
            text = order.env._("Order %(order)s was cancelled.", order=order.name)
        ticket.message_post(
            body=text,
            author_id=self.env['ir.model.data']._xmlid_to_res_id('base.partner_root'),
            message_type='notification',
            subtype_xmlid='mail.mt_note',
        )
        if user and user != self.env.user:
            ticket.activity_schedule(
                'mail.mail_activity_data_todo',
                user_id=user.id,
                summary=order.env._("Quotation %(order)s is not accepted", order=order.name),
                note=plaintext2html(text),
            )

    def _get_support_quantity(self):
        """ Return how many hours the lines sell that are delivered by timesheets.

        :rtype: float
        """
        uom_hour = self.env.ref('uom.product_uom_hour')
        return sum(
            line.product_uom_id._compute_quantity(line.product_uom_qty, uom_hour, round=False)
            for line in self.order_line if line._is_support_time_line()
        )
