from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    use_helpdesk_timesheet = fields.Boolean(
        string="Timesheets",
        help="Log the time spent on each ticket.",
    )
    project_id = fields.Many2one(
        comodel_name='project.project',
        string="Project",
        domain="[('allow_timesheets', '=', True), ('is_template', '=', False),"
               " ('company_id', 'in', [company_id, False])]",
        check_company=True,
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
        help="The container of the team's timesheets. Left empty, a project is created with the "
             "name of the team.",
    )
    use_helpdesk_sale_timesheet = fields.Boolean(
        string="Time Billing",
        help="Let the time spent on tickets go to the sales orders of the customers.",
    )
    timesheet_product_id = fields.Many2one(
        comodel_name='product.product',
        string="Time and Materials Product",
        domain="[('type', '=', 'service'), ('invoice_policy', '=', 'delivery'),"
               " ('service_type', '=', 'timesheet'), ('service_tracking', '=', 'no')]",
        compute='_compute_timesheet_product_id',
        store=True,
        readonly=False,
        check_company=True,
        help="What is sold when a quotation is made from a ticket: a service that is invoiced by "
             "the time spent.",
    )

    _timesheet_project = models.Constraint(
        'CHECK (use_helpdesk_timesheet IS NOT TRUE OR project_id IS NOT NULL)',
        "A team that logs time needs a project: the container of its timesheets.",
    )
    _billing_timesheet = models.Constraint(
        'CHECK (use_helpdesk_sale_timesheet IS NOT TRUE OR use_helpdesk_timesheet)',
        "Time can be billed only where it is logged: switch on Timesheets too.",
    )

    # === COMPUTE METHODS === #

    @api.depends('use_helpdesk_sale_timesheet')
    def _compute_timesheet_product_id(self):
        for team in self.filtered(
            lambda team: team.use_helpdesk_sale_timesheet and not team.timesheet_product_id,
        ):
            product = team.project_id.timesheet_product_id or self.env.ref(
                'sale_timesheet.time_product', raise_if_not_found=False,
            )
            team.timesheet_product_id = product and product._is_time_and_materials() and product

    # === ONCHANGE METHODS === #

    @api.onchange('use_helpdesk_timesheet')
    def _onchange_use_helpdesk_timesheet(self):
        if not self.use_helpdesk_timesheet:
            self.use_helpdesk_sale_timesheet = False

    @api.onchange('use_helpdesk_sale_timesheet')
    def _onchange_use_helpdesk_sale_timesheet(self):
        if self.use_helpdesk_sale_timesheet:
            self.use_helpdesk_timesheet = True

    # === CONSTRAINT METHODS === #

    @api.constrains('timesheet_product_id')
    def _check_timesheet_product_id(self):
        for team in self.filtered('timesheet_product_id'):
            if not team.timesheet_product_id._is_time_and_materials():
                raise ValidationError(self.env._(
                    "%(product)s cannot be sold as time and materials. Choose a service in a unit "
                    "of time that is invoiced based on timesheets and creates no project or task.",
                    product=team.timesheet_product_id.display_name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_project_access(vals_list)
        vals_list = [self._complete_time_values(vals) for vals in vals_list]
        without_project = [
            vals for vals in vals_list
            if vals.get('use_helpdesk_timesheet') and not vals.get('project_id')
        ]
        projects = self._create_time_projects([
            self._prepare_time_project_values(
                vals.get('name'), vals.get('company_id') or self.env.company.id,
            )
            for vals in without_project
        ])
        for vals, project in zip(without_project, projects):
            vals['project_id'] = project.id
        teams = super().create(vals_list)
        teams._open_projects_for_time()
        return teams

    def write(self, vals):
        self._check_project_access([vals])
        vals = self._complete_time_values(vals)
        if vals.get('use_helpdesk_timesheet') and not vals.get('project_id'):
            # the switch asks for a project; one that is there is not taken away in the same breath
            vals.pop('project_id', None)
            teams = self.filtered(lambda team: not team.project_id)
            projects = self._create_time_projects([
                self._prepare_time_project_values(
                    vals.get('name') or team.name, vals.get('company_id') or team.company_id.id,
                )
                for team in teams
            ])
            for team, project in zip(teams, projects):
                super(HelpdeskTeam, team).write({'project_id': project.id})
        result = super().write(vals)
        if {'project_id', 'use_helpdesk_timesheet', 'use_helpdesk_sale_timesheet'} & vals.keys():
            self._open_projects_for_time()
        return result

    @api.model
    def _check_project_access(self, vals_list):
        """ Refuse a project that the user may not see: choosing it opens it for timesheets. """
        project_ids = {vals['project_id'] for vals in vals_list if vals.get('project_id')}
        self.env['project.project'].browse(project_ids).check_access('read')

    @api.model
    def _complete_time_values(self, vals):
        """ Return the values with the switches in step: no billing of time that is not logged. """
        if vals.get('use_helpdesk_sale_timesheet'):
            return {**vals, 'use_helpdesk_timesheet': True}
        if 'use_helpdesk_timesheet' in vals and not vals['use_helpdesk_timesheet']:
            return {**vals, 'use_helpdesk_sale_timesheet': False}
        return dict(vals)

    @api.model
    def _prepare_time_project_values(self, name, company_id):
        """ Return the values of the project that holds the timesheets of a team.

        Every employee may log time in it; it belongs to no customer, tickets do.

        :param str name: the name of the team
        :param int company_id: the company of the team
        :rtype: dict
        """
        return {
            'name': name,
            'company_id': company_id,
            'allow_timesheets': True,
            'privacy_visibility': 'employees',
        }

    @api.model
    def _create_time_projects(self, vals_list):
        # sudo: project.project - whoever may switch on the team's timesheets gets their container
        return self.env['project.project'].sudo().create(vals_list)

    def _open_projects_for_time(self):
        """ Let the teams' projects take timesheets, and billable ones where time is billed. """
        # sudo: project.project - two switches, for whoever may set them for the team's time
        logging = self.filtered('use_helpdesk_timesheet').project_id.sudo()
        logging.filtered(lambda project: not project.allow_timesheets).allow_timesheets = True
        billing = self.filtered('use_helpdesk_sale_timesheet').project_id.sudo()
        billing.filtered(lambda project: not project.allow_billable).allow_billable = True
