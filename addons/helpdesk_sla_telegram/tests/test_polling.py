from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TelegramCase
from .fake_telegram import ApiError


@tagged('post_install', '-at_install')
class TestPolling(TelegramCase):
    """ Servers without a public address ask for messages. """

    def test_messages_are_fetched_and_confirmed_by_the_next_question(self):
        self.telegram.write(self.ann, f'/start {self.draw_code()}')
        self.run_cron('poll')
        self.assertTrue(self.find_chat(self.ann['id']))
        self.assertEqual(len(self.telegram.updates), 1, "confirmed only after the commit")
        self.run_cron('poll')
        self.assertFalse(self.telegram.updates)
        self.telegram.write(self.ann, "The label printer is on fire")
        self.run_cron('poll')
        self.run_crons()
        self.assertEqual(len(self.tickets()), 1)

    def test_killed_before_the_commit_nothing_is_lost_or_twice(self):
        self.link()
        self.telegram.updates.clear()
        self.telegram.write(self.ann, "The label printer is on fire")
        with self.assertRaises(KeyboardInterrupt), self.env.cr.savepoint():
            self.bot._poll(0)
            raise KeyboardInterrupt
        self.env.invalidate_all()
        self.run_cron('poll')
        self.run_cron('poll')
        self.run_crons()
        self.assertEqual(len(self.tickets()), 1)

    def test_offset_that_was_lost_makes_nothing_twice(self):
        self.link()
        self.telegram.write(self.ann, "The label printer is on fire")
        self.run_cron('poll')
        self.bot.update_offset = False
        self.run_cron('poll')
        self.run_crons()
        self.assertEqual(len(self.tickets()), 1)
        self.assertFalse(self.comments(self.tickets()))

    def test_stranger_is_answered(self):
        self.telegram.write(self.stranger, "Hello")
        self.run_cron('poll')
        [text] = self.telegram.texts(self.stranger['id'])
        self.assertIn("people I know", text)

    def test_what_cannot_be_read_does_not_hold_up_the_rest(self):
        self.link()
        self.telegram.updates.clear()
        self.telegram._push({'message': {'chat': "nonsense"}})
        self.telegram._push({'callback_query': {}})
        self.telegram.write(self.ann, "The label printer is on fire")
        self.run_cron('poll')
        self.run_crons()
        self.assertEqual(len(self.tickets()), 1)

    def test_what_cannot_be_taken_in_does_not_hold_up_the_rest(self):
        self.link()
        self.telegram.updates.clear()
        update = self.telegram.write(self.ann, "Hello")
        bot_class = type(self.bot)
        receive = bot_class._receive

        def _receive(bot, incoming):
            if incoming['update_id'] == str(update['update_id']):
                raise ValueError("no")
            return receive(bot, incoming)

        self.patch(bot_class, '_receive', _receive)
        self.telegram.write(self.ann, "The label printer is on fire")
        with mute_logger('odoo.addons.helpdesk_sla_telegram.models.helpdesk_telegram_bot'):
            self.run_cron('poll')
        self.run_crons()
        self.assertEqual(self.tickets().name, "The label printer is on fire")

    def test_error_is_shown_on_the_bot(self):
        self.telegram.fail('getUpdates', ApiError(409, "Conflict: terminated by other getUpdates"))
        self.run_cron('poll')
        self.assertIn("Conflict", self.bot.last_error)
        self.assertEqual(self.bot.state, 'connected')

    def test_bot_that_another_worker_asks_for_is_left_to_it(self):
        self.telegram.write(self.ann, "Hello")
        self.patch(type(self.bot), 'try_lock_for_update', lambda self, **kwargs: self.browse())
        self.run_cron('poll')
        self.assertFalse(self.telegram.calls)

    def test_job_runs_only_while_a_bot_needs_it(self):
        cron = self.env.ref('helpdesk_sla_telegram.ir_cron_telegram_poll')
        self.assertTrue(cron.active)
        self.bot.action_disconnect()
        self.assertFalse(cron.active)

    def test_long_poll_waits_for_a_message(self):
        self.link()
        self.run_cron('poll')
        self.telegram.updates.clear()
        self.telegram.calls.clear()
        self.bot._poll(1)
        [(method, params)] = self.telegram.calls
        self.assertEqual((method, params['timeout']), ('getUpdates', 1))
        self.assertEqual(params['allowed_updates'], ['message', 'edited_message', 'my_chat_member'])
