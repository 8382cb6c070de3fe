import json
from unittest import skipUnless

try:
    from hypothesis import given, settings, strategies as st
except ImportError:  # tests/requirements.txt names it; the examples do without
    st = None

from odoo.tests import TransactionCase, tagged

from odoo.addons.helpdesk_sla.tests.common import EFFORT
from odoo.addons.helpdesk_sla_telegram.tools.telegram_html import (
    split_runs,
    text_size,
    to_plain,
    to_runs,
)
from odoo.addons.helpdesk_sla_telegram.tools.telegram_update import parse_update

from .fake_telegram import _Entities

TAGS = [
    'b', 'i', 'u', 's', 'p', 'div', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code', 'table', 'tr',
    'td', 'h1', 'span', 'script', 'a', 'br', 'img',
]


def html():
    """ Return a strategy for bodies of messages, from the mended to the mad. """
    return st.recursive(
        st.text(alphabet='ab <>&"\'\n😀é', max_size=12).map(
            lambda text: text.replace('&', '&amp;').replace('<', '&lt;'),
        ),
        lambda inner: st.builds(
            lambda tag, parts: f'<{tag} href="https://x.example/?a=1&b=2">{"".join(parts)}</{tag}>',
            st.sampled_from(TAGS), st.lists(inner, max_size=4),
        ),
        max_leaves=25,
    )


def convert(body):
    return split_runs(to_runs(body))


@tagged('post_install', '-at_install')
class TestTools(TransactionCase):
    """ From and to Telegram's own forms. """

    # === HTML === #

    def test_what_telegram_knows_is_kept(self):
        for body, expected in (
            ("<p>Hello</p>", "Hello"),
            ("<p>One</p><p>Two</p>", "One\n\nTwo"),
            ("One<br>Two", "One\nTwo"),
            ("<div>One</div><div>Two</div>", "One\nTwo"),
            ("<p><strong>Bold</strong> and <em>not</em></p>", "<b>Bold</b> and <i>not</i>"),
            ("<h2>Title</h2><p>Text</p>", "<b>Title</b>\n\nText"),
            ("<ul><li>One</li><li>Two</li></ul>", "• One\n• Two"),
            ("<ol><li>One</li><li>Two</li></ol>", "1. One\n2. Two"),
            ('<a href="https://x.example?a=1&amp;b=2">here</a>',
             '<a href="https://x.example?a=1&amp;b=2">here</a>'),
            ('<a href="javascript:alert(1)">here</a>', "here"),
            ('<a href="#" data-oe-id="3">@Ann</a>', "@Ann"),
            ("<pre>a  b\n c</pre>", "<pre>a  b\n c</pre>"),
            ("<code>a &lt; b</code>", "<code>a &lt; b</code>"),
            ("<blockquote><p>One</p><p>Two</p></blockquote>",
             "<blockquote>One\n\nTwo</blockquote>"),
            ("<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>", "A | B\nC"),
            ("<script>alert(1)</script><style>p{}</style>Text", "Text"),
            ("<span style='color:red'>  much \n space </span>", "much space"),
            ("1 &lt; 2 &amp; 3", "1 &lt; 2 &amp; 3"),
            ("<p><br></p>", None),
            ("", None),
            (False, None),
        ):
            self.assertEqual(convert(body), [expected] if expected else [], body)

    def test_pieces_are_cut_between_words_and_every_tag_is_closed(self):
        pieces = split_runs(to_runs("<b>one two <i>three</i> four</b> five"), limit=12)
        self.assertEqual(pieces, ["<b>one two</b>", "<b><i>three</i> four</b>", "five"])

    def test_length_counts_as_telegram_counts(self):
        self.assertEqual(text_size("a😀"), 3)
        pieces = split_runs(to_runs("😀" * 3000))
        self.assertEqual([text_size(to_plain(piece)) for piece in pieces], [4096, 1904])

    @skipUnless(st, "hypothesis is not installed")
    def test_any_body_is_taken_by_telegram_and_no_word_is_lost(self):
        @settings(max_examples=300 * EFFORT, derandomize=True, deadline=None, database=None)
        @given(html(), st.integers(5, 60))
        def check(body, limit):
            runs = to_runs(body)
            pieces = split_runs(runs, limit)
            for piece in pieces:
                text = _Entities(piece).text
                self.assertLessEqual(text_size(text), limit)
                self.assertTrue(text.strip())
            self.assertEqual(
                ''.join(''.join(_Entities(piece).text for piece in pieces).split()),
                ''.join(''.join(text for text, _tags in runs).split()),
            )

        check()

    # === UPDATES === #

    def parse(self, **message):
        return parse_update({'update_id': 1, 'message': {
            'message_id': 2, 'date': 3, 'chat': {'id': 4, 'type': 'private'},
            'from': {'id': 4, 'is_bot': False, 'first_name': "Ann"}, **message,
        }})

    def test_hidden_links_are_shown(self):
        values = self.parse(text="😀 see here, please", entities=[
            {'type': 'text_link', 'offset': 7, 'length': 4, 'url': 'https://x.example'},
        ])
        self.assertEqual(values['text'], "😀 see here (https://x.example), please")

    def test_commands(self):
        for text, command, bot, argument in (
            ("/start ABCD", 'start', '', "ABCD"),
            ("/new", 'new', '', ""),
            ("/Ticket@Acme_bot  one\ntwo ", 'ticket', 'acme_bot', "one\ntwo"),
            ("/etc/hosts", '', '', ""),
            ("see /new", '', '', ""),
        ):
            values = self.parse(text=text)
            self.assertEqual(
                (values['command'], values['command_bot'], values['argument']),
                (command, bot, argument), text,
            )

    def test_what_the_database_refuses_is_taken_out(self):
        values = self.parse(text="a\0b\ud800c")
        self.assertEqual(values['text'], "ab\ufffdc")
        json.dumps(values).encode()

    def test_names_of_files_are_no_paths(self):
        for name, expected in (
            ('../../etc/passwd', 'passwd'), ('C:\\x\\y.txt', 'y.txt'), ('..', 'file_2.bin'),
            ('a\0b.txt', 'ab.txt'), (7, 'file_2.bin'),
        ):
            values = self.parse(document={'file_id': 'F', 'file_name': name})
            self.assertEqual(values['files'][0]['name'], expected)

    def test_what_is_not_for_us(self):
        for update in (
            None, [], "text", {}, {'update_id': True}, {'update_id': -1, 'message': {}},
            {'update_id': 1, 'channel_post': {}}, {'update_id': 1, 'message': {'chat': 5}},
        ):
            self.assertIsNone(parse_update(update))
        self.assertIsNone(self.parse(new_chat_members=[]))
        self.assertIsNone(self.parse(text="Hi", chat={'id': -4, 'type': 'channel'}))
