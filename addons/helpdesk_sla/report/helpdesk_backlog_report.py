from odoo import fields, models
from odoo.tools import SQL


class HelpdeskBacklogReport(models.Model):
    """ How many tickets are open, over time (requirements H9).

    One row for each time that a ticket opened (+1) or closed (-1). The running total of a line
    chart is the number of tickets that were open, at the end of any day, week or month and by
    whatever the rows are grouped; its bars are what came in and what was done. That takes two rows
    for most tickets, where a row for each ticket and day that it was open would take hundreds.
    """

    _name = 'helpdesk.backlog.report'
    _description = "Backlog Analysis"
    _inherit = ['helpdesk.report.mixin']
    _auto = False
    _order = 'date desc, id desc'
    _rec_name = 'ticket_id'
    _depends = {
        'helpdesk.ticket': ['open_date', 'close_date', 'reopen_count', 'stage_history'],
    }

    date = fields.Datetime(readonly=True)
    event = fields.Selection(
        selection=[
            ('opened', "Received"),
            ('closed', "Closed"),
            ('reopened', "Reopened"),
        ],
        readonly=True,
    )
    balance = fields.Integer(
        string="Open Tickets",
        readonly=True,
        help="Plus one for each ticket that was received or reopened, minus one for each that was "
             "closed. Cumulated: the tickets that were open.",
    )
    opened_count = fields.Integer(
        string="Received", readonly=True, help="Tickets received or reopened.",
    )
    closed_count = fields.Integer(
        string="Closed", readonly=True, help="How often tickets were solved or canceled.",
    )

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        # the history is taken apart only for the few tickets that were reopened; for all others
        # two dates say the same. Ids must differ, and stay: ten thousand events a ticket are enough
        return SQL(
            """
            SELECT ticket.id::bigint * 10000 + happened.number AS id,
                   happened.date, happened.event,
                   CASE happened.event WHEN 'closed' THEN -1 ELSE 1 END AS balance,
                   (happened.event != 'closed')::int AS opened_count,
                   (happened.event = 'closed')::int AS closed_count,
                   %(dimensions)s
              FROM helpdesk_ticket ticket
              JOIN (
                   SELECT id AS ticket_id, 0 AS number, open_date AS date, 'opened' AS event
                     FROM helpdesk_ticket
                    UNION ALL
                   SELECT id, 1, close_date, 'closed'
                     FROM helpdesk_ticket
                    WHERE close_date IS NOT NULL AND NOT %(has_history)s
                    UNION ALL
                   SELECT id, number + 1, date, CASE WHEN closes THEN 'closed' ELSE 'reopened' END
                     FROM (
                          SELECT helpdesk_ticket.id,
                                 entry.number,
                                 (entry.value->>1)::timestamp AS date,
                                 COALESCE(entry.value->>2 IN ('solved', 'cancelled'), FALSE)
                                    AS closes,
                                 LAG(COALESCE(entry.value->>2 IN ('solved', 'cancelled'), FALSE),
                                     1, FALSE)
                                    OVER (PARTITION BY helpdesk_ticket.id ORDER BY entry.number)
                                    AS was_closed
                            FROM helpdesk_ticket
                            CROSS JOIN LATERAL jsonb_array_elements(stage_history)
                                 WITH ORDINALITY AS entry(value, number)
                           WHERE %(has_history)s
                     ) entered
                    WHERE closes != was_closed
              ) happened ON happened.ticket_id = ticket.id
            """,
            has_history=SQL("(reopen_count > 0 AND jsonb_array_length(stage_history) > 1) IS TRUE"),
            dimensions=self._select_dimensions('ticket'),
        )
