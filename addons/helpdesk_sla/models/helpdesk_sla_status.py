from collections import defaultdict, namedtuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.working_time import hours_to_seconds
from .helpdesk_sla_pause import PAUSE_FIELDS, is_paused_by
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
    _inherit = ['helpdesk.sla.explanation']
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
        compute='_compute_deadline', store=True, precompute=True,
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
        'start_date', 'time', 'warning_percentage', 'resource_calendar_id', 'target', 'sla_id',
        'escalated_percentage', *PAUSE_FIELDS.values(), 'ticket_id.sla_pause_ids.date_from',
        'ticket_id.sla_pause_ids.date_to', 'ticket_id.sla_pause_ids.kind',
    )
    def _compute_deadline(self):
        # what has ended never changes, whatever happens to calendars, pauses or policies later
        for status in self.filtered(lambda status: not status.result):
            clock = self._prepare_clock_values(
                status,
                status._get_working_time(),
                status._get_pauses(),
                status.sla_id._get_escalation_percentages(),
            )
            for name, value in clock.items():
                status[name] = value
            if status.escalation_date:
                # nothing is written here: noted for the end of the transaction
                self.env['helpdesk.sla.escalation']._wake_at(status.escalation_date)

    @api.model
    def _prepare_clock_values(self, promise, working_time, pauses, percentages):
        """ Return what the clock of an unfinished promise reads: the pure function of sla.md.

        The one place where a deadline is computed, for a record and for a row of the table alike.

        :param promise: has the attributes `_get_clock_inputs` (a status, or a row of it)
        :param WorkingTime working_time: its working hours
        :param list pauses: `(from, to or False)` in naive UTC, those that count
        :param tuple percentages: of the time at which the policy escalates, in order
        :return: values of the fields that depend on them
        :rtype: dict
        """
        seconds = hours_to_seconds(promise.time)
        deadline = working_time.deadline(promise.start_date, seconds, pauses)
        warning = seconds * promise.warning_percentage // 100
        # not on the levels: when they change, open tickets are refreshed in the background
        level = next((level for level in percentages if level > promise.escalated_percentage), None)
        return {
            'deadline': deadline or False,
            'warning_date': working_time.deadline(promise.start_date, warning, pauses) or False,
            # an open pause leaves a deadline only where the time was used up before it began
            'paused_since': not deadline and min(
                (date_from for date_from, date_to in pauses if not date_to), default=False,
            ),
            'escalation_date': level is not None and self._get_escalation_moment(
                promise, working_time, pauses, level,
            ),
        }

    @api.model
    def _get_escalation_moment(self, promise, working_time, pauses, percentage):
        """ Return when an escalation level fires: in working time, never in a pause.

        :param int percentage: of the working time; for the others see `_prepare_clock_values`
        :return: naive UTC; the next opening for what is due outside of working time, e.g. at
            closing; False while the clock stands still
        :rtype: datetime | False
        """
        seconds = hours_to_seconds(promise.time) * percentage // 100
        moment = working_time.deadline(promise.start_date, seconds, pauses)
        return (moment and working_time.deadline(moment, 0, pauses)) or False

    @api.model
    def _get_clock_inputs(self):
        """ Return the names of the stored fields that `_prepare_clock_values` reads.

        :rtype: list[str]
        """
        return [
            'target', 'start_date', 'time', 'warning_percentage', 'escalated_percentage',
            *PAUSE_FIELDS.values(),
        ]

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
        self.ensure_one()
        return is_paused_by(self, kind)

    def _get_pauses(self):
        """ Return the pauses in which this clock stands still, as `WorkingTime` takes them.

        :rtype: list[tuple[datetime, datetime | False]]
        """
        return [(pause.date_from, pause.date_to) for pause in self._get_counted_pauses()]

    def _get_escalation_date(self, percentage):
        """ Return when a level of this promise fires; see `_get_escalation_moment`. """
        self.ensure_one()
        return self._get_escalation_moment(
            self, self._get_working_time(), self._get_pauses(), percentage,
        )

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
        return self.ticket_id.agreement_id.notify_client

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
            reopened = max((
                index for index in range(1, len(history))
                if history[index][2] <= self.cycle_date
                and history[index][1] not in CLOSING_TYPES
                and history[index - 1][1] in CLOSING_TYPES
            ), default=0)
            history = history[reopened:]
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
        deadline = working_time.deadline(self.start_date, hours_to_seconds(self.time), pauses)
        self.write({
            'result': 'failed' if deadline and deadline < reached_date else 'reached',
            'reached_date': reached_date,
            'end_date': reached_date,
            'worked_hours': working_time.worked(self.start_date, reached_date, pauses) / 3600,
            'deadline': deadline,
            'paused_since': False,
            'escalation_date': False,
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
            # what begins to apply afterwards is not judged by today
            lambda status: result == 'cancelled' and status.deadline
            and status.deadline < status.ticket_id.date_last_stage_update,
        )
        ended = {'end_date': now, 'escalation_date': False}
        broken.write({'result': 'failed', **ended})
        (unfinished - broken).write({'result': result, **ended})

    @api.model
    def _mark_for_recompute_by_calendar(self, calendars):
        """ Have the unfinished deadlines on these working hours computed anew, in the background.

        :param calendars: the resource.calendar that changed
        """
        # sudo: helpdesk.ticket - hours concern tickets whether or not their editor sees them
        self.env['helpdesk.ticket'].sudo()._mark_for_sla_refresh(Domain('sla_status_ids', 'any', [
            ('result', '=', False), ('resource_calendar_id', 'in', calendars.ids),
        ]), policies=False)

    @api.model
    def _recompute_clocks(self, tickets):
        """ Compute the unfinished deadlines of many tickets anew, on rows instead of records.

        The same function on the same inputs as `_compute_deadline`, a handful of statements for
        any number of tickets.

        :param tickets: the helpdesk.ticket
        :return: the tickets whose working hours have no working time (sla.md rule 4)
        """
        self.env.flush_all()
        rows = self._read_clock_rows(tickets)
        pauses = self._read_pause_rows(tickets)
        changed, empty = [], set()
        for row in rows:
            counted = [
                (date_from, date_to or False)
                for kind, date_from, date_to in pauses[row.ticket_id]
                if is_paused_by(row, kind)
            ]
            calendar = self.env['resource.calendar'].browse(row.resource_calendar_id or ())
            company = self.env['res.company'].browse(row.company_id)
            policy = self.env['helpdesk.sla'].browse(row.sla_id or ())
            clock = self._prepare_clock_values(
                row,
                calendar._get_working_time(company),
                counted,
                policy._get_escalation_percentages(),
            )
            if any((getattr(row, name) or False) != value for name, value in clock.items()):
                changed.append((row.id, clock))
            if calendar and not clock['deadline'] and not clock['paused_since']:
                empty.add(row.ticket_id)
        self._update_clock_rows(changed)
        tickets._update_sla_rows()
        self.env.invalidate_all(flush=False)
        return tickets.browse(empty)

    def _read_clock_rows(self, tickets):
        """ Return the unfinished statuses of tickets as named tuples. """
        outputs = self._get_clock_outputs()
        names = [
            'id', 'ticket_id', 'sla_id', 'resource_calendar_id',
            *self._get_clock_inputs(), *outputs,
        ]
        make = namedtuple('ClockRow', [*names, 'company_id'])._make
        return map(make, self.env.execute_query(SQL(
            "SELECT %s, ticket.company_id FROM helpdesk_sla_status status"
            " JOIN helpdesk_ticket ticket ON ticket.id = status.ticket_id"
            " WHERE status.result IS NULL AND status.ticket_id IN %s",
            SQL(', ').join(SQL.identifier('status', name) for name in names), tuple(tickets.ids),
        )))

    def _read_pause_rows(self, tickets):
        """ Return the pauses by id of their ticket: kind, from and to. """
        pauses = defaultdict(list)
        for ticket_id, *pause in self.env.execute_query(SQL(
            "SELECT ticket_id, kind, date_from, date_to FROM helpdesk_sla_pause"
            " WHERE ticket_id IN %s",
            tuple(tickets.ids),
        )):
            pauses[ticket_id].append(pause)
        return pauses

    def _get_clock_outputs(self):
        """ Return the names of the fields that are computed with the deadline. """
        return [
            name for name, field in self._fields.items()
            if field.store and field.compute == '_compute_deadline'
        ]

    def _update_clock_rows(self, changed):
        """ Write computed values in one statement.

        :param list changed: `(id, values)` of statuses
        """
        if not changed:
            return
        names = self._get_clock_outputs()
        columns = [
            SQL(
                "%s::%s[]",
                [clock[name] or None for _id, clock in changed],
                SQL(self._fields[name].column_type[1]),
            )
            for name in names
        ]
        self.env.execute_query(SQL(
            "UPDATE helpdesk_sla_status status SET %s FROM unnest(%s, %s) AS new (id, %s)"
            " WHERE status.id = new.id RETURNING status.id",
            SQL(', ').join(SQL("%s = %s", SQL.identifier(name), SQL.identifier('new', name))
                           for name in names),
            [id_ for id_, _clock in changed],
            SQL(', ').join(columns),
            SQL(', ').join(SQL.identifier(name) for name in names),
        ))
        moments = [clock['escalation_date'] for _id, clock in changed if clock['escalation_date']]
        if moments:
            self.env['helpdesk.sla.escalation']._wake_at(min(moments))
