from odoo import api, fields, models
from odoo.fields import Domain


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    @api.model
    def _get_help_sources(self):
        """ Add the published posts of the blog. """
        website = self.env['website'].get_current_website()
        domain = (
            website.website_domain()
            & Domain('is_published', '=', True)
            & Domain('post_date', '<=', fields.Datetime.now())
        )
        return [
            *super()._get_help_sources(),
            ('blog.post', domain, ('name', 'subtitle', 'content'), 'subtitle'),
        ]
