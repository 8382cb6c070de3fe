import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)


class SaleOrderLine(models.Model):
    """ Monthly plans (P9): each month is a pack of its own, sold by a line of the same order. """
    _inherit = 'sale.order.line'

    # === CRON METHODS === #

    @api.model
    def _cron_support_plans(self):
        """ Make the months of the plans that have begun, and draft their invoices.

        A plan is kept as soon as it is done; one that fails is told to who sold it and does not
        hold up the others. Months that were missed are made up for, and none is made twice.
        """
        today = fields.Date.context_today(self)
        plans = self.search(self._get_running_plan_domain(today), order='id')
        self.env['ir.cron']._commit_progress(remaining=len(plans))
        for plan in plans:
            # an order that somebody else is working on is looked at again tomorrow
            if plan.order_id.try_lock_for_update():
                try:
                    with self.env.cr.savepoint():
                        plan._bill_plan_months(today)
                except UserError as error:
                    _logger.warning("Plan %s of %s: %s", plan.id, plan.order_id.name, error)
                    plan._tell_plan_problem(error)
            if not self.env['ir.cron']._commit_progress(1):
                break

    @api.model
    def _get_running_plan_domain(self, day):
        """ Return the domain of the first months of plans that have begun.

        :param date day: today
        :rtype: Domain
        """
        return (
            Domain('state', '=', 'sale')
            & Domain('product_id.support_renewal', '=', 'monthly')
            & Domain('product_id.is_support_pack', '=', True)
            & Domain('support_plan_line_id', '=', False)
            & Domain('support_start_date', '<=', day)
        )

    # === BUSINESS METHODS === #

    def _bill_plan_months(self, today):
        """ Make the months of a plan up to a day, and draft an invoice of each that has none.

        Time that found no hours before is allocated to the new months.

        :param date today: the day
        :return: the invoices
        :rtype: account.move
        """
        self.ensure_one()
        months = self | self.search([('support_plan_line_id', '=', self.id)])
        new_months = self._create_plan_months(today, months)
        # what was refunded or cancelled on purpose has an invoice line, and gets no second one
        billable = (months | new_months).filtered(
            lambda line: line.support_start_date <= today and not line.invoice_lines,
        )
        invoices = self.env['account.move']
        for month in billable.sorted('support_start_date'):
            invoice = self.order_id.with_context(
                support_invoice_line_ids=month.ids,
            )._create_invoices()
            invoice.invoice_date = month.support_start_date
            invoices |= invoice
        if new_months:
            self.env['account.analytic.line'].search([
                ('billing_kind', '=', 'flagged'),
                ('helpdesk_ticket_id.sale_order_id', '=', self.order_id.id),
                ('date', '>=', min(new_months.mapped('support_start_date'))),
            ])._allocate_support_hours()
        return invoices

    def _create_plan_months(self, today, months):
        """ Create the lines of the months that have begun and are not there.

        Month n begins n months after the first day of the plan, so a plan that began on the 31st
        does not drift to the 28th.

        :param date today: the day
        :param months: the lines of the plan that are there
        :rtype: sale.order.line
        """
        self.ensure_one()
        first_day = self.support_start_date
        last_day = min(today, self.support_plan_end_date or today)
        known = set(months.mapped('support_start_date'))
        vals_list = []
        number = 1
        while (start := first_day + relativedelta(months=number)) <= last_day:
            if start not in known:
                vals_list.append(self._prepare_plan_month_values(start, number))
            number += 1
        return self.create(vals_list)

    def _prepare_plan_month_values(self, start, number):
        """ Return the values of the order line of a month of the plan.

        :param date start: the first day of the month
        :param int number: which month of the plan, from 0
        :rtype: dict
        """
        self.ensure_one()
        end = self.support_start_date + relativedelta(months=number + 1, days=-1)
        line = self.with_context(lang=self.order_partner_id.lang)
        return {
            'order_id': self.order_id.id,
            'product_id': self.product_id.id,
            'product_uom_qty': self.product_uom_qty,
            'product_uom_id': self.product_uom_id.id,
            'price_unit': self.price_unit,
            'discount': self.discount,
            'tax_ids': [fields.Command.set(self.tax_ids.ids)],
            'name': line.env._(
                "%(plan)s\n%(start)s to %(end)s",
                plan=line.product_id.display_name,
                start=format_date(line.env, start),
                end=format_date(line.env, end),
            ),
            'support_plan_line_id': self.id,
            'support_start_date': start,
            'support_end_date': self._get_validity_end(self.support_start_date, number),
        }

    def _tell_plan_problem(self, error):
        """ Ask who sold the plan to mend what keeps it from being billed, once at a time.

        :param UserError error: what is wrong
        """
        order = self.order_id
        summary = self.env._("The month of the support plan was not billed")
        if summary not in order.activity_ids.mapped('summary'):
            order.activity_schedule(
                'mail.mail_activity_data_todo',
                summary=summary,
                note=str(error),
                user_id=order.user_id.id or self.env.uid,
            )
