""" Canned responses as answers to tickets: whose, in which language, and what they fill in. """

import json

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, tagged

from .common import HelpdeskCase


class AnswerCase(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.env['mail.canned.response'].search([]).unlink()
        self.group = self.env.ref('helpdesk_sla.group_helpdesk_user')
        self.ticket = self.create_ticket(partner_id=self.client_contact.id)

    def create_answer(self, source, text="Hello", **values):
        return self.env['mail.canned.response'].create({
            'source': source, 'substitution': text, 'group_ids': self.group.ids, **values,
        })

    def get_answers(self, ticket=None, user=None):
        return {
            answer['source']: answer['substitution']
            for answer in self.env['mail.canned.response'].with_user(
                user or self.agent,
            ).get_helpdesk_answers((ticket or self.ticket).id)
        }


@tagged('post_install', '-at_install')
class TestCannedAnswer(AnswerCase):

    def test_placeholders_are_filled_in(self):
        self.create_policy('resolution', 4)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.create_answer('all', '|'.join(
            '{{ %s }}' % name for name in self.env['helpdesk.ticket']._get_answer_placeholders()
        ))
        values = self.get_answers(ticket)['all'].split('|')
        self.assertEqual(values[:6], [
            "Client", "Client Ltd", ticket.ticket_ref, ticket.name, "Support", "Agent",
        ])
        self.assertIn("1:00", values[6])  # 13:00 in Warsaw
        self.assertEqual(values[7], f'{ticket.get_base_url()}/my/tickets/{ticket.id}')

    def test_what_is_no_placeholder_stays(self):
        self.create_answer('code', "Use {{ object.password }}, {{unknown}} and { customer }")
        self.assertEqual(
            self.get_answers()['code'], "Use {{ object.password }}, {{unknown}} and { customer }",
        )

    def test_a_value_is_not_filled_in_again(self):
        self.ticket.name = "{{ agent }}"
        self.create_answer('loop', "{{ subject }}")
        self.assertEqual(self.get_answers()['loop'], "{{ agent }}")

    def test_an_unknown_caller_is_called_by_the_name(self):
        ticket = self.create_ticket(partner_name="Somebody")
        self.create_answer('hello', "Dear {{ customer }} of {{ company }}")
        self.assertEqual(self.get_answers(ticket)['hello'], "Dear Somebody of ")

    def test_a_misspelt_placeholder_is_named(self):
        with self.assertRaisesRegex(ValidationError, "no placeholder costumer"):
            self.create_answer('typo', "{{ costumer }}", helpdesk_team_ids=self.team.ids)

    def test_answers_of_other_teams_are_left_out(self):
        other = self.create_team("Other")
        self.create_answer('everywhere')
        self.create_answer('ours', helpdesk_team_ids=self.team.ids)
        self.create_answer('theirs', helpdesk_team_ids=other.ids)
        self.assertEqual(set(self.get_answers()), {'everywhere', 'ours'})

    def test_private_answers_stay_private(self):
        self.env['mail.canned.response'].with_user(self.agent).create({
            'source': 'mine', 'substitution': "Mine",
        })
        self.assertIn('mine', self.get_answers())
        self.assertNotIn('mine', self.get_answers(user=self.agent2))

    def test_the_language_of_the_customer(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.create_answer('hello', "Hello", helpdesk_lang='en_US')
        self.create_answer('hello', "Bonjour", helpdesk_lang='fr_FR')
        self.client_contact.lang = 'fr_FR'
        self.assertEqual(self.get_answers(), {'hello': "Bonjour"})
        self.client_contact.lang = 'en_US'
        self.assertEqual(self.get_answers(), {'hello': "Hello"})

    def test_an_answer_in_no_language_is_better_than_one_in_another(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.create_answer('hello', "Bonjour", helpdesk_lang='fr_FR')
        self.assertEqual(self.get_answers(), {'hello': "Bonjour"})
        self.create_answer('hello', "Hi")
        self.assertEqual(self.get_answers(), {'hello': "Hi"})

    def test_the_deadline_is_in_the_customers_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.client_contact.lang = 'fr_FR'
        self.create_policy('resolution', 4)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.create_answer('when', "{{ deadline }}")
        self.assertIn("lundi", self.get_answers(ticket)['when'])

    def test_a_ticket_that_one_does_not_see_fills_in_nothing(self):
        self.team.privacy_visibility = 'invited_internal'
        stranger = self.create_user('stranger', 'helpdesk_sla.group_helpdesk_user')
        self.create_answer('hello', "{{ customer }}")
        with self.assertRaises(AccessError):
            self.get_answers(user=stranger)

    def test_customers_get_no_answers(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        with self.assertRaises(AccessError):
            self.get_answers(ticket, user=self.portal_other)

    def test_sending_moves_and_tags(self):
        tag = self.env['helpdesk.tag'].create({'name': "Waiting"})
        answer = self.create_answer(
            'ask', helpdesk_stage_id=self.stage_customer.id, helpdesk_tag_ids=tag.ids,
        )
        self.ticket.with_user(self.agent)._answers_sent(answer.ids)
        self.assertEqual(self.ticket.stage_id, self.stage_customer)
        self.assertEqual(self.ticket.tag_ids, tag)

    def test_sending_from_the_full_composer_moves_as_well(self):
        answer = self.create_answer('ask', helpdesk_stage_id=self.stage_customer.id)
        composer = self.env['mail.compose.message'].with_user(self.agent).with_context(
            default_model='helpdesk.ticket', default_res_ids=self.ticket.ids,
            default_subtype_xmlid='mail.mt_comment', helpdesk_answer_ids=answer.ids,
        ).create({'body': "Which version?"})
        composer.action_send_mail()
        self.assertEqual(self.ticket.stage_id, self.stage_customer)

    def test_a_stage_of_another_team_is_left_alone(self):
        stage = self.env['helpdesk.stage'].create({'name': "Elsewhere"})
        answer = self.create_answer('ask', helpdesk_stage_id=stage.id)
        self.ticket.with_user(self.agent)._answers_sent(answer.ids)
        self.assertEqual(self.ticket.stage_id, self.stage_new)

    def test_the_last_answer_has_the_last_word(self):
        answers = (
            self.create_answer('one', helpdesk_stage_id=self.stage_supplier.id),
            self.create_answer('two', helpdesk_stage_id=self.stage_customer.id),
        )
        self.ticket.with_user(self.agent)._answers_sent([answer.id for answer in answers])
        self.assertEqual(self.ticket.stage_id, self.stage_customer)

    def test_private_answers_of_others_do_nothing(self):
        answer = self.env['mail.canned.response'].with_user(self.agent2).create({
            'source': 'mine', 'substitution': "Mine", 'helpdesk_stage_id': self.stage_solved.id,
        })
        self.ticket.with_user(self.agent)._answers_sent(answer.ids)
        self.assertEqual(self.ticket.stage_id, self.stage_new)


@tagged('post_install', '-at_install')
class TestCannedAnswerPost(HttpCase):
    """ The route through which the composer sends. """

    def setUp(self):
        super().setUp()
        self.team = self.env['helpdesk.team'].create({'name': "Answers"})
        self.stage = self.team.stage_ids.filtered(lambda stage: stage.stage_type == 'customer')
        self.ticket = self.env['helpdesk.ticket'].create({
            'name': "A question", 'team_id': self.team.id,
        })
        self.answer = self.env['mail.canned.response'].create({
            'source': 'ask', 'substitution': "Which version?", 'helpdesk_stage_id': self.stage.id,
            'group_ids': self.env.ref('helpdesk_sla.group_helpdesk_user').ids,
        })
        self.authenticate('admin', 'admin')

    def post(self, subtype):
        response = self.url_open('/mail/message/post', data=json.dumps({'params': {
            'thread_model': 'helpdesk.ticket',
            'thread_id': self.ticket.id,
            'post_data': {
                'body': "Which version?", 'message_type': 'comment', 'subtype_xmlid': subtype,
            },
            'canned_response_ids': self.answer.ids,
        }}), headers={'Content-Type': 'application/json'})
        self.assertNotIn('error', response.json())
        self.env.invalidate_all()

    def test_an_answer_that_is_sent_moves_the_ticket(self):
        self.post('mail.mt_comment')
        self.assertEqual(self.ticket.stage_id, self.stage)

    def test_a_note_moves_nothing(self):
        before = self.ticket.stage_id
        self.post('mail.mt_note')
        self.assertEqual(self.ticket.stage_id, before)
