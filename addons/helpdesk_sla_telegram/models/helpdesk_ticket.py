import re

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.telegram_api import MAX_ALBUM_SIZE, MAX_PHOTO_SIZE, MAX_UPLOAD_SIZE

PHOTO_TYPES = ('image/jpeg', 'image/png', 'image/webp')
# a picture that was pasted into the text of an answer
PASTED_PICTURE = re.compile(r'<img\b[^>]*\bsrc="[^"]*?/web/image/(\d+)\b')


class HelpdeskTicket(models.Model):
    """ Answers to a request that came from Telegram go back there. """

    _inherit = 'helpdesk.ticket'

    telegram_chat_id = fields.Many2one(
        comodel_name='helpdesk.telegram.chat', string="Telegram Chat", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null', groups='helpdesk_sla.group_helpdesk_user',
        help="Public answers are sent to this chat.",
    )
    telegram_message_ids = fields.One2many(
        comodel_name='helpdesk.telegram.message', inverse_name='ticket_id', readonly=True,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    telegram_message_count = fields.Integer(
        compute='_compute_telegram_counts', groups='helpdesk_sla.group_helpdesk_user',
    )
    telegram_failed_count = fields.Integer(
        compute='_compute_telegram_counts', groups='helpdesk_sla.group_helpdesk_user',
    )
    telegram_waiting_count = fields.Integer(
        compute='_compute_telegram_counts', groups='helpdesk_sla.group_helpdesk_user',
    )

    # === COMPUTE METHODS === #

    @api.depends('telegram_message_ids.state')
    def _compute_telegram_counts(self):
        counts = {}
        for ticket, state, count in self.env['helpdesk.telegram.message']._read_group(
            [('ticket_id', 'in', self.ids), ('kind', '!=', 'part')],
            ['ticket_id', 'state'], ['__count'],
        ):
            counts.setdefault(ticket, {})[state] = count
        for ticket in self:
            of_ticket = counts.get(ticket._origin, {})
            ticket.telegram_message_count = sum(of_ticket.values())
            ticket.telegram_failed_count = of_ticket.get('failed', 0)
            ticket.telegram_waiting_count = of_ticket.get('queued', 0)

    # === CRUD METHODS === #

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'telegram_chat_id'}

    # === ACTION METHODS === #

    def action_view_telegram_messages(self):
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla_telegram.helpdesk_telegram_message_action',
            ),
            'domain': [('ticket_id', '=', self.id), ('kind', '!=', 'part')],
            'context': {'telegram_of_ticket': True},
        }

    def action_telegram_retry(self):
        """ Try once more to send the answers that did not reach Telegram. """
        self.check_access('write')
        # sudo: helpdesk.telegram.message - whoever may answer the ticket sends the answer again
        failed_sudo = self.sudo().telegram_message_ids.filtered(
            lambda message: message.state == 'failed',
        )
        if not failed_sudo:
            raise UserError(self.env._("There is nothing that failed to be sent."))
        failed_sudo._retry()

    # === BUSINESS METHODS === #

    def _shut_out(self, client):
        super()._shut_out(client)
        # sudo: helpdesk.ticket - follows from the change of the customer, which was allowed
        ticket_sudo = self.sudo()
        if ticket_sudo.telegram_chat_id.partner_id.commercial_partner_id == client:
            ticket_sudo.telegram_chat_id = False

    def _prepare_merge_values(self, sources):
        """ Have the answers go on to the chat in which one of the sources was asked. """
        values = super()._prepare_merge_values(sources)
        if not self.telegram_chat_id and sources.telegram_chat_id:
            values['telegram_chat_id'] = sources.telegram_chat_id[-1:].id
        return values

    def _change_stage(self, stages_before, now):
        super()._change_stage(stages_before, now)
        # sudo: helpdesk.ticket - what happened is told to the customer, whoever did it
        for ticket in self.sudo():
            if ticket.stage_type == 'solved' and not stages_before[ticket]._is_closing():
                ticket._telegram_tell_solved()

    def _get_telegram_chat(self):
        """ Return the chat to which public answers go, as superuser, if there is one.

        :rtype: helpdesk.telegram.chat
        """
        self.ensure_one()
        # sudo: helpdesk.ticket - where the customer is told what everybody may say
        ticket_sudo = self.sudo()
        chat = ticket_sudo.telegram_chat_id
        return chat.filtered(lambda chat: (
            chat._is_link_valid()
            and chat.partner_id.commercial_partner_id == ticket_sudo.commercial_partner_id
        ))

    def _get_telegram_receipt(self):
        """ Return how the customer is told that the request is registered, and until when. """
        self.ensure_one()
        return '\n'.join([
            self.env._(
                "Your request is registered as %(reference)s: %(subject)s",
                reference=self.ticket_ref, subject=self.name,
            ),
            *self._get_promise_sentences(),
        ])

    def _telegram_tell_solved(self):
        chat = self._get_telegram_chat()
        if chat:
            chat = chat._with_lang()
            chat._say(chat.env._(
                "%(reference)s is solved: %(subject)s\nIs something still not right? Answer this "
                "message, and it opens again.",
                reference=self.ticket_ref, subject=self.name,
            ), self)

    # === MAIL METHODS === #

    def _message_post_after_hook(self, message, msg_values):
        super()._message_post_after_hook(message, msg_values)
        if self._is_for_telegram(message):
            self._telegram_queue(message)

    def _is_for_telegram(self, message):
        """ Return whether a message is an answer that goes to the chat. """
        return bool(
            # sudo: helpdesk.ticket - most tickets are no matter of ours: the quickest question
            self.sudo().telegram_chat_id
            and self._is_agent_message(message)
            and self._get_telegram_chat()
        )

    def _telegram_queue(self, message):
        """ Queue an answer in the transaction that posts it.

        :param message: the mail.message
        """
        # sudo: mail.message, ir.attachment - an answer that was posted publicly
        message_sudo = message.sudo()
        chat = self._get_telegram_chat()
        messages = self.env['helpdesk.telegram.message']
        author = message_sudo.author_id
        header = f'{self.sudo().ticket_ref} · {author.name or message_sudo.email_from}'
        rows = messages._prepare_text_values(header, message_sudo.body)
        files = self._prepare_telegram_files(
            message_sudo.attachment_ids | self._get_pasted_pictures(message_sudo), chat,
        )
        if not rows and files and files[0]['kind'] in ('photo', 'document'):
            files[0]['body'] = messages._prepare_caption(header)
        elif not rows and files:
            rows = [{'kind': 'text', 'body': messages._prepare_caption(header)}]
        elif not rows:
            # nothing that can be shown there: say at least that there is an answer, and where
            rows = [{'kind': 'text', 'body': '\n'.join([
                messages._prepare_caption(header), self._get_telegram_portal_link(chat),
            ])}]
        messages._queue([
            {
                'chat_id': chat.id, 'ticket_id': self.id, 'mail_message_id': message.id,
                'author_name': author.name, **row,
            }
            for row in [*rows, *files]
        ])

    def _get_pasted_pictures(self, message_sudo):
        """ Return the pictures in the text of an answer, as superuser.

        Only those that the author uploaded, or that belong to this ticket: a text can name any
        number.
        """
        numbers = [int(number) for number in PASTED_PICTURE.findall(str(message_sudo.body or ''))]
        # sudo: ir.attachment - see the filter
        pictures_sudo = self.env['ir.attachment'].sudo().browse(dict.fromkeys(numbers)).exists()
        return pictures_sudo.filtered(lambda picture: (
            (picture.res_model == self._name and picture.res_id == self.id)
            or (
                (not picture.res_id or picture.res_model == 'mail.compose.message')
                and picture.create_uid in message_sudo.author_id.user_ids
            )
        ))

    def _prepare_telegram_files(self, attachments, chat):
        """ Return rows for the files of an answer: photos together, files one by one. """
        photos, rows = [], []
        for attachment in attachments.sorted('id'):
            if attachment.type == 'url' or attachment.file_size > MAX_UPLOAD_SIZE:
                rows.append({'kind': 'text', 'body': self._get_telegram_link(attachment, chat)})
            elif attachment.mimetype in PHOTO_TYPES and attachment.file_size <= MAX_PHOTO_SIZE:
                photos.append(attachment.id)
            else:
                rows.append({'kind': 'document', 'attachment_ids': attachment.ids})
        for start in range(0, len(photos), MAX_ALBUM_SIZE):
            batch = photos[start:start + MAX_ALBUM_SIZE]
            rows.append({
                'kind': 'album' if len(batch) > 1 else 'photo', 'attachment_ids': batch,
            })
        return rows

    def _get_telegram_portal_link(self, chat):
        return str(escape(chat._with_lang().env._(
            "This answer cannot be shown in Telegram. You find it here: %s",
            self.get_base_url() + self.access_url,
        )))

    def _get_telegram_link(self, attachment, chat):
        """ Return where to find what is not sent itself. """
        chat = chat._with_lang()
        if attachment.type == 'url':
            text = f'{attachment.name}: {attachment.url}'
        else:
            text = chat.env._(
                "The file %(file)s is too large for Telegram. You find it here: %(link)s",
                file=attachment.name, link=self.get_base_url() + self.access_url,
            )
        return str(escape(text))

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """ Tell nobody by e-mail what the same person reads, or has written, in Telegram. """
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        informed = self._get_telegram_readers(message) if self else self.env['res.partner']
        return [
            data for data in recipients
            if data['notif'] != 'email' or data['id'] not in informed.ids
        ]

    def _get_telegram_readers(self, message):
        """ Return whom a message reaches in Telegram, and who needs no e-mail for it. """
        nobody = self.env['res.partner']
        # sudo: helpdesk.ticket - see _is_for_telegram
        chat = self.sudo().telegram_chat_id
        if not chat or self.env.context.get('helpdesk_telegram_undelivered'):
            return nobody
        if self.env.context.get('helpdesk_telegram_from') == chat.id or (
            not chat.bot_id.email_copy and self._is_for_telegram(message)
        ):
            return chat.partner_id if chat.chat_type == 'private' else self.sudo().partner_id
        return nobody

    def _telegram_mail_instead(self, message):
        """ Send an answer by e-mail that was held back because it was to reach the chat. """
        self.ensure_one()
        held_back = self._get_telegram_held_back(message)
        if held_back:
            recipients = self.with_context(helpdesk_telegram_undelivered=True)
            data = recipients._notify_get_recipients(message, skip_existing=True)
            recipients._notify_thread_by_email(message, [
                values for values in data
                if values['notif'] == 'email' and values['id'] in held_back.ids
            ])

    def _get_telegram_held_back(self, message):
        chat = self.telegram_chat_id
        if not chat or chat.bot_id.email_copy:
            return self.env['res.partner']
        return chat.partner_id if chat.chat_type == 'private' else self.partner_id

    def _may_send_automatic_mail(self):
        """ Send no acknowledgement by e-mail of what was acknowledged in the chat. """
        if (
            self.channel == 'telegram'
            and not self.first_response_date
            and self.stage_id == self.sudo().team_id._get_first_stage()
            and self._get_telegram_chat()
        ):
            return False
        return super()._may_send_automatic_mail()
