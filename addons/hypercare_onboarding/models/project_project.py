from odoo import api, fields, models

# kinds of lines of the success plan, by what they are to the scale of hypercare
INTEGRATION_KINDS = {'integration', 'courier'}
PROCESS_KINDS = {'automation'}
# fields of an implementation that its planned window follows
FOLLOWED_FIELDS = {
    'active', 'company_id', 'coordinator_id', 'partner_id', 'planned_golive_date', 'user_id',
}


class ProjectProject(models.Model):
    """ An implementation has a window of hypercare planned, which its go-live starts (G1, T2). """

    _inherit = 'project.project'

    with_hypercare = fields.Boolean(
        string="With Hypercare",
        default=True,
        help="A window of hypercare is planned from the beginning, and started by the go-live.",
    )

    hypercare_state = fields.Selection(
        selection=lambda self: self.env['hypercare.period']._fields['state'].selection,
        string="State of Hypercare",
        compute='_compute_hypercare_state',
        groups='helpdesk_sla.group_helpdesk_user',
        export_string_translation=False,
    )

    # === COMPUTE METHODS === #

    @api.depends('hypercare_ids.state')
    def _compute_hypercare_state(self):
        for project in self:
            project.hypercare_state = project.hypercare_ids[:1].state

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if 'with_hypercare' in vals:
            self._switch_hypercare()
        if vals.keys() & FOLLOWED_FIELDS:
            self.filtered('implementation_kind')._update_planned_hypercare()
        if 'sla_agreement_id' in vals:
            self._get_hypercare('planned')._propose_scale()
        return result

    def unlink(self):
        """ Take along the windows that never began; those that did keep the project. """
        self.check_access('unlink')
        self._get_hypercare('planned', 'cancelled').unlink()
        return super().unlink()

    @api.model
    def _get_supervisor_fields(self):
        return super()._get_supervisor_fields() | {'with_hypercare'}

    # === BUSINESS METHODS === #

    def _begin_implementation(self):
        """ Plan the hypercare of the implementations from their beginning. """
        super()._begin_implementation()
        self._plan_hypercare()

    def _action_go_live(self):
        """ Start the window that was planned, at the moment of the go-live.

        One that was started by hand before goes on, and one that was canceled stays so.
        """
        super()._action_go_live()
        # sudo: project.project - who signs the protocol is the client
        project = self.sudo()
        project._plan_hypercare()
        for period in project._get_hypercare('planned'):
            period._propose_scale()
            # once it runs, nothing is computed from the scale any more
            period.flush_recordset()
            period._start(project.golive_datetime)

    def _touch_implementation(self):
        """ Let the planned windows know of what changed in the success plan (P2). """
        super()._touch_implementation()
        self.filtered('implementation_kind')._get_hypercare('planned')._propose_scale()

    def _get_hypercare(self, *states):
        """ Return the windows of the projects that are in one of some states, as superuser.

        :rtype: hypercare.period
        """
        # sudo: hypercare.period - the window follows its implementation, whose supervisor need not
        # be a user of the help desk; callers give away nothing of it
        return self.env['hypercare.period'].sudo().with_context(active_test=False).search([
            ('project_id', 'in', self.ids), ('state', 'in', states),
        ])

    def _plan_hypercare(self):
        """ Plan a window for each of the implementations that has none. """
        projects = self.filtered(
            lambda project: project.implementation_kind and not project.is_template
            and project.with_hypercare,
        )
        projects -= projects._get_hypercare(
            'planned', 'running', 'review', 'closed', 'cancelled',
        ).project_id.with_env(self.env)
        projects -= projects._adopt_hypercare()
        teams = projects._get_hypercare_teams()
        # sudo: hypercare.period - see `_get_hypercare`; the supervisor is told of nothing that he
        # or she has just begun
        self.env['hypercare.period'].sudo().with_context(
            mail_auto_subscribe_no_notify=True,
        ).create([
            project._prepare_hypercare_values(teams[project])
            for project in projects if teams[project]
        ])._propose_scale()

    def _adopt_hypercare(self):
        """ Take the windows that were planned for the clients by hand, before their projects.

        :return: the implementations that have one now
        :rtype: project.project
        """
        adopted = self.browse()
        if not self:
            return adopted
        # sudo: hypercare.period - see `_get_hypercare`
        periods = self.env['hypercare.period'].sudo().search([
            ('project_id', '=', False), ('state', '=', 'planned'),
            ('partner_id', 'in', self.client_id.ids), ('company_id', 'in', self.company_id.ids),
        ])
        for project in self:
            period = periods.filtered(
                lambda period, project=project: not period.project_id
                and period.partner_id == project.client_id
                and period.company_id == project.company_id,
            )
            # of several nobody knows which one is meant
            if len(period) == 1:
                period.write({
                    name: value
                    for name, value in project._prepare_hypercare_update().items() if value
                } | {'project_id': project.id})
                period._propose_scale()
                adopted |= project
        return adopted

    def _get_hypercare_teams(self):
        """ Return who supports the client in hypercare: the team of the agreement, else the first
        one of the company; none where the company has no help desk.

        :rtype: dict[project.project, helpdesk.team]
        """
        # sudo: helpdesk.team, helpdesk.sla.agreement - whoever begins an implementation
        projects = self.sudo()
        teams = self.env['helpdesk.team'].sudo().search(
            [('company_id', 'in', projects.company_id.ids)],
        )
        teams_of = teams.grouped('company_id')
        result = {}
        for project in projects:
            of_company = teams_of.get(project.company_id, teams.browse())
            agreed = project.sla_agreement_id.team_ids & of_company
            result[project.with_env(self.env)] = (agreed or of_company)[:1]
        return result

    def _prepare_hypercare_values(self, team):
        """ Return the values of the window that is planned for the implementation.

        :param team: the helpdesk.team
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self._prepare_hypercare_update(),
            'project_id': self.id,
            'team_id': team.id,
        }

    def _prepare_hypercare_update(self):
        """ Return the values in which a planned window follows the implementation.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'active': self.active,
            'company_id': self.company_id.id,
            'partner_id': self.client_id.id,
            'coordinator_id': self.coordinator_id.id,
            'user_id': self.user_id.id,
            'golive_date': self.planned_golive_date,
        }

    def _get_hypercare_scale(self):
        """ Return how large the implementation is, as far as that is known.

        :return: numbers by name of the field of the window: users of the agreement (S6), and what
            the success plan connects and automates on start (P2)
        :rtype: dict[str, int]
        """
        self.ensure_one()
        scale = {}
        # sudo: helpdesk.sla.agreement - a number
        if users := self.sudo().sla_agreement_id.user_count:
            scale['scale_user_count'] = users
        if lines := self._get_start_lines():
            scale.update({
                name: sum(lines.filtered(lambda line: line.kind in kinds).mapped('quantity'))
                for name, kinds in (
                    ('scale_integration_count', INTEGRATION_KINDS),
                    ('scale_process_count', PROCESS_KINDS),
                )
            })
        return scale

    def _update_planned_hypercare(self):
        """ Let the windows that are planned follow their implementations until the go-live. """
        for period in self._get_hypercare('planned'):
            project = period.project_id
            if project.golive_datetime:
                continue
            values = project._prepare_hypercare_update()
            before, client = period.partner_id.name, project.client_id.name
            if before and client and before != client:
                values['name'] = period.name.replace(before, client)
            if period.team_id.company_id != project.company_id:
                team = project._get_hypercare_teams()[project]
                if not team:
                    period.unlink()
                    continue
                values['team_id'] = team.id
            period.write({
                name: value for name, value in values.items()
                if period._fields[name].convert_to_write(period[name], period) != value
            })

    def _switch_hypercare(self):
        """ Cancel or plan the windows of the implementations, as *With Hypercare* says now. """
        projects = self.filtered(
            lambda project: project.implementation_kind and not project.is_template
            and not project.golive_datetime,
        )
        wanted = projects.filtered('with_hypercare')
        for period in (projects - wanted)._get_hypercare('planned'):
            period._cancel(self.env._("The implementation is done without hypercare."))
        open_projects = wanted._get_hypercare('planned', 'running', 'review').project_id
        for period in wanted._get_hypercare('cancelled').sorted('id', reverse=True):
            if period.project_id not in open_projects:
                period.action_plan_again()
                open_projects |= period.project_id
        wanted._plan_hypercare()
        wanted._update_planned_hypercare()

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        """ Lead the client from the implementation to the weeks after it. """
        periods = self.env['hypercare.period']._get_portal_periods(partner)
        return {
            **super()._get_portal_page_values(partner),
            'hypercare': periods.filtered(lambda period: period.project_id == self)[:1],
        }
