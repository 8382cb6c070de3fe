""" What the headers of an incoming e-mail say about who wrote it: a person or a machine. """

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser

AUTO_REPLY_HEADERS = ('X-Autoreply', 'X-Autorespond', 'X-Auto-Reply', 'X-Autoresponse')
BULK_PRECEDENCES = {'bulk', 'junk', 'list'}
MACHINE_MAILBOXES = re.compile(
    r'^(?:no[._-]?reply|do[._-]?not[._-]?reply|mailer-daemon|postmaster|bounces?)\b.*@',
    re.IGNORECASE,
)


def is_automatic(message: EmailMessage) -> bool:
    """ Return whether a machine sent the e-mail: an out-of-office answer, an alert, a receipt.

    RFC 3834 (`Auto-Submitted`), what answering machines used before it, and the empty return
    path that bounces and answers of machines travel with.
    """
    return (
        _first_word(message, 'Auto-Submitted') not in ('', 'no')
        or any(_first_word(message, name) not in ('', 'no') for name in AUTO_REPLY_HEADERS)
        or _first_word(message, 'Precedence') == 'auto_reply'
        or _get(message, 'Return-Path').strip() == '<>'
    )


def is_unanswerable(message: EmailMessage, email_from: str) -> bool:
    """ Return whether no automatic answer may be sent to the e-mail (RFC 3834, section 2).

    :param email_from: normalized address of the sender
    """
    suppressed = {
        word.strip() for word in _get(message, 'X-Auto-Response-Suppress').lower().split(',')
    }
    return (
        is_automatic(message)
        or _first_word(message, 'Precedence') in BULK_PRECEDENCES
        or bool(_get(message, 'List-Id'))
        or bool(suppressed & {'all', 'autoreply'})
        or bool(MACHINE_MAILBOXES.match(email_from or ''))
    )


def remove_zero_characters(message: EmailMessage) -> None:
    """ Remove U+0000, which no database column can hold, from all headers; in place. """
    for part in message.walk():
        for name in {name for name, value in part.items() if '\0' in str(value)}:
            values = part.get_all(name)
            del part[name]
            for value in values:
                part[name] = str(value).replace('\0', '')


def get_message_id(source: bytes) -> str:
    """ Return the Message-Id of a raw e-mail; empty when it has none. """
    return _get(BytesHeaderParser(policy=policy.SMTP).parsebytes(source), 'Message-Id').strip()


def _get(message: EmailMessage, name: str) -> str:
    return str(message.get(name) or '')


def _first_word(message: EmailMessage, name: str) -> str:
    return _get(message, name).split(';')[0].strip().lower()
