from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_duration


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    support_hours_available = fields.Boolean(
        compute='_compute_support_hours_left', compute_sudo=True,
        export_string_translation=False,
    )
    support_hours_left = fields.Float(
        string="Hours Left", compute='_compute_support_hours_left', compute_sudo=True,
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'product_id.is_support_pack', 'product_uom_id', 'product_uom_qty', 'qty_delivered',
        'remaining_hours_available',
    )
    def _compute_support_hours_left(self):
        """ Tell how much of the hours sold is left, in hours.

        Lines that are not sold as a number of hours to be used up (time and materials) have none.
        """
        uom_hour = self.env.ref('uom.product_uom_hour')
        for line in self:
            available = line.remaining_hours_available or (
                line.product_id.is_support_pack and line._is_support_time_line()
            )
            line.support_hours_available = available
            # the unit is converted without rounding: uom rounds up to two digits otherwise
            line.support_hours_left = available and line.product_uom_id._compute_quantity(
                line.product_uom_qty - line.qty_delivered, uom_hour, round=False,
            )

    @api.depends('support_hours_left', 'support_hours_available')
    @api.depends_context('with_support_hours')
    def _compute_display_name(self):
        super()._compute_display_name()
        if not self.env.context.get('with_support_hours'):
            return
        for line in self.filtered('support_hours_available'):
            line.display_name = self.env._(
                "%(line)s (%(hours)s left)",
                line=line.display_name,
                hours=format_duration(line.support_hours_left),
            )

    # === BUSINESS METHODS === #

    @api.model
    def _get_support_line_domain(self):
        """ Return the domain of the order lines to which time spent on tickets can be delivered.

        Confirmed service lines whose delivered quantity is counted by timesheets, in a unit of
        time: hours in another unit would be added up as if they were that unit.

        :rtype: Domain
        """
        root_id = int(self.env.ref('uom.product_uom_hour').parent_path.split('/')[0])
        return Domain.AND([
            self._sellable_lines_domain(),
            self._domain_sale_line_service(),
            Domain('qty_delivered_method', '=', 'timesheet'),
            Domain('product_uom_id', 'child_of', root_id),
        ])

    def _is_support_time_line(self):
        """ Return whether time spent on tickets can be delivered to the line; see the domain above.

        The state of the order is left out: a line stays what it is when its order is cancelled.
        """
        self.ensure_one()
        return bool(
            self.is_service
            and not self.is_expense
            and not self.is_downpayment
            and self.qty_delivered_method == 'timesheet'
            and self.product_uom_id
            and self.product_uom_id._has_common_reference(self.env.ref('uom.product_uom_hour'))
        )

    @api.model
    def name_search(self, name='', domain=None, operator='ilike', limit=100):
        lines = self._search_for_ticket(name, limit)
        if lines is None:
            return super().name_search(name, domain, operator, limit)
        return [(line.id, line.display_name) for line in lines]

    @api.model
    @api.readonly
    def web_name_search(self, name, specification, domain=None, operator='ilike', limit=100):
        lines = self._search_for_ticket(name, limit)
        if lines is None or set(specification) != {'display_name'}:
            return super().web_name_search(name, specification, domain, operator, limit)
        return [
            {
                'id': line.id,
                'display_name': line.display_name,
                '__formatted_display_name': line.display_name,
            }
            for line in lines
        ]

    @api.model
    def _search_for_ticket(self, name, limit):
        """ Return the order lines that can be chosen on a ticket, to tell their names.

        The context says for whose ticket (`support_partner_id`, `support_team_id`). Support agents
        have no access to sales orders, nor need any: of the lines of a client whom they can see
        they get the names, never prices.

        :param str name: what was typed
        :param int limit: how many
        :return: the lines, readable; None when this is not a choice on a ticket
        :rtype: sale.order.line | None
        """
        context = self.env.context
        if 'support_partner_id' not in context:
            return None
        partner = self.env['res.partner'].browse(context['support_partner_id'] or ()).exists()
        team = self.env['helpdesk.team'].browse(context.get('support_team_id') or ()).exists()
        if not (
            self.env.user.has_group('helpdesk_sla.group_helpdesk_user')
            and partner and partner.has_access('read')
            and team and team.has_access('read')
        ):
            return self.browse()
        client = partner.commercial_partner_id
        # the caller's domain is left out on purpose: searching on prices would tell them
        domain = (
            self._get_support_line_domain()
            & Domain('company_id', '=', team.company_id.id)
            & Domain('order_partner_id.commercial_partner_id', '=', client.id)
        )
        if name:
            domain &= Domain('name', 'ilike', name) | Domain('order_id.name', 'ilike', name)
        # sudo: sale.order.line - names only, of the lines of one client, see above
        return self.sudo().search(domain, limit=limit, order='order_id.id DESC, sequence, id')
