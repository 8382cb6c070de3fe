from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import html2plaintext

# how much of a description fits on a quotation, in characters
DESCRIPTION_SIZE = 2000


class HelpdeskTicket(models.Model):
    """ The quotation that the client accepts before an improvement is paid (W9). """
    _inherit = 'helpdesk.ticket'

    quotation_state = fields.Selection(
        selection=[
            ('draft', "To send"),
            ('sent', "Waiting for the client"),
            ('expired', "Expired"),
            ('accepted', "Accepted"),
            ('cancelled', "Cancelled"),
        ],
        string="Quotation",
        compute='_compute_quotation_state',
        compute_sudo=True,
        groups='base.group_user',
        help="How the last order stands that was made for the ticket.",
    )

    # === COMPUTE METHODS === #

    @api.depends('sale_order_id')
    def _compute_quotation_state(self):
        """ Tell it to agents too, who read no orders: no number or price. """
        orders = self._get_quotations()
        for ticket in self:
            order = orders.get(ticket._origin, self.env['sale.order'])
            ticket.quotation_state = order._get_quotation_state()

    # === BUSINESS METHODS === #

    def _get_quotations(self):
        """ Return the last order, quotation or confirmed, that was made for each of the tickets.

        One that was declined or cancelled counts where there is no other.

        :return: the orders as superuser, by ticket; only of tickets that have one
        :rtype: dict[helpdesk.ticket, sale.order]
        """
        # sudo: sale.order - how they stand; who is told their price is checked by the callers
        orders = self.env['sale.order'].sudo().search(
            [('helpdesk_ticket_id', 'in', self._origin.ids)], order='id',
        ).sorted(lambda order: (order.state != 'cancel', order.id))
        return {order.helpdesk_ticket_id.with_env(self.env): order for order in orders}

    def _prepare_quotation_values(self):
        """ Return the values of a time and materials quotation for the ticket.

        The quantity is the estimate, else the time spent so far that nobody pays for, at least one
        hour: what is invoiced is the time delivered. An improvement is to be signed by the client.

        :rtype: dict
        :raise UserError: if the ticket has no customer, is the repair of a defect, or its team
            sells no time
        """
        self.ensure_one()
        if not self.partner_id:
            raise UserError(self.env._(
                "Set the customer of the ticket first: a quotation is made out to somebody.",
            ))
        if self.billing_scope == 'defect':
            raise UserError(self.env._(
                "The repair of a defect is free of charge. If %(ticket)s is none, change its type, "
                "or say how it is treated, first.",
                ticket=self.display_name,
            ))
        # sudo: helpdesk.team - a setting of the team, of a ticket that the user can see
        product = self.team_id.sudo().timesheet_product_id
        if not product or not self.use_helpdesk_sale_timesheet:
            raise UserError(self.env._(
                "The team %(team)s sells no time and materials. Switch on Time Billing in its "
                "settings, and choose the product there.",
                team=self.team_id.name,
            ))
        product = product.with_context(lang=self.partner_id.lang)
        values = {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'origin': self.ticket_ref,
            'helpdesk_ticket_id': self.id,
            'order_line': [
                Command.create(line) for line in self._prepare_quotation_lines(product)
            ],
        }
        if self.billing_scope == 'improvement':
            # the time spent is paid, not the estimate: the signature is what confirms it
            values.update(require_signature=True, require_payment=False)
        return values

    def _prepare_quotation_lines(self, product):
        """ Return the values of the lines: the hours, and what was asked for in a note.

        :param product: the product.product, in the client's language
        :rtype: list[dict]
        """
        self.ensure_one()
        hours = self.estimated_hours
        if not hours:
            # sudo: account.analytic.line - the time of colleagues is quoted too
            unpaid = self.sudo().timesheet_ids.filtered(lambda line: not line.so_line)
            hours = sum(unpaid.mapped('unit_amount'))
        quantity = self.env.ref('uom.product_uom_hour')._compute_quantity(
            hours, product.uom_id, rounding_method='HALF-UP',
        )
        # the second line is what an order line is called by in lists
        name = [product.display_name, f'{self.ticket_ref} {self.name}', product.description_sale]
        lines = [{
            'product_id': product.id,
            'name': '\n'.join(filter(None, name)),
            'product_uom_qty': quantity if self.estimated_hours else max(quantity, 1.0),
        }]
        text = html2plaintext(self.description or '').strip()
        if text:
            if len(text) > DESCRIPTION_SIZE:
                text = text[:DESCRIPTION_SIZE].rstrip() + "…"
            lines.append({'display_type': 'line_note', 'name': text})
        return lines

    def _copy_files_to_quotation(self, order):
        """ Put the files of the request on a quotation, in a message that the client can see.

        :param order: a sale.order
        """
        self.ensure_one()
        files = self._get_portal_attachments()
        if not files:
            return
        copies = files.copy({
            'res_model': order._name, 'res_id': order.id, 'access_token': False,
        })
        ticket = self.with_context(lang=self.partner_id.lang)
        order.message_post(
            body=ticket.env._("The files of your request %(ticket)s.", ticket=self.ticket_ref),
            attachment_ids=copies.ids,
            message_type='comment',
            subtype_xmlid='mail.mt_comment',
        )
