""" Who may do what: the table of docs/access.md on real records, and what it leaves out. """

from datetime import datetime
from pathlib import Path

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.modules import get_module_path
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HelpdeskCase

NOTHING = '–'
OPERATIONS = ('read', 'write', 'create', 'unlink')
USERS = {
    'Public': 'base.group_public',
    'Portal': 'base.group_portal',
    'Internal': 'base.group_user',
    'User': 'helpdesk_sla.group_helpdesk_user',
    'Team Leader': 'helpdesk_sla.group_helpdesk_team_leader',
    'Administrator': 'helpdesk_sla.group_helpdesk_manager',
}
# which of the records of `AccessCase.create_records` the words of the table mean
OPEN_TEAMS = {'portal', 'internal', 'member', 'team_followed', 'led'}
TICKETS = OPEN_TEAMS | {'invited', 'assigned', 'followed', 'own', 'own_hidden', 'own_followed'}
OF_TICKETS = {
    'all': TICKETS,
    'open': OPEN_TEAMS | {'own', 'own_hidden', 'own_followed'},
    'assigned': {'assigned'},
    'followed': {'followed'},
    'own': {'own', 'own_followed'},
}
SCOPES = {
    'helpdesk.team': {'all': OPEN_TEAMS | {'invited'}, 'open': OPEN_TEAMS, 'led': {'led'}},
    'helpdesk.ticket': OF_TICKETS,
    'helpdesk.sla.status': OF_TICKETS,
    'helpdesk.sla.pause': OF_TICKETS,
    'helpdesk.sla.report': OF_TICKETS,
    'helpdesk.ticket.report': OF_TICKETS,
    'helpdesk.backlog.report': OF_TICKETS,
    'helpdesk.ticket.link': OF_TICKETS,
    'helpdesk.sla': {'all': {'general', 'led', 'led_and_other', 'other'}, 'led': {'led'}},
    'helpdesk.sla.agreement': {
        'all': {'draft', 'sent', 'other_client'}, 'sent to the client': {'sent'},
    },
    'helpdesk.sla.agreement.line': {'all': {'draft'}},
    'helpdesk.sla.agreement.liability': {'all': {'draft'}},
    'helpdesk.sla.service': {'all': {'one'}},
    'helpdesk.sla.sizing': {'all': {'one'}},
    'helpdesk.sla.sizing.line': {'all': {'one'}},
    'helpdesk.sla.escalation': {
        'all': {'general', 'led', 'led_and_other', 'other'}, 'led': {'led'},
    },
    'helpdesk.sla.notice': {},
    'helpdesk.ticket.viewer': {},
    'helpdesk.ticket.checklist.line': OF_TICKETS,
    'helpdesk.checklist.template': {'all': {'one'}},
    'helpdesk.checklist.template.line': {'all': {'one'}},
    'helpdesk.stage': {'all': {'one'}},
    'helpdesk.ticket.type': {'all': {'one'}},
    'helpdesk.tag': {'all': {'one'}},
    'helpdesk.channel': {'all': {'one'}},
    'helpdesk.department': {'all': {'one'}},
    'helpdesk.followup.step': {
        'all': OPEN_TEAMS | {'invited'}, 'open': OPEN_TEAMS, 'led': {'led'},
    },
}


def read_matrix():
    """ Return the first table of docs/access.md: rights by model and group.

    The other tables are those of other addons.
    """
    path = Path(get_module_path('helpdesk_sla')).parents[1] / 'docs' / 'access.md'
    text, *_others = path.read_text().split('\n## ', 1)
    rows = [
        [cell.strip() for cell in line.strip().strip('|').split('|')]
        for line in text.splitlines()
        if line.startswith('| helpdesk.')
    ]
    return {(model, group): dict(zip(OPERATIONS, cells)) for model, group, *cells in rows}


