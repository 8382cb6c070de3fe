from odoo import models


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    # === BUSINESS METHODS === #

    def _get_preferred_assignees(self, customers):
        """ Prefer who is responsible for a client since the hand-over, in the team of the plan. """
        preferred = dict(super()._get_preferred_assignees(customers))
        for customer in customers:
            team, user = self.env['hypercare.period']._get_plan(
                self.company_id, customer.commercial_partner_id,
            )
            if user and team == self:
                preferred.setdefault(customer, user)
        return preferred
