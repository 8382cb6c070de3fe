import json
import logging
import re

from psycopg2 import OperationalError

from odoo import http
from odoo.http import request
from odoo.tools import consteq

from ..tools.telegram_update import parse_update

_logger = logging.getLogger(__name__)

# Telegram's updates are a few kilobytes
MAX_BODY_SIZE = 1024 * 1024
KEY = re.compile(r'[A-Za-z0-9_-]{1,64}')
SECRET_HEADER = 'X-Telegram-Bot-Api-Secret-Token'


class HelpdeskTelegramWebhook(http.Controller):

    @http.route(
        '/helpdesk/telegram/webhook/<string:key>',
        type='http', auth='public', methods=['POST'], csrf=False, save_session=False,
    )
    def telegram_webhook(self, key, **kwargs):
        """ Take in what Telegram delivers; nothing is waited for here. """
        bot_sudo = self._get_bot_sudo(key)
        if not bot_sudo:
            return self._answer(404)
        length = request.httprequest.content_length
        if not length or length > MAX_BODY_SIZE:
            return self._answer(413 if length else 400)
        try:
            update = json.loads(request.httprequest.get_data())
        except (ValueError, RecursionError):
            return self._answer(400)
        incoming = parse_update(update)
        if not incoming:
            # nothing that we asked for; an error would have Telegram deliver it again and again
            return self._answer(200)
        try:
            with request.env.cr.savepoint():
                reply = bot_sudo._receive(incoming)
                bot_sudo._note_contact()
        except OperationalError:
            # two workers met: the request is run again
            raise
        except Exception:
            _logger.exception("An update of the Telegram bot %s was not taken in", bot_sudo.id)
            return self._answer(500)
        if reply:
            # Telegram takes a call in the answer: nobody has to be called from here
            return request.make_json_response({'method': 'sendMessage', **reply})
        return self._answer(200)

    def _get_bot_sudo(self, key):
        """ Return the bot whose address and secret the request knows, as superuser. """
        bots_sudo = request.env['helpdesk.telegram.bot'].sudo()
        if not KEY.fullmatch(key):
            return bots_sudo
        bot_sudo = bots_sudo._find_by_webhook_key(key)
        # compared in any case, so that the time tells nothing of which addresses there are
        expected = bot_sudo.webhook_secret or ''
        given = request.httprequest.headers.get(SECRET_HEADER, '')
        is_known = consteq(
            expected.encode(errors='surrogateescape'), given.encode(errors='surrogateescape'),
        )
        return bot_sudo if expected and is_known else bots_sudo

    def _answer(self, status):
        return request.make_response('', status=status)
