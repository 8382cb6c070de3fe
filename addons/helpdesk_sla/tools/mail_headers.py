""" What the headers of an incoming e-mail say about who wrote it: a person or a machine. """

import re
from collections.abc import Collection
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser

AUTO_REPLY_HEADERS = ('X-Autoreply', 'X-Autorespond', 'X-Auto-Reply', 'X-Autoresponse')
BULK_PRECEDENCES = {'bulk', 'junk', 'list'}
MACHINE_MAILBOXES = re.compile(
    r'^(?:no[._-]?reply|do[._-]?not[._-]?reply|mailer-daemon|postmaster|bounces?)\b.*@',
    re.IGNORECASE,
)
# how answering machines begin their subject, where the headers do not tell them from an alert
AWAY_SUBJECT = re.compile(
    r'\s*(?:\[[^\]]{1,40}\]\s*)?(?:automatic reply|auto[ -]?reply|auto:|out of (?:the )?office|'
    r'automatische antwort|abwesenheits|abwesend|autoodpowied[zź]|odpowied[zź] automatyczna|'
    r'automatyczna odpowied[zź]|poza biurem|réponse automatique|absence du bureau|'
    r'respuesta automática|fuera de la oficina|resposta automática|risposta automatica|'
    r'automatisch antwoord|autosvar|автоответ|автоматический ответ|автоматична відповідь)',
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


def get_machine_kind(message: EmailMessage, own_lists: Collection[str] = ()) -> str:
    """ Return what kind of machine sent the e-mail; empty when a person did.

    - `reply`: the answer of a machine to an e-mail (out of office, vacation, "we got your mail");
    - `report`: what became of an e-mail (delivery report, read receipt, empty return path);
    - `calendar`: somebody accepted or declined an appointment;
    - `list`: a mailing list or a mass mailing;
    - `alert`: a machine that has something to say of its own (monitoring, a shop, a scanner).

    :param own_lists: domains and List-Ids of lists that are our own address: a support address that
        is a group at the mail provider marks what people write to it as mail of a list
    """
    report_type = str(message.get_param('report-type') or '').lower()
    if message.get_content_type() == 'multipart/report' and report_type != 'feedback-report':
        return 'report'
    automatic = is_automatic(message)
    if automatic and (
        (
            _first_word(message, 'Auto-Submitted') != 'auto-generated'
            and _get(message, 'Return-Path').strip() != '<>'
        )
        or _get(message, 'In-Reply-To').strip()
        or _get(message, 'References').strip()
        or AWAY_SUBJECT.match(_get(message, 'Subject'))
    ):
        return 'reply'
    if _get(message, 'Return-Path').strip() == '<>':
        return 'report'
    for part in message.walk():
        if part.get_content_type() == 'text/calendar' and str(
            part.get_param('method') or '',
        ).lower() in ('reply', 'counter', 'declinecounter'):
            return 'calendar'
    if (
        _get(message, 'List-Id') or _first_word(message, 'Precedence') in BULK_PRECEDENCES
    ) and not _is_own_list(message, own_lists):
        return 'list'
    return 'alert' if automatic else ''


def _is_own_list(message: EmailMessage, own_lists: Collection[str]) -> bool:
    list_id = _get(message, 'List-Id').rpartition('<')[2].strip(' >\t\r\n').lower()
    return bool(list_id) and any(
        list_id == own or list_id.endswith(f'.{own}') for own in own_lists if own
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
