from itertools import dropwhile

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .helpdesk_sla_pause import PAUSE_FIELDS
from .helpdesk_stage import CLOSING_TYPES

RESULTS = [
    ('reached', "Reached"),
    ('failed', "Failed"),
    ('cancelled', "Canceled"),
    ('superseded', "Superseded"),
]


class HelpdeskSlaStatus(models.Model):
    """ What one policy promises for one ticket, and what became of it.

    The row carries its own copy of the promise. While it is unfinished its deadline is a pure
    function of (working calendar, start, target, pauses): it is computed, never adjusted. When it
    ends, everything is frozen for good (sla.md, "The life of a status").
    """

    _name = 'helpdesk.sla.status'
    _description = "SLA Status"
    _order = 'deadline, id'
    _rec_name = 'name'

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', required=True, index=True, ondelete='cascade',
    )
    sla_id = fields.Many2one(
        comodel_name='helpdesk.sla',
        string="SLA Policy",
        index='btree_not_null',
        ondelete='set null',
    )
    cycle = fields.Integer(
        default=1,
        required=True,
        help="1 for the first promise; reopening the ticket begins the next one.",
    )
    cycle_date = fields.Datetime(
        string="Cycle Since",
        required=True,
        help="The moment since which the target can be reached in this cycle.",
    )

    # the promise: copied from the policy, so that it outlives changes of it
    name = fields.Char(string="Policy", required=True)
    target = fields.Selection(
        selection=lambda self: self._selection_target(), required=True,
    )
    stage_id = fields.Many2one(
        comodel_name='helpdesk.stage', string="Target Stage", ondelete='set null',
    )
    time = fields.Float(string="Within", help="Working hours.")
    warning_percentage = fields.Integer(string="Approaching at")
    pause_customer = fields.Boolean(default=True)
    pause_third_party = fields.Boolean()
    pause_maintenance = fields.Boolean(default=True)
    resource_calendar_id = fields.Many2one(
        comodel_name='resource.calendar', string="Working Hours", ondelete='set null',
    )
    start_date = fields.Datetime(string="Start", required=True)

    # the clock
    deadline = fields.Datetime(
        compute='_compute_deadline', store=True, precompute=True,
        help="Empty while the clock stands still.",
    )
    warning_date = fields.Datetime(
        string="Approaching from",
        compute='_compute_deadline', store=True, precompute=True,
    )
    paused_since = fields.Datetime(compute='_compute_deadline', store=True, precompute=True)

    # the escalation levels of the policy, see helpdesk.sla.escalation
    escalated_percentage = fields.Integer(
        string="Escalated at",
        default=-1,
        readonly=True,
        aggregator=None,
        help="The highest escalation level that fired, in percent of the time; -1 for none, since "
             "a level can be at 0.",
    )
    escalation_date = fields.Datetime(
        string="Next Escalation",
        compute='_compute_escalation_date', store=True, precompute=True,
        help="When the next escalation level fires; empty while the clock stands still.",
    )

    # the outcome, frozen
    result = fields.Selection(selection=RESULTS, readonly=True)
    reached_date = fields.Datetime(string="Reached on", readonly=True)
    end_date = fields.Datetime(
        string="Ended on",
        readonly=True,
        help="The moment the target was reached, or the clock was ended for another reason.",
    )
    worked_hours = fields.Float(
        string="Time Worked", readonly=True,
        help="Working hours from the start to the end, without the pauses.",
    )

    state = fields.Selection(
        selection=[('running', "Running"), ('paused', "Paused"), *RESULTS],
        compute='_compute_state',
        search='_search_state',
    )

    team_id = fields.Many2one(related='ticket_id.team_id')
    company_id = fields.Many2one(related='ticket_id.company_id')
    user_id = fields.Many2one(related='ticket_id.user_id')
    partner_id = fields.Many2one(related='ticket_id.partner_id')
    priority = fields.Selection(related='ticket_id.priority')

    _cycle_uniq = models.UniqueIndex(
        '(ticket_id, sla_id, cycle) WHERE sla_id IS NOT NULL',
        "A policy counts only once on a ticket.",
    )
    _unfinished_idx = models.Index('(deadline) WHERE result IS NULL')
    _escalation_idx = models.Index(
        '(escalation_date) WHERE result IS NULL AND escalation_date IS NOT NULL',
    )

    def _selection_target(self):
        return self.env['helpdesk.sla']._fields['target']._description_selection(self.env)

    # === COMPUTE METHODS === #

    @api.depends(
        'start_date', 'time', 'warning_percentage', 'resource_calendar_id', 'target',
        *PAUSE_FIELDS.values(), 'ticket_id.sla_pause_ids.date_from',
        'ticket_id.sla_pause_ids.date_to', 'ticket_id.sla_pause_ids.kind',
    )
    def _compute_deadline(self):
        # what has ended never changes, whatever happens to calendars, pauses or policies later
        for status in self.filtered(lambda status: not status.result):
            pauses = status._get_pauses()
            working_time = status._get_working_time()
            seconds = status._get_seconds()
            deadline = working_time.deadline(status.start_date, seconds, pauses)
            status.deadline = deadline
            status.warning_date = working_time.deadline(
                status.start_date, seconds * status.warning_percentage // 100, pauses,
            )
            # an open pause leaves a deadline only where the time was used up before it began
            status.paused_since = not deadline and min(
                (date_from for date_from, date_to in pauses if not date_to), default=False,
            )

    @api.depends(
        'result', 'escalated_percentage', 'sla_id', 'ticket_id.active',
        'start_date', 'time', 'resource_calendar_id', 'target',
        *PAUSE_FIELDS.values(), 'ticket_id.sla_pause_ids.date_from',
        'ticket_id.sla_pause_ids.date_to', 'ticket_id.sla_pause_ids.kind',
    )
    def _compute_escalation_date(self):
        # not on the levels: when they change, open tickets are refreshed in the background
        for status in self:
            percentage = False
            if not status.result and status.ticket_id.active:
                percentage = next((
                    percentage for percentage in status.sla_id._get_escalation_percentages()
                    if percentage > status.escalated_percentage
                ), False)
            status.escalation_date = (
                percentage is not False and status._get_escalation_date(percentage)
            )
            if status.escalation_date:
                # nothing is written here: noted for the end of the transaction
                self.env['helpdesk.sla.escalation']._wake_at(status.escalation_date)

    @api.depends('result', 'deadline', 'paused_since')
    def _compute_state(self):
        now = fields.Datetime.now()
        for status in self:
            if status.result:
                status.state = status.result
            elif status.deadline and status.deadline < now:
                status.state = 'failed'
            else:
                status.state = 'paused' if status.paused_since else 'running'

    def _search_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        now = fields.Datetime.now()
        unfinished = Domain('result', '=', False)
        overdue = unfinished & Domain('deadline', '<', now)
        in_time = unfinished & (Domain('deadline', '=', False) | Domain('deadline', '>=', now))
        domains = {
            'running': in_time & Domain('paused_since', '=', False),
            'paused': in_time & Domain('paused_since', '!=', False),
            'failed': Domain('result', '=', 'failed') | overdue,
        }
        return Domain.OR(
            domains.get(state, Domain('result', '=', state)) for state in value if state
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """ Let the state be grouped and sorted by the database, the same as it is read. """
        if field_expr != 'state':
            return super()._field_to_sql(alias, field_expr, query)
        column = {
            name: super(HelpdeskSlaStatus, self)._field_to_sql(alias, name, query)
            for name in ('result', 'deadline', 'paused_since')
        }
        return SQL(
            "CASE WHEN %(result)s IS NOT NULL THEN %(result)s"
            " WHEN %(deadline)s < %(now)s THEN 'failed'"
            " WHEN %(paused_since)s IS NOT NULL THEN 'paused' ELSE 'running' END",
            **column, now=fields.Datetime.now(),
        )

    # === BUSINESS METHODS === #

    def _get_seconds(self):
        """ Return the promised working time in seconds. """
        return round(self.time * 3600)

    def _get_working_time(self):
        """ Return the timeline on which this status is counted. """
        return self.resource_calendar_id._get_working_time(self.company_id)

    def _recompute_clock(self):
        """ Have the deadlines computed anew, and with them what the tickets say of them.

        For what the computation cannot depend on: the working time behind the calendar.
        """
        self.modified(['start_date'])

    def _get_counted_pauses(self):
        """ Return the pauses in which this clock stands still, oldest first.

        Closed times count for all; whose turn it is, when the policy says so; nothing pauses the
        first response, which only an answer ends (sla.md).

        :rtype: helpdesk.sla.pause
        """
        self.ensure_one()
        return self.ticket_id.sla_pause_ids.filtered(
            lambda pause: self._is_paused_by(pause.kind),
        )

    def _is_paused_by(self, kind):
        """ Return whether a kind of pause stops this clock. """
        if self.target == 'first_response':
            return False
        return kind not in PAUSE_FIELDS or self[PAUSE_FIELDS[kind]]

    def _get_pauses(self):
        """ Return the pauses in which this clock stands still, as `WorkingTime` takes them.

        :rtype: list[tuple[datetime, datetime | False]]
        """
        return [(pause.date_from, pause.date_to) for pause in self._get_counted_pauses()]

    def _get_escalation_date(self, percentage):
        """ Return when an escalation level fires: in working time, never in a pause.

        :param int percentage: of the working time
        :return: naive UTC; the next opening for what is due outside of working time, e.g. at
            closing; False while the clock stands still
        :rtype: datetime | False
        """
        self.ensure_one()
        working_time, pauses = self._get_working_time(), self._get_pauses()
        moment = working_time.deadline(
            self.start_date, self._get_seconds() * percentage // 100, pauses,
        )
        return moment and working_time.deadline(moment, 0, pauses) or False

    def _get_due_levels(self, now):
        """ Return the escalation levels that have not fired yet and are due.

        :param datetime now: naive UTC
        :rtype: helpdesk.sla.escalation
        """
        self.ensure_one()
        return self.sla_id.escalation_ids.filtered(
            lambda level: level.percentage > self.escalated_percentage
            and (moment := self._get_escalation_date(level.percentage))
            and moment <= now,
        ).sorted('percentage')

    def _get_next_level(self):
        """ Return the next escalation level that has not fired yet. """
        self.ensure_one()
        return self.sla_id.escalation_ids.filtered(
            lambda level: level.percentage > self.escalated_percentage,
        ).sorted('percentage')[:1]

    def _is_client_told(self):
        """ Return whether the client is told of escalations: the ticket's agreement decides. """
        self.ensure_one()
        return False

    def _is_success(self, stage, stage_type):
        """ Return whether entering a stage of the ticket's team keeps this promise.

        :param stage: the helpdesk.stage
        :param str stage_type: its type when it was entered
        """
        self.ensure_one()
        if self.target == 'resolution':
            return stage_type == 'solved'
        return (
            self.target == 'stage'
            and stage_type != 'cancelled'
            and stage in self.ticket_id.team_id.stage_ids
            and (stage.sequence, stage.id) >= (self.stage_id.sequence, self.stage_id.id)
        )

    def _get_reached_date(self, history):
        """ Return when the target was reached in this cycle.

        :param list history: see `helpdesk.ticket._get_stage_histories`
        :rtype: datetime | False
        """
        self.ensure_one()
        if self.target == 'first_response':
            return self.ticket_id.first_response_date
        if self.target == 'next_response':
            ticket = self.ticket_id
            if ticket.customer_waiting_since or not ticket.last_response_date:
                return False
            # closing the ticket ends the waiting as well, without an answer
            return ticket.last_response_date >= self.start_date and ticket.last_response_date
        if self.cycle > 1:
            # from the stage in which it was reopened, even if that was in the second of its closing
            history = dropwhile(
                lambda entry: entry[2] < self.cycle_date or entry[1] in CLOSING_TYPES,
                history,
            )
        return next((
            date for stage, stage_type, date in history
            if date >= self.cycle_date and self._is_success(stage, stage_type)
        ), False)

    def _settle(self):
        """ End those of the unfinished statuses of which the history of the ticket decides. """
        unfinished = self.filtered(lambda status: not status.result)
        histories = unfinished.ticket_id._get_stage_histories()
        for status in unfinished:
            reached_date = status._get_reached_date(histories[status.ticket_id])
            if reached_date:
                status._reach(reached_date)
            elif status.ticket_id.stage_type == 'cancelled' or (
                # nobody waits for an answer any more; the solution was one
                status.target == 'next_response' and status.ticket_id.is_closed
            ):
                status._finish('cancelled')

    def _reach(self, reached_date):
        """ Freeze the status as reached at `reached_date`, in time or not.

        Only what happened until then counts, even when the policy started to apply afterwards.

        :param datetime reached_date: naive UTC
        """
        self.ensure_one()
        working_time = self._get_working_time()
        pauses = [
            (date_from, min(date_to or reached_date, reached_date))
            for date_from, date_to in self._get_pauses()
            if date_from < reached_date
        ]
        # the deadline decides, not the time worked: a target consumed at closing is due then, and
        # being reached in the evening does not make a success of what already read as failed
        deadline = working_time.deadline(self.start_date, self._get_seconds(), pauses)
        self.write({
            'result': 'failed' if deadline and deadline < reached_date else 'reached',
            'reached_date': reached_date,
            'end_date': reached_date,
            'worked_hours': working_time.worked(self.start_date, reached_date, pauses) / 3600,
            'deadline': deadline,
            'paused_since': False,
        })

    def _update_promise(self, values):
        """ Bring the copy of the promise up to date, and let it run again if it was superseded.

        :param dict values: see `_prepare_sla_status_values`
        """
        self.ensure_one()
        changes = {
            name: value for name, value in values.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if self.result:
            self.write({**changes, 'result': False, 'end_date': False})
            # the pauses and calendars of the time in which it did not apply count as well
            self._recompute_clock()
        elif changes:
            self.write(changes)

    def _finish(self, result):
        """ End unfinished clocks without success.

        A promise whose deadline has passed was broken, and stays so when the ticket is canceled;
        one that is superseded was not the right promise, so the one that takes its place, which
        counts from the same moment, decides.

        :param str result: 'cancelled' or 'superseded'
        """
        now = fields.Datetime.now()
        unfinished = self.filtered(lambda status: not status.result)
        broken = unfinished.filtered(
            lambda status: result == 'cancelled' and status.deadline and status.deadline < now,
        )
        broken.write({'result': 'failed', 'end_date': now})
        (unfinished - broken).write({'result': result, 'end_date': now})

    @api.model
    def _mark_for_recompute_by_calendar(self, calendars):
        """ Have the unfinished deadlines on these working hours computed anew, in the background.

        :param calendars: the resource.calendar that changed
        """
        # sudo: helpdesk.ticket - hours concern tickets whether or not their editor sees them
        self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(Domain('sla_status_ids', 'any', [
            ('result', '=', False), ('resource_calendar_id', 'in', calendars.ids),
        ]))
