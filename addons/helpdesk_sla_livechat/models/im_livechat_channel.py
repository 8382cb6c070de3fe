from odoo import fields, models
from odoo.http import request


class ImLivechatChannel(models.Model):
    _inherit = 'im_livechat.channel'

    helpdesk_team_id = fields.Many2one(
        comodel_name='helpdesk.team',
        string="Helpdesk Team",
        index='btree_not_null',
        ondelete='set null',
        groups='helpdesk_sla.group_helpdesk_user',
        help="Tickets from conversations of this channel go to this team. Empty: to the team of "
             "the agent who creates them.",
    )
    is_closed_outside_hours = fields.Boolean(
        string="In Working Hours Only",
        default=True,
        groups='helpdesk_sla.group_helpdesk_user',
        help="Outside of the working hours of the helpdesk team, holidays included, visitors are "
             "offered to write to the team instead of chatting. Chatbots stay available.",
    )

    # === WHEN NOBODY IS THERE === #

    def _get_helpdesk_working_time(self):
        """ Return the timeline of the working hours of the team.

        :rtype: WorkingTime
        """
        # sudo: helpdesk.team, resource.calendar - opening hours are public
        team_sudo = self.sudo().helpdesk_team_id
        calendar = team_sudo.resource_calendar_id or team_sudo.company_id.resource_calendar_id
        return calendar._get_working_time(team_sudo.company_id)

    def _is_outside_helpdesk_hours(self):
        """ Return whether the channel is closed now, because its team is. """
        self.ensure_one()
        # sudo: im_livechat.channel - agents without a right on teams get the same answer
        channel_sudo = self.sudo()
        return bool(
            channel_sudo.helpdesk_team_id
            and channel_sudo.is_closed_outside_hours
            and not channel_sudo._get_helpdesk_working_time().is_open(fields.Datetime.now())
        )

    def _get_available_operators_by_livechat_channel(self, users=None):
        """ Let nobody be available outside of the working hours: rules and chatbots follow. """
        operators = super()._get_available_operators_by_livechat_channel(users)
        for channel in self:
            if operators[channel] and channel._is_outside_helpdesk_hours():
                operators[channel] = operators[channel].browse()
        return operators

    def _is_livechat_available(self):
        # what is loaded shows the offer where it finds nobody to chat with
        return super()._is_livechat_available() or bool(self._get_helpdesk_form()[0])

    def _get_helpdesk_form(self):
        """ Return where visitors can write to the team while nobody chats.

        :return: an address, or False; and the channel of the tickets that come from there
        :rtype: tuple[str | bool, str]
        """
        # sudo: helpdesk.team - its e-mail address is public
        team_sudo = self.sudo().helpdesk_team_id
        return (team_sudo.alias_email and f'mailto:{team_sudo.alias_email}'), 'email'

    def _add_helpdesk_offer(self, store):
        """ Tell the visitor's page what to offer instead of a conversation.

        :param Store store: the answer to `init_livechat`; stock has said in it whether there is
            somebody to chat with
        """
        said = store.data.get('Store', {})
        # sudo: im_livechat.channel.rule - as stock does
        rule_sudo = self.env['im_livechat.channel.rule'].sudo().browse(
            said.get('livechat_rule') or (),
        )
        if self and not said.get('livechat_available') and rule_sudo.action != 'hide_button':
            store.add_global_values(helpdesk_offer=self.with_context(
                lang=self.env['chatbot.script']._get_chatbot_language(),
            )._get_helpdesk_offer())

    def _get_helpdesk_offer(self):
        """ Return what visitors are offered instead of a conversation: title, text, url.

        :rtype: dict | bool
        """
        self.ensure_one()
        url, ticket_channel = self._get_helpdesk_form()
        if not url:
            return False
        # sudo: helpdesk.team - what is promised to everybody is public
        deadline = self.sudo().helpdesk_team_id._get_answer_deadline(ticket_channel)
        if deadline:
            text = self.env._(
                "Write to us: you will have our answer by %s.",
                self._format_helpdesk_datetime(deadline),
            )
        else:
            text = self.env._("Write to us, and we will answer by e-mail.")
        return {
            'title': (
                self.env._("We are closed now") if self._is_outside_helpdesk_hours()
                else self.env._("Nobody can chat right now")
            ),
            'text': text,
            'url': url,
        }

    def _format_helpdesk_datetime(self, value):
        """ Return a moment as the visitor reads it: the visitor's zone, else the team's. """
        # sudo: helpdesk.team - as above
        team_sudo = self.sudo().helpdesk_team_id
        tz = (
            (request and self.env['mail.guest']._get_timezone_from_request(request))
            or team_sudo.resource_calendar_id.tz
            or team_sudo.company_id.resource_calendar_id.tz
            or 'UTC'
        )
        return self.env['helpdesk.ticket']._format_customer_datetime(value, tz=tz)
