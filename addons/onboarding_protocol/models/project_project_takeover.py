from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import float_compare, format_amount

from ..tools.dues import US, Due

# From which share of its cap on the former provider's involvement is reported, in percent.
INVOLVEMENT_WARNING = 80
PROJECT_USER = 'project.group_project_user'


class ProjectProject(models.Model):
    """ Taking a client over from another provider (T1-T5). """

    _inherit = 'project.project'

    takeover_step_ids = fields.One2many(
        comodel_name='takeover.step', inverse_name='project_id', string="Transition Steps",
        copy=True, groups=PROJECT_USER,
    )
    takeover_document_ids = fields.One2many(
        comodel_name='takeover.document', inverse_name='project_id', string="Documentation",
        copy=True, groups=PROJECT_USER,
    )
    takeover_risk_ids = fields.One2many(
        comodel_name='takeover.risk', inverse_name='project_id', string="Risks",
        copy=True, groups=PROJECT_USER,
    )
    consultant_ids = fields.Many2many(
        comodel_name='res.users',
        relation='project_takeover_consultant_rel',
        column1='project_id',
        column2='user_id',
        string="Consultants",
        # in words: Odoo would look for the implementations of each user that is created, before
        # the row of the user is complete
        domain="[('share', '=', False)]",
        copy=False,
        help="Those who run the takeover. In the first months after the go-live a helpdesk team "
             "gives them the client's tickets, if they are its members and not away (T2).",
    )
    consultant_months = fields.Integer(
        string="Months with the same Consultants", default=3,
        help="For how many months after the go-live the consultants also support the client.",
    )
    incumbent_id = fields.Many2one(
        comodel_name='res.partner', string="Former Provider", copy=False, ondelete='restrict',
        index='btree_not_null', groups=PROJECT_USER,
    )
    involvement_ids = fields.One2many(
        comodel_name='takeover.involvement', inverse_name='project_id',
        string="Involvement of the Former Provider", copy=False, groups=PROJECT_USER,
    )
    involvement_currency_id = fields.Many2one(
        related='company_id.currency_id', string="Currency of the Involvement",
    )
    involvement_cap_hours = fields.Float(
        string="Cap in Hours", groups=PROJECT_USER, help="0: no cap in hours.",
    )
    involvement_cap_amount = fields.Monetary(
        string="Cap on Cost", currency_field='involvement_currency_id', groups=PROJECT_USER,
        help="In the currency of the company. 0: no cap on the cost.",
    )
    involvement_hours = fields.Float(
        string="Hours Used", compute='_compute_involvement', groups=PROJECT_USER,
    )
    involvement_amount = fields.Monetary(
        string="Cost so Far", compute='_compute_involvement',
        currency_field='involvement_currency_id', groups=PROJECT_USER,
    )
    involvement_left_hours = fields.Float(
        string="Hours Left", compute='_compute_involvement', groups=PROJECT_USER,
    )
    involvement_left_amount = fields.Monetary(
        string="Budget Left", compute='_compute_involvement',
        currency_field='involvement_currency_id', groups=PROJECT_USER,
    )
    involvement_share = fields.Float(
        string="Cap Used", compute='_compute_involvement', groups=PROJECT_USER,
        help="In percent, of the cap of which more is used.",
    )
    involvement_reported = fields.Integer(
        readonly=True, copy=False, export_string_translation=False, groups=PROJECT_USER,
        help="Technical: the share of the cap that the supervisor was told of, 80 or 100.",
    )

    _consultant_months_positive = models.Constraint(
        'CHECK (consultant_months >= 0)', "A number of months is not negative.",
    )
    _involvement_caps_positive = models.Constraint(
        'CHECK (involvement_cap_hours >= 0 AND involvement_cap_amount >= 0)',
        "A cap is not negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'involvement_ids.hours', 'involvement_ids.amount', 'involvement_cap_hours',
        'involvement_cap_amount',
    )
    def _compute_involvement(self):
        used = {
            project: (hours, amount)
            for project, hours, amount in self.env['takeover.involvement']._read_group(
                [('project_id', 'in', self.ids)], ['project_id'], ['hours:sum', 'amount:sum'],
            )
        }
        for project in self:
            hours, amount = used.get(project._origin, (0, 0))
            project.involvement_hours = hours
            project.involvement_amount = amount
            project.involvement_left_hours = project.involvement_cap_hours - hours
            project.involvement_left_amount = project.involvement_cap_amount - amount
            project.involvement_share = max((
                100 * spent / cap for spent, cap in (
                    (hours, project.involvement_cap_hours),
                    (amount, project.involvement_cap_amount),
                ) if cap
            ), default=0)

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'involvement_cap_hours', 'involvement_cap_amount'}:
            # sudo: project.project - what was reported is kept by the system
            for project in self.sudo():
                reported = project._get_involvement_mark()
                if reported < project.involvement_reported:
                    # another cap: from here on it is reported anew
                    project.involvement_reported = reported
            self._warn_of_involvement()
        if vals.keys() & {'consultant_ids', 'consultant_months'}:
            self._golive_facts_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_documented(self):
        # sudo: takeover.document.version - whoever deletes
        validated = self.env['takeover.document.version'].sudo().search_fetch(
            [('project_id', 'in', self.ids), ('verdict', '=', 'validated')], ['project_id'],
            limit=1,
        )
        if validated:
            raise UserError(self.env._(
                "The client reaches the validated documentation of %(project)s for ever: archive "
                "it instead.",
                project=validated.project_id.name,
            ))

    # === GATES === #

    def _get_takeover_items(self, model, domain):
        """ Return what belongs to each of the takeovers, with one query.

        :param str model: a model with the field `project_id`
        :param domain: which of its records
        :return: lists, for records of one search are also read together
        :rtype: dict[project.project, list[models.Model]]
        """
        items = defaultdict(list)
        for item in self.env[model].search(domain & Domain('project_id', 'in', self.ids)):
            items[item.project_id].append(item)
        return items

    def _gate_steps_agreed(self, _phase):
        """ Every transition step is agreed by both sides beforehand (T1). """
        steps_by_project = self._get_takeover_items('takeover.step', Domain.TRUE)
        result = {}
        for project in self:
            steps = steps_by_project[project]
            if not steps:
                result[project] = [Due(
                    self.env._("The steps of the transition"), US,
                    owner=project.user_id.name or '',
                )]
                continue
            result[project] = [
                step._get_agreement_due()
                for step in steps if step.state in ('draft', 'proposed')
            ]
        return result

    def _gate_documents_validated(self, _phase):
        """ The agreed documentation is validated by the client (T4). """
        documents_by_project = self._get_takeover_items('takeover.document', Domain.TRUE)
        result = {}
        for project in self:
            documents = documents_by_project[project]
            if not documents:
                result[project] = [Due(
                    self.env._("The list of the documents that are agreed"), US,
                    owner=project.user_id.name or '',
                )]
                continue
            result[project] = [
                document._get_due() for document in documents if document.state != 'validated'
            ]
        return result

    def _gate_risks_owned(self, _phase):
        """ Every open risk has an owner and a mitigation (T5). """
        risks_by_project = self._get_takeover_items(
            'takeover.risk', Domain('state', '!=', 'closed'),
        )
        return {
            project: [
                risk._get_ownership_due() for risk in risks_by_project[project]
                if not risk.user_id or not (risk.mitigation or '').strip()
            ]
            for project in self
        }

    def _get_dues(self):
        """ Add the steps and documents of a takeover; its risks are no matter of the client's. """
        dues = super()._get_dues()
        if self.implementation_kind == 'takeover':
            for step in self.takeover_step_ids:
                if step.state == 'agreed':
                    dues += step._get_work_dues()
                elif step.state != 'done':
                    dues.append(step._get_agreement_due())
            dues += [
                document._get_due() for document in self.takeover_document_ids
                if document.state != 'validated'
            ]
        return dues

    def _begin_implementation(self):
        """ Begin each takeover with the usual risks, unless its template has others (T5). """
        risks = self.env['takeover.risk']
        without = self.filtered(
            lambda project: project.implementation_kind == 'takeover'
            # sudo: takeover.risk - whoever begins it
            and not project.sudo().takeover_risk_ids,
        )
        # sudo: takeover.risk - who confirms an order may begin a takeover, too
        risks.sudo().create([
            {**vals, 'project_id': project.id}
            for project in without for vals in risks._get_usual_risks()
        ])
        return super()._begin_implementation()

    # === THE FORMER PROVIDER === #

    @api.model
    def _get_supervisor_fields(self):
        return super()._get_supervisor_fields() | {
            'takeover_step_ids', 'takeover_document_ids', 'takeover_risk_ids', 'consultant_ids',
            'consultant_months', 'incumbent_id', 'involvement_ids', 'involvement_cap_hours',
            'involvement_cap_amount',
        }

    def _check_implementation_values(self, vals):
        super()._check_implementation_values(vals)
        if 'involvement_reported' in vals and not self.env.su:
            raise AccessError(self.env._(
                "What the supervisor was told of the former provider's involvement is not written "
                "by hand.",
            ))

    def _get_involvement_mark(self):
        """ Return which mark the involvement has passed: 100 is over the cap.

        :rtype: int
        """
        self.ensure_one()
        if float_compare(self.involvement_share, 100, precision_digits=4) > 0:
            return 100
        if float_compare(self.involvement_share, INVOLVEMENT_WARNING, precision_digits=4) >= 0:
            return INVOLVEMENT_WARNING
        return 0

    def _warn_of_involvement(self):
        """ Tell the supervisor once when 80 % of a cap is used, and once when it is exceeded (T3).

        Nothing is refused: the hours were worked.
        """
        # sudo: project.project - whoever enters the hours
        for project in self.sudo():
            mark = project._get_involvement_mark()
            if mark <= project.involvement_reported:
                continue
            project.involvement_reported = mark
            share = round(project.involvement_share)
            project.activity_schedule(
                'mail.mail_activity_data_warning',
                summary=self.env._("Former provider: over the cap") if mark == 100
                else self.env._("Former provider: %(share)s %% of the cap", share=share),
                note=self.env._(
                    "%(hours)s hours and %(amount)s are used, %(share)s %% of the cap. Take what "
                    "is left to learn from key users and process owners, or agree on another cap.",
                    hours=f'{project.involvement_hours:g}',
                    amount=format_amount(
                        project.env, project.involvement_amount, project.involvement_currency_id,
                    ),
                    share=share,
                ),
                user_id=project.user_id.id or self.env.uid,
            )

    # === THE SAME CONSULTANTS === #

    @api.model
    @tools.ormcache('company_id')
    def _get_takeover_consultants(self, company_id):
        """ Return who ran the takeovers of a company, by client, and until when they support it.

        :param int company_id: res.company
        :return: by id of the commercial entity: moments (naive UTC) with ids of res.users
        :rtype: dict[int, list[tuple[datetime, tuple[int]]]]
        """
        result = defaultdict(list)
        # sudo: project.project - who gets a ticket does not depend on who asks
        for project in self.sudo().with_context(active_test=False).search([
            ('implementation_kind', '=', 'takeover'), ('company_id', '=', company_id),
            ('golive_datetime', '!=', False), ('consultant_ids', '!=', False),
        ]):
            until = project.golive_datetime + relativedelta(months=project.consultant_months)
            result[project.client_id.id].append((until, tuple(project.consultant_ids.ids)))
        return dict(result)
