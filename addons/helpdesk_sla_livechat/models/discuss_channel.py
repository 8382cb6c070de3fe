from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import (
    email_normalize,
    format_date,
    format_time,
    html2plaintext,
    is_html_empty,
)
from odoo.tools.mail import email_re

from odoo.addons.im_livechat.models.discuss_channel import is_livechat_channel
from odoo.addons.mail.tools.discuss import Store

SUBJECT_SIZE = 200
# of a subject that is taken from what the visitor wrote
FIRST_WORDS_SIZE = 80


class DiscussChannel(models.Model):
    _inherit = 'discuss.channel'

    helpdesk_ticket_ids = fields.One2many(
        comodel_name='helpdesk.ticket',
        inverse_name='origin_channel_id',
        string="Tickets",
        groups='helpdesk_sla.group_helpdesk_user',
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """ Tell the ticket how a conversation ended. """
        result = super().write(vals)
        if vals.get('livechat_end_dt'):
            self._get_origin_tickets()._log_livechat_transcript()
        return result

    # === ACTION METHODS === #

    def execute_command_ticket(self, **kwargs):
        """ Create a ticket from the conversation: `/ticket` or `/ticket Subject`. """
        self.ensure_one()
        try:
            known = self._get_helpdesk_ticket()
            ticket = self._create_helpdesk_ticket_as_agent(
                kwargs.get('body', '').strip().removeprefix('/ticket'),
            )
        except UserError as error:
            self.env.user._bus_send_transient_message(self, str(error))
            return
        if known:
            self.env.user._bus_send_transient_message(self, self.env._(
                "This conversation has a ticket already: %s",
                self._get_helpdesk_ticket_link(ticket),
            ))

    def action_create_helpdesk_ticket(self):
        """ Create a ticket from the conversation, unless it has one.

        :return: its id and reference
        :rtype: dict
        :raise UserError: if the user may not
        """
        self.ensure_one()
        ticket = self._create_helpdesk_ticket_as_agent()
        return {'id': ticket.id, 'ref': ticket.ticket_ref}

    # === TICKET === #

    def _get_helpdesk_ticket(self):
        """ Return the ticket of the conversation, or the one that it was merged into.

        :return: as superuser
        """
        ticket_sudo = self._get_origin_tickets()[:1]
        return ticket_sudo._get_merge_target() or ticket_sudo

    def _get_origin_tickets(self):
        """ Return the tickets that were created from the conversations, as superuser. """
        # sudo: helpdesk.ticket - a conversation belongs to its ticket, whoever takes part; what
        # is told of the ticket depends on the caller
        return self.sudo().with_context(active_test=False).helpdesk_ticket_ids

    def _create_helpdesk_ticket_as_agent(self, subject=''):
        """ Create a ticket for the current user, and tell the user so in the conversation.

        :param str subject: as typed
        :return: the ticket, as superuser; the one that is there if there is one
        :raise UserError: if the user may not
        """
        self.ensure_one()
        if not self.env.user._is_internal() or not self.env['helpdesk.ticket'].has_access('create'):
            raise UserError(self.env._(
                "You cannot create tickets. Ask an administrator for the access right \"Helpdesk: "
                "User\".",
            ))
        self.check_access('read')
        if not is_livechat_channel(self):
            raise UserError(self.env._("Tickets are created from live chat conversations only."))
        ticket = self._get_helpdesk_ticket()
        if not ticket:
            ticket = self._create_helpdesk_ticket({'name': subject})
            self.env.user._bus_send_transient_message(self, self.env._(
                "Ticket created: %s", self._get_helpdesk_ticket_link(ticket),
            ))
        return ticket

    def _get_helpdesk_ticket_link(self, ticket):
        """ Return a link to a ticket, for those who may open it; else its reference. """
        ticket = ticket.with_env(self.env)
        if ticket.has_access('read'):
            return ticket._get_html_link()
        return ticket.sudo().ticket_ref

    def _create_helpdesk_ticket(self, values, team=None):
        """ Register the conversation as a ticket, with what was said so far.

        :param dict values: what is known of the ticket: `name`, `partner_email`, `partner_phone`;
            the conversation says the rest
        :param team: the helpdesk.team, else that of the live chat channel, else the user's own
        :return: the ticket, as superuser
        """
        self.ensure_one()
        # sudo: helpdesk.ticket - asked for by somebody who may; what drives the clocks is written
        # by the system, and visitors have no rights at all
        tickets = self.env['helpdesk.ticket'].sudo()
        team = (
            team or self.livechat_channel_id.sudo().helpdesk_team_id or tickets._default_team_id()
        )
        messages = self._get_helpdesk_messages()
        moments, waits = self._get_helpdesk_moments(messages)
        ticket = tickets.create(tickets._prepare_ticket_values_from_channel('chat', {
            **self._prepare_helpdesk_customer_values(messages, values, team.company_id),
            **moments,
            'name': self._get_helpdesk_subject(messages, values.get('name')),
            'team_id': team.id,
            'origin_channel_id': self.id,
            'livechat_message_id': messages[-1:].id,
            # whoever talked to the customer goes on; otherwise the team assigns as it always does
            **({'user_id': self.env.uid} if self.env.user in team.sudo().member_ids else {}),
        }))
        ticket._write_livechat_description(messages)
        for waiting_since, answered in waits:
            ticket._count_response(waiting_since, answered)
        self.sudo().invalidate_recordset(['helpdesk_ticket_ids'])
        Store(bus_channel=self, bus_subchannel='internal_users').add(
            self, self._get_helpdesk_ticket_store_fields(),
        ).bus_send()
        return ticket

    def _get_helpdesk_subject(self, messages, subject):
        """ Return the subject of a ticket: as typed, else the first words of the visitor. """
        subject = ' '.join((subject or '').split())[:SUBJECT_SIZE]
        if subject:
            return subject
        said = [
            ' '.join(html2plaintext(message.body).split())
            for message in messages.filtered(self._is_livechat_customer_message)
        ]
        # an address is the answer to a question
        said = [words for words in said if words and not email_normalize(words)]
        # a greeting is no subject, as long as anything else was said
        words = next(
            (words for words in said if words.count(' ') >= 2), said[0] if said else '',
        )
        if len(words) > FIRST_WORDS_SIZE:
            return words[:FIRST_WORDS_SIZE].rsplit(' ', 1)[0] + '…'
        if words:
            return words
        return self.env._("Live chat with %s", self._get_livechat_visitor_name())

    # === CUSTOMER === #

    def _get_livechat_visitor_name(self):
        # sudo: im_livechat.channel.member.history - names of those in the conversation
        history_sudo = self.sudo().livechat_customer_history_ids[:1]
        return (
            history_sudo.partner_id.name or history_sudo.guest_id.name or self.env._("Visitor")
        )

    def _prepare_helpdesk_customer_values(self, messages, values, company):
        """ Return who the customer is: the one who was logged in, else an address that was given.

        An address proves nothing (docs/decisions.md, "An address is linked, never believed").

        :param messages: the mail.message of the conversation
        :param dict values: `partner_email` and `partner_phone`, when the visitor was asked for them
        :param company: the company of the ticket
        :rtype: dict
        """
        # sudo: im_livechat.channel.member.history - who takes part is what the ticket is about
        histories_sudo = self.sudo().livechat_customer_history_ids
        partner_sudo = histories_sudo.partner_id.filtered(
            lambda partner: not partner.is_public
            and partner.company_id in (partner.company_id.browse(), company),
        )[:1]
        if partner_sudo:
            return {'partner_id': partner_sudo.id}
        email = email_normalize(
            values.get('partner_email') or self._find_visitor_email(messages) or '',
        )
        # a ticket must never write to the address it listens to
        if email and self.env['mail.alias.domain'].sudo()._find_aliases([email]):
            email = False
        # sudo: res.partner - only the link is kept, nothing of it is shown to the visitor
        found = email and self.env['mail.thread'].sudo()._partner_find_from_emails_single(
            [email],
            no_create=True,
            # our own people log in when they write as themselves
            filter_found=lambda found: found.partner_share
            and found.company_id in (found.company_id.browse(), company),
        )
        if found:
            return {'partner_id': found[:1].id}
        return {
            'partner_name': self._get_livechat_visitor_name(),
            'partner_email': email,
            'partner_phone': values.get('partner_phone') or False,
        }

    def _find_visitor_email(self, messages):
        """ Return the address that the visitor gave last, in answer to a chatbot or by the way. """
        # sudo: chatbot.message - agents read the conversation, also what the chatbot noted
        asked = self.sudo()._chatbot_find_customer_values_in_messages({'question_email': 'email'})
        if asked.get('email'):
            return asked['email']
        said = [
            address
            for message in messages.filtered(self._is_livechat_customer_message)
            for address in email_re.findall(html2plaintext(message.body))
        ]
        return said[-1] if said else self.sudo().livechat_customer_guest_ids[:1].email

    # === MESSAGES AND CLOCKS === #

    def _get_helpdesk_messages(self, after_id=0):
        """ Return what people and chatbots said, oldest first.

        :param int after_id: only what was said after this message
        """
        # sudo: mail.message - the caller reads the conversation
        messages = self.sudo().message_ids.filtered(
            lambda message: message.id > (after_id or 0)
            and message.message_type == 'comment',
        )
        return (messages - messages._filter_empty()).sorted('id')

    def _is_livechat_customer_message(self, message):
        """ Return whether the visitor wrote this. """
        # sudo: im_livechat.channel.member.history - who is who in the conversation
        histories_sudo = self.sudo().livechat_customer_history_ids
        message_sudo = message.sudo()
        return message_sudo.message_type == 'comment' and bool(
            message_sudo.author_guest_id
            or (message_sudo.author_id & histories_sudo.partner_id)
        )

    def _is_livechat_agent_message(self, message):
        """ Return whether a person of ours wrote this: no chatbot, not OdooBot (W2). """
        message_sudo = message.sudo()
        return (
            message_sudo.message_type == 'comment'
            and self._is_person_of_ours(message_sudo.author_id)
            and not self._is_livechat_customer_message(message)
        )

    def _is_person_of_ours(self, partner_sudo):
        return (
            bool(partner_sudo.user_ids.filtered(lambda user: user.active and not user.share))
            and partner_sudo != self.env['helpdesk.ticket']._get_odoobot()
        )

    def _get_helpdesk_moments(self, messages):
        """ Return what the conversation so far means for the clocks of its ticket.

        The request was made when the visitor first wrote to people. As long as only a chatbot
        talked, it was not: it is then made when somebody is called, or when the ticket is.

        :param messages: the mail.message of the conversation, oldest first
        :return: values of the ticket, and the pairs of moments that the visitor waited between
        :rtype: tuple[dict, list]
        """
        # sudo: im_livechat.channel.member.history - as above
        channel_sudo = self.sudo()
        called = False
        if channel_sudo.livechat_bot_history_ids:
            agents_sudo = channel_sudo.livechat_agent_history_ids.filtered(
                lambda history: self._is_person_of_ours(history.partner_id),
            )
            if not agents_sudo:
                return {}, []
            called = min(agents_sudo.mapped('create_date')).replace(microsecond=0)
        opened = waiting_since = False
        waits = []
        for message in messages:
            moment = message.date.replace(microsecond=0)
            if self._is_livechat_customer_message(message):
                moment = max(moment, called or moment)
                opened = opened or moment
                waiting_since = waiting_since or moment
            elif waiting_since and self._is_livechat_agent_message(message):
                waits.append((waiting_since, max(moment, waiting_since)))
                waiting_since = False
        if not opened:
            return {}, []
        values = {'open_date': opened, 'customer_waiting_since': waiting_since}
        if waits:
            values['first_response_date'] = waits[0][1]
            values['last_response_date'] = waits[-1][1]
        return values, waits

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if is_livechat_channel(self):
            self._tell_helpdesk_ticket(message)
        return result

    def _tell_helpdesk_ticket(self, message):
        """ Let what is said after the ticket was created drive its clocks, at its moment.

        :param message: the mail.message that was posted
        """
        ticket_sudo = self._get_helpdesk_ticket()
        if not ticket_sudo or message.message_type != 'comment':
            return
        self._get_origin_tickets().filtered(
            lambda ticket: not ticket.is_livechat_transcript_due,
        ).is_livechat_transcript_due = True
        if self._is_livechat_agent_message(message):
            ticket_sudo._sla_agent_wrote()
        elif self._is_livechat_customer_message(message):
            ticket_sudo._sla_customer_wrote()

    # === TRANSCRIPT === #

    def _get_helpdesk_transcript(self, messages, tz, left_out=()):
        """ Return what was said as text: who, when, what, and the names of files.

        :param messages: mail.message, oldest first
        :param str tz: the zone in which times are written
        :param left_out: the ir.attachment that stay in the conversation
        :rtype: Markup
        """
        parts, author, day = [], None, None
        for message in messages.sudo():
            name = (
                message.author_id.user_livechat_username or message.author_id.name
                or message.author_guest_id.name or message.email_from or ''
            )
            lines = []
            if not is_html_empty(message.body):
                lines += html2plaintext(message.body).splitlines()
            lines += [
                self.env._("File, kept in the conversation only: %s", attachment.name)
                if attachment in left_out else self.env._("File: %s", attachment.name)
                for attachment in message.attachment_ids
            ]
            text = Markup('<br/>').join(lines)
            moment = fields.Datetime.context_timestamp(self.with_context(tz=tz), message.date)
            if moment.date() != day:
                day, author = moment.date(), None
                parts.append(Markup('<p><em>%s</em></p>') % format_date(
                    self.env, day, date_format='full',
                ))
            time = format_time(self.env, moment.timetz(), time_format='short')
            head = Markup('<strong>%s</strong>') % name if name != author else Markup()
            parts.append(Markup('<p>%(head)s <small class="text-muted">%(time)s</small><br/>'
                                '%(text)s</p>') % {'head': head, 'time': time, 'text': text})
            author = name
        return Markup().join(parts)

    # === STORE === #

    def _to_store_defaults(self, target):
        """ Tell our own people, and nobody else, which ticket a conversation has. """
        fields_to_store = super()._to_store_defaults(target)
        if target.is_internal(self.env):
            fields_to_store += self._get_helpdesk_ticket_store_fields()
        return fields_to_store

    def _get_helpdesk_ticket_store_fields(self):
        return [
            Store.Attr(
                'helpdesk_ticket_id',
                lambda channel: channel._get_helpdesk_ticket().id,
                predicate=is_livechat_channel,
            ),
            Store.Attr(
                'helpdesk_ticket_ref',
                lambda channel: channel._get_helpdesk_ticket().ticket_ref,
                predicate=is_livechat_channel,
            ),
        ]
