import re
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import hmac

# no character that is read as another one
ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
CODE_LENGTH = 12
CODE_PATTERN = re.compile(r'[A-Z2-9]{4}-?[A-Z2-9]{4}-?[A-Z2-9]{4}')
CODE_MINUTES = 30
CODES_PER_HOUR = 5


class HelpdeskTelegramCode(models.Model):
    """ A code with which a user of the portal links a Telegram chat, once. Kept as a hash. """

    _name = 'helpdesk.telegram.code'
    _description = "Telegram Link Code"
    _rec_name = 'user_id'

    user_id = fields.Many2one(
        comodel_name='res.users', required=True, readonly=True, index=True, ondelete='cascade',
    )
    code_hash = fields.Char(required=True, readonly=True)
    expiry_date = fields.Datetime(required=True, readonly=True)
    use_date = fields.Datetime(readonly=True)

    _code_hash_uniq = models.Constraint('UNIQUE (code_hash)', "Each code is drawn once.")

    # === BUSINESS METHODS === #

    @api.model
    def _draw(self, user):
        """ Return a new code for a user; those that were drawn before are worth nothing any more.

        :param user: the res.users who will use it
        :return: the code as it is shown, which is kept nowhere
        :rtype: str
        :raise UserError: if the user asks too often
        """
        if self.env['helpdesk.telegram.counter']._count('draw', user.id) > CODES_PER_HOUR:
            raise UserError(self.env._(
                "You have asked for many codes. Use the last one, or try again in an hour.",
            ))
        now = fields.Datetime.now()
        self.search([
            ('user_id', '=', user.id), ('use_date', '=', False), ('expiry_date', '>', now),
        ]).expiry_date = now
        code = ''.join(secrets.choice(ALPHABET) for _position in range(CODE_LENGTH))
        self.create({
            'user_id': user.id,
            'code_hash': self._get_hash(code),
            'expiry_date': now + timedelta(minutes=CODE_MINUTES),
        })
        return '-'.join(re.findall('.{4}', code))

    @api.model
    def _get_hash(self, code):
        return hmac(self.env(su=True), 'helpdesk_telegram_code', code)

    @api.model
    def _normalize(self, text):
        """ Return what was typed as a code, or False if it is none. """
        text = (text or '').strip().upper()
        return text.replace('-', '') if CODE_PATTERN.fullmatch(text) else False

    @api.model
    def _redeem(self, code, company):
        """ Use up a code.

        :param str code: see `_normalize`
        :param company: the res.company of the bot
        :return: the user whom it was drawn for; empty if it is worth nothing
        :rtype: res.users
        """
        nobody = self.env['res.users']
        if not code:
            return nobody
        found = self.search([('code_hash', '=', self._get_hash(code))]).try_lock_for_update()
        now = fields.Datetime.now()
        user = found.user_id
        if (
            not found or found.use_date or found.expiry_date <= now or not user.active
            or user.partner_id.company_id not in (company, company.browse())
        ):
            return nobody
        found.use_date = now
        return user

    @api.model
    def _is_used_by(self, code, user):
        """ Return whether a user has used up this code: people press Start twice. """
        return bool(code and self.search_count([
            ('code_hash', '=', self._get_hash(code)), ('user_id', '=', user.id),
            ('use_date', '!=', False),
        ], limit=1))

    @api.autovacuum
    def _gc_codes(self):
        self.search([
            ('expiry_date', '<', fields.Datetime.now() - timedelta(days=1)),
        ]).unlink()
