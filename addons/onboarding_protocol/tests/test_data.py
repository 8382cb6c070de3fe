""" What the client has to provide before configuration begins (P3). """

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields, http
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.mail.tests.common import MailCase

from .test_plan import PlanCase

TODAY = '2026-03-16'


class DataCase(PlanCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.requests = cls.env['implementation.data.request']
        cls.file, cls.form, cls.access = cls.requests.create([
            {'project_id': cls.project.id, 'name': "Goods", 'date_due': '2026-03-20'},
            {
                'project_id': cls.project.id, 'name': "Orders", 'kind': 'form',
                'date_due': '2026-03-20',
                'question_ids': [
                    Command.create({'name': "How many?", 'answer_type': 'number'}),
                    Command.create({'name': "Since when?", 'answer_type': 'date'}),
                    Command.create({'name': "Abroad?", 'answer_type': 'yes_no'}),
                    Command.create({
                        'name': "Printer?", 'answer_type': 'choice', 'choices': "Zebra\nBrother",
                    }),
                    Command.create({'name': "Remarks?", 'is_required': False}),
                ],
            },
            {
                'project_id': cls.project.id, 'name': "Access", 'kind': 'credentials',
                'is_needed': False, 'date_due': '2026-03-20',
            },
        ])
        cls.count, cls.date, cls.yes_no, cls.choice, cls.text = cls.form.question_ids

    def _type(self, *values):
        names = [question._get_input_name() for question in self.form.question_ids]
        return dict(zip(names, values))

    def _good(self):
        return self._type('1 200,5', '2026-04-01', 'no', 'Zebra', '')

    def _save(self, request, typed=None, files=(), final=True, partner=None):
        return self.project._portal_save_data(
            partner or self.coordinator, request, typed or {}, list(files), final,
        )

    def _provide_all(self):
        self._save(self.file, files=[('goods.csv', b'code')])
        self._save(self.form, self._good())
        self._save(self.access, {'location': "our vault, entry Shoper"})


@tagged('post_install', '-at_install')
class TestData(DataCase, MailCase):

    # === THE GATE === #

    def test_P3_work_starts_only_when_data_are_accepted(self):
        phase = self.env.ref('onboarding_protocol.phase_configuration')
        dues = self.project._gate_data_accepted(phase)[self.project]
        self.assertEqual([due.text for due in dues], ["Data “Goods”", "Data “Orders”"])
        self.assertEqual({due.side for due in dues}, {'client'})
        self.assertEqual(dues[0].date, fields.Date.to_date('2026-03-20'))
        self.assertEqual(dues[0].url, f'/my/implementation/{self.project.id}/data/{self.file.id}')
        self._provide_all()
        dues = self.project._gate_data_accepted(phase)[self.project]
        self.assertEqual({(due.side, due.owner) for due in dues}, {('us', self.consultant.name)})
        self.file.action_accept()
        self.form.action_accept()
        self.assertEqual(self.project._gate_data_accepted(phase)[self.project], [])
        self.form.with_user(self.consultant)._return("Printer?")
        due, = self.project._gate_data_accepted(phase)[self.project]
        self.assertEqual((due.side, due.text), ('client', "Data “Orders”, to be mended"))

    def test_P3_configuration_is_refused_and_says_which_data_are_missing(self):
        with self.assertRaisesRegex(UserError, "Data “Goods”"):
            self.project.phase_id = self.env.ref('onboarding_protocol.phase_configuration')

    def test_P3_client_sees_what_is_not_needed_for_the_start_too(self):
        self.assertIn("Data “Access”", [due.text for due in self.project._get_dues()])

    def test_P3_summary_counts_what_is_needed_for_the_start(self):
        self.assertEqual(self.project.data_summary, '0 / 2')
        self.requests.search([('project_id', '=', self.project.id)]).is_needed = False
        self.assertIs(self.project.data_summary, False)

    def test_P3_gate_asks_for_many_implementations_at_once(self):
        def count(projects):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            projects._gate_data_accepted(False)
            return self.env.cr.sql_log_count - before

        projects = self.env['project.project'].create([
            {
                'name': f"Implementation {number}",
                'implementation_kind': 'implementation',
                'partner_id': self.client.id,
                'coordinator_id': self.coordinator.id,
                'user_id': self.consultant.id,
                'company_id': self.env.company.id,
                'data_request_ids': [
                    Command.create({'name': f"File {file}"}) for file in range(4)
                ],
            } for number in range(12)
        ])
        count(projects[:2])  # caches
        self.assertEqual(count(projects[:2]), count(projects))

    def test_P3_supervisor_asks_for_data_in_the_form_of_the_implementation(self):
        self.project.with_user(self.consultant).write({
            'data_request_ids': [Command.create({'name': "Logo"})],
        })
        self.assertIn("Logo", self.project.data_request_ids.mapped('name'))

    # === TEMPLATES === #

    def test_P3_implementation_begins_with_the_requests_of_its_template(self):
        template = self.env['project.project'].create({
            'name': "Template", 'implementation_kind': 'implementation', 'is_template': True,
            'data_request_ids': [Command.create({
                'name': "Orders", 'kind': 'form', 'due_days': 5,
                'question_ids': [Command.create({'name': "How many?"})],
            })],
        })
        self.assertFalse(template.data_request_ids.date_due)
        project = template.action_create_from_template({
            'name': "New", 'partner_id': self.client.id, 'company_id': self.env.company.id,
        })
        request = project.data_request_ids
        self.assertEqual(request.question_ids.name, "How many?")
        self.assertEqual(request.date_due, project.create_date.date() + timedelta(days=5))

    def test_P3_copy_does_not_contain_what_was_filled_in(self):
        self._provide_all()
        self.form.action_accept()
        copies = self.project.copy().data_request_ids
        self.assertEqual(set(copies.mapped('state')), {'todo'})
        self.assertFalse(copies.file_ids)
        self.assertFalse(any(copies.mapped('location')))
        self.assertFalse(any(copies.question_ids.mapped('draft')))
        self.assertFalse(any(copies.question_ids.mapped('is_answered')))

    # === FILLING IN === #

    def test_P3_answers_are_read_by_their_type(self):
        self.assertEqual(self._save(self.form, self._good()), {})
        self.assertEqual(self.form.state, 'provided')
        self.assertEqual(self.form.provided_by_id, self.coordinator)
        self.assertEqual(self.count.answer_number, 1200.5)
        self.assertEqual(str(self.date.answer_date), '2026-04-01')
        self.assertTrue(self.yes_no.is_answered)
        self.assertFalse(self.yes_no.answer_yes)
        self.assertEqual(self.yes_no.answer, "No")
        self.assertEqual(self.choice.answer, "Zebra")
        self.assertFalse(self.text.is_answered)

    def test_P3_numbers_are_read_or_asked_about(self):
        for typed, number in (
            ('0', 0), ('12', 12), ('12.5', 12.5), ('12,5', 12.5), ('-3', -3), ('1 200', 1200),
            ('0.125', 0.125), ('1234.567', 1234.567), ("1'200", 1200),
        ):
            with self.subTest(typed=typed):
                self.count.draft = typed
                self.assertEqual(self.count._read_draft()['answer_number'], number)
        for typed in ('1,200', '1.200', '1,200.50', 'many', 'nan', 'inf', '1e5', '12 pcs', '٣x'):
            with self.subTest(typed=typed):
                self.count.draft = typed
                self.assertIn(typed, self.count._get_answer_error())

    def test_P3_bad_answers_get_a_sentence_and_lose_nothing(self):
        typed = self._type('many', '32.13.2026', '', 'Canon', 'two shifts')
        errors = self._save(self.form, typed)
        self.assertEqual(set(errors), set(list(typed)[:4]))
        self.assertEqual(self.form.state, 'todo')
        self.assertEqual(
            self.form.question_ids.mapped('draft'),
            ['many', '32.13.2026', False, 'Canon', 'two shifts'],
        )
        self.assertFalse(any(self.form.question_ids.mapped('is_answered')))

    def test_P3_draft_is_kept_without_being_read(self):
        self.assertEqual(self._save(self.form, self._type('many'), final=False), {})
        self.assertEqual(self.count.draft, 'many')
        self.assertEqual(self.form.state, 'todo')

    def test_P3_files_are_attachments_of_the_request(self):
        self.assertIn('files', self._save(self.file))
        self.assertEqual(self._save(self.file, files=[('goods.csv', b'code')]), {})
        attachment = self.file.file_ids
        self.assertEqual(
            (attachment.res_model, attachment.res_id), (self.file._name, self.file.id),
        )
        self.assertTrue(attachment.with_user(self.consultant).has_access('read'))
        self.assertFalse(attachment.with_user(self.outsider).has_access('read'))

    def test_P3_file_that_could_run_is_refused_and_the_rest_is_kept(self):
        errors = self._save(self.file, {'client_note': "see row 3"}, files=[('a.exe', b'MZ')])
        self.assertIn('a.exe', errors['files'])
        self.assertEqual(self.file.client_note, "see row 3")
        self.assertEqual(self.file.state, 'todo')

    def test_P3_file_of_another_record_is_not_shown_to_the_client(self):
        secret = self.env['ir.attachment'].create({
            'name': 'secret.txt', 'raw': b'x', 'res_model': 'res.partner', 'res_id': self.rival.id,
        })
        with self.assertRaises(ValidationError):
            self.file.file_ids = secret

    def test_P3_credentials_are_a_place_and_stay_out_of_mails_and_the_thread(self):
        self.assertIn('location', self._save(self.access))
        with self.mock_mail_gateway():
            self._save(self.access, {'location': "our vault, entry Shoper"})
            self.access._return("Which vault?")
        texts = [
            *self.access.message_ids.mapped('body'), *self.project.message_ids.mapped('body'),
            *self._new_mails.mapped('body_html'),
        ]
        self.assertTrue(texts)
        for text in texts:
            self.assertNotIn("entry Shoper", text or '')
        # no field for a secret, and nothing beside the place is taken
        self._save(self.access, {'location': "vault", 'client_note': "secret"}, final=False)
        self.assertFalse(self.access.client_note)

    def test_P3_only_the_coordinator_fills_in(self):
        with self.assertRaisesRegex(UserError, "Tomasz fills in"):
            self._save(self.form, self._good(), partner=self.colleague)
        self.assertFalse(self.count.draft)

    def test_P3_accepted_data_stay_as_they_are(self):
        self._provide_all()
        self.requests.search([('project_id', '=', self.project.id)]).action_accept()
        with self.assertRaisesRegex(UserError, "accepted already"):
            self._save(self.form, self._good())
        with self.assertRaisesRegex(UserError, "accepted already"):
            self.project._portal_take_back_data(self.coordinator, self.form)
        for write in (
            lambda: self.access.with_user(self.seller).write({'location': "elsewhere"}),
            lambda: self.file.with_user(self.seller).write({'file_ids': [Command.clear()]}),
            lambda: self.form.with_user(self.seller).write({'kind': 'file'}),
            lambda: self.form.with_user(self.seller).unlink(),
            lambda: self.count.with_user(self.seller).write({'name': "Other"}),
            lambda: self.count.with_user(self.seller).unlink(),
            lambda: self.count.with_user(self.seller).create({
                'request_id': self.form.id, 'name': "More",
            }),
        ):
            with self.assertRaises(UserError):
                write()

    def test_P3_client_takes_back_what_nobody_has_accepted(self):
        self._save(self.form, self._good())
        with self.assertRaisesRegex(UserError, "Take it back"):
            self._save(self.form, self._good())
        self.project._portal_take_back_data(self.coordinator, self.form)
        self.assertEqual(self.form.state, 'todo')
        self.assertEqual(self.count.draft, '1 200,5')

    # === CHECKING === #

    def test_P3_supervisor_is_asked_to_check_until_it_is_settled(self):
        self._save(self.form, self._good())
        self.assertEqual(self.form.activity_ids.user_id, self.consultant)
        self.form.with_user(self.consultant).action_accept()
        self.assertFalse(self.form.activity_ids)
        self.assertEqual(self.form.accepted_by_id, self.consultant)

    def test_P3_data_are_returned_with_a_reason_by_mail(self):
        with self.assertRaisesRegex(UserError, "not provided"):
            self.form._return("why")
        self._save(self.form, self._good())
        with self.assertRaisesRegex(UserError, "to be mended"):
            self.form._return("  ")
        self.coordinator.lang = 'en_US'
        wizard = self.env['implementation.data.return.wizard'].with_user(self.consultant).create({
            'request_id': self.form.id, 'reason': "The printer is missing",
        })
        with self.mock_mail_gateway():
            wizard.action_return()
        self.assertEqual(self.form.state, 'returned')
        mail = self._new_mails.filtered(lambda mail: mail.model == self.form._name)
        self.assertEqual(mail.recipient_ids, self.coordinator)
        self.assertIn("The printer is missing", mail.body_html)

    def test_P3_data_that_were_not_provided_are_not_accepted(self):
        with self.assertRaisesRegex(UserError, "not provided"):
            self.form.action_accept()

    def test_P3_nobody_accepts_or_answers_by_rpc(self):
        for values in (
            {'state': 'accepted'}, {'accepted_by_id': self.seller.id}, {'return_reason': "x"},
            {'provided_on': '2026-01-01'}, {'reminded_on': '2026-01-01'},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.form.with_user(self.seller).write(values)
        with self.assertRaises(AccessError):
            self.requests.with_user(self.seller).create({
                'project_id': self.project.id, 'name': "x", 'state': 'accepted',
            })
        sneaked = self.requests.with_user(self.seller).with_context(default_state='accepted')
        self.assertEqual(
            sneaked.create({'project_id': self.project.id, 'name': "x"}).state, 'todo',
        )
        for values in ({'draft': '1'}, {'answer_number': 1}, {'is_answered': True}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.count.with_user(self.seller).write(values)

    def test_P3_choice_needs_choices(self):
        with self.assertRaisesRegex(ValidationError, "two choices"):
            self.choice.choices = "Zebra"

    # === REMINDERS === #

    def _remind(self, day=TODAY):
        """ Run the job; return the mails to coordinators of this test. """
        with (
            freeze_time(f'{day} 06:00:00'), self.mock_mail_gateway(),
            self.enter_registry_test_mode(),
        ):
            self.env.ref('onboarding_protocol.ir_cron_data_reminders').method_direct_trigger()
        self.env.invalidate_all()
        return self._new_mails.filtered(
            lambda mail: mail.recipient_ids & (self.coordinator | self.stranger),
        )

    def test_P3_coordinator_is_reminded_once_a_day_of_everything(self):
        self.file.date_due = '2026-03-10'
        self.form.date_due = '2026-03-18'
        self.access.date_due = '2026-04-18'
        mail = self._remind()
        self.assertEqual(mail.recipient_ids, self.coordinator)
        self.assertIn("Goods", mail.body_html)
        self.assertIn("overdue since", mail.body_html)
        self.assertIn("Orders", mail.body_html)
        self.assertNotIn("Access", mail.body_html)
        self.assertFalse(self._remind())
        # something else is due now: tomorrow is early enough
        self.access.date_due = TODAY
        self.assertFalse(self._remind())
        self.assertIn("Access", self._remind('2026-03-17').body_html)

    def test_P3_two_implementations_of_a_coordinator_are_one_mail(self):
        second = self.project.copy({'name': "Second", 'coordinator_id': self.coordinator.id})
        self.requests.create({
            'project_id': second.id, 'name': "Second goods", 'date_due': TODAY,
        })
        self.file.date_due = TODAY
        mail = self._remind()
        self.assertEqual(len(mail), 1)
        self.assertIn("Second goods", mail.body_html)

    def test_P3_reminder_is_in_the_language_of_the_coordinator(self):
        self.env['res.lang']._activate_lang('fr_FR')
        template = self.env.ref('onboarding_protocol.mail_template_data_reminder')
        template.with_context(lang='fr_FR').subject = "Rappel"
        self.coordinator.lang = 'fr_FR'
        self.file.date_due = TODAY
        mail = self._remind()
        self.assertEqual(mail.subject, "Rappel")
        self.assertIn("16/03/2026", mail.body_html)

    def test_P3_nobody_is_reminded_of_what_is_provided_or_far_away(self):
        self._provide_all()
        self.assertFalse(self._remind('2026-03-25'))
        self.form._return("Printer?")
        self.form.date_due = '2026-03-20'
        self.assertFalse(self._remind('2026-03-16'))
        self.assertTrue(self._remind('2026-03-17'))

    def test_P3_coordinator_without_an_address_does_not_hold_up_the_others(self):
        self.requests.create({
            'project_id': self.other_project.id, 'name': "Rival goods", 'date_due': TODAY,
        })
        self.file.date_due = TODAY
        self.coordinator.email = False
        self.assertEqual(self._remind().recipient_ids, self.stranger)

    # === ACCESS === #

    def test_P3_outsiders_get_nothing(self):
        for user in (self.outsider, *self.portal_users.values()):
            for record in (self.form, self.count):
                for operation in ('read', 'write', 'create', 'unlink'):
                    self.assertFalse(record.with_user(user).has_access(operation))

    def test_P3_request_of_a_project_that_is_not_seen_is_hidden(self):
        self.project.write({'privacy_visibility': 'followers', 'user_id': self.seller.id})
        self.project.message_unsubscribe(self.consultant.partner_id.ids)
        self.assertFalse(self.form.with_user(self.consultant).has_access('read'))
        self.assertFalse(self.count.with_user(self.consultant).has_access('read'))
        self.assertTrue(self.form.with_user(self.seller).has_access('read'))


@tagged('post_install', '-at_install')
class TestDataPortal(DataCase, HttpCase):

    def _url(self, request, suffix='', project=None):
        return f'/my/implementation/{(project or self.project).id}/data/{request.id}{suffix}'

    def _post(self, request, suffix='/save', data=None, files=None, **kwargs):
        answer = self.url_open(
            self._url(request, suffix, **kwargs),
            data={'csrf_token': http.Request.csrf_token(self), **(data or {})}, files=files,
        )
        self.env.invalidate_all()
        return answer.text

    def test_P3_client_fills_in_the_form_in_the_portal(self):
        self.authenticate('test_tomasz', 'test_tomasz')
        self.assertIn("Orders", self.url_open(f'/my/implementation/{self.project.id}').text)
        page = self._post(self.form, data={**self._type('many', '2026-04-01'), 'final': '1'})
        self.assertIn("is no number", page)
        self.assertIn('value="many"', page)
        self.assertIn('value="2026-04-01"', page)
        page = self._post(self.form, data=self._type('12'))
        self.assertIn("Saved.", page)
        self.assertIn('value="12"', page)
        self.assertIn('value="2026-04-01"', page)
        self.assertIn("Thank you!", self._post(self.form, data={**self._good(), 'final': '1'}))
        self.assertEqual(self.form.state, 'provided')
        self._post(self.form, '/take_back')
        self.assertEqual(self.form.state, 'todo')

    def test_P3_client_uploads_removes_and_downloads_files(self):
        self.authenticate('test_tomasz', 'test_tomasz')
        self._post(self.file, data={'client_note': ''}, files={'files': ('a.csv', b'code')})
        attachment = self.file.file_ids
        self.assertEqual(attachment.raw, b'code')
        answer = self.url_open(self._url(self.file, f'/file/{attachment.id}'))
        self.assertEqual(answer.content, b'code')
        self._post(self.file, f'/file/{attachment.id}/remove')
        self.assertFalse(self.file.file_ids)
        self._post(
            self.file, data={'final': '1', 'client_note': ''}, files={'files': ('b.csv', b'code')},
        )
        self.assertEqual(self.file.state, 'provided')

    def test_P3_form_asks_for_no_password(self):
        self.authenticate('test_tomasz', 'test_tomasz')
        page = self.url_open(self._url(self.access)).text
        self.assertIn("Do not write a password here.", page)
        self.assertNotIn('type="password"', page)

    def test_P3_reason_of_a_return_is_shown(self):
        self._save(self.form, self._good())
        self.form._return("The printer is missing")
        self.authenticate('test_tomasz', 'test_tomasz')
        self.assertIn("The printer is missing", self.url_open(self._url(self.form)).text)

    def test_P3_colleague_reads_and_changes_nothing(self):
        self.authenticate('test_ola', 'test_ola')
        page = self.url_open(self._url(self.form)).text
        self.assertIn("Orders", page)
        self.assertNotIn('name="final"', page)
        page = self._post(self.form, data={**self._good(), 'final': '1'})
        self.assertIn("Tomasz fills in", page)
        self.assertEqual(self.form.state, 'todo')
        self.assertFalse(self.count.draft)

    def test_P3_other_client_gets_nothing(self):
        self._save(self.file, files=[('goods.csv', b'secret goods')], final=False)
        self.authenticate('test_rita', 'test_rita')
        attachment = self.file.file_ids
        for project in (self.project, self.other_project):
            self.assertNotIn("Orders", self.url_open(self._url(self.form, project=project)).text)
            self.assertNotIn("secret goods", self.url_open(
                self._url(self.file, f'/file/{attachment.id}', project=project),
            ).text)
            self._post(self.form, data={**self._good(), 'final': '1'}, project=project)
            self._post(self.file, f'/file/{attachment.id}/remove', project=project)
        self.assertEqual(self.form.state, 'todo')
        self.assertFalse(self.count.draft)
        self.assertTrue(self.file.file_ids)

    def test_P3_file_of_another_request_is_not_given_out(self):
        other = self.env['ir.attachment'].create({
            'name': 'note.txt', 'raw': b'between us', 'res_model': self.file._name,
            'res_id': self.file.id,
        })
        self.authenticate('test_tomasz', 'test_tomasz')
        # in the conversation of our people, not among what the client sent
        answer = self.url_open(self._url(self.file, f'/file/{other.id}'))
        self.assertNotIn("between us", answer.text)
