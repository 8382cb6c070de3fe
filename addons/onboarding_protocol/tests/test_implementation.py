from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.onboarding_protocol.tests.common import ImplementationCommon


@tagged('post_install', '-at_install')
class TestImplementation(ImplementationCommon):
    """ An implementation begins with the order, and nothing is promised before its go-live. """

    def _order(self, **values):
        product = self.env['product.product'].create({
            'name': "Implementation", 'type': 'service', 'service_tracking': 'project_only',
            'project_template_id': self.template.id,
        })
        order = self.env['sale.order'].create({
            'partner_id': self.coordinator.id,
            'order_line': [Command.create({'product_id': product.id})],
            **values,
        })
        order.action_confirm()
        return order.order_line.project_id

    # === FROM THE ORDER === #

    def test_P1_confirming_an_order_creates_the_implementation_from_its_template(self):
        role = self.env['project.role'].create({'name': "Configuration"})
        self.env['project.task'].create({
            'name': "Payment dictionary", 'project_id': self.template.id,
            'phase_id': self.phases[1].id, 'role_ids': role.ids,
        })
        project = self._order()
        self.assertEqual(project.implementation_kind, 'implementation')
        self.assertFalse(project.is_template)
        self.assertEqual(project.phase_id, self.phases[0])
        self.assertEqual(project.tasks.mapped('name'), ["Payment dictionary"])
        self.assertEqual(project.tasks.phase_id, self.phases[1])

    def test_P1_roles_are_filled_with_those_who_usually_take_them(self):
        roles = self.env['project.role'].create([
            {'name': "Configuration", 'user_ids': self.consultant.ids}, {'name': "Training"},
        ])
        self.env['project.task'].create([
            {'name': role.name, 'project_id': self.template.id, 'role_ids': role.ids}
            for role in roles
        ])
        tasks = self._order().tasks
        people = {task.name: task.user_ids for task in tasks}
        # nobody usually takes trainings: the supervisor does
        self.assertEqual(people, {
            "Configuration": self.consultant, "Training": self.supervisor,
        })
        self.assertFalse(tasks.role_ids)

    def test_P1_people_chosen_in_the_dialog_come_first(self):
        role = self.env['project.role'].create({
            'name': "Configuration", 'user_ids': self.consultant.ids,
        })
        self.env['project.task'].create({
            'name': "Dictionary", 'project_id': self.template.id, 'role_ids': role.ids,
        })
        mapping = self.env['project.template.role.to.users.map'].create({
            'role_id': role.id, 'user_ids': self.manager.ids,
        })
        project = self.template.action_create_from_template(
            {'name': "By hand", 'partner_id': self.client.id}, mapping,
        )
        self.assertEqual(project.tasks.user_ids, self.manager)

    def test_P8_one_supervisor_is_responsible(self):
        self.assertEqual(self._order().user_id, self.supervisor)

    def test_P8_supervisor_of_a_template_without_one_is_the_salesperson(self):
        self.template.user_id = False
        self.assertEqual(self._order(user_id=self.consultant.id).user_id, self.consultant)

    def test_the_person_who_ordered_is_the_coordinator(self):
        project = self._order()
        self.assertEqual(project.coordinator_id, self.coordinator)
        self.assertEqual(project.client_id, self.client)
        self.assertEqual(project.company_id, self.company)

    def test_tasks_and_hours_are_never_shared_with_the_client(self):
        self.assertEqual(self._order().privacy_visibility, 'employees')
        with self.assertRaises(ValidationError):
            self.implementation.privacy_visibility = 'portal'

    def test_coordinator_belongs_to_the_client(self):
        with self.assertRaises(ValidationError):
            self.implementation.coordinator_id = self.other_portal.partner_id

    def test_other_projects_are_as_in_stock(self):
        project = self.env['project.project'].create({'name': "Plain"})
        self.assertFalse(project.phase_id)
        self.assertFalse(project.passage_ids)
        self.assertEqual(project.privacy_visibility, 'portal')

    # === BEFORE GO-LIVE === #

    def _new_ticket(self, client, **values):
        team = self.env['helpdesk.team'].create({'name': "Support", 'use_sla': True})
        return self.env['helpdesk.ticket'].create({
            'name': "How do I print?", 'partner_id': client.id, 'team_id': team.id,
            'priority': '1', **values,
        })

    def _go_live(self):
        self._without_gates()
        self.implementation.phase_id = self.phases[4]

    def test_P6_tickets_before_go_live_are_accepted_and_promise_nothing(self):
        agreement = self._new_agreement(self.client, step='signed')
        self.implementation.sla_agreement_id = agreement
        ticket = self._new_ticket(self.client)
        self.assertTrue(ticket.is_before_golive)
        self.assertFalse(ticket.sla_status_ids)

    def test_P6_support_starts_with_the_go_live(self):
        self.implementation.sla_agreement_id = self._new_agreement(self.client, step='signed')
        earlier = self._new_ticket(self.client)
        self._go_live()
        ticket = self._new_ticket(self.client)
        self.assertFalse(ticket.is_before_golive)
        self.assertTrue(ticket.sla_status_ids)
        self.assertTrue(earlier.is_before_golive)

    def test_P6_agreement_that_would_begin_later_begins_with_the_go_live(self):
        agreement = self._new_agreement(
            self.client, step='signed', date_start=fields.Date.today() + timedelta(days=40),
        )
        self.implementation.sla_agreement_id = agreement
        self._go_live()
        self.assertEqual(agreement.date_start, self.implementation.golive_date)
        self.assertEqual(agreement.state, 'running')
        self.assertEqual(self._new_ticket(self.client).agreement_id, agreement)

    def test_a_supported_client_keeps_its_promises_while_something_new_is_implemented(self):
        agreement = self._new_agreement(self.client, step='signed')
        ticket = self._new_ticket(self.client)
        self.assertEqual(ticket.agreement_id, agreement)
        self.assertFalse(ticket.is_before_golive)
        self.assertTrue(ticket.sla_status_ids)

    def test_a_client_who_is_live_is_not_before_go_live_again(self):
        self._go_live()
        self._new_implementation(self.client, self.coordinator)
        self.assertFalse(self._new_ticket(self.client).is_before_golive)

    def test_T2_a_takeover_is_supported_as_soon_as_its_agreement_runs(self):
        self.implementation.active = False
        takeover = self._new_implementation(self.client, self.coordinator, kind='takeover')
        self.assertTrue(self._new_ticket(self.client).is_before_golive)
        takeover.sla_agreement_id = self._new_agreement(self.client, step='signed')
        ticket = self._new_ticket(self.client)
        self.assertFalse(ticket.is_before_golive)
        self.assertTrue(ticket.sla_status_ids)

    def test_T2_a_takeover_is_not_live_before_its_agreement_runs(self):
        takeover = self._new_implementation(self.client, self.coordinator, kind='takeover')
        phases = takeover.phase_ids.sorted()
        self.env['implementation.gate'].search([
            ('phase_id', 'in', phases.ids), ('kind', '!=', 'agreement_running'),
        ]).unlink()
        with self.assertRefused("An SLA agreement"):
            takeover.phase_id = phases[-1]
        takeover.sla_agreement_id = self._new_agreement(self.client, step='signed')
        takeover.phase_id = phases[-1]
        self.assertTrue(takeover.golive_datetime)

    def test_other_clients_are_not_concerned(self):
        client = self.env['res.partner'].create({'name': "Somebody"})
        self.assertFalse(self._new_ticket(client).is_before_golive)

    def test_tickets_before_go_live_cost_no_query_each(self):
        team = self.env['helpdesk.team'].create({'name': "Support"})

        def count(number):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env['helpdesk.ticket'].create([
                {'name': "Question", 'partner_id': self.client.id, 'team_id': team.id}
                for _number in range(number)
            ])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        few = count(10)
        self.assertLess(count(110) - few, 100)

    # === OUTSIDERS === #

    def test_portal_sees_nothing_but_by_its_page(self):
        for user in (self.portal, self.other_portal, self.agent, self.insider):
            for name in ('implementation.phase', 'implementation.passage', 'implementation.gate'):
                with self.subTest(user=user.login, model=name), self.assertRaises(AccessError):
                    self.env[name].with_user(user).search([])
        with self.assertRaises(AccessError):
            self.implementation.with_user(self.portal).read(['name'])

    def test_who_follows_an_implementation_in_the_portal(self):
        projects = self.env['project.project']
        find = projects._get_portal_implementations
        self.assertEqual(find(self.coordinator), self.implementation)
        self.assertEqual(find(self.other_portal.partner_id), self.other_implementation)
        self.assertFalse(find(self.colleague))
        self.colleague.helpdesk_portal_role = 'company'
        self.assertEqual(find(self.colleague), self.implementation)
        self.assertFalse(self.implementation._may_act_in_portal(self.colleague))

    def test_coordinator_who_changed_the_company_sees_nothing_of_the_former(self):
        self.coordinator.parent_id = self.other_client
        self.assertFalse(
            self.env['project.project']._get_portal_implementations(self.coordinator),
        )


