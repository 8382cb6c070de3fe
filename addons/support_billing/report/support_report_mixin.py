from odoo import models
from odoo.tools import SQL


class SupportReportMixin(models.AbstractModel):
    """ What the reports on money have in common: the order lines that support is paid by.

    The reports are queries, as those of the help desk are, and amounts are those of the company in
    whose name somebody looks: what other companies and other currencies sold is converted.
    """

    _name = 'support.report.mixin'
    _description = "Report on Support Billing"
    _depends = {
        'account.analytic.line': [
            'amount', 'billed_hours', 'billing_kind', 'billing_waiver', 'company_id', 'date',
            'employee_id', 'helpdesk_ticket_id', 'name', 'project_id', 'so_line',
            'timesheet_invoice_id', 'unit_amount',
        ],
        'account.move': ['payment_state', 'state'],
        'helpdesk.team': ['timesheet_product_id', 'use_helpdesk_sale_timesheet'],
        'helpdesk.ticket': [
            'active', 'agreement_id', 'billing_scope', 'billing_waiver', 'close_date',
            'commercial_partner_id', 'company_id', 'estimated_hours', 'merged_into_id', 'name',
            'stage_id', 'team_id', 'ticket_type_id',
        ],
        'product.template': [
            'invoice_policy', 'is_support_pack', 'list_price', 'service_type', 'support_renewal',
            'uom_id',
        ],
        'res.company': ['support_unanswered_days', 'support_uninvoiced_days'],
        'res.partner': ['commercial_partner_id'],
        'sale.order': [
            'amount_untaxed', 'company_id', 'currency_rate', 'date_order', 'helpdesk_ticket_id',
            'partner_id', 'state',
        ],
        'sale.order.line': [
            'billing_waiver', 'company_id', 'name', 'order_id', 'price_subtotal', 'product_id',
            'product_uom_id', 'product_uom_qty', 'qty_delivered_method', 'state',
            'support_end_date', 'support_hour_price', 'support_renews_line_id',
        ],
    }

    # === BUSINESS METHODS === #

    def _select_support_lines(self):
        """ Return the query of the confirmed order lines that support is paid by.

        They are packs, and whatever else time on tickets was delivered to. Its columns:

        - `is_pack`, `is_prepaid` (invoiced as ordered, not as delivered);
        - `ordered` and `used`: hours sold, and hours that any timesheet has taken of them;
        - `price` and `hour_price`: of the line and of an hour, after discount and without taxes, in
          the currency of the line's company; `currency_rate` converts to that of the reader.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT line.id, line.order_id, line.product_id, line.company_id, line.name,
                   line.support_end_date, line.billing_waiver, template.support_renewal,
                   partner.commercial_partner_id AS client_id,
                   template.invoice_policy = 'order' AS is_prepaid,
                   template.is_support_pack IS TRUE OR (
                       template.invoice_policy = 'order' AND template.service_type = 'timesheet'
                   ) AS is_pack,
                   line.product_uom_qty * uom.factor / %(hour)s AS ordered,
                   COALESCE(taken.hours, 0) AS used,
                   taken.last_date,
                   line.price_subtotal / %(order_rate)s AS price,
                   line.support_hour_price / %(order_rate)s AS hour_price,
                   account_currency_table.rate AS currency_rate
              FROM sale_order_line line
              JOIN sale_order ON sale_order.id = line.order_id
              JOIN res_partner partner ON partner.id = sale_order.partner_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom uom ON uom.id = line.product_uom_id
              JOIN %(currency_table)s ON account_currency_table.company_id = line.company_id
              LEFT JOIN (
                   SELECT so_line, SUM(billed_hours) AS hours, MAX(date) AS last_date,
                          BOOL_OR(helpdesk_ticket_id IS NOT NULL) AS is_support
                     FROM account_analytic_line
                    WHERE so_line IS NOT NULL AND project_id IS NOT NULL
                    GROUP BY so_line
              ) taken ON taken.so_line = line.id
             WHERE line.state = 'sale'
               AND line.qty_delivered_method = 'timesheet'
               AND (template.is_support_pack IS TRUE OR taken.is_support)
            """,
            hour=self._get_hour_factor(),
            order_rate=SQL("COALESCE(NULLIF(sale_order.currency_rate, 0), 1)"),
            currency_table=self._get_currency_table(),
        )

    def _get_hour_factor(self):
        """ Return by how much a unit of time is divided to get hours. """
        # sudo: uom.uom - a number
        return self.env.ref('uom.product_uom_hour').sudo().factor

    def _get_currency_table(self):
        """ Return the rates by company (`account_currency_table`) into the reader's currency.

        :rtype: SQL
        """
        return self.env['res.currency']._get_simple_currency_table(self.env.companies)
