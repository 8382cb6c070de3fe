import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.onboarding_protocol.tests.test_meetings import MeetingCommon


@tagged('post_install', '-at_install')
class TestTraining(MeetingCommon):
    """ The training, checked against the success plan line by line (P5). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['implementation.test'].create([
            {'name': name, 'subject': subject, 'project_id': cls.implementation.id}
            for name, subject in (
                ("Test order", "Couriers"), ("Test label", "Couriers"), ("Test offer", False),
            )
        ])

    def test_P5_a_training_gets_a_check_for_each_line(self):
        training = self._new_meeting('training', days=2)
        self.assertEqual(
            training.training_check_ids.mapped('name'), ["Couriers", "Test offer"],
        )
        self.assertEqual(training.training_check_ids.project_id, self.implementation)
        self.assertFalse(self._new_meeting('update').training_check_ids)

    def test_P5_new_lines_are_added_without_touching_the_others(self):
        training = self._new_meeting('training')
        training.training_check_ids[0].done = True
        self.env['implementation.test'].create({
            'name': "Returns", 'project_id': self.implementation.id,
        })
        training.with_user(self.supervisor).action_fill_training_checks()
        self.assertEqual(
            training.training_check_ids.mapped('name'), ["Couriers", "Test offer", "Returns"],
        )
        self.assertTrue(training.training_check_ids[0].done)

    def test_P5_protocol_waits_for_a_training_that_was_held(self):
        self.assertIn("Training", self._get_missing('training_held'))
        training = self._new_meeting('training')
        training.training_check_ids.done = True
        self.assertIn("Training", self._get_missing('training_held'))
        training.action_mark_held()
        self.assertFalse(self._get_missing('training_held'))

    def test_P5_protocol_waits_for_every_line_of_the_plan(self):
        training = self._new_meeting('training')
        training.action_mark_held()
        training.training_check_ids[0].done = True
        self.assertEqual(self._get_missing('training_held'), [
            "Check of the training against the success plan, 1 of 2 lines are open: Test offer",
        ])

    def test_P5_a_line_may_be_shown_in_a_second_training(self):
        first, second = self._new_meeting('training', days=-3), self._new_meeting('training')
        (first | second).action_mark_held()
        first.training_check_ids[0].done = True
        second.training_check_ids[1].done = True
        self.assertFalse(self._get_missing('training_held'))

    def test_P5_what_is_ticked_for_a_training_to_come_was_not_shown(self):
        self._new_meeting('training').action_mark_held()
        planned = self._new_meeting('training', days=2)
        planned.training_check_ids.done = True
        self.assertTrue(self._get_missing('training_held'))

    def test_P5_a_training_without_checks_was_not_checked(self):
        self._new_meeting('training', project=self.other_implementation).action_mark_held()
        self.assertEqual(
            self._get_missing('training_held', self.other_implementation),
            ["Check of the training against the success plan"],
        )

    def test_P5_only_a_training_is_checked(self):
        meeting = self._new_meeting('update')
        with self.assertRaises(UserError):
            self.env['implementation.training.check'].create({
                'meeting_id': meeting.id, 'name': "Couriers",
            })
        training = self._new_meeting('training')
        with self.assertRaises(UserError):
            training.implementation_meeting = 'update'

    def test_P5_a_line_is_checked_once(self):
        training = self._new_meeting('training')
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger('odoo.sql_db'):
            training.training_check_ids = [Command.create({'name': "Couriers"})]

    def test_P5_consultants_tick_and_only_administrators_delete(self):
        check = self._new_meeting('training').training_check_ids[0]
        check.with_user(self.supervisor).done = True
        with self.assertRaises(AccessError):
            check.with_user(self.supervisor).unlink()
        check.with_user(self.manager).unlink()

    def test_checks_are_nothing_for_outsiders(self):
        check = self._new_meeting('training').training_check_ids[0]
        for user in (self.portal, self.other_portal, self.agent, self.insider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                check.with_user(user).read(['name'])
        self.implementation.privacy_visibility = 'followers'
        with self.assertRaises(AccessError):
            check.with_user(self.consultant).read(['name'])
