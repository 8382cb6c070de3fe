from collections import defaultdict

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.helpdesk_sla.tools.caches import clear_cache

from ..tools.dues import CLIENT, US, Due

# What only the gates write: nobody sets the go-live by hand, by RPC or by import.
ENGINE_FIELDS = {'golive_datetime', 'passage_ids'}


class ProjectProject(models.Model):
    """ The gates of an implementation: the only way from one phase to the next. """

    _inherit = 'project.project'

    next_phase_id = fields.Many2one(
        comodel_name='implementation.phase', string="Next Phase", compute='_compute_gates',
    )
    missing_text = fields.Text(
        string="Missing", compute='_compute_gates',
        help="What is missing to enter the next phase, and who owes it.",
    )
    missing_count = fields.Integer(string="Missing Items", compute='_compute_gates')
    blocked_by = fields.Selection(
        selection=[('us', "Us"), ('client', "Client"), ('both', "Both")],
        string="Waits for",
        compute='_compute_gates',
        help="Who owes what is missing to enter the next phase.",
    )
    asked_gates = fields.Char(
        string="Gates", compute='_compute_asked_gates',
        help="The kinds of all gates of the phases, with a space between them.",
    )
    passed_with_reason = fields.Boolean(
        compute='_compute_passed_with_reason',
        help="A manager let the implementation pass although something was missing.",
    )

    # === COMPUTE METHODS === #

    @api.depends('phase_id', 'phase_ids', 'implementation_kind')
    def _compute_gates(self):
        # gates count what is stored: a form that is not saved yet shows the same
        dues = self._origin._get_next_dues()
        for project in self:
            stored = project._origin
            missing = dues.get(stored, [])
            sides = {due.side for due in missing}
            project.next_phase_id = stored and stored._get_next_phase()
            project.missing_count = len(missing)
            project.missing_text = project._format_dues(missing)
            project.blocked_by = 'both' if len(sides) > 1 else next(iter(sides), False)

    @api.depends('phase_ids.gate_ids.kind')
    def _compute_asked_gates(self):
        for project in self:
            # sudo: implementation.gate - what is asked for does not depend on who asks
            gates = project.sudo().phase_ids.gate_ids
            project.asked_gates = ' '.join(sorted(set(gates.mapped('kind'))))

    @api.depends('passage_ids.reason')
    def _compute_passed_with_reason(self):
        for project in self:
            project.passed_with_reason = any(project.passage_ids.mapped('reason'))

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """ Take no default of the user's for what only the gates write. """
        defaults = super().default_get(fields)
        if not self.env.su:
            for name in ENGINE_FIELDS & defaults.keys():
                del defaults[name]
        return defaults

    # === ACTION METHODS === #

    def action_next_phase(self):
        """ Enter the next phase.

        :raise UserError: if a gate is not met; it says what is missing and who owes it
        """
        self.ensure_one()
        phase = self._get_next_phase()
        if not phase:
            raise UserError(self.env._("%(project)s is in its last phase.", project=self.name))
        self.phase_id = phase

    def action_pass_gate(self):
        """ Ask a manager for the reason why the implementation passes with something missing. """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Let It Pass"),
            'res_model': 'implementation.pass.wizard',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {
                'default_project_id': self.id, 'default_phase_id': self._get_next_phase().id,
            },
        }

    # === GATES === #

    def _get_next_phase(self):
        """ Return the phase after the one in which the implementation is. """
        self.ensure_one()
        phases, phase = self.phase_ids.sorted()._origin, self.phase_id._origin
        position = phases.ids.index(phase.id) + 1 if phase in phases else 0
        return phases[position:position + 1] if self.implementation_kind else phases.browse()

    def _get_phases_between(self, before, after):
        """ Return the phases that are entered on the way, the last one included.

        :param before: the implementation.phase that is left; empty at the beginning
        :param after: the implementation.phase that is entered
        :return: empty on the way back
        """
        self.ensure_one()
        # in a form that is not saved yet they are records of the form
        phases = self.phase_ids.sorted()._origin
        before, after = before._origin, after._origin
        begin = phases.ids.index(before.id) + 1 if before in phases else 0
        end = phases.ids.index(after.id) + 1 if after in phases else 0
        return phases[begin:end]

    def _get_gates_ahead(self):
        """ Return what is asked for to enter the phases that the implementation has not entered.

        :return: for each kind of gate the first phase that asks for it
        :rtype: dict[str, implementation.phase]
        """
        self.ensure_one()
        phases = self.phase_ids.sorted()
        gates = {}
        # sudo: implementation.gate - what is asked for does not depend on who asks
        for phase in self.sudo()._get_phases_between(self.phase_id, phases[-1:]):
            for gate in phase.gate_ids:
                gates.setdefault(gate.kind, phase)
        return gates

    def _get_next_dues(self):
        """ Return what is missing to enter the next phase.

        :rtype: dict[project.project, list[Due]]
        """
        by_phase = defaultdict(self.browse)
        for project in self.filtered('implementation_kind'):
            by_phase[project._get_next_phase()] |= project
        result = {}
        for phase, projects in by_phase.items():
            result.update(projects._get_gate_dues(phase))
        return result

    def _get_gate_dues(self, phases, mandatory_only=False):
        """ Return what is missing to enter phases, in the order of their gates.

        :param phases: implementation.phase records
        :param bool mandatory_only: look only at gates that nobody may pass
        :rtype: dict[project.project, list[Due]]
        """
        result = {project: [] for project in self}
        # sudo: implementation.gate - what is asked for does not depend on who asks
        gates = phases.sudo().gate_ids
        for gate in gates:
            if mandatory_only and not gate.is_mandatory:
                continue
            # sudo: project.project - a gate counts what is there, whoever moves the project
            missing = getattr(self.sudo(), f'_gate_{gate.kind}')(gate.phase_id)
            for project in self:
                result[project] += missing.get(project.sudo(), [])
        return result

    @api.model
    def _format_dues(self, dues):
        """ Return what is missing as lines of text, each with who owes it.

        :param list[Due] dues: see `Due`
        :rtype: str
        """
        labels = {US: self.env._("we"), CLIENT: self.env._("client")}
        lines = []
        for due in dues:
            lines.append(self.env._(
                "%(missing)s (%(owner)s)", missing=due.text, owner=due.owner or labels[due.side],
            ))
        return '\n'.join(f'• {line}' for line in lines)

    def _gate_tasks_done(self, phase):
        """ Every task of an earlier phase is closed (P4). """
        result = defaultdict(list)
        tasks = self.env['project.task'].search([
            ('project_id', 'in', self.ids), ('phase_id', '!=', False), ('is_closed', '=', False),
            ('has_template_ancestor', '=', False),
        ])
        order = {phase_id: position for position, phase_id in enumerate(
            self.phase_ids.sorted().ids,
        )}
        for task in tasks:
            if order.get(task.phase_id.id, -1) < order.get(phase.id, -1):
                result[task.project_id].append(Due(
                    text=self.env._("Task “%(task)s”", task=task.name),
                    side=CLIENT if task.is_client_task else US,
                    owner=(
                        task.project_id.coordinator_id.name if task.is_client_task
                        else ', '.join(task.user_ids.mapped('name'))
                    ) or '',
                    date=task.date_deadline and task.date_deadline.date(),
                ))
        return result

    def _gate_agreement_running(self, _phase):
        """ Support is promised from the first day on (T2): a signed agreement is valid now. """
        result = defaultdict(list)
        agreements = self.env['helpdesk.sla.agreement']
        now = fields.Datetime.now()
        for project in self:
            agreement = project.sla_agreement_id
            if agreement.step == 'signed' or agreements._find(
                project.company_id, project.client_id, agreements.team_ids, now,
            ):
                # one that begins later is begun by the go-live
                continue
            if agreement.step == 'sent':
                result[project].append(Due(
                    self.env._("Signature of the agreement %(name)s", name=agreement.name),
                    CLIENT, owner=agreement.contact_id.name or '',
                    url=agreement.get_portal_url(),
                ))
            else:
                result[project].append(Due(
                    self.env._("An SLA agreement"), US, owner=project.user_id.name or '',
                ))
        return result

    # === THE WAY THROUGH THE PHASES === #

    def _touch_implementation(self):
        """ Write the row of the implementations, so that two at once are noticed.

        Of two transactions that decide on one implementation at the same time the later one is
        refused by the database, and is run again on what the earlier one left.
        """
        projects = self.filtered('implementation_kind')
        if projects:
            self.env.cr.execute(SQL(
                "UPDATE project_project SET write_date = write_date WHERE id IN %s",
                tuple(projects.ids),
            ))

    @api.model
    def _get_supervisor_fields(self):
        """ Return the names of the fields that a supervisor without administration rights writes.

        Stock lets only administrators write projects; a supervisor brings the own implementations
        to their end (P8). Parts of an implementation add theirs.

        :rtype: set[str]
        """
        return {
            'name', 'description', 'partner_id', 'coordinator_id', 'phase_id',
            'planned_golive_date', 'sla_agreement_id', 'tag_ids', 'color', 'last_update_id',
            'date', 'date_start', 'activity_ids', 'message_follower_ids',
        }

    def _check_implementation_values(self, vals):
        """ Refuse to write what only the gates write, and what would lead around them.

        :raise AccessError: if a user sets the go-live, or a supervisor what is not a supervisor's
        :raise UserError: if the kind, or a phase that lies ahead, is taken away
        """
        if vals.keys() & ENGINE_FIELDS and not self.env.su:
            raise AccessError(self.env._(
                "The go-live is registered by the signed protocol, or when the live phase is "
                "entered. It is not written by hand.",
            ))
        if (
            self and not self.env.su
            and not self.env.user.has_group('project.group_project_manager')
            and (others := vals.keys() - self._get_supervisor_fields())
        ):
            raise AccessError(self.env._(
                "Supervisors do not change this of a project: %(fields)s. Ask a project "
                "administrator.",
                fields=', '.join(sorted(
                    self._fields[name].get_description(self.env, ['string'])['string']
                    for name in others if name in self._fields
                )),
            ))
        if 'implementation_kind' not in vals and not vals.get('is_template'):
            return
        for project in self.filtered('passage_ids'):
            if vals.get('implementation_kind', project.implementation_kind) != (
                project.implementation_kind
            ) or vals.get('is_template'):
                raise UserError(self.env._(
                    "%(project)s has begun: it stays what it is. Archive it, and begin another "
                    "one.",
                    project=project.name,
                ))

    def _check_phases_ahead(self, before):
        """ Refuse to take phases away that were not entered yet: their gates would be gone too.

        :param dict before: by project, the implementation.phase records that it had
        :raise UserError: if one is missing now
        """
        for project in self.filtered('passage_ids'):
            removed = before[project] - project.phase_ids
            # sudo: implementation.passage - what was entered, whoever asks
            ahead = removed - project.sudo().passage_ids.phase_id
            if ahead:
                raise UserError(self.env._(
                    "%(project)s has not been through %(phases)s yet. A manager lets it pass with "
                    "a reason; the phase is not taken away.",
                    project=project.name, phases=', '.join(ahead.mapped('name')),
                ))

    def _begin_implementation(self):
        """ Note that the implementations are in their first phase. """
        started = self.filtered(lambda project: not project.is_template)
        for project in started:
            first = project.phase_ids.sorted()[:1]
            if project.phase_id != first:
                project._check_gates(project._get_phases_between(first, project.phase_id))
        started._log_passage()
        started._golive_facts_changed()

    def _enter_phases(self, before):
        """ Ask the gates of the phases that were entered, and keep the history.

        :param dict before: by project, the implementation.phase in which it was
        :raise UserError: if a gate is not met
        """
        moved = self.filtered(
            lambda project: project.implementation_kind and not project.is_template
            and before[project] and project.phase_id != before[project],
        )
        reason = self.env.context.get('implementation_pass_reason')
        for project in moved:
            phases = project._get_phases_between(before[project], project.phase_id)
            missing = project._check_gates(phases, reason)
            project._log_passage(reason=missing and reason, missing=missing)
            if phases.filtered('is_live') and not project.golive_datetime:
                project._action_go_live()

    def _check_gates(self, phases, reason=False):
        """ Refuse to enter phases whose gates are not met.

        :param phases: implementation.phase records, in order
        :param str reason: why a manager lets the implementation pass nevertheless
        :return: what was missing, as text; empty if nothing
        :raise UserError: if something is missing and there is no reason, or if it is mandatory
        """
        self.ensure_one()
        missing = self._get_gate_dues(phases)[self]
        if not missing:
            return ''
        text = self._format_dues(missing)
        if not reason:
            raise UserError(self.env._(
                "%(project)s cannot enter %(phase)s yet. Missing:\n%(missing)s",
                project=self.name, phase=phases[-1:].name, missing=text,
            ))
        if not self.env.user.has_group('project.group_project_manager'):
            raise UserError(self.env._(
                "Only a project administrator lets an implementation pass with something missing.",
            ))
        mandatory = self._get_gate_dues(phases, mandatory_only=True)[self]
        if mandatory:
            raise UserError(self.env._(
                "This is never passed before it is met:\n%(missing)s",
                missing=self._format_dues(mandatory),
            ))
        return text

    def _log_passage(self, reason=False, missing=False):
        """ Close the open row of the history and begin the next one. """
        now = fields.Datetime.now()
        # sudo: implementation.passage - the history is written by the gates alone
        passages = self.env['implementation.passage'].sudo()
        passages.search([('project_id', 'in', self.ids), ('date_out', '=', False)]).date_out = now
        passages.flush_model(['date_out'])
        passages.create([
            {
                'project_id': project.id,
                'phase_id': project.phase_id.id,
                'user_id': self.env.uid,
                'date_in': now,
                'reason': reason,
                'missing': missing,
            }
            for project in self
        ])
        if reason:
            for project in self:
                project.message_post(body=self.env._(
                    "Entered %(phase)s although something was missing, because: %(reason)s",
                    phase=project.phase_id.name, reason=reason,
                ))

    # === GO-LIVE === #

    def _action_go_live(self):
        """ The client works with the system from now on: support and warranty begin (P6).

        Called once, in the transaction that enters the first live phase. Addons that begin
        something with the go-live (hypercare, a support package) extend it.
        """
        self.ensure_one()
        # sudo: project.project, helpdesk.sla.agreement - who signs is the client
        project = self.sudo()
        project.golive_datetime = fields.Datetime.now()
        agreement = project.sla_agreement_id
        if agreement.step == 'signed' and agreement.date_start > project.golive_date:
            agreement._begin_on(project.golive_date)
        project._announce_golive()

    def _announce_golive(self):
        """ Tell the project that the client is live. """
        self.ensure_one()
        self.env['project.update'].create({
            'project_id': self.id,
            'name': self.env._("Live"),
            'status': 'on_track',
            'user_id': self.user_id.id or self.env.uid,
            'progress': 100,
        })
        self.message_post(body=self.env._(
            "%(client)s is live: support begins.", client=self._get_client_company_name(),
        ))

    # === BEFORE GO-LIVE === #

    @api.model
    def _get_golive_facts(self):
        """ Return the names of the fields that decide whether a client is before go-live. """
        return {
            'implementation_kind', 'partner_id', 'client_id', 'company_id', 'active',
            'golive_datetime', 'sla_agreement_id', 'is_template',
        }

    def _golive_facts_changed(self):
        clear_cache(self.env)

    @api.model
    def _is_client_before_golive(self, company, client, agreement):
        """ Return whether nothing is promised to a client yet, because it is not live (P6).

        A client who is supported already (by another agreement, or since another go-live) keeps
        its promises while a further implementation runs. A takeover is supported as soon as its
        agreement runs (T2). Costs no query.

        :param company: res.company of the ticket
        :param client: commercial entity of its customer
        :param agreement: helpdesk.sla.agreement that is valid for it, if any
        """
        waiting, live = self._get_clients_before_golive(company.id)
        client_id = client._origin.id
        if client_id not in waiting:
            return False
        if agreement:
            return agreement._origin.id in waiting[client_id]
        return client_id not in live

    @tools.ormcache('company_id')
    def _get_clients_before_golive(self, company_id):
        """ Return which clients of a company wait for a go-live, and which had one.

        :return: ids of clients with the ids of the agreements that begin with the go-live; ids of
            clients that are live
        :rtype: tuple[dict[int, set[int]], set[int]]
        """
        waiting, live = defaultdict(set), set()
        # sudo: project.project - what is promised does not depend on who asks
        for project in self.sudo().search([
            ('implementation_kind', '!=', False), ('company_id', '=', company_id),
            ('is_template', '=', False), ('client_id', '!=', False),
        ]):
            if project.golive_datetime:
                live.add(project.client_id.id)
                continue
            agreements = waiting[project.client_id.id]
            if project.implementation_kind == 'implementation' and project.sla_agreement_id:
                agreements.add(project.sla_agreement_id.id)
        return dict(waiting), live
