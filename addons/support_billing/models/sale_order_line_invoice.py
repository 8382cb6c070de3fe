from collections import defaultdict

from odoo import models
from odoo.fields import Command, Domain

from ..tools.quantity_split import split_quantity


class SaleOrderLine(models.Model):
    """ How the time of an order line is told on the invoice (H8).

    The quantity is that of stock; a client may want it split into lines per ticket or per person.
    """
    _inherit = 'sale.order.line'

    # === BUSINESS METHODS === #

    def _recompute_qty_to_invoice(self, start_date, end_date):
        # read in `_timesheet_compute_delivered_quantity_domain`, which has no parameter for it
        return super(
            SaleOrderLine, self.with_context(support_not_invoiced=True),
        )._recompute_qty_to_invoice(start_date, end_date)

    def _timesheet_compute_delivered_quantity_domain(self):
        """ Leave out time on a line of an invoice when the time of a period is to be invoiced. """
        domain = super()._timesheet_compute_delivered_quantity_domain()
        if self.env.context.get('support_not_invoiced'):
            domain = Domain(domain) & (
                self.env['account.analytic.line']._get_support_not_invoiced_domain()
            )
        return domain

    def _prepare_invoice_lines_vals_list(self, **optional_values):
        """ Invoice time in the lines that the client wants, each of which knows its entries. """
        vals_list = super()._prepare_invoice_lines_vals_list(**optional_values)
        if (
            len(vals_list) != 1 or 'quantity' in optional_values or self.qty_to_invoice <= 0
            or not self.product_id._is_delivered_timesheet() or not self._is_support_time_line()
        ):
            return vals_list
        client = self.order_id.partner_invoice_id.commercial_partner_id
        entries = self._get_entries_to_invoice()
        if not entries or (
            client.support_invoice_detail == 'line' and not client.support_invoice_appendix
            and not entries.helpdesk_ticket_id
        ):
            return vals_list
        return self._split_invoice_line(vals_list[0], entries, client.support_invoice_detail)

    def _get_entries_to_invoice(self):
        """ Return the time that stock links to the invoice of the line that is being made.

        :rtype: account.analytic.line
        """
        self.ensure_one()
        start = self.env.context.get('timesheet_start_date')
        end = self.env.context.get('timesheet_end_date')
        if not start and not end:
            start, end = self.env['account.move']._get_range_dates(self.order_id)
        domain = Domain(self.env['account.move.line']._timesheet_domain_get_invoiced_lines(self))
        if start:
            domain &= Domain('date', '>=', start)
        if end:
            domain &= Domain('date', '<=', end)
        # sudo: account.analytic.line - who invoices need not see timesheets; stock links them alike
        return self.env['account.analytic.line'].sudo().search(domain, order='date, id')

    def _split_invoice_line(self, values, entries, detail):
        """ Return the values of the invoice lines that an invoice line is split into.

        The quantities add up to the quantity, the amounts to the amount. Hours without entries,
        which come from an invoice that was changed by hand, are other time.

        :param dict values: those of the one line
        :param entries: the account.analytic.line that are invoiced
        :param str detail: a value of `support_invoice_detail`
        :rtype: list[dict]
        """
        groups = defaultdict(entries.browse)
        for entry in entries:
            groups[entry._get_invoice_detail(detail)] |= entry
        other = self.env['helpdesk.ticket'].sudo()
        digits = self.env['decimal.precision'].precision_get('Product Unit')
        hours = {group: self._get_billed_quantity(part) for group, part in groups.items()}
        difference = round(values['quantity'] - sum(hours.values()), digits)
        if abs(difference) > 1.5 * 10 ** -digits:
            hours[other] = hours.get(other, 0.0) + difference
        if other in hours:  # the last one
            hours[other] = hours.pop(other)
        quantities = dict(zip(hours, split_quantity(
            values['quantity'], list(hours.values()), digits,
        )))
        shown = [group for group, quantity in quantities.items() if quantity] or list(hours)[:1]
        vals_list = []
        for group in shown:
            part = groups[group]
            if group == shown[0]:
                # what is too short for a line of its own
                part |= entries.browse().union(*(
                    groups[small] for small in hours if small not in shown
                ))
            vals_list.append({
                **values,
                'name': self._get_invoice_detail_name(values['name'], group, detail),
                'quantity': quantities[group],
                'support_entry_ids': [Command.set(part.ids)],
            })
        self._keep_invoice_amount(values, vals_list)
        return vals_list

    def _get_billed_quantity(self, entries):
        """ Return the billed hours of entries in the unit of the line, not rounded. """
        self.ensure_one()
        return sum(
            entry.product_uom_id._compute_quantity(
                entry.billed_hours, self.product_uom_id, round=False,
            )
            for entry in entries
        )

    def _get_invoice_detail_name(self, name, group, detail):
        """ Return the description of an invoice line, in the language of the invoice.

        :param str name: what stock writes
        :param group: the helpdesk.ticket or hr.employee of the line, empty for other time
        :param str detail: a value of `support_invoice_detail`
        :rtype: str
        """
        if detail == 'line':
            return name
        if not group:
            what = self.env._("Other time")
        elif detail == 'person':
            what = group.name
        else:
            what = self.env._(
                "%(reference)s: %(subject)s", reference=group.ticket_ref, subject=group.name,
            )
        return f'{name}\n{what}'

    def _keep_invoice_amount(self, values, vals_list):
        """ Let the lines amount to what the one line does, tax by tax, to the cent.

        Lines that are rounded each on its own may be off by cents. The taxes of stock's invoice
        lines can be told what they amount to; where there are no taxes, the price is adjusted.
        Companies that round the taxes of the whole invoice need neither.

        :param dict values: those of the one line
        :param list[dict] vals_list: those of the lines; changed
        """
        company = self.order_id.company_id
        Tax = self.env['account.tax']
        if (
            len(vals_list) < 2 or company.tax_calculation_rounding_method == 'round_globally'
            or min(vals['quantity'] for vals in vals_list) < 0
        ):
            return
        whole, *parts = [
            self._prepare_base_line_for_taxes_computation(quantity=vals['quantity'])
            for vals in (values, *vals_list)
        ]
        Tax._add_tax_details_in_base_lines([whole, *parts], company)
        Tax._round_base_lines_tax_details([whole], company)
        Tax._round_base_lines_tax_details(parts, company)
        currency = whole['currency_id']
        if all(
            currency.compare_amounts(amount, sum(part)) == 0
            for amount, *part in zip(*(self._get_tax_amounts(line) for line in (whole, *parts)))
        ):
            return
        splits = Tax._split_tax_details(
            whole, company, [{'factor': part['quantity']} for part in parts],
        )
        for vals, part, split in zip(vals_list, parts, splits):
            amount = split['total_excluded_currency'] + split['delta_total_excluded_currency']
            if split['taxes_data'] and not any(
                tax_data['is_reverse_charge'] for tax_data in split['taxes_data']
            ):
                part['manual_total_excluded_currency'] = amount
                part['manual_tax_amounts'] = {
                    str(tax_data['tax'].id): {
                        key: tax_data[key]
                        for key in ('tax_amount_currency', 'base_amount_currency')
                    }
                    for tax_data in split['taxes_data']
                }
                vals['extra_tax_data'] = Tax._export_base_line_extra_tax_data(part)
            elif part['discount'] != 100:
                vals['price_unit'] = amount / part['quantity'] / (1 - part['discount'] / 100)

    def _get_tax_amounts(self, base_line):
        """ Return the amounts of a base line: without taxes, and of each tax. """
        details = base_line['tax_details']
        return [
            details['total_excluded_currency'] + details['delta_total_excluded_currency'],
            *(tax_data['tax_amount_currency'] for tax_data in details['taxes_data']),
        ]
