import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.base.models.res_partner import _lang_get

PLACEHOLDER = re.compile(r'\{\{\s*([a-z_]+)\s*\}\}')


class MailCannedResponse(models.Model):
    """ Canned responses as answers to tickets: for teams, in languages, with placeholders.

    The placeholders are a fixed list, not expressions: whoever writes an answer reads nothing that
    the ticket does not say to its customer anyway.
    """

    _inherit = 'mail.canned.response'

    helpdesk_team_ids = fields.Many2many(
        comodel_name='helpdesk.team',
        relation='helpdesk_canned_response_team_rel',
        column1='response_id',
        column2='team_id',
        string="Helpdesk Teams",
        help="Offered on the tickets of these teams only. Empty: everywhere.",
    )
    helpdesk_lang = fields.Selection(
        selection=_lang_get,
        string="Language",
        help="Of several responses with the same shortcut, the one in the customer's language is "
             "offered on a ticket.",
    )
    helpdesk_stage_id = fields.Many2one(
        comodel_name='helpdesk.stage',
        string="Then Move to Stage",
        index='btree_not_null',
        help="The ticket moves here when the answer is sent, if its team has this stage.",
    )
    helpdesk_tag_ids = fields.Many2many(
        comodel_name='helpdesk.tag',
        relation='helpdesk_canned_response_tag_rel',
        column1='response_id',
        column2='tag_id',
        string="Then Add Tags",
        help="The ticket gets these tags when the answer is sent.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('substitution', 'helpdesk_team_ids', 'helpdesk_stage_id', 'helpdesk_tag_ids')
    def _check_placeholders(self):
        """ Name what is misspelt to its author, rather than send it to a customer. """
        known = self.env['helpdesk.ticket']._get_answer_placeholders()
        for response in self:
            if not (
                response.helpdesk_team_ids or response.helpdesk_stage_id
                or response.helpdesk_tag_ids
            ):
                continue
            unknown = set(PLACEHOLDER.findall(response.substitution or '')) - known.keys()
            if unknown:
                raise ValidationError(self.env._(
                    "There is no placeholder %(unknown)s. These can be used: %(known)s.",
                    unknown=', '.join(sorted(unknown)), known=', '.join(known),
                ))

    # === BUSINESS METHODS === #

    @api.model
    def get_helpdesk_answers(self, ticket_id):
        """ Return the answers that are offered on a ticket, their placeholders filled in.

        :param int ticket_id: the ticket, which the user has to be allowed to read
        :return: dicts with id, source, substitution
        :rtype: list[dict]
        """
        ticket = self.env['helpdesk.ticket'].browse(int(ticket_id)).exists()
        ticket.check_access('read')
        if not ticket or not self.env.user._is_internal():
            return []
        values = ticket._get_answer_placeholder_values()
        return [
            {
                'id': answer.id,
                'source': answer.source,
                'substitution': answer._fill_in(values),
            }
            for answer in self._get_answers_for(ticket)
        ]

    @api.model
    def _get_answers_for(self, ticket):
        """ Return the answers for the team of a ticket, one for each shortcut.

        Of several, the one in the customer's language; else one in none; else what there is.
        """
        lang = ticket._get_customer_lang()
        answers = self.search(
            Domain('helpdesk_team_ids', '=', False)
            | Domain('helpdesk_team_ids', 'in', ticket.team_id.ids),
            order='source, id',
        )
        chosen = self.browse()
        for alternatives in answers.grouped(lambda answer: answer.source.casefold()).values():
            for wanted in (lang, False):
                fitting = alternatives.filtered(
                    lambda answer, wanted=wanted: answer.helpdesk_lang == wanted,
                )
                if fitting:
                    break
            chosen |= fitting or alternatives
        return chosen

    def _fill_in(self, values):
        """ Return the text with its placeholders replaced; what is none stays as it is.

        :param dict values: by name of the placeholder
        """
        self.ensure_one()
        return PLACEHOLDER.sub(
            lambda match: values.get(match[1], match[0]), self.substitution or '',
        )
