from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

DAYS = 30
TICKETS = 10
AGENTS = 12


class HelpdeskTeamWall(models.AbstractModel):
    """ What the live dashboard shows of the teams: a page that refreshes by itself. """

    _name = 'helpdesk.team.wall'
    _description = "Live Dashboard of Helpdesk Teams"

    @api.model
    @api.readonly
    def get_wall_data(self, team_ids=None):
        """ Return everything that the live dashboard shows, as the user may see it.

        Every figure comes with the model and the domain from which it was read, so that what opens
        is what was counted. The number of queries does not depend on teams, agents or tickets.

        :param list team_ids: the teams to show; those that the user does not see are left out.
            Empty: all tickets that the user sees
        :rtype: dict
        """
        teams = self.search([])
        chosen = teams.filtered(lambda team: team.id in (team_ids or ()))
        scope = Domain('team_id', 'in', chosen.ids) if chosen else Domain.TRUE
        figures = self._get_wall_figures(scope)
        loads = self._get_wall_loads(scope)
        return {
            'teams': [{'id': team.id, 'name': team.name} for team in teams],
            'team_ids': chosen.ids,
            'figures': figures,
            'deadlines': self._get_wall_tickets(
                scope & Domain('sla_state', 'in', ['running', 'approaching']),
            ),
            'breached': self._get_wall_tickets(scope & Domain('sla_state', '=', 'breached')),
            'backlog': self._get_wall_backlog(scope, figures['open']['value']),
            'team_loads': self._get_wall_team_loads(chosen or teams, loads),
            'agent_loads': self._get_wall_agent_loads(chosen or teams, scope, loads),
        }

    # === BUSINESS METHODS === #

    @api.model
    def _get_wall_domains(self):
        """ Return the figures that count tickets, with their domains.

        :rtype: dict[str, Domain]
        """
        counted = self._get_ticket_count_domains()
        return {
            'open': counted['open_ticket_count'],
            'unassigned': counted['unassigned_ticket_count'],
            'approaching': counted['approaching_ticket_count'],
            'breached': counted['breached_ticket_count'],
            'waiting_customer': counted['waiting_customer_ticket_count'],
            'solved_today': Domain('stage_type', '=', 'solved') & Domain(
                'close_date', '>=', 'today',
            ),
        }

    def _get_wall_figures(self, scope):
        """ Return the figures: value, and the model and domain that it was read from.

        :param Domain scope: of the teams that are shown
        :rtype: dict[str, dict]
        """
        tickets = self.env['helpdesk.ticket']
        figures = {
            name: {
                'model': 'helpdesk.ticket',
                'domain': list(scope & domain),
                'value': tickets.search_count(scope & domain),
            }
            for name, domain in self._get_wall_domains().items()
        }
        for name, model, aggregate, domain in (
            (
                'compliance', 'helpdesk.sla.report', 'compliance:avg',
                Domain('is_counted', '=', True) & Domain('outcome_date', '>=', 'today =1d'),
            ),
            (
                'first_response', 'helpdesk.ticket.report', 'first_response_hours:avg',
                Domain('first_response_date', '>=', 'today =1d'),
            ),
        ):
            [(value,)] = self.env[model]._read_group(scope & domain, [], [aggregate])
            figures[name] = {
                'model': model,
                'domain': list(scope & domain),
                # False: nothing to judge yet, which is not the same as nothing kept
                'value': value,
            }
        return figures

    def _get_wall_tickets(self, domain):
        """ Return the open tickets of a domain that are due first.

        :rtype: list[dict]
        """
        tickets = self.env['helpdesk.ticket'].search_fetch(
            self.env['helpdesk.ticket']._get_open_domain() & domain,
            [
                'ticket_ref', 'name', 'priority', 'sla_deadline', 'sla_warning_date', 'user_id',
                'partner_id', 'partner_name', 'commercial_partner_id',
            ],
            order='sla_deadline, priority desc, id', limit=TICKETS,
        )
        priorities = dict(tickets._fields['priority']._description_selection(self.env))
        # sudo: res.partner, res.users - the names that every list of tickets shows
        return [
            {
                'id': ticket.id,
                'reference': ticket.ticket_ref,
                'name': ticket.name,
                'priority': ticket.priority,
                'priority_label': priorities[ticket.priority],
                'deadline': fields.Datetime.to_string(ticket.sla_deadline),
                'warning_date': fields.Datetime.to_string(ticket.sla_warning_date),
                'client': (
                    ticket.commercial_partner_id.name or ticket.partner_id.name
                    or ticket.partner_name
                ),
                'user': ticket.user_id.name,
            }
            for ticket in tickets.sudo()
        ]

    def _get_wall_backlog(self, scope, open_count):
        """ Return how many tickets were open at the end of each of the last days, oldest first.

        :param Domain scope: of the teams that are shown
        :param int open_count: how many are open now
        :rtype: list[dict]
        """
        today = fields.Date.context_today(self)
        changes = {
            moment.date(): balance
            for moment, balance in self.env['helpdesk.backlog.report']._read_group(
                scope & Domain('date', '>=', f'today -{DAYS - 1}d'),
                ['date:day'], ['balance:sum'],
            )
        }
        backlog = []
        for day in (today - timedelta(days=index) for index in range(DAYS)):
            backlog.append({'date': fields.Date.to_string(day), 'count': open_count})
            open_count -= changes.get(day, 0)
        return backlog[::-1]

    def _get_wall_loads(self, scope):
        """ Return how many open tickets there are, by team, agent and SLA state.

        :rtype: list[tuple[helpdesk.team, res.users, str, int]]
        """
        return self.env['helpdesk.ticket']._read_group(
            scope & self.env['helpdesk.ticket']._get_open_domain(),
            ['team_id', 'user_id', 'sla_state'], ['__count'],
        )

    def _sum_wall_loads(self, loads):
        """ Return the sums of a bar.

        :param list loads: tuples of a user, a state and a number
        :rtype: dict[str, int]
        """
        states = ('breached', 'approaching', 'running', 'paused')
        return {
            'open': sum(count for _user, _state, count in loads),
            'unassigned': sum(count for user, _state, count in loads if not user),
            # nothing is promised for these, or everything that was is settled
            'other': sum(count for _user, state, count in loads if state not in states),
            **{
                name: sum(count for _user, state, count in loads if state == name)
                for name in states
            },
        }

    def _get_wall_team_loads(self, teams, loads):
        """ Return the bars of the teams, in the order of the teams.

        :rtype: list[dict]
        """
        is_open = self.env['helpdesk.ticket']._get_open_domain()
        by_team = {team: [] for team in teams}
        for team, user, state, count in loads:
            if team in by_team:
                by_team[team].append((user, state, count))
        return [
            {
                'id': team.id,
                'name': team.name,
                'domain': list(is_open & Domain('team_id', '=', team.id)),
                **self._sum_wall_loads(team_loads),
            }
            for team, team_loads in by_team.items()
        ]

    def _get_wall_agent_loads(self, teams, scope, loads):
        """ Return the bars of the agents, those with the most tickets first.

        Members without a ticket have one as well: who is free matters as much as who is not.

        :rtype: list[dict]
        """
        is_open = scope & self.env['helpdesk.ticket']._get_open_domain()
        # sudo: res.users - the names of colleagues, as on every ticket
        by_user = {user: [] for user in teams.sudo().member_ids.filtered('active')}
        for _team, user, state, count in loads:
            if user:
                by_user.setdefault(user.sudo(), []).append((user, state, count))
        bars = [
            {
                'id': user.id,
                'name': user.name,
                'domain': list(is_open & Domain('user_id', '=', user.id)),
                **self._sum_wall_loads(user_loads),
            }
            for user, user_loads in by_user.items()
        ]
        return sorted(bars, key=lambda bar: (-bar['open'], bar['name'], bar['id']))[:AGENTS]
