from odoo import api, fields, models
from odoo.fields import Domain


class HelpdeskTicket(models.Model):
    """ What the daily stand-up asks of a ticket. Only time changes the answers: none is stored. """

    _inherit = 'helpdesk.ticket'

    is_triage_new = fields.Boolean(
        string="New since the Last Working Day",
        compute='_compute_is_triage_new',
        search='_search_is_triage_new',
        groups='helpdesk_sla.group_helpdesk_user',
        help="Received since the morning of the working day before, as the team works.",
    )
    is_triage_blocked = fields.Boolean(
        string="Held up",
        compute='_compute_is_triage_blocked',
        search='_search_is_triage_blocked',
        groups='helpdesk_sla.group_helpdesk_user',
        help="A third party has to act, or another ticket has to be solved first.",
    )
    is_triage_promised = fields.Boolean(
        string="Promised Today",
        compute='_compute_is_triage_promised',
        search='_search_is_triage_promised',
        groups='helpdesk_sla.group_helpdesk_user',
        help="Its nearest deadline is today, where the team works.",
    )
    triage_reason = fields.Char(
        string="Why Today",
        compute='_compute_triage_reason',
        groups='helpdesk_sla.group_helpdesk_user',
    )

    # === COMPUTE METHODS === #

    @api.depends('open_date', 'team_id')
    def _compute_is_triage_new(self):
        since = {
            team: team._get_triage_since(team._get_triage_today()) for team in self.team_id
        }
        for ticket in self:
            ticket.is_triage_new = bool(
                ticket.open_date and ticket.team_id and ticket.open_date >= since[ticket.team_id],
            )

    def _search_is_triage_new(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return self._get_triage_team_domain(lambda team: Domain(
            'open_date', '>=', team._get_triage_since(team._get_triage_today()),
        ))

    @api.depends('stage_type', 'is_closed', 'is_blocked', 'sla_pause_ids.date_to')
    def _compute_is_triage_blocked(self):
        now = fields.Datetime.now()
        for ticket in self:
            ticket.is_triage_blocked = not ticket.is_closed and (
                ticket.stage_type == 'third_party'
                or ticket.is_blocked
                or any(
                    pause.kind == 'third_party' and pause.date_from <= now
                    and (not pause.date_to or pause.date_to > now)
                    for pause in ticket.sla_pause_ids
                )
            )

    def _search_is_triage_blocked(self, operator, value):
        if operator != 'in':
            return NotImplemented
        now = fields.Datetime.now()
        return Domain('is_closed', '=', False) & (
            Domain('stage_type', '=', 'third_party')
            | Domain('is_blocked', '=', True)
            | Domain('sla_pause_ids', 'any', (
                Domain('kind', '=', 'third_party') & Domain('date_from', '<=', now)
                & (Domain('date_to', '=', False) | Domain('date_to', '>', now))
            ))
        )

    @api.depends('sla_deadline', 'team_id')
    def _compute_is_triage_promised(self):
        bounds = {team: team._get_triage_bounds(team._get_triage_today()) for team in self.team_id}
        for ticket in self:
            begin, end = bounds.get(ticket.team_id, (False, False))
            ticket.is_triage_promised = bool(
                begin and ticket.sla_deadline and begin <= ticket.sla_deadline < end,
            )

    def _search_is_triage_promised(self, operator, value):
        if operator != 'in':
            return NotImplemented

        def get_domain(team):
            begin, end = team._get_triage_bounds(team._get_triage_today())
            return Domain('sla_deadline', '>=', begin) & Domain('sla_deadline', '<', end)

        return self._get_triage_team_domain(get_domain)

    @api.depends(
        'is_triage_new', 'is_triage_blocked', 'is_triage_promised', 'is_quick_fix', 'user_id',
        'sla_state', 'is_closed', 'stage_type',
    )
    def _compute_triage_reason(self):
        for ticket in self:
            is_late = ticket.sla_state == 'breached' and not ticket.is_closed
            ticket.triage_reason = ", ".join(
                label for is_so, label in (
                    (is_late, self.env._("Late")),
                    (ticket.is_triage_promised and not is_late, self.env._("Promised today")),
                    (not ticket.user_id and not ticket.is_closed, self.env._("Unassigned")),
                    (ticket.stage_type == 'customer', self.env._("Client's turn")),
                    (ticket.is_triage_blocked, self.env._("Held up")),
                    (ticket.is_triage_new, self.env._("New")),
                    (ticket.is_quick_fix, self.env._("Quick fix")),
                ) if is_so
            )

    # === BUSINESS METHODS === #

    @api.model
    def _get_triage_team_domain(self, get_domain):
        """ Return a domain that differs by the working days of the team.

        :param get_domain: function that returns the domain for a helpdesk.team
        """
        # sudo: helpdesk.team - their working time only; archived teams have tickets as well
        teams = self.env['helpdesk.team'].sudo().with_context(active_test=False).search([])
        by_days = teams.grouped(
            lambda team: (team.resource_calendar_id or team.company_id.resource_calendar_id,
                          team.company_id),
        )
        return Domain.OR(
            Domain('team_id', 'in', alike.ids) & get_domain(alike[0]) for alike in by_days.values()
        )
