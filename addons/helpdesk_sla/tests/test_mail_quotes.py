from lxml import html

from odoo.tests import BaseCase, tagged

from odoo.addons.helpdesk_sla.tests.test_mail_gateway import MailGatewayCase
from odoo.addons.helpdesk_sla.tools.mail_quotes import mark_quotes

# what stays visible | what is folded
PLAIN = {
    'Gmail, English': (
        "Thanks!\n\n", "On Mon, 3 Mar 2025 at 10:00, Support <a@b.c> wrote:\n> Hello",
    ),
    'Gmail, wrapped': (
        "Thanks!\n\n", "On Mon, 3 Mar 2025 at 10:00, Support\n<a@b.c> wrote:\n\n> Hello",
    ),
    'Polish': ("Dzien dobry\n\n", "W dniu 3.03.2025 o 10:00, Support pisze:\n> Witam\n> x"),
    'Polish, Gmail': ("Tak\n", "pon., 3 mar 2025 o 10:00 Support <a@b.c> napisał(a):\n> Witam"),
    'German': ("Danke\n", "Am 03.03.25 um 10:00 schrieb Support:\n> Hallo"),
    'Portuguese': ("Sim\n", "Em seg., 3 de mar. de 2025 às 10:00, Suporte escreveu:\n> Oi"),
    'Outlook, English': (
        "Ok\n\n", "From: Support <a@b.c>\nSent: Monday\nTo: Anna\nSubject: x\n\nHello",
    ),
    'Outlook, German': ("Ok\n\n", "Von: Support\nGesendet: Montag\nAn: Anna\n\nHallo"),
    'Outlook, Polish': ("Ok\n\n", "Od: Support\nWysłano: poniedziałek\nDo: Anna\n\nWitam"),
    'original message': ("Ok\n", "-----Original Message-----\nFrom: Support\nHello"),
}


def visible_text(body):
    root = html.fragment_fromstring(str(body), create_parent='div')
    for quote in root.xpath('//*[@data-o-mail-quote]'):
        quote.clear(keep_tail=True)
    return ' '.join(root.text_content().split())


@tagged('post_install', '-at_install')
class TestMailQuotes(BaseCase):
    """ What an e-mail repeats is marked, what it says is not. """

    def pre(self, text):
        return '<pre>%s</pre>' % text.replace('&', '&amp;').replace('<', '&lt;')

    def test_plain(self):
        for name, (said, quoted) in PLAIN.items():
            with self.subTest(name):
                body = mark_quotes(self.pre(said + quoted))
                self.assertEqual(visible_text(body), said.strip())
                text = html.fragment_fromstring(body, create_parent='div').text_content()
                self.assertEqual(text, said + quoted, "nothing is lost")

    def test_answer_below_the_quote_stays_visible(self):
        body = mark_quotes(self.pre("On Monday, Support wrote:\n> When?\nTomorrow.\n"))
        self.assertEqual(visible_text(body), "Tomorrow.")

    def test_signature_below_a_quote_is_folded(self):
        body = mark_quotes(self.pre("Yes.\n\n> When?\n\nTomorrow.\n\n-- \nAnna\n"))
        self.assertEqual(visible_text(body), "Yes. Tomorrow.")

    def test_forwarded_mail_stays_visible(self):
        for text in (
            "From: Anna\nSent: Monday\nTo: us\n\nHelp!",
            "-----Original Message-----\nFrom: Anna\nHelp!",
        ):
            self.assertIn("Help!", visible_text(mark_quotes(self.pre(text))))

    def test_text_that_only_looks_alike_stays_visible(self):
        for text in (
            "From: now on it is broken", "He wrote:\nNothing works", "Date: today\nTo: all",
        ):
            body = self.pre("Hello\n" + text)
            self.assertEqual(mark_quotes(body), body)

    def test_outlook_html(self):
        body = mark_quotes(
            '<div><p>Thanks</p><div><div style="border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> '
            'Support<br><b>Sent:</b> Monday<br><b>To:</b> Anna</p></div></div><p>old</p></div> x',
        )
        self.assertEqual(visible_text(body), "Thanks")

    def test_thunderbird_introduction(self):
        body = mark_quotes(
            '<p>Ja</p><div>Am 3.3.25 um 10:00 schrieb Support:</div><blockquote>Hallo</blockquote>',
        )
        self.assertIn('<div data-o-mail-quote="1">Am 3.3.25', body)

    def test_endless_text_costs_no_time(self):
        for text in (
            '<div>' * 3000 + 'x', self.pre("a: \n" * 60_000), self.pre("From: " * 50_000),
            self.pre("From: a\n" * 40_000), self.pre("1 wrote:\n> x\n" * 20_000),
        ):
            self.assertTrue(mark_quotes(text))


@tagged('post_install', '-at_install')
class TestMailQuotesInTickets(MailGatewayCase):

    def test_quote_of_an_answer_is_marked(self):
        ticket = self.receive()
        self.answer(
            ticket, "It works.\n\nOn Monday, Support wrote:\n> Does it?\n\n-- \nAnna\nNowak Ltd\n",
        )
        message = ticket.message_ids.filtered(lambda message: "It works" in message.body)
        self.assertEqual(visible_text(message.body), "It works.")
