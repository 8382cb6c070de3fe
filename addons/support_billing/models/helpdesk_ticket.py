from collections import defaultdict
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain


class HelpdeskTicket(models.Model):
    _inherit = 'helpdesk.ticket'

    use_helpdesk_timesheet = fields.Boolean(
        related='team_id.use_helpdesk_timesheet', string="Team Logs Time",
        groups='base.group_user',
    )
    use_helpdesk_sale_timesheet = fields.Boolean(
        related='team_id.use_helpdesk_sale_timesheet', string="Team Bills Time",
        groups='base.group_user',
    )
    project_id = fields.Many2one(related='team_id.project_id', groups='base.group_user')
    analytic_account_active = fields.Boolean(
        related='team_id.project_id.analytic_account_active', groups='base.group_user',
        export_string_translation=False,
    )
    can_log_time = fields.Boolean(
        compute='_compute_can_log_time', groups='base.group_user',
        export_string_translation=False,
    )

    timesheet_ids = fields.One2many(
        comodel_name='account.analytic.line',
        inverse_name='helpdesk_ticket_id',
        string="Timesheets",
        groups='base.group_user',
    )
    total_hours_spent = fields.Float(
        string="Time Spent",
        compute='_compute_total_hours_spent',
        store=True,
        groups='base.group_user',
        help="The time of everybody who worked on the ticket. Whose entries are listed depends on "
             "your rights in Timesheets.",
    )

    sale_line_id = fields.Many2one(
        comodel_name='sale.order.line',
        string="Sales Order Item",
        domain="[('order_partner_id.commercial_partner_id', '=', commercial_partner_id),"
               " ('company_id', '=', company_id), ('state', '=', 'sale'),"
               " ('is_service', '=', True), ('is_expense', '=', False),"
               " ('is_downpayment', '=', False), ('qty_delivered_method', '=', 'timesheet')]",
        compute='_compute_sale_line_id',
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
        check_company=True,
        index='btree_not_null',
        groups='base.group_user',
        falsy_value_label="Non-billable",
        help="The order line to which the time spent on the ticket goes. Suggested: the support "
             "pack of the customer that was ordered first and has time left, else an open time and "
             "materials order. Empty: the time is not billed.",
    )
    sale_order_id = fields.Many2one(
        related='sale_line_id.order_id', string="Sales Order", store=True,
        index='btree_not_null', groups='base.group_user',
    )
    sale_order_state = fields.Selection(
        related='sale_order_id.state', string="State of the Sales Order", tracking=False,
        groups='base.group_user', export_string_translation=False,
    )
    sale_order_count = fields.Integer(
        compute='_compute_sale_order_count', groups='base.group_user',
        export_string_translation=False,
    )
    can_create_quotation = fields.Boolean(
        compute='_compute_can_create_quotation', groups='base.group_user',
        export_string_translation=False,
    )
    remaining_hours_available = fields.Boolean(
        related='sale_line_id.support_hours_available', groups='base.group_user',
        export_string_translation=False,
    )
    remaining_hours_so = fields.Float(
        string="Time Remaining on Order",
        compute='_compute_remaining_hours_so',
        compute_sudo=True,
        groups='base.group_user',
    )

    # === COMPUTE METHODS === #

    @api.depends('company_id')
    @api.depends_context('uid', 'allowed_company_ids')
    def _compute_can_log_time(self):
        """ Tell whether time can be logged: approvers log that of others too. """
        # sudo: hr.employee - only whether the user has one
        can_log = self.env.user.has_group('hr_timesheet.group_hr_timesheet_approver') or bool(
            self.env['hr.employee'].sudo().search_count([
                ('user_id', '=', self.env.uid), ('company_id', 'in', self.env.companies.ids),
            ], limit=1)
        )
        self.can_log_time = can_log

    @api.depends('timesheet_ids.unit_amount')
    def _compute_total_hours_spent(self):
        saved = self.filtered('id')
        hours = dict(self.env['account.analytic.line']._read_group(
            [('helpdesk_ticket_id', 'in', saved.ids)], ['helpdesk_ticket_id'], ['unit_amount:sum'],
        )) if saved else {}
        for ticket in saved:
            ticket.total_hours_spent = hours.get(ticket, 0.0)
        for ticket in self - saved:
            # being edited: the lists hold what the user sees, the total is of everybody
            ticket.total_hours_spent = (
                ticket._origin.total_hours_spent + ticket._get_unsaved_hours(ticket.timesheet_ids)
            )

    @api.depends('partner_id', 'team_id', 'billing_scope')
    def _compute_sale_line_id(self):
        """ Suggest an order line where none is chosen, or where the choice does not fit any more.

        That is another client's line, or the pack of support that turned out to be none.
        """
        to_suggest = self.browse()
        for ticket in self:
            line = ticket.sale_line_id
            if line and (
                not ticket._accepts_sale_line(line) or ticket._is_refused_pack(line)
            ):
                ticket.sale_line_id = False
            if (
                not ticket.sale_line_id
                and ticket.partner_id
                and ticket.team_id.use_helpdesk_sale_timesheet
            ):
                to_suggest |= ticket
        for ticket, line in to_suggest._get_suggested_sale_lines().items():
            ticket.sale_line_id = line

    @api.depends('sale_line_id', 'timesheet_ids.so_line')
    @api.depends_context('uid')
    def _compute_sale_order_count(self):
        self.sale_order_count = 0
        if self.env['sale.order'].has_access('read'):
            for ticket in self:
                ticket.sale_order_count = len(ticket._get_sale_orders())

    @api.depends('partner_id', 'team_id', 'billing_scope')
    @api.depends_context('uid')
    def _compute_can_create_quotation(self):
        """ Tell where *New Quotation* makes sense: to who may sell and work on the ticket. """
        self.can_create_quotation = False
        if self.env['sale.order'].has_access('create'):
            self.filtered(
                lambda ticket: ticket.id
                and ticket.partner_id
                and ticket.use_helpdesk_sale_timesheet
                and ticket.billing_scope != 'defect'
                and ticket.has_access('write'),
            ).can_create_quotation = True

    @api.depends('sale_line_id', 'timesheet_ids.unit_amount', 'timesheet_ids.so_line')
    def _compute_remaining_hours_so(self):
        """ Tell what is left on the order line, in hours, the time not yet saved included. """
        for ticket in self:
            line = ticket.sale_line_id
            remaining = line.support_hours_left if line.support_hours_available else 0.0
            if line.support_hours_available and not ticket.id:
                remaining -= ticket._get_unsaved_hours(
                    ticket.timesheet_ids.filtered(
                        lambda timesheet: timesheet.so_line._origin == line._origin,
                    ),
                    lambda timesheet: timesheet.so_line == line._origin,
                )
            ticket.remaining_hours_so = remaining

    def _get_unsaved_hours(self, timesheets, counts=lambda timesheet: True):
        """ Return by how many hours the ticket being edited differs from the one saved.

        :param timesheets: the entries as edited
        :param counts: which of the saved entries to compare with
        :rtype: float
        """
        self.ensure_one()
        return sum(timesheets.mapped('unit_amount')) - sum(
            self._origin.timesheet_ids.filtered(counts).mapped('unit_amount'),
        )

    # === CONSTRAINT METHODS === #

    @api.constrains('sale_line_id', 'partner_id', 'team_id')
    def _check_sale_line_id(self):
        # sudo: sale.order.line - agents choose lines whose orders they cannot read
        for ticket in self.sudo().filtered('sale_line_id'):
            if not ticket._accepts_sale_line(ticket.sale_line_id):
                raise ValidationError(self.env._(
                    "Time on %(ticket)s cannot go to this sales order item. Choose a confirmed "
                    "order line of the same customer and company, for a service that is "
                    "delivered by timesheets.",
                    ticket=ticket.display_name,
                ))
            ticket._check_refused_pack(ticket.sale_line_id)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Let what pays for the ticket from now on pay for its time that is not invoiced. """
        result = super().write(vals)
        allocating = self.env.su and self.env.context.get('support_allocation')
        if not allocating and self._get_allocation_fields() & vals.keys():
            # sudo: account.analytic.line - the time of everybody
            self.sudo().timesheet_ids._allocate_support_hours()
        return result

    @api.model
    def _get_allocation_fields(self):
        """ Return the names of the fields on which it depends what pays for the time. """
        return {
            'sale_line_id', 'partner_id', 'team_id', 'ticket_type_id', 'estimated_hours',
            'billing_scope_overrule',
        }

    def unlink(self):
        """ Let the statements go of the broken promises, then of the ticket.

        In one statement PostgreSQL takes both from a row of the same transaction in an order that
        depends on the numbers of its constraints, and finds a promise that is gone already.
        """
        self.check_access('unlink')
        # sudo: helpdesk.sla.status - they go with the ticket, which the user may delete
        self.sudo().sla_status_ids.unlink()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_timesheets(self):
        # sudo: account.analytic.line - the time of others counts too
        timesheets = self.env['account.analytic.line'].sudo().search(
            [('helpdesk_ticket_id', 'in', self.ids)], limit=1,
        )
        if timesheets:
            raise UserError(self.env._(
                "Time was logged on %(ticket)s, so it cannot be deleted. Archive it, or move its "
                "timesheets to another ticket first.",
                ticket=timesheets.helpdesk_ticket_id.display_name,
            ))

    # === ACTION METHODS === #

    def action_view_timesheets(self):
        """ Open the time logged on the tickets. """
        action = self.env['ir.actions.act_window']._for_xml_id('hr_timesheet.timesheet_action_all')
        action['domain'] = [('project_id', '!=', False), ('helpdesk_ticket_id', 'in', self.ids)]
        action['context'] = {
            'default_helpdesk_ticket_id': self.id if len(self) == 1 else False,
            'default_project_id': self.project_id.id if len(self.project_id) == 1 else False,
            'is_timesheet': 1,
        }
        return action

    def action_view_sale_orders(self):
        """ Open the orders of the ticket: where its time goes, and what was made for it. """
        self.ensure_one()
        orders = self._get_sale_orders()
        action = {
            'type': 'ir.actions.act_window',
            'res_model': 'sale.order',
            'name': self.env._("Sales Orders"),
            'views': [(False, 'list'), (False, 'form')],
            'domain': [('id', 'in', orders.ids)],
            'context': {'create': False},
        }
        if len(orders) == 1:
            action.update(views=[(False, 'form')], res_id=orders.id)
        return action

    def action_create_quotation(self):
        """ Make a time and materials quotation for the ticket, or open the one that waits.

        It has the files of the request. When it is confirmed, the time spent on the ticket goes to
        it.
        """
        self.ensure_one()
        self.check_access('write')
        order = self.env['sale.order'].search(
            [('helpdesk_ticket_id', '=', self.id), ('state', 'in', ('draft', 'sent'))], limit=1,
        )
        if not order:
            order = self.env['sale.order'].create(self._prepare_quotation_values())
            self._copy_files_to_quotation(order)
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'sale.order',
            'name': self.env._("Quotation"),
            'views': [(False, 'form')],
            'res_id': order.id,
        }

    # === BUSINESS METHODS === #

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'sale_order_id', 'total_hours_spent'}

    # === MERGE === #

    def _get_merge_problem(self, sources):
        if problem := super()._get_merge_problem(sources):
            return problem
        # sudo: account.analytic.line, helpdesk.team - only whether there is time, and room for it
        if sources.sudo().timesheet_ids and not self.sudo().use_helpdesk_timesheet:
            return self.env._(
                "Time was spent on the other tickets, and %(team)s logs no time. Merge into a "
                "ticket of a team that does.",
                team=self.sudo().team_id.name,
            )
        return False

    def _prepare_merge_values(self, sources):
        """ Let the time that moves go to the order line of the sources if there is no other. """
        values = super()._prepare_merge_values(sources)
        line = sources.sale_line_id.filtered(lambda line: not self._is_refused_pack(line))[:1]
        if line and not self.sale_line_id and self.use_helpdesk_sale_timesheet:
            values['sale_line_id'] = line.id
        return values

    def _merge_move(self, sources):
        """ Move the time of everybody, invoiced or not, and the orders made for the sources.

        Invoiced time keeps the order line and the project with which it was invoiced; the rest goes
        to the order line of this ticket.
        """
        super()._merge_move(sources)
        if timesheets := sources.timesheet_ids:
            timesheets.write({'helpdesk_ticket_id': self.id})
        self.env['sale.order'].search(
            [('helpdesk_ticket_id', 'in', sources.ids)],
        ).helpdesk_ticket_id = self

    # === SALES ORDER ITEM === #

    def _accepts_sale_line(self, line):
        """ Return whether time spent on the ticket may go to an order line.

        A line of an order that was cancelled since stays acceptable: it tells where the time went.

        :param line: a sale.order.line
        """
        self.ensure_one()
        return (
            line._is_support_time_line()
            and line.state not in ('draft', 'sent')
            and line.company_id == self.company_id
            and line.order_partner_id.commercial_partner_id == self.partner_id.commercial_partner_id
        )

    def _is_refused_pack(self, line):
        """ Return whether a line is hours of support, and the ticket is none (S7, P10).

        Hours that were sold for the ticket itself are refused by none.

        :param line: a sale.order.line
        """
        self.ensure_one()
        return (
            self.billing_scope != 'included'
            and line.support_hours_available
            and line.order_id.helpdesk_ticket_id != self._origin
        )

    def _check_refused_pack(self, line):
        """ Refuse a pack that pays for no such ticket.

        :param line: a sale.order.line
        :raise ValidationError: see `_is_refused_pack`
        """
        if self._is_refused_pack(line):
            raise ValidationError(self.env._(
                "%(ticket)s is not support, so no support pack pays for it. If it is support, "
                "change its type, or say how it is treated, first.",
                ticket=self.display_name,
            ))

    def _get_suggested_sale_lines(self):
        """ Return the order lines to which the time of the tickets would best go.

        Support is suggested the packs that have time left, those that expire first before the
        others; then the latest open line of the team's time and materials product. Improvements
        are suggested only what was sold for them, and defects nothing. Lines that have a project or
        task of their own, and orders that were made for another ticket, are left to who chooses by
        hand. The number of queries does not depend on the number of tickets.

        :return: the lines, by ticket; only of tickets for which there is one
        :rtype: dict[helpdesk.ticket, sale.order.line]
        """
        if not self:
            return {}
        # sudo: sale.order.line - agents do not read orders; the suggestion is a line of the
        # customer of a ticket that they work on
        Line = self.env['sale.order.line'].sudo()
        lines = Line.search(
            Line._get_support_line_domain()
            & Domain('company_id', 'in', self.company_id.ids)
            & Domain(
                'order_partner_id.commercial_partner_id', 'in',
                self.partner_id.commercial_partner_id.ids,
            )
            & Domain('product_id.service_tracking', '=', 'no')
            & Domain('order_id.helpdesk_ticket_id', 'in', [*self.ids, False]),
        ).sorted(lambda line: (line.order_id.date_order, line.id))
        today = fields.Date.context_today(self)
        usable = Line.union(*(
            pack.line for pack in lines.filtered('support_hours_available')._get_hours_packs()
            if pack.is_usable(today)
        ))
        lines_by_client = defaultdict(Line.browse)
        for line in lines:
            key = (line.order_partner_id.commercial_partner_id, line.company_id)
            lines_by_client[key] |= line
        suggestions = {}
        for ticket in self:
            candidates = lines_by_client[
                (ticket.partner_id.commercial_partner_id, ticket.company_id)
            ].filtered(
                lambda line: line.order_id.helpdesk_ticket_id in (
                    self.env['helpdesk.ticket'], ticket._origin,
                ),
            )
            if ticket.billing_scope == 'defect':
                continue
            packs = candidates.browse()
            if ticket.billing_scope == 'included':
                packs = candidates.filtered(lambda line: line in usable).sorted(
                    lambda line: line.support_end_date or date.max,
                )
            open_ended = candidates.filtered(
                lambda line: line.product_id == ticket.team_id.timesheet_product_id
                and not line.support_hours_available,
            )
            if ticket.billing_scope == 'improvement':
                open_ended = open_ended.filtered('order_id.helpdesk_ticket_id')
            if suggestion := packs[:1] or open_ended[-1:]:
                suggestions[ticket] = suggestion
        return suggestions

    def _get_billing_route(self, entry):
        """ Return how an entry of the ticket, which is not free, is paid, and by which order line.

        :param entry: an account.analytic.line of the ticket
        :return: a value of `billing_kind` of the entry, and the line, which may be none; a pack is
            the one to begin with
        :rtype: tuple[str, sale.order.line]
        """
        self.ensure_one()
        line = self.sale_line_id
        nothing = line.browse()
        if self.billing_scope == 'improvement':
            if line.state != 'sale' or self._is_refused_pack(line):
                return 'pending', nothing
            # hours at a fixed price that were sold for it are no pack to go on from
            return 'order', entry._timesheet_determine_sale_line() or line
        line = entry._timesheet_determine_sale_line() or line
        # a pack whose order is cancelled leads to the next one
        if line.state != 'sale' and not line.support_hours_available:
            return 'flagged', nothing
        return line._get_billing_kind(), line

    def _can_use_pack(self, line, chosen):
        """ Return whether a pack of the client may pay for the ticket.

        One that makes projects or tasks, or was ordered for another ticket, does so where somebody
        chose it only.

        :param line: the sale.order.line of the pack
        :param chosen: that which the ticket begins with
        """
        self.ensure_one()
        return line == chosen or (
            line.product_id.service_tracking == 'no'
            and line.order_id.helpdesk_ticket_id in (self.browse(), self)
        )

    def _follow_packs(self, packs_by_client):
        """ Let the tickets whose pack is used up or expired go on with the next one.

        :param dict packs_by_client: see `account.analytic.line._get_pack_balances`
        """
        today = fields.Date.context_today(self)
        for ticket in self.filtered(
            lambda ticket: ticket.billing_scope == 'included'
            and ticket.sale_line_id.support_hours_available,
        ):
            packs = [
                pack for pack in packs_by_client[
                    ticket.partner_id.commercial_partner_id, ticket.company_id
                ]
                if pack.is_usable(today) and ticket._can_use_pack(pack.line, ticket.sale_line_id)
            ]
            if packs and ticket.sale_line_id not in [pack.line for pack in packs]:
                ticket.with_context(support_allocation=True).sale_line_id = packs[0].line

    def _get_sale_orders(self):
        """ Return the orders of the ticket that the user can see. """
        self.ensure_one()
        return self.env['sale.order'].search([
            '|', '|',
            ('id', '=', self.sale_order_id.id),
            ('helpdesk_ticket_id', '=', self._origin.id or 0),
            # sudo: account.analytic.line - the orders of everybody's time; only those that the
            # user can see are found
            ('id', 'in', self.sudo().timesheet_ids.order_id.ids),
        ])
