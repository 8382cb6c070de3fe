from urllib.parse import urlsplit

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import is_html_empty


class HypercareTopic(models.Model):
    """ What users ask about again and again, with the answer that is sent next time (G5). """

    _name = 'hypercare.topic'
    _description = "Hypercare Topic"
    _order = 'process, name, id'

    name = fields.Char(string="Topic", required=True, translate=True)
    active = fields.Boolean(default=True)
    process = fields.Char(
        translate=True, help="The process of the client's business, e.g. Sales or Warehouse.",
    )
    company_id = fields.Many2one(
        comodel_name='res.company', default=lambda self: self.env.company, index=True,
        help="Empty: for all companies.",
    )

    answer = fields.Html(
        translate=True, sanitize_overridable=False,
        help="What is written to whoever asks; the agent reads it over before it is sent.",
    )
    answer_url = fields.Char(
        string="Link", translate=True, help="An article, a slide or a video that explains it.",
    )
    has_answer = fields.Boolean(compute='_compute_has_answer', search='_search_has_answer')

    ticket_count = fields.Integer(string="Questions", compute='_compute_ticket_count')

    _name_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), lower(name->>'en_US'))",
        "A topic with this name already exists.",
    )

    # === COMPUTE METHODS === #

    @api.depends('answer', 'answer_url')
    def _compute_has_answer(self):
        for topic in self:
            topic.has_answer = bool(topic._get_answer_link() or topic._has_answer_text())

    def _search_has_answer(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # a text may be empty, a linked page gone: only the record itself knows
        found = self.search(self._get_answer_domain()).filtered('has_answer')
        return Domain('id', 'in', found.ids)

    @api.depends_context('uid')
    def _compute_ticket_count(self):
        counts = dict(self.env['helpdesk.ticket']._read_group(
            [('hypercare_topic_id', 'in', self.ids)], ['hypercare_topic_id'], ['__count'],
        ))
        for topic in self:
            topic.ticket_count = counts.get(topic._origin, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains('answer_url')
    def _check_answer_url(self):
        for topic in self.filtered('answer_url'):
            if not _is_web_address(topic.answer_url):
                raise ValidationError(self.env._(
                    "\"%(address)s\" is no address of a page: it has to begin with https:// or "
                    "http://.",
                    address=topic.answer_url,
                ))

    # === ACTION METHODS === #

    def action_view_tickets(self):
        """ Open the questions about the topic. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_all',
        )
        action['display_name'] = self.env._("Questions: %(topic)s", topic=self.name)
        action['domain'] = [('hypercare_topic_id', '=', self.id)]
        action['context'] = {'default_hypercare_topic_id': self.id}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _get_answer_domain(self):
        """ Return the topics that may have an answer. """
        return Domain('answer_url', '!=', False) | Domain('answer', '!=', False)

    def _get_answer_link(self):
        """ Return the address at which clients read the answer; glue may know another one.

        :rtype: str | bool
        """
        self.ensure_one()
        return self.answer_url or False

    def _has_answer_text(self):
        """ Return whether an answer is written down, not only linked. """
        self.ensure_one()
        return not is_html_empty(self.answer)

    def _get_answer_body(self):
        """ Return the answer as it is written to a client, in the language of the context.

        :rtype: Markup
        """
        self.ensure_one()
        body = Markup()
        if self._has_answer_text():
            body += Markup(self.answer)
        link = self._get_answer_link()
        if link:
            body += Markup('<p><a href="%s" target="_blank" rel="noopener">%s</a></p>') % (
                link, self.env._("Read more: %(topic)s", topic=self.name),
            )
        return body


def _is_web_address(address):
    """ Return whether an address leads to a page of the web, and to nothing else. """
    if any(character.isspace() or ord(character) < 32 for character in address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ('http', 'https') and bool(parts.hostname)
    except ValueError:
        return False
