from odoo import api, fields, models
from odoo.exceptions import UserError


class HelpdeskTicket(models.Model):
    """ A question names the topic it is about: the next one is answered with it (G5). """

    _inherit = 'helpdesk.ticket'

    hypercare_topic_id = fields.Many2one(
        comodel_name='hypercare.topic',
        string="Topic",
        check_company=True,
        tracking=True,
        index='btree_not_null',
        ondelete='restrict',
        groups='helpdesk_sla.group_helpdesk_user',
        help="What the question is about. Topics that several people of a client ask about are "
             "proposed as a training.",
    )
    hypercare_topic_has_answer = fields.Boolean(
        related='hypercare_topic_id.has_answer',
        related_sudo=False,
        groups='helpdesk_sla.group_helpdesk_user',
        export_string_translation=False,
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        # sudo: helpdesk.ticket - only looked at; a proposal follows from what clients ask
        tickets.sudo()._propose_hypercare_trainings()
        return tickets

    def write(self, vals):
        result = super().write(vals)
        if {'hypercare_topic_id', 'partner_id', 'active'} & vals.keys():
            # sudo: helpdesk.ticket - as in create
            self.sudo()._propose_hypercare_trainings()
        return result

    # === ACTION METHODS === #

    def action_answer_with_topic(self):
        """ Write the answer of the topic to the customer; who answers reads it over and sends it.

        :raise UserError: if the topic has no answer
        """
        self.ensure_one()
        self.check_access('write')
        # in the customer's language
        topic = self.hypercare_topic_id.with_context(lang=self._get_customer_lang())
        if not topic.has_answer:
            raise UserError(self.env._(
                "There is no answer for this topic yet. Write it down in the topic once, and the "
                "next one who asks gets it.",
            ))
        partners = self.env['res.partner'].browse(
            recipient['partner_id']
            for recipient in self._message_get_suggested_recipients(
                reply_discussion=True,
                no_create=not self.env['res.partner'].has_access('create'),
            )
            if recipient.get('partner_id')
        )
        return {
            'name': self.env._("Answer with %(topic)s", topic=self.hypercare_topic_id.name),
            'type': 'ir.actions.act_window',
            'res_model': 'mail.compose.message',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {
                'default_model': self._name,
                'default_res_ids': self.ids,
                'default_composition_mode': 'comment',
                'default_subtype_xmlid': 'mail.mt_comment',
                'default_partner_ids': (partners | self.partner_id).ids,
                'default_body': topic._get_answer_body(),
                'hide_mail_template_management_options': True,
            },
        }

    # === BUSINESS METHODS === #

    def _propose_hypercare_trainings(self):
        """ Have topics that enough people asked about proposed as trainings of their window. """
        asked = self.filtered(lambda ticket: ticket.hypercare_topic_id and ticket.hypercare_id)
        if asked:
            asked.hypercare_id._propose_trainings(asked.hypercare_topic_id)
