from odoo import api, fields, models

from odoo.addons.helpdesk_sla.tools.policy_rules import Criterion

# above a policy that is for hypercare in general, whatever else that one names
QUICK_FIX_LEVEL = 5


class HelpdeskSla(models.Model):
    """ A target of its own for the quick fixes of a window (G4). """

    _inherit = 'helpdesk.sla'

    only_quick_fix = fields.Boolean(
        string="Only Quick Fixes",
        help="For tickets of settings, reports and forms in a hypercare window, instead of what is "
             "promised for the other tickets of the window.",
    )

    _quick_fix_in_hypercare = models.Constraint(
        'CHECK (only_quick_fix IS NOT TRUE OR only_hypercare)',
        "Quick fixes are made in hypercare only: a policy for them is one for hypercare.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([
            {**vals, 'only_hypercare': True} if vals.get('only_quick_fix') else vals
            for vals in vals_list
        ])

    def write(self, vals):
        if vals.get('only_quick_fix'):
            vals = {'only_hypercare': True, **vals}
        return super().write(vals)

    # === ONCHANGE METHODS === #

    @api.onchange('only_quick_fix')
    def _onchange_only_quick_fix(self):
        if self.only_quick_fix:
            self.only_hypercare = True

    # === BUSINESS METHODS === #

    @api.model
    def _get_criteria_fields(self):
        return super()._get_criteria_fields() | {'is_quick_fix'}

    @api.model
    def _get_matching_fields(self):
        return super()._get_matching_fields() | {'only_quick_fix'}

    def _get_criteria(self):
        return [
            *super()._get_criteria(),
            Criterion('quick_fix', frozenset({True} if self.only_quick_fix else ())),
        ]

    def _get_level(self):
        return super()._get_level() + (QUICK_FIX_LEVEL if self.only_quick_fix else 0)
