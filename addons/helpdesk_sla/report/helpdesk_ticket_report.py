from odoo import fields, models
from odoo.tools import SQL, Query


class HelpdeskTicketReport(models.Model):
    """ How long tickets took, and how many there are: one row a ticket (requirements H9).

    What has not happened yet is empty, not zero, so that it is in no average.
    """

    _name = 'helpdesk.ticket.report'
    _description = "Tickets Analysis"
    _inherit = ['helpdesk.report.mixin']
    _auto = False
    _order = 'open_date desc, id desc'
    _rec_name = 'ticket_id'
    _depends = {
        'helpdesk.ticket': [
            'ticket_ref', 'stage_id', 'stage_type', 'open_date', 'assign_date',
            'first_response_date', 'close_date', 'assign_hours', 'first_response_hours',
            'close_hours', 'close_hours_net', 'response_count', 'response_hours_total',
            'reopen_count', 'rating_last_value', 'sla_deadline', 'sla_warning_date',
            'sla_paused_since', 'sla_result',
        ],
    }

    ticket_ref = fields.Char(string="Reference", readonly=True)
    stage_id = fields.Many2one(comodel_name='helpdesk.stage', string="Stage", readonly=True)
    stage_type = fields.Selection(
        selection=lambda self: self._selection_of_ticket('stage_type'),
        string="Stage Type",
        readonly=True,
    )
    sla_state = fields.Selection(
        selection=lambda self: self._selection_of_ticket('sla_state'),
        string="SLA State",
        readonly=True,
    )
    tag_ids = fields.Many2many(
        comodel_name='helpdesk.tag',
        relation='helpdesk_ticket_tag_rel',
        column1='ticket_id',
        column2='tag_id',
        string="Tags",
        readonly=True,
    )

    open_date = fields.Datetime(string="Received on", readonly=True)
    assign_date = fields.Datetime(string="Assigned on", readonly=True)
    first_response_date = fields.Datetime(string="First Answered on", readonly=True)
    close_date = fields.Datetime(string="Closed on", readonly=True)

    open_count = fields.Integer(string="Open", readonly=True)
    solved_count = fields.Integer(string="Solved", readonly=True)
    cancelled_count = fields.Integer(string="Canceled", readonly=True)
    reopened_ticket_count = fields.Integer(string="Reopened", readonly=True)
    reopen_count = fields.Integer(string="Times Reopened", readonly=True)

    assign_hours = fields.Float(
        string="Working Hours to Assign", readonly=True, aggregator='avg',
        help="From the arrival of the ticket to its first assignment.",
    )
    first_response_hours = fields.Float(
        string="Working Hours to First Response", readonly=True, aggregator='avg',
        help="From the arrival of the ticket to the first answer of a person.",
    )
    response_hours = fields.Float(
        string="Average Hours to Respond", readonly=True, aggregator='avg',
        help="Working hours that customers waited for an answer, on the average of all answers: a "
             "ticket with ten answers counts ten times.",
    )
    response_count = fields.Integer(string="Answers", readonly=True)
    response_hours_total = fields.Float(
        string="Total Hours to Respond", readonly=True,
        help="Working hours that customers waited for all answers together.",
    )
    close_hours = fields.Float(
        string="Working Hours to Close", readonly=True, aggregator='avg',
        help="From the arrival of a ticket to its solution. Canceled tickets are left out, and so "
             "is the time before a ticket was reopened in which it was closed.",
    )
    close_hours_net = fields.Float(
        string="Working Hours to Close, without Waiting", readonly=True, aggregator='avg',
        help="As Working Hours to Close, without the time in which it was somebody else's turn.",
    )
    open_hours = fields.Float(
        string="Hours Open", readonly=True, aggregator='avg',
        help="On the clock on the wall: from the arrival of the ticket to its closing, or to now.",
    )
    age_days = fields.Float(
        string="Age (days)", readonly=True, aggregator='avg', digits=(16, 1),
        help="How long the tickets that are open now have been there.",
    )
    rating = fields.Float(
        string="Rating (1-5)", readonly=True, aggregator='avg', digits=(16, 2),
        help="The latest rating that the customer gave.",
    )

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT ticket.id, ticket.ticket_ref, ticket.stage_id, ticket.stage_type,
                   %(sla_state)s AS sla_state,
                   ticket.open_date, ticket.assign_date, ticket.first_response_date,
                   ticket.close_date,
                   (ticket.is_closed IS NOT TRUE)::int AS open_count,
                   COALESCE(ticket.stage_type = 'solved', FALSE)::int AS solved_count,
                   COALESCE(ticket.stage_type = 'cancelled', FALSE)::int AS cancelled_count,
                   COALESCE(ticket.reopen_count > 0, FALSE)::int AS reopened_ticket_count,
                   COALESCE(ticket.reopen_count, 0) AS reopen_count,
                   CASE WHEN ticket.assign_date IS NOT NULL THEN ticket.assign_hours
                    END AS assign_hours,
                   CASE WHEN ticket.first_response_date IS NOT NULL
                        THEN ticket.first_response_hours END AS first_response_hours,
                   ticket.response_hours_total / NULLIF(ticket.response_count, 0)
                        AS response_hours,
                   COALESCE(ticket.response_count, 0) AS response_count,
                   COALESCE(ticket.response_hours_total, 0.0) AS response_hours_total,
                   CASE WHEN ticket.stage_type = 'solved' THEN ticket.close_hours
                    END AS close_hours,
                   CASE WHEN ticket.stage_type = 'solved' THEN ticket.close_hours_net
                    END AS close_hours_net,
                   EXTRACT(
                        EPOCH FROM COALESCE(ticket.close_date, %(now)s) - ticket.open_date
                   )::float8 / 3600.0 AS open_hours,
                   CASE WHEN ticket.is_closed IS NOT TRUE
                        THEN EXTRACT(EPOCH FROM %(now)s - ticket.open_date)::float8 / 86400.0
                    END AS age_days,
                   NULLIF(ticket.rating_last_value, 0) AS rating,
                   %(dimensions)s
              FROM helpdesk_ticket ticket
            """,
            now=fields.Datetime.now(),
            # the rule that forms and lists of tickets read by, not a second one
            sla_state=self.env['helpdesk.ticket']._field_to_sql('ticket', 'sla_state'),
            dimensions=self._select_dimensions('ticket'),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """ Average over the answers, not over the averages of the tickets. """
        if aggregate_spec != 'response_hours:avg':
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, 'response_hours_total', query),
            self._field_to_sql(self._table, 'response_count', query),
        )
