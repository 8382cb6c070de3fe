from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from .res_company import FREE_IN_WINDOW

LEADER = 'helpdesk_sla.group_helpdesk_team_leader'


class HypercarePeriod(models.Model):
    """ Who pays in hypercare: the package that the go-live starts (P9), what is free (S7). """

    _inherit = 'hypercare.period'

    free_in_window = fields.Selection(
        selection=FREE_IN_WINDOW,
        string="Free of Charge",
        compute='_compute_free_in_window',
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
        help="Time on tickets that are opened in the window and are of this kind is charged to no "
             "pack and not invoiced. Improvements are quoted in any case, and the repair of "
             "defects is always free.",
    )
    free_hours = fields.Float(
        string="Hours Free of Charge",
        compute='_compute_free_hours',
        groups='helpdesk_sla.group_helpdesk_team_leader',
        help="Time on tickets of the window that nobody pays for because of it.",
    )

    # === COMPUTE METHODS === #

    @api.depends('company_id')
    def _compute_free_in_window(self):
        """ Begin with what the company says; a later change there is for later windows. """
        for period in self:
            # sudo: res.company - a setting of the company, for whoever plans the window
            period.free_in_window = (
                period.free_in_window or period.company_id.sudo().hypercare_free or 'nothing'
            )

    @api.depends('ticket_ids.timesheet_ids.billing_free_reason')
    def _compute_free_hours(self):
        # sudo: account.analytic.line - the time of everybody, as a number
        hours = dict(self.env['account.analytic.line'].sudo()._read_group(
            Domain('billing_free_reason', '=', 'hypercare')
            & Domain('helpdesk_ticket_id.hypercare_id', 'in', self.ids),
            ['helpdesk_ticket_id.hypercare_id'], ['unit_amount:sum'],
        )) if self.ids else {}
        by_id = {period.id: total for period, total in hours.items()}
        for period in self:
            period.free_hours = by_id.get(period._origin.id, 0.0)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Let the time that is not invoiced follow what is free now. """
        changed = self.browse()
        if 'free_in_window' in vals:
            changed = self.filtered(
                lambda period: period.free_in_window != vals['free_in_window'],
            )
            changed._check_free_in_window()
        result = super().write(vals)
        changed._get_time_on_tickets()._allocate_support_hours()
        return result

    def _check_free_in_window(self):
        """ Refuse to decide on money, and to decide again once the window is over.

        :raise AccessError: if the user leads no team
        :raise UserError: if the days of a window are over: what was booked stays as it was
        """
        if self and not self.env.su and not self.env.user.has_group(LEADER):
            raise AccessError(self.env._(
                "Team leaders and administrators of the helpdesk decide what is free of charge.",
            ))
        for period in self:
            if period.state not in ('planned', 'running', 'cancelled'):
                raise UserError(self.env._(
                    "The days of %(period)s are over: what is free of charge does not change any "
                    "more, and the time that was booked stays as it is.",
                    period=period.name,
                ))

    # === BUSINESS METHODS === #

    def _get_time_on_tickets(self):
        """ Return the time of everybody on the tickets of the windows, as superuser.

        :rtype: account.analytic.line
        """
        # sudo: account.analytic.line - what pays for time is decided by rules, for everybody's
        entries = self.env['account.analytic.line'].sudo()
        if not self:
            return entries
        return entries.search([('helpdesk_ticket_id.hypercare_id', 'in', self.ids)])

    def _windows_changed(self, before):
        """ Let the time on tickets that come into a window, or fall out of it, be paid anew. """
        moved = self.filtered(lambda period: period._get_window() != before[period])
        # sudo: helpdesk.ticket - see `_get_time_on_tickets`
        tickets = self.env['helpdesk.ticket'].sudo().with_context(active_test=False)
        domain = Domain('hypercare_id', 'in', moved.ids)
        former = tickets.search(domain) if moved else tickets
        super()._windows_changed(before)
        if moved:
            present = tickets.search(domain)
            ((former | present) - (former & present)).timesheet_ids._allocate_support_hours()

    def _get_improvement_product(self):
        """ Return what developments are quoted with: what the window's team sells its time as.

        Where it sells none, what another team of the company does.

        :rtype: product.product
        """
        self.ensure_one()
        # sudo: helpdesk.team - a setting of the company's teams
        teams = self.env['helpdesk.team'].sudo().search([
            ('company_id', '=', self.company_id.id), ('use_helpdesk_sale_timesheet', '=', True),
        ])
        own = self.sudo().team_id
        return ((own & teams) | teams).timesheet_product_id[:1]

    # === THE PACKAGE === #

    def _after_start(self):
        """ Begin the package that was sold for the time from the go-live on (P9). """
        super()._after_start()
        # sudo: sale.order - who starts the window, the signing client too, need not see orders
        orders = self.sudo()._get_golive_orders()
        lines = orders._get_packs_waiting_for_golive()
        orders._start_support_at_go_live(self.golive_date)
        # what was asked for since a go-live that is told late finds its package now
        self.sudo().ticket_ids.filtered(
            lambda ticket: not ticket.sale_line_id,
        )._compute_sale_line_id()
        started = lines.filtered('support_start_date')
        if started:
            self.message_post(body=self.env._(
                "Begun with the go-live: %(packs)s",
                packs=', '.join(self._describe_package(line) for line in started),
            ))

    def _get_golive_orders(self):
        """ Return the confirmed orders whose packs and plans begin with the window.

        They are the orders from which its project was made; where there is none, those of the
        client from which no other project was made that still waits for its own go-live.

        :rtype: sale.order
        """
        self.ensure_one()
        orders = self._get_orders_of_projects()
        if not orders:
            others = self.search([
                ('partner_id', '=', self.partner_id.id), ('company_id', '=', self.company_id.id),
                ('id', '!=', self.id), ('project_id', '!=', False), ('state', '=', 'planned'),
            ])
            orders = self.env['sale.order'].search([
                ('partner_id.commercial_partner_id', '=', self.partner_id.id),
                ('company_id', '=', self.company_id.id), ('state', '=', 'sale'),
            ]) - others._get_orders_of_projects()
        return orders.filtered(lambda order: order.state == 'sale')

    def _get_orders_of_projects(self):
        """ Return the orders from which the projects of the windows were made.

        :rtype: sale.order
        """
        return self.project_id.sale_order_id | self.project_id.reinvoiced_sale_order_id

    def _describe_package(self, line):
        """ Return in a few words what began: “Package (S00012), valid until 14 April 2026”.

        :param line: the sale.order.line
        """
        names = {'product': line.product_id.display_name, 'order': line.order_id.name}
        if line.support_end_date and line.product_id.support_renewal != 'monthly':
            return self.env._(
                "%(product)s (%(order)s), valid until %(date)s",
                date=format_date(self.env, line.support_end_date), **names,
            )
        return self.env._("%(product)s (%(order)s)", **names)

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        return {
            **super()._get_portal_page_values(partner),
            'free_in_window': self.free_in_window,
        }
