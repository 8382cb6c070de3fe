from odoo import api, models
from odoo.fields import Domain


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    @api.model
    def _get_help_sources(self):
        """ Add the published contents of courses. """
        website = self.env['website'].get_current_website()
        domain = (
            website.website_domain()
            & Domain('is_published', '=', True)
        )
        return [
            *super()._get_help_sources(),
            ('slide.slide', domain, ('name', 'description'), 'description'),
        ]
