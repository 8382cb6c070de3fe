import logging
import secrets
import time
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.telegram_api import DEFAULT_URL, READ_TIMEOUT, TelegramApi, TelegramError
from ..tools.telegram_update import get_update_id, parse_update

_logger = logging.getLogger(__name__)

ALLOWED_UPDATES = ['message', 'edited_message', 'my_chat_member']
# how long one run of the job waits for messages, of all bots together
POLL_SECONDS = 25
# the longest single wait: nobody changes the bot meanwhile
POLL_TIMEOUT = 5
POLL_BATCH = 100
# the last contact is noted no more often
CONTACT_INTERVAL = timedelta(minutes=1)
# when a job looks again at what another worker was doing
BUSY_INTERVAL = timedelta(seconds=10)


class HelpdeskTelegramBot(models.Model):
    """ A Telegram bot through which the clients of a team write.

    The token is read by the server only: it is typed in (`token_input`), never shown again, and
    forgotten when the address that it would be sent to changes.
    """

    _name = 'helpdesk.telegram.bot'
    _description = "Telegram Bot"
    _order = 'name, id'

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    team_id = fields.Many2one(
        comodel_name='helpdesk.team', string="Helpdesk Team", required=True, ondelete='restrict',
        help="What clients write to the bot becomes tickets of this team.",
    )
    company_id = fields.Many2one(
        related='team_id.company_id', store=True, precompute=True, index=True,
    )

    token = fields.Char(string="Token (kept)", copy=False, groups=fields.NO_ACCESS)
    token_input = fields.Char(
        string="Token", compute='_compute_token_input', inverse='_inverse_token_input',
        groups='helpdesk_sla.group_helpdesk_manager',
        help="As @BotFather told it. It is kept on the server and never shown again.",
    )
    is_token_set = fields.Boolean(compute='_compute_is_token_set', compute_sudo=True)
    api_url = fields.Char(
        string="Bot API Server", default=DEFAULT_URL, required=True,
        groups='helpdesk_sla.group_helpdesk_manager',
        help="Only for those who run a Bot API server of their own. Changing it forgets the "
             "token, so that it is never sent to a server that it was not typed for.",
    )
    mode = fields.Selection(
        selection=[
            ('webhook', "Telegram calls this server (webhook)"),
            ('polling', "This server asks Telegram (polling)"),
        ],
        string="Reception",
        default='webhook',
        required=True,
        help="Webhook: messages arrive at once; this server needs a public address with https. "
             "Polling: for servers without one; messages arrive within a minute.",
    )
    webhook_key = fields.Char(
        copy=False, groups=fields.NO_ACCESS, default=lambda self: secrets.token_urlsafe(16),
    )
    webhook_secret = fields.Char(copy=False, groups=fields.NO_ACCESS)
    update_offset = fields.Char(copy=False, groups=fields.NO_ACCESS)

    state = fields.Selection(
        selection=[
            ('disconnected', "Not Connected"),
            ('connected', "Connected"),
            ('error', "Needs Attention"),
        ],
        string="Status", default='disconnected', required=True, readonly=True, copy=False,
    )
    username = fields.Char(string="Telegram Name", readonly=True, copy=False)
    telegram_id = fields.Char(readonly=True, copy=False, export_string_translation=False)
    last_contact_date = fields.Datetime(string="Last Contact", readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    last_error_date = fields.Datetime(string="Last Error on", readonly=True, copy=False)

    email_copy = fields.Boolean(
        string="E-mail Copies",
        help="Whoever gets an answer in Telegram gets it by e-mail as well.",
    )
    chat_ids = fields.One2many(comodel_name='helpdesk.telegram.chat', inverse_name='bot_id')
    chat_count = fields.Integer(compute='_compute_counts')
    failed_update_count = fields.Integer(compute='_compute_counts')
    failed_message_count = fields.Integer(compute='_compute_counts')

    _team_uniq = models.UniqueIndex(
        '(team_id) WHERE active IS TRUE',
        "This team has a Telegram bot already. Archive that one first.",
    )
    _telegram_id_uniq = models.UniqueIndex(
        '(telegram_id) WHERE active IS TRUE AND telegram_id IS NOT NULL',
        "This token belongs to a bot that is set up already, for another team.",
    )
    _webhook_key_uniq = models.Constraint(
        'UNIQUE (webhook_key)', "Each bot needs a webhook address of its own.",
    )

    # === COMPUTE METHODS === #

    def _compute_token_input(self):
        for bot in self:
            bot.token_input = False

    @api.depends('token')
    def _compute_is_token_set(self):
        for bot in self:
            bot.is_token_set = bool(bot.token)

    def _inverse_token_input(self):
        for bot in self.filtered('token_input'):
            # sudo: helpdesk.telegram.bot - nobody reads it, those who may write the bot set it
            bot.sudo().token = ''.join(bot.token_input.split())

    def _compute_counts(self):
        chats = dict(self.env['helpdesk.telegram.chat']._read_group(
            [('bot_id', 'in', self.ids), ('state', '=', 'linked')], ['bot_id'], ['__count'],
        ))
        # sudo: helpdesk.telegram.update, helpdesk.telegram.message - numbers only
        updates = dict(self.env['helpdesk.telegram.update'].sudo()._read_group(
            [('bot_id', 'in', self.ids), ('state', '=', 'failed')], ['bot_id'], ['__count'],
        ))
        messages = dict(self.env['helpdesk.telegram.message'].sudo()._read_group(
            [('bot_id', 'in', self.ids), ('state', '=', 'failed')], ['bot_id'], ['__count'],
        ))
        for bot in self:
            bot.chat_count = chats.get(bot._origin, 0)
            bot.failed_update_count = updates.get(bot._origin.sudo(), 0)
            bot.failed_message_count = messages.get(bot._origin.sudo(), 0)

    # === CONSTRAINT METHODS === #

    @api.constrains('api_url')
    def _check_api_url(self):
        for bot in self.sudo():
            parts = urlsplit(bot.api_url or '')
            if parts.scheme not in ('http', 'https') or not parts.hostname:
                raise ValidationError(self.env._(
                    "The address of the Bot API server must begin with https:// or http://, for "
                    "example %s", DEFAULT_URL,
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        """ Forget the token when the server changes; keep a connected bot as it is connected. """
        if 'api_url' in vals:
            for bot in self.sudo():
                if bot.api_url != vals['api_url']:
                    bot._check_disconnected()
                    bot.token = False
        for bot in self:
            if (
                vals.get('token_input') or vals.get('active') is False
                or vals.get('team_id', bot.team_id.id) != bot.team_id.id
                or vals.get('mode', bot.mode) != bot.mode
            ):
                bot._check_disconnected()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_connected(self):
        self._check_disconnected()

    def _check_disconnected(self):
        for bot in self:
            if bot.state != 'disconnected':
                raise UserError(self.env._(
                    "%(bot)s is connected. Disconnect it first, then change it.", bot=bot.name,
                ))

    # === ACTION METHODS === #

    def action_connect(self):
        """ Have Telegram deliver the bot's messages to us. """
        self.check_access('write')
        for bot in self:
            bot._connect()
        return True

    def action_disconnect(self):
        """ Have Telegram deliver no messages any more; those that wait there are kept. """
        self.check_access('write')
        for bot in self:
            bot._disconnect()
        self._update_poll_cron()
        return True

    def action_view_chats(self):
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla_telegram.helpdesk_telegram_chat_action',
            ),
            'domain': [('bot_id', '=', self.id)],
            'context': {'search_default_linked': 1},
        }

    def action_view_failed_updates(self):
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla_telegram.helpdesk_telegram_update_action',
            ),
            'domain': [('bot_id', '=', self.id), ('state', '=', 'failed')],
        }

    def action_view_failed_messages(self):
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla_telegram.helpdesk_telegram_message_action',
            ),
            'domain': [('bot_id', '=', self.id), ('state', '=', 'failed')],
        }

    # === CONNECTION === #

    def _get_lang(self):
        """ Return the language in which strangers are spoken to. """
        return self.company_id.partner_id.lang or self.env.lang

    def _get_api(self):
        """ Return what calls Telegram as this bot.

        :raise TelegramError: if no token is set
        """
        self.ensure_one()
        # sudo: helpdesk.telegram.bot - the token goes to Telegram only
        bot_sudo = self.sudo()
        if not bot_sudo.token:
            raise TelegramError("No token is set", code=401)
        return TelegramApi(bot_sudo.api_url, bot_sudo.token)

    def _connect(self):
        self.ensure_one()
        # sudo: helpdesk.telegram.bot - secrets and state are kept by the system; the caller has
        # checked the right to write
        bot_sudo = self.sudo()
        if not bot_sudo.token:
            raise UserError(self.env._(
                "Type in the token that @BotFather gave you for this bot, then connect.",
            ))
        webhook_url = bot_sudo.mode == 'webhook' and bot_sudo._get_webhook_url()
        try:
            bot_api = bot_sudo._get_api()
            me = bot_api.call('getMe')
            if webhook_url:
                bot_sudo.webhook_secret = secrets.token_urlsafe(32)
                bot_api.call(
                    'setWebhook', url=webhook_url, secret_token=bot_sudo.webhook_secret,
                    allowed_updates=ALLOWED_UPDATES,
                )
            else:
                bot_api.call('deleteWebhook')
            bot_api.call('setMyCommands', commands=bot_sudo._get_commands())
        except TelegramError as error:
            raise UserError(bot_sudo._describe_error(error)) from None
        bot_sudo.write({
            'state': 'connected',
            'username': me.get('username'),
            'telegram_id': str(me.get('id')),
            'update_offset': False,
            'last_contact_date': fields.Datetime.now(),
            'last_error': False,
            'last_error_date': False,
        })
        bot_sudo._update_poll_cron()
        self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_send')._trigger()

    def _disconnect(self):
        self.ensure_one()
        # sudo: helpdesk.telegram.bot - see _connect
        bot_sudo = self.sudo()
        values = {'state': 'disconnected', 'webhook_secret': False}
        try:
            if bot_sudo.mode == 'webhook':
                bot_sudo._get_api().call('deleteWebhook')
        except TelegramError as error:
            # what is not accepted any more needs no undoing: without a secret nothing comes in
            values.update(
                last_error=bot_sudo._describe_error(error),
                last_error_date=fields.Datetime.now(),
            )
        bot_sudo.write(values)

    def _get_webhook_url(self):
        """ Return the address at which Telegram delivers.

        :raise UserError: if Telegram would not deliver there
        """
        self.ensure_one()
        base_url = self.get_base_url()
        if urlsplit(base_url).scheme != 'https' and self.api_url.rstrip('/') == DEFAULT_URL:
            raise UserError(self.env._(
                "Telegram delivers to public addresses with https only, and this server is known "
                "as %(address)s. Choose polling, or have the administrator set the address "
                "(web.base.url).",
                address=base_url,
            ))
        return f'{base_url}/helpdesk/telegram/webhook/{self.webhook_key}'

    def _get_commands(self):
        """ Return the menu that Telegram shows beside the text field. """
        return [
            {'command': 'new', 'description': self.env._("Open a new ticket")},
            {'command': 'help', 'description': self.env._("What you can do here")},
            {'command': 'stop', 'description': self.env._("End the link with your account")},
        ]

    def _describe_error(self, error):
        """ Return what went wrong, as people read it. """
        if error.is_unauthorized:
            return self.env._(
                "Telegram does not accept the token. Ask @BotFather for the current one, type it "
                "in, and connect again.",
            )
        if not error.code:
            # sudo: helpdesk.telegram.bot - the name of the server is no secret
            return self.env._(
                "%(server)s cannot be reached: %(reason)s. Check the network and try again.",
                server=urlsplit(self.sudo().api_url).hostname, reason=error.description,
            )
        return self.env._("Telegram answered: %s", error.description)

    def _note_error(self, error):
        """ Show on the bot what went wrong; a token that is refused stops it. """
        self.ensure_one()
        values = {
            'last_error': self._describe_error(error), 'last_error_date': fields.Datetime.now(),
        }
        if error.is_unauthorized and self.state == 'connected':
            values['state'] = 'error'
        self.write(values)

    def _note_contact(self):
        """ Note that Telegram was heard of; not at the price of a conflict. """
        self.ensure_one()
        now = fields.Datetime.now()
        if self.last_contact_date and now - self.last_contact_date < CONTACT_INTERVAL:
            return
        if self.try_lock_for_update(allow_referencing=True):
            self.last_contact_date = now
            if self.state == 'error':
                self.state = 'connected'

    # === RECEPTION === #

    @api.model
    def _find_by_webhook_key(self, key):
        """ Return the bot of a webhook address, with its secret, if it is connected. """
        # sudo: helpdesk.telegram.bot - the caller compares the secret
        return self.sudo().search([
            ('webhook_key', '=', key), ('mode', '=', 'webhook'), ('state', '!=', 'disconnected'),
        ], limit=1)

    def _receive(self, incoming):
        """ Take in one update: for linked chats into the queue, for strangers an answer.

        :param dict incoming: see `telegram_update.parse_update`
        :return: what to answer in the same chat, or False
        :rtype: dict | bool
        """
        self.ensure_one()
        chats = self.env['helpdesk.telegram.chat']
        chat = chats._find_linked(self, incoming['chat_id'])
        if incoming['kind'] == 'left':
            if chat:
                chat._unlink_chat(self.env._("The bot was blocked or removed in Telegram."))
            return False
        if chat and incoming['kind'] == 'migrated':
            chat._migrate(incoming['migrate_to'])
            return False
        if chat and (
            incoming['chat_type'] == 'private'
            or self._is_addressed(incoming)
            or chat._is_part_of_known(incoming)
        ):
            self.env['helpdesk.telegram.update']._enqueue(chat, incoming)
            return False
        if chat or incoming['kind'] != 'message':
            return False
        text = chats._answer_stranger(self, incoming)
        return {'chat_id': int(incoming['chat_id']), 'text': text} if text else False

    def _is_addressed(self, incoming):
        """ Return whether somebody in a group speaks to the bot. """
        username = (self.username or '').lower()
        if incoming['command'] and incoming['command_bot'] in ('', username):
            return incoming['command'] in self.env['helpdesk.telegram.chat']._get_command_names()
        return incoming['kind'] == 'message' and (
            username in incoming['mentions']
            or bool(self.telegram_id and self.telegram_id == incoming['reply_to_sender'])
        )

    # === CRON METHODS === #

    @api.model
    def _update_poll_cron(self):
        """ Have the job run only as long as there is a bot that needs it. """
        # sudo: ir.cron - connecting a bot decides whether there is something to fetch
        cron_sudo = self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_poll').sudo()
        is_needed = bool(self.sudo().search_count(self._get_poll_domain(), limit=1))
        if cron_sudo.active != is_needed and cron_sudo.try_lock_for_update():
            cron_sudo.active = is_needed

    @api.model
    def _end_queue_job(self, queue, is_busy):
        """ End a run that has looked at everything that was due.

        :param str queue: which job it was
        :param bool is_busy: whether another worker was at a part of it. It may have looked just
            before the newest row came; then nobody would see that one until the next plain run.
        """
        if is_busy:
            self.env.ref(f'helpdesk_sla_telegram.ir_cron_telegram_{queue}')._trigger(
                fields.Datetime.now() + BUSY_INTERVAL,
            )
        self.env['ir.cron']._commit_progress(remaining=0)

    @api.model
    def _get_poll_domain(self):
        return Domain('mode', '=', 'polling') & Domain('state', '!=', 'disconnected')

    @api.model
    def _cron_poll(self):
        """ Fetch what was written to the bots that Telegram does not deliver to us.

        A bot is locked while it is asked, so that two workers never ask for the same. What was
        fetched is confirmed to Telegram by the next question only, which is asked after the commit:
        killed in between, the same messages come again and are known by their number.
        """
        until = time.monotonic() + self._get_poll_seconds()
        bots = self.search(self._get_poll_domain())
        self.env['ir.cron']._commit_progress(remaining=len(bots))
        while bots:
            for bot in bots:
                left = (until - time.monotonic()) / len(bots)
                replies, is_more = bot._poll(min(POLL_TIMEOUT, max(0, int(left))))
                self.env['ir.cron']._commit_progress(1)
                self.env.invalidate_all()
                bot._send_replies(replies)
                if not is_more or left < 1:
                    bots -= bot

    @api.model
    def _get_poll_seconds(self):
        """ Return how long one run of the job waits for messages. """
        # sudo: ir.config_parameter - a number
        value = self.env['ir.config_parameter'].sudo().get_param(
            'helpdesk_sla_telegram.poll_seconds', '',
        )
        return min(int(value), 60) if value.isdigit() else POLL_SECONDS

    def _poll(self, timeout):
        """ Fetch one batch.

        :param int timeout: seconds to wait for something
        :return: what to answer strangers after the commit, and whether to go on asking
        :rtype: tuple[list[dict], bool]
        """
        # messages that are written meanwhile refer to the bot
        locked = self.try_lock_for_update(allow_referencing=True)
        if not locked.filtered_domain(self._get_poll_domain()):
            return [], False
        params = {'offset': int(self.update_offset)} if self.update_offset else {}
        try:
            updates = self._get_api().call(
                'getUpdates', wait=timeout + READ_TIMEOUT, timeout=timeout, limit=POLL_BATCH,
                allowed_updates=ALLOWED_UPDATES, **params,
            )
        except TelegramError as error:
            self._note_error(error)
            return [], False
        updates = updates if isinstance(updates, list) else []
        self._note_contact()
        replies = list(filter(None, map(self._receive_safely, updates)))
        numbers = [int(number) for number in map(get_update_id, updates) if number]
        if numbers:
            self.update_offset = str(max(numbers) + 1)
        return replies, True

    def _receive_safely(self, update):
        """ Take in one of several updates: one that cannot be must not hold up the others. """
        incoming = parse_update(update)
        if not incoming:
            return False
        try:
            with self.env.cr.savepoint():
                return self._receive(incoming)
        except OperationalError:
            # two workers met: the job is run again as a whole
            raise
        except Exception:
            _logger.exception(
                "Update %s of the Telegram bot %s could not be taken in",
                incoming['update_id'], self.id,
            )
            return False

    def _send_replies(self, replies):
        """ Answer strangers, of whom nothing is kept: once, and without a second try. """
        for reply in replies:
            with suppress(TelegramError):
                self._get_api().call('sendMessage', **reply)
