from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
        selection=[
            ('included', "Support"),
            ('improvement', "Improvement"),
            ('defect', "Defect"),
        ],
        string="Support or Improvement",
        compute='_compute_billing_scope',
        store=True,
        groups='base.group_user',
        help="Support is paid by the client's pack, an improvement by an order that the client "
             "accepts, and the repair of a defect by nobody.",
    )
    billing_scope_overrule = fields.Selection(
        selection=[
            ('included', "Support"),
            ('improvement', "Improvement"),
            ('defect', "Defect"),
        ],
        string="Treated as",
        copy=False,
        tracking=True,
        groups='base.group_user',
        help="Decides against what the type and the estimate say.",
    )
    billing_scope_reason = fields.Char(
        string="Reason",
        copy=False,
        tracking=True,
        groups='base.group_user',
        help="Why the type and the estimate do not decide.",
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

    # === CONSTRAINT METHODS === #

    @api.constrains('billing_scope_overrule', 'billing_scope_reason')
    def _check_billing_scope_reason(self):
        for ticket in self:
            if ticket.billing_scope_overrule and not (ticket.billing_scope_reason or '').strip():
                raise ValidationError(self.env._(
                    "Say why %(ticket)s is treated otherwise than its type and estimate say.",
                    ticket=ticket.display_name,
                ))
