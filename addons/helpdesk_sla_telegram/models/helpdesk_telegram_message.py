import json
import time
from datetime import timedelta

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import telegram_html
from ..tools.telegram_api import UPLOAD_TIMEOUT, TelegramError

# minutes until the next try; then a person has to decide
RETRY_MINUTES = (1, 2, 5, 15, 30, 60, 120, 240)
# what Telegram asks bots to keep to (https://core.telegram.org/bots/faq#broadcasting-to-users)
CHAT_SECONDS = 1
BOT_SECONDS = 1 / 25
GROUP_PER_MINUTE = 20
# rows are kept as long as somebody may answer or change the message
KEEP_DAYS = 180


class HelpdeskTelegramMessage(models.Model):
    """ One message in a Telegram chat: what came in, and the queue of what goes out.

    A row that goes out is one call of the Bot API. It is written in the transaction of what it
    tells, sent by the job after the commit, and committed by itself: killed between the call and
    the commit, one message is sent twice, and none is lost.
    """

    _name = 'helpdesk.telegram.message'
    _description = "Telegram Message"
    _order = 'id desc'
    _rec_name = 'ticket_id'

    chat_id = fields.Many2one(
        comodel_name='helpdesk.telegram.chat', required=True, readonly=True, ondelete='cascade',
    )
    bot_id = fields.Many2one(
        related='chat_id.bot_id', store=True, precompute=True, index=True,
    )
    company_id = fields.Many2one(related='chat_id.company_id')
    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', readonly=True, index='btree_not_null', ondelete='cascade',
    )
    mail_message_id = fields.Many2one(
        comodel_name='mail.message', string="Message", readonly=True, index='btree_not_null',
        ondelete='set null',
    )
    direction = fields.Selection(
        selection=[('in', "From client"), ('out', "To client")], default='out',
        required=True, readonly=True,
    )
    kind = fields.Selection(
        selection=[
            ('text', "Text"),
            ('photo', "Photo"),
            ('document', "File"),
            ('album', "Photos"),
            ('part', "Part of an album"),
        ],
        default='text', required=True, readonly=True,
    )
    body = fields.Text(readonly=True, help="In the HTML that Telegram knows.")
    is_plain = fields.Boolean(readonly=True, export_string_translation=False)
    is_service = fields.Boolean(
        string="Automatic", readonly=True, help="Written by the system, not by a person.",
    )
    attachment_ids = fields.Many2many(
        comodel_name='ir.attachment', string="Files", readonly=True,
    )
    author_name = fields.Char(string="From", readonly=True)
    telegram_message_id = fields.Char(string="Telegram Number", readonly=True)
    reply_to = fields.Char(readonly=True, export_string_translation=False)
    album = fields.Char(readonly=True, export_string_translation=False)
    state = fields.Selection(
        selection=[
            ('received', "Received"),
            ('queued', "Waiting"),
            ('sent', "Sent"),
            ('failed', "Failed"),
        ],
        string="Status", default='queued', required=True, readonly=True,
    )
    tries = fields.Integer(readonly=True)
    next_try_date = fields.Datetime(string="Next Try", readonly=True)
    error = fields.Char(readonly=True)
    sent_date = fields.Datetime(string="Date", readonly=True)

    _telegram_message_idx = models.Index('(chat_id, telegram_message_id)')
    _queued_idx = models.Index("(chat_id, id) WHERE state = 'queued'")
    _failed_idx = models.Index("(bot_id) WHERE state = 'failed'")

    # === ACTION METHODS === #

    def action_retry(self):
        """ Try once more to send what failed. """
        self.check_access('read')
        self.ticket_id.check_access('write')
        # sudo: helpdesk.telegram.message - whoever may answer the ticket sends the answer again
        self.sudo()._retry()

    # === QUEUE === #

    @api.model
    def _queue(self, values_list):
        """ Have messages sent after the commit, in this order.

        :param list values_list: values of the rows
        """
        # sudo: helpdesk.telegram.message - the system tells what was allowed to be said
        messages = self.sudo().create(values_list)
        if messages:
            self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_send').sudo()._trigger()
        return messages

    def _retry(self):
        """ Queue what failed again.

        :raise UserError: if there is nobody to send it to
        """
        failed = self.filtered(lambda message: message.state == 'failed')
        for chat in failed.chat_id:
            if not chat._is_link_valid():
                raise UserError(self.env._(
                    "The chat %(chat)s is not linked any more, so nothing can be sent to it. The "
                    "client links it again in the portal, under Telegram.", chat=chat.name,
                ))
        failed.write({'state': 'queued', 'tries': 0, 'next_try_date': False, 'error': False})
        self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_send').sudo()._trigger()

    def _fail(self, reason):
        """ Give up: say so on the tickets, and send by e-mail what was held back for the chat. """
        self.write({'state': 'failed', 'error': reason, 'next_try_date': False})
        for message, rows in self.filtered('mail_message_id').grouped('mail_message_id').items():
            others = self.search_count([
                ('mail_message_id', '=', message.id), ('state', '=', 'failed'),
                ('id', 'not in', rows.ids),
            ], limit=1)
            if others:
                continue
            for ticket in rows.ticket_id:
                ticket._log_notes({ticket: self.env._(
                    "An answer did not reach the Telegram chat %(chat)s: %(reason)s",
                    chat=rows.chat_id[:1].name, reason=reason,
                )})
                ticket._telegram_mail_instead(message)

    # === SENDING === #

    @api.model
    def _lock_next(self, chat_id):
        """ Return what is to be sent next to a chat, if nobody else is about to.

        :return: one message; None if another worker is at it
        """
        self.env.invalidate_all()
        if not self.env['helpdesk.telegram.chat']._try_queue_lock('send', chat_id):
            return None
        message = self.search(
            [('chat_id', '=', chat_id), ('state', '=', 'queued')], order='id', limit=1,
        )
        # what waits for another try holds up what was written after it; refused if another worker
        # was done with it since we looked: before the call, not after it
        message = message.filtered_domain(self._get_due_domain()).try_lock_for_update()
        if message.chat_id.chat_type == 'group':
            message -= message._hold_back_in_group()
        return message

    def _hold_back_in_group(self):
        """ Let a message wait while its group has had as many as Telegram allows in a minute.

        :return: the message if it has to wait
        """
        self.ensure_one()
        minute = timedelta(minutes=1)
        recent = self.search([
            ('chat_id', '=', self.chat_id.id), ('direction', '=', 'out'), ('state', '=', 'sent'),
            ('sent_date', '>', fields.Datetime.now() - minute),
        ], order='sent_date desc, id desc', limit=GROUP_PER_MINUTE)
        if len(recent) < GROUP_PER_MINUTE:
            return self.browse()
        delay = recent[-1].sent_date + minute - fields.Datetime.now()
        self._postpone(False, max(delay, timedelta(seconds=1)), is_counted=False)
        return self

    @api.model
    def _get_due_domain(self):
        return Domain('state', '=', 'queued') & Domain('bot_id.state', '=', 'connected') & (
            Domain('next_try_date', '=', False)
            | Domain('next_try_date', '<=', fields.Datetime.now())
        )

    def _send(self):
        """ Send one message, and keep what became of it. """
        self.ensure_one()
        if not self.is_service and not self.chat_id._is_link_valid():
            self._fail(self.env._("The chat is not linked any more."))
            return
        try:
            result = self._call(self.bot_id._get_api())
        except TelegramError as error:
            self._settle_error(error)
            return
        sent = result if isinstance(result, list) else [result]
        numbers = [str(message.get('message_id')) for message in sent if isinstance(message, dict)]
        self.write({
            'state': 'sent',
            'telegram_message_id': numbers[0] if numbers else False,
            'sent_date': fields.Datetime.now(),
            'next_try_date': False,
            'error': False,
        })
        # somebody may answer the second photo of an album
        self.create([
            {
                'chat_id': self.chat_id.id, 'ticket_id': self.ticket_id.id, 'kind': 'part',
                'mail_message_id': self.mail_message_id.id, 'state': 'sent',
                'telegram_message_id': number, 'sent_date': fields.Datetime.now(),
            }
            for number in numbers[1:]
        ])

    def _call(self, bot_api):
        """ Call the Bot API for one message.

        :return: what it answered
        :raise TelegramError: if it did not work
        """
        params = {'chat_id': int(self.chat_id.telegram_id)}
        if self.reply_to:
            params['reply_parameters'] = {
                'message_id': int(self.reply_to), 'allow_sending_without_reply': True,
            }
        text = telegram_html.to_plain(self.body) if self.is_plain else self.body or ''
        if text and not self.is_plain:
            params['parse_mode'] = 'HTML'
        if self.kind == 'text':
            return bot_api.call(
                'sendMessage', text=text, link_preview_options={'is_disabled': True}, **params,
            )
        # in a form what has a structure is sent as JSON
        params = {
            key: json.dumps(value) if isinstance(value, dict) else value
            for key, value in params.items()
        }
        files = [
            (attachment.name, attachment.raw or b'', attachment.mimetype)
            for attachment in self.attachment_ids.sorted('id')
        ]
        if self.kind == 'album':
            media = [
                {'type': 'photo', 'media': f'attach://file{position}'}
                for position in range(len(files))
            ]
            return bot_api.call(
                'sendMediaGroup', wait=UPLOAD_TIMEOUT, media=json.dumps(media),
                files={f'file{position}': file for position, file in enumerate(files)}, **params,
            )
        if text:
            params['caption'] = text
        method = 'sendPhoto' if self.kind == 'photo' else 'sendDocument'
        return bot_api.call(
            method, wait=UPLOAD_TIMEOUT, files={self.kind: files[0]}, **params,
        )

    def _settle_error(self, error):
        """ Decide what becomes of a message that was not sent. """
        reason = self.bot_id._describe_error(error)
        if error.is_unauthorized:
            # it waits until somebody connects the bot again
            self.bot_id._note_error(error)
        elif error.migrate_to:
            self.chat_id._migrate(error.migrate_to)
        elif error.code == 429:
            self._postpone(reason, timedelta(seconds=error.retry_after or 1), is_counted=False)
        elif error.is_chat_gone:
            self.chat_id._unlink_chat(self.env._("Telegram says: %s.", error.description))
            (self.exists() if self.state == 'queued' else self.browse())._fail(reason)
        elif error.is_temporary:
            self.bot_id._note_error(error)
            if self.tries < len(RETRY_MINUTES):
                self._postpone(reason, timedelta(minutes=RETRY_MINUTES[self.tries]))
            else:
                self._fail(reason)
        elif not self._send_otherwise(error):
            self._fail(reason)

    def _postpone(self, reason, delay, is_counted=True):
        self.write({
            'tries': self.tries + is_counted,
            'error': reason,
            'next_try_date': fields.Datetime.now() + delay,
        })
        self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_send')._trigger(self.next_try_date)

    def _send_otherwise(self, error):
        """ Change a message that Telegram refuses into one that it takes.

        :return: whether there is another way
        """
        if "can't parse entities" in error.description and not self.is_plain:
            self.is_plain = True
        elif self.kind == 'photo':
            # too wide, too high, no picture after all: as a file it is what it is
            self.kind = 'document'
        elif self.kind == 'album':
            first, *others = self.attachment_ids.sorted('id')
            self.write({'kind': 'document', 'attachment_ids': first.ids})
            self.create([
                {
                    'chat_id': self.chat_id.id, 'ticket_id': self.ticket_id.id,
                    'mail_message_id': self.mail_message_id.id, 'kind': 'document',
                    'attachment_ids': attachment.ids,
                }
                for attachment in others
            ])
        else:
            return False
        return True

    # === CRON METHODS === #

    @api.model
    def _cron_send(self):
        """ Send what is queued, in each chat in the order in which it was written.

        The chats take turns, one message each, at the pace that Telegram allows: a long answer to
        one does not hold up the others. Each message is committed by itself. A chat that another
        worker has locked is left to it.
        """
        cron = self.env['ir.cron']
        moments = {}
        left, is_going, is_busy = True, True, False
        while left and is_going:
            is_going = is_busy = False
            domain = self._get_due_domain()
            chat_ids = [
                chat.id for [chat] in self._read_group(domain, ['chat_id'], order='id:min')
            ]
            left = cron._commit_progress(remaining=self.search_count(domain))
            for chat_id in chat_ids:
                if not left:
                    break
                self._wait_for_turn(moments, chat_id)
                message = self._lock_next(chat_id)
                is_busy |= message is None
                if message:
                    message._send()
                    is_going = True
                # also when there was nothing: the next lock is to see what others have committed
                left = cron._commit_progress(1 if message else 0)
        if left:
            self.env['helpdesk.telegram.bot']._end_queue_job('send', is_busy)

    @api.model
    def _wait_for_turn(self, moments, chat_id):
        """ Wait until Telegram takes another message in a chat.

        :param dict moments: when something was sent last, by chat, and by False for any; changed
        """
        now = time.monotonic()
        turn = max(
            moments.get(chat_id, now - CHAT_SECONDS) + CHAT_SECONDS,
            moments.get(False, now - BOT_SECONDS) + BOT_SECONDS,
        )
        if turn > now:
            time.sleep(turn - now)
        moments[chat_id] = moments[False] = max(turn, now)

    @api.autovacuum
    def _gc_messages(self):
        """ Forget what nobody answers any more; what is in the ticket stays there. """
        self.search([
            ('state', 'in', ('received', 'sent')),
            ('create_date', '<', fields.Datetime.now() - timedelta(days=KEEP_DAYS)),
        ], limit=10000).unlink()

    # === WHAT AN ANSWER BECOMES === #

    @api.model
    def _prepare_text_values(self, header, body):
        """ Return rows for a text, as many as its length needs.

        :param str header: whose answer to which ticket it is, in front of the first
        :param body: HTML of the message
        """
        runs = telegram_html.to_runs(body)
        if not runs:
            return []
        runs = [(header, (('b', ''),)), ('\n', ()), *runs]
        return [
            {'kind': 'text', 'body': piece} for piece in telegram_html.split_runs(runs)
        ]

    @api.model
    def _prepare_caption(self, header):
        return f'<b>{escape(header)}</b>'
