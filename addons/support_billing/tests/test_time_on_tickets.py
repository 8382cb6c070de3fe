from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.support_billing.tests.common import SupportBillingCommon


@tagged('post_install', '-at_install')
class TestTimeOnTickets(SupportBillingCommon):
    """ What becomes of time that is logged on a ticket (H6, H7)? """

    def test_time_takes_project_customer_and_line_from_the_ticket(self):
        timesheet = self._log(self._new_ticket(), 2)
        self.assertRecordValues(timesheet, [{
            'project_id': self.project.id,
            'task_id': False,
            'partner_id': self.contact.id,
            'company_id': self.company.id,
            'so_line': self.pack.id,
            'employee_id': self.employees[self.agent].id,
            'amount': -60.0,
            'timesheet_invoice_type': 'billable_time',
        }])

    def test_time_is_logged_in_the_form_of_the_ticket(self):
        ticket = self._new_ticket()
        with Form(ticket.with_user(self.agent)) as form:
            with form.timesheet_ids.new() as timesheet:
                timesheet.name = "On the phone"
                timesheet.unit_amount = 2
            self.assertEqual(form.total_hours_spent, 2)
            self.assertEqual(form.remaining_hours_so, 18)
        self.assertEqual(ticket.timesheet_ids.employee_id, self.employees[self.agent])
        self.assertEqual(self.pack.qty_delivered, 2)

    def test_total_is_the_time_of_everybody(self):
        ticket = self._new_ticket()
        self._log(ticket, 2)
        self._log(ticket, 0.5, self.colleague)
        self.assertEqual(ticket.with_user(self.agent).total_hours_spent, 2.5)

    def test_user_without_employee_gets_a_clear_sentence(self):
        ticket = self._new_ticket()
        self.assertFalse(ticket.with_user(self.seller).can_log_time)
        self.assertTrue(ticket.with_user(self.agent).can_log_time)
        with self.assertRaisesRegex(ValidationError, "Seller cannot log time"):
            self._log(ticket, 1, self.seller)

    def test_team_without_timesheets_takes_no_time(self):
        with self.assertRaisesRegex(UserError, "Front Desk"):
            self._log(self._new_ticket(team=self.plain_team), 1)

    def test_team_without_time_billing_takes_time_that_is_not_billed(self):
        self.plain_team.use_helpdesk_timesheet = True
        ticket = self._new_ticket(team=self.plain_team)
        timesheet = self._log(ticket, 1)
        self.assertEqual(timesheet.project_id, self.plain_team.project_id)
        self.assertFalse(timesheet.so_line)

    def test_billing_switched_off_counts_for_new_time_only(self):
        ticket = self._new_ticket()
        before = self._log(ticket, 1)
        self.team.use_helpdesk_sale_timesheet = False
        self.assertFalse(self._log(ticket, 1).so_line)
        self.assertEqual(before.so_line, self.pack)

    def test_time_is_on_a_ticket_or_on_a_task(self):
        task = self.env['project.task'].create({'name': "Task", 'project_id': self.project.id})
        timesheet = self._log(self._new_ticket(), 1, task_id=task.id)
        self.assertFalse(timesheet.task_id)
        timesheet.task_id = task
        self.assertFalse(timesheet.helpdesk_ticket_id)
        timesheet.helpdesk_ticket_id = self._new_ticket()
        self.assertFalse(timesheet.task_id)
        with mute_logger('odoo.sql_db'), self.assertRaises(CheckViolation):
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE account_analytic_line SET task_id = %s WHERE id = %s",
                [task.id, timesheet.id],
            )

    def test_ticket_that_moves_to_another_team_leaves_its_time_where_it_was_spent(self):
        self.plain_team.use_helpdesk_sale_timesheet = True
        ticket = self._new_ticket()
        before = self._log(ticket, 1)
        ticket.team_id = self.plain_team
        after = self._log(ticket, 1)
        self.assertEqual(before.project_id, self.project)
        self.assertEqual(after.project_id, self.plain_team.project_id)
        self.assertEqual(self.pack.qty_delivered, 2)

    def test_time_moved_to_another_ticket_follows_it(self):
        self.plain_team.use_helpdesk_sale_timesheet = True
        target = self._new_ticket(self.other_contact, team=self.plain_team)
        source = self._new_ticket()
        timesheet = self._log(source, 1)
        timesheet.with_user(self.agent).helpdesk_ticket_id = target
        self.assertRecordValues(timesheet, [{
            'project_id': self.plain_team.project_id.id,
            'account_id': self.plain_team.project_id.account_id.id,
            'partner_id': self.other_contact.id,
            'so_line': self.other_pack.id,
        }])
        self.assertEqual((source.total_hours_spent, target.total_hours_spent), (0, 1))

    def test_merging_moves_invoiced_time_without_touching_the_invoice(self):
        self.plain_team.use_helpdesk_sale_timesheet = True
        source, target = self._new_ticket(), self._new_ticket(team=self.plain_team)
        invoiced = self._log(source, 2)
        invoice = self._invoice(self.order)
        fresh = self._log(source, 1)
        target.sale_line_id = self._new_order(self.client, self.product_hour, 1).order_line
        (invoiced | fresh).sudo().write({'helpdesk_ticket_id': target.id})
        self.assertEqual(target.total_hours_spent, 3)
        self.assertRecordValues(invoiced | fresh, [
            {'so_line': self.pack.id, 'project_id': self.project.id,
             'timesheet_invoice_id': invoice.id},
            {'so_line': target.sale_line_id.id, 'project_id': self.plain_team.project_id.id,
             'timesheet_invoice_id': False},
        ])
        self.assertEqual(self.pack.qty_delivered, 2)

    def test_ticket_with_time_cannot_be_deleted(self):
        ticket = self._new_ticket()
        self._log(ticket, 1)
        with self.assertRaisesRegex(UserError, "Archive it"):
            ticket.unlink()

    def test_ticket_without_time_can_be_deleted(self):
        ticket = self._new_ticket()
        self._log(ticket, 1).unlink()
        ticket.unlink()

    def test_copy_of_a_ticket_has_no_time(self):
        ticket = self._new_ticket()
        self._log(ticket, 1)
        copy = ticket.copy()
        self.assertFalse(copy.timesheet_ids)
        self.assertEqual(copy.total_hours_spent, 0)

    def test_customer_of_the_ticket_is_the_customer_of_its_time(self):
        ticket = self._new_ticket()
        timesheet = self._log(ticket, 1)
        ticket.partner_id = self.other_contact
        self.assertEqual(timesheet.partner_id, self.other_contact)
        self.assertEqual(timesheet.so_line, self.other_pack)

    def test_name_of_the_time_tells_the_ticket(self):
        ticket = self._new_ticket()
        self.assertIn(ticket.ticket_ref, self._log(ticket, 1).display_name)

    def test_time_of_many_costs_what_it_costs_on_tasks(self):
        """ Logging on tickets must not cost more queries a line than logging on stock tasks. """
        project = self.env['project.project'].create({
            'name': "Tasks", 'allow_billable': True, 'partner_id': self.client.id,
        })
        tasks = self.env['project.task'].create([
            {'name': "Task", 'project_id': project.id, 'sale_line_id': self.pack.id}
            for _index in range(40)
        ])
        tickets = self.env['helpdesk.ticket'].create([
            {'name': "Ticket", 'team_id': self.team.id, 'partner_id': self.contact.id}
            for _index in range(40)
        ])
        employee = self.employees[self.agent]

        def count(records, fname):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env['account.analytic.line'].create([
                {fname: record.id, 'unit_amount': 1, 'employee_id': employee.id}
                for record in records
            ])
            self.env.flush_all()
            return self.cr.sql_log_count - before
        count(tasks[:2], 'task_id')
        count(tickets[:2], 'helpdesk_ticket_id')
        on_tasks = count(tasks[:40], 'task_id') - count(tasks[:10], 'task_id')
        on_tickets = (
            count(tickets[:40], 'helpdesk_ticket_id') - count(tickets[:10], 'helpdesk_ticket_id')
        )
        self.assertLessEqual(on_tickets, max(on_tasks, 0))

    def test_one_entry_costs_at_most_a_fifth_more_than_on_a_task(self):
        """ Same work as stock: at most 1.2 times the queries of logging on a task. """
        project = self.env['project.project'].create({
            'name': "Tasks", 'allow_billable': True, 'partner_id': self.client.id,
        })
        task = self.env['project.task'].create({
            'name': "Task", 'project_id': project.id, 'sale_line_id': self.pack.id,
        })
        ticket = self._new_ticket()

        def count(record, fname):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env['account.analytic.line'].create({
                fname: record.id, 'unit_amount': 1, 'employee_id': self.employees[self.agent].id,
            })
            self.env.flush_all()
            return self.cr.sql_log_count - before
        count(task, 'task_id')
        count(ticket, 'helpdesk_ticket_id')
        self.assertLessEqual(
            count(ticket, 'helpdesk_ticket_id'), 1.2 * count(task, 'task_id'),
        )

    def test_hours_of_many_tickets_cost_no_more_queries_than_of_one(self):
        def count(number):
            tickets = self.env['helpdesk.ticket'].create([
                {
                    'name': "Ticket", 'team_id': self.team.id, 'partner_id': self.contact.id,
                    'timesheet_ids': [Command.create({
                        'unit_amount': 1, 'employee_id': self.employees[self.agent].id,
                    })],
                }
                for _index in range(number)
            ])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            tickets._compute_total_hours_spent()
            tickets.mapped('remaining_hours_so')
            return self.cr.sql_log_count - before
        count(1)
        self.assertEqual(count(1), count(30))

    def test_total_in_the_form_counts_colleagues_and_what_is_not_saved(self):
        ticket = self._new_ticket()
        self._log(ticket, 3, self.colleague)
        self._log(ticket, 1)
        self.env.invalidate_all()
        with Form(ticket.with_user(self.agent)) as form:
            with form.timesheet_ids.edit(0) as timesheet:
                timesheet.unit_amount = 2
            self.assertEqual((form.total_hours_spent, form.remaining_hours_so), (5, 15))
            with form.timesheet_ids.new() as timesheet:
                timesheet.unit_amount = 0.5
            self.assertEqual((form.total_hours_spent, form.remaining_hours_so), (5.5, 14.5))
            form.timesheet_ids.remove(0)
            self.assertEqual((form.total_hours_spent, form.remaining_hours_so), (3.5, 16.5))
        self.assertEqual(ticket.total_hours_spent, 3.5)
