import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .helpdesk_stage import CLOSING_TYPES

_logger = logging.getLogger(__name__)

# the type of a stage -> the kind of pause that lasts while a ticket stands in it
PAUSE_KINDS = {
    'customer': 'customer',
    'third_party': 'third_party',
    'solved': 'solved',
    'cancelled': 'solved',
}


class HelpdeskTicket(models.Model):
    """ A request of a customer. Whatever the channel, it comes in through `create`. """

    _name = 'helpdesk.ticket'
    _description = "Helpdesk Ticket"
    _inherit = ['helpdesk.ticket.mail', 'mail.tracking.duration.mixin']
    _order = 'sla_deadline, priority desc, id desc'
    _rec_names_search = ['ticket_ref', 'name']
    _check_company_auto = True
    _track_duration_field = 'stage_id'

    ticket_ref = fields.Char(string="Reference", copy=False, readonly=True, index='trigram')
    name = fields.Char(string="Subject", required=True, tracking=True, index='trigram')
    description = fields.Html()
    active = fields.Boolean(default=True)
    color = fields.Integer()
    priority = fields.Selection(
        selection=[('0', "Low"), ('1', "Medium"), ('2', "High"), ('3', "Critical")],
        default='1',
        required=True,
        tracking=True,
    )
    channel = fields.Selection(
        selection=[
            ('form', "Website Form"),
            ('email', "E-mail"),
            ('chat', "Live Chat"),
            ('phone', "Phone"),
            ('portal', "Portal"),
            ('telegram', "Telegram"),
            ('other', "Other"),
        ],
        default='other',
        required=True,
    )
    ticket_type_id = fields.Many2one(
        comodel_name='helpdesk.ticket.type', string="Type", tracking=True,
        index='btree_not_null',
    )
    tag_ids = fields.Many2many(
        comodel_name='helpdesk.tag',
        relation='helpdesk_ticket_tag_rel',
        column1='ticket_id',
        column2='tag_id',
        string="Tags",
    )
    properties = fields.Properties(definition='team_id.ticket_properties', copy=True)

    team_id = fields.Many2one(
        comodel_name='helpdesk.team',
        string="Helpdesk Team",
        default=lambda self: self._default_team_id(),
        required=True,
        tracking=True,
        index=True,
        ondelete='restrict',
    )
    company_id = fields.Many2one(
        related='team_id.company_id', store=True, precompute=True, index=True,
    )
    stage_id = fields.Many2one(
        comodel_name='helpdesk.stage',
        string="Stage",
        domain="[('team_ids', '=', team_id)]",
        compute='_compute_stage_id',
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
        index=True,
        copy=False,
        ondelete='restrict',
        group_expand='_read_group_stage_id',
    )
    stage_type = fields.Selection(
        related='stage_id.stage_type', string="Stage Type", store=True, precompute=True,
    )
    is_closed = fields.Boolean(
        compute='_compute_is_closed', string="Closed", store=True, precompute=True,
    )
    user_id = fields.Many2one(
        comodel_name='res.users',
        string="Assigned to",
        domain=[('share', '=', False)],
        tracking=True,
        index='btree_not_null',
        falsy_value_label="Unassigned",
    )

    partner_id = fields.Many2one(
        comodel_name='res.partner',
        string="Customer",
        tracking=True,
        check_company=True,
        index='btree_not_null',
    )
    commercial_partner_id = fields.Many2one(
        related='partner_id.commercial_partner_id',
        string="Client",
        store=True,
        precompute=True,
        index='btree_not_null',
    )
    client_ticket_count = fields.Integer(
        related='commercial_partner_id.ticket_count',
        related_sudo=False,
        export_string_translation=False,
    )
    partner_name = fields.Char(
        string="Contact Name", compute='_compute_partner_name', store=True, readonly=False,
    )
    partner_email = fields.Char(
        string="Contact E-mail", compute='_compute_partner_email', store=True, readonly=False,
    )
    partner_phone = fields.Char(
        string="Contact Phone", compute='_compute_partner_phone', store=True, readonly=False,
    )

    open_date = fields.Datetime(
        string="Received on",
        default=fields.Datetime.now,
        required=True,
        readonly=True,
        copy=False,
        help="The SLA clocks count from this moment.",
    )
    assign_date = fields.Datetime(string="Assigned on", readonly=True, copy=False)
    first_response_date = fields.Datetime(
        string="First Answered on",
        readonly=True,
        copy=False,
        help="When a person of the company first answered in a way that the customer can see.",
    )
    close_date = fields.Datetime(string="Closed on", readonly=True, copy=False)
    reopen_date = fields.Datetime(string="Reopened on", readonly=True, copy=False)
    reopen_count = fields.Integer(string="Times Reopened", readonly=True, copy=False)
    date_last_stage_update = fields.Datetime(
        string="Last Stage Update", default=fields.Datetime.now, readonly=True, copy=False,
    )
    stage_history = fields.Json(
        copy=False,
        export_string_translation=False,
        help="Technical: the stages that the ticket entered: id, UTC time, type at that time.",
    )

    sla_status_ids = fields.One2many(
        comodel_name='helpdesk.sla.status', inverse_name='ticket_id', string="SLA", readonly=True,
    )
    sla_pause_ids = fields.One2many(
        comodel_name='helpdesk.sla.pause', inverse_name='ticket_id', string="Pauses",
        readonly=True,
    )
    sla_deadline = fields.Datetime(
        string="SLA Deadline",
        compute='_compute_sla_deadline',
        store=True,
        help="The nearest deadline of what is still promised.",
    )
    sla_warning_date = fields.Datetime(
        string="Approaching from", compute='_compute_sla_deadline', store=True,
    )
    sla_paused_since = fields.Datetime(
        string="SLA Paused since", compute='_compute_sla_deadline', store=True,
    )
    sla_result = fields.Selection(
        selection=[('reached', "Reached"), ('failed', "Failed")],
        string="SLA Result",
        compute='_compute_sla_deadline',
        store=True,
        help="Set when nothing is promised any more.",
    )
    sla_state = fields.Selection(
        selection=[
            ('breached', "Breached"),
            ('approaching', "Approaching"),
            ('running', "In time"),
            ('paused', "Paused"),
            ('failed', "Failed"),
            ('reached', "Reached"),
        ],
        string="SLA State",
        compute='_compute_sla_state',
        search='_search_sla_state',
    )
    sla_stale = fields.Boolean(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Technical: policies, working hours or closures changed since the last computation.",
    )

    _ticket_ref_uniq = models.Constraint(
        'UNIQUE (company_id, ticket_ref)',
        "A ticket with this reference already exists in the company.",
    )
    _queue_idx = models.Index('(team_id, sla_deadline) WHERE active AND NOT is_closed')
    _deadline_idx = models.Index('(sla_deadline) WHERE active AND NOT is_closed')
    _stale_idx = models.Index('(id) WHERE sla_stale')

    def _default_team_id(self):
        """ Return the user's own team, else the first one of the company. """
        teams = self.env['helpdesk.team'].search(
            [('company_id', 'in', self.env.companies.ids)],
        )
        own = teams.filtered(lambda team: self.env.user in team.sudo().member_ids)
        company = teams.filtered(lambda team: team.company_id == self.env.company)
        return ((own & company) or own or company or teams)[:1]

    # === COMPUTE METHODS === #

    @api.depends('ticket_ref', 'name')
    def _compute_display_name(self):
        for ticket in self:
            ticket.display_name = (
                f'{ticket.name} ({ticket.ticket_ref})' if ticket.ticket_ref else ticket.name
            )

    @api.depends('team_id')
    def _compute_stage_id(self):
        for ticket in self:
            # sudo: helpdesk.team - a customer's ticket gets its first stage as well
            team_sudo = ticket.team_id.sudo()
            if ticket.stage_id not in team_sudo.stage_ids:
                ticket.stage_id = team_sudo._get_first_stage()

    @api.model
    def _read_group_stage_id(self, stages, domain):
        """ Show all stages of the team whose tickets are shown, also those without tickets. """
        team_id = self.env.context.get('default_team_id')
        domain = [('team_ids', '=', team_id)] if team_id else [('team_ids', '!=', False)]
        return (stages | stages.search(domain)).sorted()

    @api.depends('stage_type')
    def _compute_is_closed(self):
        for ticket in self:
            ticket.is_closed = ticket.stage_type in CLOSING_TYPES

    @api.depends('partner_id')
    def _compute_partner_name(self):
        for ticket in self.filtered('partner_id'):
            ticket.partner_name = ticket.partner_id.name

    @api.depends('partner_id.email')
    def _compute_partner_email(self):
        for ticket in self.filtered('partner_id'):
            ticket.partner_email = ticket.partner_id.email

    @api.depends('partner_id.phone')
    def _compute_partner_phone(self):
        for ticket in self.filtered('partner_id'):
            ticket.partner_phone = ticket.partner_id.phone

    @api.depends(
        'sla_status_ids.result', 'sla_status_ids.deadline', 'sla_status_ids.warning_date',
        'sla_status_ids.paused_since',
    )
    def _compute_sla_deadline(self):
        for ticket in self:
            statuses = ticket.sla_status_ids
            unfinished = statuses.filtered(lambda status: not status.result)
            counted = {status.result for status in statuses} & {'reached', 'failed'}
            ticket.sla_deadline = min(filter(None, unfinished.mapped('deadline')), default=False)
            ticket.sla_warning_date = min(
                filter(None, unfinished.mapped('warning_date')), default=False,
            )
            ticket.sla_paused_since = min(
                filter(None, unfinished.mapped('paused_since')), default=False,
            )
            if unfinished or not counted:
                ticket.sla_result = False
            else:
                ticket.sla_result = 'failed' if 'failed' in counted else 'reached'

    @api.depends('sla_deadline', 'sla_warning_date', 'sla_paused_since', 'sla_result')
    def _compute_sla_state(self):
        now = fields.Datetime.now()
        for ticket in self:
            if ticket.sla_deadline:
                if ticket.sla_deadline < now:
                    ticket.sla_state = 'breached'
                elif ticket.sla_warning_date and ticket.sla_warning_date <= now:
                    ticket.sla_state = 'approaching'
                else:
                    ticket.sla_state = 'running'
            else:
                ticket.sla_state = 'paused' if ticket.sla_paused_since else ticket.sla_result

    def _search_sla_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        now = fields.Datetime.now()
        in_time = Domain('sla_deadline', '>=', now)
        quiet = Domain('sla_warning_date', '=', False) | Domain('sla_warning_date', '>', now)
        idle = Domain('sla_deadline', '=', False)
        finished = idle & Domain('sla_paused_since', '=', False)
        domains = {
            'breached': Domain('sla_deadline', '<', now),
            'approaching': in_time & Domain('sla_warning_date', '<=', now),
            'running': in_time & quiet,
            'paused': idle & Domain('sla_paused_since', '!=', False),
        }
        return Domain.OR(
            domains[state] if state in domains else finished & Domain('sla_result', '=', state)
            for state in value
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """ Let the SLA state be grouped and sorted by the database, the same as it is read. """
        if field_expr != 'sla_state':
            return super()._field_to_sql(alias, field_expr, query)
        column = {
            name: super(HelpdeskTicket, self)._field_to_sql(alias, name, query)
            for name in ('sla_deadline', 'sla_warning_date', 'sla_paused_since', 'sla_result')
        }
        return SQL(
            "CASE WHEN %(sla_deadline)s < %(now)s THEN 'breached'"
            " WHEN %(sla_deadline)s IS NOT NULL AND %(sla_warning_date)s <= %(now)s"
            " THEN 'approaching'"
            " WHEN %(sla_deadline)s IS NOT NULL THEN 'running'"
            " WHEN %(sla_paused_since)s IS NOT NULL THEN 'paused' ELSE %(sla_result)s END",
            **column, now=fields.Datetime.now(),
        )

    # === CONSTRAINT METHODS === #

    @api.constrains('stage_id', 'team_id')
    def _check_stage_id(self):
        # sudo: helpdesk.team - customers move their tickets in teams they cannot read
        for ticket in self.sudo().filtered('stage_id'):
            if ticket.stage_id not in ticket.team_id.stage_ids:
                raise ValidationError(self.env._(
                    "%(stage)s is not a stage of the team %(team)s.",
                    stage=ticket.stage_id.name, team=ticket.team_id.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Register requests: reference, first stage, assignee and SLA clocks included. """
        for vals in vals_list:
            self._check_engine_fields(vals)
        vals_list = [dict(vals) for vals in vals_list]
        self._complete_create_values(vals_list)
        tickets = super().create(vals_list)
        tickets._open_stage_pauses(fields.Datetime.now())
        tickets._sla_sync()
        return tickets

    def write(self, vals):
        """ Keep dates, pauses and SLA clocks in step with what is written. """
        self._check_engine_fields(vals)
        now = fields.Datetime.now()
        stages_before = {}
        if {'stage_id', 'team_id'} & vals.keys():
            stages_before = {ticket: ticket.stage_id for ticket in self}
        clients_before = {}
        if 'partner_id' in vals:
            clients_before = {ticket: ticket.commercial_partner_id for ticket in self}
        unassigned = self.browse()
        if vals.get('user_id'):
            unassigned = self.filtered(lambda ticket: not ticket.assign_date)
        result = super().write(vals)
        for ticket, client in clients_before.items():
            if client and client != ticket.commercial_partner_id:
                ticket._shut_out(client)
        if unassigned:
            # sudo: helpdesk.ticket - the dates are kept by the system, see _check_engine_fields
            unassigned.sudo().assign_date = now
        moved = self.browse(
            ticket.id for ticket, stage in stages_before.items() if ticket.stage_id != stage
        )
        if moved:
            moved._change_stage(stages_before, now)
        if self.env['helpdesk.sla']._get_criteria_fields() & vals.keys():
            self._sla_sync()
        return result

    def copy_data(self, default=None):
        return [
            {**vals, 'name': self.env._("%s (copy)", ticket.name)}
            if 'name' not in (default or {}) else vals
            for ticket, vals in zip(self, super().copy_data(default))
        ]

    def _complete_create_values(self, vals_list):
        """ Fill in what a new ticket needs, in place and for the whole batch at once.

        :param list vals_list: values of the tickets to create; changed
        """
        now = fields.Datetime.now()
        defaults = self.default_get(['team_id', 'user_id', 'stage_id'])
        by_team = defaultdict(list)
        for vals in vals_list:
            team_id = vals.get('team_id') or defaults.get('team_id')
            if not team_id:
                raise UserError(self.env._(
                    "There is no helpdesk team yet. Create one in Helpdesk > Configuration > "
                    "Helpdesk Teams, then register the ticket.",
                ))
            vals['team_id'] = team_id
            by_team[team_id].append(vals)
        by_company = defaultdict(list)
        # sudo: helpdesk.team - customers create tickets in teams whose settings they cannot read
        for team_sudo in self.env['helpdesk.team'].sudo().browse(by_team):
            team_vals_list = by_team[team_sudo.id]
            by_company[team_sudo.company_id].extend(team_vals_list)
            to_assign = [
                vals for vals in team_vals_list
                if not vals.get('user_id', defaults.get('user_id'))
            ]
            for vals, user in zip(to_assign, team_sudo._get_next_assignees(len(to_assign))):
                vals['user_id'] = user.id
            first_stage = team_sudo._get_first_stage()
            for vals in team_vals_list:
                # said, not left to the compute: the templates of stages are sent for stages that
                # the values name
                stage = first_stage.browse(vals.get('stage_id') or defaults.get('stage_id'))
                if stage not in team_sudo.stage_ids:
                    stage = first_stage
                vals['stage_id'] = stage.id
                opened = fields.Datetime.to_datetime(vals.setdefault('open_date', now))
                vals['stage_history'] = [
                    [stage.id, fields.Datetime.to_string(opened), stage.stage_type],
                ]
                vals.setdefault('date_last_stage_update', opened)
                if stage._is_closing():
                    vals.setdefault('close_date', now)
                if vals.get('user_id', defaults.get('user_id')):
                    vals.setdefault('assign_date', now)
        for company, company_vals_list in by_company.items():
            unnumbered = [vals for vals in company_vals_list if not vals.get('ticket_ref')]
            references = company._next_helpdesk_ticket_refs(len(unnumbered))
            for vals, reference in zip(unnumbered, references):
                vals['ticket_ref'] = reference

    def _get_engine_fields(self):
        """ Return the names of the fields that only the system writes.

        :rtype: set[str]
        """
        return {
            'ticket_ref', 'open_date', 'assign_date', 'first_response_date', 'close_date',
            'reopen_date', 'reopen_count', 'date_last_stage_update', 'stage_history',
            'stage_type', 'is_closed', 'company_id', 'commercial_partner_id',
            'sla_status_ids', 'sla_pause_ids', 'sla_deadline', 'sla_warning_date',
            'sla_paused_since', 'sla_result', 'sla_stale',
        }

    def _may_write_engine_fields(self):
        return self.env.su or self.env.user.has_group('helpdesk_sla.group_helpdesk_manager')

    @api.model
    def default_get(self, fields):
        """ Take no default of the user's for what only the system writes. """
        defaults = super().default_get(fields)
        if not self._may_write_engine_fields():
            for name in self._get_engine_fields() & defaults.keys():
                default = self._fields[name].default
                if default:
                    defaults[name] = default(self)
                else:
                    del defaults[name]
        return defaults

    def _check_engine_fields(self, vals):
        """ Refuse that users write by hand what the SLA clocks are read from.

        Administrators may, to import the tickets of another system.

        :raise AccessError: if a user does
        """
        names = self._get_engine_fields() & vals.keys()
        if names and not self._may_write_engine_fields():
            raise AccessError(self.env._(
                "These fields are kept by the system and cannot be changed by hand: %(names)s",
                names=', '.join(
                    self._fields[name]._description_string(self.env) for name in sorted(names)
                ),
            ))

    # === ACTION METHODS === #

    def action_assign_to_me(self):
        """ Take the tickets. """
        self.user_id = self.env.user

    def action_solve(self):
        """ Move the tickets to the solved stage of their team. """
        self._close('solved')

    def action_cancel(self):
        """ Move the tickets to the canceled stage of their team. """
        self._close('cancelled')

    def action_reopen(self):
        """ Move closed and waiting tickets back to where they are worked on. """
        self._reopen()

    def action_responded_by_phone(self):
        """ Record that a person answered the customer now, on the phone (sla.md, W2). """
        self.check_access('write')
        for ticket in self.filtered(lambda ticket: not ticket.first_response_date):
            ticket._message_log(body=self.env._("First response given by phone."))
        self._register_first_response()

    def action_view_client_tickets(self):
        """ Open all tickets of the client's contacts. """
        self.ensure_one()
        return self.commercial_partner_id.action_view_tickets()

    # === BUSINESS METHODS === #

    def _close(self, stage_type):
        """ Move the tickets to the stage of their team that closes them.

        :param str stage_type: 'solved' or 'cancelled'
        :raise UserError: if the team has no such stage
        """
        for team, tickets in self.grouped('team_id').items():
            # sudo: helpdesk.team - customers close their tickets in teams they cannot read
            stage = team.sudo()._get_closing_stage(stage_type)
            if not stage:
                raise UserError(self.env._(
                    "The team %(team)s has no stage of the type %(stage_type)s. Add one to its "
                    "pipeline first.",
                    team=team.sudo().name,
                    stage_type=dict(
                        stage._fields['stage_type']._description_selection(self.env),
                    )[stage_type],
                ))
            tickets.filtered(lambda ticket: ticket.stage_id != stage).stage_id = stage

    def _shut_out(self, client):
        """ Take the ticket away from a client who turned out not to be its customer.

        :param client: the commercial entity; its contacts follow no more, and links that they were
            sent stop working
        """
        self.ensure_one()
        # sudo: helpdesk.ticket - follows from the change of the customer, which was allowed
        ticket_sudo = self.sudo()
        ticket_sudo.message_unsubscribe(ticket_sudo.message_partner_ids.filtered(
            lambda partner: partner.partner_share and partner.commercial_partner_id == client,
        ).ids)
        ticket_sudo.access_token = False

    def _reopen(self):
        """ Move waiting and closed tickets to the reopening stage of their team. """
        for team, tickets in self.grouped('team_id').items():
            # sudo: helpdesk.team - customers reopen their tickets in teams they cannot read
            stage = team.sudo()._get_reopen_stage()
            tickets.filtered(
                lambda ticket: ticket.stage_type != 'open' and ticket.stage_id != stage,
            ).stage_id = stage

    def _portal_close(self):
        """ Close the ticket on behalf of its customer, who asked for it in the portal.

        :raise UserError: if the team does not let customers close tickets
        """
        self.ensure_one()
        # sudo: helpdesk.team - the customer does not read the settings of the team
        if not self.team_id.sudo().allow_portal_ticket_closing:
            raise UserError(self.env._(
                "This ticket cannot be closed here. Please write to us, and we will close it.",
            ))
        if not self.is_closed:
            # sudo: helpdesk.ticket - the caller has checked that this is the customer's ticket
            self.sudo()._close('solved')

    def _change_stage(self, stages_before, now):
        """ Let dates, pauses and clocks follow the tickets to their new stages.

        :param dict stages_before: the stages the tickets came from, by ticket
        :param datetime now: the moment of the change, naive UTC
        """
        stamp = fields.Datetime.to_string(now)
        # sudo: helpdesk.ticket - the dates are kept by the system, see _check_engine_fields
        moved = self.sudo()
        for ticket in moved:
            ticket.stage_history = [
                *(ticket.stage_history or []), [ticket.stage_id.id, stamp, ticket.stage_type],
            ]
        closed = moved.filtered('is_closed')
        was_closed = moved.filtered(lambda ticket: stages_before[ticket]._is_closing())
        moved.date_last_stage_update = now
        (closed - was_closed).close_date = now
        reopened = was_closed - closed
        for count, tickets in reopened.grouped('reopen_count').items():
            tickets.write({
                'close_date': False, 'reopen_date': now, 'reopen_count': count + 1,
            })
        moved._close_stage_pauses(now)
        moved._open_stage_pauses(now)
        reopened._sla_sync()
        (moved - reopened)._sla_settle()

    def _open_stage_pauses(self, now):
        """ Begin the pauses of the tickets whose stage is another's turn. """
        # sudo: helpdesk.sla.pause - the clocks are kept by the system, whoever moves the ticket
        self.env['helpdesk.sla.pause'].sudo().create([
            {
                'ticket_id': ticket.id,
                'kind': kind,
                'date_from': now,
                'reason': ticket.stage_id.name,
                'user_id': self.env.uid,
            }
            for ticket in self
            if (kind := PAUSE_KINDS.get(ticket.stage_type))
            and not ticket._get_open_pauses(kind)
        ])

    def _close_stage_pauses(self, now):
        """ End the open pauses that the tickets' stages no longer ask for. """
        # sudo: helpdesk.sla.pause - as above
        over = self.sudo().sla_pause_ids.filtered(
            lambda pause: not pause.date_to
            and pause.kind != PAUSE_KINDS.get(pause.ticket_id.stage_type),
        )
        over.date_to = now
        # the next one of this kind may begin in the same transaction: only one may be open
        over.flush_recordset(['date_to'])

    def _get_open_pauses(self, kind):
        """ Return the pauses of one kind that have not ended. """
        return self.sudo().sla_pause_ids.filtered(
            lambda pause: pause.kind == kind and not pause.date_to,
        )

    def _get_stage_histories(self):
        """ Return the stages that each ticket entered, oldest first.

        The type is that of the stage when it was entered: what a stage means today changes nothing
        of what was reached then.

        :return: by ticket: stage, type and UTC time; stages that were deleted since are left out
        :rtype: dict[helpdesk.ticket, list[tuple[helpdesk.stage, str, datetime]]]
        """
        # sudo: helpdesk.stage - the history is read by the engine
        stages = self.env['helpdesk.stage'].sudo().browse({
            stage_id
            for ticket in self
            for stage_id, _stamp, _type in ticket.stage_history or []
            if stage_id  # False: the team had no stages
        }).exists()
        by_id = {stage.id: stage for stage in stages}
        return {
            ticket: [
                (by_id[stage_id], stage_type, fields.Datetime.to_datetime(stamp))
                for stage_id, stamp, stage_type in ticket.stage_history or []
                if stage_id in by_id
            ]
            for ticket in self
        }

    def _register_first_response(self):
        """ Note that a person of the company has answered, and settle what it promised. """
        # sudo: helpdesk.ticket - the dates are kept by the system, see _check_engine_fields
        unanswered = self.sudo().filtered(lambda ticket: not ticket.first_response_date)
        if unanswered:
            unanswered.first_response_date = fields.Datetime.now()
            unanswered._sla_settle()

    # === SLA METHODS === #

    def _is_sla_applicable(self):
        """ Return whether policies apply to the ticket at all. """
        self.ensure_one()
        return self.team_id.use_sla

    def _get_sla_calendar(self, sla):
        """ Return the working hours on which a policy is counted for the ticket.

        :param sla: the helpdesk.sla
        :return: the policy's, else the team's, else the company's
        :rtype: resource.calendar
        """
        self.ensure_one()
        return (
            sla.resource_calendar_id
            or self.team_id.resource_calendar_id
            or self.company_id.resource_calendar_id
        )

    def _prepare_sla_status_values(self, sla):
        """ Return the copy of the promise that a status carries.

        :param sla: the helpdesk.sla
        :rtype: dict
        """
        self.ensure_one()
        return {
            'name': sla.name,
            'target': sla.target,
            'stage_id': sla.stage_id.id if sla.target == 'stage' else False,
            'time': sla.time,
            'warning_percentage': sla.warning_percentage,
            'pause_third_party': sla.pause_third_party,
            'resource_calendar_id': self._get_sla_calendar(sla).id,
            'start_date': self.open_date,
        }

    def _sla_sync(self):
        """ Choose the policies of the tickets anew, and bring their statuses in line.

        The one place where statuses begin, are superseded and begin their next cycle. Safe to
        run again: without a change it changes nothing.
        """
        # sudo: helpdesk.sla(.status), helpdesk.team - the engine decides for every ticket alike,
        # whoever creates or edits it; statuses are never written by users
        tickets = self.sudo()
        policies = self.env['helpdesk.sla'].sudo().with_context(active_test=True).search(
            [('company_id', 'in', tickets.company_id.ids)],
        )
        statuses = tickets.sla_status_ids
        latest = {
            (status.ticket_id, status.sla_id): status
            for status in statuses.filtered('sla_id').sorted('cycle')
        }
        to_create, applying, revived = [], statuses.browse(), statuses.browse()
        for ticket in tickets:
            for sla in policies._select(ticket) if ticket._is_sla_applicable() else ():
                status = latest.get((ticket, sla))
                values = ticket._prepare_sla_status_values(sla)
                if not status:
                    to_create.append({
                        **values, 'ticket_id': ticket.id, 'sla_id': sla.id,
                        'cycle_date': ticket.open_date,
                    })
                elif not status.result or status.result == 'superseded':
                    applying |= status
                    if status.result:
                        revived |= status
                    status._update_promise(values)
                elif ticket._begins_next_cycle(status):
                    to_create.append({
                        **values, 'ticket_id': ticket.id, 'sla_id': sla.id,
                        'cycle': status.cycle + 1, 'cycle_date': ticket.reopen_date,
                    })
        (statuses - applying)._finish('superseded')
        begun = statuses.create(to_create) | revived
        tickets._sla_settle()
        # what begins only now, and was kept before the ticket was reopened, is owed once more
        again = begun.filtered('result').ticket_id.filtered('reopen_date')
        if again:
            again._sla_sync()
        tickets._report_empty_calendars()

    def _begins_next_cycle(self, status):
        """ Return whether a finished promise is owed once more, because the ticket was reopened.

        What was reached for good (an answer, a stage on the way) is not; a solution is.

        :param status: the latest helpdesk.sla.status of its policy, finished
        """
        self.ensure_one()
        if status.cycle > self.reopen_count or status.end_date > self.reopen_date:
            return False
        return (
            not status.reached_date
            or status.target == 'resolution'
            or (status.target == 'stage' and status.stage_id.stage_type == 'solved')
        )

    def _sla_settle(self):
        """ End the statuses of the tickets whose targets their history has reached. """
        # sudo: helpdesk.sla.status - see _sla_sync
        self.sudo().sla_status_ids._settle()

    def _report_empty_calendars(self):
        """ Tell the leaders of teams whose working hours contain no working time. """
        empty = self.sla_status_ids.filtered(
            lambda status: not status.result
            and not status.deadline
            and not status.paused_since
            and status.resource_calendar_id,
        )
        empty.team_id._report_calendar_without_hours()

    def _get_portal_promises(self):
        """ Return what the customer was promised, for the portal (requirements W12).

        :return: one dict a promise, the nearest first: `label`, `target`, `state` (as of the
            status), `deadline` and `paused_since` (naive UTC, or False)
        :rtype: list[dict]
        """
        self.ensure_one()
        # sudo: helpdesk.sla.status - the promise is made to the customer, who sees this ticket
        statuses = self.sudo().sla_status_ids.filtered(
            lambda status: status.result not in ('cancelled', 'superseded'),
        )
        latest = {status.sla_id or status: status for status in statuses.sorted('cycle')}
        labels = {
            'first_response': self.env._("We answer by"),
            'resolution': self.env._("We solve it by"),
        }
        # of several promises of the same thing the customer sees the one that comes first
        promises = {}
        for status in sorted(latest.values(), key=lambda status: (
            bool(status.result), not status.deadline, status.deadline,
        )):
            promises.setdefault((status.target, status.stage_id), {
                'label': labels.get(status.target) or self.env._(
                    "%(stage)s by", stage=status.stage_id.name or status.name,
                ),
                'target': status.target,
                'state': status.state,
                'deadline': status.deadline,
                'paused_since': status.paused_since,
            })
        return list(promises.values())

    def _sla_message_posted(self, message):
        """ Let a message in the thread drive the clocks (sla.md, "The life of a status").

        :param message: the mail.message that was posted on this ticket
        """
        self.ensure_one()
        # sudo: helpdesk.ticket - the message was allowed; what it means for the clocks is not a
        # matter of the author's rights
        ticket = self.sudo()
        if ticket._is_agent_message(message):
            ticket._register_first_response()
        elif ticket._is_customer_message(message) and (
            ticket.stage_type == 'customer' or ticket.is_closed
        ):
            ticket._reopen()

    @api.model
    def _mark_for_sla_refresh(self, domain):
        """ Have the policies and deadlines of tickets looked at again, in the background.

        One statement marks any number of tickets.

        :param Domain domain: which tickets
        """
        query = self.with_context(active_test=False)._search(domain)
        marked = self.env.execute_query(SQL(
            "UPDATE helpdesk_ticket SET sla_stale = TRUE"
            " WHERE id IN %s AND sla_stale IS NOT TRUE RETURNING id",
            query.subselect(),
        ))
        if marked:
            self.browse(id_ for id_, in marked).invalidate_recordset(['sla_stale'])
            self.env.ref('helpdesk_sla.ir_cron_sla_refresh')._trigger()

    def _sla_refresh(self):
        """ Compute policies and deadlines anew; finished statuses never change. """
        unfinished = self.sla_status_ids.filtered(lambda status: not status.result)
        unfinished._recompute_clock()
        self._sla_sync()
        self.sla_stale = False

    # === CRON METHODS === #

    @api.model
    def _cron_sla_refresh(self, batch_size=500):
        """ Work off the tickets that are marked, in batches that are kept as they are done.

        A job that is killed goes on with the next batch; a ticket that another worker holds is
        left to the next run.
        """
        # archived tickets too; but nothing else that is archived counts for their clocks
        tickets = self.with_context(active_test=False)
        stale = Domain('sla_stale', '=', True)
        remaining = tickets.search_count(stale)
        self.env['ir.cron']._commit_progress(remaining=remaining)
        while remaining:
            batch = tickets.search(stale, limit=batch_size, order='id').try_lock_for_update()
            if not batch:
                break
            failed = batch.with_context(
                active_test=True, tracking_disable=True,
            )._sla_refresh_each()
            # one that cannot be computed must not stop the others
            stale &= Domain('id', 'not in', failed.ids)
            remaining = tickets.search_count(stale)
            if not self.env['ir.cron']._commit_progress(
                len(batch) - len(failed), remaining=remaining,
            ):
                break

    def _sla_refresh_each(self):
        """ Refresh the tickets at once or, where that fails, one by one.

        :return: the tickets that could not be refreshed; they stay marked, and the log says why
        """
        try:
            with self.env.cr.savepoint():
                self._sla_refresh()
        except OperationalError:
            # two workers met: the job is run again as a whole
            raise
        except Exception:
            if len(self) > 1:
                return self.browse().union(*(ticket._sla_refresh_each() for ticket in self))
            _logger.exception("The SLA of ticket %s could not be computed", self.ticket_ref)
            return self
        return self.browse()
