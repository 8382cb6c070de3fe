from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .implementation_phase import KINDS

# a write of one of these may lead past a gate
PHASE_FIELDS = {'implementation_kind', 'is_template', 'phase_id', 'phase_ids'}


class ProjectProject(models.Model):
    """ An implementation is a project with a kind: the project manager is its supervisor (P8). """

    _inherit = 'project.project'

    implementation_kind = fields.Selection(
        selection=KINDS,
        string="Kind of Implementation",
        index='btree_not_null',
        help="Implementation: from the signed order to the signed protocol. Takeover: the client "
             "comes from another support provider. Leave it empty for any other project.",
    )
    coordinator_id = fields.Many2one(
        comodel_name='res.partner',
        string="Coordinator",
        domain="[('commercial_partner_id', '=', client_id), ('is_company', '=', False)]",
        index='btree_not_null',
        ondelete='restrict',
        tracking=True,
        help="The person at the client who brings the implementation to its end: fills in the "
             "data, signs, and follows it in the portal.",
    )
    client_id = fields.Many2one(
        related='partner_id.commercial_partner_id', string="Client", store=True,
        index='btree_not_null',
    )
    phase_ids = fields.Many2many(
        comodel_name='implementation.phase',
        relation='implementation_phase_project_rel',
        column1='project_id',
        column2='phase_id',
        string="Phases",
        compute='_compute_phase_ids',
        store=True,
        readonly=False,
    )
    phase_id = fields.Many2one(
        comodel_name='implementation.phase',
        string="Phase",
        compute='_compute_phase_id',
        store=True,
        readonly=False,
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
        domain="[('id', 'in', phase_ids)]",
        group_expand='_read_group_phase_id',
        tracking=True,
    )
    planned_golive_date = fields.Date(string="Planned Go-live", copy=False, tracking=True)
    golive_datetime = fields.Datetime(
        string="Live since", readonly=True, copy=False,
        help="The moment at which the protocol was signed, or the live phase entered.",
    )
    golive_date = fields.Date(
        string="Go-live", compute='_compute_golive_date', store=True,
        help="The day of the go-live in the time zone of the supervisor.",
    )
    sla_agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement',
        string="SLA Agreement",
        domain="[('commercial_partner_id', '=', client_id), ('company_id', '=', company_id)]",
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
        check_company=True,
        help="The agreement that begins with the go-live. Sent and signed before, it promises "
             "nothing until then.",
    )
    passage_ids = fields.One2many(
        comodel_name='implementation.passage', inverse_name='project_id', string="History",
    )

    # === COMPUTE METHODS === #

    @api.depends('implementation_kind')
    def _compute_phase_ids(self):
        phases = self.env['implementation.phase'].search([('kind', '!=', False)])
        for project in self:
            if not project.implementation_kind:
                project.phase_ids = False
            elif not project.phase_ids:
                project.phase_ids = phases.filtered(
                    lambda phase: phase.kind == project.implementation_kind,
                )

    @api.depends('implementation_kind', 'phase_ids')
    def _compute_phase_id(self):
        for project in self:
            if not project.implementation_kind:
                project.phase_id = False
            elif not project.phase_id:
                project.phase_id = project.phase_ids.sorted()[:1]

    @api.depends('golive_datetime')
    def _compute_golive_date(self):
        for project in self:
            project.golive_date = project.golive_datetime and (
                project._get_day(project.golive_datetime)
            )

    @api.model
    def _read_group_phase_id(self, phases, domain):
        """ Show the phases of the kind that the list is about, those without a card too. """
        kind = self.env.context.get('implementation_kind')
        kinds = [kind] if kind else [kind for kind, _label in KINDS]
        return phases.search(['|', ('id', 'in', phases.ids), ('kind', 'in', kinds)])

    # === CONSTRAINT METHODS === #

    @api.constrains('implementation_kind', 'is_template', 'partner_id', 'company_id')
    def _check_implementation_client(self):
        for project in self.filtered('implementation_kind'):
            if project.is_template:
                continue
            if not project.partner_id:
                raise ValidationError(self.env._(
                    "Whose implementation is %(project)s? Choose the client.",
                    project=project.name,
                ))
            if not project.company_id:
                raise ValidationError(self.env._(
                    "An implementation belongs to one company: choose it for %(project)s.",
                    project=project.name,
                ))

    @api.constrains('coordinator_id', 'partner_id')
    def _check_coordinator_id(self):
        for project in self:
            coordinator = project.coordinator_id
            if coordinator and coordinator.commercial_partner_id != project.client_id:
                raise ValidationError(self.env._(
                    "%(coordinator)s does not belong to %(client)s: the coordinator is a contact "
                    "of the client.",
                    coordinator=coordinator.name, client=project.client_id.name,
                ))

    @api.constrains('sla_agreement_id', 'partner_id')
    def _check_sla_agreement_id(self):
        for project in self:
            agreement = project.sla_agreement_id
            if agreement and agreement.commercial_partner_id != project.client_id:
                raise ValidationError(self.env._(
                    "%(agreement)s is an agreement with another client.",
                    agreement=agreement.display_name,
                ))

    @api.constrains('implementation_kind', 'privacy_visibility')
    def _check_implementation_privacy(self):
        for project in self:
            if project.implementation_kind and project.privacy_visibility not in (
                'followers', 'employees',
            ):
                raise ValidationError(self.env._(
                    "Tasks and hours of an implementation are internal: the client follows it on "
                    "the page My Implementation of the portal. Choose an internal visibility.",
                ))

    @api.constrains('phase_id', 'phase_ids')
    def _check_phase_id(self):
        for project in self:
            if project.phase_id and project.phase_id not in project.phase_ids:
                raise ValidationError(self.env._(
                    "%(phase)s is not a phase of %(project)s.",
                    phase=project.phase_id.name, project=project.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self.browse()._check_implementation_values(vals)
            if vals.get('implementation_kind'):
                # stock shares new projects with clients
                if vals.get('privacy_visibility') not in ('followers', 'employees'):
                    vals['privacy_visibility'] = 'employees'
                if not vals.get('company_id') and not vals.get('is_template'):
                    vals['company_id'] = self.env.company.id
        projects = super().create(vals_list)
        projects.filtered('implementation_kind')._begin_implementation()
        return projects

    def write(self, vals):
        self._check_implementation_values(vals)
        if 'company_id' in vals and not vals['company_id']:
            # a confirmed order gives the project the company of its template, also none
            kept = self.filtered(
                lambda project: project.implementation_kind and not project.is_template,
            )
            if kept:
                others = {name: value for name, value in vals.items() if name != 'company_id'}
                return kept.write(others) and (self - kept).write(vals)
        if PHASE_FIELDS.isdisjoint(vals):
            result = super().write(vals)
        else:
            self._touch_implementation()
            # what the gates start from
            before = {project: project.phase_id for project in self}
            phases_before = {project: project.phase_ids for project in self}
            beginning = self.filtered(lambda project: not project.passage_ids)
            result = super().write(vals)
            if vals.keys() & {'implementation_kind', 'is_template'}:
                beginning.filtered('implementation_kind')._begin_implementation()
                self -= beginning
            if 'phase_ids' in vals:
                self._check_phases_ahead(phases_before)
            if 'phase_id' in vals:
                self._enter_phases(before)
        if vals.keys() & self._get_golive_facts():
            self._golive_facts_changed()
        return result

    def _get_template_field_blacklist(self):
        return [*super()._get_template_field_blacklist(), 'coordinator_id']

    def copy_data(self, default=None):
        """ Leave the coordinator behind: who it is belongs to the client, not to the plan. """
        vals_list = super().copy_data(default=default)
        for vals in vals_list:
            if 'coordinator_id' not in (default or {}):
                vals.pop('coordinator_id', None)
        return vals_list

    # === ACTION METHODS === #

    def action_create_from_template(self, values=None, role_to_users_mapping=None):
        """ Fill the roles of an implementation where nobody chose people in the dialog (P1).

        A confirmed order asks nobody: a role is filled with those who usually take it, else with
        the supervisor.
        """
        if self.implementation_kind and not role_to_users_mapping:
            role_to_users_mapping = self._get_usual_people((values or {}).get('user_id'))
        return super().action_create_from_template(values, role_to_users_mapping)

    def action_open_implementation(self):
        """ Open the implementation with what belongs to it, where stock opens the tasks. """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'project.project',
            'res_id': self.id,
            'views': [(
                self.env.ref('onboarding_protocol.implementation_view_form').id, 'form',
            )],
        }

    # === BUSINESS METHODS === #

    def _get_usual_people(self, supervisor_id):
        """ Return who takes the roles of the tasks of a template.

        :param int supervisor_id: id of the res.users who leads the implementation; empty: the one
            of the template
        :rtype: project.template.role.to.users.map
        """
        self.ensure_one()
        # sudo: project.role - whoever begins the implementation
        template = self.sudo()
        supervisor = template.env['res.users'].browse(supervisor_id) or template.user_id
        return template.env['project.template.role.to.users.map'].create([
            {'role_id': role.id, 'user_ids': (role.user_ids or supervisor).ids}
            for role in template.task_ids.role_ids
        ])

    def _get_implementation_tz(self):
        """ Return the time zone in which the days of the implementation are counted. """
        self.ensure_one()
        return self.user_id.tz or self.company_id.partner_id.tz or self.env.user.tz or 'UTC'

    def _get_local_time(self, moment):
        """ Return a moment (naive UTC) on the clock of the supervisor.

        :rtype: datetime
        """
        self.ensure_one()
        return fields.Datetime.context_timestamp(
            self.with_context(tz=self._get_implementation_tz()), moment,
        )

    def _get_day(self, moment):
        """ Return on which day a moment (naive UTC) is for the supervisor. """
        return self._get_local_time(moment).date()

    def _get_today(self):
        """ Return today where the supervisor is. """
        return self._get_day(fields.Datetime.now())

    def _get_client_company_name(self):
        """ Return the name of the client, as it stands on documents. """
        self.ensure_one()
        return self.client_id.name or ''
