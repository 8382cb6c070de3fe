from odoo.fields import Command

from odoo.addons.helpdesk_sla.tests.common import HelpdeskCase


class LivechatCase(HelpdeskCase):
    """ A chat on the website of the company, with `agent` as its operator.

    +------------+--------------------------------------------------------------------+
    | user       | is                                                                 |
    +------------+--------------------------------------------------------------------+
    | agent      | Helpdesk: User and Live Chat: User, member of `team`               |
    | operator   | Live Chat: User, without a right on tickets                        |
    | guest      | a visitor without login                                            |
    +------------+--------------------------------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent.group_ids |= cls.env.ref('im_livechat.im_livechat_group_user')
        cls.operator = cls.create_user('operator', 'im_livechat.im_livechat_group_user')
        cls.guest = cls.env['mail.guest'].create({'name': "Visitor"})
        cls.public = cls.env.ref('base.public_user')
        cls.chat = cls.env['im_livechat.channel'].create({
            'name': "Support chat",
            'helpdesk_team_id': cls.team.id,
            'user_ids': [Command.set((cls.agent | cls.operator).ids)],
        })
        cls.script = cls.env['chatbot.script'].create({'title': "Support Bot"})
        cls.bot = cls.script.operator_partner_id

    def begin_chat(self, visitor=None, agent=None, bot=False):
        """ Begin a conversation, now.

        :param visitor: res.users who is logged in, else `guest`
        :param agent: res.users, else `agent`
        :param bool bot: with the chatbot, and nobody else of us
        """
        agent = agent or self.agent
        operator = self.bot if bot else agent.partner_id
        channels = self.env['discuss.channel']
        # as the controller does
        as_visitor = channels.with_user(visitor) if visitor else self.as_guest(channels)
        return as_visitor.sudo().create({
            'name': "Visitor",
            'channel_type': 'livechat',
            'livechat_channel_id': self.chat.id,
            'livechat_operator_id': operator.id,
            'livechat_status': 'in_progress',
            'channel_member_ids': [
                Command.create({
                    'partner_id': operator.id,
                    'livechat_member_type': 'bot' if bot else 'agent',
                    **({'chatbot_script_id': self.script.id} if bot else {}),
                }),
                Command.create({
                    'livechat_member_type': 'visitor',
                    **(
                        {'partner_id': visitor.partner_id.id} if visitor
                        else {'guest_id': self.guest.id}
                    ),
                }),
            ],
        }).with_env(self.env)

    def as_guest(self, records):
        """ Return records as the visitor without login has them; requests name no company. """
        return records.with_user(self.public).with_context(
            guest=self.guest, allowed_company_ids=False,
        )

    def visitor_writes(self, channel, body, user=None, **values):
        """ Post as the visitor's browser does. """
        if user:
            channel = channel.with_user(user)
        else:
            channel = self.as_guest(channel)
        return channel.sudo().message_post(
            body=body, message_type='comment', subtype_xmlid='mail.mt_comment', **values,
        )

    def agent_writes(self, channel, body="We look at it", user=None, **values):
        return channel.with_user(user or self.agent).message_post(
            body=body, message_type='comment', subtype_xmlid='mail.mt_comment', **values,
        )

    def bot_writes(self, channel, body):
        return channel._chatbot_post_message(self.script, body)

    def create_chat_ticket(self, channel, user=None):
        """ Press the button. """
        values = channel.with_user(user or self.agent).action_create_helpdesk_ticket()
        return self.env['helpdesk.ticket'].browse(values['id'])
