""" From the HTML of a message to what Telegram understands. No ORM inside. """

import re
from itertools import accumulate

from lxml import etree, html
from markupsafe import escape

from .telegram_api import MAX_TEXT_SIZE

# https://core.telegram.org/bots/api#html-style
TAGS = {
    'b': 'b', 'strong': 'b', 'th': 'b',
    'h1': 'b', 'h2': 'b', 'h3': 'b', 'h4': 'b', 'h5': 'b', 'h6': 'b',
    'i': 'i', 'em': 'i', 'u': 'u', 'ins': 'u', 's': 's', 'strike': 's', 'del': 's',
    'code': 'code', 'pre': 'pre', 'blockquote': 'blockquote', 'a': 'a',
}
# nothing may stand inside of these
VERBATIM = ('code', 'pre')
SKIPPED = ('script', 'style', 'head', 'title', 'template', 'noscript')
# how many line breaks set an element apart
BREAKS = {
    **dict.fromkeys(('div', 'li', 'tr', 'section', 'article', 'header', 'footer', 'dt', 'dd'), 1),
    **dict.fromkeys(('p', 'ul', 'ol', 'table', 'pre', 'blockquote', 'hr', 'dl'), 2),
    **dict.fromkeys(('h1', 'h2', 'h3', 'h4', 'h5', 'h6'), 2),
}
MAX_DEPTH = 100


class _Writer:
    """ Collect runs of text with the tags that they stand in. """

    def __init__(self):
        self.runs = []
        self._breaks = 0

    def set_apart(self, breaks):
        self._breaks = max(self._breaks, breaks)

    def break_line(self):
        self._breaks += 1

    def add(self, text, tags):
        if not any(tag in VERBATIM for tag, _href in tags):
            text = re.sub(r'[ \t\r\n\f\xa0]+', ' ', text)
            if self._breaks or not self.runs or self.runs[-1][0].endswith((' ', '\n')):
                text = text.lstrip(' ')
        if not text:
            return
        if self._breaks and self.runs:
            last, last_tags = self.runs[-1]
            self.runs[-1] = (last.rstrip(' '), last_tags)
            # as much inside of both as possible: a quotation of two lines is one quotation
            shared = [ours for ours, theirs in zip(tags, last_tags) if ours == theirs]
            self.runs.append(('\n' * min(self._breaks, 2), tuple(shared)))
        self._breaks = 0
        self.runs.append((text, tags))

    def walk(self, element, tags=(), depth=0):
        name = element.tag if isinstance(element.tag, str) else None
        if name is None or name in SKIPPED or depth > MAX_DEPTH:
            return
        if name == 'br':
            self.break_line()
            return
        if name == 'img':
            self.add(element.get('alt') or '', tags)
            return
        self.set_apart(BREAKS.get(name, 0))
        inner = self._get_inner_tags(element, name, tags)
        if name == 'li':
            self._write_bullet(element, tags)
        elif name in ('td', 'th') and element.getprevious() is not None:
            self.add(' | ', tags)
        self.add(element.text or '', inner)
        for child in element:
            self.walk(child, inner, depth + 1)
            self.add(child.tail or '', inner)
        self.set_apart(BREAKS.get(name, 0))

    @staticmethod
    def _get_inner_tags(element, name, tags):
        tag = TAGS.get(name)
        names = [name for name, _href in tags]
        href = (element.get('href') or '').strip() if tag == 'a' else ''
        if (
            not tag or tag in names or any(name in VERBATIM for name in names)
            or (tag in VERBATIM and names)
            or (tag == 'a' and not re.match(r'https?://\S+$', href))
        ):
            return tags
        return (*tags, (tag, href))

    def _write_bullet(self, element, tags):
        parent = element.getparent()
        if parent is not None and parent.tag == 'ol':
            position = len(list(element.itersiblings('li', preceding=True))) + 1
            self.add(f'{position}. ', tags)
        else:
            self.add('• ', tags)


def to_runs(body):
    """ Return the text of an HTML body as runs: (text, tags), tags as (name, href).

    :rtype: list[tuple[str, tuple]]
    """
    body = str(body or '').replace('\0', '').strip()
    if not body:
        return []
    try:
        root = html.fromstring(f'<div>{body}</div>')
    except (etree.ParserError, ValueError):
        return []
    writer = _Writer()
    writer.walk(root)
    return writer.runs


def _units(character):
    """ Return how much a character counts: Telegram counts in UTF-16. """
    return 2 if ord(character) > 0xFFFF else 1


def text_size(text):
    return sum(map(_units, text))


def _cut(text, limit):
    """ Return where to cut a text that is longer than the limit, at best between lines. """
    sizes = accumulate(map(_units, text))
    end = next((position for position, size in enumerate(sizes) if size > limit), None)
    if end is None:
        return len(text)
    for separator in ('\n', ' '):
        position = text.rfind(separator, end // 2, end)
        if position > 0:
            return position
    return end


def _render(runs):
    """ Return runs as HTML in which every tag is closed. """
    parts, opened = [], []
    for text, tags in runs:
        shared = 0
        while shared < min(len(opened), len(tags)) and opened[shared] == tags[shared]:
            shared += 1
        parts += [f'</{name}>' for name, _href in reversed(opened[shared:])]
        parts += [
            f'<{name} href="{escape(href)}">' if href else f'<{name}>'
            for name, href in tags[shared:]
        ]
        opened = list(tags)
        parts.append(escape(text))
    parts += [f'</{name}>' for name, _href in reversed(opened)]
    return ''.join(map(str, parts))


def split_runs(runs, limit=MAX_TEXT_SIZE):
    """ Return runs as pieces of HTML, none of which is longer than Telegram allows.

    The length counts without the tags.

    :rtype: list[str]
    """
    pieces = []
    text = ''.join(text for text, _tags in runs)
    while text.strip():
        cut = _cut(text, limit)
        taken, left, rest = [], cut, []
        for run_text, tags in runs:
            if left > 0:
                taken.append((run_text[:left], tags))
            if len(run_text) > left:
                rest.append((run_text[max(left, 0):], tags))
            left -= len(run_text)
        piece = _render([run for run in taken if run[0]])
        if ''.join(text for text, _tags in taken).strip():
            pieces.append(piece.strip())
        # a new piece begins with a word
        while rest and not rest[0][0].strip():
            rest.pop(0)
        if rest:
            rest[0] = (rest[0][0].lstrip(), rest[0][1])
        runs, text = rest, ''.join(text for text, _tags in rest)
    return pieces


def to_plain(piece):
    """ Return a piece of HTML as plain text. """
    return html.fromstring(f'<div>{piece}</div>').text_content() if piece else ''
