""" Mark what an e-mail repeats, so that the chatter and the portal fold it.

Odoo marks blockquotes, lines that begin with ">", signatures after "-- " and the quotes of Gmail
and of Outlook on the web (`data-o-mail-quote`). Added here is what stays visible: the line that
introduces a quote, and the block of headers with which desktop programs begin one.
"""

import re

from lxml import etree, html

# longer texts are no letters of people
MAX_SIZE = 500_000
MARK = 'data-o-mail-quote'
# the headers of a quoted e-mail: who wrote it, then when or to whom, as mail programs name them
_FROM = (
    'From|Von|Od|De|Da|Van|Från|Fra|Lähettäjä|Feladó|Kimden|От|Від|Από|از|差出人|发件人'
)
_SENT = (
    'Sent|Date|Gesendet|Datum|Wysłano|Wysłane|Data|Envoyé|Enviado|Enviada|Inviato|Verzonden|Skickat|'
    'Sendt|Lähetetty|Elküldve|Gönderildi|Отправлено|Дата|Надіслано|To|An|Do|Para|À|A|Aan|Till|Til|'
    'ارسال شده'
)
HEADER_BLOCK = re.compile(
    rf'\s*(?:-{{2,}}[^\n-]{{3,60}}-{{2,}}\s*)?\*?(?:{_FROM})\s?:\*?[^\n]{{0,300}}\n[\s>]{{0,20}}'
    rf'\*?(?:{_SENT})\s?:',
)
ORIGINAL_MESSAGE = re.compile(
    r'\s*-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Wiadomość oryginalna|'
    r'Message d.origine|'
    r'Mensagem original|Mensaje original|Messaggio originale|Oorspronkelijk bericht)\s*-{2,}',
    re.IGNORECASE,
)
INTRODUCTION = re.compile(
    r'[^\n]{0,250}(?:\n[^\n]{0,120})?(?:wrote|schrieb[^\n:]{0,120}|napisał(?:\(a\)|a)?[^\n:]{0,120}|'
    r'pisze|a écrit|escreveu|escribió|ha scritto|schreef[^\n:]{0,120}|skrev[^\n:]{0,120}|kirjoitti|'
    r'írta|yazdı|пишет|написала?|пише|نوشت)\s?:\s*$',
)
SIGNATURE = re.compile(r'--\s?$')
BLOCKS = ('div', 'p', 'table', 'blockquote', 'ul', 'ol', 'hr', 'pre')


def mark_quotes(body: str) -> str:
    """ Return the HTML of an e-mail with what it repeats marked as quote.

    A text that consists of nothing else (an e-mail that was passed on) stays as it is.
    """
    if not body or len(body) > MAX_SIZE:
        return body
    try:
        root = html.fragment_fromstring(str(body), create_parent='div')
    except (etree.ParserError, ValueError):
        return body
    changed = False
    for pre in list(root.iter('pre')):
        changed |= _mark_plain(pre)
    changed |= _mark_introductions(root)
    changed |= _mark_header_block(root)
    if not changed:
        return body
    return _outer(root)


def _outer(root) -> str:
    result = html.tostring(root, encoding='unicode')
    return re.sub(r'^<div>|</div>\s*$', '', result)


def _mark_plain(pre) -> bool:
    """ Mark the quotes and the signature in preformatted text. """
    if len(pre):
        return False
    text = pre.text or ''
    lines = text.splitlines(keepends=True)
    quoted = _find_quoted_lines(lines)
    if not quoted or not ''.join(
        line for number, line in enumerate(lines) if number not in quoted
    ).strip():
        return False
    pre.text, span = '', None
    for number, line in enumerate(lines):
        if number in quoted:
            if number - 1 not in quoted:
                span = etree.SubElement(pre, 'span', {MARK: '1'})
                span.text = ''
            span.text += line
        elif span is None:
            pre.text += line
        else:
            span.tail = (span.tail or '') + line
    return True


def _find_quoted_lines(lines: list[str]) -> set[int]:
    """ Return the numbers of the lines that repeat another e-mail, or sign this one. """
    quoted = set()
    said = False
    for number, line in enumerate(lines):
        if SIGNATURE.match(line) or (said and _is_header_block(lines, number)):
            quoted.update(range(number, len(lines)))
            break
        if line.startswith('>'):
            quoted.add(number)
            above = number - 1
            while above >= 0 and not lines[above].strip() and above > number - 3:
                above -= 1
            if above >= 0 and above not in quoted and INTRODUCTION.match(lines[above].strip()):
                # the date is in the line above where the program has broken the line
                if (
                    not re.search(r'\d', lines[above]) and above
                    and re.search(r'\d', lines[above - 1])
                ):
                    above -= 1
                quoted.update(range(above, number))
        said = said or bool(line.strip() and number not in quoted)
    return quoted


def _is_header_block(lines: list[str], number: int) -> bool:
    text = ''.join(lines[number:number + 4])
    return bool(
        lines[number].strip() and (ORIGINAL_MESSAGE.match(text) or HEADER_BLOCK.match(text)),
    )


def _mark_introductions(root) -> bool:
    """ Mark the line that introduces a quote ("On Monday, Anna wrote:"). """
    changed = False
    for quote in list(root.iter()):
        if quote.tag != 'blockquote' and not quote.get(MARK):
            continue
        before = quote.getprevious()
        while before is not None and before.tag == 'br' and not (before.tail or '').strip():
            before = before.getprevious()
        if before is not None and not before.get(MARK) and not (before.tail or '').strip():
            text = before.text_content() if isinstance(before.tag, str) else ''
            if len(text) < 400 and INTRODUCTION.match(text.strip()):
                before.set(MARK, '1')
                changed = True
    return changed


def _mark_header_block(root) -> bool:
    """ Mark the headers of a quoted e-mail, and all that follows them. """
    said = bool((root.text or '').strip())
    for element in root.iterdescendants(*BLOCKS):
        if element.get(MARK):
            return False
        if said or _said_before(element):
            said = True
            text = _text_with_breaks(element)[:1500].lstrip()
            if ORIGINAL_MESSAGE.match(text) or HEADER_BLOCK.match(text):
                _mark_from(root, element)
                return True
    return False


def _text_with_breaks(element) -> str:
    parts, size = [], 0
    for node in element.iter():
        if node.tag in ('br', *BLOCKS):
            parts.append('\n')
        texts = [node.text if isinstance(node.tag, str) else '']
        if node is not element:
            texts.append(node.tail)
        for text in filter(None, texts):
            parts.append(' '.join(text.split()) + ' ')
            size += len(text)
        if size > 2000:
            break
    return re.sub(r'[ \xa0]+', ' ', ''.join(parts))


def _said_before(element) -> bool:
    """ Return whether there is text in front of an element. """
    return bool(element.xpath('preceding::text()[normalize-space()][1]'))


def _mark_from(root, element) -> None:
    """ Mark an element and everything after it, level by level. """
    node = element
    node.set(MARK, '1')
    while node is not None and node is not root:
        _wrap_tail(node)
        for sibling in list(node.itersiblings()):
            if isinstance(sibling.tag, str):
                sibling.set(MARK, '1')
            _wrap_tail(sibling)
        node = node.getparent()


def _wrap_tail(node) -> None:
    if (node.tail or '').strip():
        span = etree.Element('span', {MARK: '1'})
        span.text, node.tail = node.tail, None
        node.addnext(span)
