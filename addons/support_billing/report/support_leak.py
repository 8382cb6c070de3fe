from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.hours_ledger import NOTHING


class SupportLeak(models.Model):
    """ What should have been billed and is not: one row for each thing that can be mended (H8).

    A row is there as long as its cause is. Nothing is stored: what is mended has no row any more.
    """

    _name = 'support.leak'
    _description = "Leakage"
    _inherit = ['support.report.mixin']
    _auto = False
    _order = 'date, id'
    _rec_name = 'name'

    kind = fields.Selection(
        selection=[
            ('flagged', "Time without an order line"),
            ('pending', "Improvement not approved"),
            ('uninvoiced', "Delivered, not invoiced"),
            ('no_time', "Solved without time"),
            ('overdrawn', "Overdrawn pack"),
            ('expired', "Expired pack with hours left"),
            ('quotation', "Quotation without answer"),
        ],
        string="Leak",
        readonly=True,
    )
    name = fields.Char(string="Description", readonly=True)
    client_id = fields.Many2one(
        comodel_name='res.partner', string="Client", readonly=True,
        falsy_value_label="No client",
    )
    company_id = fields.Many2one(comodel_name='res.company', readonly=True)
    ticket_id = fields.Many2one(comodel_name='helpdesk.ticket', readonly=True)
    team_id = fields.Many2one(
        comodel_name='helpdesk.team', string="Helpdesk Team", readonly=True,
    )
    order_id = fields.Many2one(comodel_name='sale.order', string="Sales Order", readonly=True)
    order_line_id = fields.Many2one(
        comodel_name='sale.order.line', string="Sales Order Item", readonly=True,
    )
    entry_id = fields.Many2one(
        comodel_name='account.analytic.line', string="Time Entry", readonly=True,
    )
    employee_id = fields.Many2one(comodel_name='hr.employee', readonly=True)
    date = fields.Date(
        readonly=True,
        help="When it began to leak: the day of the work, of the solution, of the expiry or of the "
             "quotation.",
    )
    age_days = fields.Integer(
        string="Age (Days)", readonly=True, aggregator='max', help="Days since the date.",
    )
    hours = fields.Float(
        readonly=True,
        help="The hours that would be billed. Of a ticket without time: the estimate.",
    )
    amount = fields.Monetary(
        string="Amount (Estimate)",
        readonly=True,
        currency_field='currency_id',
        help="Without taxes. Hours that no order line pays for count with the price of the team's "
             "time and materials product; a pack that expired with what it would be renewed for.",
    )
    currency_id = fields.Many2one(comodel_name='res.currency', readonly=True)

    # === ACTION METHODS === #

    def action_open(self):
        """ Open what the row is about: the ticket, else the order. """
        self.ensure_one()
        if self.kind != 'quotation' and self.ticket_id.has_access('read'):
            return self.action_open_ticket()
        return self.action_open_order()

    def action_open_ticket(self):
        """ Open the ticket, to log time on it or to quote it. """
        self.ensure_one()
        return self._open_records(self.ticket_id)

    def action_open_order(self):
        """ Open the orders of the rows. """
        orders = self.order_id
        if not orders:
            raise UserError(self.env._("There is no sales order behind this."))
        return self._open_records(orders)

    def action_allocate(self):
        """ Look again for what pays for the time, as `_allocate_support_hours` decides it. """
        leaks = self._filter_kinds('flagged', 'pending', 'overdrawn')
        leaks._check_may_mend()
        entries = leaks._get_entries()
        leaks._suggest_order_lines()
        # a choice by hand that nobody pays is none
        entries.filtered(lambda entry: entry.is_so_line_edited and not entry.so_line).write(
            {'is_so_line_edited': False},
        )
        entries._allocate_support_hours()
        rest = self.search_count([('id', 'in', leaks.ids)])
        if rest:
            message = self.env._(
                "%(mended)s mended. For %(rest)s nothing was found that pays: sell a pack, quote "
                "the improvement or say why it is not billed.",
                mended=len(leaks) - rest, rest=rest,
            )
        else:
            message = self.env._("%(mended)s mended.", mended=len(leaks))
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'warning' if rest else 'success',
                'message': message,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def action_waive(self):
        """ Ask why the rows are not billed. """
        leaks = self._filter_kinds(
            'flagged', 'pending', 'uninvoiced', 'no_time', 'overdrawn', 'expired',
        )
        leaks._check_may_mend()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'support_billing.support_waive_wizard_action',
        )
        action['context'] = {'default_leak_ids': leaks.ids}
        return action

    def action_create_invoice(self):
        """ Open the stock dialog that invoices the orders of the rows. """
        orders = self._filter_kinds('uninvoiced').order_id
        orders.check_access('write')
        action = self.env['ir.actions.act_window']._for_xml_id(
            'sale.action_view_sale_advance_payment_inv',
        )
        action['context'] = {
            'active_model': 'sale.order', 'active_ids': orders.ids, 'active_id': orders[:1].id,
        }
        return action

    def action_renew(self):
        """ Propose to sell the packs again. """
        return self._filter_kinds('expired', 'overdrawn').order_line_id.action_propose_renewal()

    # === BUSINESS METHODS === #

    def _waive(self, reason):
        """ Note why the rows are not billed: on the time, the ticket or the order line.

        :param str reason: why
        :raise AccessError: if the user leads no team
        :raise UserError: if a row is a quotation, which is canceled instead
        """
        self._check_may_mend()
        if self.filtered(lambda leak: leak.kind == 'quotation'):
            raise UserError(self.env._(
                "A quotation without answer is followed up or canceled. Open it to do so.",
            ))
        values = {'billing_waiver': reason}
        self._get_entries('flagged', 'pending', 'uninvoiced').write(values)
        self.filtered(lambda leak: leak.kind == 'no_time').ticket_id.write(values)
        # sudo: sale.order.line - a remark on lines that the user was shown; it changes no figure
        self.filtered(
            lambda leak: leak.kind in ('overdrawn', 'expired'),
        ).order_line_id.sudo().write(values)

    def _check_may_mend(self):
        """ Refuse who may look and not decide; which rows are seen is a matter of rules. """
        self.check_access('read')
        if not self.env.user.has_group('helpdesk_sla.group_helpdesk_team_leader'):
            raise AccessError(self.env._(
                "What is billed of the time on tickets is decided by team leaders and "
                "administrators of the helpdesk.",
            ))

    def _filter_kinds(self, *kinds):
        """ Return the rows of some kinds.

        :raise UserError: if there is none among those that were chosen
        """
        leaks = self.filtered(lambda leak: leak.kind in kinds)
        if not leaks:
            names = dict(self._fields['kind']._description_selection(self.env))
            raise UserError(self.env._(
                "This is for rows of another kind: %(kinds)s.",
                kinds=', '.join(names[kind] for kind in kinds),
            ))
        return leaks

    def _get_entries(self, *kinds):
        """ Return the time behind the rows that is not invoiced.

        :param kinds: of which kinds of rows; none: of all
        :rtype: account.analytic.line
        """
        leaks = self.filtered(lambda leak: not kinds or leak.kind in kinds)
        entries = leaks.entry_id
        if lines := leaks.filtered(lambda leak: not leak.entry_id).order_line_id:
            found = entries.search([
                ('so_line', 'in', lines.ids), ('helpdesk_ticket_id', '!=', False),
            ])
            # sudo: account.move - whether the time is invoiced, for who cannot see the invoice
            found = found.sudo().filtered(lambda entry: entry._is_not_billed()).with_env(self.env)
            today = fields.Date.context_today(self)
            for leak in leaks.filtered(lambda leak: leak.kind == 'uninvoiced'):
                # sudo: res.company - a number of days
                limit = today - timedelta(leak.company_id.sudo().support_uninvoiced_days)
                entries |= found.filtered(
                    lambda entry, leak=leak, limit=limit: entry.so_line == leak.order_line_id
                    and entry.helpdesk_ticket_id == leak.ticket_id and entry.date <= limit,
                )
            packs = leaks.filtered(lambda leak: leak.kind == 'overdrawn').order_line_id
            entries |= found.filtered(lambda entry: entry.so_line in packs)
        return entries

    def _suggest_order_lines(self):
        """ Let the tickets that have no order line have the one that is suggested by now. """
        tickets = self.ticket_id.filtered(lambda ticket: not ticket.sale_line_id)
        by_line = {}
        for ticket, line in tickets._get_suggested_sale_lines().items():
            by_line[line] = by_line.get(line, tickets.browse()) | ticket
        for line, group in by_line.items():
            group.write({'sale_line_id': line.id})

    def _open_records(self, records):
        """ Return the action that shows one record as a form, several as a list. """
        action = {
            'type': 'ir.actions.act_window',
            'res_model': records._name,
            'name': records._description,
            'views': [(False, 'list'), (False, 'form')],
            'domain': [('id', 'in', records.ids)],
        }
        if len(records) == 1:
            action.update(views=[(False, 'form')], res_id=records.id)
        return action

    # === QUERY === #

    @property
    def _table_query(self):
        # ids must differ, and stay with what they are of: ten kinds are enough
        today = fields.Date.context_today(self)
        return SQL(
            """
            WITH support_line AS (%(lines)s), leak AS (%(leaks)s)
            SELECT leak.id, leak.kind, leak.name, leak.client_id, leak.company_id, leak.ticket_id,
                   leak.team_id, leak.order_id, leak.order_line_id, leak.entry_id,
                   leak.employee_id, leak.date, %(today)s - leak.date AS age_days, leak.hours,
                   leak.amount * account_currency_table.rate AS amount,
                   %(currency_id)s AS currency_id
              FROM leak
              JOIN %(currency_table)s ON account_currency_table.company_id = leak.company_id
            """,
            lines=self._select_support_lines(),
            leaks=SQL(" UNION ALL ").join([
                self._select_time(), self._select_uninvoiced(today), self._select_no_time(),
                self._select_packs(today), self._select_quotations(today),
            ]),
            today=today,
            currency_id=self.env.company.currency_id.id,
            currency_table=self._get_currency_table(),
        )

    def _select_time(self):
        """ Return the query of the time on tickets that no order line pays for. """
        return SQL(
            """
            SELECT entry.id::bigint * 10 AS id, entry.billing_kind AS kind, entry.name,
                   ticket.commercial_partner_id AS client_id, ticket.company_id,
                   ticket.id AS ticket_id, ticket.team_id, NULL::int AS order_id,
                   NULL::int AS order_line_id, entry.id AS entry_id, entry.employee_id, entry.date,
                   entry.billed_hours AS hours,
                   entry.billed_hours * COALESCE(%(hour_price)s, 0) AS amount
              FROM account_analytic_line entry
              JOIN helpdesk_ticket ticket ON ticket.id = entry.helpdesk_ticket_id
              %(join_price)s
             WHERE entry.billing_kind IN ('flagged', 'pending')
               AND entry.billing_waiver IS NULL
            """,
            **self._get_team_price(),
        )

    def _select_uninvoiced(self, today):
        """ Return the query of what was delivered to a line for a ticket, and is late to invoice.

        An entry counts as stock counts it, see `account.analytic.line._is_not_billed`.
        """
        return SQL(
            """
            SELECT MIN(entry.id)::bigint * 10 + 1, 'uninvoiced', ticket.name, line.client_id,
                   line.company_id, ticket.id, ticket.team_id, line.order_id, line.id, NULL::int,
                   CASE WHEN MIN(entry.employee_id) = MAX(entry.employee_id)
                        THEN MIN(entry.employee_id) END,
                   MIN(entry.date), SUM(entry.billed_hours),
                   SUM(entry.billed_hours) * line.hour_price
              FROM account_analytic_line entry
              JOIN helpdesk_ticket ticket ON ticket.id = entry.helpdesk_ticket_id
              JOIN support_line line ON line.id = entry.so_line
              JOIN res_company company ON company.id = line.company_id
              LEFT JOIN account_move move ON move.id = entry.timesheet_invoice_id
             WHERE NOT line.is_prepaid
               AND (move.id IS NULL OR (
                    move.state = 'cancel' AND move.payment_state != 'invoicing_legacy'
               ))
               AND entry.date <= %(today)s - company.support_uninvoiced_days
             GROUP BY ticket.id, ticket.name, ticket.team_id, line.id, line.client_id,
                   line.company_id, line.order_id, line.hour_price
            HAVING ABS(SUM(entry.billed_hours)) > %(nothing)s
            """,
            today=today,
            nothing=NOTHING,
        )

    def _select_no_time(self):
        """ Return the query of the tickets of clients that were solved and took no time. """
        return SQL(
            """
            SELECT ticket.id::bigint * 10 + 2, 'no_time', ticket.name,
                   ticket.commercial_partner_id, ticket.company_id, ticket.id, ticket.team_id,
                   NULL::int, NULL::int, NULL::int, NULL::int, ticket.close_date::date,
                   ticket.estimated_hours, ticket.estimated_hours * COALESCE(%(hour_price)s, 0)
              FROM helpdesk_ticket ticket
              JOIN helpdesk_stage stage ON stage.id = ticket.stage_id
              %(join_price)s
             WHERE stage.stage_type = 'solved'
               AND team.use_helpdesk_sale_timesheet
               AND ticket.active
               AND ticket.merged_into_id IS NULL
               AND ticket.commercial_partner_id IS NOT NULL
               AND ticket.billing_scope IS DISTINCT FROM 'defect'
               AND ticket.billing_waiver IS NULL
               AND NOT EXISTS (
                   SELECT FROM account_analytic_line entry
                    WHERE entry.helpdesk_ticket_id = ticket.id
               )
            """,
            **self._get_team_price(),
        )

    def _select_packs(self, today):
        """ Return the query of the packs that are overdrawn, or expired with hours left.

        Of a pack that is invoiced as used nothing is lost by overdrawing it. Months of a plan lapse
        as agreed.
        """
        return SQL(
            """
            SELECT line.id::bigint * 10 + 3, 'overdrawn', line.name, line.client_id,
                   line.company_id, NULL::int, NULL::int, line.order_id, line.id, NULL::int,
                   NULL::int, line.last_date, line.used - line.ordered,
                   CASE WHEN line.is_prepaid THEN (line.used - line.ordered) * line.hour_price
                        ELSE 0 END
              FROM support_line line
             WHERE line.is_pack AND line.billing_waiver IS NULL
               AND line.used - line.ordered > %(nothing)s
             UNION ALL
            SELECT line.id::bigint * 10 + 4, 'expired', line.name, line.client_id,
                   line.company_id, NULL::int, NULL::int, line.order_id, line.id, NULL::int,
                   NULL::int, line.support_end_date, line.ordered - line.used, line.price
              FROM support_line line
             WHERE line.is_pack AND line.billing_waiver IS NULL
               AND line.support_end_date < %(today)s
               AND line.support_renewal != 'monthly'
               AND line.ordered - line.used > %(nothing)s
               AND NOT EXISTS (
                   SELECT FROM sale_order_line renewal
                    WHERE renewal.support_renews_line_id = line.id
                      AND renewal.state != 'cancel'
               )
            """,
            today=today,
            nothing=NOTHING,
        )

    def _select_quotations(self, today):
        """ Return the query of the quotations made for tickets that nobody has answered. """
        return SQL(
            """
            SELECT sale_order.id::bigint * 10 + 5, 'quotation', ticket.name,
                   partner.commercial_partner_id, sale_order.company_id, ticket.id, ticket.team_id,
                   sale_order.id, NULL::int, NULL::int, NULL::int, sale_order.date_order::date,
                   0.0, sale_order.amount_untaxed
                        / COALESCE(NULLIF(sale_order.currency_rate, 0), 1)
              FROM sale_order
              JOIN helpdesk_ticket ticket ON ticket.id = sale_order.helpdesk_ticket_id
              JOIN res_partner partner ON partner.id = sale_order.partner_id
              JOIN res_company company ON company.id = sale_order.company_id
             WHERE sale_order.state IN ('draft', 'sent')
               AND sale_order.date_order::date <= %(today)s - company.support_unanswered_days
            """,
            today=today,
        )

    def _get_team_price(self):
        """ Return what joins the team of the `ticket`, and the price of an hour of its work.

        The price is that of the list, in the currency of the company.

        :rtype: dict[str, SQL]
        """
        return {
            'hour_price': SQL(
                "template.list_price * %s / NULLIF(uom.factor, 0)", self._get_hour_factor(),
            ),
            'join_price': SQL(
                """
                JOIN helpdesk_team team ON team.id = ticket.team_id
                LEFT JOIN product_product product ON product.id = team.timesheet_product_id
                LEFT JOIN product_template template ON template.id = product.product_tmpl_id
                LEFT JOIN uom_uom uom ON uom.id = template.uom_id
                """,
            ),
        }
