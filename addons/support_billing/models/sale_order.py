from collections import defaultdict

from odoo import api, fields, models


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
            line = order.order_line.filtered(ticket._accepts_sale_line)[:1]
            if line:
                ticket.sale_line_id = line
