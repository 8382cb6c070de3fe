from datetime import timedelta

from odoo import api, fields, models


class ProjectProject(models.Model):
    """ What a manager sees of all implementations: how long, waiting for whom, live when. """

    _inherit = 'project.project'

    phase_since = fields.Datetime(
        string="In Phase since", compute='_compute_phase_since', compute_sudo=True,
    )
    days_in_phase = fields.Integer(
        string="Days in Phase", compute='_compute_phase_since', compute_sudo=True,
        help="Days since the implementation entered its phase.",
    )
    is_phase_overdue = fields.Boolean(
        compute='_compute_phase_since', compute_sudo=True,
        help="It is in its phase for longer than the phase usually takes.",
    )
    forecast_golive_date = fields.Date(
        string="Forecast",
        compute='_compute_forecast_golive_date',
        help="The go-live that is to be expected: today, what is left of the usual days of the "
             "phase, and the usual days of the phases that follow.",
    )
    forecast_delay = fields.Integer(
        string="Days Late",
        compute='_compute_forecast_golive_date',
        help="Days from the planned go-live to the forecast; negative when it is earlier.",
    )
    implementation_start = fields.Datetime(
        string="Begun", compute='_compute_lead_days', store=True, compute_sudo=True,
    )
    lead_days = fields.Float(
        string="Days to Go-live",
        compute='_compute_lead_days',
        compute_sudo=True,
        store=True,
        digits=(16, 1),
        aggregator='avg',
        help="Days from the beginning to the go-live.",
    )

    # === COMPUTE METHODS === #

    @api.depends('phase_id', 'passage_ids.date_out')
    def _compute_phase_since(self):
        now = fields.Datetime.now()
        for project in self:
            passage = project.passage_ids.filtered(lambda passage: not passage.date_out)[:1]
            project.phase_since = passage.date_in
            project.days_in_phase = (now - passage.date_in).days if passage else 0
            project.is_phase_overdue = bool(
                project.phase_id.planned_days
                and project.days_in_phase > project.phase_id.planned_days,
            )

    @api.depends('phase_since', 'phase_ids.planned_days', 'planned_golive_date', 'golive_date')
    def _compute_forecast_golive_date(self):
        for project in self:
            if project.golive_datetime or not project.phase_ids.filtered('is_live'):
                project.forecast_golive_date = project.golive_date
            else:
                left = max(project.phase_id.planned_days - project.days_in_phase, 0)
                project.forecast_golive_date = project._get_today() + timedelta(
                    days=left + sum(project._get_phases_ahead().mapped('planned_days')),
                )
            planned, forecast = project.planned_golive_date, project.forecast_golive_date
            project.forecast_delay = (forecast - planned).days if planned and forecast else 0

    @api.depends('passage_ids.date_in', 'golive_datetime')
    def _compute_lead_days(self):
        for project in self:
            start = min(project.passage_ids.mapped('date_in'), default=False)
            project.implementation_start = start
            project.lead_days = project.golive_datetime and start and (
                (project.golive_datetime - start).total_seconds() / 86400
            )

    # === BUSINESS METHODS === #

    def _get_phases_ahead(self):
        """ Return the phases that are still to come before the go-live. """
        self.ensure_one()
        live = self.phase_ids.sorted().filtered('is_live')[:1]
        return self._get_phases_between(self.phase_id, live).filtered(
            lambda phase: not phase.is_live,
        )
