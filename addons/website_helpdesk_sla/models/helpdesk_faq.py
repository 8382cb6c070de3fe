from odoo import fields, models
from odoo.tools.translate import html_translate


class HelpdeskFaq(models.Model):
    """ A question that customers of a team keep asking, with its answer (S9). """

    _name = 'helpdesk.faq'
    _description = "Helpdesk FAQ"
    _order = 'team_id, sequence, id'

    name = fields.Char(string="Question", required=True, translate=True)
    answer = fields.Html(required=True, translate=html_translate, sanitize_attributes=False)
    team_id = fields.Many2one(
        comodel_name='helpdesk.team', required=True, index=True, ondelete='cascade',
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_published = fields.Boolean(
        string="Published", default=True, help="Shown on the page of the team.",
    )
