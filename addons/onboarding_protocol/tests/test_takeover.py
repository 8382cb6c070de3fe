""" Taking over from another support provider (requirements T1-T5). """

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import http
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command, Date, Datetime
from odoo.tests import Form, HttpCase, tagged

from .common import ImplementationCommon


class TakeoverCommon(ImplementationCommon):
    """ `takeover` is the client's, `other_takeover` the other client's too. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.context_today(cls.env.user.with_context(tz='Europe/Warsaw'))
        cls.takeover = cls._new_implementation(cls.client, cls.coordinator, 'takeover')
        cls.other_takeover = cls._new_implementation(
            cls.other_client, cls.other_portal.partner_id, 'takeover',
        )
        (
            cls.phase_plan, cls.phase_knowledge, cls.phase_documentation, cls.phase_live,
        ) = cls.takeover.phase_ids.sorted()

    @classmethod
    def _new_step(cls, name="Session on the warehouse", takeover=None, **values):
        return cls.env['takeover.step'].create({
            'project_id': (takeover or cls.takeover).id,
            'name': name,
            'planned_date': cls.today + timedelta(7),
            'user_id': cls.supervisor.id,
            **values,
        })

    @classmethod
    def _new_document(cls, name="Processes", takeover=None, **values):
        return cls.env['takeover.document'].create({
            'project_id': (takeover or cls.takeover).id,
            'name': name,
            'due_date': cls.today + timedelta(3),
            'validate_by': cls.today + timedelta(10),
            'user_id': cls.consultant.id,
            'url': "https://docs.example/processes",
            **values,
        })

    def _agree(self, steps):
        """ Let both sides confirm steps. """
        steps.with_user(self.supervisor).action_confirm()
        for step in steps:
            step._confirm_by_client(step.project_id.coordinator_id, step.revision)

    def _validate(self, documents):
        """ Deliver documents and let the client validate them. """
        documents.action_deliver()
        for document in documents:
            document.project_id._portal_validate_document(
                document.project_id.coordinator_id, document.id, document.version,
            )

    def _missing(self, gate, takeover=None):
        """ Return what a gate misses, as pairs of side and text. """
        takeover = takeover or self.takeover
        dues = getattr(takeover, f'_gate_{gate}')(self.phase_knowledge)
        return [(due.side, due.text) for due in dues.get(takeover, [])]

    def _chatter(self, record):
        return ' '.join(record.message_ids.mapped('body'))


@tagged('post_install', '-at_install')
class TestTakeoverSteps(TakeoverCommon):

    def test_T1_each_side_confirms_with_name_and_date(self):
        step = self._new_step()
        self.assertEqual(step.state, 'draft')
        step.with_user(self.supervisor).action_confirm()
        self.assertEqual(step.state, 'proposed')
        self.assertEqual(step.confirmed_user_id, self.supervisor)
        self.assertTrue(step.confirmed_datetime)
        self.takeover._portal_confirm_step(self.coordinator, step.id, step.revision)
        self.assertEqual(step.state, 'agreed')
        self.assertEqual(step.client_confirmed_by, self.coordinator.name)
        self.assertEqual(step.client_confirmed_partner_id, self.coordinator)
        self.assertTrue(step.client_confirmed_datetime)
        self.assertIn("is confirmed by", self._chatter(self.takeover))

    def test_T1_a_step_is_proposed_with_a_date_and_a_responsible(self):
        for values in ({'planned_date': False}, {'user_id': False}):
            step = self._new_step(**values)
            with self.subTest(values=values), self.assertRefused("When is the step"):
                step.action_confirm()
        step = self._new_step(user_id=False, client_contact_id=self.colleague.id)
        step.action_confirm()
        self.assertEqual(step.state, 'proposed')

    def test_T1_the_client_confirms_only_what_was_proposed(self):
        step = self._new_step()
        with self.assertRefused("has changed meanwhile"):
            self.takeover._portal_confirm_step(self.coordinator, step.id, step.revision)

    def test_T1_the_client_confirms_only_what_was_on_the_page(self):
        step = self._new_step()
        step.action_confirm()
        seen = step.revision
        step.planned_date += timedelta(1)
        step.action_confirm()
        with self.assertRefused("has changed meanwhile"):
            self.takeover._portal_confirm_step(self.coordinator, step.id, seen)
        self.assertEqual(step.state, 'proposed')

    def test_T1_a_change_of_what_was_agreed_takes_both_confirmations_back(self):
        for number, values in enumerate((
            {'name': "Another name"},
            {'planned_date': self.today + timedelta(20)},
            {'user_id': self.consultant.id},
            {'client_contact_id': self.colleague.id},
            {'kind': 'knowledge'},
            {'place': 'site'},
        )):
            step = self._new_step(f"Step {number}")
            self._agree(step)
            step.with_user(self.consultant).write(values)
            with self.subTest(values=values):
                self.assertEqual(step.state, 'draft')
                self.assertFalse(step.confirmed_user_id)
                self.assertFalse(step.client_confirmed_by)
                self.assertRegex(
                    self._chatter(self.takeover), f"“{step.name}” has changed: both sides",
                )

    def test_T1_what_is_no_substance_leaves_the_agreement(self):
        step = self._new_step()
        self._agree(step)
        step.write({'sequence': 99, 'name': step.name, 'planned_date': step.planned_date})
        self.assertEqual(step.state, 'agreed')

    def test_T1_nobody_writes_confirmations_by_hand(self):
        step = self._new_step()
        for values in (
            {'confirmed_user_id': self.manager.id}, {'confirmed_datetime': Datetime.now()},
            {'client_confirmed_by': "Somebody"}, {'client_confirmed_datetime': Datetime.now()},
            {'done_date': self.today}, {'state': 'agreed'}, {'revision': 7},
        ):
            with self.subTest(values=values):
                with self.assertRaises(AccessError):
                    step.with_user(self.manager).write(values)
                with self.assertRaises(AccessError):
                    step.with_user(self.manager).create(
                        {'project_id': self.takeover.id, 'name': "Step", **values},
                    )
        created = self.env['takeover.step'].with_user(self.manager).with_context(
            default_confirmed_datetime=Datetime.now(), default_state='agreed',
        ).create({'project_id': self.takeover.id, 'name': "Step"})
        self.assertEqual(created.state, 'draft')
        self.assertFalse(created.confirmed_datetime)

    def test_T1_done_steps_get_a_date_and_were_agreed(self):
        step = self._new_step()
        with self.assertRefused("is not agreed yet"):
            step.action_done()
        self._agree(step)
        step.with_user(self.consultant).action_done()
        self.assertEqual(step.state, 'done')
        self.assertEqual(step.done_date, self.today)
        with self.assertRefused("is done"):
            step.name = "Another name"
        step.action_reopen()
        self.assertEqual(step.state, 'agreed')

    def test_T1_an_agreed_step_is_not_deleted_in_silence(self):
        step = self._new_step()
        self._agree(step)
        with self.assertRefused("take it back first"):
            step.with_user(self.manager).unlink()
        step.with_user(self.manager).action_take_back()
        step.with_user(self.manager).unlink()
        self.assertFalse(step.exists())

    def test_T1_the_knowledge_transfer_waits_for_the_agreed_steps(self):
        self.assertEqual(self._missing('steps_agreed'), [('us', "The steps of the transition")])
        step = self._new_step("Kick-off")
        self.assertEqual(
            self._missing('steps_agreed'), [('us', "Proposal of the step “Kick-off”")],
        )
        step.action_confirm()
        self.assertEqual(
            self._missing('steps_agreed'), [('client', "Confirmation of the step “Kick-off”")],
        )
        self.takeover.takeover_risk_ids.write({
            'user_id': self.supervisor.id, 'mitigation': "Sessions are recorded",
        })
        with self.assertRefused("Confirmation of the step “Kick-off”"):
            self.takeover.with_user(self.supervisor).action_next_phase()
        self._agree(step)
        self.takeover.with_user(self.supervisor).action_next_phase()
        self.assertEqual(self.takeover.phase_id, self.phase_knowledge)

    def test_T1_steps_are_owed_by_who_does_them(self):
        self._agree(self._new_step("Session", client_contact_id=self.colleague.id))
        owed = self.takeover._get_portal_dues()
        for side, owner in (('client', self.colleague.name), ('us', self.supervisor.name)):
            self.assertIn(("Session", owner), [(due.text, due.owner) for due in owed[side]])

    def test_T1_steps_come_with_the_template_but_not_their_agreement(self):
        template = self.env['project.project'].create({
            'name': "Template", 'is_template': True, 'implementation_kind': 'takeover',
            'takeover_step_ids': [Command.create({
                'name': "Kick-off", 'kind': 'date', 'planned_date': self.today,
            })],
            'takeover_document_ids': [Command.create({'name': "Landscape"})],
        })
        project = template.action_create_from_template({
            'name': "Taken over", 'partner_id': self.client.id, 'company_id': self.company.id,
        })
        step = project.takeover_step_ids
        self.assertEqual((step.name, step.kind, step.state), ("Kick-off", 'date', 'draft'))
        self.assertFalse(step.planned_date)
        self.assertEqual(project.takeover_document_ids.name, "Landscape")
        self.assertEqual(len(project.takeover_risk_ids), 4)

    def test_T1_only_contacts_of_the_client(self):
        with self.assertRaises(ValidationError):
            self._new_step(client_contact_id=self.other_client.id)

    def test_T1_parts_belong_to_takeovers_and_stay_there(self):
        with self.assertRaises(ValidationError):
            self._new_step(takeover=self.implementation)
        step = self._new_step()
        with self.assertRefused("not moved"):
            step.project_id = self.other_takeover


@tagged('post_install', '-at_install')
class TestTakeoverDocuments(TakeoverCommon):

    def test_T4_delivered_validated(self):
        document = self._new_document()
        self.assertEqual(document.state, 'planned')
        document.with_user(self.consultant).action_deliver()
        self.assertEqual((document.state, document.version), ('delivered', 1))
        self.takeover._portal_validate_document(self.coordinator, document.id, 1)
        version = document.version_ids
        self.assertEqual(document.state, 'validated')
        self.assertEqual(version.verdict, 'validated')
        self.assertEqual(version.verdict_by, self.coordinator.name)
        self.assertTrue(version.verdict_datetime)
        self.assertEqual(version.url, "https://docs.example/processes")

    def test_T4_returned_with_a_reason_and_delivered_again(self):
        document = self._new_document()
        document.action_deliver()
        with self.assertRefused("what has to be changed"):
            self.takeover._portal_return_document(self.coordinator, document.id, 1, "  ")
        self.takeover._portal_return_document(
            self.coordinator, document.id, 1, "Hall B is missing",
        )
        self.assertEqual((document.state, document.return_reason), (
            'returned', "Hall B is missing",
        ))
        self.assertEqual(document.activity_ids.user_id, self.consultant)
        self.assertIn("Hall B is missing", self._chatter(document))
        document.url = "https://docs.example/processes2"
        document.action_deliver()
        self.assertEqual((document.state, document.version), ('delivered', 2))
        self.assertFalse(document.return_reason)
        self.assertEqual(document.version_ids.sorted().mapped('verdict'), [False, 'returned'])
        self.assertEqual(document.version_ids.sorted()[1].reason, "Hall B is missing")

    def test_T4_the_client_decides_on_what_was_on_the_page(self):
        document = self._new_document()
        document.action_deliver()
        document.url = "https://docs.example/another"
        document.action_deliver()
        self.assertEqual(document.version_ids.sorted().mapped('verdict'), [False, 'replaced'])
        for decide in (
            lambda: self.takeover._portal_validate_document(self.coordinator, document.id, 1),
            lambda: self.takeover._portal_return_document(
                self.coordinator, document.id, 1, "No",
            ),
        ):
            with self.assertRefused("has changed meanwhile"):
                decide()

    def test_T4_only_the_coordinator_decides(self):
        document = self._new_document()
        document.action_deliver()
        with self.assertRefused("confirms and validates"):
            self.takeover._portal_validate_document(self.colleague, document.id, 1)
        self.assertEqual(document.state, 'delivered')

    def test_T4_delivered_with_something_and_a_day_to_validate(self):
        document = self._new_document(url=False)
        with self.assertRefused("nothing to deliver"):
            document.action_deliver()
        document.write({'url': "https://docs.example/a", 'validate_by': False})
        with self.assertRefused("By when"):
            document.action_deliver()
        document.validate_by = self.today - timedelta(1)
        with self.assertRefused("By when"):
            document.action_deliver()
        document.validate_by = self.today
        document.action_deliver()

    def test_T4_links_are_addresses_of_the_web(self):
        with self.assertRaises(ValidationError):
            self._new_document(url="javascript:alert(1)")

    def test_T4_what_was_validated_stays_as_it_is(self):
        document = self._new_document(attachment_ids=[Command.create({
            'name': "processes.pdf", 'raw': b"%PDF the first", 'res_model': 'takeover.document',
        })])
        self._validate(document)
        version = document.version_ids
        file = version.attachment_ids
        self.assertEqual(file.raw, b"%PDF the first")
        self.assertEqual((file.res_model, file.res_id), (version._name, version.id))
        self.assertFalse(document.attachment_ids)
        self.assertTrue(file.with_user(self.consultant).raw, "colleagues read it")
        for user in (self.consultant, self.manager):
            with self.assertRaises(AccessError):
                file.with_user(user).unlink()
            with self.assertRaises(AccessError):
                file.with_user(user).raw = b"%PDF another"
            with self.assertRaises(AccessError):
                version.with_user(user).write({'verdict': 'returned'})
        with self.assertRefused("stays on record"):
            document.with_user(self.manager).unlink()
        with self.assertRefused("archive it instead"):
            self.takeover.with_user(self.manager).unlink()

    def test_T4_files_of_others_are_copied_and_only_if_they_may_be_read(self):
        theirs = self.env['ir.attachment'].create({
            'name': "secret.pdf", 'raw': b"%PDF", 'res_model': 'res.partner',
            'res_id': self.client.id,
        })
        document = self._new_document(attachment_ids=theirs.ids, url=False)
        document.action_deliver()
        self.assertEqual(theirs.res_model, 'res.partner')
        self.assertNotEqual(document.version_ids.attachment_ids, theirs)
        hidden = self.env['ir.attachment'].create({'name': "mine.pdf", 'raw': b"%PDF"})
        with self.assertRaises(AccessError):
            self._new_document().with_user(self.consultant).attachment_ids = hidden

    def test_T4_nobody_validates_by_hand(self):
        document = self._new_document()
        for values in (
            {'state': 'validated'}, {'version': 3}, {'return_reason': "x"},
            {'version_ids': [Command.create({'number': 1})]},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                document.with_user(self.manager).write(values)

    def test_T4_live_waits_for_the_validated_documents(self):
        self.assertEqual(
            self._missing('documents_validated'),
            [('us', "The list of the documents that are agreed")],
        )
        document = self._new_document()
        self.assertEqual(
            self._missing('documents_validated'), [('us', "Document “Processes”")],
        )
        document.action_deliver()
        self.assertEqual(
            self._missing('documents_validated'),
            [('client', "Validation of the document “Processes”")],
        )
        self.takeover._portal_validate_document(self.coordinator, document.id, 1)
        self.assertEqual(self._missing('documents_validated'), [])


@tagged('post_install', '-at_install')
class TestTakeoverRisks(TakeoverCommon):

    def test_T5_every_takeover_begins_with_the_four_risks(self):
        self.assertEqual(sorted(self.takeover.takeover_risk_ids.mapped('name')), [
            "Cost of the transition", "Gaps in the documentation", "Lost knowledge",
            "Time and effort",
        ])
        self.assertFalse(self.implementation.takeover_risk_ids)

    def test_T5_level(self):
        risk = self.takeover.takeover_risk_ids[0]
        for likelihood, impact, level in (
            ('1', '1', 'low'), ('1', '2', 'low'), ('1', '3', 'medium'), ('2', '2', 'medium'),
            ('2', '3', 'high'), ('3', '3', 'high'),
        ):
            risk.write({'likelihood': likelihood, 'impact': impact})
            self.assertEqual(risk.level, level, (likelihood, impact))

    def test_T5_each_open_risk_has_an_owner_and_a_mitigation(self):
        risks = self.takeover.takeover_risk_ids
        self.assertEqual(len(self._missing('risks_owned')), 4)
        risks[0].state = 'closed'
        self.assertEqual(len(self._missing('risks_owned')), 3)
        risks[1:].user_id = self.supervisor
        self.assertIn("Mitigation of", self._missing('risks_owned')[0][1])
        risks[1:].mitigation = "   "
        self.assertEqual(len(self._missing('risks_owned')), 3)
        risks[1:].mitigation = "Sessions are recorded"
        self.assertEqual(self._missing('risks_owned'), [])

    def test_T5_mitigated_says_how(self):
        risk = self.takeover.takeover_risk_ids[0]
        with self.assertRaises(ValidationError):
            risk.state = 'mitigated'
        risk.write({'mitigation': "Sessions are recorded", 'state': 'mitigated'})

    def test_T5_risks_are_internal(self):
        texts = [due.text for due in self.takeover._get_dues()]
        self.assertFalse([text for text in texts if "risk" in text.lower()])


@tagged('post_install', '-at_install')
class TestTakeoverInvolvement(TakeoverCommon):

    def _spend(self, hours, user=None, **values):
        return self.env['takeover.involvement'].with_user(user or self.consultant).create({
            'project_id': self.takeover.id, 'person': "M. Hoffmann", 'name': "Questions",
            'hours': hours, 'rate': 100, **values,
        })

    def _warnings(self):
        return self.takeover.activity_ids.filtered('automated')

    def test_T3_used_and_left(self):
        self.takeover.write({'involvement_cap_hours': 40, 'involvement_cap_amount': 5000})
        self._spend(10.5)
        self._spend(2, rate=33.333)
        self.assertEqual(self.takeover.involvement_hours, 12.5)
        self.assertAlmostEqual(self.takeover.involvement_amount, 1050 + 66.67)
        self.assertEqual(self.takeover.involvement_left_hours, 27.5)
        self.assertAlmostEqual(self.takeover.involvement_left_amount, 5000 - 1116.67)
        self.assertAlmostEqual(self.takeover.involvement_share, 31.25)

    def test_T3_the_supervisor_is_told_once_at_80_percent_and_once_over_the_cap(self):
        self.takeover.involvement_cap_hours = 10
        self._spend(7.9)
        self.assertFalse(self._warnings())
        self._spend(0.1)
        self.assertEqual(self._warnings().user_id, self.supervisor)
        self.assertIn("80 %", self._warnings().summary)
        self._spend(2)
        self.assertEqual(len(self._warnings()), 1, "the cap is reached, not exceeded")
        entry = self._spend(0.5)
        self.assertEqual(len(self._warnings()), 2)
        self._spend(20)
        entry.hours = 1
        self.assertEqual(len(self._warnings()), 2)

    def test_T3_the_cost_is_capped_too(self):
        self.takeover.write({'involvement_cap_hours': 1000, 'involvement_cap_amount': 1000})
        self._spend(11)
        self.assertIn("over the cap", self._warnings().summary)

    def test_T3_another_cap_is_reported_anew(self):
        self.takeover.involvement_cap_hours = 10
        self._spend(11)
        self.assertEqual(len(self._warnings()), 1)
        self.takeover.with_user(self.supervisor).involvement_cap_hours = 100
        self._spend(70)
        self.assertEqual(len(self._warnings()), 2)
        self.takeover.with_user(self.supervisor).involvement_cap_hours = 50
        self.assertEqual(len(self._warnings()), 3)

    def test_T3_without_a_cap_nothing_is_reported(self):
        self._spend(1000)
        self.assertFalse(self._warnings())
        self.assertFalse(self.takeover.involvement_share)

    def test_T3_what_was_reported_is_not_written_by_hand(self):
        with self.assertRaises(AccessError):
            self.takeover.with_user(self.manager).involvement_reported = 100

    def test_T3_internal_users_without_projects_read_no_cost(self):
        with self.assertRaises(AccessError):
            self.takeover.with_user(self.agent).involvement_amount  # noqa: B018 - reading it


@tagged('post_install', '-at_install')
class TestTakeoverSupport(TakeoverCommon):
    """ The same consultants, and the SLA from the first day on (T2). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = 'helpdesk_sla.group_helpdesk_user'
        cls.members = cls.env['res.users'].union(*(
            cls._new_user(f'takeover_member_{number}', group) for number in range(4)
        ))
        cls.team = cls.env['helpdesk.team'].create({
            'name': "Support", 'company_id': cls.company.id, 'member_ids': cls.members.ids,
            'assign_method': 'balanced',
        })
        cls.consultants = cls.members[1:3]
        cls.takeover.consultant_ids = cls.consultants

    def _go_live(self, takeover=None):
        takeover = takeover or self.takeover
        self._agree(self._new_step(takeover=takeover))
        self._validate(self._new_document(takeover=takeover))
        takeover.takeover_risk_ids.write({
            'user_id': self.supervisor.id, 'mitigation': "Sessions are recorded",
        })
        self.env['implementation.gate'].search([
            ('phase_id', 'in', takeover.phase_ids.ids), ('kind', '=', 'knowledge_transferred'),
        ]).unlink()
        takeover.with_user(self.supervisor).phase_id = self.phase_live

    def _tickets(self, count=4, partner=None):
        return self.env['helpdesk.ticket'].with_user(self.agent).create([
            {
                'name': "The label printer", 'team_id': self.team.id, 'priority': '1',
                'partner_id': (partner or self.coordinator).id,
            }
            for _index in range(count)
        ]).sudo()

    def _set_agreement(self, **values):
        self.takeover.sla_agreement_id = self._new_agreement(self.client, step='signed', **values)

    def test_T2_without_an_agreement_nobody_goes_live(self):
        with self.assertRefused("An SLA agreement"):
            self._go_live()
        with self.assertRefused("never passed"):
            self.takeover.with_user(self.manager).with_context(
                implementation_pass_reason="We will write it later",
            ).phase_id = self.phase_live
        self.assertFalse(self.takeover.golive_datetime)

    def test_T2_the_sla_runs_from_the_first_day_on(self):
        self._set_agreement(date_start=self.today + timedelta(30))
        self._go_live()
        self.assertTrue(self.takeover.golive_datetime)
        self.assertEqual(self.takeover.sla_agreement_id.date_start, self.takeover.golive_date)
        ticket = self._tickets(1)
        self.assertFalse(ticket.is_before_golive)
        self.assertEqual(ticket.agreement_id, self.takeover.sla_agreement_id)
        # addons may promise more from the go-live on
        response = ticket.sla_status_ids.filtered(lambda status: status.target == 'first_response')
        self.assertTrue(response.deadline)

    def test_T2_the_consultants_get_the_clients_tickets(self):
        self.assertEqual(len(self._tickets().user_id), 4, "before the go-live it is any member's")
        self._set_agreement()
        self._go_live()
        tickets = self._tickets()
        self.assertEqual(tickets.user_id, self.consultants)
        for user in self.consultants:
            self.assertEqual(len(tickets.filtered(lambda t, user=user: t.user_id == user)), 2)
        self.assertEqual(self._tickets(2, partner=self.client).user_id, self.consultants)

    def test_T2_other_clients_tickets_go_to_everybody(self):
        self._set_agreement()
        self._go_live()
        self.assertEqual(self._tickets(4, self.other_client).user_id, self.members)

    def test_T2_consultants_who_are_away_or_no_members_are_skipped(self):
        self._set_agreement()
        self._go_live()
        now = Datetime.now()
        self.env['resource.calendar.leaves'].create({
            'name': "Holiday",
            'resource_id': self.env['resource.resource'].create({
                'name': "Consultant", 'user_id': self.consultants[0].id,
                'company_id': self.company.id,
            }).id,
            'date_from': now - timedelta(hours=1), 'date_to': now + timedelta(days=1),
        })
        self.assertEqual(self._tickets().user_id, self.consultants[1])
        self.takeover.consultant_ids = self.supervisor
        self.assertNotIn(self.supervisor, self._tickets().user_id)

    def test_T2_for_the_agreed_months_only(self):
        self._set_agreement()
        self._go_live()
        self.takeover.consultant_months = 2
        live = self.takeover.golive_datetime
        self.takeover.sudo().golive_datetime = live - relativedelta(months=2) + timedelta(days=1)
        self.assertEqual(self._tickets().user_id, self.consultants)
        self.takeover.sudo().golive_datetime = live - relativedelta(months=2, days=1)
        self.assertEqual(len(self._tickets(8).user_id), 4)
        self.takeover.with_user(self.supervisor).consultant_months = 3
        self.assertEqual(self._tickets().user_id, self.consultants)

    def test_T2_by_hand_stays_by_hand(self):
        self._set_agreement()
        self._go_live()
        self.team.assign_method = 'manual'
        self.assertFalse(self._tickets().user_id)

    def test_T2_assigning_costs_no_query_a_ticket(self):
        self._set_agreement()
        self._go_live()
        contacts = self.env['res.partner'].create([
            {'name': f"Contact {number}", 'parent_id': self.client.id} for number in range(20)
        ])

        def count(customers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            assignees = self.team._get_next_assignees(len(customers), list(customers))
            self.assertEqual(set(assignees), set(self.consultants))
            return self.env.cr.sql_log_count - before

        count(contacts)  # what is cached once for all
        self.assertEqual(count(contacts[:2]), count(contacts))


@tagged('post_install', '-at_install')
class TestTakeoverAccess(TakeoverCommon):

    def _parts(self):
        document = self._new_document()
        document.action_deliver()
        return [
            self._new_step(), document, document.version_ids,
            self.takeover.takeover_risk_ids[0],
            self.env['takeover.involvement'].create({
                'project_id': self.takeover.id, 'person': "M. Hoffmann", 'name': "Questions",
                'hours': 1,
            }),
        ]

    def test_outsiders_reach_nothing(self):
        public = self.env.ref('base.public_user')
        for part in self._parts():
            for user in (public, self.portal, self.insider, self.agent):
                with self.subTest(model=part._name, user=user.login):
                    for operation in ('read', 'write', 'create', 'unlink'):
                        self.assertFalse(part.with_user(user).has_access(operation))

    def test_consultants_work_with_what_they_see(self):
        parts = self._parts()
        for part in parts:
            record = part.with_user(self.consultant)
            self.assertTrue(record.has_access('read'))
            self.assertEqual(record.has_access('write'), 'version' not in part._name)
            self.assertFalse(record.has_access('unlink'))
        self.takeover.privacy_visibility = 'followers'
        for part in parts:
            self.assertFalse(part.with_user(self.consultant).has_access('read'))
            self.assertTrue(part.with_user(self.manager).has_access('read'))

    def test_other_companies_see_nothing(self):
        company = self.env['res.company'].create({'name': "Another Company"})
        stranger = self._new_user('takeover_stranger', 'project.group_project_manager')
        stranger.write({'company_ids': [Command.set(company.ids)], 'company_id': company.id})
        for part in self._parts():
            self.assertFalse(part.with_user(stranger).search([('id', '=', part.id)]))

    def test_gates_and_dues_cost_no_query_a_takeover(self):
        def fill(takeover):
            for number in range(3):
                self._new_step(f"Step {number}", takeover)
                self._new_document(f"Document {number}", takeover)

        fill(self.takeover)
        takeovers = self.takeover
        for number in range(8):
            client = self.env['res.partner'].create({
                'name': f"Client {number}", 'is_company': True,
            })
            takeover = self._new_implementation(client, client.browse(), 'takeover')
            fill(takeover)
            takeovers |= takeover

        def count(projects):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for gate in ('steps_agreed', 'documents_validated', 'risks_owned'):
                getattr(projects, f'_gate_{gate}')(self.phase_live)
            projects.mapped('involvement_share')
            return self.env.cr.sql_log_count - before

        count(takeovers)
        self.assertLessEqual(count(takeovers), count(takeovers[:2]))

    def test_the_form_of_a_supervisor(self):
        with Form(
            self.takeover.with_user(self.supervisor),
            'onboarding_protocol.implementation_view_form',
        ) as form:
            with form.takeover_step_ids.new() as step:
                step.name = "Kick-off"
                step.planned_date = self.today
                step.user_id = self.supervisor
            with form.involvement_ids.new() as entry:
                entry.person = "M. Hoffmann"
                entry.name = "Questions"
                entry.hours = 2
            form.involvement_cap_hours = 20
            form.consultant_ids.add(self.consultant)
        self.assertEqual(self.takeover.takeover_step_ids.name, "Kick-off")
        self.assertEqual(self.takeover.involvement_left_hours, 18)


@tagged('post_install', '-at_install')
class TestTakeoverPortal(TakeoverCommon, HttpCase):

    def setUp(self):
        super().setUp()
        self.step = self._new_step("Session on the warehouse")
        self.step.action_confirm()
        self.document = self._new_document(
            "Processes of the warehouse", url=False, attachment_ids=[Command.create({
                'name': "processes.pdf", 'raw': b"%PDF the processes",
                'res_model': 'takeover.document',
            })],
        )
        self.document.action_deliver()
        self.version = self.document.version_ids
        self.env.flush_all()

    def _page(self, path, user=None):
        user = user or self.portal
        self.authenticate(user.login, user.login)
        return self.url_open(path)

    def _post(self, path, user=None, **data):
        user = user or self.portal
        self.authenticate(user.login, user.login)
        response = self.url_open(
            f'/my/implementation/{self.takeover.id}/{path}',
            data={'csrf_token': http.Request.csrf_token(self), **data},
        )
        self.env.invalidate_all()
        return response

    def test_T1_the_client_confirms_a_step(self):
        text = self._page(f'/my/implementation/{self.takeover.id}').text
        self.assertIn("Session on the warehouse", text)
        self.assertIn(f'steps/{self.step.id}/confirm', text)
        response = self._post(f'steps/{self.step.id}/confirm', revision=self.step.revision)
        self.assertIn("the step is confirmed", response.text)
        self.assertEqual(self.step.state, 'agreed')
        self.assertEqual(self.step.client_confirmed_by, self.coordinator.name)

    def test_T1_what_changed_meanwhile_is_said(self):
        response = self._post(f'steps/{self.step.id}/confirm', revision='x')
        self.assertIn("has changed meanwhile", response.text)
        self.assertEqual(self.step.state, 'proposed')

    def test_T1_another_client_confirms_nothing(self):
        self._post(
            f'steps/{self.step.id}/confirm', self.other_portal, revision=self.step.revision,
        )
        self.authenticate(self.other_portal.login, self.other_portal.login)
        self.url_open(
            f'/my/implementation/{self.other_takeover.id}/steps/{self.step.id}/confirm',
            data={
                'csrf_token': http.Request.csrf_token(self), 'revision': self.step.revision,
            },
        )
        self.env.invalidate_all()
        self.assertEqual(self.step.state, 'proposed')

    def test_T1_a_colleague_reads_and_the_coordinator_confirms(self):
        colleague = self._new_portal_user('takeover_colleague', self.client)
        colleague.partner_id.helpdesk_portal_role = 'company'
        text = self._page(f'/my/implementation/{self.takeover.id}', colleague).text
        self.assertIn("Session on the warehouse", text)
        self.assertNotIn(f'steps/{self.step.id}/confirm', text)
        self.assertNotIn(f'documents/{self.document.id}/validate', text)
        response = self._post(
            f'steps/{self.step.id}/confirm', colleague, revision=self.step.revision,
        )
        self.assertIn("confirms and validates for your company", response.text)
        self.assertEqual(self.step.state, 'proposed')

    def test_T1_nothing_happens_by_a_link_or_without_the_token(self):
        path = f'/my/implementation/{self.takeover.id}/steps/{self.step.id}/confirm'
        self.assertEqual(self._page(path).status_code, 405)
        self.assertEqual(
            self.url_open(path, data={'revision': self.step.revision}).status_code, 400,
        )
        self.env.invalidate_all()
        self.assertEqual(self.step.state, 'proposed')

    def test_T4_the_client_validates(self):
        response = self._post(f'documents/{self.document.id}/validate', version=1)
        self.assertIn("the document is validated", response.text)
        self.assertEqual(self.document.state, 'validated')

    def test_T4_the_client_returns_with_a_reason(self):
        response = self._post(f'documents/{self.document.id}/return', version=1, reason=" ")
        self.assertIn("Say in a few words", response.text)
        self._post(
            f'documents/{self.document.id}/return', version=1, reason="<b>Hall B</b> is missing",
        )
        self.assertEqual(self.document.state, 'returned')
        text = self._page(f'/my/implementation/{self.takeover.id}').text
        self.assertIn("&lt;b&gt;Hall B&lt;/b&gt; is missing", text)

    def test_T4_another_client_decides_nothing_and_reads_nothing(self):
        for path in ('validate', 'return'):
            self._post(
                f'documents/{self.document.id}/{path}', self.other_portal, version=1, reason="No",
            )
        self.assertEqual(self.document.state, 'delivered')
        for user in (self.other_portal, self.insider):
            text = self._page(f'/my/implementation/{self.takeover.id}', user).text
            self.assertNotIn("Processes of the warehouse", text)
            for takeover in (self.takeover, self.other_takeover):
                response = self.url_open(
                    f'/my/takeover/{takeover.id}/files/{self.version.id}'
                    f'/{self.version.attachment_ids.id}',
                )
                self.assertEqual(response.status_code, 404)

    def test_T4_only_files_that_were_delivered(self):
        other = self.env['ir.attachment'].create({
            'name': "internal.txt", 'raw': b"internal", 'res_model': 'project.project',
            'res_id': self.takeover.id,
        })
        self.env.flush_all()
        response = self._page(
            f'/my/takeover/{self.takeover.id}/files/{self.version.id}/{other.id}',
        )
        self.assertEqual(response.status_code, 404)

    def test_T4_what_was_validated_is_reached_for_ever(self):
        address = (
            f'/my/takeover/{self.takeover.id}/files/{self.version.id}'
            f'/{self.version.attachment_ids.id}'
        )
        self.assertNotIn(address, self._page('/my/takeover/documents').text)
        self._post(f'documents/{self.document.id}/validate', version=1)
        # a newer version waits, the takeover is over and put away
        self.document.write({'url': "https://docs.example/2"})
        self.document.action_deliver()
        self.takeover.active = False
        self.env.flush_all()
        self.assertIn(address, self._page('/my/takeover/documents').text)
        response = self._page(address)
        self.assertEqual(response.content, b"%PDF the processes")
        self.assertIn('attachment', response.headers['Content-Disposition'])
        self.assertNotIn(
            "Processes of the warehouse",
            self._page('/my/takeover/documents', self.other_portal).text,
        )

    def test_T3_the_client_never_sees_what_the_former_provider_costs(self):
        self.takeover.write({
            'incumbent_id': self.env['res.partner'].create({'name': "Northgate Incumbent"}).id,
            'involvement_cap_hours': 10, 'involvement_cap_amount': 98765,
        })
        self.env['takeover.involvement'].create({
            'project_id': self.takeover.id, 'person': "Manfred Hoffmann",
            'name': "Questions on interfaces", 'hours': 9.25, 'rate': 4321,
        })
        self.assertTrue(self.takeover.activity_ids, "the supervisor was told")
        self.env.flush_all()
        for path in (
            f'/my/implementation/{self.takeover.id}', '/my', '/my/takeover/documents',
        ):
            text = self._page(path).text
            for secret in (
                "Northgate Incumbent", "98765", "98,765", "Manfred Hoffmann", "9.25", "4321",
                "4,321", "39,969", "Questions on interfaces", "Former provider",
            ):
                with self.subTest(path=path, secret=secret):
                    self.assertNotIn(secret, text)

    def test_T5_the_client_sees_no_risks(self):
        text = self._page(f'/my/implementation/{self.takeover.id}').text
        self.assertNotIn("Lost knowledge", text)

    def test_other_implementations_have_no_sections_of_a_takeover(self):
        text = self._page(f'/my/implementation/{self.implementation.id}').text
        self.assertNotIn('takeover_steps', text)
