from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

# What only the signature and the buttons write: nobody signs by RPC or by import.
ENGINE_FIELDS = {'number', 'state', 'sent_on', 'signed_by', 'signed_on', 'signature'}
OPEN_STATES = ('draft', 'sent')


class PlanChange(NamedTuple):
    """ How a line of a version differs from the first version.

    :param str type: 'added', 'removed' or 'changed'
    :param str text: the line as the client reads it
    :param list[str] details: what changed, one sentence each
    """

    type: str
    text: str
    details: list


class ImplementationPlan(models.Model):
    """ The success plan: what is connected on start and what later (P2).

    The client signs it in the portal, and from then on it is locked. What changes afterwards goes
    into a new version, which the client signs as well and which says how it differs from the first.
    """

    _name = 'implementation.plan'
    _description = "Success Plan"
    _inherit = ['implementation.item.mixin', 'mail.thread']
    _order = 'project_id, number desc, id desc'
    _rec_name = 'number'

    number = fields.Integer(
        string="Version", readonly=True, copy=False, aggregator=None,
    )
    state = fields.Selection(
        selection=[
            ('draft', "Draft"),
            ('sent', "To Be Signed"),
            ('signed', "Signed"),
            ('replaced', "Replaced"),
        ],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    date_due = fields.Date(
        string="Sign by", copy=False, help="The day by which the client is to sign the plan.",
    )
    note = fields.Text(
        string="Agreed besides", help="Read and signed by the client, below the lines.",
    )
    sent_on = fields.Date(readonly=True, copy=False)
    signed_by = fields.Char(readonly=True, copy=False)
    signed_on = fields.Date(readonly=True, copy=False)
    signature = fields.Image(
        readonly=True, copy=False, max_width=1024, max_height=1024, attachment=True,
    )
    line_ids = fields.One2many(
        comodel_name='implementation.plan.line', inverse_name='plan_id', string="Lines", copy=True,
    )
    changes_html = fields.Html(
        string="Changes", compute='_compute_changes_html', sanitize=False,
        help="What was added, removed and changed since the first version.",
    )
    later_count = fields.Integer(
        string="Lines to Propose", compute='_compute_later_count',
        help="Lines for later that no quotation contains yet.",
    )

    _number_uniq = models.UniqueIndex('(project_id, number)', "There is such a version already.")
    _one_signed = models.UniqueIndex(
        "(project_id) WHERE state = 'signed'", "An implementation has one signed success plan.",
    )
    _one_open = models.UniqueIndex(
        "(project_id) WHERE state IN ('draft', 'sent')",
        "There is a version already that is not signed yet: change that one.",
    )

    # === COMPUTE METHODS === #

    @api.depends('number', 'project_id.name')
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = self.env._(
                "%(project)s: success plan, version %(number)s",
                project=plan.project_id.name or '', number=plan.number,
            )

    @api.depends(
        'number', 'project_id.plan_ids.number', 'note', 'line_ids.kind', 'line_ids.name',
        'line_ids.quantity', 'line_ids.timing', 'line_ids.state', 'line_ids.remark',
    )
    def _compute_changes_html(self):
        for plan in self:
            changes = plan._get_changes()
            plan.changes_html = changes and self.env['ir.qweb']._render(
                'onboarding_protocol.plan_changes', {'changes': changes},
            )

    @api.depends(
        'state', 'line_ids.timing', 'line_ids.state', 'line_ids.proposed_order_id',
    )
    def _compute_later_count(self):
        for plan in self:
            plan.later_count = len(plan._get_lines_to_propose())

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Count the versions of each implementation. """
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._check_engine_values(vals)
        # sudo: implementation.plan - versions are counted, whoever sees them
        numbers = dict(self.sudo()._read_group(
            [('project_id', 'in', [vals.get('project_id') for vals in vals_list])],
            ['project_id'], ['number:max'],
        ))
        numbers = {project.id: number for project, number in numbers.items()}
        for vals in vals_list:
            project_id = vals.get('project_id')
            if not vals.get('number'):
                vals['number'] = (numbers.get(project_id) or 0) + 1
            numbers[project_id] = max(numbers.get(project_id) or 0, vals['number'])
        # one is open at a time: one that was just signed makes room
        self.flush_model(['state'])
        return super().create(vals_list)

    def write(self, vals):
        self._check_engine_values(vals)
        if vals.keys() & {'project_id', 'note'}:
            self._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        for plan in self:
            if plan.state in ('signed', 'replaced'):
                raise UserError(self.env._(
                    "%(plan)s was signed by the client: it stays on record.",
                    plan=plan.display_name,
                ))

    # === ACTION METHODS === #

    def action_send(self):
        """ Ask the client's coordinator to sign the plan in the portal, by mail.

        :raise UserError: if it is no draft, has no line, or nobody can sign it
        """
        template = self.env.ref(
            'onboarding_protocol.mail_template_plan_send', raise_if_not_found=False,
        )
        for plan in self:
            plan._check_sendable()
            # sudo: implementation.plan - the state is written by the buttons alone
            plan.sudo().write({'state': 'sent', 'sent_on': fields.Date.context_today(plan)})
            if template:
                # sudo: mail.template - consultants send it, and do not change it
                template.sudo().send_mail(
                    plan.id, email_layout_xmlid='helpdesk_sla.mail_layout_customer',
                )
            # sudo: project.project - consultants do not write projects; that it went out is noted
            plan.project_id.sudo().message_post(body=self.env._(
                "Success plan, version %(number)s, sent to %(coordinator)s to be signed.",
                number=plan.number, coordinator=plan.coordinator_id.name,
            ))

    def action_draft(self):
        """ Take a plan back that is not signed, to change it. """
        self.check_access('write')
        self._check_unsigned()
        # sudo: implementation.plan - the state is written by the buttons alone
        self.sudo().write({'state': 'draft', 'sent_on': False})

    def action_new_version(self):
        """ Draw up the version that takes the place of the signed one.

        It begins as a copy. The signed one holds until the new one is signed as well.

        :raise UserError: if the plan is not the signed one, or a new version exists
        """
        self.ensure_one()
        if self.state != 'signed':
            raise UserError(self.env._(
                "A new version begins with the signed one. As long as this one is not signed, it "
                "can be changed itself.",
            ))
        if self.project_id.open_plan_id:
            raise UserError(self.env._(
                "%(plan)s is not signed yet: change that one.",
                plan=self.project_id.open_plan_id.display_name,
            ))
        version = self.create({
            'project_id': self.project_id.id,
            'note': self.note,
            'line_ids': [
                fields.Command.create(line._prepare_version_values()) for line in self.line_ids
            ],
        })
        # sudo: implementation.plan.line - where it was proposed, which nobody writes by hand
        orders = {
            line._get_origin(): line.proposed_order_id
            for line in self.sudo().line_ids if line.proposed_order_id
        }
        for line in version.sudo().line_ids:
            if line._get_origin() in orders:
                line.proposed_order_id = orders[line._get_origin()]
        return version.get_formview_action()

    def action_propose_later(self):
        """ Make one draft quotation of the lines for later that were not proposed yet.

        :return: an action that opens it, or tells who goes on with it
        :raise UserError: if the plan is not signed, or nothing is left to propose
        """
        self.ensure_one()
        self.check_access('write')
        order = self._propose_later()
        if order.with_env(self.env).has_access('write'):
            return order.with_env(self.env).get_formview_action()
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._(
                    "Quotation %(order)s is drafted; %(seller)s goes on with it.",
                    order=order.name, seller=order.user_id.name or self.env._("sales"),
                ),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === LIFE === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | ENGINE_FIELDS

    def _check_engine_values(self, vals):
        """ Refuse to write what only the buttons and the signature write.

        :raise AccessError: if a user does
        """
        if vals.keys() & ENGINE_FIELDS and not self.env.su:
            raise AccessError(self.env._(
                "A success plan is signed by the client in the portal. Its version, state and "
                "signature are not written by hand.",
            ))

    def _check_editable(self):
        """ Refuse to change what the client has in hands or has signed.

        :raise UserError: if one of the plans is no draft any more
        """
        for plan in self:
            if plan.state == 'sent':
                raise UserError(self.env._(
                    "%(plan)s waits for the client's signature. Set it back to draft before you "
                    "change it.",
                    plan=plan.display_name,
                ))
            if plan.state != 'draft':
                raise UserError(self.env._(
                    "%(plan)s is signed: what was agreed can no longer be changed. Draw up a new "
                    "version instead.",
                    plan=plan.display_name,
                ))

    def _check_unsigned(self):
        for plan in self:
            if plan.state not in OPEN_STATES:
                raise UserError(self.env._(
                    "%(plan)s is signed. Draw up a new version instead.", plan=plan.display_name,
                ))

    def _check_sendable(self):
        self.ensure_one()
        self.check_access('write')
        self._check_editable()
        project = self.project_id
        if project.is_template:
            raise UserError(self.env._(
                "This plan belongs to a template: nobody signs it. Implementations that begin "
                "with the template get a copy.",
            ))
        if not self.line_ids.filtered(lambda line: line.state != 'dropped'):
            raise UserError(self.env._(
                "The plan promises nothing yet: add what is connected on start and what later.",
            ))
        coordinator = project.coordinator_id
        if not coordinator:
            raise UserError(self.env._(
                "Who signs for %(client)s? Name the coordinator of the implementation first.",
                client=project._get_client_company_name(),
            ))
        # sudo: res.users - whether the coordinator has a login, nothing more
        if not coordinator.sudo().user_ids:
            raise UserError(self.env._(
                "%(coordinator)s has no access to the portal yet, and the plan is signed there. "
                "Grant it on the contact first.",
                coordinator=coordinator.name,
            ))

    def _sign_online(self, signed_by, signature, author):
        """ Register a signature that was drawn in the portal: from now on this version holds.

        :param str signed_by: the name of the signatory
        :param str signature: the image, base64
        :param author: the res.partner who signed
        :raise UserError: if the plan does not wait for a signature, or something is missing
        """
        self.ensure_one()
        if self.state != 'sent':
            raise UserError(self.env._("This success plan does not wait for a signature."))
        if not (signed_by or '').strip():
            raise UserError(self.env._("Who signs? Please fill in the name."))
        if not signature:
            raise UserError(self.env._("Your signature is missing."))
        project = self.project_id
        project.plan_ids.filtered(lambda plan: plan.state == 'signed').state = 'replaced'
        # one is signed at a time: the one before makes room
        self.flush_model(['state'])
        self.write({
            'state': 'signed',
            'signed_by': signed_by.strip()[:200],
            'signed_on': project._get_today(),
            'signature': signature,
        })
        # the PDF is rendered from what is stored
        self.env.flush_all()
        pdf, _type = self.env['ir.actions.report']._render_qweb_pdf(
            'onboarding_protocol.action_report_plan', self.ids,
        )
        project.message_post(
            body=self.env._(
                "Success plan, version %(number)s, signed by %(name)s.",
                number=self.number, name=self.signed_by,
            ),
            attachments=[(f'{self._get_report_base_filename()}.pdf', pdf)],
            author_id=author.id,
            message_type='notification',
            subtype_xmlid='mail.mt_note',
            partner_ids=project.user_id.partner_id.ids,
        )

    # === WHAT CHANGED === #

    def _get_changes(self):
        """ Return how this version differs from the first one, in the order of the lines.

        A line that was dropped counts as removed. How far the work has come is no change.

        :rtype: list[PlanChange]
        """
        self.ensure_one()
        first = self.project_id.plan_ids.sorted('number')[:1]
        if not first or first == self or first.number >= self.number:
            return []
        origins = {line._get_origin(): line for line in self.line_ids if line.state != 'dropped'}
        unknown = {line._get_key(): line for origin, line in origins.items() if origin == line}
        changes, matched = [], self.line_ids.browse()
        for before in first.line_ids.filtered(lambda line: line.state != 'dropped'):
            after = origins.get(before) or unknown.get(before._get_key())
            if not after:
                changes.append(PlanChange('removed', before._get_summary(), []))
                continue
            matched |= after
            details = after._get_differences(before)
            if details:
                changes.append(PlanChange('changed', after._get_summary(), details))
        added = [
            PlanChange('added', line._get_summary(), [])
            for line in origins.values() if line not in matched
        ]
        if (first.note or '').strip() != (self.note or '').strip():
            changes.append(PlanChange('changed', self.env._("What was agreed besides"), []))
        return added + changes

    # === LATER === #

    def _get_lines_to_propose(self):
        """ Return the lines for later of the signed version that no quotation contains. """
        return self.filtered(lambda plan: plan.state == 'signed').line_ids.filtered(
            lambda line: line.timing == 'later' and not line.proposed_order_id
            and line.state not in ('done', 'dropped'),
        )

    def _propose_later(self):
        """ Make one draft quotation with a line per plan line for later.

        :return: the quotation, as superuser
        :rtype: sale.order
        """
        self.ensure_one()
        if self.state != 'signed':
            raise UserError(self.env._(
                "What the client has signed is proposed: %(plan)s is not signed, or replaced by a "
                "later version.",
                plan=self.display_name,
            ))
        lines = self._get_lines_to_propose()
        if not lines:
            raise UserError(self.env._(
                "Nothing is left to propose: each line for later is done, dropped or in a "
                "quotation.",
            ))
        # sudo: sale.order - a supervisor need not be a seller: the draft goes to one
        project = self.sudo().project_id
        seller = project.sale_order_id.user_id or project.partner_id.user_id
        if not seller and self.env['sale.order'].has_access('create'):
            seller = self.env.user
        order = self.env['sale.order'].sudo().with_company(project.company_id).create({
            'partner_id': project.partner_id.id,
            'company_id': project.company_id.id,
            'user_id': seller.id,
            'origin': self.display_name,
            'project_id': project.id,
            'order_line': [
                fields.Command.create(line._prepare_order_line_values()) for line in lines
            ],
        })
        # in a version that is drawn up at the same time, too
        origins = {line._get_origin() for line in lines.sudo()}
        project.plan_ids.line_ids.filtered(
            lambda line: line._get_origin() in origins,
        ).proposed_order_id = order
        project.message_post(body=self.env._(
            "What the success plan keeps for later is proposed in quotation %(order)s.",
            order=order.name,
        ))
        return order

    # === DOCUMENT === #

    def _describe_signature_request(self, may_sign):
        """ Return what the page says of a plan that waits for the signature.

        :param bool may_sign: whether the visitor is the one who signs
        """
        self.ensure_one()
        if not may_sign:
            return self.env._(
                "It waits for the signature of %(coordinator)s.",
                coordinator=Markup('<strong>%s</strong>') % (self.coordinator_id.name or ''),
            )
        if not self.date_due:
            return self.env._(
                "Please read what we agreed and sign it. From then on it holds for both of us.",
            )
        return self.env._(
            "Please read what we agreed and sign it by %(day)s. From then on it holds for both of "
            "us.",
            day=format_date(self.env, self.date_due),
        )

    def _describe_consent(self):
        """ Return what whoever signs the plan agrees to. """
        self.ensure_one()
        return self.env._(
            "By signing you accept version %(version)s of the success plan on behalf of "
            "%(client)s.",
            version=self.number,
            client=Markup('<b>%s</b>') % (self.project_id._get_client_company_name() or ''),
        )

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.env._(
            "Success Plan %(project)s v%(number)s",
            project=self.project_id.name, number=self.number,
        )

    def _get_portal_link(self):
        """ Return the address of the page where the client reads and signs the plan. """
        self.ensure_one()
        return f'{self.get_base_url()}/my/implementation/{self.project_id.id}#success_plan'

    def _get_document_lines(self):
        """ Return the lines as the document shows them: on start, then later.

        :rtype: list[tuple[str, implementation.plan.line]]
        """
        self.ensure_one()
        labels = dict(self.line_ids._fields['timing']._description_selection(self.env))
        shown = self.line_ids.filtered(lambda line: line.state != 'dropped').sorted()
        return [
            (label, lines) for timing, label in labels.items()
            if (lines := shown.filtered(lambda line: line.timing == timing))
        ]