class AccessCase(HelpdeskCase):

    def setUp(self):
        super().setUp()
        self.env = self.env(context={**self.env.context, 'tracking_disable': True})

    def create_records(self, user):
        """ Create records of all kinds as they look to a user, by model and name. """
        invited = {'privacy_visibility': 'invited_internal'}
        teams = {
            'portal': self.create_team("For customers", privacy_visibility='portal'),
            'internal': self.create_team("For all of us", privacy_visibility='internal'),
            'invited': self.create_team("For some", **invited),
            'member': self.create_team("Mine", member_ids=user.ids, **invited),
            'team_followed': self.create_team("Followed", **invited),
            'led': self.create_team("Led", leader_id=user.id, **invited),
            'foreign': self.env['helpdesk.team'].with_company(self.other_company).create({
                'name': "Theirs", 'stage_ids': self.team.stage_ids.ids,
            }),
        }
        teams['team_followed'].message_subscribe(user.partner_id.ids)
        tickets_values = {
            **{name: {'team_id': team.id} for name, team in teams.items()},
            'assigned': {'team_id': teams['invited'].id, 'user_id': user.id},
            'followed': {'team_id': teams['invited'].id},
            'own': {'team_id': teams['portal'].id, 'partner_id': user.partner_id.id},
            'own_hidden': {'team_id': teams['internal'].id, 'partner_id': user.partner_id.id},
            'own_followed': {'team_id': teams['portal'].id},
        }
        policies_values = {
            'general': {},
            'led': {'team_ids': teams['led'].ids},
            'led_and_other': {'team_ids': (teams['led'] | teams['portal']).ids},
            'other': {'team_ids': teams['portal'].ids},
            'foreign': {'company_id': self.other_company.id},
        }
        tickets = dict(zip(tickets_values, self.env['helpdesk.ticket'].create([
            {'name': name, **values, 'stage_id': self.stage_customer.id}
            for name, values in tickets_values.items()
        ])))
        (tickets['followed'] | tickets['own_followed']).message_subscribe(user.partner_id.ids)
        # what the creation subscribed by itself is not what is looked at
        for name in ('own_hidden', 'own', 'assigned'):
            tickets[name].message_unsubscribe(user.partner_id.ids)
        (teams['member'] | teams['led'] | teams['invited']).message_unsubscribe(
            user.partner_id.ids,
        )
        policies = {
            name: self.create_policy(**values) for name, values in policies_values.items()
        }
        agreements = self.create_agreements(user)
        sizing = self.env['helpdesk.sla.sizing'].create({
            'name': "Test sizing", 'line_ids': [Command.create({'priority': '3'})],
        })
        checklist = self.env['helpdesk.checklist.template'].create({
            'name': "Test checklist",
            'is_automatic': False,
            'line_ids': [Command.create({'name': "Test item"})],
        })
        self.run_refresh()
        return {
            'helpdesk.checklist.template': {'one': checklist},
            'helpdesk.checklist.template.line': {'one': checklist.line_ids},
            'helpdesk.ticket.checklist.line': dict(zip(
                tickets, self.env['helpdesk.ticket.checklist.line'].create([
                    {'ticket_id': ticket.id, 'name': "Test item"} for ticket in tickets.values()
                ]),
            )),
            'helpdesk.ticket.viewer': {'one': self.env['helpdesk.ticket.viewer'].create({
                'ticket_id': tickets['portal'].id, 'user_id': user.id,
            })},
            'helpdesk.sla.agreement': agreements,
            'helpdesk.sla.agreement.line': {'draft': agreements['draft'].line_ids[0]},
            'helpdesk.sla.agreement.liability': {'draft': agreements['draft'].liability_ids},
            'helpdesk.sla.service': {
                'one': self.env['helpdesk.sla.service'].create({'name': "Test service"}),
            },
            'helpdesk.sla.sizing': {'one': sizing},
            'helpdesk.sla.sizing.line': {'one': sizing.line_ids},
            'helpdesk.team': teams,
            'helpdesk.ticket': tickets,
            'helpdesk.sla': policies,
            'helpdesk.sla.status': {
                name: ticket.sla_status_ids[:1] for name, ticket in tickets.items()
            },
            'helpdesk.sla.pause': {
                name: ticket.sla_pause_ids for name, ticket in tickets.items()
            },
            **{
                report: {
                    # as the database knows the ticket, whoever sees it
                    name: self.env[report].sudo().search([('ticket_id', '=', ticket.id)], limit=1)
                    for name, ticket in tickets.items()
                }
                for report in (
                    'helpdesk.sla.report', 'helpdesk.ticket.report', 'helpdesk.backlog.report',
                )
            },
            'helpdesk.ticket.link': self.create_links(tickets),
            'helpdesk.sla.escalation': {
                name: policy.escalation_ids[:1] for name, policy in policies.items()
            },
            'helpdesk.sla.notice': {'one': self.env['helpdesk.sla.notice'].create({
                'user_id': user.id,
                'status_id': tickets['portal'].sla_status_ids[:1].id,
            })},
            'helpdesk.stage': {'one': self.env['helpdesk.stage'].create({'name': "Test"})},
            'helpdesk.ticket.type': {
                'one': self.env['helpdesk.ticket.type'].create({'name': "Test type"}),
            },
            'helpdesk.channel': {'one': self.env['helpdesk.channel'].create({
                'name': "Fax", 'code': 'fax',
            })},
            'helpdesk.tag': {'one': self.env['helpdesk.tag'].create({'name': "Test tag"})},
            'helpdesk.followup.step': {
                name: self.env['helpdesk.followup.step'].create([
                    {'team_id': team.id, 'days': 3, 'action': 'remind'},
                    {'team_id': team.id, 'days': 2, 'action': 'remind', 'sequence': 20},
                ])[:1] for name, team in teams.items()
            },
            'helpdesk.department': {'one': self.env['helpdesk.department'].create({
                'name': "Warehouse", 'partner_id': self.client.id,
            })},
        }

    def create_links(self, tickets):
        """ Link each ticket to another one of the same team, that the user sees as it. """
        others = {
            name: ticket.copy({'user_id': ticket.user_id.id, 'partner_id': ticket.partner_id.id})
            for name, ticket in tickets.items()
        }
        for name, other in others.items():
            other.message_unsubscribe(other.message_partner_ids.ids)
            other.message_subscribe(tickets[name].message_partner_ids.ids)
        return dict(zip(tickets, self.env['helpdesk.ticket.link'].create([
            {'ticket_id': ticket.id, 'linked_ticket_id': others[name].id}
            for name, ticket in tickets.items()
        ])))

    def create_agreements(self, user):
        """ Create agreements as they look to a client, by name. """
        client = user.partner_id.commercial_partner_id
        agreements = {
            name: self.env['helpdesk.sla.agreement'].create({
                'partner_id': partner.id,
                'company_id': company.id,
                'user_id': False,
                'liability_ids': [Command.create({'compliance': 95, 'credit': 5})],
            })
            for name, partner, company in (
                ('draft', client, self.company),
                ('sent', client, self.company),
                ('other_client', self.other_client, self.company),
                ('foreign', client, self.other_company),
            )
        }
        for name in ('sent', 'other_client'):
            agreements[name].step = 'sent'
        return agreements

    def get_values(self, record):
        """ Return the values with which a user would create a record like this one. """
        name = f"New {record.display_name}"
        return {
            'helpdesk.team': lambda team: {
                'name': name,
                'company_id': team.company_id.id,
                'leader_id': team.leader_id.id,
                'member_ids': team.member_ids.ids,
                'privacy_visibility': team.privacy_visibility,
            },
            'helpdesk.ticket': lambda ticket: {
                'name': name,
                'team_id': ticket.team_id.id,
                'user_id': ticket.user_id.id,
                'partner_id': ticket.partner_id.id,
            },
            'helpdesk.sla': lambda sla: {
                'name': name,
                'company_id': sla.company_id.id,
                'team_ids': sla.team_ids.ids,
                'target': 'resolution',
            },
            'helpdesk.sla.escalation': lambda level: {
                'sla_id': level.sla_id.id,
                'percentage': 200,
                'notify_leader': True,
            },
            'helpdesk.sla.notice': lambda notice: {
                'user_id': notice.user_id.id,
                'status_id': notice.status_id.id,
            },
            'helpdesk.sla.status': lambda status: {
                'name': name,
                'ticket_id': status.ticket_id.id,
                'target': 'resolution',
                'start_date': '2026-03-02 09:00:00',
                'cycle_date': '2026-03-02 09:00:00',
            },
            'helpdesk.sla.agreement': lambda agreement: {
                'partner_id': agreement.partner_id.id,
                'company_id': agreement.company_id.id,
                'resource_calendar_id': agreement.resource_calendar_id.id,
            },
            'helpdesk.sla.agreement.line': lambda line: {
                'agreement_id': line.agreement_id.id,
                'priority': line.priority,
            },
            'helpdesk.sla.agreement.liability': lambda rule: {
                'agreement_id': rule.agreement_id.id,
                'compliance': 50,
                'credit': 50,
            },
            'helpdesk.sla.sizing.line': lambda line: {
                'sizing_id': line.sizing_id.id,
                'priority': '0',
            },
            'helpdesk.sla.pause': lambda pause: {
                'ticket_id': pause.ticket_id.id,
                'kind': 'third_party',
                'date_from': '2026-03-02 09:00:00',
            },
            'helpdesk.ticket.link': self.get_link_values,
            'helpdesk.followup.step': lambda step: {'team_id': step.team_id.id, 'days': 2},
            'helpdesk.department': lambda department: {
                'name': name, 'partner_id': department.partner_id.id,
            },
            'helpdesk.checklist.template.line': lambda line: {
                'template_id': line.template_id.id,
                'name': name,
            },
            'helpdesk.ticket.checklist.line': lambda line: {
                'ticket_id': line.ticket_id.id,
                'name': name,
            },
            'helpdesk.ticket.viewer': lambda viewer: {
                'ticket_id': viewer.ticket_id.id,
                'user_id': viewer.user_id.id,
            },
        }.get(record._name, lambda _record: {'name': name})(record.sudo())

    def get_link_values(self, link):
        values = {
            'ticket_id': link.ticket_id.id, 'linked_ticket_id': link.linked_ticket_id.id,
        }
        # a pair is linked only once; taken back with the rest
        link.unlink()
        return values

    def is_allowed(self, operation, record, user):
        """ Try an operation as a user, and take it back. """
        as_user = record.with_user(user).with_context(
            allowed_company_ids=user.company_id.ids, tracking_disable=True,
        )
        values = {
            'helpdesk.sla.pause': {'reason': "Changed"},
            'helpdesk.ticket.report': {'ticket_ref': "Changed"},
            'helpdesk.backlog.report': {'event': 'closed'},
            'helpdesk.ticket.link': {'kind': 'blocks'},
            'helpdesk.sla.agreement.line': {'response_time': 2},
            'helpdesk.sla.agreement.liability': {'credit': 50},
            'helpdesk.sla.sizing.line': {'response_time': 2},
            'helpdesk.sla.escalation': {'percentage': 90},
            'helpdesk.sla.notice': {'percentage': 90},
            'helpdesk.followup.step': {'days': 9},
            'helpdesk.ticket.viewer': {'is_writing': True},
        }.get(record._name, {'name': "Changed"})
        try:
            with self.cr.savepoint(), mute_logger('odoo.sql_db'):
                self.env.invalidate_all()
                if operation == 'read':
                    as_user.read(['display_name'])
                elif operation == 'write':
                    as_user.write(values)
                elif operation == 'create':
                    as_user.create(self.get_values(record))
                    self.env.flush_all()
                else:
                    as_user.unlink()
                raise _TakeBack
        except AccessError:
            return False
        except (_TakeBack, IntegrityError, UserError):
            # what is still in use cannot be deleted, but not for want of rights
            return True
        finally:
            self.env.invalidate_all(flush=False)


