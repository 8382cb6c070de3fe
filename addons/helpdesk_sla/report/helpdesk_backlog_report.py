from odoo import fields, models
from odoo.tools import SQL

from ..models.helpdesk_stage import CLOSING_TYPES


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
            SELECT ticket.id::bigint * 10000 AS id, ticket.open_date AS date, 'opened' AS event,
                   1 AS balance, 1 AS opened_count, 0 AS closed_count, %(dimensions)s
              FROM helpdesk_ticket ticket
             UNION ALL
            SELECT ticket.id::bigint * 10000 + 1, ticket.close_date, 'closed',
                   -1, 0, 1, %(dimensions)s
              FROM helpdesk_ticket ticket
             WHERE ticket.close_date IS NOT NULL AND NOT %(is_in_history)s
             UNION ALL
            SELECT ticket.id::bigint * 10000 + 1 + entered.number, entered.date,
                   CASE WHEN entered.closes THEN 'closed' ELSE 'reopened' END,
                   CASE WHEN entered.closes THEN -1 ELSE 1 END,
                   (NOT entered.closes)::int, entered.closes::int, %(dimensions)s
              FROM helpdesk_ticket ticket
              JOIN LATERAL (
                   SELECT number, date, closes,
                          LAG(closes, 1, FALSE) OVER (ORDER BY number) AS was_closed
                     FROM (
                          SELECT number,
                                 (value->>1)::timestamp AS date,
                                 COALESCE(value->>2 = ANY(%(closing_types)s), FALSE) AS closes
                            FROM jsonb_array_elements(ticket.stage_history)
                                 WITH ORDINALITY AS entry(value, number)
                     ) history
              ) entered ON entered.closes != entered.was_closed
             WHERE %(is_in_history)s
            """,
            is_in_history=SQL(
                "(ticket.reopen_count > 0 AND jsonb_array_length(ticket.stage_history) > 1)"
                " IS TRUE",
            ),
            closing_types=list(CLOSING_TYPES),
            dimensions=self._select_dimensions('ticket'),
        )
