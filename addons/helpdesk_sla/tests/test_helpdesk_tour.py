from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged


@tagged('post_install', '-at_install')
class TestHelpdeskTour(HttpCase):

    def test_an_agent_takes_and_solves_a_call(self):
        agent = new_test_user(
            self.env, 'helpdesk_tour_agent', groups='helpdesk_sla.group_helpdesk_user',
            name="Tour Agent",
        )
        team = self.env['helpdesk.team'].create({
            'name': "Tour Team",
            'member_ids': [Command.set(agent.ids)],
            'resource_calendar_id': False,
        })
        self.env['helpdesk.sla'].create({
            'name': "Solved within a day",
            'team_ids': [Command.set(team.ids)],
            'target': 'resolution',
            'time': 24.0,
        })

        self.start_tour('/odoo', 'helpdesk_ticket_tour', login=agent.login)

        ticket = self.env['helpdesk.ticket'].search([('team_id', '=', team.id)])
        self.assertRecordValues(ticket, [{
            'name': "The scanner does not scan",
            'user_id': agent.id,
            'channel': 'phone',
            'stage_type': 'solved',
            'sla_result': 'reached',
        }])
        self.assertTrue(ticket.first_response_date)

    def test_a_call_in_two_clicks(self):
        agent = new_test_user(
            self.env, 'helpdesk_tour_agent', groups='helpdesk_sla.group_helpdesk_user',
            name="Tour Agent",
        )
        team = self.env['helpdesk.team'].create({
            'name': "Tour Team", 'member_ids': [Command.set(agent.ids)], 'sequence': -1,
        })
        caller = self.env['res.partner'].create({
            'name': "Tour Caller", 'phone': '+48 22 555 01 99',
        })
        self.env['helpdesk.checklist.template'].create({
            'name': "Scanners",
            'team_ids': [Command.set(team.ids)],
            'is_required': True,
            'line_ids': [Command.create({'name': "Replace the battery"})],
        })

        self.start_tour('/odoo/my-tickets', 'helpdesk_call_tour', login=agent.login)

        ticket = self.env['helpdesk.ticket'].search([('partner_id', '=', caller.id)])
        self.assertRecordValues(ticket, [{
            'name': "The scanner is broken",
            'team_id': team.id,
            'user_id': agent.id,
            'channel': 'phone',
            'stage_type': 'solved',
        }])
        self.assertEqual(ticket.checklist_line_ids.done_user_id, agent)
