from odoo import api, fields, models


class HelpdeskTicket(models.Model):
    """ Inaccuracies in settings, reports and forms have a lane of their own in a window (G4). """

    _inherit = 'helpdesk.ticket'

    is_quick_fix = fields.Boolean(
        string="Quick Fix",
        compute='_compute_is_quick_fix',
        store=True,
        precompute=True,
        help="A ticket of settings, reports or forms in a hypercare window.",
    )

    _quick_fix_idx = models.Index('(hypercare_id) WHERE is_quick_fix')

    # === COMPUTE METHODS === #

    @api.depends('hypercare_id', 'hypercare_kind')
    def _compute_is_quick_fix(self):
        for ticket in self:
            ticket.is_quick_fix = bool(
                ticket.hypercare_id and ticket.hypercare_kind == 'settings',
            )

    # === BUSINESS METHODS === #

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'is_quick_fix'}

    def _get_sla_facts(self):
        return {**super()._get_sla_facts(), 'quick_fix': {self.is_quick_fix}}
