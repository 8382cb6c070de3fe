""" The conversation in the ticket, and what is said afterwards (requirements H3). """

from odoo.tests import tagged

from odoo.addons.helpdesk_sla_livechat.tests.common import LivechatCase


@tagged('post_install', '-at_install')
class TestTranscript(LivechatCase):

    def test_the_conversation_is_the_description(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer <burns>")
        self.bot_writes(channel, "Beep")
        self.go_to('mon 09:10')
        self.agent_writes(channel, "Which one?")
        ticket = self.create_chat_ticket(channel)
        text = str(ticket.description)
        self.assertLess(text.index("The printer &lt;burns&gt;"), text.index("Beep"))
        self.assertLess(text.index("Beep"), text.index("Which one?"))
        self.assertIn("9:10", text)
        self.assertIn("Europe/Warsaw", text)

    def test_files_are_copied_and_the_customer_sees_them(self):
        channel = self.begin_chat(visitor=self.portal_client)
        attachment = self.env['ir.attachment'].with_user(self.agent).sudo().create({
            'name': 'manual.txt', 'raw': b'read me', 'res_model': 'discuss.channel',
            'res_id': channel.id,
        })
        self.agent_writes(channel, "Look", attachment_ids=attachment.ids)
        ticket = self.create_chat_ticket(channel)
        copy = ticket._get_portal_attachments()
        self.assertRecordValues(copy, [{'name': 'manual.txt', 'raw': b'read me'}])
        self.assertNotEqual(copy, attachment)
        self.assertIn("manual.txt", ticket.description)
        self.assertTrue(attachment.exists())

    def test_a_program_stays_in_the_conversation(self):
        channel = self.begin_chat()
        attachment = self.env['ir.attachment'].create({
            'name': 'virus.exe', 'raw': b'MZ', 'res_model': 'discuss.channel',
            'res_id': channel.id,
        })
        channel.sudo().message_post(
            body="Look", author_guest_id=self.guest.id, author_id=False,
            message_type='comment', subtype_xmlid='mail.mt_comment',
            attachment_ids=attachment.ids,
        )
        ticket = self.create_chat_ticket(channel)
        self.assertFalse(self.env['ir.attachment'].search([
            ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
        ]))
        self.assertIn("kept in the conversation only: virus.exe", ticket.description)

    def test_what_is_said_afterwards_is_noted_at_the_end_and_once(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        before = ticket.message_ids
        self.agent_writes(channel, "Take water")
        self.visitor_writes(channel, "It is out")
        self.assertEqual(ticket.message_ids, before)
        self.as_guest(channel)._close_livechat_session()
        note = ticket.message_ids - before
        self.assertRecordValues(note, [{
            'author_id': self.env.ref('base.partner_root').id,
            'message_type': 'notification',
            'is_internal': True,
        }])
        self.assertIn("Take water", note.body)
        self.assertIn("It is out", note.body)
        self.assertNotIn("printer", note.body)
        channel.livechat_end_dt = '2026-03-02 12:00:00'
        self.assertEqual(ticket.message_ids, before | note)
        self.assertNotIn("Take water", ticket.description)

    def test_nothing_said_afterwards_is_no_note(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        before = ticket.message_ids
        channel._close_livechat_session()
        self.assertEqual(ticket.message_ids, before)

    def test_a_conversation_that_nobody_ends_is_noted_after_a_silence(self):
        channel = self.begin_chat()
        self.visitor_writes(channel, "The printer burns")
        ticket = self.create_chat_ticket(channel)
        self.agent_writes(channel, "Take water")
        before = ticket.message_ids
        cron = self.env.ref('helpdesk_sla_livechat.ir_cron_livechat_transcript')
        self.go_to('mon 09:50')
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(ticket.message_ids, before)
        self.go_to('mon 10:01')
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertIn("Take water", (ticket.message_ids - before).body)
        self.assertFalse(ticket.is_livechat_transcript_due)
