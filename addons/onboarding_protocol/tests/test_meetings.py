from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.mail.tests.common import MailCase
from odoo.addons.onboarding_protocol.tests.common import ImplementationCommon


class MeetingCommon(ImplementationCommon):

    @classmethod
    def _new_meeting(cls, kind='scope', days=-1, project=None, **values):
        """ Create a meeting some days from now. """
        project = project or cls.implementation
        start = fields.Datetime.now().replace(microsecond=0) + timedelta(days=days)
        return cls.env['calendar.event'].with_context(no_mail_to_attendees=True).create({
            'name': f"Meeting {kind}",
            'implementation_id': project.id,
            'implementation_meeting': kind,
            'user_id': cls.supervisor.id,
            'partner_ids': [Command.set(
                (cls.supervisor.partner_id | project.coordinator_id).ids,
            )],
            'start': start,
            'stop': start + timedelta(hours=1),
            **values,
        })

    def _get_missing(self, kind, project=None):
        project = project or self.implementation
        return [
            due.text for due in getattr(project, f'_gate_{kind}')(self.phases[1])[project]
        ]

    def _get_due_texts(self):
        return [due.text for due in self.implementation._get_dues()]


@tagged('post_install', '-at_install')
class TestMeetings(MeetingCommon, MailCase):
    """ Meetings of an implementation: agenda, minutes, action items (P1). """

    # === HELD === #

    def test_P1_configuration_waits_for_the_scope_meeting(self):
        self.assertEqual(self._get_missing('scope_meeting'), ["Scope meeting"])
        meeting = self._new_meeting()
        self.assertEqual(self._get_missing('scope_meeting'), ["Scope meeting"])
        meeting.with_user(self.supervisor).action_mark_held()
        self.assertFalse(self._get_missing('scope_meeting'))
        self.assertEqual(
            self._get_missing('scope_meeting', self.other_implementation), ["Scope meeting"],
        )

    def test_P1_another_kind_of_meeting_is_no_scope_meeting(self):
        self._new_meeting('update').action_mark_held()
        self.assertTrue(self._get_missing('scope_meeting'))

    def test_P1_a_meeting_to_come_is_owed_for_its_day(self):
        meeting = self._new_meeting(days=3)
        due, = self.implementation._gate_scope_meeting(self.phases[1])[self.implementation]
        self.assertEqual(due.date, self.implementation._get_day(meeting.start))
        self.assertEqual(due.owner, self.supervisor.name)

    def test_P1_a_meeting_in_the_future_was_not_held(self):
        meeting = self._new_meeting(days=1)
        with self.assertRaises(ValidationError):
            meeting.action_mark_held()
        with self.assertRaises(ValidationError):
            self._new_meeting(days=1, is_held=True)
        held = self._new_meeting(is_held=True)
        with self.assertRaises(ValidationError):
            held.write({
                'start': fields.Datetime.now() + timedelta(days=1),
                'stop': fields.Datetime.now() + timedelta(days=1, hours=1),
            })

    def test_P1_a_held_meeting_stays_on_record(self):
        meeting = self._new_meeting(is_held=True)
        with self.assertRaises(UserError):
            meeting.with_user(self.manager).unlink()
        with self.assertRaises(ValidationError):
            meeting.active = False
        with self.assertRaises(ValidationError):
            meeting.write({'implementation_id': False, 'implementation_meeting': False})

    def test_new_meeting_invites_supervisor_and_coordinator(self):
        meeting = self.env['calendar.event'].with_user(self.consultant).with_context(
            default_implementation_id=self.implementation.id, no_mail_to_attendees=True,
        ).create({'name': "Meeting", 'implementation_meeting': 'update'})
        self.assertEqual(
            meeting.partner_ids,
            (self.supervisor | self.consultant).partner_id | self.coordinator,
        )

    def test_a_meeting_of_an_implementation_has_a_kind(self):
        with self.assertRaises(ValidationError):
            self._new_meeting(implementation_meeting=False)
        with self.assertRaises(ValidationError):
            self._new_meeting(implementation_id=self.template.id)

    def test_stock_meetings_are_as_before(self):
        event = self.env['calendar.event'].with_user(self.insider).create({
            'name': "Lunch", 'start': '2026-03-02 10:00:00', 'stop': '2026-03-02 11:00:00',
        })
        event.with_user(self.agent).name = "Long lunch"
        event.with_user(self.insider).unlink()

    def test_T1_knowledge_is_transferred_when_every_planned_meeting_was_held(self):
        self.assertEqual(
            self._get_missing('knowledge_transferred'), ["Knowledge transfer meeting"],
        )
        self._new_meeting('knowledge').action_mark_held()
        self.assertFalse(self._get_missing('knowledge_transferred'))
        planned = self._new_meeting('knowledge', days=2)
        self.assertEqual(
            self._get_missing('knowledge_transferred'),
            ["Knowledge transfer meeting “Meeting knowledge”"],
        )
        planned.active = False
        self.assertFalse(self._get_missing('knowledge_transferred'))

    def test_gates_of_many_cost_as_many_queries_as_of_few(self):
        many = self.implementation | self.other_implementation
        for number in range(10):
            client = self.env['res.partner'].create({'name': f"Client {number}"})
            many |= self._new_implementation(client, client)
        for project in many:
            for kind in ('scope', 'follow_up', 'knowledge', 'training'):
                self._new_meeting(kind, project=project)

        def count(projects):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for kind in (
                'scope_meeting', 'follow_up_held', 'knowledge_transferred', 'training_held',
            ):
                getattr(projects, f'_gate_{kind}')(self.phases[1])
            return self.env.cr.sql_log_count - before

        count(many)
        self.assertLessEqual(count(many), count(many[:2]))

    # === AGENDA === #

    def test_P1_agenda_is_filled_with_the_open_points_once(self):
        self.env['project.task'].create([
            {'name': "Link offers", 'project_id': self.implementation.id, 'is_client_task': True},
            {'name': "Calm the salesman", 'project_id': self.implementation.id},
        ])
        meeting = self._new_meeting(days=1, agenda="<p>Ours</p>")
        meeting.with_user(self.supervisor).action_fill_agenda()
        self.assertIn("Ours", meeting.agenda)
        self.assertIn("Link offers", meeting.agenda)
        self.assertIn("Scope meeting", meeting.agenda)
        # the client reads it
        self.assertNotIn("Calm the salesman", meeting.agenda)
        agenda = meeting.agenda
        meeting.action_fill_agenda()
        self.assertEqual(meeting.agenda, agenda)

    # === MINUTES === #

    def _send(self, meeting):
        with self.mock_mail_gateway():
            meeting.with_user(self.supervisor).action_send_minutes()

    def test_P1_minutes_go_to_every_attendee_in_the_own_language(self):
        self.env['res.lang']._activate_lang('pl_PL')
        template = self.env.ref('onboarding_protocol.mail_template_minutes')
        template.with_context(lang='pl_PL').subject = "Protokół: {{ object.event_id.name }}"
        self.coordinator.lang = 'pl_PL'
        meeting = self._new_meeting(minutes="<p>Two shops on start</p>", notes="<p>Careful</p>")
        self._send(meeting)
        self.assertTrue(meeting.is_held)
        self.assertTrue(meeting.minutes_sent_on)
        mails = {mail.recipient_ids: mail for mail in self._new_mails}
        self.assertEqual(set(mails), {self.coordinator, self.supervisor.partner_id})
        self.assertEqual(mails[self.coordinator].subject, "Protokół: Meeting scope")
        self.assertEqual(mails[self.supervisor.partner_id].subject, "Minutes: Meeting scope")
        self.assertIn("Two shops on start", mails[self.coordinator].body_html)
        self.assertNotIn("Careful", mails[self.coordinator].body_html)

    def test_P1_action_items_become_tasks_once(self):
        meeting = self._new_meeting(minutes="<p>Agreed</p>", action_item_ids=[
            Command.create({
                'name': "Send the price list", 'partner_id': self.coordinator.id,
                'date_deadline': '2026-03-31',
            }),
            Command.create({
                'name': "Offer printers", 'partner_id': self.supervisor.partner_id.id,
            }),
        ])
        theirs, ours = meeting.action_item_ids
        self.assertEqual(theirs.state, 'draft')
        self._send(meeting)
        self._send(meeting)
        tasks = self.implementation.tasks
        self.assertEqual(len(tasks), 2)
        self.assertTrue(theirs.task_id.is_client_task)
        self.assertFalse(theirs.task_id.user_ids)
        self.assertEqual(str(theirs.task_id.date_deadline.date()), '2026-03-31')
        self.assertFalse(ours.task_id.is_client_task)
        self.assertEqual(ours.task_id.user_ids, self.supervisor)
        self.assertEqual(theirs.state, 'open')
        theirs.task_id.state = '1_done'
        self.assertEqual(theirs.state, 'done')

    def test_P1_minutes_are_refused_with_what_to_do(self):
        for values, text in (
            ({}, "write the minutes"),
            ({'minutes': "<p><br></p>"}, "write the minutes"),
            ({'minutes': "<p>Agreed</p>", 'days': 1}, "in the future"),
            ({'minutes': "<p>Agreed</p>", 'partner_ids': [Command.clear()]}, "Nobody"),
        ):
            with self.subTest(text=text):
                meeting = self._new_meeting(**values)
                with self.assertRefused(text):
                    meeting.action_send_minutes()

    def test_P1_that_minutes_were_sent_is_not_written_by_hand(self):
        meeting = self._new_meeting()
        with self.assertRaises(UserError):
            meeting.with_user(self.manager).minutes_sent_on = fields.Datetime.now()
        item = self.env['implementation.action.item'].create({
            'meeting_id': meeting.id, 'name': "Promise",
        })
        task = self.env['project.task'].create({
            'name': "Task", 'project_id': self.implementation.id,
        })
        with self.assertRaises(AccessError):
            item.with_user(self.manager).task_id = task

    def test_P1_what_was_sent_is_neither_deleted_nor_taken_back(self):
        meeting = self._new_meeting(
            minutes="<p>Agreed</p>", action_item_ids=[Command.create({'name': "Promise"})],
        )
        self._send(meeting)
        with self.assertRaises(UserError):
            meeting.action_item_ids.with_user(self.manager).unlink()
        with self.assertRaises(ValidationError):
            meeting.is_held = False

    def test_action_items_belong_to_meetings_of_implementations(self):
        event = self.env['calendar.event'].create({
            'name': "Lunch", 'start': '2026-03-02 10:00:00', 'stop': '2026-03-02 11:00:00',
        })
        with self.assertRaises(UserError):
            self.env['implementation.action.item'].create({
                'meeting_id': event.id, 'name': "Promise",
            })
        meeting = self._new_meeting(action_item_ids=[Command.create({'name': "Promise"})])
        with self.assertRaises(ValidationError):
            meeting.implementation_id = self.other_implementation

    def test_addresses_are_pages(self):
        for field in ('recording_url', 'material_url'):
            with self.assertRaises(ValidationError):
                self._new_meeting(**{field: 'javascript:alert(1)'})

    # === WHAT IS OWED === #

    def test_P1_client_sees_the_own_action_items_among_what_is_owed(self):
        meeting = self._new_meeting(minutes="<p>Agreed</p>", action_item_ids=[Command.create({
            'name': "Send the price list", 'partner_id': self.coordinator.id,
        })])
        self.assertNotIn("Send the price list", self._get_due_texts())
        self._send(meeting)
        dues = self.implementation._get_portal_dues()
        self.assertEqual(
            [(due.text, due.owner) for due in dues['client']],
            [("Send the price list", self.coordinator.name)],
        )
        meeting.action_item_ids.task_id.state = '1_done'
        self.assertNotIn("Send the price list", self._get_due_texts())

    def test_a_task_of_a_phase_is_owed_once(self):
        self.env['project.task'].create([
            {
                'name': f"Task {number}", 'project_id': self.implementation.id,
                'is_client_task': True, 'phase_id': phase.id,
            }
            for number, phase in enumerate((self.phases[1], self.phases[-1], self.phases[:0]))
        ])
        texts = ' '.join(self._get_due_texts())
        for number in range(3):
            self.assertEqual(texts.count(f"Task {number}"), 1)

    def test_P1_minutes_of_a_meeting_that_is_over_are_owed(self):
        meeting = self._new_meeting()
        self.assertIn("Minutes of “Meeting scope”", self._get_due_texts())
        meeting.action_mark_held()
        self.assertNotIn("Minutes of “Meeting scope”", self._get_due_texts())
        self.assertNotIn("Scope meeting", self._get_due_texts())

    # === WHO === #

    def test_consultant_plans_meetings_of_visible_implementations_only(self):
        self._new_meeting().with_user(self.consultant).agenda = "<p>Ours</p>"
        self.implementation.privacy_visibility = 'followers'
        with self.assertRaises(AccessError):
            self.env['calendar.event'].with_user(self.consultant).create({
                'name': "Meeting", 'implementation_id': self.implementation.id,
                'implementation_meeting': 'update',
            })

    def test_meeting_of_a_followers_project_is_seen_by_those_and_by_attendees(self):
        meeting = self._new_meeting()
        self.implementation.privacy_visibility = 'followers'

        def finds(user):
            return bool(meeting.with_user(user).search([('id', '=', meeting.id)]))

        self.assertFalse(finds(self.consultant) or finds(self.insider))
        self.assertTrue(finds(self.supervisor) and finds(self.manager))
        meeting.partner_ids |= self.insider.partner_id
        self.assertTrue(finds(self.insider))

    def test_colleagues_see_when_we_meet_but_not_what_was_said(self):
        meeting = self._new_meeting(minutes="<p>Agreed</p>")
        self.env.flush_all()
        self.assertEqual(meeting.with_user(self.insider).read(['name'])[0]['name'], meeting.name)
        for user in (self.insider, self.agent, self.portal):
            for name in ('minutes', 'agenda', 'implementation_id', 'action_item_ids'):
                with self.subTest(user=user.login, field=name), self.assertRaises(AccessError):
                    meeting.with_user(user).read([name])

    def test_client_never_reads_internal_notes(self):
        meeting = self._new_meeting(notes="<p>Careful</p>")
        self.env.flush_all()
        self.assertEqual(meeting.with_user(self.portal).read(['name'])[0]['name'], meeting.name)
        with self.assertRaises(AccessError):
            meeting.with_user(self.portal).read(['notes'])
        self.assertNotIn('notes', meeting.with_user(self.portal).fields_get())

    def test_colleagues_without_project_rights_do_not_move_or_delete_it(self):
        meeting = self._new_meeting(days=3)
        for user in (self.insider, self.agent):
            with self.assertRaises(AccessError):
                meeting.with_user(user).name = "Hijacked"
            with self.assertRaises(AccessError):
                meeting.with_user(user).unlink()

    def test_action_items_are_nothing_for_outsiders(self):
        meeting = self._new_meeting(action_item_ids=[Command.create({'name': "Promise"})])
        for user in (self.portal, self.other_portal, self.agent, self.insider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                meeting.action_item_ids.with_user(user).read(['name'])
        self.implementation.privacy_visibility = 'followers'
        with self.assertRaises(AccessError):
            meeting.action_item_ids.with_user(self.consultant).read(['name'])


@tagged('post_install', '-at_install')
class TestMeetingsPage(MeetingCommon, HttpCase):
    """ The meetings on the page My Implementation. """

    def setUp(self):
        super().setUp()
        self.coming = self._new_meeting('training', days=5, agenda="<p>Returns</p>")
        self.held = self._new_meeting(
            minutes="<p>Two shops on start</p>", notes="<p>Careful with Karl</p>",
            recording_url='https://video.example/1', is_held=True,
        )

    def _open(self, user):
        self.authenticate(user.login, user.login)
        return self.url_open(f'/my/implementation/{self.implementation.id}').text

    def test_P1_coordinator_sees_meetings_with_agenda_and_sent_minutes(self):
        page = self._open(self.portal)
        self.assertIn("Meeting training", page)
        self.assertIn("Returns", page)
        self.assertIn('https://video.example/1', page)
        # a draft
        self.assertNotIn("Two shops on start", page)
        self.held.sudo().minutes_sent_on = fields.Datetime.now()
        page = self._open(self.portal)
        self.assertIn("Two shops on start", page)
        self.assertNotIn("Careful with Karl", page)

    def test_another_client_sees_none_of_the_meetings(self):
        page = self._open(self.other_portal)
        self.assertNotIn("Meeting training", page)
        self.assertNotIn("https://video.example/1", page)
