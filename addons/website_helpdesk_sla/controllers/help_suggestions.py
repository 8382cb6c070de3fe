import time
from collections import OrderedDict
from threading import Lock

from odoo import http
from odoo.http import request

# suggestions of one visitor in a minute; who types does not reach it
LIMIT = 40
MINUTE = 60
VISITORS = 10_000


class _Counter:
    """ Counts requests by visitor in this process; forgets the oldest visitors first. """

    def __init__(self):
        self._seen = OrderedDict()
        self._lock = Lock()

    def admit(self, visitor):
        """ Return whether a visitor has not asked too often in the last minute. """
        now = time.monotonic()
        with self._lock:
            start, count = self._seen.pop(visitor, (now, 0))
            if now - start > MINUTE:
                start, count = now, 0
            self._seen[visitor] = (start, count + 1)
            while len(self._seen) > VISITORS:
                self._seen.popitem(last=False)
        return count < LIMIT


class HelpSuggestions(http.Controller):
    _counter = _Counter()

    @http.route(
        '/helpdesk/suggest', type='jsonrpc', auth='public', website=True, readonly=True,
    )
    def helpdesk_suggest(self, team_id=None, query=None, **kwargs):
        """ Return articles that may answer what a visitor is about to ask.

        :rtype: list[dict]
        """
        if not self._counter.admit(request.httprequest.remote_addr):
            return []
        team = request.env['helpdesk.team']._get_website_team(request.website, team_id)
        if not team or not isinstance(query, str):
            return []
        # as the visitor: what others have written is found only as far as it may be read
        return team.with_env(request.env(su=False))._search_help_articles(query)
