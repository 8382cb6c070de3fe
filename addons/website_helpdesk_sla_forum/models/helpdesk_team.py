from odoo import models
from odoo.fields import Domain


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    def _search_help_articles(self, query, limit=5):
        """ Add what the visitor may read of the forum. """
        articles = super()._search_help_articles(query, limit=limit)
        words = self._get_help_words(query)
        left = limit - len(articles)
        found = self.env['forum.post']
        if not words or left <= 0 or not found.has_access('read'):
            return articles
        website = self.env['website'].get_current_website()
        found = found.search(
            website.website_domain() & Domain('parent_id', '=', False) & Domain('state', '=', 'active')
            & self._get_help_domain(words, ('name', 'plain_content')),
            limit=left,
        )
        return articles + [
            {
                'title': article.name,
                'url': article.website_url,
                'excerpt': self._get_help_excerpt(article.content),
            }
            for article in found
        ]
