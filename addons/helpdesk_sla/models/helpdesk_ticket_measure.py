from odoo import api, fields, models


class HelpdeskTicketMeasure(models.AbstractModel):
    """ What is measured of a ticket, in working hours of its team (requirements H9).

    Each measure is a fact about something that happened: it is taken on the working hours that
    were true then, and computed again only when the moments that it is taken between change. Later
    changes of working hours, closures or the team leave it alone.
    """

    _name = 'helpdesk.ticket.measure'
    _description = "Measures of a Ticket"

    assign_hours = fields.Float(
        string="Working Hours to Assign",
        compute='_compute_assign_hours', store=True, precompute=True, aggregator='avg', copy=False,
        help="From the arrival of the ticket to its first assignment.",
    )
    first_response_hours = fields.Float(
        string="Working Hours to First Response",
        compute='_compute_first_response_hours', store=True, precompute=True, aggregator='avg',
        copy=False,
        help="From the arrival of the ticket to the first answer of a person.",
    )
    close_hours = fields.Float(
        string="Working Hours to Close",
        compute='_compute_close_hours', store=True, precompute=True, aggregator='avg', copy=False,
        help="From the arrival of the ticket to its closing. When it was reopened, to the last "
             "closing, without the time in which it was closed.",
    )
    close_hours_net = fields.Float(
        string="Working Hours to Close, without Waiting",
        compute='_compute_close_hours', store=True, precompute=True, aggregator='avg', copy=False,
        help="As Working Hours to Close, without the time in which it was paused: it was the turn "
             "of the customer or a third party, or there was planned maintenance.",
    )
    response_count = fields.Integer(
        string="Answers",
        readonly=True,
        copy=False,
        help="How many times an agent answered a customer who was waiting.",
    )
    response_hours_total = fields.Float(
        string="Total Hours to Respond",
        readonly=True,
        copy=False,
        help="Working hours that the customer waited for all answers together.",
    )

    # === COMPUTE METHODS === #

    # not by the team: a ticket that changes hands keeps what was measured

    @api.depends('open_date', 'assign_date')
    def _compute_assign_hours(self):
        for ticket in self:
            ticket.assign_hours = ticket._get_hours_from_opening(ticket.assign_date)

    @api.depends('open_date', 'first_response_date')
    def _compute_first_response_hours(self):
        for ticket in self:
            ticket.first_response_hours = ticket._get_hours_from_opening(
                ticket.first_response_date,
            )

    @api.depends('open_date', 'close_date')
    def _compute_close_hours(self):
        for ticket in self:
            # read only for what is closed: a ticket that is created has no pauses yet
            pauses = ticket.sla_pause_ids if ticket.close_date else ticket.sla_pause_ids.browse()
            ticket.close_hours = ticket._get_hours_from_opening(
                ticket.close_date, pauses.filtered(lambda pause: pause.kind == 'solved'),
            )
            ticket.close_hours_net = ticket._get_hours_from_opening(ticket.close_date, pauses)

    # === BUSINESS METHODS === #

    @api.model
    def _get_measure_fields(self):
        """ Return the names of the measures, which only the system writes.

        :rtype: set[str]
        """
        return {
            'assign_hours', 'first_response_hours', 'close_hours', 'close_hours_net',
            'response_count', 'response_hours_total',
        }

    def _get_measure_calendar(self):
        """ Return the working hours in which the ticket is measured: its team's or company's.

        :rtype: resource.calendar
        """
        self.ensure_one()
        return self.team_id.resource_calendar_id or self.company_id.resource_calendar_id

    def _get_hours_between(self, start, stop, pauses=()):
        """ Return the working hours between two moments.

        :param datetime start: naive UTC
        :param datetime stop: naive UTC
        :param pauses: the helpdesk.sla.pause that do not count
        :rtype: float
        """
        self.ensure_one()
        working_time = self._get_measure_calendar()._get_working_time(self.company_id)
        spans = [(pause.date_from, pause.date_to) for pause in pauses]
        return working_time.worked(start, stop, spans) / 3600 if start < stop else 0.0

    def _get_hours_from_opening(self, moment, pauses=()):
        """ Return the working hours from the ticket's arrival to a moment.

        :param moment: naive UTC; what has not happened yet measures nothing
        :rtype: float
        """
        self.ensure_one()
        if not moment or not self.open_date:
            return 0.0
        return self._get_hours_between(self.open_date, moment, pauses)

    def _count_response(self, waiting_since, now):
        """ Note how long the customer waited for the answer that an agent gives now.

        To be called before the ticket forgets since when the customer waits.

        :param waiting_since: when the customer wrote the oldest unanswered message, naive UTC;
            empty when nobody was waiting, which counts for nothing
        :param datetime now: naive UTC
        """
        self.ensure_one()
        if waiting_since:
            self.write({
                'response_count': self.response_count + 1,
                'response_hours_total': (
                    self.response_hours_total + self._get_hours_between(waiting_since, now)
                ),
            })
