from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PNG, TelegramCase
from .fake_telegram import ApiError

UPDATE_LOGGER = 'odoo.addons.helpdesk_sla_telegram.models.helpdesk_telegram_update'


@tagged('post_install', '-at_install')
class TestIncoming(TelegramCase):
    """ What linked people write becomes tickets, and messages in them. """

    # === TICKETS === #

    def test_message_becomes_a_ticket(self):
        chat = self.link()
        ticket = self.ask("The label printer is on fire\nSince this morning <b>!")
        self.assertEqual(ticket.name, "The label printer is on fire")
        self.assertIn("Since this morning &lt;b&gt;!", ticket.description)
        self.assertEqual(ticket.channel, 'telegram')
        self.assertEqual(ticket.team_id, self.team)
        self.assertEqual(ticket.partner_id, self.client_contact)
        self.assertEqual(ticket.telegram_chat_id, chat)

    def test_receipt_names_the_reference_and_the_promise(self):
        self.create_policy('first_response', 2)
        self.link()
        ticket = self.ask()
        [text] = self.telegram.texts(self.ann['id'])
        self.assertIn(ticket.ticket_ref, text)
        self.assertIn(ticket.name, text)
        self.assertIn("You will have our answer by Monday, March 2, 2026 at 11:00", text)

    def test_receipt_is_not_sent_by_mail_as_well(self):
        self.link()
        before = self.env['mail.mail'].sudo().search([])
        self.stage_new.template_id = self.env.ref('helpdesk_sla.mail_template_ticket_received')
        self.ask()
        mails = self.env['mail.mail'].sudo().search([]) - before
        self.assertNotIn(self.client_contact, mails.recipient_ids)

    def test_long_first_line_is_cut_between_words(self):
        self.link()
        ticket = self.ask("word " * 60)
        self.assertLessEqual(len(ticket.name), 100)
        self.assertTrue(ticket.name.endswith("word…"))
        self.assertEqual(str(ticket.description).count("word"), 60)

    def test_second_message_joins_the_open_ticket_and_counts_as_the_customers(self):
        self.create_policy('next_response', 2)
        self.link()
        ticket = self.ask()
        self.answer(ticket, "Is it still burning?")
        self.assertFalse(ticket.customer_waiting_since)
        self.go_to('mon 10:00')
        self.receive(self.telegram.write(self.ann, "Yes"))
        self.assertEqual(len(self.tickets()), 1)
        message = self.comments(ticket)[-1]
        self.assertEqual(message.author_id, self.client_contact)
        self.assertTrue(ticket._is_customer_message(message))
        self.assertMoment(ticket.customer_waiting_since, 'mon 10:00')

    def test_message_ends_the_wait_for_the_customer(self):
        self.link()
        ticket = self.ask()
        self.move(ticket, self.stage_customer)
        self.receive(self.telegram.write(self.ann, "Here you are"))
        self.assertEqual(ticket.stage_id, self.stage_progress)

    def test_message_after_the_solution_opens_a_new_ticket(self):
        self.link()
        ticket = self.ask()
        self.move(ticket, self.stage_solved)
        other = self.ask("Something else")
        self.assertEqual(ticket.stage_id, self.stage_solved)
        self.assertEqual(other.name, "Something else")

    def test_answer_to_a_message_goes_to_its_ticket_and_opens_it_again(self):
        self.link()
        ticket = self.ask("First")
        self.answer(ticket, "Done")
        answer = self.telegram.sent[-1]
        self.move(ticket, self.stage_solved)
        self.ask("Second")
        self.receive(self.telegram.write(self.ann, "Not at all", reply_to=answer))
        self.assertIn("Not at all", self.comments(ticket)[-1].body)
        self.assertEqual(ticket.stage_id, self.stage_progress)

    def test_new_opens_another_ticket(self):
        self.link()
        self.ask("First")
        ticket = self.ask("/new The scale is wrong\nBy two kilos")
        self.assertEqual(ticket.name, "The scale is wrong")

    def test_new_alone_makes_the_next_message_a_ticket(self):
        self.link()
        self.ask("First")
        self.receive(self.telegram.write(self.ann, '/new'))
        self.assertEqual(len(self.tickets()), 1)
        self.assertEqual(self.ask("Second").name, "Second")
        self.receive(self.telegram.write(self.ann, "More of the second"))
        self.assertEqual(len(self.tickets()), 2)

    def test_with_several_open_tickets_it_is_said_where_a_message_went(self):
        self.link()
        self.ask("First")
        ticket = self.ask("/new Second")
        self.telegram.sent.clear()
        self.receive(self.telegram.write(self.ann, "More"))
        [text] = self.telegram.texts()
        self.assertIn(ticket.ticket_ref, text)

    def test_message_follows_a_merge(self):
        self.link()
        ticket = self.ask("First")
        target = self.create_ticket(name="Target", partner_id=self.client_contact.id)
        target.with_user(self.manager)._merge(ticket.with_user(self.manager))
        self.receive(self.telegram.write(self.ann, "More"))
        self.assertIn("More", self.comments(target)[-1].body)
        self.telegram.sent.clear()
        self.answer(target, "We see")
        self.assertEqual(len(self.telegram.sent), 1)

    def test_customer_corrected_takes_the_ticket_out_of_the_chat(self):
        self.link()
        ticket = self.ask("First")
        ticket.with_user(self.agent).partner_id = self.other_contact
        self.assertFalse(ticket.telegram_chat_id)
        self.telegram.sent.clear()
        self.answer(ticket, "A secret of the other client")
        self.assertFalse(self.telegram.sent)
        self.ask("Another one")

    def test_help(self):
        self.link()
        self.receive(self.telegram.write(self.ann, '/help'))
        self.assertIn("/new", self.telegram.texts()[-1])
        self.assertFalse(self.tickets())

    def test_path_is_no_command(self):
        self.link()
        self.assertEqual(self.ask("/etc/hosts is empty").name, "/etc/hosts is empty")

    # === ONCE === #

    def test_delivered_twice_is_registered_once(self):
        self.link()
        update = self.telegram.write(self.ann, "Once")
        self.receive(update, update)
        self.receive(update)
        self.assertEqual(len(self.tickets()), 1)
        self.assertFalse(self.comments(self.tickets()))

    def test_what_was_registered_is_forgotten_in_the_queue(self):
        self.link()
        self.ask("A secret")
        update = self.env['helpdesk.telegram.update'].search([], limit=1)
        self.assertEqual(update.state, 'done')
        self.assertFalse(update.payload)

    def test_failure_is_tried_again_in_order(self):
        self.link()
        bot_class = type(self.env['helpdesk.telegram.chat'])
        with patch.object(bot_class, '_open_ticket', side_effect=ValueError("no")), mute_logger(
            UPDATE_LOGGER,
        ):
            self.receive(
                self.telegram.write(self.ann, "First"), self.telegram.write(self.ann, "Second"),
            )
        self.assertFalse(self.tickets())
        self.receive()
        self.assertFalse(self.tickets(), "before its time")
        self.go_to('mon 09:02')
        self.receive()
        ticket = self.tickets()
        self.assertEqual(ticket.name, "First")
        self.assertIn("Second", self.comments(ticket).body)

    def test_what_fails_for_good_is_shown_and_can_be_retried(self):
        self.link()
        self.receive(self.telegram.write(self.ann, "First"), run=False)
        chat_class = type(self.env['helpdesk.telegram.chat'])
        with patch.object(chat_class, '_open_ticket', side_effect=ValueError("no")), mute_logger(
            UPDATE_LOGGER,
        ):
            for hour in range(9, 15):
                self.go_to(f'mon {hour}:30')
                self.run_cron('process')
        self.assertEqual(self.bot.failed_update_count, 1)
        update = self.env['helpdesk.telegram.update'].search([('state', '=', 'failed')])
        update.with_user(self.manager).action_retry()
        self.run_cron('process')
        self.assertEqual(self.tickets().name, "First")

    # === FILES === #

    def test_photo_with_caption(self):
        self.link()
        small, large = self.telegram.upload(b'small'), self.telegram.upload(PNG)
        ticket = self.ask(None, caption="See here", photo=[
            {**small, 'width': 90, 'height': 90}, {**large, 'width': 900, 'height': 900},
        ])
        self.assertEqual(ticket.name, "See here")
        [attachment] = ticket._get_portal_attachments()
        self.assertEqual(attachment.raw, PNG)
        self.assertTrue(attachment.name.endswith('.jpg'))

    def test_document_in_an_open_ticket(self):
        self.link()
        ticket = self.ask()
        self.receive(self.telegram.write(self.ann, document={
            **self.telegram.upload(b'%PDF-1.4'), 'file_name': '../../etc/invoice.pdf',
            'mime_type': 'application/pdf',
        }))
        message = self.comments(ticket)[-1]
        self.assertEqual(message.attachment_ids.name, 'invoice.pdf')
        self.assertEqual(message.attachment_ids.raw, b'%PDF-1.4')
        self.assertEqual(message.author_id, self.client_contact)

    def test_voice_opens_a_ticket(self):
        self.link()
        ticket = self.ask(None, voice={**self.telegram.upload(b'OggS'), 'duration': 3})
        self.assertIn("Ann Kowalska", ticket.name)
        self.assertEqual(ticket._get_portal_attachments().mimetype, 'audio/ogg')

    def test_album_is_one_ticket_whenever_its_parts_arrive(self):
        self.link()
        parts = [
            self.telegram.write(
                self.ann, media_group_id='13579',
                **({} if part else {'caption': "Three photos"}),
                photo=[{**self.telegram.upload(PNG), 'width': 9, 'height': 9}],
            )
            for part in range(3)
        ]
        self.receive(*parts[:2])
        self.receive(parts[2])
        ticket = self.tickets()
        self.assertEqual(ticket.name, "Three photos")
        self.assertEqual(len(ticket._get_portal_attachments()), 3)
        self.assertEqual(len(self.telegram.texts()), 1)

    def test_album_in_an_open_ticket_is_one_message(self):
        self.link()
        ticket = self.ask()
        parts = [
            self.telegram.write(
                self.ann, media_group_id='2468',
                document={**self.telegram.upload(b'x'), 'file_name': f'{part}.txt'},
            )
            for part in range(3)
        ]
        self.receive(*parts[:2])
        self.receive(parts[2])
        [message] = self.comments(ticket)
        self.assertEqual(len(message.attachment_ids), 3)

    def test_file_that_is_too_large_is_named(self):
        self.link()
        ticket = self.ask("Look")
        self.telegram.sent.clear()
        self.receive(self.telegram.write(self.ann, caption="The backup", document={
            **self.telegram.upload(b'', size=21 * 1024 * 1024), 'file_name': 'database.zip',
        }))
        self.assertIn("The backup", self.comments(ticket)[-1].body)
        self.assertIn("database.zip", self.notes(ticket))
        self.assertIn("database.zip", self.telegram.texts()[0])
        self.assertIn("20 MB", self.telegram.texts()[0])

    def test_file_whose_size_was_not_said(self):
        self.link()
        file = self.telegram.upload(b'x' * (20 * 1024 * 1024 + 1), size=5)
        ticket = self.ask(None, document={**file, 'file_name': 'liar.zip'})
        self.assertIn("liar.zip", self.notes(ticket))
        self.assertFalse(ticket._get_portal_attachments())

    def test_telegram_down_while_a_file_is_fetched(self):
        self.link()
        self.telegram.fail('getFile', ApiError(502, "Bad Gateway"))
        with mute_logger(UPDATE_LOGGER):
            self.receive(self.telegram.write(self.ann, caption="Look", document={
                **self.telegram.upload(b'x'), 'file_name': 'x.txt',
            }))
        self.assertFalse(self.tickets())
        self.go_to('mon 09:02')
        self.run_cron('process')
        self.assertEqual(self.tickets()._get_portal_attachments().name, 'x.txt')

    def test_kind_that_cannot_be_registered(self):
        self.link()
        self.receive(self.telegram.write(self.ann, poll={'id': '1', 'question': "?"}))
        self.assertFalse(self.tickets())
        self.assertIn("cannot register", self.telegram.texts()[-1])

    def test_place_and_contact_are_text(self):
        self.link()
        ticket = self.ask(None, location={'latitude': 52.2, 'longitude': 21.0})
        self.assertIn("mlat=52.2", ticket.description)

    # === EDITS === #

    def test_edit_becomes_a_note(self):
        self.link()
        update = self.telegram.write(self.ann, "It costs 10")
        self.receive(update)
        ticket = self.tickets()
        self.receive(self.telegram.edit(update, "It costs 100"))
        self.assertEqual(len(self.tickets()), 1)
        self.assertIn("It costs 100", self.notes(ticket))
        self.assertFalse(self.comments(ticket))

    # === GROUPS === #

    def test_group_is_heard_only_when_it_speaks_to_the_bot(self):
        self.link_group()
        self.receive(self.telegram.write(self.ann, "Lunch?", group=self.GROUP))
        self.assertFalse(self.tickets())
        self.assertFalse(self.env['helpdesk.telegram.update'].search([]))

    def test_member_who_is_not_linked_is_named(self):
        self.link_group()
        ticket = self.ask("/ticket The scale is wrong", person=self.bob, group=self.GROUP)
        self.assertEqual(ticket.name, "The scale is wrong")
        self.assertEqual(ticket.partner_id, self.client)
        self.assertIn("Bob", ticket.description)
        self.receive(self.telegram.write(
            self.bob, "@acme_support_bot hello?", group=self.GROUP,
        ))
        message = self.comments(ticket)[-1]
        self.assertFalse(message.author_id)
        self.assertIn("Bob", message.email_from)
        self.assertIn("hello?", message.body)
        self.assertNotIn("acme_support_bot", message.body)
        self.assertTrue(ticket._is_customer_message(message))

    def test_member_who_is_linked_is_the_author(self):
        self.link_group()
        self.link(self.bob, self.colleague)
        ticket = self.ask("/ticket@acme_support_bot Hi", person=self.bob, group=self.GROUP)
        self.assertEqual(ticket.partner_id, self.colleague.partner_id)

    def test_guest_of_another_client_is_not_its_contact(self):
        self.link_group()
        self.link(self.olga, self.portal_other)
        ticket = self.ask("/ticket Hi", person=self.olga, group=self.GROUP)
        self.assertEqual(ticket.partner_id, self.client)

    def test_command_for_another_bot_is_not_ours(self):
        self.link_group()
        self.receive(self.telegram.write(self.ann, "/ticket@other_bot Hi", group=self.GROUP))
        self.assertFalse(self.tickets())

    def test_answer_to_the_bot_in_a_group(self):
        self.link_group()
        ticket = self.ask("/ticket Hi", group=self.GROUP)
        self.receive(self.telegram.write(
            self.bob, "And this", group=self.GROUP, reply_to=self.telegram.sent[-1],
        ))
        self.assertIn("And this", self.comments(ticket)[-1].body)

    def test_edit_of_what_was_not_said_to_the_bot_is_not_kept(self):
        self.link_group()
        update = self.telegram.write(self.ann, "Lunch?", group=self.GROUP)
        self.receive(update, self.telegram.edit(update, "Dinner?"))
        self.assertFalse(self.env['helpdesk.telegram.update'].search([]))

    def test_colleagues_private_chat_is_not_told_of_a_group_ticket(self):
        self.link_group()
        self.link(self.bob, self.colleague)
        ticket = self.ask("/ticket Hi", group=self.GROUP)
        self.telegram.sent.clear()
        self.answer(ticket, "Hello")
        self.assertEqual(
            [message['chat']['id'] for message in self.telegram.sent], [self.GROUP],
        )
