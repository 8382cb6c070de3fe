from odoo import api, models
from odoo.fields import Command


class HelpdeskTicketAnswer(models.AbstractModel):
    """ What canned responses say of a ticket, and what they do to it. """

    _name = 'helpdesk.ticket.answer'
    _description = "Canned Answers to a Ticket"

    # === MAIL METHODS === #

    def _message_post_after_hook(self, message, msg_values):
        """ Do what the canned responses of an answer ask for, once it is sent.

        Both composers name them in the context `helpdesk_answer_ids`.
        """
        result = super()._message_post_after_hook(message, msg_values)
        response_ids = self.env.context.get('helpdesk_answer_ids')
        if response_ids and self._is_agent_message(message):
            # the route posts as the superuser: the stage is moved with the rights of the author
            ticket = self.with_user(self.env.user).with_context(helpdesk_answer_ids=False)
            if ticket.has_access('write'):
                ticket._answers_sent(response_ids)
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _get_answer_placeholders(self):
        """ Return the placeholders that can be used in answers: what they stand for, by name.

        An addon that adds one adds its value to `_get_answer_placeholder_values` as well.

        :rtype: dict[str, str]
        """
        return {
            'customer': self.env._("Name of the contact"),
            'company': self.env._("Company of the contact"),
            'ticket': self.env._("Reference of the ticket"),
            'subject': self.env._("Subject of the ticket"),
            'team': self.env._("Name of the team"),
            'agent': self.env._("Name of who answers"),
            'deadline': self.env._("Nearest deadline, in the customer's time zone"),
            'link': self.env._("Address of the ticket in the portal"),
        }

    def _get_answer_placeholder_values(self):
        """ Return what the placeholders stand for, in the customer's language.

        :rtype: dict[str, str]
        """
        self.ensure_one()
        ticket = self.with_context(lang=self._get_customer_lang())
        # sudo: res.partner, helpdesk.team - names that the customer knows
        partner_sudo, team_sudo = ticket.partner_id.sudo(), ticket.team_id.sudo()
        return {
            'customer': partner_sudo.name or ticket.partner_name or '',
            'company': partner_sudo.commercial_partner_id.name or '',
            'ticket': ticket.ticket_ref or '',
            'subject': ticket.name or '',
            'team': team_sudo.name or '',
            'agent': self.env.user.name,
            'deadline': (
                ticket._format_customer_datetime(ticket.sla_deadline)
                if ticket.sla_deadline else ''
            ),
            # without a token: who is in copy or forwards the answer gives nothing away
            'link': ticket.get_base_url() + ticket.access_url,
        }

    def _answers_sent(self, response_ids):
        """ Do what the canned responses of an answer that was sent ask for.

        :param list response_ids: ids of the mail.canned.response, as the browser says
        """
        self.ensure_one()
        responses = self.env['mail.canned.response'].search([('id', 'in', response_ids)])
        vals = {}
        tags = responses.helpdesk_tag_ids - self.tag_ids
        if tags:
            vals['tag_ids'] = [Command.link(tag.id) for tag in tags]
        # the last one that was inserted has the last word
        for response_id in reversed(response_ids):
            stage = (responses & responses.browse(response_id)).helpdesk_stage_id
            if stage and stage in self.team_id.stage_ids:
                if stage != self.stage_id:
                    vals['stage_id'] = stage.id
                break
        if vals:
            self.write(vals)
