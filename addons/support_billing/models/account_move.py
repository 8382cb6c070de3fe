from odoo import models

from ..tools.quantity_split import split_quantity


class AccountMove(models.Model):
    _inherit = 'account.move'

    # === ACTION METHODS === #

    def action_post(self):
        """ Let a credit note free the time of the lines that it credits, not of all the others.

        Stock frees what is on the invoice of the same order line.
        """
        entries_by_move = self._get_credited_invoices()._get_support_entries().grouped(
            'timesheet_invoice_id',
        )
        result = super().action_post()
        for move, entries in entries_by_move.items():
            credited = entries.support_invoice_line_id._get_credited_lines()
            entries.filtered(
                lambda entry, credited=credited: entry.support_invoice_line_id not in credited,
            ).timesheet_invoice_id = move
        return result

    def _post(self, soft=True):
        posted = super()._post(soft)
        entries = posted._get_credited_invoices()._get_support_entries()
        if entries:
            credited = entries.support_invoice_line_id._get_credited_lines()
            entries.filtered(
                lambda entry: entry.support_invoice_line_id in credited,
            ).timesheet_invoice_id = False
        return posted

    # === BUSINESS METHODS === #

    def _get_credited_invoices(self):
        """ Return the invoices that those of the moves which are credit notes credit. """
        return self.filtered(lambda move: move.move_type == 'out_refund').reversed_entry_id

    def _get_support_entries(self):
        """ Return the time that is on a line of the invoices, the oldest first.

        :rtype: account.analytic.line
        """
        # sudo: account.analytic.line - who invoices need not see timesheets
        return self.env['account.analytic.line'].sudo().search([
            ('timesheet_invoice_id', 'in', self.ids),
            ('support_invoice_line_id.move_id', 'in', self.ids),
        ], order='date, id') if self else self.env['account.analytic.line'].sudo()

    def _take_over_support_time(self):
        """ Put the time of credited lines on the lines of these invoices, which replace them. """
        lines = self.invoice_line_ids.filtered('support_origin_line_id')
        # sudo: account.analytic.line - who invoices need not see timesheets
        freed = self.env['account.analytic.line'].sudo().search([
            ('support_invoice_line_id', 'in', lines.support_origin_line_id.ids),
            ('timesheet_invoice_id', '=', False),
        ]).grouped('support_invoice_line_id')
        for line in lines:
            if entries := freed.get(line.support_origin_line_id):
                entries.write({
                    'timesheet_invoice_id': line.move_id.id,
                    'support_invoice_line_id': line.id,
                })

    # === APPENDIX === #

    def _get_support_appendix(self):
        """ Return the time on the invoice, order line by order line, for the appendix of its PDF.

        Hours are whole minutes, and add up as they are shown. Where the quantity of a line is not
        the hours of its entries (days have two digits only), `rounding` is the difference.

        :return: dicts of `name`, `lines`, `worked`, `billed`, `rounding`, `hours`, `quantity`,
            `unit` and `amount`; each of `lines` has the same and `rows` instead of `lines`; a row
            has `date`, `ticket` (reference), `subject`, `who`, `what`, `worked` and `billed`. Hours
            are those of the invoice, amounts are without taxes in its currency. Nothing if the
            client wants no appendix.
        :rtype: list[dict]
        """
        self.ensure_one()
        client = self.commercial_partner_id
        if self.move_type != 'out_invoice' or not client.support_invoice_appendix:
            return []
        entries = self._get_support_entries()
        uom_hour = self.env.ref('uom.product_uom_hour')
        sections = []
        for order_line, lines in entries.support_invoice_line_id.sorted(
            lambda line: (line.sequence, line.id),
        ).grouped(lambda line: line.sale_line_ids[:1]).items():
            quantity = sum(lines.mapped('quantity'))
            hours = [
                line.product_uom_id._compute_quantity(line.quantity, uom_hour, round=False) * 60
                for line in lines
            ]
            blocks = [
                self._prepare_appendix_lines(line, entries, minutes)
                for line, minutes in zip(lines, split_quantity(round(sum(hours)), hours, 0))
            ]
            sections.append({
                'name': self.env._(
                    "%(order)s: %(product)s",
                    order=order_line.order_id.name, product=order_line.product_id.display_name,
                ),
                'lines': blocks,
                'quantity': quantity,
                'unit': lines.product_uom_id[:1].name,
                **{
                    key: sum(block[key] for block in blocks)
                    for key in ('worked', 'billed', 'rounding', 'hours', 'amount')
                },
            })
        return sections

    def _prepare_appendix_lines(self, line, entries, minutes):
        """ Return what the appendix tells of a line; see `_get_support_appendix`.

        :param line: the account.move.line
        :param entries: the account.analytic.line of the invoice
        :param float minutes: the quantity of the line
        :rtype: dict
        """
        entries = entries.filtered(lambda entry: entry.support_invoice_line_id == line)
        uom_hour = self.env.ref('uom.product_uom_hour')
        shown = {}
        for field in ('unit_amount', 'billed_hours'):
            exact = [
                entry.product_uom_id._compute_quantity(entry[field], uom_hour, round=False) * 60
                for entry in entries
            ]
            shown[field] = split_quantity(round(sum(exact)), exact, 0)
        billed = sum(shown['billed_hours'])
        return {
            'name': (line.name or '').split('\n')[-1],
            'rows': [
                {
                    'date': entry.date,
                    'ticket': entry.helpdesk_ticket_id.ticket_ref,
                    'subject': entry.helpdesk_ticket_id.name or entry.task_id.name,
                    'who': entry.employee_id.name,
                    'what': entry.name,
                    'worked': worked / 60,
                    'billed': hours / 60,
                }
                for entry, worked, hours in zip(
                    entries, shown['unit_amount'], shown['billed_hours'],
                )
            ],
            'worked': sum(shown['unit_amount']) / 60,
            'billed': billed / 60,
            'rounding': (minutes - billed) / 60,
            'hours': minutes / 60,
            'quantity': line.quantity,
            'unit': line.product_uom_id.name,
            'amount': -line.amount_currency,
        }
