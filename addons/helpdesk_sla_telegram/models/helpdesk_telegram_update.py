import logging
from datetime import timedelta

from psycopg2 import OperationalError
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Telegram keeps what it could not deliver for a day: after that no number comes again
KEEP_DAYS = 3
# minutes until the next try
RETRY_MINUTES = (1, 5, 15, 60)


class HelpdeskTelegramUpdate(models.Model):
    """ What came from a linked chat and is still to be registered; its number is kept longer.

    Whoever delivers waits for nobody: files are fetched and tickets created by the job. Its number
    in the database makes one message of what Telegram delivers twice.
    """

    _name = 'helpdesk.telegram.update'
    _description = "Telegram Message to Register"
    _order = 'id'
    _rec_name = 'update_id'

    bot_id = fields.Many2one(
        comodel_name='helpdesk.telegram.bot', required=True, readonly=True, ondelete='cascade',
    )
    company_id = fields.Many2one(related='bot_id.company_id')
    chat_id = fields.Many2one(
        comodel_name='helpdesk.telegram.chat', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    update_id = fields.Char(string="Number", required=True, readonly=True)
    payload = fields.Json(readonly=True, export_string_translation=False)
    state = fields.Selection(
        selection=[
            ('pending', "Waiting"),
            ('done', "Registered"),
            ('failed', "Failed"),
        ],
        string="Status", default='pending', required=True, readonly=True,
    )
    tries = fields.Integer(readonly=True)
    next_try_date = fields.Datetime(string="Next Try", readonly=True)
    error = fields.Char(readonly=True)

    # the bot first: its index is read for the bot's own lists as well
    _update_uniq = models.Constraint(
        'UNIQUE (bot_id, update_id)', "This message has been received already.",
    )
    _pending_idx = models.Index("(chat_id, id) WHERE state = 'pending'")

    # === ACTION METHODS === #

    def action_retry(self):
        """ Try once more to register what failed. """
        self.check_access('read')
        # sudo: helpdesk.telegram.update - administrators read it, the system keeps the state
        self.sudo().filtered(lambda update: update.state == 'failed').write({
            'state': 'pending', 'tries': 0, 'next_try_date': False,
        })
        self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_process')._trigger()

    # === BUSINESS METHODS === #

    @api.model
    def _enqueue(self, chat, incoming):
        """ Keep what came from a linked chat until it is registered, unless it is known already.

        :param chat: a linked helpdesk.telegram.chat
        :param dict incoming: see `telegram_update.parse_update`
        """
        # one statement: of two workers that receive the same, one inserts
        inserted = self.env.execute_query(SQL(
            "INSERT INTO helpdesk_telegram_update"
            " (bot_id, chat_id, update_id, payload, state, tries,"
            " create_uid, create_date, write_uid, write_date)"
            " VALUES (%(bot)s, %(chat)s, %(number)s, %(payload)s, 'pending', 0,"
            " %(user)s, %(now)s, %(user)s, %(now)s)"
            " ON CONFLICT (bot_id, update_id) DO NOTHING RETURNING id",
            bot=chat.bot_id.id, chat=chat.id, number=incoming['update_id'],
            payload=Json(incoming), user=self.env.uid, now=fields.Datetime.now(),
        ))
        if inserted:
            self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_process')._trigger()

    @api.model
    def _get_due_domain(self):
        return Domain('state', '=', 'pending') & (
            Domain('next_try_date', '=', False)
            | Domain('next_try_date', '<=', fields.Datetime.now())
        )

    @api.model
    def _lock_next(self, chat_id):
        """ Return what is to be registered next of a chat, if nobody else is about to.

        :return: one update, or those that are one album; None if another worker is at it
        """
        self.env.invalidate_all()
        if not self.env['helpdesk.telegram.chat']._try_queue_lock('process', chat_id):
            return None
        waiting = self.search(
            [('chat_id', '=', chat_id), ('state', '=', 'pending')], limit=20,
        )
        # what waits for a second try holds up what was written after it: the order tells
        due = waiting[:1].filtered_domain(self._get_due_domain())
        album = due.payload.get('album') if due else False
        if album:
            for update in waiting[1:]:
                if update.payload.get('album') != album:
                    break
                due |= update
        # refused if another worker was done with it since we looked
        return due.try_lock_for_update()

    def _process(self):
        """ Register one update, or an album, completely or not at all.

        :return: whether it is done
        """
        chat = self.chat_id
        try:
            with self.env.cr.savepoint():
                chat.with_context(
                    helpdesk_telegram_last_try=self[0].tries >= len(RETRY_MINUTES),
                )._register_messages([update.payload for update in self])
        except OperationalError:
            # two workers met: the job is run again as a whole
            raise
        except Exception as error:
            _logger.warning(
                "Update %s of the Telegram bot %s could not be registered",
                self[0].update_id, chat.bot_id.id, exc_info=True,
            )
            self._postpone(error)
            return False
        # what was said is in the ticket now
        self.write({'state': 'done', 'payload': False, 'error': False, 'next_try_date': False})
        return True

    def _postpone(self, error):
        tries = self[0].tries
        values = {'tries': tries + 1, 'error': str(error)[:500] or type(error).__name__}
        if tries < len(RETRY_MINUTES):
            values['next_try_date'] = fields.Datetime.now() + timedelta(
                minutes=RETRY_MINUTES[tries],
            )
            self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_process')._trigger(
                values['next_try_date'],
            )
        else:
            values['state'] = 'failed'
            self._tell_failed()
        self.write(values)

    def _tell_failed(self):
        """ Let neither the client nor the administrator believe that all is well. """
        chat = self.chat_id._with_lang()
        chat._say(chat.env._(
            "I could not register this message, and am sorry for it. Please send it to us in our "
            "portal or by e-mail.",
        ), reply_to=self[0].payload.get('message_id') or False)
        self.bot_id.write({
            'last_error': self.env._("A message could not be registered: see Not Registered."),
            'last_error_date': fields.Datetime.now(),
        })

    # === CRON METHODS === #

    @api.model
    def _cron_process(self):
        """ Register what came in, chat by chat and in the order in which it was written.

        Each is committed by itself: killed, the job goes on with the next one, and what was not
        committed was not done. A chat that another worker has locked is left to it.
        """
        domain = self._get_due_domain()
        chat_ids = [
            chat.id for [chat] in self._read_group(domain, ['chat_id'], order='id:min')
        ]
        remaining = self.search_count(domain)
        left = self.env['ir.cron']._commit_progress(remaining=remaining)
        is_busy = False
        for chat_id in chat_ids:
            while left:
                updates = self._lock_next(chat_id)
                is_busy |= updates is None
                if not updates:
                    break
                is_done = updates._process()
                left = self.env['ir.cron']._commit_progress(len(updates))
                if not is_done:
                    break
        if left:
            self.env['helpdesk.telegram.bot']._end_queue_job('process', is_busy)

    @api.autovacuum
    def _gc_updates(self):
        self.search([
            ('state', '=', 'done'),
            ('create_date', '<', fields.Datetime.now() - timedelta(days=KEEP_DAYS)),
        ]).unlink()
