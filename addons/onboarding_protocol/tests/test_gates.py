from datetime import datetime

import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.onboarding_protocol.tests.common import ImplementationCommon


@tagged('post_install', '-at_install')
class TestGates(ImplementationCommon):
    """ The gates of the phases hold against every path. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # one gate that the tests can open and close: a task of the first phase
        cls.env['implementation.gate'].search([('phase_id', 'in', cls.phases.ids)]).unlink()
        cls.gate = cls.env['implementation.gate'].create({
            'phase_id': cls.phases[2].id, 'kind': 'tasks_done',
        })
        cls.task = cls.env['project.task'].create({
            'name': "Payment dictionary", 'project_id': cls.implementation.id,
            'phase_id': cls.phases[1].id, 'user_ids': cls.consultant.ids,
        })

    def test_P1_six_phases_from_the_order_to_the_recurring_meetings(self):
        self.assertEqual(self.phases.mapped('name'), [
            "Scope Meeting", "Configuration", "Training", "Protocol", "Follow-up Meeting",
            "Recurring Meetings",
        ])
        self.assertEqual(self.implementation.phase_id, self.phases[0])

    def test_a_gate_is_named_by_what_it_asks_for(self):
        self.assertEqual(self.gate.display_name, "Tasks of the phases before are done")

    def test_the_form_knows_which_gates_its_phases_have(self):
        """ A takeover shows the pages of an implementation only where a gate asks for them. """
        self.assertEqual(self.implementation.asked_gates, 'tasks_done')
        self.gate.create({'phase_id': self.phases[1].id, 'kind': 'plan_signed'})
        supervised = self.implementation.with_user(self.supervisor)
        self.assertEqual(supervised.asked_gates, 'plan_signed tasks_done')

    def test_a_phase_without_gates_is_entered(self):
        self.implementation.with_user(self.supervisor).action_next_phase()
        self.assertEqual(self.implementation.phase_id, self.phases[1])

    def test_a_gate_says_what_is_missing_and_who_owes_it(self):
        self.implementation.phase_id = self.phases[1]
        with self.assertRefused(r"Payment dictionary.*\(consultant\b"):
            self.implementation.with_user(self.supervisor).action_next_phase()
        self.assertEqual(self.implementation.missing_count, 1)
        self.assertEqual(self.implementation.blocked_by, 'us')
        self.task.is_client_task = True
        self.implementation.invalidate_recordset()
        self.assertEqual(self.implementation.blocked_by, 'client')

    def test_a_gate_opens_when_nothing_is_missing(self):
        self.implementation.phase_id = self.phases[1]
        self.task.state = '1_done'
        self.implementation.with_user(self.supervisor).action_next_phase()
        self.assertEqual(self.implementation.phase_id, self.phases[2])

    def test_a_phase_that_is_chosen_above_the_form_is_refused_with_the_sentence(self):
        self.implementation.phase_id = self.phases[1]
        with Form(
            self.implementation.with_user(self.supervisor),
            view='onboarding_protocol.implementation_view_form',
        ) as form:
            form.phase_id = self.phases[2]
            # until it is saved the form says what it said
            self.assertEqual(form.next_phase_id, self.phases[2])
            self.assertEqual(form.missing_count, 1)
            with self.assertRefused("Payment dictionary"):
                form.save()
            form.phase_id = self.phases[1]

    def test_gates_on_the_way_hold_when_phases_are_skipped(self):
        with self.assertRefused("Payment dictionary"):
            self.implementation.with_user(self.supervisor).phase_id = self.phases[3]

    def test_gates_hold_against_import(self):
        self.implementation.phase_id = self.phases[1]
        result = self.env['project.project'].with_user(self.manager).load(
            ['.id', 'phase_id/.id'], [[str(self.implementation.id), str(self.phases[2].id)]],
        )
        self.assertFalse(result['ids'])
        self.assertIn("Payment dictionary", result['messages'][0]['message'])

    def test_gates_hold_against_an_edit_of_a_list(self):
        both = self.implementation | self.other_implementation
        both.phase_id = self.phases[1]
        with self.assertRefused("Payment dictionary"):
            both.with_user(self.supervisor).write({'phase_id': self.phases[2].id})

    def test_gates_hold_against_creation_in_a_later_phase(self):
        self.env['implementation.gate'].create({
            'phase_id': self.phases[2].id, 'kind': 'agreement_running',
        })
        with self.assertRefused("An SLA agreement"):
            self._new_implementation(self.client, self.coordinator, phase_id=self.phases[2].id)

    def test_gates_hold_when_a_project_becomes_an_implementation(self):
        project = self.env['project.project'].create({
            'name': "Plain", 'partner_id': self.client.id, 'company_id': self.company.id,
            'privacy_visibility': 'employees',
        })
        self.gate.kind = 'agreement_running'
        with self.assertRefused("An SLA agreement"):
            project.write({
                'implementation_kind': 'implementation', 'phase_id': self.phases[2].id,
            })

    def test_gates_are_not_walked_around_by_taking_a_phase_away(self):
        self.implementation.phase_id = self.phases[1]
        with self.assertRaises(ValidationError):
            self.implementation.phase_ids = [Command.unlink(self.phases[1].id)]
        with self.assertRefused("has not been through Training"):
            self.implementation.with_user(self.manager).write({
                'phase_ids': [Command.unlink(self.phases[2].id)], 'phase_id': self.phases[3].id,
            })

    def test_gates_are_not_walked_around_by_another_kind(self):
        self.implementation.phase_id = self.phases[1]
        for values in ({'implementation_kind': False}, {'is_template': True}):
            with self.assertRefused("it stays what it is"):
                self.implementation.with_user(self.manager).write(values)

    def test_gates_hold_when_a_template_becomes_a_project(self):
        template = self.template.copy()
        template.write({'phase_id': self.phases[2].id})
        self.gate.kind = 'agreement_running'
        with self.assertRefused("An SLA agreement"):
            template.write({
                'is_template': False, 'partner_id': self.client.id,
                'company_id': self.company.id,
            })

    # === WHO MOVES IT === #

    def test_P8_the_supervisor_moves_the_own_implementation_only(self):
        with self.assertRaises(AccessError):
            self.implementation.with_user(self.consultant).action_next_phase()
        self.implementation.with_user(self.supervisor).action_next_phase()
        self.assertEqual(self.implementation.phase_id, self.phases[1])

    def test_a_supervisor_writes_no_other_project_and_no_settings(self):
        project = self.env['project.project'].create({
            'name': "Plain", 'user_id': self.supervisor.id,
        })
        with self.assertRaises(AccessError):
            project.with_user(self.supervisor).name = "Mine"
        for values in (
            {'user_id': self.consultant.id}, {'phase_ids': [Command.clear()]},
            {'privacy_visibility': 'followers'}, {'active': False},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.implementation.with_user(self.supervisor).write(values)

    def test_the_way_back_asks_no_gate(self):
        self.task.state = '1_done'
        self.implementation.phase_id = self.phases[3]
        self.task.state = '01_in_progress'
        self.implementation.with_user(self.supervisor).phase_id = self.phases[0]
        self.assertEqual(self.implementation.phase_id, self.phases[0])

    def test_a_manager_passes_with_a_reason_that_stays_for_ever(self):
        self.implementation.phase_id = self.phases[1]
        wizard = self.env['implementation.pass.wizard'].with_user(self.manager).create({
            'project_id': self.implementation.id, 'phase_id': self.phases[2].id,
            'reason': "Follows on Monday",
        })
        wizard.action_pass()
        self.assertEqual(self.implementation.phase_id, self.phases[2])
        passage = self.implementation.passage_ids.filtered('reason')
        self.assertEqual((passage.reason, passage.user_id), ("Follows on Monday", self.manager))
        self.assertIn("Payment dictionary", passage.missing)
        self.assertTrue(self.implementation.passed_with_reason)
        with self.assertRaises(AccessError):
            passage.with_user(self.manager).reason = "Nothing was missing"
        with self.assertRaises(AccessError):
            passage.with_user(self.manager).unlink()

    def test_nobody_else_passes_with_a_reason(self):
        self.implementation.phase_id = self.phases[1]
        with self.assertRefused("Only a project administrator"):
            self.implementation.with_user(self.supervisor).with_context(
                implementation_pass_reason="Because",
            ).phase_id = self.phases[2]
        with self.assertRaises(AccessError):
            self.env['implementation.pass.wizard'].with_user(self.supervisor).create({
                'project_id': self.implementation.id, 'phase_id': self.phases[2].id,
                'reason': "Because",
            })

    def test_a_gate_without_exception_is_passed_by_nobody(self):
        self.implementation.phase_id = self.phases[1]
        self.gate.is_mandatory = True
        wizard = self.env['implementation.pass.wizard'].with_user(self.manager).create({
            'project_id': self.implementation.id, 'phase_id': self.phases[2].id,
            'reason': "Because",
        })
        with self.assertRefused("never passed"):
            wizard.action_pass()

    def test_templates_ask_no_gate(self):
        self.template.phase_id = self.phases[2]
        self.assertFalse(self.template.passage_ids)

    def test_history_has_one_row_for_each_phase_and_one_open(self):
        self.implementation.phase_id = self.phases[1]
        passages = self.implementation.passage_ids
        self.assertEqual(len(passages), 2)
        self.assertEqual(passages.filtered(lambda p: not p.date_out).phase_id, self.phases[1])
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger('odoo.sql_db'):
            self.env['implementation.passage'].create({
                'project_id': self.implementation.id, 'phase_id': self.phases[0].id,
                'date_in': '2026-01-01',
            })

    def test_a_copy_begins_at_the_beginning(self):
        self.implementation.phase_id = self.phases[1]
        copy = self.implementation.copy()
        self.assertEqual(copy.phase_id, self.phases[0])
        self.assertEqual(len(copy.passage_ids), 1)
        self.assertFalse(copy.golive_datetime)
        self.assertFalse(copy.coordinator_id)

    def test_a_phase_in_use_is_not_deleted(self):
        with self.assertRefused("archive it"):
            self.phases[0].unlink()

    def test_go_live_is_not_written_by_hand(self):
        for user in (self.supervisor, self.manager):
            with self.assertRaises(AccessError):
                self.implementation.with_user(user).golive_datetime = '2026-01-01 10:00:00'
            with self.assertRaises(AccessError):
                self.env['project.project'].with_user(self.manager).create({
                    'name': "Live", 'implementation_kind': 'implementation',
                    'partner_id': self.client.id, 'golive_datetime': '2026-01-01 10:00:00',
                })

    def test_go_live_is_not_given_as_a_default(self):
        project = self.env['project.project'].with_user(self.manager).with_context(
            default_golive_datetime='2026-01-01 10:00:00',
        ).create({
            'name': "Live", 'implementation_kind': 'implementation',
            'partner_id': self.client.id,
        })
        self.assertFalse(project.golive_datetime)

    def test_what_only_the_system_writes_is_not_given_as_a_default(self):
        protocol = self.env['golive.protocol'].create({'project_id': self.implementation.id})
        for model, values, default in (
            ('golive.protocol', {'project_id': self.other_implementation.id}, ('number', 'GLP1')),
            ('golive.protocol.line', {'protocol_id': protocol.id}, ('is_done', True)),
            ('implementation.data.request', {}, ('state', 'accepted')),
            ('implementation.plan', {}, ('signed_by', "Somebody")),
            ('implementation.test', {}, ('run_datetime', datetime(2026, 1, 1))),
        ):
            name, value = default
            values = {'project_id': self.implementation.id, 'name': "Forged", **values}
            records = self.env[model].with_user(self.supervisor)
            values = {key: text for key, text in values.items() if key in records._fields}
            if model == 'golive.protocol.line':
                del values['project_id']
            with self.subTest(model=model):
                record = records.with_context(**{f'default_{name}': value}).create(values)
                self.assertNotIn(value, (record[name], record.read([name])[0][name]))

    def test_entering_the_first_live_phase_is_the_go_live(self):
        self.task.state = '1_done'
        self.implementation.phase_id = self.phases[3]
        self.assertFalse(self.implementation.golive_datetime)
        self.implementation.phase_id = self.phases[4]
        moment = self.implementation.golive_datetime
        self.assertTrue(moment)
        self.assertTrue(self.implementation.golive_date)
        self.assertEqual(self.implementation.last_update_id.name, "Live")
        self.implementation.phase_id = self.phases[5]
        self.assertEqual(self.implementation.golive_datetime, moment)

    def test_gates_of_many_cost_as_many_queries_as_of_few(self):
        many = self.implementation | self.other_implementation
        for number in range(20):
            client = self.env['res.partner'].create({'name': f"Client {number}"})
            many |= self._new_implementation(client, client)
        many.phase_id = self.phases[1]
        self.env['project.task'].create([
            {'name': "Open", 'project_id': project.id, 'phase_id': self.phases[0].id}
            for project in many
        ])

        def count(projects):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            projects.mapped('missing_text')
            return self.env.cr.sql_log_count - before

        count(many)
        few = count(many[:2])
        self.assertLessEqual(count(many), few + 1)
