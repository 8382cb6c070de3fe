from typing import NamedTuple

US = 'us'
CLIENT = 'client'


class Due(NamedTuple):
    """ Something that somebody owes an implementation: what a gate misses is a list of these.

    :param str text: what is missing, translated; read by our people and, if `side` is the client's,
        in the portal
    :param str side: `US` or `CLIENT`: who owes it
    :param str owner: the name of the person who owes it; empty when nobody is named
    :param date date: by when it was promised; False when no day was agreed
    :param str url: where in the portal the client does it; empty when there is no such page
    """

    text: str
    side: str
    owner: str = ''
    date: object = False
    url: str = ''

    def get_order(self):
        """ Return the sort key: soonest first, those without a day last. """
        return not self.date, self.date or 0, self.side, self.text
