from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.dues import CLIENT, US, Due


class ProjectProject(models.Model):
    """ The success plan of an implementation (P2). """

    _inherit = 'project.project'

    plan_ids = fields.One2many(
        comodel_name='implementation.plan', inverse_name='project_id', string="Success Plans",
        # a copy begins with the latest version alone, see `copy_data`
        copy=False,
    )
    plan_id = fields.Many2one(
        comodel_name='implementation.plan', string="Success Plan", compute='_compute_plan_id',
        help="The version that holds: the signed one; before that, the one that is drawn up.",
    )
    open_plan_id = fields.Many2one(
        comodel_name='implementation.plan', string="Plan to Sign", compute='_compute_plan_id',
        help="The version that is drawn up or waits for the signature.",
    )

    # === COMPUTE METHODS === #

    @api.depends('plan_ids.state', 'plan_ids.number')
    def _compute_plan_id(self):
        for project in self:
            plans = project.plan_ids.sorted('number', reverse=True)
            project.plan_id = plans.filtered(lambda plan: plan.state == 'signed') or plans[:1]
            project.open_plan_id = plans.filtered(lambda plan: plan.state in ('draft', 'sent'))

    # === CRUD METHODS === #

    def copy_data(self, default=None):
        """ Begin with a draft of the latest success plan. """
        vals_list = super().copy_data(default=default)
        for project, vals in zip(self, vals_list):
            if 'plan_ids' not in (default or {}) and project.implementation_kind:
                latest = project.plan_ids.sorted('number')[-1:]
                vals['plan_ids'] = [
                    fields.Command.create({
                        name: value for name, value in values.items() if name != 'project_id'
                    }) for values in latest.copy_data()
                ]
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed_plan(self):
        # sudo: implementation.plan - whatever was signed, whoever sees it
        signed = self.env['implementation.plan'].sudo().search([
            ('project_id', 'in', self.ids), ('state', 'in', ('signed', 'replaced')),
        ], limit=1)
        if signed:
            raise UserError(self.env._(
                "The client has signed the success plan of %(project)s: archive it instead.",
                project=signed.project_id.name,
            ))

    # === ACTION METHODS === #

    def action_new_plan(self):
        """ Draw up the success plan, or the next version of the signed one. """
        self.ensure_one()
        if self.plan_id.state == 'signed' and not self.open_plan_id:
            return self.plan_id.action_new_version()
        plan = self.open_plan_id or self.plan_ids.create({'project_id': self.id})
        return plan.get_formview_action()

    # === BUSINESS METHODS === #

    def _action_go_live(self):
        """ Ask the supervisor to propose what the success plan keeps for later (P2). """
        super()._action_go_live()
        # sudo: project.project - who signs the protocol is the client
        self.sudo()._plan_later_proposals()

    def _get_start_lines(self):
        """ Return what the plan that holds has working at the go-live, in order.

        :rtype: implementation.plan.line
        """
        # sudo: implementation.plan.line - what was agreed does not depend on who asks
        return self.sudo().plan_id.line_ids.filtered(
            lambda line: line.timing == 'start' and line.state != 'dropped',
        )

    def _prepare_protocol_lines(self):
        """ Put what the success plan says is there on start to the client as well (P6). """
        return super()._prepare_protocol_lines() + [
            {'source': 'plan', 'name': line.name, 'quantity': line.quantity}
            for line in self._get_start_lines()
        ]

    def _prepare_training_checks(self):
        """ Check a training against the success plan line by line (P5).

        What is tested stands in where there is no plan.
        """
        result = super()._prepare_training_checks()
        for project in self:
            lines = project._get_start_lines()
            if lines:
                result[project] = [{'name': line.name} for line in lines]
        return result

    def _plan_later_proposals(self):
        self.ensure_one()
        lines = self.plan_ids._get_lines_to_propose()
        if lines:
            self.activity_schedule(
                'mail.mail_activity_data_todo',
                summary=self.env._("Propose what the success plan keeps for later"),
                note=self.env._(
                    "The client is live, and %(count)s lines of the success plan are for later. "
                    "Open the plan and choose Propose What Is for Later.",
                    count=len(lines),
                ),
                user_id=self.user_id.id or self.env.uid,
            )

    # === GATES === #

    def _gate_plan_signed(self, _phase):
        """ The client has signed a success plan (P2).

        A later version that waits for the signature does not take the first one's place.
        """
        open_plans, signed = {}, set()
        for plan in self.env['implementation.plan'].search([
            ('project_id', 'in', self.ids), ('state', '!=', 'replaced'),
        ]):
            if plan.state == 'signed':
                signed.add(plan.project_id)
            else:
                open_plans[plan.project_id] = plan
        return {
            project: [project._get_plan_due(open_plans.get(project))]
            for project in self if project not in signed
        }

    def _get_plan_due(self, plan):
        """ Return what the plan that is not signed yet waits for.

        :param plan: the implementation.plan, or None if nobody has begun one
        :rtype: Due
        """
        self.ensure_one()
        if plan and plan.state == 'sent':
            return Due(
                self.env._("Signature of the success plan, version %(number)s", number=plan.number),
                CLIENT,
                owner=self.coordinator_id.name or '',
                date=plan.date_due,
                url=f'/my/implementation/{self.id}#success_plan',
            )
        return Due(
            self.env._("The success plan, to be sent to the client"),
            US, owner=self.user_id.name or '',
        )

    def _get_dues(self):
        """ Add the success plan: until it is signed, and when a later version waits. """
        dues = super()._get_dues()
        plan = self.open_plan_id
        is_asked_for = 'plan_signed' in self.phase_ids.gate_ids.mapped('kind')
        if plan.state == 'sent' or (is_asked_for and self.plan_id.state != 'signed'):
            dues.append(self._get_plan_due(plan))
        return dues

    # === PORTAL === #

    def _get_portal_plans(self):
        """ Return the versions that the client sees: no drafts, the latest first. """
        self.ensure_one()
        return self.plan_ids.filtered(lambda plan: plan.state != 'draft').sorted(
            'number', reverse=True,
        )

    def _get_portal_page_values(self, partner):
        plans = self._get_portal_plans()
        return {
            **super()._get_portal_page_values(partner),
            'plans': plans,
            'plan': plans[:1],
            'plan_changes': plans[:1]._get_changes() if plans else [],
            'plan_to_sign': plans[:1].state == 'sent' and self._may_act_in_portal(partner),
        }

    def _portal_sign_plan(self, partner, plan_id, signed_by, signature):
        """ Sign a version of the success plan for the client.

        :param partner: the res.partner who signs
        :param int plan_id: the version that was read
        :param str signed_by: the name below the signature
        :param str signature: the image, base64
        :raise UserError: if the person may not sign, or there is nothing to sign
        """
        self.ensure_one()
        if not self._may_act_in_portal(partner):
            raise UserError(self.env._(
                "%(coordinator)s signs the success plan for %(client)s.",
                coordinator=self.coordinator_id.name, client=self._get_client_company_name(),
            ))
        plan = self._get_portal_plans().filtered(lambda plan: plan.id == plan_id)
        if not plan:
            raise UserError(self.env._(
                "This version of the success plan is not offered any more. Open the page again.",
            ))
        plan._sign_online(signed_by, signature, partner)
