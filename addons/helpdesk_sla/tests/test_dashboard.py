from ast import literal_eval

from lxml import etree

from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import HelpdeskCase

# the filter that a link of a card asks for -> the counter that is written on it
CARDS = {
    'open': 'open_ticket_count',
    'mine': 'my_ticket_count',
    'unassigned': 'unassigned_ticket_count',
    'urgent': 'urgent_ticket_count',
    'approaching': 'approaching_ticket_count',
    'breached': 'breached_ticket_count',
    'waiting_customer': 'waiting_customer_ticket_count',
    'solved_week': 'solved_week_ticket_count',
}


@tagged('post_install', '-at_install')
class TestDashboard(HelpdeskCase):
    """ The cards of the overview: what is counted is what opens.

    At the moment of the tests, Tuesday 10:00, the team has
    +------------+----------+----------+-----------------------------------+
    | ticket     | assigned | priority | its promise of 8 hours            |
    +------------+----------+----------+-----------------------------------+
    | fresh      |          | medium   | runs since 09:55                  |
    | approaching| agent2   | medium   | began Mon 11:05, is due in 5 min  |
    | breached   | agent    | critical | began Mon 09:00, was due 17:00    |
    | waiting    | agent    | medium   | paused since Mon 09:30            |
    | solved     | agent    | critical | reached Mon 10:00                 |
    | solved_old |          | medium   | reached ten days ago              |
    | cancelled  | agent    | medium   | canceled Mon 10:00                |
    +------------+----------+----------+-----------------------------------+
    and another team has one ticket of each kind as well.
    """

    def setUp(self):
        super().setUp()
        self.other_team = self.create_team("Another Team", member_ids=self.agent.ids)
        self.create_policy('resolution', 8.0, warning_percentage=75)
        self.tickets = self._create_story(self.team)
        self._create_story(self.other_team)
        self.go_to('tue 10:00')

    def _create_story(self, team):
        self.go_to('2026-02-20 10:00')
        solved_old = self.create_ticket(team_id=team.id)
        self.move(solved_old, self.stage_solved)
        self.go_to('mon 09:00')
        breached = self.create_ticket(team_id=team.id, user_id=self.agent.id, priority='3')
        waiting = self.create_ticket(team_id=team.id, user_id=self.agent.id)
        solved = self.create_ticket(team_id=team.id, user_id=self.agent.id, priority='3')
        cancelled = self.create_ticket(team_id=team.id, user_id=self.agent.id)
        self.move(waiting, self.stage_customer, 'mon 09:30')
        self.move(solved, self.stage_solved, 'mon 10:00')
        self.move(cancelled, self.stage_cancel)
        self.go_to('mon 11:05')
        approaching = self.create_ticket(team_id=team.id, user_id=self.agent2.id)
        self.go_to('tue 09:55')
        fresh = self.create_ticket(team_id=team.id)
        self.env.flush_all()
        return {
            'open': fresh | approaching | breached | waiting,
            'mine': breached | waiting,
            'unassigned': fresh,
            'urgent': breached,
            'approaching': approaching,
            'breached': breached,
            'waiting_customer': waiting,
            'solved_week': solved,
        }

    def _get_search_filters(self):
        """ Return the filters of the search view: name -> (number of its group, domain). """
        tickets = self.env['helpdesk.ticket'].with_user(self.agent)
        view_id = self.env.ref('helpdesk_sla.helpdesk_ticket_view_search').id
        arch = etree.fromstring(tickets.get_view(view_id, 'search')['arch'])
        filters, group = {}, 0
        for node in arch:
            if node.tag == 'separator':
                group += 1
            elif node.tag == 'filter' and node.get('domain'):
                domain = safe_eval(node.get('domain'), {'uid': self.agent.id})
                filters[node.get('name')] = (group, Domain(domain))
        return filters

    def _open(self, ticket_filter):
        """ Return what the web client finds after a click: filters of one group are alternatives,
        groups narrow each other down.
        """
        action = self.team.with_user(self.agent).with_context(
            ticket_filter=ticket_filter,
        ).action_view_tickets()
        self.assertEqual(action['res_model'], 'helpdesk.ticket')
        groups = {}
        filters = self._get_search_filters()
        for key in action['context']:
            if key.startswith('search_default_'):
                group, domain = filters[key.removeprefix('search_default_')]
                groups.setdefault(group, []).append(domain)
        domain = Domain.AND([
            Domain(action['domain']), *(Domain.OR(domains) for domains in groups.values()),
        ])
        return self.env['helpdesk.ticket'].with_user(self.agent).search(domain)

    def test_each_count_opens_exactly_the_tickets_it_counts(self):
        team = self.team.with_user(self.agent)
        for ticket_filter, counter in CARDS.items():
            with self.subTest(card=ticket_filter):
                expected = self.tickets[ticket_filter]
                self.assertEqual(self._open(ticket_filter), expected.with_user(self.agent))
                self.assertEqual(team[counter], len(expected))

    def test_the_button_of_the_card_opens_the_open_tickets(self):
        action = self.team.with_user(self.agent).action_view_tickets()
        self.assertIn('search_default_open', action['context'])

    def test_every_link_of_the_dashboard_names_a_filter_and_shows_its_count(self):
        view = self.env.ref('helpdesk_sla.helpdesk_team_view_kanban_dashboard')
        arch = etree.fromstring(view.arch)
        links = arch.xpath("//templates//*[@name='action_view_tickets'][@context]")
        filters = self._get_search_filters()
        counted = {}
        for link in links:
            name = literal_eval(link.get('context'))['ticket_filter']
            self.assertIn(name, filters)
            counted.update(dict.fromkeys((
                node.get('name') for node in link.iter('field')
            ), name))
        self.assertEqual(counted, {counter: name for name, counter in CARDS.items()})

    def test_counting_takes_as_many_queries_for_many_teams_as_for_two(self):
        def count_queries(teams):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            teams.web_read({counter: {} for counter in CARDS.values()})
            return self.env.cr.sql_log_count - before

        two = self.team | self.other_team
        many = two.union(*(
            self.create_team(f"Team {index}", member_ids=self.agent.ids) for index in range(10)
        ))
        count_queries(many.with_user(self.agent))  # what is cached once for all
        self.assertEqual(
            count_queries(two.with_user(self.agent)), count_queries(many.with_user(self.agent)),
        )
