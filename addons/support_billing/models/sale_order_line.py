from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_duration

from ..tools.hours_ledger import Pack


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    support_hours_available = fields.Boolean(
        compute='_compute_support_hours_available', compute_sudo=True,
        export_string_translation=False,
    )
    support_hours_left = fields.Float(
        string="Hours Left", compute='_compute_support_hours_left', compute_sudo=True,
    )
    support_start_date = fields.Date(
        string="Valid from",
        copy=False,
        help="The day from which the validity of the pack is counted.",
    )
    support_end_date = fields.Date(
        string="Valid until",
        copy=False,
        help="The last day on which hours of the pack can be used. Empty: they do not expire.",
    )
    is_support_overage = fields.Boolean(
        string="Beyond the Pack",
        copy=False,
        help="The line bills what the packs of the order had no room for.",
    )
    support_plan_line_id = fields.Many2one(
        comodel_name='sale.order.line',
        string="First Month of the Plan",
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
    )
    support_plan_end_date = fields.Date(
        string="Plan Ends",
        copy=False,
        help="The last day of the plan: no month that begins later is made. Empty: it goes on.",
    )

    _support_validity = models.Constraint(
        'CHECK (support_end_date >= support_start_date)',
        "A pack is valid until the day on which its validity starts, or later.",
    )
    _support_plan_month_uniq = models.UniqueIndex(
        '(support_plan_line_id, support_start_date) WHERE support_plan_line_id IS NOT NULL',
        "This month of the plan is there already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('product_id.is_support_pack', 'product_uom_id', 'remaining_hours_available')
    def _compute_support_hours_available(self):
        """ Tell whether a number of hours to be used up is sold, not time and materials. """
        for line in self:
            # what stock tells comes last: it asks the database for the hour once a line
            line.support_hours_available = (
                line.product_id.is_support_pack and line._is_support_time_line()
            ) or line.remaining_hours_available

    @api.depends('support_hours_available', 'product_uom_id', 'product_uom_qty', 'qty_delivered')
    def _compute_support_hours_left(self):
        """ Tell how much of the hours sold is left, in hours. """
        packs = self.filtered('support_hours_available')
        hours_left = packs._get_pack_hours_left()
        for line in self:
            line.support_hours_left = hours_left.get(line, 0.0)

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
        root_id = int(self._get_uom_hour().parent_path.split('/')[0])
        return Domain.AND([
            self._sellable_lines_domain(),
            self._domain_sale_line_service(),
            Domain('qty_delivered_method', '=', 'timesheet'),
            Domain('product_uom_id', 'child_of', root_id),
        ])

    @api.model
    def _get_uom_hour(self):
        """ Return the hour, without asking the database whether there is one. """
        return self.env['uom.uom'].browse(
            self.env['ir.model.data']._xmlid_to_res_id('uom.product_uom_hour'),
        )

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
            and self.product_uom_id._has_common_reference(self._get_uom_hour())
        )

    # === PACKS === #

    @api.depends('analytic_line_ids.billed_hours')
    def _compute_qty_delivered(self):
        super()._compute_qty_delivered()

    def _get_delivered_quantity_by_analytic(self, additional_domain):
        """ Deliver the billed hours of the time on tickets where they are not those worked. """
        result = super()._get_delivered_quantity_by_analytic(additional_domain)
        domain = Domain(additional_domain) & Domain('so_line', 'in', self.ids)
        Entry = self.env['account.analytic.line']
        rounded = Entry._read_group(
            domain & Domain('helpdesk_ticket_id', '!=', False),
            ['so_line'], ['unit_amount:sum', 'billed_hours:sum'],
        )
        lines = self.browse(line.id for line, worked, billed in rounded if worked != billed)
        if not lines:
            return result
        result.update(dict.fromkeys(lines.ids, 0.0))
        for uom, line, billed in Entry._read_group(
            domain & Domain('so_line', 'in', lines.ids),
            ['product_uom_id', 'so_line'], ['billed_hours:sum'],
        ):
            if uom:
                result[line.id] += uom._compute_quantity(
                    billed, line.product_uom_id, rounding_method='HALF-UP',
                )
        return result

    @api.model
    def _get_packs(self, clients, companies):
        """ Return the packs of clients, those that expire first before the others.

        Lines that make projects or tasks are left to who chooses by hand.

        :param clients: commercial entities, a res.partner
        :param companies: a res.company
        :rtype: sale.order.line
        """
        return self.search_fetch(
            self._get_support_line_domain()
            & Domain('company_id', 'in', companies.ids)
            & Domain('order_partner_id.commercial_partner_id', 'in', clients.ids),
        ).filtered(
            lambda line: line.product_id.service_tracking == 'no' and line.support_hours_available,
        ).sorted(lambda line: (
            line.support_end_date or date.max, line.order_id.date_order, line.id,
        ))

    def _touch_packs(self):
        """ Let nobody else take hours from the packs who has not seen what was taken now.

        The row is written, not only locked: a transaction that read the balance before is refused
        by PostgreSQL (serialization failure) only then, and repeated by Odoo. The delivered
        quantity, which is written too, does not change with every minute.
        """
        if self.ids:
            self.env.execute_query(SQL(
                "UPDATE sale_order_line SET order_id = order_id WHERE id IN %s RETURNING id",
                tuple(sorted(self.ids)),
            ))

    def _get_hours_packs(self, entries=None):
        """ Return the packs as the ledger's arithmetic takes them, in the order of the lines.

        :param entries: an account.analytic.line: time that is not counted
        :rtype: list[Pack]
        """
        hours_left = self._get_pack_hours_left(entries)
        return [
            Pack(line, hours_left[line], line._get_pack_start(), line.support_end_date or None)
            for line in self
        ]

    def _get_pack_hours_left(self, entries=None):
        """ Return the hours ordered that are not used up, negative where a pack is overdrawn.

        :param entries: an account.analytic.line: time that is not counted
        :rtype: dict[sale.order.line, float]
        """
        domain = Domain('so_line', 'in', self.ids) & Domain('project_id', '!=', False)
        if entries:
            domain &= Domain('id', 'not in', entries.ids)
        used = {
            line.id: hours for line, hours in self.env['account.analytic.line']._read_group(
                domain, ['so_line'], ['billed_hours:sum'],
            )
        } if self.ids else {}
        return {
            line: line._get_hours_ordered() - used.get(line._origin.id, 0.0) for line in self
        }

    def _get_hours_ordered(self):
        """ Return the hours sold by the line. """
        self.ensure_one()
        # the unit is converted without rounding: uom rounds up to two digits otherwise
        return self.product_uom_id._compute_quantity(
            self.product_uom_qty, self._get_uom_hour(), round=False,
        )

    def _get_pack_start(self):
        """ Return the first day whose work the pack pays for; None: none yet.

        A pack pays for work from before it was ordered too, a month of a plan only for its own.
        """
        self.ensure_one()
        if self.product_id.support_renewal == 'monthly':
            return self.support_start_date or None
        if self.product_id.support_validity_start == 'go_live' and not self.support_start_date:
            return None
        return date.min

    def _start_validity(self, day):
        """ Let the validity of the packs be counted from a day, where it is not counted yet. """
        for line in self.filtered(lambda line: not line.support_start_date):
            line.write({
                'support_start_date': day,
                'support_end_date': line._get_validity_end(day),
            })

    def _get_validity_end(self, day, month=0):
        """ Return the last day of a pack that is counted from a day, or None.

        :param date day: the first day, of a plan that of its first month
        :param int month: which month of the plan, from 0
        """
        self.ensure_one()
        product = self.product_id
        if product.support_renewal == 'monthly':
            months = month + 1 + product.support_rollover_months
        elif product.support_validity_months:
            months = product.support_validity_months
        else:
            return None
        return day + relativedelta(months=months, days=-1)

    def _get_billing_kind(self):
        """ Return by what kind of line time is paid: a value of `billing_kind` of the entries. """
        self.ensure_one()
        if self.support_hours_available:
            return 'pack'
        return 'overage' if self.is_support_overage else 'order'

    def _get_overage_line(self):
        """ Return the line of the pack's order that bills what the pack has no room for.

        It is made when there is none, with nothing ordered: what is invoiced is what is delivered.

        :return: the line; none if the product of the pack says that such time is not billed
        :rtype: sale.order.line
        """
        self.ensure_one()
        product = self.product_id.support_overage_product_id
        if self.product_id.support_overage != 'product' or not product or self.state != 'sale':
            return self.browse()
        line = self.order_id.order_line.filtered(
            lambda line: line.is_support_overage and line.product_id == product,
        )[:1]
        if line:
            return line
        # whoever needs it at the same time is tried again, and finds it
        self._touch_packs()
        return self.create({
            'order_id': self.order_id.id,
            'product_id': product.id,
            'product_uom_qty': 0.0,
            'is_support_overage': True,
        })

    # === CHOICE ON THE TICKET === #

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
