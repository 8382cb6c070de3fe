""" Checklists: which tickets get them, who ticked what off, and what has to be done first. """

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import HelpdeskCase


class ChecklistCase(HelpdeskCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # neither demo data nor what somebody tried out
        cls.env['helpdesk.checklist.template'].search([]).active = False
        cls.onboarding, cls.incident = cls.env['helpdesk.ticket.type'].create([
            {'name': "Onboarding (test)"}, {'name': "Incident (test)"},
        ])

    def create_template(self, *items, **values):
        return self.env['helpdesk.checklist.template'].create({
            'name': "New employee",
            'team_ids': self.team.ids,
            'line_ids': [
                Command.create({'name': item, 'sequence': index})
                for index, item in enumerate(items)
            ],
            **values,
        })

    def items(self, ticket):
        return ticket.checklist_line_ids.mapped('name')

    def tick(self, lines, user=None):
        lines.with_user(user or self.agent).is_done = True


@tagged('post_install', '-at_install')
class TestChecklist(ChecklistCase):

    def test_a_new_ticket_gets_the_checklist_of_its_team(self):
        self.create_template("Account", "Laptop")
        other = self.create_team("Other")
        ours, theirs = self.create_tickets([{}, {'team_id': other.id}])
        self.assertEqual(self.items(ours), ["Account", "Laptop"])
        self.assertEqual(self.items(theirs), [])

    def test_and_of_its_type(self):
        self.create_template("Account", ticket_type_ids=self.onboarding.ids)
        tickets = self.create_tickets([
            {'ticket_type_id': self.onboarding.id}, {'ticket_type_id': self.incident.id}, {},
        ])
        self.assertEqual([self.items(ticket) for ticket in tickets], [["Account"], [], []])

    def test_a_ticket_that_becomes_of_the_type_gets_it_once(self):
        self.create_template("Account", ticket_type_ids=self.onboarding.ids)
        ticket = self.create_ticket()
        for ticket_type in (self.onboarding, self.incident, self.onboarding):
            ticket.with_user(self.agent).ticket_type_id = ticket_type
        self.assertEqual(self.items(ticket), ["Account"])

    def test_an_archived_type_still_limits(self):
        self.create_template("Account", ticket_type_ids=self.onboarding.ids)
        self.onboarding.active = False
        self.assertEqual(self.items(self.create_ticket()), [])

    def test_by_hand(self):
        template = self.create_template("Account", is_automatic=False)
        ticket = self.create_ticket()
        self.assertEqual(self.items(ticket), [])
        with Form(ticket.with_user(self.agent)) as form:
            form.checklist_template_ids.add(template)
        self.assertEqual(self.items(ticket), ["Account"])

    def test_what_is_taken_away_takes_along_what_nobody_has_done(self):
        template = self.create_template("Account", "Laptop")
        ticket = self.create_ticket()
        self.tick(ticket.checklist_line_ids[0])
        ticket.with_user(self.agent).checklist_template_ids = [Command.unlink(template.id)]
        self.assertEqual(self.items(ticket), ["Account"])

    def test_a_template_changes_no_ticket_that_has_it(self):
        template = self.create_template("Account")
        ticket = self.create_ticket()
        template.line_ids = [Command.create({'name': "Laptop"})]
        ticket.with_user(self.agent).ticket_type_id = self.incident
        self.assertEqual(self.items(ticket), ["Account"])

    def test_who_ticked_it_off_and_when(self):
        self.create_template("Account")
        line = self.create_ticket().checklist_line_ids
        self.go_to('mon 10:30')
        self.tick(line, self.agent2)
        self.assertEqual(line.done_user_id, self.agent2)
        self.assertMoment(line.done_date, 'mon 10:30')
        line.is_done = False
        self.assertFalse(line.done_user_id or line.done_date)

    def test_nobody_ticks_off_in_the_name_of_another(self):
        self.create_template("Account")
        line = self.create_ticket().checklist_line_ids
        line.with_user(self.agent).write({
            'is_done': True, 'done_user_id': self.leader.id, 'done_date': '2020-01-01 00:00:00',
        })
        self.assertEqual(line.done_user_id, self.agent)
        self.assertMoment(line.done_date, self.START)

    def test_progress(self):
        self.create_template("Account", "Laptop", "Keys")
        ticket = self.create_ticket()
        self.tick(ticket.checklist_line_ids[:2])
        self.assertEqual((ticket.checklist_done_count, ticket.checklist_count), (2, 3))

    def test_what_is_open_is_named_before_solving(self):
        self.create_template("Account", "Laptop", "Keys", is_required=True)
        ticket = self.create_ticket()
        self.tick(ticket.checklist_line_ids[0])
        with (
            self.assertRaisesRegex(ValidationError, r"checklist: Laptop, Keys\."),
            self.cr.savepoint(),
        ):
            ticket.with_user(self.agent).action_solve()
        self.assertEqual(ticket.stage_id, self.stage_new)

    def test_who_has_to_do_it_does_not_talk_it_away(self):
        template = self.create_template("Account", is_required=True)
        ticket = self.create_ticket()
        line = ticket.checklist_line_ids.with_user(self.agent)
        for way in (
            line.unlink,
            lambda: line.write({'is_required': False}),
            lambda: line.write({'name': "Nothing"}),
            lambda: ticket.with_user(self.agent).write({
                'checklist_template_ids': [Command.unlink(template.id)],
            }),
        ):
            with self.assertRaisesRegex(UserError, "ask a team leader"), self.cr.savepoint():
                way()
        line.with_user(self.leader).unlink()
        self.assertEqual(self.items(ticket), [])

    def test_solved_when_all_is_done(self):
        self.create_template("Account", is_required=True)
        ticket = self.create_ticket()
        self.tick(ticket.checklist_line_ids)
        ticket.with_user(self.agent).action_solve()
        self.assertEqual(ticket.stage_id, self.stage_solved)

    def test_what_is_not_required_holds_up_nothing(self):
        self.create_template("Account")
        ticket = self.create_ticket()
        ticket.with_user(self.agent).action_solve()
        self.assertTrue(ticket.is_closed)

    def test_canceling_is_not_solving(self):
        self.create_template("Account", is_required=True)
        ticket = self.create_ticket()
        ticket.with_user(self.agent).action_cancel()
        self.assertTrue(ticket.is_closed)

    def test_a_customer_is_not_held_up(self):
        self.create_template("Account", is_required=True)
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        ticket.with_user(self.portal_client)._portal_close()
        self.assertEqual(ticket.stage_id, self.stage_solved)

    def test_merging_is_not_held_up(self):
        self.create_template("Account", is_required=True)
        ticket, target = self.create_tickets([{}, {}])
        target.with_user(self.agent)._merge(ticket.with_user(self.agent))
        self.assertTrue(ticket.is_closed)

    def test_a_merge_takes_over_what_is_to_do(self):
        self.create_template("Account")
        other = self.create_template("Laptop", name="Hardware", is_automatic=False)
        source, target = self.create_tickets([
            {'checklist_template_ids': [Command.set(other.ids)]}, {},
        ])
        self.env['helpdesk.ticket.checklist.line'].create({
            'ticket_id': source.id, 'name': "Call back",
        })
        target.with_user(self.agent)._merge(source.with_user(self.agent))
        self.env.invalidate_all()
        self.assertEqual(sorted(self.items(target)), ["Account", "Call back", "Laptop"])
        self.assertEqual(len(target.checklist_template_ids), 2)

    def test_customers_do_not_see_the_checklist(self):
        self.create_template("Account")
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal_client).read(['checklist_line_ids'])

    def test_items_of_hidden_tickets_are_hidden(self):
        self.create_template("Account")
        line = self.create_ticket().checklist_line_ids
        self.team.privacy_visibility = 'invited_internal'
        stranger = self.create_user('stranger', 'helpdesk_sla.group_helpdesk_user')
        for operation in ('read', 'write', 'unlink'):
            self.assertFalse(line.with_user(stranger).has_access(operation))

    def test_a_batch_costs_a_fixed_number_of_queries(self):
        self.create_template("Account", "Laptop")

        def count(tickets):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.create_tickets([{}] * tickets)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        few = count(3)
        self.assertLessEqual(count(30) - few, 2)
