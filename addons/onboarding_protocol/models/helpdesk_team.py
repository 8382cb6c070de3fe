from odoo import fields, models


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    def _get_preferred_assignees(self, customers):
        """ Let those who ran a takeover support the client in the first months (T2). """
        preferred = super()._get_preferred_assignees(customers)
        consultants = self.env['project.project']._get_takeover_consultants(self.company_id.id)
        if not consultants:
            return preferred
        now = fields.Datetime.now()
        users = self.env['res.users']
        result = dict(preferred)
        for customer in customers:
            user_ids = {
                user_id
                for until, user_ids in consultants.get(customer.commercial_partner_id.id, ())
                if now < until
                for user_id in user_ids
            }
            if user_ids:
                result[customer] = users.browse(user_ids) | preferred.get(customer, users)
        return result
