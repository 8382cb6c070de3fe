import base64

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.helpdesk_sla.tests.common import HelpdeskCase


class ConvertCase(HelpdeskCase):
    """ Projects beside the helpdesk of `HelpdeskCase`.

    +-----------+--------------------------------------------------------------------+
    | who       | is                                                                 |
    +-----------+--------------------------------------------------------------------+
    | agent     | as well Project / User                                             |
    | agent2    | Helpdesk / User only                                               |
    | developer | Project / User only                                                |
    +-----------+--------------------------------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # stock sale_project lets every employee create tasks and tags
        cls.env['ir.model.access'].search([
            ('model_id.model', 'in', ('project.task', 'project.tags')),
            ('group_id', '=', cls.env.ref('base.group_user').id),
        ]).write({'perm_create': False, 'perm_write': False})
        cls.agent.group_ids = [Command.link(cls.env.ref('project.group_project_user').id)]
        cls.developer = cls.create_user('developer', 'project.group_project_user')
        cls.project, cls.secret_project, cls.shared_project = cls.env['project.project'].create([
            {
                'name': name, 'privacy_visibility': visibility, 'company_id': cls.company.id,
                'type_ids': [Command.create({'name': "Backlog"})],
            } for name, visibility in (
                ("Development", 'employees'), ("Secret", 'followers'), ("Shared", 'portal'),
            )
        ])
        cls.team.task_project_id = cls.project

    def convert(self, ticket, user=None, **values):
        """ Convert a ticket in the wizard, as a person would; return the task. """
        wizard = self.env['helpdesk.ticket.task.wizard'].with_user(user or self.agent).with_context(
            active_id=ticket.id, active_model='helpdesk.ticket',
        ).create({'outcome': 'snooze', **values})
        action = wizard.action_convert()
        return self.env['project.task'].browse(action['res_id'])

    def finish(self, task, state='1_done'):
        task.with_user(self.developer).state = state
        self.env.flush_all()

    def notes(self, record):
        return ' '.join(record.message_ids.mapped('body'))


@tagged('post_install', '-at_install')
class TestConvertToTask(ConvertCase):
    """ What is more than support goes on as a task, and the ticket hears of it. """

    def test_task_takes_what_the_ticket_says(self):
        tag = self.env['helpdesk.tag'].create({'name': "Discount rules"})
        project_tag = self.env['project.tags'].create({'name': "discount RULES"})
        other_tag = self.env['helpdesk.tag'].create({'name': "100% new"})
        ticket = self.create_ticket(
            partner_id=self.client_contact.id, description="<p>A new discount</p>", priority='2',
            tag_ids=[Command.set((tag | other_tag).ids)],
        )
        ticket.checklist_line_ids = [
            Command.create({'name': "Asked <who> pays", 'is_done': True}),
            Command.create({'name': "Described"}),
        ]
        task = self.convert(ticket)
        self.assertEqual(
            (task.name, task.project_id, task.partner_id, task.priority, task.tag_ids),
            (ticket.name, self.project, self.client_contact, '2', project_tag),
        )
        self.assertIn("A new discount", task.description)
        self.assertIn("Asked &lt;who&gt; pays", task.description)
        self.assertIn('o_checked', task.description)
        self.assertEqual(task.helpdesk_ticket_ids, ticket)
        self.assertEqual(ticket.task_ids, task)
        self.assertIn(ticket.ticket_ref, self.notes(task))
        self.assertIn(task.name, self.notes(ticket))

    def test_files_are_copied_and_pictures_of_the_description_with_them(self):
        ticket = self.create_ticket()
        picture = self.env['ir.attachment'].create({
            'name': "screen.png", 'raw': base64.b64decode(
                'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5'
                'ErkJggg=='),
            'res_model': 'helpdesk.ticket', 'res_id': ticket.id,
        })
        ticket.description = f'<p><img src="/web/image/{picture.id}?access_token=abc"></p>'
        task = self.convert(ticket)
        copy = self.env['ir.attachment'].search([
            ('res_model', '=', 'project.task'), ('res_id', '=', task.id),
        ])
        self.assertEqual((copy.name, copy.raw), (picture.name, picture.raw))
        self.assertIn(f'/web/image/{copy.id}?access_token={copy.access_token}', task.description)
        self.assertEqual(picture.res_id, ticket.id)

    def test_customer_sees_nothing_of_the_task(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        ticket.message_subscribe((self.client_contact | self.agent2.partner_id).ids)
        task = self.convert(ticket)
        self.assertIn(self.agent2.partner_id, task.message_partner_ids)
        self.assertNotIn(self.client_contact, task.message_partner_ids)
        with self.assertRaises(AccessError):
            task.with_user(self.portal_client).read(['name'])
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal_client).read(['task_ids'])
        public = ticket.message_ids.filtered(lambda message: not message.is_internal)
        self.assertNotIn('project.task', ' '.join(public.mapped('body')))

    def test_following_the_ticket_opens_no_hidden_project(self):
        ticket = self.create_ticket()
        ticket.message_subscribe(self.agent2.partner_id.ids)
        self.secret_project.message_subscribe(self.agent.partner_id.ids)
        task = self.convert(ticket, project_id=self.secret_project.id)
        self.assertNotIn(self.agent2.partner_id, task.message_partner_ids)
        self.env.invalidate_all()
        self.assertEqual(ticket.with_user(self.agent2).task_count, 0)
        self.env.invalidate_all()
        self.assertEqual(ticket.with_user(self.agent).task_count, 1)

    def test_says_when_customers_read_the_project(self):
        ticket = self.create_ticket()
        wizard = self.env['helpdesk.ticket.task.wizard'].with_user(self.agent).create({
            'ticket_id': ticket.id,
        })
        self.assertFalse(wizard.is_shared)
        wizard.project_id = self.shared_project
        self.assertFalse(wizard.is_shared)
        self.shared_project.message_subscribe(self.client_contact.ids)
        wizard.invalidate_recordset(['is_shared'])
        self.assertTrue(wizard.is_shared)

    def test_suggests_to_look_away_only_when_nobody_waits(self):
        def suggest():
            return self.env['helpdesk.ticket.task.wizard'].with_user(self.agent).create({
                'ticket_id': ticket.id,
            }).outcome

        self.create_policy(time=8)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertEqual(suggest(), 'open')
        ticket.with_user(self.agent).message_post(
            body="We build it", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertEqual(suggest(), 'snooze')
        self.go_to('wed 10:00')
        self.assertEqual(suggest(), 'open')

    def test_closed_ticket_stays_closed(self):
        ticket = self.create_ticket()
        self.move(ticket, self.stage_solved)
        task = self.convert(ticket, outcome='open')
        self.assertTrue(ticket.is_closed)
        self.assertEqual(task.helpdesk_ticket_ids, ticket)

    def test_clocks_run_on_while_the_task_is_worked_on(self):
        self.create_policy()
        ticket = self.create_ticket()
        deadline = ticket.sla_deadline
        self.convert(ticket)
        self.assertFalse(ticket.is_closed)
        self.assertEqual(ticket.sla_deadline, deadline)
        self.assertTrue(ticket.is_snoozed)

    def test_closed_ticket_keeps_no_promise_and_breaks_none(self):
        policy = self.create_policy()
        ticket = self.create_ticket()
        self.convert(ticket, outcome='close')
        self.assertEqual(ticket.stage_type, 'cancelled')
        self.assertEqual(self.status(ticket, policy).result, 'cancelled')

    def test_done_wakes_the_ticket_and_tells_its_agent(self):
        ticket = self.create_ticket(user_id=self.agent2.id)
        task = self.convert(ticket)
        self.finish(task)
        self.assertFalse(ticket.is_snoozed)
        self.assertFalse(ticket.snooze_event)
        self.assertIn("is done", self.notes(ticket))
        self.assertEqual(ticket.activity_ids.user_id, self.agent2)

    def test_canceled_task_is_told_as_such(self):
        ticket = self.create_ticket(user_id=self.agent2.id)
        self.finish(self.convert(ticket), '1_canceled')
        self.assertIn("was canceled", self.notes(ticket))
        self.assertFalse(ticket.is_snoozed)

    def test_waits_for_the_last_of_its_tasks(self):
        ticket = self.create_ticket(user_id=self.agent2.id)
        first, second = self.convert(ticket), self.convert(ticket)
        self.finish(first)
        self.assertTrue(ticket.is_snoozed)
        self.assertFalse(ticket.activity_ids)
        self.finish(second)
        self.assertFalse(ticket.is_snoozed)
        self.assertTrue(ticket.activity_ids)

    def test_done_says_nothing_twice_and_a_closed_ticket_gets_no_activity(self):
        ticket = self.create_ticket(user_id=self.agent2.id)
        task = self.convert(ticket, outcome='close')
        self.finish(task)
        self.finish(task)
        self.assertEqual(self.notes(ticket).count("is done"), 1)
        self.assertFalse(ticket.activity_ids)

    def test_customer_who_writes_wakes_the_ticket(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.convert(ticket)
        ticket.with_user(self.portal_client).message_post(
            body="Any news?", message_type='comment', subtype_xmlid='mail.mt_comment',
        )
        self.assertFalse(ticket.is_snoozed)

    def test_several_tickets_join_one_task(self):
        first, second = self.create_ticket(), self.create_ticket()
        task = self.convert(first)
        self.assertEqual(self.convert(second, target='existing', task_id=task.id), task)
        self.assertEqual(task.helpdesk_ticket_ids, first | second)
        self.finish(task)
        self.assertFalse((first | second).filtered('is_snoozed'))

    def test_merging_takes_the_task_along(self):
        target = self.create_ticket(partner_id=self.client_contact.id)
        source = self.create_ticket(partner_id=self.client_contact.id)
        task = self.convert(source)
        target.with_user(self.agent)._merge(source.with_user(self.agent))
        self.assertEqual(target.task_ids, task)

    def test_merged_ticket_is_converted_where_it_is_handled(self):
        target = self.create_ticket(partner_id=self.client_contact.id)
        source = self.create_ticket(partner_id=self.client_contact.id)
        target.with_user(self.agent)._merge(source.with_user(self.agent))
        with self.assertRaises(UserError):
            self.convert(source)

    # === RIGHTS === #

    def test_agent_without_projects_reads_whom_to_ask(self):
        ticket = self.create_ticket()
        with self.assertRaisesRegex(UserError, "Project / User"):
            self.env['helpdesk.ticket.task.wizard'].with_user(self.agent2).with_context(
                active_id=ticket.id,
            ).default_get(['ticket_id'])
        with self.assertRaisesRegex(UserError, "Project / User"):
            ticket.with_user(self.agent2)._convert_to_task(self.project)

    def test_agent_uses_no_project_that_is_hidden(self):
        ticket = self.create_ticket()
        with self.assertRaises(AccessError):
            self.convert(ticket, project_id=self.secret_project.id)
        self.team.task_project_id = self.secret_project
        wizard = self.env['helpdesk.ticket.task.wizard'].with_user(self.agent).create({
            'ticket_id': ticket.id,
        })
        self.assertFalse(wizard.project_id)
        with self.assertRaises(UserError):
            wizard.action_convert()

    def test_nobody_links_what_is_hidden(self):
        """ The name of a task comes to the thread of its tickets, and the other way round. """
        ticket = self.create_ticket()
        hidden = self.env['project.task'].create({
            'name': "Secret", 'project_id': self.secret_project.id,
        })
        with self.assertRaises(AccessError):
            ticket.with_user(self.agent).task_ids = [Command.link(hidden.id)]
        self.team.privacy_visibility = 'invited_internal'
        self.team.member_ids = self.agent2
        ticket.message_unsubscribe(self.agent.partner_id.ids)
        task = self.env['project.task'].with_user(self.agent).create({
            'name': "Mine", 'project_id': self.project.id,
        })
        with self.assertRaises(AccessError):
            task.helpdesk_ticket_ids = [Command.link(ticket.id)]

    def test_project_of_another_company_is_refused(self):
        self.project.company_id = False
        ticket = self.create_ticket()
        foreign = self.project.copy({'company_id': self.other_company.id})
        self.agent.company_ids |= self.other_company
        with self.assertRaises(UserError):
            ticket.with_user(self.agent).with_context(
                allowed_company_ids=(self.company | self.other_company).ids,
            )._convert_to_task(foreign.with_user(self.agent))

    def test_developer_without_helpdesk_sees_no_ticket_and_may_finish(self):
        ticket = self.create_ticket(user_id=self.agent2.id)
        task = self.convert(ticket)
        with self.assertRaises(AccessError):
            task.with_user(self.developer).read(['helpdesk_ticket_ids'])
        self.finish(task)
        self.assertTrue(ticket.activity_ids)


@tagged('post_install', '-at_install')
class TestConvertToTicket(ConvertCase):
    """ What turns out to be support goes on as a ticket. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env['helpdesk.tag'].create({'name': "Discount rules"})
        cls.task = cls.env['project.task'].create({
            'name': "Invoices do not print", 'project_id': cls.project.id,
            'description': "<p>Since monday</p>", 'partner_id': cls.client_contact.id,
            'tag_ids': [Command.create({'name': "DISCOUNT rules"})],
        })
        cls.env['ir.attachment'].create({
            'name': "log.txt", 'raw': b"log", 'res_model': 'project.task', 'res_id': cls.task.id,
        })

    def convert(self, user=None, **values):
        wizard = self.env['project.task.ticket.wizard'].with_user(user or self.agent).with_context(
            active_id=self.task.id, active_model='project.task',
        ).create(values)
        return self.env['helpdesk.ticket'].browse(wizard.action_convert()['res_id'])

    def test_ticket_takes_what_the_task_says(self):
        self.go_to('tue 10:00')
        ticket = self.convert()
        self.assertEqual(
            (ticket.name, ticket.team_id, ticket.partner_id, ticket.tag_ids, ticket.priority),
            (self.task.name, self.team, self.client_contact, self.tag, '1'),
        )
        self.assertIn("Since monday", ticket.description)
        self.assertMoment(ticket.open_date, 'tue 10:00')
        self.assertEqual(self.env['ir.attachment'].search([
            ('res_model', '=', 'helpdesk.ticket'), ('res_id', '=', ticket.id),
        ]).raw, b"log")
        self.assertEqual(self.task.helpdesk_ticket_ids, ticket)

    def test_task_is_canceled_and_the_new_ticket_is_not_told_of_it(self):
        ticket = self.convert()
        self.assertEqual(self.task.state, '1_canceled')
        self.assertNotIn("was canceled", self.notes(ticket))
        self.assertFalse(ticket.activity_ids)

    def test_task_stays_open_where_both_go_on(self):
        ticket = self.convert(outcome='open')
        self.assertFalse(self.task.is_closed)
        self.finish(self.task)
        self.assertIn("is done", self.notes(ticket))

    def test_colleague_of_the_project_reads_whom_to_ask(self):
        with self.assertRaisesRegex(UserError, "Helpdesk / User"):
            self.task.with_user(self.developer)._convert_to_ticket(self.team)

    def test_agent_without_projects_cannot_change_the_task(self):
        with self.assertRaises(AccessError):
            self.convert(user=self.agent2)

    def test_buttons_lead_there_and_back(self):
        ticket = self.convert(outcome='open')
        action = self.task.with_user(self.agent).action_view_helpdesk_tickets()
        self.assertEqual(action['res_id'], ticket.id)
        action = ticket.with_user(self.agent).action_view_tasks()
        self.assertEqual(action['res_id'], self.task.id)