class _TakeBack(Exception):
    """ Rolls back what was allowed. """


@tagged('post_install', '-at_install')
class TestAccessMatrix(AccessCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.matrix = read_matrix()

    def test_table_is_complete(self):
        models = {
            model for model, cls in self.registry.items()
            if cls._original_module == 'helpdesk_sla' and not cls._abstract
            and not cls._transient
        }
        self.assertEqual(
            set(self.matrix), {(model, group) for model in models for group in USERS},
        )
        self.assertEqual(set(SCOPES), models)

    def assertMatrix(self, group):
        user = self.create_user(f"in_{group.lower().replace(' ', '_')}", USERS[group])
        records = self.create_records(user)
        for model, by_name in records.items():
            rights = self.matrix[model, group]
            for operation in OPERATIONS:
                expected = set().union(*(
                    SCOPES[model][word.strip()]
                    for word in rights[operation].split(',') if word.strip() != NOTHING
                ))
                with self.subTest(model=model, group=group, operation=operation):
                    self.assertEqual(
                        {
                            name for name, record in by_name.items()
                            if self.is_allowed(operation, record, user)
                        },
                        expected,
                    )
            with self.subTest(model=model, group=group, operation='search'):
                self.assertEqual(
                    self.search_names(model, by_name, user),
                    {name for name, record in by_name.items()
                     if self.is_allowed('read', record, user)},
                )

    def search_names(self, model, by_name, user):
        """ Return the names of the records that a user finds. """
        try:
            found = self.env[model].with_user(user).with_context(
                allowed_company_ids=user.company_id.ids,
            ).search([('id', 'in', [record.id for record in by_name.values()])])
        except AccessError:
            return set()
        return {name for name, record in by_name.items() if record.id in found.ids}

    def test_public(self):
        self.assertMatrix('Public')

    def test_portal(self):
        self.assertMatrix('Portal')

    def test_internal(self):
        self.assertMatrix('Internal')

    def test_user(self):
        self.assertMatrix('User')

    def test_team_leader(self):
        self.assertMatrix('Team Leader')

    def test_administrator(self):
        self.assertMatrix('Administrator')


@tagged('post_install', '-at_install')
class TestAccessRules(AccessCase):
    """ What the table does not say. """

    def test_another_clients_user_gets_nothing(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.assertTrue(ticket.with_user(self.portal_client).read(['name']))
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal_other).read(['name'])
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal_other)._portal_close()
        self.assertEqual(ticket.stage_id, self.stage_new)

    def test_the_former_customer_is_shut_out(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        ticket.message_subscribe(self.client_contact.ids)
        token = ticket._portal_ensure_token()
        ticket.with_user(self.agent).partner_id = self.portal_other.partner_id
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal_client).read(['name'])
        self.assertNotEqual(ticket.access_token, token)
        self.assertTrue(ticket.with_user(self.portal_other).read(['name']))

    def test_defaults_of_a_user_set_nothing_that_the_system_keeps(self):
        tickets = self.env['helpdesk.ticket'].with_user(self.agent).with_context(
            default_first_response_date='2026-03-01 09:00:00',
            default_open_date='2026-03-01 09:00:00',
            default_reopen_count=3,
        )
        ticket = tickets.create({'name': "Faked", 'team_id': self.team.id})
        self.assertFalse(ticket.first_response_date)
        self.assertFalse(ticket.reopen_count)
        self.assertNotEqual(ticket.open_date, datetime(2026, 3, 1, 9))

    def test_the_company_is_not_written_past_the_team(self):
        ticket = self.create_ticket()
        for name in ('company_id', 'commercial_partner_id'):
            with self.assertRaises(AccessError):
                ticket.with_user(self.agent)[name] = False

    def test_a_colleague_of_the_customer_gets_nothing_unless_following(self):
        colleague = self.create_user('colleague', 'base.group_portal')
        colleague.partner_id.parent_id = self.client
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        with self.assertRaises(AccessError):
            ticket.with_user(colleague).read(['name'])
        ticket.message_subscribe(colleague.partner_id.ids)
        self.assertTrue(ticket.with_user(colleague).read(['name']))

    def test_portal_users_do_not_reach_the_clocks_through_a_ticket(self):
        self.create_policy()
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        for name in ('sla_status_ids', 'sla_pause_ids'):
            with self.subTest(name=name), self.assertRaises(AccessError):
                ticket.with_user(self.portal_client)[name].mapped('display_name')

    def test_customers_lose_sight_when_portal_users_are_no_longer_invited(self):
        ticket = self.create_ticket(partner_id=self.client_contact.id)
        self.team.privacy_visibility = 'internal'
        with self.assertRaises(AccessError):
            ticket.with_user(self.portal_client).read(['name'])

    def test_outsider_gets_nothing(self):
        ticket = self.create_ticket(user_id=self.outsider.id)
        ticket.message_subscribe(self.outsider.partner_id.ids)
        self.team.member_ids += self.outsider
        with self.assertRaises(AccessError):
            ticket.with_user(self.outsider).read(['name'])
        with self.assertRaises(AccessError):
            self.team.with_user(self.outsider).read(['name'])

    def test_leader_edits_only_the_own_team(self):
        other = self.create_team("Other", leader_id=self.manager.id)
        self.team.with_user(self.leader).name = "Renamed"
        for values in ({'name': "Renamed"}, {'leader_id': self.leader.id}):
            with self.assertRaises(AccessError):
                other.with_user(self.leader).write(values)

    def test_leader_cannot_widen_a_policy(self):
        """ Not to other teams, nor to all of them, which an empty criterion means. """
        other = self.create_team("Other")
        policy = self.create_policy(team_ids=self.team.ids)
        for commands in (
            [Command.link(other.id)], [Command.set(other.ids)], [Command.clear()],
        ):
            with (
                self.subTest(commands=commands), self.cr.savepoint(),
                self.assertRaises(AccessError),
            ):
                policy.with_user(self.leader).write({'team_ids': commands})

    def test_policies_of_a_team_are_not_widened_through_the_team(self):
        policy = self.create_policy(team_ids=self.create_team("Other").ids)
        with self.assertRaises(AccessError):
            self.team.with_user(self.leader).sla_policy_ids = [Command.link(policy.id)]

    def test_user_of_two_companies(self):
        foreign = self.env['helpdesk.ticket'].create({
            'name': "Theirs",
            'team_id': self.env['helpdesk.team'].with_company(self.other_company).create({
                'name': "Theirs",
            }).id,
        })
        self.agent.company_ids += self.other_company
        with self.assertRaises(AccessError):
            foreign.with_user(self.agent).read(['name'])
        self.assertTrue(foreign.with_user(self.agent).with_context(
            allowed_company_ids=(self.company | self.other_company).ids,
        ).read(['name']))

    def test_a_ticket_can_be_handed_to_a_team_that_its_sender_does_not_see(self):
        team = self.create_team("Secret", privacy_visibility='invited_internal')
        ticket = self.create_ticket()
        ticket.with_user(self.agent).team_id = team
        self.assertEqual(ticket.team_id, team)
        with self.assertRaises(AccessError):
            ticket.with_user(self.agent).read(['name'])

    def test_buttons_ask_for_the_right_to_write(self):
        self.team.privacy_visibility = 'invited_internal'
        ticket = self.create_ticket()
        stranger = self.create_user('stranger', 'helpdesk_sla.group_helpdesk_user')
        for action in (
            'action_assign_to_me', 'action_solve', 'action_cancel', 'action_reopen',
            'action_responded_by_phone',
        ):
            for user in (stranger, self.outsider, self.portal_other):
                with (
                    self.subTest(action=action, user=user.name), self.cr.savepoint(),
                    self.assertRaises(AccessError),
                ):
                    getattr(ticket.with_user(user), action)()
        self.env.invalidate_all()
        self.assertEqual(ticket.stage_id, self.stage_new)
        self.assertFalse(ticket.user_id or ticket.first_response_date)
