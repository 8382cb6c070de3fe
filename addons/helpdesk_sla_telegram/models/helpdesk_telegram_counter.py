from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hmac

WINDOW = timedelta(hours=1)


class HelpdeskTelegramCounter(models.Model):
    """ How often something was done within an hour, by whom only a hash knows. """

    _name = 'helpdesk.telegram.counter'
    _description = "Telegram Rate Limit"
    _log_access = False

    key = fields.Char(required=True, readonly=True)
    window_start = fields.Datetime(required=True, readonly=True)
    count = fields.Integer(required=True, readonly=True)

    _key_uniq = models.Constraint('UNIQUE (key)', "There is one counter for each key.")

    @api.model
    def _count(self, scope, *who):
        """ Count once more and return how often it was within the hour.

        :param str scope: what is counted
        :param who: identifiers of who does it; not stored
        :rtype: int
        """
        # sudo: ir.config_parameter - the secret of the database, for the hash
        key = hmac(self.env(su=True), f'helpdesk_telegram_{scope}', repr(who))
        now = fields.Datetime.now()
        # one statement: two workers that count at once both count
        [[count]] = self.env.execute_query(SQL(
            "INSERT INTO helpdesk_telegram_counter AS counter (key, window_start, count)"
            " VALUES (%(key)s, %(now)s, 1) ON CONFLICT (key) DO UPDATE SET"
            " count = CASE WHEN counter.window_start > %(since)s THEN counter.count + 1 ELSE 1 END,"
            " window_start = CASE WHEN counter.window_start > %(since)s"
            " THEN counter.window_start ELSE %(now)s END"
            " RETURNING count",
            key=key, now=now, since=now - WINDOW,
        ))
        return count

    @api.autovacuum
    def _gc_counters(self):
        self.search([('window_start', '<', fields.Datetime.now() - WINDOW)]).unlink()
