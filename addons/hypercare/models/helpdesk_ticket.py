from odoo import api, fields, models


class HelpdeskTicket(models.Model):
    _inherit = 'helpdesk.ticket'

    hypercare_id = fields.Many2one(
        comodel_name='hypercare.period',
        string="Hypercare",
        compute='_compute_hypercare_id',
        store=True,
        precompute=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        help="The window of the client that was running when the ticket was opened.",
    )
    hypercare_kind = fields.Selection(
        related='ticket_type_id.hypercare_kind', string="Kind in Hypercare", store=True,
        precompute=True,
    )

    _hypercare_idx = models.Index('(hypercare_id, open_date) WHERE hypercare_id IS NOT NULL')

    # === COMPUTE METHODS === #

    @api.depends('commercial_partner_id', 'company_id', 'open_date')
    def _compute_hypercare_id(self):
        # which windows there are is not among the dependencies: when one starts or its end moves,
        # the tickets are looked up again in `hypercare.period._look_up_tickets`
        # sudo: hypercare.period - whether a ticket is in the window does not depend on who opens it
        periods = self.env['hypercare.period'].sudo()
        for ticket in self:
            ticket.hypercare_id = periods._find(
                ticket.company_id, ticket.commercial_partner_id, ticket.open_date,
            )

    # === BUSINESS METHODS === #

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'hypercare_id', 'hypercare_kind'}

    def _get_sla_facts(self):
        return {**super()._get_sla_facts(), 'hypercare': {bool(self.hypercare_id)}}
