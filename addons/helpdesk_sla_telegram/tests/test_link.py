from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TelegramCase


@tagged('post_install', '-at_install')
class TestLink(TelegramCase):
    """ Who is spoken with: only those who have a code of a user of the portal. """

    # === CODES === #

    def test_code_is_kept_as_a_hash(self):
        code = self.draw_code()
        self.assertRegex(code, r'^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$')
        stored = self.env['helpdesk.telegram.code'].search(
            [('user_id', '=', self.portal_client.id)],
        )
        self.assertNotIn(code.replace('-', ''), stored.code_hash.upper())

    def test_code_links_by_deep_link(self):
        replies = self.receive(self.telegram.write(self.ann, f'/start {self.draw_code()}'))
        self.assertFalse(replies)
        chat = self.find_chat(self.ann['id'])
        self.assertEqual(chat.partner_id, self.client_contact)
        self.assertEqual(chat.name, "Ann Kowalska (@annk)")
        self.assertIn("linked to your account", self.telegram.texts(self.ann['id'])[0])

    def test_code_links_when_it_is_typed(self):
        self.receive(self.telegram.write(self.ann, self.draw_code().lower().replace('-', '')))
        self.assertEqual(self.find_chat(self.ann['id']).partner_id, self.client_contact)

    def test_code_works_once(self):
        code = self.draw_code()
        self.receive(self.telegram.write(self.ann, code))
        [reply] = self.receive(self.telegram.write(self.stranger, code))
        self.assertIn("not valid", reply)
        self.assertFalse(self.find_chat(self.stranger['id']))

    def test_code_expires(self):
        code = self.draw_code()
        self.go_to(fields.Datetime.now() + timedelta(minutes=31))
        [reply] = self.receive(self.telegram.write(self.ann, code))
        self.assertIn("not valid", reply)
        self.assertFalse(self.find_chat(self.ann['id']))

    def test_code_works_until_it_expires(self):
        code = self.draw_code()
        self.go_to(fields.Datetime.now() + timedelta(minutes=29))
        self.receive(self.telegram.write(self.ann, code))
        self.assertTrue(self.find_chat(self.ann['id']))

    def test_next_code_takes_the_place_of_the_one_before(self):
        first = self.draw_code()
        second = self.draw_code()
        self.receive(self.telegram.write(self.stranger, first))
        self.assertFalse(self.find_chat(self.stranger['id']))
        self.receive(self.telegram.write(self.ann, second))
        self.assertTrue(self.find_chat(self.ann['id']))

    def test_codes_are_limited(self):
        for _time in range(5):
            self.draw_code()
        with self.assertRaises(UserError):
            self.draw_code()
        self.draw_code(self.portal_other)
        self.go_to(fields.Datetime.now() + timedelta(hours=1, minutes=1))
        self.draw_code()

    def test_guessing_is_stopped(self):
        replies = self.receive(*(
            self.telegram.write(self.stranger, f'ABCD-EFGH-JKL{letter}') for letter in 'ABCDEFGH'
        ))
        self.assertEqual(len(replies), 6)
        self.assertIn("in an hour", replies[-1])
        # the right one does not help any more either
        self.assertFalse(self.receive(self.telegram.write(self.stranger, self.draw_code())))
        self.assertFalse(self.find_chat(self.stranger['id']))

    def test_code_of_a_user_who_left_is_worth_nothing(self):
        code = self.draw_code()
        self.portal_client.active = False
        self.receive(self.telegram.write(self.ann, code))
        self.assertFalse(self.find_chat(self.ann['id']))

    def test_code_of_a_contact_of_another_company_is_worth_nothing(self):
        user = self.create_user('far', 'base.group_portal')
        user.write({
            'company_ids': [Command.link(self.other_company.id)],
            'company_id': self.other_company.id,
        })
        user.partner_id.company_id = self.other_company
        self.receive(self.telegram.write(self.ann, self.draw_code(user)))
        self.assertFalse(self.find_chat(self.ann['id']))

    # === STRANGERS === #

    def test_stranger_gets_one_polite_sentence_and_nothing_is_kept(self):
        before = {
            model: self.env[model].search_count([])
            for model in self.env.registry
            if model.startswith('helpdesk.') and not self.env[model]._abstract
            and self.env[model]._auto and model != 'helpdesk.telegram.counter'
        }
        replies = self.receive(*(
            self.telegram.write(self.stranger, text)
            for text in ("Hello", "/start", "What about HT00001?", "/help", "/new Attack")
        ))
        [reply] = replies
        self.assertIn("people I know", reply)
        for model, number in before.items():
            self.assertEqual(self.env[model].search_count([]), number, model)
        counters = self.env['helpdesk.telegram.counter'].search([])
        self.assertNotIn(str(self.stranger['id']), ' '.join(counters.mapped('key')))
        self.go_to(fields.Datetime.now() + timedelta(hours=2))
        self.assertEqual(len(self.receive(self.telegram.write(self.stranger, "Hello"))), 1)

    def test_group_of_strangers_is_left_alone_unless_it_asks(self):
        self.assertFalse(self.receive(self.telegram.write(self.ann, "Hi all", group=self.GROUP)))
        self.assertEqual(len(self.receive(
            self.telegram.write(self.ann, "/ticket Help", group=self.GROUP),
        )), 1)

    def test_bots_are_not_answered(self):
        robot = {**self.stranger, 'is_bot': True}
        self.assertFalse(self.receive(self.telegram.write(robot, "Hello")))

    # === GROUPS === #

    def test_group_is_linked_to_the_client(self):
        chat = self.link_group()
        self.assertEqual(chat.partner_id, self.client)
        self.assertEqual(chat.chat_type, 'group')

    def test_group_is_not_linked_by_us(self):
        [reply] = self.receive(self.telegram.write(
            self.ann, f'/link {self.draw_code(self.agent)}', group=self.GROUP,
        ))
        self.assertIn("works for the client", reply)
        self.assertFalse(self.find_chat(self.GROUP))

    def test_group_that_migrates_stays_linked(self):
        chat = self.link_group()
        self.receive(self.telegram.write(
            self.ann, group=self.GROUP, migrate_to_chat_id=-1009876543210,
        ))
        self.assertEqual(chat.telegram_id, '-1009876543210')
        self.assertEqual(chat.state, 'linked')

    # === UNLINKING === #

    def test_stop_ends_the_link(self):
        chat = self.link()
        ticket = self.ask()
        self.receive(self.telegram.write(self.ann, '/stop'))
        self.assertEqual(chat.state, 'unlinked')
        self.assertIn("not linked", self.telegram.texts(self.ann['id'])[-1])
        self.assertIn("not linked any more", self.notes(ticket))
        self.telegram.sent.clear()
        self.answer(ticket, "Better?")
        self.assertFalse(self.telegram.sent)
        self.receive(self.telegram.write(self.ann, "Hello?"))
        self.assertEqual(len(self.tickets()), 1)

    def test_stop_in_a_group_is_for_the_clients_people(self):
        chat = self.link_group()
        self.receive(self.telegram.write(self.stranger, '/stop', group=self.GROUP))
        self.assertEqual(chat.state, 'linked')
        self.link(self.bob, self.colleague)
        self.receive(self.telegram.write(self.bob, '/stop', group=self.GROUP))
        self.assertEqual(chat.state, 'unlinked')

    def test_agent_ends_the_link(self):
        chat = self.link()
        chat.with_user(self.agent).action_unlink_chat()
        self.assertEqual(chat.state, 'unlinked')
        self.assertIn("Agent", chat.unlink_reason)

    def test_blocking_the_bot_ends_the_link(self):
        chat = self.link()
        self.receive(self.telegram.block(self.ann))
        self.assertEqual(chat.state, 'unlinked')

    def test_user_who_left_is_a_stranger(self):
        chat = self.link()
        self.portal_client.active = False
        replies = self.receive(self.telegram.write(self.ann, "Show me the tickets"))
        self.assertEqual(len(replies), 1)
        self.assertEqual(chat.state, 'unlinked')
        self.assertFalse(self.tickets())

    def test_linking_again_goes_on_with_the_same_tickets(self):
        chat = self.link()
        ticket = self.ask()
        self.receive(self.telegram.write(self.ann, '/stop'))
        self.assertEqual(self.link(), chat)
        self.receive(self.telegram.write(self.ann, "And it smokes"))
        self.assertIn("And it smokes", self.comments(ticket)[-1].body)

    def test_chat_that_changes_hands_tells_nothing_of_the_former_client(self):
        chat = self.link()
        ticket = self.ask()
        other = self.link(self.ann, self.portal_other)
        self.assertNotEqual(other, chat)
        self.assertEqual(chat.state, 'unlinked')
        self.answer(ticket, "A secret of the former client")
        self.assertFalse(self.telegram.sent)
        ticket2 = self.ask("A request of the next client")
        self.assertEqual(ticket2.partner_id, self.other_contact)
