from odoo import api, fields, models
from odoo.fields import Domain


class AccountAnalyticLine(models.Model):
    """ On which line of its invoice the time is (H8). """
    _inherit = 'account.analytic.line'

    support_invoice_line_id = fields.Many2one(
        comodel_name='account.move.line',
        string="Invoice Line",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        export_string_translation=False,
        help="The line on which the time was invoiced last. It counts while Invoice is that of the "
             "line; when a credit note has freed the time, there is no invoice.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _get_support_not_invoiced_domain(self):
        """ Return the domain of time that is on no line of an invoice.

        Stock invoices again what is on an invoice with a credit note, whatever is credited.

        :rtype: Domain
        """
        return (
            Domain('support_invoice_line_id', '=', False)
            | Domain('timesheet_invoice_id', '=', False)
            | Domain('timesheet_invoice_id.state', '=', 'cancel')
        )

    def _get_invoice_detail(self, detail):
        """ Return the record for which the time has an invoice line.

        :param str detail: a value of `support_invoice_detail`
        :return: the ticket, empty for time on none; the employee; or always the same
        """
        self.ensure_one()
        if detail == 'person':
            return self.employee_id
        return self.helpdesk_ticket_id if detail == 'ticket' else self.env['helpdesk.ticket']
