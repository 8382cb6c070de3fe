from odoo import api, fields, models

from odoo.addons.helpdesk_sla.tools.policy_rules import Criterion


class HelpdeskSla(models.Model):
    _inherit = 'helpdesk.sla'

    only_hypercare = fields.Boolean(
        string="Only in Hypercare",
        help="Promised to tickets that a client opens while hypercare runs. It replaces what "
             "would be promised otherwise; tickets that were opened in the window keep it.",
    )

    # === BUSINESS METHODS === #

    def _get_criteria(self):
        return [
            *super()._get_criteria(),
            Criterion('hypercare', frozenset({True} if self.only_hypercare else ())),
        ]

    def _get_level(self):
        """ Let the window come before everything that is promised outside of it (G7). """
        return super()._get_level() + (30 if self.only_hypercare else 0)

    @api.model
    def _get_matching_fields(self):
        return super()._get_matching_fields() | {'only_hypercare'}
