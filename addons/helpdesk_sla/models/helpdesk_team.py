from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.caches import clear_cache


class HelpdeskTeam(models.Model):
    _name = 'helpdesk.team'
    _description = "Helpdesk Team"
    _inherit = [
        'helpdesk.team.wall',
        'helpdesk.team.mail',
        'mail.alias.mixin.optional',
        'mail.thread',
        'mail.activity.mixin',
        'rating.parent.mixin',
    ]
    _order = 'sequence, name, id'
    _check_company_auto = True
    _rating_satisfaction_days = 30

    name = fields.Char(required=True, translate=True)
    description = fields.Html(translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    company_id = fields.Many2one(
        comodel_name='res.company',
        default=lambda self: self._default_company_id(),
        required=True,
        index=True,
    )

    member_ids = fields.Many2many(
        comodel_name='res.users',
        relation='helpdesk_team_member_rel',
        column1='team_id',
        column2='user_id',
        string="Team Members",
        domain=[('share', '=', False)],
        check_company=True,
    )
    leader_id = fields.Many2one(
        comodel_name='res.users',
        string="Team Leader",
        domain=[('share', '=', False)],
        check_company=True,
        index='btree_not_null',
    )
    privacy_visibility = fields.Selection(
        selection=[
            ('invited_internal', "Invited internal users"),
            ('internal', "All internal users"),
            ('portal', "Invited portal users and all internal users"),
        ],
        string="Visibility",
        default='portal',
        required=True,
        help="Invited users are the members, the leader and the followers of the team, and those "
             "who follow a ticket. Customers see their own tickets in the portal only when portal "
             "users are invited.",
    )

    stage_ids = fields.Many2many(
        comodel_name='helpdesk.stage',
        relation='helpdesk_team_stage_rel',
        column1='team_id',
        column2='stage_id',
        string="Stages",
        default=lambda self: self._default_stage_ids(),
    )
    reopen_stage_id = fields.Many2one(
        comodel_name='helpdesk.stage',
        string="Reopening Stage",
        domain="[('id', 'in', stage_ids), ('stage_type', '=', 'open')]",
        compute='_compute_reopen_stage_id',
        store=True,
        readonly=False,
        help="Where a ticket goes when the customer answers it while it waits for the customer, "
             "or after it was closed.",
    )
    resource_calendar_id = fields.Many2one(
        comodel_name='resource.calendar',
        string="Working Hours",
        default=lambda self: self._default_resource_calendar_id(),
        check_company=True,
        help="The SLA clocks of the team run in these hours. Empty: the company's working hours.",
    )
    use_sla = fields.Boolean(string="SLA Policies", default=True)
    sla_policy_ids = fields.Many2many(
        comodel_name='helpdesk.sla',
        relation='helpdesk_sla_team_rel',
        column1='team_id',
        column2='sla_id',
        string="SLA Policies of the Team",
    )
    assign_method = fields.Selection(
        selection=[
            ('manual', "By hand"),
            ('randomly', "Each member gets an equal number of tickets"),
            ('balanced', "The member with the fewest open tickets gets the next one"),
        ],
        string="Assignment",
        default='manual',
        required=True,
        help="Members on time off are skipped.",
    )
    last_assigned_user_id = fields.Many2one(
        comodel_name='res.users',
        copy=False,
        readonly=True,
        export_string_translation=False,
        help="Technical: whose turn it was. Writing it makes concurrent assignments wait for, and "
             "see, each other.",
    )
    use_rating = fields.Boolean(
        string="Customer Ratings",
        default=True,
        help="Ask the customer for a rating when a ticket is solved.",
    )
    allow_portal_ticket_closing = fields.Boolean(
        string="Closure by Customers",
        default=True,
        help="Customers can close their own tickets in the portal.",
    )
    followup_step_ids = fields.One2many(
        comodel_name='helpdesk.followup.step', inverse_name='team_id', string="Follow-up",
        copy=True,
        help="What happens while a customer owes an answer. Empty: nothing.",
    )
    ticket_properties = fields.PropertiesDefinition(string="Ticket Properties")

    ticket_ids = fields.One2many(comodel_name='helpdesk.ticket', inverse_name='team_id')
    open_ticket_count = fields.Integer(compute='_compute_ticket_counts')
    my_ticket_count = fields.Integer(compute='_compute_ticket_counts')
    unassigned_ticket_count = fields.Integer(compute='_compute_ticket_counts')
    urgent_ticket_count = fields.Integer(compute='_compute_ticket_counts')
    approaching_ticket_count = fields.Integer(compute='_compute_ticket_counts')
    breached_ticket_count = fields.Integer(compute='_compute_ticket_counts')
    waiting_customer_ticket_count = fields.Integer(compute='_compute_ticket_counts')
    solved_week_ticket_count = fields.Integer(compute='_compute_ticket_counts')

    def _default_company_id(self):
        return self.env.company

    def _default_resource_calendar_id(self):
        calendar = self.env.company.resource_calendar_id
        try:
            calendar._check_sla_calendar()
        except ValidationError:
            # a company on flexible hours still gets its team; the clocks then run around the clock
            # only until somebody chooses hours
            return self.env['resource.calendar']
        return calendar

    def _default_stage_ids(self):
        """ Return the stages of the default pipeline that are still in use. """
        xmlids = ('new', 'in_progress', 'awaiting_customer', 'solved', 'cancelled')
        stages = [
            self.env.ref(f'helpdesk_sla.stage_{xmlid}', raise_if_not_found=False)
            for xmlid in xmlids
        ]
        return self.env['helpdesk.stage'].union(*filter(None, stages)).filtered('active')

    # === COMPUTE METHODS === #

    @api.depends('stage_ids.stage_type', 'stage_ids.sequence')
    def _compute_reopen_stage_id(self):
        for team in self:
            if team.reopen_stage_id not in team.stage_ids:
                # the first stage is where nobody has looked yet; somebody has
                stages = team.stage_ids.filtered(
                    lambda stage: stage.stage_type == 'open',
                ).sorted()
                team.reopen_stage_id = stages[1:2] or stages[:1]

    @api.depends_context('uid')
    def _compute_ticket_counts(self):
        for fname, domain in self._get_ticket_count_domains().items():
            counts = dict(self.env['helpdesk.ticket']._read_group(
                domain & Domain('team_id', 'in', self.ids), ['team_id'], ['__count'],
            ))
            for team in self:
                team[fname] = counts.get(team._origin, 0)

    @api.model
    def _get_ticket_count_domains(self):
        """ Return what the cards of the dashboard count: the counters with their domains.

        :rtype: dict[str, Domain]
        """
        is_open = self.env['helpdesk.ticket']._get_open_domain()
        return {
            'open_ticket_count': is_open,
            'my_ticket_count': is_open & Domain('user_id', '=', self.env.uid),
            'unassigned_ticket_count': is_open & Domain('user_id', '=', False),
            'urgent_ticket_count': is_open & Domain('priority', '=', '3'),
            'approaching_ticket_count': is_open & Domain('sla_state', '=', 'approaching'),
            'breached_ticket_count': is_open & Domain('sla_state', '=', 'breached'),
            'waiting_customer_ticket_count': is_open & Domain('stage_type', '=', 'customer'),
            'solved_week_ticket_count': (
                Domain('stage_type', '=', 'solved') & Domain('close_date', '>=', 'today -7d')
            ),
        }

    # === CONSTRAINT METHODS === #

    @api.constrains('resource_calendar_id')
    def _check_resource_calendar_id(self):
        self.resource_calendar_id._check_sla_calendar()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self._visibility_changed()
        return teams

    def copy_data(self, default=None):
        return [
            {**vals, 'name': self.env._("%s (copy)", team.name)}
            if 'name' not in (default or {}) else vals
            for team, vals in zip(self, super().copy_data(default))
        ]

    def write(self, vals):
        policies_before = self.sla_policy_ids if 'sla_policy_ids' in vals else None
        result = super().write(vals)
        if {'privacy_visibility', 'member_ids', 'leader_id'} & vals.keys():
            self._visibility_changed()
        if policies_before is not None:
            # what changes is the policies, with the rights and the effects of that
            changed = (policies_before | self.sla_policy_ids) - (
                policies_before & self.sla_policy_ids
            )
            if changed:
                changed.check_access('write')
                clear_cache(self.env)
                changed._refresh_open_tickets(changed._get_open_tickets())
        if {'company_id', 'resource_calendar_id', 'use_sla'} & vals.keys():
            self.env['helpdesk.ticket']._mark_for_sla_refresh(
                Domain('team_id', 'in', self.ids) & Domain('is_closed', '=', False),
            )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_promised(self):
        """ Keep policies from becoming policies for every team because theirs is gone. """
        # sudo: helpdesk.sla - also policies that the user does not see
        policies = self.sudo().with_context(active_test=False).sla_policy_ids
        if policies:
            raise UserError(self.env._(
                "SLA policies are for this team: %(policies)s. Change them first, or archive the "
                "team instead.",
                policies=', '.join(policies.mapped('name')),
            ))

    # === ACTION METHODS === #

    def action_use_usual_followup(self):
        """ Remind twice and then close, where the team has no follow-up yet. """
        self.check_access('write')
        self.env['helpdesk.followup.step'].create([
            {'team_id': team.id, 'sequence': 10 * number, 'days': days, 'action': action}
            for team in self if not team.followup_step_ids
            for number, (days, action) in enumerate((
                (3, 'remind'), (3, 'remind'), (5, 'close'),
            ), start=1)
        ])

    def action_view_tickets(self):
        """ Open the team's tickets; the context key `ticket_filter` names the search filter. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'helpdesk_sla.helpdesk_ticket_action_team',
        )
        action['display_name'] = self.name
        action['domain'] = [('team_id', '=', self.id)]
        action['context'] = self._get_ticket_action_context()
        return action

    def _get_ticket_action_context(self):
        """ Return the context with which the tickets of the team are opened.

        :rtype: dict
        """
        ticket_filter = self.env.context.get('ticket_filter', 'open')
        filters = {ticket_filter}
        if ticket_filter in ('mine', 'unassigned', 'urgent'):
            # the card counts what is still to do; the filter alone also finds what is done
            filters.add('open')
        return {
            'default_team_id': self.id,
            'default_channel': 'phone',
            **{f'search_default_{name}': 1 for name in filters},
        }

    def action_view_policies(self):
        """ Open the SLA policies that can apply to the team's tickets. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('helpdesk_sla.helpdesk_sla_action')
        action['domain'] = [('team_ids', 'in', [self.id, False])]
        action['context'] = {'default_team_ids': self.ids, 'default_company_id': self.company_id.id}
        return action

    def action_take_next_ticket(self):
        """ Take the most urgent ticket that nobody has taken. """
        return self.env['helpdesk.ticket'].action_take_next_ticket()

    # === BUSINESS METHODS === #

    def _get_answer_deadline(self, channel):
        """ Return by when whoever writes now is promised an answer.

        What holds for everybody; the agreement of a client may promise more.

        :param str channel: of the ticket that it would be
        :return: naive UTC, or False without a team or such a promise
        """
        if not self:
            return False
        # sudo: helpdesk.ticket, helpdesk.sla.status - never stored; the promise is public
        ticket = self.env['helpdesk.ticket'].sudo().new({
            'team_id': self.id, 'company_id': self.company_id.id, 'channel': channel,
            'open_date': fields.Datetime.now(), 'priority': '1',
        })
        statuses = self.env['helpdesk.sla.status'].sudo()
        deadlines = [
            statuses.new({**ticket._prepare_sla_status_values(rule), 'ticket_id': ticket}).deadline
            for rule in ticket._select_sla_rules() if rule.values['target'] == 'first_response'
        ]
        return min(filter(None, deadlines), default=False)

    @api.model
    def _visibility_changed(self):
        """ Have the record rules look anew for the teams that are open to a user. """
        self.env['res.users'].invalidate_model(
            ['helpdesk_team_ids', 'is_every_helpdesk_team_open'],
        )
        clear_cache(self.env)

    def _get_first_stage(self):
        """ Return the stage in which a new ticket stands; none for a team without stages. """
        return self.stage_ids.sorted()[:1]

    def _get_reopen_stage(self):
        """ Return the stage to which a customer's answer brings a waiting or closed ticket. """
        return self.reopen_stage_id or self._get_first_stage()

    def _get_closing_stage(self, stage_type='solved'):
        """ Return the first stage of the team that closes a ticket as `stage_type`. """
        return self.stage_ids.filtered(lambda stage: stage.stage_type == stage_type).sorted()[:1]

    def _get_assignable_members(self):
        """ Return the active members who are not away now. """
        self.ensure_one()
        # sudo: res.users - whether a colleague is away decides who gets the ticket; nothing of the
        # absence is shown
        members = self.sudo().member_ids.filtered('active')
        return (members - self._get_absent_users(members)).sorted('id')

    @api.model
    def _get_absent_users(self, users):
        """ Return those of the users who are on time off now, or have said that they are away.

        :param users: the res.users in question
        """
        now = fields.Datetime.now()
        # sudo: resource.calendar.leaves, res.users - as above
        absences = self.env['resource.calendar.leaves'].sudo().search([
            ('resource_id.user_id', 'in', users.ids),
            ('date_from', '<=', now),
            ('date_to', '>', now),
        ])
        return absences.resource_id.user_id | users.sudo().filtered('is_out_of_office')

    def _get_preferred_assignees(self, customers):
        """ Return who should rather get the tickets of some customers than whose turn it is.

        Nobody, unless an addon knows better; those who are no members or away are left out.

        :param customers: res.partner records, as superuser
        :rtype: dict[res.partner, res.users]
        """
        return {}

    def _get_next_assignees(self, count, customers=()):
        """ Return who gets the next tickets of this team, in turn.

        The pointer on the team is written, so that another worker that assigns at the same moment
        has to wait and is then retried with what this one decided (PostgreSQL refuses the second
        update under repeatable read, and Odoo runs the request again).

        :param int count: number of tickets
        :param list customers: the res.partner of each ticket, empty if unknown; some are rather
            served by certain members
        :return: one user a ticket; empty when nobody is there, or the team assigns by hand
        :rtype: list[res.users]
        """
        self.ensure_one()
        members = self._get_assignable_members() if self.assign_method != 'manual' else []
        if not members or not count:
            return []
        self.env.execute_query(SQL(
            "UPDATE helpdesk_team SET last_assigned_user_id = last_assigned_user_id "
            "WHERE id = %s RETURNING id",
            self.id,
        ))
        loads = dict.fromkeys(members, 0)
        if self.assign_method == 'balanced':
            # sudo: helpdesk.ticket - the load counts tickets whether or not the creator sees them
            loads.update(self.env['helpdesk.ticket'].sudo()._read_group(
                [('user_id', 'in', members.ids), ('is_closed', '=', False)],
                ['user_id'], ['__count'],
            ))
        # sudo: helpdesk.team - the pointer belongs to the assignment, not to the ticket's creator
        team_sudo = self.sudo()
        last_id = team_sudo.last_assigned_user_id.id or 0
        # sudo: res.partner - who serves a customer does not depend on who may read its card
        preferred = self._get_preferred_assignees(
            self.env['res.partner'].sudo().union(*customers),
        )
        assignees = []
        for index in range(count):
            candidates = members
            if preferred and index < len(customers):
                candidates = members & preferred.get(customers[index], members) or members
            # among the least loaded, the next one after the last who got a ticket
            user = min(candidates, key=lambda user: (loads[user], user.id <= last_id, user.id))
            loads[user] += 1
            last_id = user.id
            assignees.append(user)
        team_sudo.last_assigned_user_id = last_id
        return assignees

    def _report_calendar_without_hours(self):
        """ Tell the leaders that deadlines of the team can not be computed (sla.md rule 4). """
        for team in self:
            if not team.activity_ids.filtered(lambda act: act.automated and act.active):
                team.activity_schedule(
                    'mail.mail_activity_data_warning',
                    summary=self.env._("Working hours without a working time"),
                    note=self.env._(
                        "The SLA deadlines of this team are empty: its working hours contain no "
                        "working time. Choose other working hours, or add some to them.",
                    ),
                    user_id=team._get_responsible_user().id,
                )

    def _get_responsible_user(self):
        """ Return whom to tell about the team: its leader, else an administrator. """
        self.ensure_one()
        if self.leader_id.active:
            return self.leader_id
        # sudo: res.groups - who set off the message may be a customer
        managers = self.env.ref('helpdesk_sla.group_helpdesk_manager').sudo().all_user_ids
        of_company = managers.filtered(lambda user: self.company_id in user.company_ids)
        return (of_company or managers)[:1]

    # === MAIL METHODS === #

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values['alias_model_id'] = self.env['ir.model']._get_id('helpdesk.ticket')
        if self.id:
            values['alias_defaults'] = defaults = literal_eval(self.alias_defaults or '{}')
            defaults['team_id'] = self.id
        return values
