from odoo import fields, models
from odoo.tools import SQL


class HypercareTrainingReport(models.Model):
    """ Whether a training helped: the questions about its topic before and after it (G5).

    Two rows for each training that was held: what the client's people asked from the start of the
    window to the evening of the training, and since then. A query, not a table: it is as of now.
    """

    _name = 'hypercare.training.report'
    _description = "Effect of Trainings"
    _auto = False
    _order = 'training_date desc, item_id desc, phase'
    _rec_name = 'topic_id'
    _depends = {
        'hypercare.training.item': [
            'period_id', 'topic_id', 'company_id', 'partner_id', 'user_id', 'state', 'date',
            'cutoff_datetime',
        ],
        'hypercare.period': ['start_datetime'],
        'helpdesk.ticket': [
            'active', 'company_id', 'commercial_partner_id', 'hypercare_topic_id', 'open_date',
            'partner_id',
        ],
    }

    item_id = fields.Many2one(
        comodel_name='hypercare.training.item', string="Training", readonly=True,
    )
    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Hypercare", readonly=True,
    )
    topic_id = fields.Many2one(comodel_name='hypercare.topic', readonly=True)
    company_id = fields.Many2one(comodel_name='res.company', readonly=True)
    partner_id = fields.Many2one(comodel_name='res.partner', string="Client", readonly=True)
    user_id = fields.Many2one(comodel_name='res.users', string="Trainer", readonly=True)
    training_date = fields.Date(string="Training on", readonly=True)
    phase = fields.Selection(
        # in the order of time by the alphabet, too: charts sort by it
        selection=[('before', "Before the training"), ('since', "After the training")],
        readonly=True,
    )
    question_count = fields.Integer(string="Questions", readonly=True)
    asker_count = fields.Integer(
        string="People", readonly=True, help="How many different people asked.",
    )
    days = fields.Float(string="Length (days)", readonly=True, aggregator='avg')
    weekly_count = fields.Float(
        string="Questions a Week", readonly=True, aggregator='avg', digits=(16, 1),
        help="So that a long time before compares to a short time after the training.",
    )

    # === ACTION METHODS === #

    def action_view_tickets(self):
        """ Open the questions behind a row. """
        self.ensure_one()
        action = self.item_id.action_view_tickets()
        cutoff = self.item_id.cutoff_datetime
        action['domain'] = [
            ('commercial_partner_id', '=', self.partner_id.id),
            ('company_id', '=', self.company_id.id),
            ('hypercare_topic_id', '=', self.topic_id.id),
            *(
                [('open_date', '>=', self.period_id.start_datetime), ('open_date', '<', cutoff)]
                if self.phase == 'before' else [('open_date', '>=', cutoff)]
            ),
        ]
        return action

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT item.id::bigint * 2 + stretch.number AS id,
                   item.id AS item_id, item.period_id, item.topic_id, item.company_id,
                   item.partner_id, item.user_id, item.date AS training_date,
                   stretch.phase, asked.question_count, asked.asker_count,
                   stretch.days,
                   asked.question_count * 7 / GREATEST(stretch.days, 1) AS weekly_count
              FROM hypercare_training_item item
              JOIN hypercare_period period ON period.id = item.period_id
              JOIN LATERAL (
                   SELECT number, phase, date_from, date_to,
                          EXTRACT(EPOCH FROM date_to - date_from)::float / 86400 AS days
                     FROM (VALUES
                          (0, 'before', period.start_datetime, item.cutoff_datetime),
                          (1, 'since', item.cutoff_datetime,
                           GREATEST(item.cutoff_datetime, %(now)s))
                     ) bounds (number, phase, date_from, date_to)
              ) stretch ON TRUE
              JOIN LATERAL (
                   SELECT COUNT(*) AS question_count,
                          COUNT(DISTINCT ticket.partner_id) AS asker_count
                     FROM helpdesk_ticket ticket
                    WHERE ticket.hypercare_topic_id = item.topic_id
                      AND ticket.commercial_partner_id = item.partner_id
                      AND ticket.company_id = item.company_id
                      AND ticket.active
                      AND ticket.open_date >= stretch.date_from
                      AND (stretch.phase = 'since' OR ticket.open_date < stretch.date_to)
              ) asked ON TRUE
             WHERE item.state = 'held' AND item.cutoff_datetime IS NOT NULL
               AND period.start_datetime IS NOT NULL
            """,
            now=fields.Datetime.now(),
        )
