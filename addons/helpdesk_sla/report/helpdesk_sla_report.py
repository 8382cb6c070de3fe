from odoo import fields, models
from odoo.tools import SQL


class HelpdeskSlaReport(models.Model):
    """ What became of each promise: one row a status (requirements H9).

    A promise belongs to the moment at which it was decided: kept, when it was reached; broken, when
    its deadline passed. So a month that is over does not change any more.
    """

    _name = 'helpdesk.sla.report'
    _description = "SLA Analysis"
    _inherit = ['helpdesk.report.mixin']
    _auto = False
    _order = 'outcome_date desc, id desc'
    _rec_name = 'ticket_id'
    _depends = {
        'helpdesk.sla.status': [
            'ticket_id', 'sla_id', 'name', 'target', 'stage_id', 'cycle', 'start_date', 'time',
            'deadline', 'paused_since', 'result', 'reached_date', 'end_date', 'worked_hours',
        ],
    }

    sla_id = fields.Many2one(comodel_name='helpdesk.sla', string="SLA Policy", readonly=True)
    name = fields.Char(string="Policy", readonly=True)
    target = fields.Selection(
        selection=lambda self: self.env['helpdesk.sla.status']._selection_target(), readonly=True,
    )
    stage_id = fields.Many2one(
        comodel_name='helpdesk.stage', string="Target Stage", readonly=True,
    )
    cycle = fields.Integer(
        readonly=True,
        aggregator=None,
        help="1 for the first promise; reopening the ticket, or the next message of the customer, "
             "begins the next one.",
    )
    state = fields.Selection(
        selection=lambda self: self._selection_state(), readonly=True,
    )
    is_counted = fields.Boolean(
        string="In the Compliance",
        readonly=True,
        help="Kept or broken, and not a repetition: after a ticket was reopened, the first result "
             "counts. Promises that were canceled or replaced do not count.",
    )

    start_date = fields.Datetime(string="Start", readonly=True)
    deadline = fields.Datetime(readonly=True)
    reached_date = fields.Datetime(string="Reached on", readonly=True)
    outcome_date = fields.Datetime(
        string="Decided on",
        readonly=True,
        help="When the promise was kept, or when its deadline passed. Empty while it is open.",
    )

    compliance = fields.Float(
        string="Compliance (%)",
        readonly=True,
        aggregator='avg',
        digits=(16, 1),
        help="Share of the promises that were kept, of those that were kept or broken.",
    )
    reached_count = fields.Integer(
        string="Reached", readonly=True, help="Promises kept, as they count in the compliance.",
    )
    failed_count = fields.Integer(
        string="Failed", readonly=True, help="Promises broken, as they count in the compliance.",
    )
    running_count = fields.Integer(
        string="Still Open",
        readonly=True,
        help="Promises whose time has not passed yet, also those whose clock stands still.",
    )
    time = fields.Float(
        string="Time Promised", readonly=True, aggregator='avg', help="Working hours.",
    )
    worked_hours = fields.Float(
        string="Time Worked",
        readonly=True,
        aggregator='avg',
        help="Working hours until the target was reached, without the pauses.",
    )
    hours_late = fields.Float(
        string="Working Hours Late",
        readonly=True,
        aggregator='avg',
        help="By how much the time promised was exceeded when the target was reached after all.",
    )
    overdue_hours = fields.Float(
        string="Hours Past the Deadline",
        readonly=True,
        aggregator='avg',
        help="On the clock on the wall, from the deadline until the target was reached, or until "
             "now.",
    )

    def _selection_state(self):
        return self.env['helpdesk.sla.status']._fields['state']._description_selection(self.env)

    # === ACTION METHODS === #

    def action_explain(self):
        """ Open the explanation of the deadline; a row is that of the status with its id. """
        self.ensure_one()
        return self.env['helpdesk.sla.status'].browse(self.id).action_explain()

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT status.id, status.sla_id, status.name, status.target, status.stage_id,
                   status.cycle, status.start_date, status.deadline, status.reached_date,
                   status.time, judged.state, judged.is_counted,
                   CASE judged.state WHEN 'reached' THEN status.reached_date
                                     WHEN 'failed' THEN status.deadline END AS outcome_date,
                   CASE WHEN judged.is_counted
                        THEN CASE judged.state WHEN 'reached' THEN 100.0 ELSE 0.0 END::float8
                    END AS compliance,
                   (judged.is_counted AND judged.state = 'reached')::int AS reached_count,
                   (judged.is_counted AND judged.state = 'failed')::int AS failed_count,
                   (judged.state IN ('running', 'paused'))::int AS running_count,
                   CASE WHEN status.reached_date IS NOT NULL THEN status.worked_hours
                    END AS worked_hours,
                   CASE WHEN status.reached_date IS NOT NULL AND judged.state = 'failed'
                        THEN GREATEST(status.worked_hours - status.time, 0.0) END AS hours_late,
                   CASE judged.state WHEN 'failed' THEN EXTRACT(EPOCH FROM
                        COALESCE(status.reached_date, status.end_date, %(now)s) - status.deadline
                   )::float8 / 3600.0 END AS overdue_hours,
                   %(dimensions)s
              FROM helpdesk_sla_status status
              JOIN helpdesk_ticket ticket ON ticket.id = status.ticket_id
              CROSS JOIN LATERAL (SELECT %(state)s AS state) stated
              CROSS JOIN LATERAL (
                   SELECT stated.state,
                          stated.state IN ('reached', 'failed') AND %(counts)s AS is_counted
              ) judged
            """,
            now=fields.Datetime.now(),
            # the rule that forms and lists of statuses read by, not a second one
            state=self.env['helpdesk.sla.status']._field_to_sql('status', 'state'),
            counts=self._get_counted_condition('status'),
            dimensions=self._select_dimensions('ticket'),
        )

    def _get_counted_condition(self, alias):
        """ Return which of the cycles of a promise count in the compliance.

        Every answer that was owed; of everything else the first cycle that was decided. The one
        after a ticket was canceled by mistake takes the place of the one that ended then.

        :param str alias: of the status' table
        :rtype: SQL
        """
        # the repetitions are few, and found at once: asking for each row costs as much as the rest
        return SQL(
            """
            NOT (
                %(cycle)s > 1 AND %(id)s IN (
                    SELECT repeated.id
                      FROM helpdesk_sla_status repeated
                      JOIN helpdesk_sla_status earlier
                        ON earlier.ticket_id = repeated.ticket_id
                       AND earlier.target = repeated.target
                       AND earlier.sla_id IS NOT DISTINCT FROM repeated.sla_id
                       AND earlier.cycle < repeated.cycle
                       AND earlier.result IN ('reached', 'failed')
                     WHERE repeated.cycle > 1 AND repeated.target != 'next_response'
                )
            )
            """,
            cycle=SQL.identifier(alias, 'cycle'),
            id=SQL.identifier(alias, 'id'),
        )
