import re
from datetime import timedelta

from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import SQL, email_normalize, formataddr, plaintext2html

from ..tools.telegram_api import MAX_DOWNLOAD_SIZE, TelegramError

SUBJECT_SIZE = 100
CODE_TRIES_PER_HOUR = 5
# tickets that one chat opens in this time
TICKET_LIMIT = 20
TICKET_MINUTES = 10


class HelpdeskTelegramChat(models.Model):
    """ A chat with a bot that belongs to a client: of one person, or a group of the client's.

    Who may write here is decided once, by the code of a portal user; from then on the chat is the
    identity. A chat that is linked to somebody else gets a new record, so that what was said under
    the former link stays with the former client.
    """

    _name = 'helpdesk.telegram.chat'
    _description = "Telegram Chat"
    _order = 'id desc'

    name = fields.Char(required=True, readonly=True)
    bot_id = fields.Many2one(
        comodel_name='helpdesk.telegram.bot', required=True, readonly=True, index=True,
        ondelete='restrict',
    )
    team_id = fields.Many2one(related='bot_id.team_id')
    company_id = fields.Many2one(
        related='bot_id.company_id', store=True, precompute=True, index=True,
    )
    telegram_id = fields.Char(
        string="Telegram Number", required=True, readonly=True, copy=False,
    )
    chat_type = fields.Selection(
        selection=[('private', "Person"), ('group', "Group")], string="Kind", required=True,
        readonly=True,
    )
    partner_id = fields.Many2one(
        comodel_name='res.partner', string="Client", required=True, readonly=True, index=True,
        ondelete='cascade',
        help="The person who writes; for a group the client whose group it is.",
    )
    user_id = fields.Many2one(
        comodel_name='res.users', string="Linked by", readonly=True, index='btree_not_null',
        ondelete='set null',
    )
    state = fields.Selection(
        selection=[('linked', "Linked"), ('unlinked', "Not Linked")],
        string="Status", default='linked', required=True, readonly=True,
    )
    link_date = fields.Datetime(string="Linked on", readonly=True)
    unlink_date = fields.Datetime(string="Unlinked on", readonly=True)
    unlink_reason = fields.Char(string="Why", readonly=True)
    is_next_new = fields.Boolean(
        readonly=True, export_string_translation=False,
        help="Technical: the next message opens a ticket, because somebody asked for it.",
    )
    ticket_ids = fields.One2many(comodel_name='helpdesk.ticket', inverse_name='telegram_chat_id')
    ticket_count = fields.Integer(compute='_compute_ticket_count')

    # a chat is linked to one client at a time
    _linked_uniq = models.UniqueIndex(
        "(bot_id, telegram_id) WHERE state = 'linked'", "This chat is linked already.",
    )

    # === COMPUTE METHODS === #

    def _compute_ticket_count(self):
        counts = dict(self.env['helpdesk.ticket'].with_context(active_test=False)._read_group(
            [('telegram_chat_id', 'in', self.ids)], ['telegram_chat_id'], ['__count'],
        ))
        for chat in self:
            chat.ticket_count = counts.get(chat._origin, 0)

    # === ACTION METHODS === #

    def action_unlink_chat(self):
        """ End the link, as an agent. """
        if not self.env.user.has_group('helpdesk_sla.group_helpdesk_user'):
            raise AccessError(self.env._("Only users of the helpdesk end the link of a chat."))
        self.check_access('read')
        # sudo: helpdesk.telegram.chat - the system keeps the state; see the checks above
        for chat in self.sudo().filtered(lambda chat: chat.state == 'linked'):
            chat._unlink_chat(self.env._("Ended by %s.", self.env.user.name), is_told=True)

    def action_view_tickets(self):
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla.helpdesk_ticket_action_all',
            ),
            'domain': [('telegram_chat_id', '=', self.id)],
            'context': {'create': False},
        }

    # === LINK === #

    @api.model
    def _find_linked(self, bot, telegram_id):
        """ Return the chat if it is linked to somebody who still is a user.

        :param bot: helpdesk.telegram.bot
        :param str telegram_id: Telegram's identifier of the chat
        """
        # sudo: helpdesk.telegram.chat - the identity of whoever writes
        chat = self.sudo().search([
            ('bot_id', '=', bot.id), ('telegram_id', '=', telegram_id), ('state', '=', 'linked'),
        ], limit=1)
        if chat and not chat._is_link_valid():
            chat._unlink_chat(self.env._("The user in the portal is not active any more."))
            return chat.browse()
        return chat

    def _is_link_valid(self):
        """ Return whether whoever the chat is linked to may still be written to. """
        self.ensure_one()
        if self.state != 'linked' or not self.partner_id.active:
            return False
        # a group is the client's, whoever of its people linked it
        return self.chat_type == 'group' or (
            self.user_id.active and self.user_id.partner_id == self.partner_id
        )

    @api.model
    def _link(self, bot, incoming, user):
        """ Link the chat of a message to the user whose code it held, and say so there.

        :param bot: helpdesk.telegram.bot
        :param dict incoming: see `telegram_update.parse_update`
        :param user: res.users
        :rtype: helpdesk.telegram.chat
        """
        is_group = incoming['chat_type'] == 'group'
        partner = user.partner_id.commercial_partner_id if is_group else user.partner_id
        name = incoming['chat_title'] if is_group else self._get_person_name(incoming)
        former = self._find_linked(bot, incoming['chat_id'])
        if former and former.partner_id != partner:
            former._unlink_chat(self.env._("The chat was linked to somebody else."))
            # before the index of linked chats sees the next one
            former.flush_recordset(['state'])
        values = {
            'name': name, 'user_id': user.id, 'state': 'linked',
            'link_date': fields.Datetime.now(), 'unlink_date': False, 'unlink_reason': False,
            'is_next_new': False,
        }
        chat = self.search([
            ('bot_id', '=', bot.id), ('telegram_id', '=', incoming['chat_id']),
            ('partner_id', '=', partner.id),
        ], limit=1)
        if chat:
            chat.write(values)
        else:
            chat = self.create({
                **values, 'bot_id': bot.id, 'telegram_id': incoming['chat_id'],
                'chat_type': incoming['chat_type'], 'partner_id': partner.id,
            })
        chat = chat._with_lang()
        chat._say('\n\n'.join([chat._get_welcome(), chat._get_help()]))
        return chat

    @api.model
    def _get_person_name(self, incoming):
        if incoming['username']:
            return f"{incoming['sender_name']} (@{incoming['username']})"
        return incoming['sender_name']

    def _unlink_chat(self, reason, is_told=False):
        """ End the link: nothing comes in any more, and what waits to be sent is not sent.

        :param str reason: as agents read it
        :param bool is_told: whether to say so in the chat
        """
        self.ensure_one()
        self.write({
            'state': 'unlinked', 'unlink_date': fields.Datetime.now(), 'unlink_reason': reason,
        })
        self.env['helpdesk.telegram.message'].search([
            ('chat_id', '=', self.id), ('state', '=', 'queued'), ('is_service', '=', False),
        ])._fail(reason)
        tickets = self.ticket_ids.filtered(lambda ticket: not ticket.is_closed)
        note = self._with_staff_lang().env._(
            "The Telegram chat %(chat)s is not linked any more: %(reason)s Answers go by e-mail "
            "from now on.", chat=self.name, reason=reason,
        )
        tickets._log_notes(dict.fromkeys(tickets, note))
        if is_told:
            chat = self._with_lang()
            chat._say(self.env._(
                "This chat is not linked to your account any more. You can link it again in the "
                "portal.",
            ))

    def _migrate(self, telegram_id):
        """ Follow a group that became a supergroup, under a new identifier. """
        self.ensure_one()
        self._find_linked(self.bot_id, telegram_id).filtered(
            lambda chat: chat != self,
        ).write({'state': 'unlinked', 'unlink_date': fields.Datetime.now()})
        self.telegram_id = telegram_id

    @api.model
    def _try_queue_lock(self, queue, chat_id):
        """ Return whether nobody else works off a queue of a chat, and keep others from it.

        Called first in a transaction, so that what another worker has committed is seen.

        :param str queue: which one
        """
        [[is_free]] = self.env.execute_query(SQL(
            "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)",
            f'helpdesk_telegram_{queue}', chat_id,
        ))
        return is_free

    # === STRANGERS === #

    @api.model
    def _answer_stranger(self, bot, incoming):
        """ Return what to say to somebody who is not linked; link whoever has a code.

        Nothing of what is written is kept, and nothing of what we know is said.

        :return: a sentence, or False for nothing
        """
        is_group = incoming['chat_type'] == 'group'
        if is_group and not bot._is_addressed(incoming):
            return False
        self = self.sudo().with_context(lang=bot._get_lang())
        code = self._get_code(incoming)
        if code:
            return self._try_code(bot, incoming, code)
        counters = self.env['helpdesk.telegram.counter']
        if counters._count('stranger', bot.id, incoming['chat_id']) > 1:
            return False
        if is_group:
            return self.env._(
                "Hello! This group is not linked to a client yet. Get a code in our portal under "
                "Telegram, and send /link and the code here.",
            )
        return self.env._(
            "Hello! I can only talk to people I know. Get a code in our portal under Telegram, and "
            "send it to me here.",
        )

    @api.model
    def _get_code(self, incoming):
        """ Return the code in a message that is about linking, if there is one. """
        codes = self.env['helpdesk.telegram.code']
        if incoming['command'] in ('start', 'link'):
            return codes._normalize(incoming['argument'])
        return incoming['chat_type'] == 'private' and codes._normalize(incoming['text'])

    @api.model
    def _try_code(self, bot, incoming, code):
        """ Link the chat if the code is good.

        :return: what is wrong, or False
        """
        counters = self.env['helpdesk.telegram.counter']
        tries = counters._count('code', bot.id, incoming['sender_id'])
        if tries > CODE_TRIES_PER_HOUR:
            return tries == CODE_TRIES_PER_HOUR + 1 and self.env._(
                "Too many codes were wrong. Please try again in an hour.",
            )
        user = self.env['helpdesk.telegram.code']._redeem(code, bot.company_id)
        if not user:
            return self.env._(
                "This code is not valid, or not any more. Get a new one in our portal under "
                "Telegram; it can be used once, within 30 minutes.",
            )
        if incoming['chat_type'] == 'group' and user._is_internal():
            return self.env._("A group is linked by somebody who works for the client.")
        self._link(bot, incoming, user)
        return False

    # === WHAT IS SAID === #

    def _with_lang(self):
        """ Return the chat with the language of its client. """
        self.ensure_one()
        return self.with_context(
            lang=(self.user_id.lang if self.chat_type == 'private' else self.partner_id.lang)
            or self.bot_id._get_lang(),
        )

    def _with_staff_lang(self):
        """ Return the chat with the language of those who work on its tickets. """
        return self.with_context(lang=self.bot_id._get_lang())

    def _say(self, text, ticket=None, reply_to=False):
        """ Queue a sentence of the system.

        :param str text: plain text
        :param ticket: the helpdesk.ticket that it is about
        :param str reply_to: the message that it answers
        """
        self.ensure_one()
        return self.env['helpdesk.telegram.message']._queue([{
            'chat_id': self.id,
            'ticket_id': ticket.id if ticket else False,
            'kind': 'text',
            'body': str(escape(text)),
            'reply_to': reply_to,
            'is_service': True,
        }])

    def _get_welcome(self):
        if self.chat_type == 'group':
            return self.env._(
                "This group is linked to %(client)s now. Everybody in it can read our answers.",
                client=self.partner_id.name,
            )
        return self.env._(
            "Hello %s! This chat is linked to your account now.", self.partner_id.name,
        )

    def _get_help(self):
        if self.chat_type == 'group':
            return self.env._(
                "/ticket and your request - opens a new ticket\n"
                "Answer one of my messages, or mention @%(bot)s - adds to the ticket\n"
                "/stop - ends the link with this group",
                bot=self.bot_id.username,
            )
        return self.env._(
            "Write what you need: text, photos, files or voice messages.\n"
            "/new and your request - opens a new ticket\n"
            "Answer one of my messages - adds to the ticket it is about\n"
            "/stop - ends the link with this chat",
        )

    # === COMMANDS === #

    @api.model
    def _get_command_names(self):
        return {'start', 'link', 'help', 'stop', 'new', 'ticket'}

    def _register_messages(self, payloads):
        """ Do what was asked for in a linked chat: a command, or a message for a ticket.

        :param list payloads: see `telegram_update.parse_update`; several only for an album
        """
        self.ensure_one()
        incoming = payloads[0]
        if self.state != 'linked':
            # ended between arrival and now: then as for a stranger, nothing is kept
            return
        chat = self._with_lang()
        if incoming['kind'] == 'edited':
            chat._register_edit(incoming)
            return
        username = (self.bot_id.username or '').lower()
        command = incoming['command']
        if incoming['command_bot'] not in ('', username):
            return
        if command in ('start', 'link'):
            chat._handle_link(incoming)
        elif command == 'help':
            chat._say(chat._get_help())
        elif command == 'stop':
            chat._handle_stop(incoming)
        elif command in ('new', 'ticket') and not incoming['argument'] and not incoming['files']:
            chat.is_next_new = True
            chat._say(self.env._("Write your request now. It becomes a new ticket."))
        elif command in ('new', 'ticket'):
            chat._register_content(payloads, incoming['argument'], is_new=True)
        else:
            chat._register_content(
                payloads, chat._strip_mention(incoming['text']), is_new=self.is_next_new,
            )

    def _handle_link(self, incoming):
        code = self._get_code(incoming)
        if self.env['helpdesk.telegram.code']._is_used_by(code, self.user_id):
            # this chat is linked by it
            code = False
        problem = code and self._try_code(self.bot_id, incoming, code)
        if problem or not code:
            self._say(problem or self._get_help())

    def _handle_stop(self, incoming):
        if self.chat_type == 'group' and not self._get_author(incoming):
            self._say(self.env._(
                "Only people of %(client)s who have linked their own chat can end this link.",
                client=self.partner_id.name,
            ))
            return
        self._unlink_chat(self.env._("Ended by the client in Telegram."), is_told=True)

    def _strip_mention(self, text):
        """ Return a text without the name of the bot that it is addressed to. """
        if self.chat_type == 'private' or not self.bot_id.username:
            return text
        return re.sub(
            rf'\s*@{re.escape(self.bot_id.username)}\b[,:]?\s*', ' ', text, flags=re.IGNORECASE,
        ).strip()

    # === MESSAGES === #

    def _is_part_of_known(self, incoming):
        """ Return whether this changes, or belongs to an album of, what was said to the bot. """
        messages, updates = self.env['helpdesk.telegram.message'], self.env[
            'helpdesk.telegram.update'
        ]
        if incoming['kind'] == 'edited':
            return bool(messages.search_count([
                ('chat_id', '=', self.id), ('telegram_message_id', '=', incoming['message_id']),
                ('direction', '=', 'in'),
            ], limit=1))
        if not incoming.get('album'):
            return False
        return bool(self._find_album(incoming['album'])) or any(
            update.payload.get('album') == incoming['album']
            for update in updates.search(
                [('chat_id', '=', self.id), ('state', '=', 'pending')], limit=20,
            )
        )

    def _find_album(self, album):
        return self.env['helpdesk.telegram.message'].search([
            ('chat_id', '=', self.id), ('album', '=', album), ('direction', '=', 'in'),
        ], order='id', limit=1)

    def _get_author(self, incoming):
        """ Return the contact of whoever wrote; empty for people of a group who are not linked.

        :rtype: res.partner
        """
        if self.chat_type == 'private':
            return self.partner_id
        # a private chat has the number of the person
        person = self._find_linked(self.bot_id, incoming['sender_id'])
        client = self.partner_id.commercial_partner_id
        return person.partner_id.filtered(
            lambda partner: partner.commercial_partner_id == client,
        )

    def _find_ticket(self, incoming):
        """ Return the ticket that a message is about, if it is about one.

        An answer to a message is about the ticket of that message, closed or not; anything else is
        about the latest ticket of the chat that is still open.
        """
        client = self.partner_id.commercial_partner_id
        ticket = self.env['helpdesk.ticket']
        if incoming['reply_to']:
            ticket = self.env['helpdesk.telegram.message'].search([
                ('chat_id', '=', self.id), ('telegram_message_id', '=', incoming['reply_to']),
                ('ticket_id', '!=', False),
            ], limit=1).ticket_id
        if not ticket:
            ticket = ticket.search([
                ('telegram_chat_id', '=', self.id), ('is_closed', '=', False),
                ('commercial_partner_id', '=', client.id),
            ], order='id desc', limit=1)
        # corrected since: it is another client's now
        ticket = ticket.filtered(lambda ticket: ticket.commercial_partner_id == client)
        return ticket._get_merge_target() or ticket

    def _register_content(self, payloads, text, is_new):
        """ Add what was written to a ticket, or open one.

        :param list payloads: see `telegram_update.parse_update`; several only for an album
        :param str text: what was written, without the command
        :param bool is_new: whether somebody asked for a new ticket
        """
        incoming = payloads[0]
        files, problems = self._fetch_files(payloads)
        if not text and not files and not problems:
            self._say(self.env._(
                "I cannot register this kind of message. Please write it as text, or send a photo "
                "or a file.",
            ), reply_to=incoming['message_id'])
            return
        album = incoming['album'] and self._find_album(incoming['album'])
        if album:
            self._add_to_album(album, payloads, files, problems)
            return
        if self.is_next_new:
            self.is_next_new = False
        ticket = self.env['helpdesk.ticket'] if is_new else self._find_ticket(incoming)
        message = self.env['mail.message']
        latest = not ticket and self._find_latest_of_too_many()
        if latest:
            self._say(self.env._(
                "You have opened %(count)s requests in the last %(minutes)s minutes. I have added "
                "this one to %(reference)s; please wait a little before you open the next one.",
                count=TICKET_LIMIT, minutes=TICKET_MINUTES, reference=latest.ticket_ref,
            ), latest, reply_to=incoming['message_id'])
            ticket, is_new = latest, False
        if ticket:
            message = self._post(ticket, incoming, text, files)
        else:
            is_new = True
            ticket = self._open_ticket(incoming, text, files)
        self._log_incoming(payloads, ticket, message)
        self._tell_problems(ticket, problems, incoming)
        if is_new:
            self._say(ticket._get_telegram_receipt(), ticket, reply_to=incoming['message_id'])
        elif not latest and self._has_other_open_ticket(ticket):
            self._say(self.env._(
                "Added to %(reference)s: %(subject)s", reference=ticket.ticket_ref,
                subject=ticket.name,
            ), ticket, reply_to=incoming['message_id'])

    def _find_latest_of_too_many(self):
        """ Return the latest ticket of the chat if it has opened too many; nothing gets lost. """
        since = fields.Datetime.now() - timedelta(minutes=TICKET_MINUTES)
        recent = self.env['helpdesk.ticket'].with_context(active_test=False).search([
            ('telegram_chat_id', '=', self.id), ('channel', '=', 'telegram'),
            ('open_date', '>', since),
        ], order='id desc', limit=TICKET_LIMIT)
        return recent[:1] if len(recent) == TICKET_LIMIT else recent.browse()

    def _has_other_open_ticket(self, ticket):
        return bool(self.env['helpdesk.ticket'].search_count([
            ('telegram_chat_id', '=', self.id), ('is_closed', '=', False),
            ('id', '!=', ticket.id),
        ], limit=1))

    def _fetch_files(self, payloads):
        """ Return the files of messages, and what is wrong with those that cannot be had.

        :return: (name, content, mimetype) of each, and (name, sentence for the client)
        :rtype: tuple[list[tuple], list[tuple]]
        :raise TelegramError: if it may work later
        """
        files, problems = [], []
        too_large = self.env._(
            "The file %s is larger than the 20 MB that Telegram lets me receive. Please upload it "
            "to the ticket in our portal.", '%s',
        )
        for file in (file for payload in payloads for file in payload['files']):
            if file['size'] > MAX_DOWNLOAD_SIZE:
                problems.append((file['name'], too_large % file['name']))
                continue
            try:
                content = self.bot_id._get_api().download(file['file_id'])
            except TelegramError as error:
                if error.code == 413 or 'too big' in error.description:
                    problems.append((file['name'], too_large % file['name']))
                    continue
                # at the last try what was written counts more than the file
                is_last = self.env.context.get('helpdesk_telegram_last_try')
                if (error.is_temporary or error.is_unauthorized) and not is_last:
                    raise
                problems.append((file['name'], self.env._(
                    "The file %s could not be received. Please send it again.", file['name'],
                )))
                continue
            # of the size Telegram has decided: what matters here is what it is
            refusal = self.env['helpdesk.ticket']._get_upload_refusal(
                [(file['name'], content[:4096])],
            )
            if refusal:
                problems.append((file['name'], refusal))
                continue
            files.append((file['name'], content, file['mimetype']))
        return files, problems

    def _create_attachments(self, files, ticket):
        # what a browser would run is kept as text, as that of the mail gateway
        return self.env['ir.attachment'].with_context(attachments_mime_plainxml=True).create([
            {
                'name': name, 'raw': content, 'mimetype': mimetype,
                'res_model': ticket._name, 'res_id': ticket.id,
            }
            for name, content, mimetype in files
        ])

    def _open_ticket(self, incoming, text, files):
        """ Register what was written as a new request. """
        lang = self.env.context.get('lang')
        self = self._with_staff_lang()
        author = self._get_author(incoming)
        body = plaintext2html(text) if text else Markup('')
        if not author:
            body = Markup('<p>%s</p>%s') % (self.env._(
                "%(person)s wrote in the Telegram group %(group)s:",
                person=self._get_person_name(incoming), group=self.name,
            ), body)
        tickets = self.env['helpdesk.ticket'].with_company(self.company_id)
        ticket = tickets.create(tickets._prepare_ticket_values_from_channel('telegram', {
            'name': self._get_subject(text, incoming),
            'description': body,
            'team_id': self.bot_id.team_id.id,
            'partner_id': (author or self.partner_id).id,
            'telegram_chat_id': self.id,
        }))
        self._create_attachments(files, ticket)
        return ticket.with_context(lang=lang)

    def _get_subject(self, text, incoming):
        line = ' '.join(text.split('\n', 1)[0].split())
        if len(line) > SUBJECT_SIZE:
            line = line[:SUBJECT_SIZE - 1].rsplit(' ', 1)[0].rstrip(' .,;:') + '…'
        if line:
            return line
        if incoming['files']:
            return self.env._(
                "%(file)s from %(person)s", file=incoming['files'][0]['name'],
                person=incoming['sender_name'],
            )
        return self.env._("Request of %s", incoming['sender_name'])

    def _post(self, ticket, incoming, text, files):
        """ Add what was written to a ticket, as the customer's. """
        author = self._get_author(incoming)
        values = {'author_id': author.id} if author else {
            'author_id': False,
            # who has no contact signs with the name only; an address is needed by those who are
            # told by e-mail, and answers to it come to us
            'email_from': formataddr((
                self.env._("%s (Telegram)", incoming['sender_name']),
                email_normalize(ticket._get_mail_sender() or '') or 'telegram@localhost',
            )),
        }
        return ticket.with_context(
            helpdesk_telegram_from=self.id, attachments_mime_plainxml=True,
        ).message_post(
            body=plaintext2html(text) if text else '',
            message_type='comment',
            subtype_xmlid='mail.mt_comment',
            attachments=[(name, content) for name, content, _mimetype in files],
            **values,
        )

    def _log_incoming(self, payloads, ticket, message):
        """ Remember which message of Telegram is about which ticket. """
        self.env['helpdesk.telegram.message'].create([
            {
                'chat_id': self.id,
                'ticket_id': ticket.id,
                'mail_message_id': message.id,
                'direction': 'in',
                'kind': self._get_kind(payload),
                'state': 'received',
                'telegram_message_id': payload['message_id'],
                'album': payload['album'],
                'author_name': payload['sender_name'],
                'sent_date': fields.Datetime.now(),
            }
            for payload in payloads
        ])

    @api.model
    def _get_kind(self, payload):
        """ Return what sort of message somebody wrote. """
        if not payload['files']:
            return 'text'
        is_picture = payload['files'][0]['mimetype'].startswith('image/')
        return 'photo' if is_picture else 'document'

    def _add_to_album(self, first, payloads, files, problems):
        """ Put what belongs to an album beside what came of it before. """
        ticket, message = first.ticket_id, first.mail_message_id
        attachments = self._create_attachments(files, ticket)
        if message:
            message.attachment_ids = [Command.link(attachment.id) for attachment in attachments]
        self._log_incoming(payloads, ticket, message)
        self._tell_problems(ticket, problems, payloads[0])

    def _tell_problems(self, ticket, problems, incoming):
        """ Say which files did not arrive: to the client, and in a note to us. """
        staff = self._with_staff_lang()
        for name, sentence in problems:
            ticket._log_notes({ticket: staff.env._(
                "The client sent the file %s in Telegram, which could not be received.", name,
            )})
            self._say(sentence, ticket, reply_to=incoming['message_id'])

    def _register_edit(self, incoming):
        """ Note that the client changed what was written before. """
        known = self.env['helpdesk.telegram.message'].search([
            ('chat_id', '=', self.id), ('telegram_message_id', '=', incoming['message_id']),
            ('direction', '=', 'in'), ('ticket_id', '!=', False),
        ], limit=1)
        ticket = known.ticket_id._get_merge_target() or known.ticket_id
        if not ticket or not incoming['text']:
            return
        ticket._log_notes({ticket: Markup('<p>%s</p><blockquote>%s</blockquote>') % (
            self._with_staff_lang().env._(
                "%s changed a message in Telegram:", incoming['sender_name'],
            ),
            plaintext2html(self._strip_mention(incoming['text'])),
        )}, author=self._get_author(incoming) or None)
