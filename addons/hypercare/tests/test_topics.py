from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestTopics(HypercareCommon):
    """ The second wave of training (G5): topics, their answers, and what several people asked. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.topic, cls.other_topic = cls.env['hypercare.topic'].create([
            {'name': "Register a return", 'answer': "<p>Click Return.</p>"},
            {'name': "Print a label"},
        ])
        cls.people = cls.env['res.partner'].create([
            {'name': f"Person {number}", 'parent_id': cls.client.id, 'email': f"{number}@c.example"}
            for number in range(4)
        ])
        cls.period.action_start()

    def _ask(self, *people, topic=None):
        """ Have people of the client ask about the topic, one question each. """
        return self.env['helpdesk.ticket'].browse([
            self._create_tickets(
                kind='question', partner=person, hypercare_topic_id=(topic or self.topic).id,
            ).id
            for person in people
        ])

    # === TOPICS AND ANSWERS === #

    def test_G5_a_topic_is_created_by_its_name_on_the_ticket(self):
        ticket = self._create_tickets(kind='question')
        topic_id, _name = self.env['hypercare.topic'].with_user(self.agent).name_create("Refunds")
        ticket.with_user(self.agent).hypercare_topic_id = topic_id
        self.assertEqual(ticket.hypercare_topic_id.name, "Refunds")
        self.assertEqual(ticket.hypercare_topic_id.company_id, self.company)

    def test_G5_two_topics_of_a_company_have_different_names(self):
        with self.assertRaisesRegex(Exception, 'name_uniq'), mute_logger('odoo.sql_db'):
            self.env['hypercare.topic'].create({'name': "print a label"})

    def test_G5_a_link_leads_to_a_page_of_the_web(self):
        for address in (
            'javascript:alert(1)', 'data:text/html,x', 'ftp://a.example', 'https://', '//a.example',
            'https://a.example/\njavascript:x', 'a.example', ' https://a.example',
        ):
            with self.subTest(address=address), self.assertRaises(ValidationError):
                self.topic.answer_url = address
                self.topic.flush_recordset()
        for address in ('https://a.example/b?c=d#e', 'http://a.example'):
            self.topic.answer_url = address

    def test_G5_a_topic_without_text_and_link_has_no_answer(self):
        self.other_topic.answer = "<p><br></p>"
        self.assertFalse(self.other_topic.has_answer)
        self.assertTrue(self.topic.has_answer)
        topics = self.topic | self.other_topic
        search = self.env['hypercare.topic'].search
        self.assertEqual(search([('has_answer', '=', True)]) & topics, self.topic)
        self.assertEqual(search([('has_answer', '=', False)]) & topics, self.other_topic)

    def test_G5_scripts_of_an_answer_are_taken_out(self):
        self.topic.answer = '<p>Click</p><script>alert(1)</script>'
        self.assertNotIn('script', self.topic.answer)

    def test_G5_the_answer_is_prefilled_and_sent_by_the_agent_only(self):
        ticket = self._ask(self.coordinator)
        before = ticket.message_ids
        self.topic.answer_url = 'https://help.example/returns'
        action = ticket.with_user(self.agent).action_answer_with_topic()
        self.assertEqual(ticket.message_ids, before, "nothing is sent by itself")
        composer = Form(self.env['mail.compose.message'].with_user(self.agent).with_context(
            **action['context'],
        )).save()
        self.assertIn("Click Return.", composer.body)
        self.assertIn('https://help.example/returns', composer.body)
        composer.action_send_mail()
        message = ticket.message_ids - before
        self.assertEqual(message.author_id, self.agent.partner_id)
        self.assertFalse(message.is_internal)
        self.assertEqual(message.subtype_id, self.env.ref('mail.mt_comment'))
        self.assertIn(self.coordinator, message.partner_ids)
        self.assertTrue(ticket.first_response_date, "an answer by a person")

    def test_G5_the_answer_is_in_the_language_of_the_customer(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.topic.with_context(lang='fr_FR').answer = "<p>Cliquez sur Retour.</p>"
        self.coordinator.lang = 'fr_FR'
        ticket = self._ask(self.coordinator)
        action = ticket.with_user(self.agent).action_answer_with_topic()
        self.assertIn("Cliquez sur Retour.", action['context']['default_body'])

    def test_G5_without_an_answer_the_agent_is_told_so(self):
        ticket = self._ask(self.coordinator, topic=self.other_topic)
        with self.assertRefused("no answer for this topic"):
            ticket.with_user(self.agent).action_answer_with_topic()

    def test_G5_who_may_not_write_the_ticket_does_not_answer(self):
        ticket = self._ask(self.coordinator)
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal).action_answer_with_topic()

    # === PROPOSALS === #

    def test_G5_several_different_people_make_a_proposal(self):
        self._ask(self.people[0], self.people[1])
        self.assertFalse(self.period.training_item_ids)
        self._ask(self.people[2])
        item = self.period.training_item_ids
        self.assertEqual(item.topic_id, self.topic)
        self.assertEqual(item.state, 'proposed')
        self.assertEqual((item.ask_count, item.asker_count), (3, 3))

    def test_G5_one_person_who_asks_often_makes_none(self):
        self._ask(*[self.people[0]] * 5)
        self.assertFalse(self.period.training_item_ids)

    def test_G5_the_threshold_of_the_window_decides(self):
        self.period.training_threshold = 2
        self._ask(self.people[0], self.people[1])
        self.assertEqual(len(self.period.training_item_ids), 1)

    def test_G5_a_topic_that_is_given_later_counts(self):
        tickets = self.env['helpdesk.ticket'].union(*(
            self._create_tickets(kind='question', partner=person) for person in self.people[:3]
        ))
        tickets.with_user(self.agent).hypercare_topic_id = self.topic
        self.assertEqual(self.period.training_item_ids.topic_id, self.topic)

    def test_G5_a_skipped_topic_is_not_proposed_again(self):
        self._ask(*self.people[:3])
        self.period.training_item_ids.action_skip()
        self._ask(self.people[3])
        self.assertEqual(self.period.training_item_ids.mapped('state'), ['skipped'])

    def test_G5_questions_of_other_clients_do_not_count(self):
        self._ask(self.people[0], self.people[1])
        self._create_tickets(
            kind='question', partner=self.other_portal.partner_id, hypercare_topic_id=self.topic.id,
        )
        self.assertFalse(self.period.training_item_ids)

    def test_G5_the_job_proposes_what_was_missed_and_nothing_twice(self):
        self.period.training_threshold = 4
        self._ask(*self.people[:3])
        self.period.training_threshold = 3
        cron = self.env.ref('hypercare.ir_cron_propose_trainings')
        for _run in range(2):
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
            self.assertEqual(len(self.period.training_item_ids), 1)

    def test_G5_proposals_of_many_tickets_cost_no_query_each(self):
        def ask(number):
            self.env.flush_all()
            self.env.invalidate_all()
            tickets = self.env['helpdesk.ticket'].sudo().search(
                [('hypercare_topic_id', '=', self.topic.id)], limit=number,
            )
            count = self.env.cr.sql_log_count
            tickets._propose_hypercare_trainings()
            self.env.flush_all()
            return self.env.cr.sql_log_count - count

        self.period.training_threshold = 99
        self._ask(*[self.people[0]] * 12)
        ask(1)
        self.assertEqual(ask(2), ask(12))

    # === TRAININGS === #

    def test_G5_a_topic_is_once_in_a_window(self):
        values = {'period_id': self.period.id, 'topic_id': self.topic.id}
        self.env['hypercare.training.item'].create(values)
        with self.assertRaisesRegex(Exception, 'topic_uniq'), mute_logger('odoo.sql_db'):
            self.env['hypercare.training.item'].create(values)

    def test_G5_a_planned_training_has_a_day(self):
        item = self._new_item()
        with self.assertRefused("Choose the day"):
            item.action_plan()
        with self.assertRaisesRegex(Exception, 'planned_has_date'), mute_logger('odoo.sql_db'):
            item.state = 'planned'
            item.flush_recordset()

    def test_G5_a_training_of_tomorrow_was_not_held(self):
        item = self._new_item(date='2026-03-03', state='planned')
        with self.assertRaises(ValidationError):
            item.state = 'held'
        item.action_hold()
        self.assertEqual(str(item.date), '2026-03-02', "held today after all")

    def test_G5_attendees_are_contacts_of_the_client(self):
        item = self._new_item()
        item.attendee_ids = self.people
        with self.assertRaises(ValidationError):
            item.attendee_ids = self.other_portal.partner_id

    def test_G5_the_trainer_and_the_supervisor_plan(self):
        item = self._new_item()
        with self.assertRaises(AccessError):
            item.with_user(self.agent).date = '2026-03-03'
        item.with_user(self.supervisor).user_id = self.agent
        item.with_user(self.agent).write({'date': '2026-03-03'})
        item.with_user(self.agent).action_plan()
        with self.assertRaises(AccessError):
            item.with_user(self.supervisor).unlink()

    def test_G5_what_the_system_keeps_of_a_training_is_not_written_by_hand(self):
        item = self._new_item(date='2026-03-02', state='held').with_user(self.manager)
        for name in ('cutoff_datetime', 'partner_id', 'company_id'):
            with self.assertRaises(AccessError):
                item.write({name: False})
        with self.assertRaises(AccessError):
            item.create({
                'period_id': self.period.id, 'topic_id': self.other_topic.id,
                'cutoff_datetime': '2020-01-01 00:00:00',
            })
        created = item.with_context(default_cutoff_datetime='2020-01-01 00:00:00').create({
            'period_id': self.period.id, 'topic_id': self.other_topic.id,
        })
        self.assertFalse(created.cutoff_datetime)

    def _new_item(self, **values):
        return self.env['hypercare.training.item'].create({
            'period_id': self.period.id, 'topic_id': self.topic.id, **values,
        })

    # === DID IT HELP === #

    def test_G5_questions_before_and_after_the_training(self):
        self._ask(*self.people[:3])
        self.go_to(days=2)
        self.period.training_item_ids.action_hold()
        self._ask(self.people[3])  # the day of the training is before it was understood
        self.go_to(days=9)
        self._ask(self.people[0])
        self._ask(self.people[0], topic=self.other_topic)
        item = self.period.training_item_ids
        item.invalidate_recordset()
        self.assertEqual((item.before_count, item.after_count), (4, 1))
        rows = {
            row.phase: row for row in self.env['hypercare.training.report'].search(
                [('item_id', '=', item.id)],
            )
        }
        self.assertEqual(rows['before'].asker_count, 4)
        self.assertEqual(rows['since'].asker_count, 1)
        # from Thursday 00:00 in Warsaw until Wednesday of the week after, 10:00
        self.assertAlmostEqual(rows['since'].days, 6 + 10 / 24, 3)
        self.assertAlmostEqual(rows['since'].weekly_count, 7 / (6 + 10 / 24), 3)
        domain = rows['since'].action_view_tickets()['domain']
        self.assertEqual(self.env['helpdesk.ticket'].search_count(domain), 1)

    def test_G5_a_training_that_is_only_planned_is_not_measured(self):
        item = self._new_item(date='2026-03-03', state='planned')
        self.assertFalse(self.env['hypercare.training.report'].search([('item_id', '=', item.id)]))

    # === WHO SEES WHAT === #

    def test_G5_an_outsider_gets_nothing(self):
        item = self._new_item(date='2026-03-02', state='held')
        rows = self.env['hypercare.training.report'].search([('item_id', '=', item.id)])
        self.assertTrue(rows)
        public = self.env.ref('base.public_user')
        for user in (self.insider, self.portal, self.other_portal, public):
            for record in (self.topic, item, rows):
                for operation in ('read', 'write', 'create', 'unlink'):
                    self.assertFalse(
                        record.with_user(user).has_access(operation),
                        f"{user.login} {operation} {record}",
                    )

    def test_G5_customers_do_not_read_the_topic_of_their_ticket(self):
        ticket = self._ask(self.coordinator).with_user(self.portal)
        with self.assertRaises(AccessError):
            ticket.read(['hypercare_topic_id'])

    def test_G5_other_companies_topics_are_not_seen(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        item = self._new_item(date='2026-03-02', state='held')
        user = self._new_user('hypercare_elsewhere', 'helpdesk_sla.group_helpdesk_manager')
        user.write({'company_id': other.id, 'company_ids': [(6, 0, other.ids)]})
        env = self.env(user=user, context={'allowed_company_ids': other.ids})
        for record in (self.topic, item):
            self.assertFalse(env[record._name].search([]) & record)
        self.assertFalse(env['hypercare.training.report'].search([('item_id', '=', item.id)]))

    def test_G5_the_client_reads_trainings_and_answers_in_the_portal(self):
        self._ask(self.coordinator)
        self._ask(self.coordinator, topic=self.other_topic)
        item = self._new_item(date='2026-03-04', state='planned', note="<p>Internal</p>")
        self.env['hypercare.training.item'].create({
            'period_id': self.period.id, 'topic_id': self.other_topic.id,
        })
        values = self.period.sudo()._get_portal_page_values(self.coordinator)
        self.assertEqual(values['training_items'], item, "what is only proposed is not told")
        self.assertEqual(values['training_answers'], self.topic, "no answer, no entry")


@tagged('post_install', '-at_install')
class TestTopicsPortal(HypercareCommon, HttpCase):
    """ What the client reads of trainings and answers. """

    def test_G5_the_page_of_the_client_has_trainings_and_answers(self):
        linked, written = self.env['hypercare.topic'].create([
            {'name': "Print a label", 'answer_url': 'https://help.example/labels'},
            {'name': "Register a return", 'answer': "<p>Click Return.</p>"},
        ])
        self.period.action_start()
        self._create_tickets(kind='question', hypercare_topic_id=written.id)
        self.env['hypercare.training.item'].create({
            'period_id': self.period.id, 'topic_id': linked.id, 'state': 'planned',
            'date': '2026-03-05', 'user_id': self.agent.id, 'note': "<p>Only for us</p>",
        })
        self.authenticate(self.portal.login, self.portal.login)
        page = self.url_open(f'/my/hypercare/{self.period.id}').text
        self.assertIn('href="https://help.example/labels"', page)
        self.assertIn("Click Return.", page)
        self.assertIn("03/05/2026", page)
        self.assertNotIn("Only for us", page)