@tagged('post_install', '-at_install')
class TestImplementationPage(ImplementationCommon, HttpCase):
    """ The page My Implementation of the portal. """

    def setUp(self):
        super().setUp()
        self.env['project.task'].create([
            {
                'name': "Link offers to goods", 'project_id': self.implementation.id,
                'phase_id': self.phases[1].id, 'is_client_task': True,
            },
            {
                'name': "Payment dictionary", 'project_id': self.implementation.id,
                'phase_id': self.phases[1].id,
            },
            {'name': "Calm the salesman", 'project_id': self.implementation.id},
        ])

    def _open(self, user, url='/my/implementation'):
        self.authenticate(user.login, user.login)
        return self.url_open(url)

    def test_coordinator_sees_where_we_are_and_what_is_owed(self):
        page = self._open(self.portal).text
        self.assertIn("Scope Meeting", page)
        self.assertIn("Link offers to goods", page)

    def test_internal_tasks_are_not_on_the_page(self):
        page = self._open(self.portal).text
        self.assertNotIn("Calm the salesman", page)
        self.assertNotIn("Payment dictionary", page)
        self.assertIn("Work on our side (open tasks: 1)", page)

    def test_another_client_gets_nothing(self):
        page = self._open(self.other_portal, f'/my/implementation/{self.implementation.id}')
        self.assertNotIn("Lantern Books", page.text)
        self.assertNotIn("Link offers to goods", page.text)

    def test_page_of_who_has_no_implementation_says_so(self):
        user = self._new_portal_user('nobody', self.env['res.partner'].create({'name': "None"}))
        self.assertIn("No implementation is under way", self._open(user).text)

    def test_the_public_is_asked_to_log_in(self):
        self.authenticate(None, None)
        self.assertIn('/web/login', self.url_open('/my/implementation').url)
