from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import format_duration

from ..tools.caches import clear_cache
from ..tools.policy_rules import Criterion, Rule
from ..tools.working_time import hours_to_seconds
from .helpdesk_sla_pause import PAUSE_FIELDS

# the ticket's selection value -> the policy's criterion
PRIORITY_FIELDS = {
    '0': 'priority_low',
    '1': 'priority_medium',
    '2': 'priority_high',
    '3': 'priority_critical',
}

# how many tickets a preview looks at: a second or two of waiting
PREVIEW_LIMIT = 2000


class _TakeBack(Exception):
    """ Rolls back what was only tried. """


class HelpdeskSla(models.Model):
    """ A promise: for which tickets (criteria), what (target), within what working time. """

    _name = 'helpdesk.sla'
    _description = "SLA Policy"
    _order = 'sequence, name, id'
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        comodel_name='res.company',
        default=lambda self: self._default_company_id(),
        required=True,
        index=True,
    )

    # criteria: empty means any, several values mean one of them (but tags: all of them)
    team_ids = fields.Many2many(
        comodel_name='helpdesk.team',
        relation='helpdesk_sla_team_rel',
        column1='sla_id',
        column2='team_id',
        string="Helpdesk Teams",
        check_company=True,
    )
    priority_low = fields.Boolean(string="Low")
    priority_medium = fields.Boolean(string="Medium")
    priority_high = fields.Boolean(string="High")
    priority_critical = fields.Boolean(string="Critical")
    ticket_type_ids = fields.Many2many(
        comodel_name='helpdesk.ticket.type',
        relation='helpdesk_sla_ticket_type_rel',
        column1='sla_id',
        column2='ticket_type_id',
        ondelete='restrict',
        string="Ticket Types",
    )
    tag_ids = fields.Many2many(
        comodel_name='helpdesk.tag',
        relation='helpdesk_sla_tag_rel',
        column1='sla_id',
        column2='tag_id',
        ondelete='restrict',
        string="Tags",
        help="The ticket must have all of them.",
    )
    partner_ids = fields.Many2many(
        comodel_name='res.partner',
        relation='helpdesk_sla_partner_rel',
        column1='sla_id',
        column2='partner_id',
        ondelete='restrict',
        string="Customers",
        help="A policy that names the customer replaces the general policies with the same target.",
    )
    channel_ids = fields.Many2many(
        comodel_name='helpdesk.channel',
        relation='helpdesk_sla_channel_rel',
        column1='sla_id',
        column2='channel_id',
        ondelete='restrict',
        string="Channels",
    )
    agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement',
        string="Agreement",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
        check_company=True,
        help="The policy is a time of this agreement, and changes with it.",
    )

    # target
    target = fields.Selection(
        selection=[
            ('first_response', "First response"),
            ('next_response', "Next response"),
            ('resolution', "Resolution"),
            ('stage', "Reach a stage"),
        ],
        default='stage',
        required=True,
    )
    stage_id = fields.Many2one(
        comodel_name='helpdesk.stage',
        string="Stage",
        domain=[('stage_type', '!=', 'cancelled')],
        ondelete='restrict',
        help="The promise is kept when the ticket reaches this stage or a later one of its team.",
    )
    time = fields.Float(
        string="Within",
        default=4.0,
        required=True,
        help="Working hours and minutes, counted from the creation of the ticket.",
    )
    time_seconds = fields.Integer(compute='_compute_time_seconds')
    resource_calendar_id = fields.Many2one(
        comodel_name='resource.calendar',
        string="Working Hours",
        check_company=True,
        help="Empty: the working hours of the ticket's team.",
    )
    pause_customer = fields.Boolean(
        string="Pause for the Customer",
        default=True,
        help="The clock stands still while the ticket waits for the customer.",
    )
    pause_third_party = fields.Boolean(
        string="Pause for Third Parties",
        help="The clock also stands still while the ticket waits for a third party.",
    )
    pause_maintenance = fields.Boolean(
        string="Pause for Planned Maintenance",
        default=True,
        help="The clock also stands still during planned maintenance that was announced.",
    )
    warning_percentage = fields.Integer(
        string="Approaching at",
        default=75,
        required=True,
        help="Share of the working time, in percent, after which a ticket is flagged as "
             "approaching its deadline.",
    )

    escalation_ids = fields.One2many(
        comodel_name='helpdesk.sla.escalation',
        inverse_name='sla_id',
        string="Escalation Levels",
        default=lambda self: self._default_escalation_ids(),
        copy=True,
    )
    escalation_preview = fields.Text(
        compute='_compute_escalation_preview', export_string_translation=False,
    )

    _time_positive = models.Constraint(
        'CHECK (time >= 0)',
        "The time of an SLA policy cannot be negative.",
    )
    _warning_percentage_range = models.Constraint(
        'CHECK (warning_percentage BETWEEN 0 AND 100)',
        "The warning must be between 0 and 100 percent of the time.",
    )
    _stage_required = models.Constraint(
        "CHECK (target != 'stage' OR stage_id IS NOT NULL)",
        "Choose the stage that must be reached.",
    )

    def _default_company_id(self):
        return self.env.company

    def _default_escalation_ids(self, notify_client=False):
        """ Return the levels of a new policy: the assignee in time, the leader as well too late.

        A default, so that policies get them whoever makes them.
        """
        return [
            Command.create({'percentage': 75, 'notify_assignee': True}),
            Command.create({
                'percentage': 100,
                'notify_assignee': True,
                'notify_leader': True,
                'notify_client': notify_client,
            }),
        ]

    # === COMPUTE METHODS === #

    @api.depends('time')
    def _compute_time_seconds(self):
        for sla in self:
            sla.time_seconds = hours_to_seconds(sla.time)

    @api.depends('time', 'escalation_ids.percentage', 'escalation_ids.summary')
    def _compute_escalation_preview(self):
        for sla in self:
            sla.escalation_preview = '\n'.join(
                self.env._(
                    "%(hours)s (%(percentage)s %%): %(effects)s",
                    hours=format_duration(sla.time * level.percentage / 100),
                    percentage=level.percentage,
                    effects=level.summary,
                )
                for level in sla.escalation_ids.sorted('percentage') if level.summary
            )

    # === CONSTRAINT METHODS === #

    @api.constrains('resource_calendar_id')
    def _check_resource_calendar_id(self):
        self.resource_calendar_id._check_sla_calendar()

    @api.constrains('target', 'stage_id')
    def _check_stage_id(self):
        for sla in self:
            if sla.target == 'stage' and sla.stage_id.stage_type == 'cancelled':
                raise ValidationError(self.env._(
                    "%(stage)s is a canceled stage: reaching it is never a success. "
                    "Choose another stage.",
                    stage=sla.stage_id.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        slas = super().create(vals_list)
        slas._check_managed()
        self._policies_changed()
        slas._refresh_open_tickets()
        return slas

    def write(self, vals):
        if vals.keys() - {'escalation_ids'}:
            # whom we tell among ourselves is not a part of what was agreed
            self._check_managed()
        changes = self._get_matching_fields() & vals.keys()
        tickets_before = self._get_open_tickets() if changes else self.env['helpdesk.ticket']
        result = super().write(vals)
        self._policies_changed()
        if 'team_ids' in vals:
            # stock looks at the record before the change only: a team leader would promise for
            # other teams, or for all
            self.check_access('write')
        if changes:
            self._refresh_open_tickets(tickets_before)
        return result

    def unlink(self):
        """ Delete the policies and end what they still promised.

        Finished statuses stay in the reports with the name they had.
        """
        self.check_access('unlink')
        self._check_managed()
        tickets = self._get_open_tickets()
        # sudo: helpdesk.sla.status - kept by the system; the policy may be deleted, see above
        self.env['helpdesk.sla.status'].sudo().search(
            [('sla_id', 'in', self.ids), ('result', '=', False)],
        )._finish('superseded')
        # what they replaced applies again
        tickets._mark_for_sla_refresh(Domain('id', 'in', tickets.ids))
        self._policies_changed()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _policies_changed(self):
        """ Have the cached policies read anew; a preview has changed nothing for anybody. """
        if not self.env.context.get('helpdesk_sla_preview'):
            clear_cache(self.env)

    def _check_managed(self):
        """ Refuse that people write the policies that an agreement keeps by itself.

        :raise UserError: if one of the policies belongs to an agreement
        """
        managed = self.filtered('agreement_id')
        if managed and not self.env.su:
            raise UserError(self.env._(
                "\"%(policy)s\" is a part of the agreement %(agreement)s and changes with it only.",
                policy=managed[0].name, agreement=managed[0].agreement_id.display_name,
            ))

    def _get_agreement_key(self):
        """ Return which time of its agreement this policy is: its priority and its target. """
        self.ensure_one()
        priority = next((value for value, name in PRIORITY_FIELDS.items() if self[name]), False)
        return priority, self.target

    @api.model
    def _get_criteria_fields(self):
        """ Return the names of the ticket's fields that criteria look at.

        A change of one of them chooses the ticket's policies anew; extend it with the criterion.

        :rtype: set[str]
        """
        return {
            'team_id', 'company_id', 'priority', 'ticket_type_id', 'tag_ids', 'partner_id',
            'channel',
        }

    @api.model
    def _get_matching_fields(self):
        """ Return the names of the policy's fields whose change concerns open tickets.

        :rtype: set[str]
        """
        return {
            'active', 'company_id', 'team_ids', *PRIORITY_FIELDS.values(), 'ticket_type_ids',
            'tag_ids', 'partner_ids', 'channel_ids', 'target', 'stage_id', 'time',
            'resource_calendar_id', *PAUSE_FIELDS.values(), 'warning_percentage',
        }

    @api.model
    def _get_rules(self, company, agreement):
        """ Return the policies that may apply to a ticket as the engine reads them.

        Cached: tickets come in more often than policies change. Those of other clients' agreements
        are left out here, so that choosing does not take longer with every agreement.

        :param company: the ticket's res.company
        :param agreement: its helpdesk.sla.agreement, if any
        :rtype: tuple[Rule]
        """
        given = self.env.context.get('helpdesk_sla_rules', {})
        rules = given.get(company.id) or self._get_cached_rules(company.id, self.env.lang)
        general = rules.get(False, ())
        return rules.get(agreement.id, ()) + general if agreement else general

    @tools.ormcache('company_id', 'lang')
    def _get_cached_rules(self, company_id, lang):
        return self._build_rules(company_id, lang)

    def _build_rules(self, company_id, lang):
        # sudo: helpdesk.sla - what is promised does not depend on who registers the ticket
        policies = self.sudo().with_context(lang=lang, active_test=True).search(
            [('company_id', '=', company_id)],
        )
        # what is archived is still a criterion: without it the policy would be one for everybody
        return {
            agreement.id: tuple(sla._prepare_rule() for sla in slas)
            for agreement, slas in policies.with_context(active_test=False).grouped(
                'agreement_id',
            ).items()
        }

    def _prepare_rule(self):
        """ Return this policy as the engine reads it. """
        self.ensure_one()
        return Rule(
            sla_id=self.id,
            level=self._get_level(),
            promised=self._get_target_key(),
            criteria=tuple(
                criterion for criterion in self._get_criteria() if criterion.values
            ),
            calendar_id=self.resource_calendar_id.id,
            values=self._prepare_promise_values(),
        )

    def _get_criteria(self):
        """ Return the criteria of this policy; one without values is none (sla.md, "Policies").

        A new criterion is added here, its fact in `helpdesk.ticket._get_sla_facts`, and the field
        of the ticket in `_get_criteria_fields`.

        :rtype: list[Criterion]
        """
        self.ensure_one()
        priorities = (value for value, name in PRIORITY_FIELDS.items() if self[name])
        return [
            Criterion('team', frozenset(self.team_ids.ids)),
            Criterion('priority', frozenset(priorities)),
            Criterion('ticket_type', frozenset(self.ticket_type_ids.ids)),
            Criterion('tags', frozenset(self.tag_ids.ids), needs_all=True),
            Criterion('customer', frozenset(self.partner_ids.ids)),
            Criterion('channel', frozenset(self.channel_ids.mapped('code'))),
            Criterion('agreement', frozenset(self.agreement_id.ids)),
        ]

    def _get_level(self):
        """ Return how specific this policy is; higher is more specific.

        Of several policies that promise a ticket the same thing only those of the highest level
        apply. 0: general, 10: names the client, 20: of the client's agreement. Other addons put
        their levels in between or above.

        :rtype: int
        """
        if self.agreement_id:
            return 20
        return 10 if self.partner_ids else 0

    def _get_target_key(self):
        """ Return what this policy promises, so that promises of the same thing can compete. """
        return self.target, self.stage_id.id if self.target == 'stage' else False

    def _prepare_promise_values(self):
        """ Return the copy of the promise that a status carries; the same for every ticket.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'name': self.name,
            'target': self.target,
            'stage_id': self.stage_id.id if self.target == 'stage' else False,
            'time': self.time,
            'warning_percentage': self.warning_percentage,
            **{name: self[name] for name in PAUSE_FIELDS.values()},
        }

    def preview_changes(self, changes):
        """ Tell what saving changes of a policy would mean for the open tickets.

        The changes are made, the engine is asked, and everything is taken back. Nothing is kept,
        and no other worker sees it.

        :param dict changes: values as for `write`; of a new policy, as for `create`
        :return: `total`: tickets concerned, `checked`: how many of them were looked at,
            `moved`: whose nearest deadline would be another one, of these `breached`: in the past
        :rtype: dict[str, int]
        :raise AccessError: if the user may not save the changes
        """
        if not self._get_matching_fields() & changes.keys():
            return dict.fromkeys(('total', 'checked', 'moved', 'breached'), 0)
        preview = {}
        try:
            with self.env.cr.savepoint():
                self.with_context(helpdesk_sla_preview=True)._try_changes(changes, preview)
                raise _TakeBack
        except _TakeBack:
            self.env.invalidate_all(flush=False)
        return preview

    def _try_changes(self, changes, preview):
        """ Save changes and have a number of the concerned tickets choose their policies.

        :param dict preview: what is found; see `preview_changes`
        """
        policies = self
        if self:
            self.check_access('write')
            concerned = self._get_concerned_domain(self._get_open_tickets())
            self.write(changes)
        else:
            policies = self.create(changes)
            concerned = Domain.FALSE
        concerned |= policies._get_concerned_domain()
        # sudo: helpdesk.ticket - only counted; a policy concerns tickets its author does not see
        tickets = self.env['helpdesk.ticket'].sudo().with_context(tracking_disable=True)
        total = tickets.search_count(concerned)
        tickets = tickets.search(concerned, limit=PREVIEW_LIMIT, order='id')
        before = {ticket: ticket.sla_deadline for ticket in tickets}
        tickets.sla_policies_stale = True
        tickets._sla_refresh()
        now = fields.Datetime.now()
        moved = tickets.filtered(lambda ticket: ticket.sla_deadline != before[ticket])
        breached = moved.filtered(
            lambda ticket: ticket.sla_deadline and ticket.sla_deadline < now,
        )
        preview.update(
            total=total, checked=len(tickets), moved=len(moved), breached=len(breached),
        )

    def _get_escalation_percentages(self):
        """ Return at which percentages this policy escalates, in order; cached.

        :rtype: tuple[int]
        """
        return self._get_cached_escalation_percentages(self._origin.id)

    @tools.ormcache('sla_id')
    def _get_cached_escalation_percentages(self, sla_id):
        # sudo: helpdesk.sla.escalation - the clocks run alike for everybody
        levels = self.env['helpdesk.sla.escalation'].sudo().search_fetch(
            [('sla_id', '=', sla_id)], ['percentage'],
        )
        return tuple(sorted(levels.mapped('percentage')))

    def _escalations_changed(self):
        """ Have the open tickets of these policies know of the levels they have now.

        Levels that fired do not fire again.
        """
        clear_cache(self.env)
        # sudo: helpdesk.ticket - as in _refresh_open_tickets
        self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(Domain('sla_status_ids', 'any', [
            ('sla_id', 'in', self.ids), ('result', '=', False),
        ]))

    def _get_open_tickets(self):
        """ Return the open tickets on which these policies have unfinished statuses. """
        # sudo: helpdesk.sla.status - as in _refresh_open_tickets
        return self.env['helpdesk.sla.status'].sudo().search(
            [('sla_id', 'in', self.ids), ('result', '=', False)],
        ).ticket_id

    def _refresh_open_tickets(self, tickets=None):
        """ Have the open tickets that these policies concern choose their policies anew.

        The work is done in the background; finished statuses never change.

        :param tickets: tickets that were concerned before the change of the criteria
        """
        if self.env.context.get('helpdesk_sla_preview'):
            return
        # sudo: helpdesk.ticket - a policy concerns tickets whether or not its author sees them
        self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(
            self._get_concerned_domain(tickets),
        )

    def _get_concerned_domain(self, tickets=None):
        """ Return the domain of the open tickets that these policies may apply to.

        :param tickets: tickets that are concerned all the same
        """
        domain = Domain.OR(
            Domain('company_id', '=', sla.company_id.id) & (
                Domain('team_id', 'in', sla.team_ids.ids) if sla.team_ids else Domain.TRUE
            ) & (
                Domain('commercial_partner_id', '=', sla.agreement_id.commercial_partner_id.id)
                if sla.agreement_id else Domain.TRUE
            )
            for sla in self
        ) & Domain('is_closed', '=', False)
        return domain | Domain('id', 'in', tickets.ids) if tickets else domain
