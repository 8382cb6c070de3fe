from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .helpdesk_sla_pause import PAUSE_FIELDS

# the ticket's selection value -> the policy's criterion
PRIORITY_FIELDS = {
    '0': 'priority_low',
    '1': 'priority_medium',
    '2': 'priority_high',
    '3': 'priority_critical',
}


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
        string="Ticket Types",
    )
    tag_ids = fields.Many2many(
        comodel_name='helpdesk.tag',
        relation='helpdesk_sla_tag_rel',
        column1='sla_id',
        column2='tag_id',
        string="Tags",
        help="The ticket must have all of them.",
    )
    partner_ids = fields.Many2many(
        comodel_name='res.partner',
        relation='helpdesk_sla_partner_rel',
        column1='sla_id',
        column2='partner_id',
        string="Customers",
        help="A policy that names the customer replaces the general policies with the same target.",
    )
    channel_ids = fields.Many2many(
        comodel_name='helpdesk.channel',
        relation='helpdesk_sla_channel_rel',
        column1='sla_id',
        column2='channel_id',
        string="Channels",
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

    # === COMPUTE METHODS === #

    @api.depends('time')
    def _compute_time_seconds(self):
        for sla in self:
            sla.time_seconds = round(sla.time * 3600)

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
        slas._refresh_open_tickets()
        return slas

    def write(self, vals):
        changes = self._get_matching_fields() & vals.keys()
        tickets_before = self._get_open_tickets() if changes else self.env['helpdesk.ticket']
        result = super().write(vals)
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
        tickets = self._get_open_tickets()
        # sudo: helpdesk.sla.status - kept by the system; the policy may be deleted, see above
        self.env['helpdesk.sla.status'].sudo().search(
            [('sla_id', 'in', self.ids), ('result', '=', False)],
        )._finish('superseded')
        # what they replaced applies again
        tickets._mark_for_sla_refresh(Domain('id', 'in', tickets.ids))
        return super().unlink()

    # === BUSINESS METHODS === #

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

    def _matches(self, ticket):
        """ Return whether all criteria of this policy hold for a ticket (sla.md, "Policies").

        Reads only fields, so that a batch of tickets costs no query per ticket.

        :param ticket: a single helpdesk.ticket
        :rtype: bool
        """
        self.ensure_one()
        priorities = {value for value, name in PRIORITY_FIELDS.items() if self[name]}
        return (
            self.company_id == ticket.company_id
            and (not self.team_ids or ticket.team_id in self.team_ids)
            and (not priorities or ticket.priority in priorities)
            and (not self.ticket_type_ids or ticket.ticket_type_id in self.ticket_type_ids)
            and self.tag_ids <= ticket.tag_ids
            and (not self.partner_ids or self._names_customer(ticket))
            and (not self.channel_ids or ticket.channel in self.channel_ids.mapped('code'))
        )

    def _names_customer(self, ticket):
        """ Return whether this policy names the ticket's contact or its commercial entity. """
        return bool(
            self.partner_ids & (ticket.partner_id | ticket.commercial_partner_id),
        )

    def _get_level(self, ticket):
        """ Return how specific this policy is to a ticket that it matches; higher is more specific.

        For each target only the policies of the highest level apply. 0: general, 10: names the
        client. Other addons put their levels in between or above.

        :rtype: int
        """
        return 10 if self.partner_ids else 0

    def _get_target_key(self):
        """ Return what this policy promises, so that promises of the same thing can compete. """
        return self.target, self.stage_id.id if self.target == 'stage' else False

    def _select(self, ticket):
        """ Return those of the policies that apply to a ticket.

        For each target the most specific level only; inside one level all that match.

        :param ticket: a single helpdesk.ticket
        :rtype: helpdesk.sla
        """
        # what is archived is still a criterion: without it the policy would be one for everybody
        ticket = ticket.with_context(active_test=False)
        levels = {}
        for sla in self.with_context(active_test=False):
            if sla._matches(ticket):
                by_level = levels.setdefault(sla._get_target_key(), {})
                level = sla._get_level(ticket)
                by_level[level] = by_level.get(level, self.browse()) | sla
        return self.browse().union(*(by_level[max(by_level)] for by_level in levels.values()))

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
        domain = Domain.OR(
            Domain('company_id', '=', sla.company_id.id) & (
                Domain('team_id', 'in', sla.team_ids.ids) if sla.team_ids else Domain.TRUE
            )
            for sla in self
        ) & Domain('is_closed', '=', False)
        if tickets:
            domain |= Domain('id', 'in', tickets.ids)
        # sudo: helpdesk.ticket - a policy concerns tickets whether or not its author sees them
        self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(domain)
