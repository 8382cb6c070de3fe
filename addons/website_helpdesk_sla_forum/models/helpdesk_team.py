from odoo import api, models
from odoo.fields import Domain


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    @api.model
    def _get_help_sources(self):
        """ Add the published questions of the forum. """
        website = self.env['website'].get_current_website()
        domain = (
            website.website_domain()
            & Domain('parent_id', '=', False) & Domain('state', '=', 'active')
        )
        return [
            *super()._get_help_sources(),
            ('forum.post', domain, ('name', 'plain_content'), 'plain_content'),
        ]
