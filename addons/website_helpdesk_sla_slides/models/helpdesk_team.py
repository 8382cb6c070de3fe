from odoo import models
from odoo.fields import Domain


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    def _search_help_articles(self, query, limit=5):
        """ Add what the visitor may read of the courses. """
        articles = super()._search_help_articles(query, limit=limit)
        words = self._get_help_words(query)
        left = limit - len(articles)
        found = self.env['slide.slide']
        if not words or left <= 0 or not found.has_access('read'):
            return articles
        website = self.env['website'].get_current_website()
        found = found.search(
            website.website_domain() & Domain('is_published', '=', True)
            & self._get_help_domain(words, ('name', 'description')),
            limit=left,
        )
        return articles + [
            {
                'title': article.name,
                'url': article.website_absolute_url,
                'excerpt': self._get_help_excerpt(article.description),
            }
            for article in found
        ]
