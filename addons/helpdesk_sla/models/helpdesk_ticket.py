from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import phone_number
from .helpdesk_stage import CLOSING_TYPES


class HelpdeskTicket(models.Model):
    """ A request of a customer. Whatever the channel, it comes in through `create`. """

    _name = 'helpdesk.ticket'
    _description = "Helpdesk Ticket"
    _inherit = [
        'helpdesk.engine.mixin',
        'helpdesk.ticket.portal',
        'helpdesk.ticket.key.user',
        'helpdesk.ticket.followup',
        'helpdesk.ticket.snooze',
        'helpdesk.ticket.checklist',
        'helpdesk.ticket.answer',
        'helpdesk.ticket.call',
        'helpdesk.ticket.queue',
        'helpdesk.ticket.agreement',
        'helpdesk.sla.mixin',
        'helpdesk.ticket.merge',
        'helpdesk.ticket.measure',
        'mail.tracking.duration.mixin',
    ]
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
    # tracked when the team changes: read along with the rest, not in a query of its own
    properties = fields.Properties(
        definition='team_id.ticket_properties', copy=True, prefetch=True,
    )

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
        string="Contact Name", compute='_compute_partner_name', store=True, precompute=True,
        readonly=False,
    )
    partner_email = fields.Char(
        string="Contact E-mail", compute='_compute_partner_email', store=True, precompute=True,
        readonly=False,
    )
    partner_phone = fields.Char(
        string="Contact Phone", compute='_compute_partner_phone', store=True, precompute=True,
        readonly=False,
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
    customer_waiting_since = fields.Datetime(
        string="Customer Waiting since",
        readonly=True,
        copy=False,
        help="When the customer wrote the oldest message that nobody has answered yet.",
    )
    last_response_date = fields.Datetime(string="Last Answered on", readonly=True, copy=False)
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

    _ticket_ref_uniq = models.Constraint(
        'UNIQUE (company_id, ticket_ref)',
        "A ticket with this reference already exists in the company.",
    )
    # in the words of the domains: `NOT is_closed` would serve no search for what is not closed
    _queue_idx = models.Index(
        '(team_id, sla_deadline, priority DESC, id DESC)'
        ' WHERE active IS TRUE AND is_closed IS NOT TRUE',
    )
    _deadline_idx = models.Index(
        '(sla_deadline, priority DESC, id DESC) WHERE active IS TRUE AND is_closed IS NOT TRUE',
    )
    _order_idx = models.Index('(sla_deadline, priority DESC, id DESC) WHERE active IS TRUE')
    _closed_idx = models.Index(
        '(team_id, close_date) WHERE active IS TRUE AND close_date IS NOT NULL',
    )
    _stale_idx = models.Index('(id) WHERE sla_stale')
    _phone_idx = models.Index(
        f"({phone_number.get_key_sql('partner_phone')})"
        " WHERE active IS TRUE AND is_closed IS NOT TRUE AND partner_id IS NULL",
    )
    _snooze_idx = models.Index('(snooze_date) WHERE snooze_date IS NOT NULL')

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
        tickets._begin_key_user_turns()
        tickets.filtered(lambda ticket: ticket.stage_type == 'customer').sudo()._restart_followup()
        tickets._sla_sync()
        tickets._tell_key_users()
        return tickets

    def write(self, vals):
        """ Keep dates, pauses and SLA clocks in step with what is written. """
        self._check_engine_fields(vals)
        if vals.get('first_response_date'):
            vals = {'customer_waiting_since': False, **vals}
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
        asked = ['user_id', 'stage_id', 'partner_id']
        if not all(vals.get('team_id') for vals in vals_list):
            asked.append('team_id')
        defaults = self.default_get(asked)
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
            customers = [
                self.env['res.partner'].browse(
                    vals.get('partner_id', defaults.get('partner_id')) or (),
                )
                for vals in to_assign
            ]
            for vals, user in zip(
                to_assign, team_sudo._get_next_assignees(len(to_assign), customers),
            ):
                vals['user_id'] = user.id
            for vals in team_vals_list:
                self._complete_stage_values(
                    vals, team_sudo, vals.get('stage_id') or defaults.get('stage_id'), now,
                )
                if vals.get('user_id', defaults.get('user_id')):
                    vals.setdefault('assign_date', now)
        for company, company_vals_list in by_company.items():
            unnumbered = [vals for vals in company_vals_list if not vals.get('ticket_ref')]
            references = company._next_helpdesk_ticket_refs(len(unnumbered))
            for vals, reference in zip(unnumbered, references):
                vals['ticket_ref'] = reference

    def _complete_stage_values(self, vals, team, stage_id, now):
        """ Fill in the stage of a new ticket, and the dates that follow from it.

        :param dict vals: values of the ticket to create; changed
        :param team: its helpdesk.team
        :param stage_id: the stage that is asked for, if any
        :param datetime now: naive UTC
        """
        # said, not left to the compute: the templates of stages are sent for stages that the
        # values name
        stage = team.stage_ids.filtered(lambda stage: stage.id == stage_id)
        stage = stage or team._get_first_stage()
        opened = fields.Datetime.to_datetime(vals.setdefault('open_date', now))
        vals['stage_id'] = stage.id
        # the history of a ticket that comes from another system is known already
        vals.setdefault('stage_history', [
            [stage.id, fields.Datetime.to_string(opened), stage.stage_type],
        ])
        vals.setdefault('date_last_stage_update', opened)
        if stage._is_closing():
            vals.setdefault('close_date', now)
        elif not vals.get('first_response_date'):
            vals.setdefault('customer_waiting_since', opened)

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'ticket_ref', 'open_date', 'assign_date', 'first_response_date',
            'customer_waiting_since', 'last_response_date', 'close_date',
            'reopen_date', 'reopen_count', 'date_last_stage_update', 'stage_history',
            'stage_type', 'is_closed', 'company_id', 'commercial_partner_id', 'agreement_id',
            'merged_into_id', 'sla_status_ids', 'sla_pause_ids', 'sla_deadline',
            'sla_warning_date', 'sla_paused_since', 'sla_result', 'sla_stale',
            'sla_policies_stale', 'portal_client_id', 'key_user_state',
            'followup_start', 'followup_count', 'is_closed_unanswered',
            *self._get_measure_fields(),
        }

    @api.model
    def _may_write_engine_fields(self):
        """ Let administrators write what the SLA clocks are read from, to import tickets. """
        return super()._may_write_engine_fields() or self.env.user.has_group(
            'helpdesk_sla.group_helpdesk_manager',
        )

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
        self._check_not_merged()
        self._reopen()

    def action_responded_by_phone(self):
        """ Record that a person answered the customer now, on the phone (sla.md, W2). """
        self.check_access('write')
        answered = self.filtered(
            lambda ticket: not ticket.first_response_date or ticket.customer_waiting_since,
        )
        answered._log_notes(dict.fromkeys(answered, self.env._("Answered by phone.")))
        answered._register_response()

    def action_pause_sla(self):
        """ Ask why the clocks of the tickets stand still. """
        self.check_access('write')
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla.helpdesk_sla_pause_wizard_action',
            ),
            'context': {'default_ticket_ids': self.ids},
        }

    def action_resume_sla(self):
        """ End what was paused by hand and has begun. """
        self.check_access('write')
        ended = self._end_manual_pauses(fields.Datetime.now())
        resumed = ended.ticket_id.with_env(self.env)
        resumed._log_notes(dict.fromkeys(resumed, self.env._("The SLA clock runs again.")))

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
        for team, tickets in self._filter_not_merged().grouped('team_id').items():
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
            self.sudo()._settle_at_client()
            self.sudo()._close('solved')

    def _change_stage(self, stages_before, now):
        """ Let dates, pauses and clocks follow the tickets to their new stages.

        :param dict stages_before: the stages the tickets came from, by ticket
        :param datetime now: the moment of the change, naive UTC
        """
        stamp = fields.Datetime.to_string(now)
        # sudo: helpdesk.ticket - the dates are kept by the system (_check_engine_fields), untracked
        moved = self.sudo().with_context(tracking_disable=True)
        for ticket in moved:
            ticket.write({
                'stage_history': [
                    *(ticket.stage_history or []), [ticket.stage_id.id, stamp, ticket.stage_type],
                ],
                'date_last_stage_update': now,
            })
        closed = moved.filtered('is_closed')
        was_closed = moved.filtered(lambda ticket: stages_before[ticket]._is_closing())
        newly_closed = closed - was_closed
        newly_closed.write({'close_date': now, 'customer_waiting_since': False})
        newly_closed._end_manual_pauses(now)
        newly_closed.with_env(self.env(su=True))._tell_blocked_tickets()
        reopened = was_closed - closed
        for count, tickets in reopened.grouped('reopen_count').items():
            tickets.write({
                'close_date': False, 'reopen_date': now, 'reopen_count': count + 1,
            })
        (newly_closed | reopened)._end_key_user_turn()
        moved._close_stage_pauses(now)
        moved._open_stage_pauses(now)
        moved._restart_followup()
        reopened._sla_sync()
        (moved - reopened)._sla_settle()
