from odoo import fields, models
from odoo.tools import SQL

from ..tools.hours_ledger import NOTHING


class SupportProfitabilityReport(models.Model):
    """ What support brought in and what it cost: one row an entry of time (requirements H8).

    Revenue belongs to the day of the work, whatever was invoiced when:

    - on a line that is invoiced as delivered: billed hours by the price of an hour;
    - on a line that is prepaid: the share of its price, by the hours ordered. Of a pack that is
      overdrawn the price is shared by all hours used: it brings in no more than that;
    - what a prepaid pack leaves when it expires is revenue without cost, a row of its own on its
      last day. So the rows of a pack add up to its price.
    """

    _name = 'support.profitability.report'
    _description = "Profitability of Support"
    _inherit = ['support.report.mixin']
    _auto = False
    _order = 'date desc, id desc'
    _rec_name = 'name'

    name = fields.Char(string="Description", readonly=True)
    date = fields.Date(readonly=True)
    kind = fields.Selection(
        selection=lambda self: self._selection_kind(), string="Paid by", readonly=True,
    )
    company_id = fields.Many2one(comodel_name='res.company', readonly=True)
    client_id = fields.Many2one(
        comodel_name='res.partner', string="Client", readonly=True,
        falsy_value_label="No client",
    )
    agreement_id = fields.Many2one(comodel_name='helpdesk.sla.agreement', readonly=True)
    order_id = fields.Many2one(comodel_name='sale.order', string="Sales Order", readonly=True)
    order_line_id = fields.Many2one(
        comodel_name='sale.order.line', string="Pack or Order Line", readonly=True,
        falsy_value_label="Nobody pays",
    )
    product_id = fields.Many2one(comodel_name='product.product', readonly=True)
    invoice_id = fields.Many2one(comodel_name='account.move', readonly=True)
    ticket_id = fields.Many2one(comodel_name='helpdesk.ticket', readonly=True)
    team_id = fields.Many2one(
        comodel_name='helpdesk.team', string="Helpdesk Team", readonly=True,
    )
    ticket_type_id = fields.Many2one(comodel_name='helpdesk.ticket.type', readonly=True)
    employee_id = fields.Many2one(comodel_name='hr.employee', readonly=True)

    revenue = fields.Monetary(
        readonly=True, currency_field='currency_id', help="Without taxes, after discounts.",
    )
    cost = fields.Monetary(
        readonly=True, currency_field='currency_id',
        help="The hours worked, at the hourly cost of the employee.",
    )
    margin = fields.Monetary(
        readonly=True, currency_field='currency_id', help="Revenue minus cost.",
    )
    hours = fields.Float(string="Hours Worked", readonly=True)
    billed_hours = fields.Float(
        string="Hours Billed", readonly=True, help="The hours that an order line pays for.",
    )
    hourly_rate = fields.Monetary(
        string="Effective Hourly Rate",
        readonly=True,
        currency_field='currency_id',
        aggregator='avg',
        help="Revenue by hours worked, of all the rows together.",
    )
    currency_id = fields.Many2one(comodel_name='res.currency', readonly=True)

    def _selection_kind(self):
        kinds = self.env['account.analytic.line']._fields['billing_kind']
        return [
            *kinds._description_selection(self.env),
            ('lapsed', self.env._("Lapsed hours")),
        ]

    # === ACTION METHODS === #

    def action_open(self):
        """ Open the ticket of the time, or the order of the pack that lapsed. """
        self.ensure_one()
        record = self.ticket_id if self.ticket_id.has_access('read') else self.order_id
        return record.get_formview_action() if record else False

    # === QUERY === #

    def _read_group_select(self, aggregate_spec, query):
        """ Weigh the hourly rate by the hours: an average of rates would be no rate. """
        if aggregate_spec != 'hourly_rate:avg':
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, 'revenue', query),
            self._field_to_sql(self._table, 'hours', query),
        )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH support_line AS (%(lines)s), work AS (%(work)s)
            SELECT id, name, date, kind, company_id, client_id, agreement_id, order_id,
                   order_line_id, product_id, invoice_id, ticket_id, team_id, ticket_type_id,
                   employee_id, hours, billed_hours,
                   revenue * currency_rate AS revenue,
                   cost * currency_rate AS cost,
                   (revenue - cost) * currency_rate AS margin,
                   revenue * currency_rate / NULLIF(hours, 0) AS hourly_rate,
                   %(currency_id)s AS currency_id
              FROM work
            """,
            lines=self._select_support_lines(),
            work=SQL("%s UNION ALL %s", self._select_time(), self._select_lapsed()),
            currency_id=self.env.company.currency_id.id,
        )

    def _select_time(self):
        """ Return the query of the time on tickets, and of what else was taken from packs. """
        return SQL(
            """
            SELECT entry.id::bigint * 10 AS id, entry.name, entry.date,
                   COALESCE(
                       entry.billing_kind, CASE WHEN line.is_pack THEN 'pack' ELSE 'order' END
                   ) AS kind,
                   entry.company_id,
                   COALESCE(ticket.commercial_partner_id, line.client_id) AS client_id,
                   ticket.agreement_id, line.order_id, line.id AS order_line_id, line.product_id,
                   entry.timesheet_invoice_id AS invoice_id, ticket.id AS ticket_id,
                   ticket.team_id, ticket.ticket_type_id, entry.employee_id,
                   entry.unit_amount AS hours,
                   CASE WHEN line.id IS NULL THEN 0 ELSE entry.billed_hours END AS billed_hours,
                   COALESCE(entry.billed_hours * CASE
                       WHEN line.is_prepaid
                       THEN line.price / NULLIF(GREATEST(line.ordered, line.used), 0)
                       ELSE line.hour_price
                   END, 0) AS revenue,
                   -entry.amount AS cost,
                   account_currency_table.rate AS currency_rate
              FROM account_analytic_line entry
              JOIN %(currency_table)s ON account_currency_table.company_id = entry.company_id
              LEFT JOIN helpdesk_ticket ticket ON ticket.id = entry.helpdesk_ticket_id
              LEFT JOIN support_line line ON line.id = entry.so_line
             WHERE entry.project_id IS NOT NULL
               AND (ticket.id IS NOT NULL OR line.id IS NOT NULL)
            """,
            currency_table=self._get_currency_table(),
        )

    def _select_lapsed(self):
        """ Return the query of what the prepaid packs have left that expired. """
        return SQL(
            """
            SELECT line.id::bigint * 10 + 1, line.name, line.support_end_date, 'lapsed',
                   line.company_id, line.client_id, NULL::int, line.order_id, line.id,
                   line.product_id, NULL::int, NULL::int, NULL::int, NULL::int, NULL::int,
                   0.0, 0.0,
                   COALESCE(line.price * (line.ordered - line.used) / NULLIF(line.ordered, 0), 0),
                   0.0, line.currency_rate
              FROM support_line line
             WHERE line.is_pack AND line.is_prepaid
               AND line.support_end_date < %(today)s
               AND line.ordered - line.used > %(nothing)s
            """,
            today=fields.Date.context_today(self),
            nothing=NOTHING,
        )
