from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_duration
from odoo.tools.misc import formatLang

BILLING_SCOPES = [
    ('included', "Support"),
    ('improvement', "Improvement"),
    ('defect', "Defect"),
]


class HelpdeskTicket(models.Model):
    """ Is a request support, an improvement or a defect (S7)? It decides who pays. """
    _inherit = 'helpdesk.ticket'

    estimated_hours = fields.Float(
        string="Estimate",
        tracking=True,
        groups='base.group_user',
        help="How many hours the request is expected to take.",
    )
    billing_scope = fields.Selection(
        selection=BILLING_SCOPES,
        string="Support or Improvement",
        compute='_compute_billing_scope',
        store=True,
        groups='base.group_user',
        help="Support is paid by the client's pack, an improvement by an order that the client "
             "accepts, and the repair of a defect by nobody.",
    )
    billing_scope_explanation = fields.Char(
        compute='_compute_billing_scope_explanation',
        groups='base.group_user',
        export_string_translation=False,
    )
    billing_free_explanation = fields.Char(
        compute='_compute_billing_free_explanation',
        groups='base.group_user',
        export_string_translation=False,
    )
    billing_scope_overrule = fields.Selection(
        selection=BILLING_SCOPES,
        string="Treated as",
        copy=False,
        tracking=True,
        groups='base.group_user',
        help="Decides against what the type and the estimate say.",
    )
    billing_scope_reason = fields.Char(
        string="Reason",
        compute='_compute_billing_scope_reason',
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
        groups='base.group_user',
        help="Why the type and the estimate do not decide.",
    )

    pending_hours = fields.Float(
        string="Not Approved",
        compute='_compute_pending_hours',
        compute_sudo=True,
        search='_search_pending_hours',
        groups='base.group_user',
        help="Time of everybody that is spent on an improvement and waits for an order that the "
             "client has accepted.",
    )
    billing_scope_warning = fields.Char(
        compute='_compute_billing_scope_warning',
        compute_sudo=True,
        groups='base.group_user',
        export_string_translation=False,
    )

    _estimated_hours = models.Constraint(
        'CHECK (estimated_hours >= 0)',
        "An estimate cannot be negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends('ticket_type_id', 'estimated_hours', 'billing_scope_overrule')
    def _compute_billing_scope(self):
        """ Follow the type of the ticket; one without a type is support. """
        for ticket in self:
            # sudo: res.company - a limit of the company, for whoever sees the ticket
            limit = ticket.company_id.sudo().support_included_hours
            scope = ticket.ticket_type_id.billing_scope or 'included'
            if scope == 'depends':
                scope = 'improvement' if ticket.estimated_hours > limit else 'included'
            ticket.billing_scope = ticket.billing_scope_overrule or scope

    @api.depends('billing_scope', 'ticket_type_id', 'billing_scope_overrule')
    @api.depends_context('lang')
    def _compute_billing_scope_explanation(self):
        for ticket in self:
            ticket.billing_scope_explanation = ticket._get_billing_scope_explanation()

    def _get_billing_scope_explanation(self):
        """ Return why the ticket is what it is, in one sentence. """
        self.ensure_one()
        if self.billing_scope_overrule:
            return self.env._("Decided by an agent, see the reason.")
        if not self.ticket_type_id:
            return self.env._("A ticket without a type is support.")
        if self.ticket_type_id.billing_scope != 'depends':
            return self.env._(
                "As all tickets of the type %(type)s.", type=self.ticket_type_id.display_name,
            )
        # sudo: res.company - as above
        limit = self._format_support_hours(self.company_id.sudo().support_included_hours)
        if self.billing_scope == 'improvement':
            return self.env._("The estimate is above %(limit)s.", limit=limit)
        return self.env._("Up to an estimate of %(limit)s it is support.", limit=limit)

    @api.depends('billing_scope', 'team_id.use_helpdesk_sale_timesheet')
    @api.depends_context('lang')
    def _compute_billing_free_explanation(self):
        for ticket in self:
            ticket.billing_free_explanation = ticket._get_free_explanation()

    @api.depends('billing_scope_overrule')
    def _compute_billing_scope_reason(self):
        """ Ask for a new reason with each decision. """
        self.billing_scope_reason = False

    @api.depends('timesheet_ids.unit_amount', 'timesheet_ids.billing_kind')
    def _compute_pending_hours(self):
        hours = dict(self.env['account.analytic.line']._read_group(
            self._get_pending_domain() & Domain('helpdesk_ticket_id', 'in', self._origin.ids),
            ['helpdesk_ticket_id'], ['unit_amount:sum'],
        )) if self._origin else {}
        for ticket in self:
            ticket.pending_hours = hours.get(ticket._origin, 0.0)

    def _search_pending_hours(self, operator, value):
        """ Find the tickets with more than so many hours, from zero on, or those without any. """
        is_none = operator == 'in' and not any(value)
        if not is_none and (operator != '>' or value < 0):
            return NotImplemented
        # sudo: account.analytic.line - the time of colleagues too, as a number
        groups = self.env['account.analytic.line'].sudo()._read_group(
            self._get_pending_domain(), ['helpdesk_ticket_id'],
            having=[('unit_amount:sum', '>', 0.0 if is_none else value)],
        )
        domain = Domain('id', 'in', [ticket.id for ticket, in groups])
        return ~domain if is_none else domain

    @api.model
    def _get_pending_domain(self):
        return Domain('billing_kind', '=', 'pending') & Domain('helpdesk_ticket_id', '!=', False)

    @api.depends('pending_hours', 'quotation_state')
    @api.depends_context('lang')
    def _compute_billing_scope_warning(self):
        self.billing_scope_warning = False
        tickets = self.filtered('pending_hours')
        orders = tickets._get_quotations()
        for ticket in tickets:
            ticket.billing_scope_warning = ticket._get_pending_warning(
                orders.get(ticket._origin, self.env['sale.order']),
            )

    def _get_pending_warning(self, order):
        """ Return why the time that nobody has approved waits, in one sentence.

        :param order: the sale.order that was made for the ticket, if any
        """
        self.ensure_one()
        names = {'hours': self._format_support_hours(self.pending_hours), 'order': order.name}
        return {
            'draft': self.env._(
                "%(hours)s not approved: quotation %(order)s has not been sent to the client.",
                **names,
            ),
            'sent': self.env._(
                "%(hours)s not approved: the client has not accepted quotation %(order)s.", **names,
            ),
            'expired': self.env._(
                "%(hours)s not approved: quotation %(order)s expired before the client accepted "
                "it.", **names,
            ),
            'cancelled': self.env._(
                "%(hours)s not approved: quotation %(order)s was declined or cancelled.",
                **names,
            ),
            'accepted': self.env._(
                "%(hours)s not approved: no line of order %(order)s takes time.", **names,
            ),
        }.get(order._get_quotation_state()) or self.env._(
            "%(hours)s not approved: the client has not accepted a quotation.", **names,
        )

    # === CONSTRAINT METHODS === #

    @api.constrains('billing_scope_overrule', 'billing_scope_reason')
    def _check_billing_scope_reason(self):
        for ticket in self:
            if ticket.billing_scope_overrule and not (ticket.billing_scope_reason or '').strip():
                raise ValidationError(self.env._(
                    "Say why %(ticket)s is treated otherwise than its type and estimate say.",
                    ticket=ticket.display_name,
                ))

    # === BUSINESS METHODS === #

    def _get_free_reason(self):
        """ Return why nobody pays for the time on the ticket; False if somebody does.

        The one place that decides it: addons with which more is free extend it.

        :return: a value of `billing_free_reason` of the entries, or False
        :rtype: str | bool
        """
        self.ensure_one()
        if not self.use_helpdesk_sale_timesheet:
            return 'team'
        return self.billing_scope == 'defect' and 'defect'

    def _get_free_explanation(self):
        """ Return to the agent in one sentence why the time is free; False where that is plain.

        :rtype: str | bool
        """
        self.ensure_one()
        if self._get_free_reason() == 'defect':
            return self.env._("Free of charge: the repair of a defect is paid by nobody.")
        return False

    def _format_support_hours(self, hours):
        """ Return a time as people read it: in hours, or in days where the company logs days.

        :param float hours: in hours
        :rtype: str
        """
        self.ensure_one()
        # sudo: res.company - how time is written, for whoever sees the ticket
        unit = self.company_id.sudo().timesheet_encode_uom_id
        if unit.id == self.env['ir.model.data']._xmlid_to_res_id('uom.product_uom_day'):
            days = self.env.ref('uom.product_uom_hour')._compute_quantity(hours, unit, round=False)
            return self.env._("%(days)s days", days=formatLang(self.env, days, digits=2))
        return self.env._("%(hours)s h", hours=format_duration(hours).removeprefix('0'))
