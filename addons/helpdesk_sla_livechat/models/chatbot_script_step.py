import logging

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class ChatbotScriptStep(models.Model):
    _inherit = 'chatbot.script.step'

    step_type = fields.Selection(
        selection_add=[('create_ticket', "Create Ticket")],
        ondelete={'create_ticket': 'cascade'},
    )
    helpdesk_team_id = fields.Many2one(
        comodel_name='helpdesk.team',
        string="Helpdesk Team",
        index='btree_not_null',
        ondelete='set null',
        groups='helpdesk_sla.group_helpdesk_user',
        help="The team that gets the ticket. Empty: that of the live chat channel.",
    )

    def _process_step(self, discuss_channel):
        self.ensure_one()
        if self.step_type == 'create_ticket':
            return self._process_step_create_ticket(discuss_channel)
        return super()._process_step(discuss_channel)

    def _process_step_create_ticket(self, discuss_channel):
        """ Register the conversation as a ticket, and tell the visitor its reference.

        E-mail and phone are what earlier steps have asked for. A conversation has one ticket: a
        script that begins anew names it again.

        :return: the mail.message that the chatbot posts
        """
        ticket_sudo = discuss_channel._get_helpdesk_ticket()
        if not ticket_sudo:
            ticket_sudo = self._create_chatbot_ticket(discuss_channel)
        sentences = [self.message] if self.message else []
        if ticket_sudo:
            sentences.append(Markup('<p>%s</p>') % self.env._(
                "The reference of your request is %s.", ticket_sudo.ticket_ref,
            ))
        return discuss_channel._chatbot_post_message(
            self.chatbot_script_id, Markup().join(sentences),
        )

    def _create_chatbot_ticket(self, discuss_channel):
        """ Create the ticket; without a team the conversation goes on, and the log says why. """
        # sudo: chatbot.script.step - the visitor's own answers; no contact is created or changed
        step_sudo, channel_sudo = self.sudo(), discuss_channel.sudo()
        said = channel_sudo._chatbot_find_customer_values_in_messages({
            'question_email': 'partner_email', 'question_phone': 'partner_phone',
        })
        free_input = step_sudo._find_first_user_free_input(channel_sudo)
        subject = discuss_channel._get_helpdesk_subject(free_input, '') if free_input else ''
        try:
            return discuss_channel._create_helpdesk_ticket(
                {**said, 'name': subject}, team=step_sudo.helpdesk_team_id,
            )
        except UserError:
            _logger.exception("The chatbot %s could not create a ticket", self.chatbot_script_id)
            return self.env['helpdesk.ticket']
