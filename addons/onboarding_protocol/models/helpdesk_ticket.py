from odoo import api, fields, models


class HelpdeskTicket(models.Model):
    _inherit = 'helpdesk.ticket'

    is_before_golive = fields.Boolean(
        string="Before Go-live",
        compute='_compute_is_before_golive',
        store=True,
        precompute=True,
        copy=False,
        help="The client's go-live protocol was not signed yet when the ticket was created: it is "
             "accepted, but nothing is promised for it (P6).",
    )

    # === COMPUTE METHODS === #

    @api.depends('commercial_partner_id', 'team_id', 'open_date')
    def _compute_is_before_golive(self):
        # which implementations there are is not among the dependencies: it is judged on the day
        # of the ticket's creation
        projects = self.env['project.project']
        for ticket in self:
            ticket.is_before_golive = projects._is_client_before_golive(
                ticket.company_id, ticket.commercial_partner_id, ticket.agreement_id,
            )

    # === BUSINESS METHODS === #

    def _is_sla_applicable(self):
        return super()._is_sla_applicable() and not self.is_before_golive
