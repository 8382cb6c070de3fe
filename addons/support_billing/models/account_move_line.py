from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_compare


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    support_entry_ids = fields.One2many(
        comodel_name='account.analytic.line',
        inverse_name='support_invoice_line_id',
        string="Support Time",
        copy=False,
        export_string_translation=False,
    )
    support_origin_line_id = fields.Many2one(
        comodel_name='account.move.line',
        string="Copy of",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        export_string_translation=False,
        help="The invoice line that this one credits, or replaces after it was credited.",
    )

    # === CRUD METHODS === #

    def unlink(self):
        """ Let the time of these lines go, not that of other lines of the same order line. """
        moves = self.filtered(
            lambda line: line.display_type == 'product' and line.sale_line_ids
            and line.parent_state == 'draft',
        ).move_id
        if not moves:
            return super().unlink()
        # sudo: account.analytic.line - who invoices need not see timesheets; stock frees them alike
        kept = self.env['account.analytic.line'].sudo().search([
            ('timesheet_invoice_id', 'in', moves.ids),
            ('support_invoice_line_id.move_id', 'in', moves.ids),
            ('support_invoice_line_id', 'not in', self.ids),
        ]).grouped('timesheet_invoice_id')
        result = super().unlink()
        for move, entries in kept.items():
            entries.timesheet_invoice_id = move
        return result

    def _copy_data_extend_business_fields(self, values):
        # a credit note, or the invoice that replaces the one it credits
        super()._copy_data_extend_business_fields(values)
        if self.sale_line_ids:
            values['support_origin_line_id'] = self.id

    # === BUSINESS METHODS === #

    @api.model
    def _timesheet_domain_get_invoiced_lines(self, sale_line_delivery):
        """ Leave out time that is on a line of an invoice: it is freed when that is credited. """
        return list(
            Domain(super()._timesheet_domain_get_invoiced_lines(sale_line_delivery))
            & self.env['account.analytic.line']._get_support_not_invoiced_domain(),
        )

    def _get_credited_lines(self):
        """ Return which of the invoice lines are credited as a whole, by posted credit notes.

        :rtype: account.move.line
        """
        credited = dict(self.env['account.move.line']._read_group([
            ('support_origin_line_id', 'in', self.ids),
            ('move_id.move_type', '=', 'out_refund'),
            ('parent_state', '=', 'posted'),
        ], ['support_origin_line_id'], ['quantity:sum']))
        digits = self.env['decimal.precision'].precision_get('Product Unit')
        return self.filtered(lambda line: line in credited and float_compare(
            abs(credited[line]), abs(line.quantity), precision_digits=digits,
        ) >= 0)
