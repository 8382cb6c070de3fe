from odoo import api, models
from odoo.exceptions import AccessError


class AccountAnalyticLine(models.Model):
    """ Who decides that time is not billed: whoever leads a team (H8). """
    _inherit = 'account.analytic.line'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get('billing_waiver') for vals in vals_list):
            self._check_may_waive()
        return super().create(vals_list)

    def write(self, vals):
        if 'billing_waiver' in vals:
            self._check_may_waive()
        return super().write(vals)

    @api.model
    def _check_may_waive(self):
        """ Refuse agents: what they do not bill would be nobody's leakage. """
        if not self.env.su and not self.env.user.has_group(
            'helpdesk_sla.group_helpdesk_team_leader',
        ):
            raise AccessError(self.env._(
                "Team leaders and administrators of the helpdesk decide that time is not billed.",
            ))
