from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.helpdesk_sla.tests.test_access import USERS

from .common import TelegramCase

MODELS = ('bot', 'chat', 'message', 'update', 'code', 'counter')


@tagged('post_install', '-at_install')
class TestAccess(TelegramCase):
    """ Who sees and changes what? The table is in docs/access.md. """

    def setUp(self):
        super().setUp()
        self.link()
        self.ticket = self.ask()
        self.receive(self.telegram.write(self.stranger, "Hello"))

    def allowed(self, user, name, operation):
        """ Return whether a user may do something with a record of a model that is there. """
        record = self.env[f'helpdesk.telegram.{name}'].search([], limit=1)
        if name == 'message':
            record = self.ticket.telegram_message_ids[:1]
        self.assertTrue(record, name)
        return record.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids,
        ).has_access(operation)

    def test_outsiders_reach_nothing(self):
        for role in ('Public', 'Portal', 'Internal'):
            user = new_test_user(self.env, f'tg_{role}', groups=USERS[role],
                                 company_id=self.company.id)
            for name in MODELS:
                for operation in ('read', 'write', 'create', 'unlink'):
                    self.assertFalse(self.allowed(user, name, operation), (role, name, operation))

    def test_customer_reaches_nothing_of_the_own_chat_either(self):
        for name in MODELS:
            self.assertFalse(self.allowed(self.portal_client, name, 'read'), name)
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.portal_client).read(['telegram_chat_id'])

    def test_agents_read(self):
        for name, expected in (
            ('bot', True), ('chat', True), ('message', True), ('update', False), ('code', False),
            ('counter', False),
        ):
            self.assertEqual(self.allowed(self.agent, name, 'read'), expected, name)
            for operation in ('write', 'create', 'unlink'):
                self.assertFalse(self.allowed(self.agent, name, operation), (name, operation))
                self.assertFalse(self.allowed(self.leader, name, operation), (name, operation))

    def test_administrators_set_up_bots_and_write_no_messages(self):
        for operation in ('read', 'write', 'create', 'unlink'):
            self.assertTrue(self.allowed(self.manager, 'bot', operation))
        for name in ('chat', 'message', 'update', 'code', 'counter'):
            for operation in ('write', 'create', 'unlink'):
                self.assertFalse(self.allowed(self.manager, name, operation), (name, operation))

    def test_team_that_is_hidden_hides_its_chats(self):
        self.team.privacy_visibility = 'invited_internal'
        for name in ('bot', 'chat', 'message'):
            self.assertTrue(self.allowed(self.agent, name, 'read'), name)
        self.team.member_ids -= self.agent
        self.ticket.message_unsubscribe(self.agent.partner_id.ids)
        self.env.invalidate_all()
        for name in ('bot', 'chat', 'message'):
            self.assertFalse(self.allowed(self.agent, name, 'read'), name)

    def test_other_company_sees_nothing(self):
        user = new_test_user(
            self.env, 'tg_far', groups=USERS['Administrator'], company_id=self.other_company.id,
            company_ids=self.other_company.ids,
        )
        for name in ('bot', 'chat', 'message', 'update'):
            self.assertFalse(self.allowed(user, name, 'read'), name)

    def test_chat_of_a_ticket_is_not_changed_by_hand(self):
        other = self.link(self.olga, self.portal_other)
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.agent).telegram_chat_id = other
        # and if it were: nothing is said to another client
        self.ticket.telegram_chat_id = other
        self.telegram.sent.clear()
        self.answer(self.ticket, "A secret")
        self.assertFalse(self.telegram.sent)

    def test_only_the_helpdesk_ends_links(self):
        chat = self.find_chat(self.ann['id'])
        for user in (self.portal_client, self.outsider):
            with self.assertRaises(AccessError):
                chat.with_user(user).action_unlink_chat()

    def test_only_administrators_connect(self):
        for user in (self.agent, self.leader, self.portal_client):
            for action in ('action_connect', 'action_disconnect'):
                with self.assertRaises(AccessError):
                    getattr(self.bot.with_user(user), action)()
        self.bot.with_user(self.manager).action_disconnect()
        self.bot.with_user(self.manager).action_connect()

    def test_forms_open_for_those_who_use_them(self):
        for user in (self.agent, self.leader, self.manager):
            self.ticket.with_user(user).web_read({
                'telegram_chat_id': {'fields': {'display_name': {}}},
                'telegram_failed_count': {}, 'telegram_message_count': {},
            })
            self.find_chat(self.ann['id']).with_user(user).web_read({
                'name': {}, 'ticket_count': {}, 'user_id': {'fields': {'display_name': {}}},
            })
