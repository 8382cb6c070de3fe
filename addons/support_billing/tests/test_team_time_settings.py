from psycopg2 import IntegrityError
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestTeamTimeSettings(SupportBillingCommon):
    """ What do the switches of *Track & Bill Time* do (H6)? """

    def test_project_is_created_with_the_name_of_the_team(self):
        self.plain_team.use_helpdesk_timesheet = True
        project = self.plain_team.project_id
        self.assertEqual(project.name, "Front Desk")
        self.assertEqual(project.company_id, self.company)
        self.assertTrue(project.allow_timesheets)
        self.assertFalse(project.allow_billable)
        self.assertTrue(project.account_id)
        self.assertFalse(project.partner_id)

    def test_each_team_gets_its_own_project(self):
        teams = self.env['helpdesk.team'].create([
            {'name': name, 'use_helpdesk_timesheet': True} for name in ("Gold", "Silver")
        ])
        self.assertEqual(teams.project_id.mapped('name'), ["Gold", "Silver"])

    def test_chosen_project_is_kept(self):
        project = self.env['project.project'].create({'name': "Support time"})
        self.plain_team.write({'use_helpdesk_timesheet': True, 'project_id': project.id})
        self.assertEqual(self.plain_team.project_id, project)
        self.plain_team.use_helpdesk_timesheet = False
        self.plain_team.use_helpdesk_timesheet = True
        self.assertEqual(self.plain_team.project_id, project)

    def test_team_that_logs_time_cannot_lose_its_project(self):
        with mute_logger('odoo.sql_db'), self.assertRaises(CheckViolation):
            self.team.project_id = False

    def test_project_of_a_team_cannot_be_deleted(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.cr.savepoint():
            self.project.unlink()
        self.assertTrue(self.team.project_id.exists())

    def test_time_billing_switches_timesheets_on(self):
        self.plain_team.use_helpdesk_sale_timesheet = True
        self.assertTrue(self.plain_team.use_helpdesk_timesheet)
        self.assertTrue(self.plain_team.project_id.allow_billable)

    def test_no_timesheets_no_time_billing(self):
        self.team.use_helpdesk_timesheet = False
        self.assertFalse(self.team.use_helpdesk_sale_timesheet)

    def test_billing_opens_a_project_that_was_not_billable(self):
        project = self.env['project.project'].create({'name': "Time", 'allow_billable': False})
        self.plain_team.write({'use_helpdesk_timesheet': True, 'project_id': project.id})
        self.assertFalse(project.allow_billable)
        self.plain_team.use_helpdesk_sale_timesheet = True
        self.assertTrue(project.allow_billable)

    def test_time_and_materials_product_is_offered(self):
        self.plain_team.use_helpdesk_sale_timesheet = True
        self.assertEqual(
            self.plain_team.timesheet_product_id, self.env.ref('sale_timesheet.time_product'),
        )

    def test_product_that_time_cannot_be_delivered_to_is_refused(self):
        unit = self.env.ref('uom.product_uom_unit')
        for name, values in (
            ("Prepaid", {'invoice_policy': 'order'}),
            ("By hand", {'service_type': 'manual'}),
            ("Pieces", {'uom_id': unit.id}),
            ("Project", {'service_tracking': 'project_only'}),
        ):
            with self.assertRaises(ValidationError, msg=name):
                self.team.timesheet_product_id = self._new_product(name, **values)

    def test_manager_without_project_rights_can_switch_on(self):
        self.plain_team.with_user(self.manager).use_helpdesk_sale_timesheet = True
        self.assertEqual(self.plain_team.project_id.name, "Front Desk")

    def test_project_the_user_cannot_see_is_refused(self):
        hidden = self.env['project.project'].create({
            'name': "Board", 'privacy_visibility': 'followers',
        })
        with self.assertRaises(AccessError):
            self.plain_team.with_user(self.manager).write({
                'use_helpdesk_timesheet': True, 'project_id': hidden.id,
            })

    def test_agent_cannot_switch(self):
        with self.assertRaises(AccessError):
            self.plain_team.with_user(self.agent).use_helpdesk_timesheet = True

    def test_copy_of_a_team_gets_a_project_of_its_own(self):
        copy = self.team.copy()
        self.assertTrue(copy.use_helpdesk_sale_timesheet)
        self.assertTrue(copy.project_id)
        self.assertNotEqual(copy.project_id, self.project)

    def test_form_keeps_the_switches_in_step(self):
        with Form(self.plain_team) as form:
            form.use_helpdesk_sale_timesheet = True
            self.assertTrue(form.use_helpdesk_timesheet)
            form.use_helpdesk_timesheet = False
            self.assertFalse(form.use_helpdesk_sale_timesheet)
            form.use_helpdesk_timesheet = True
        self.assertEqual(self.plain_team.project_id.name, "Front Desk")
