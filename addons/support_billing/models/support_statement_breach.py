from odoo import api, fields, models
from odoo.exceptions import AccessError


class SupportStatementBreach(models.Model):
    """ A promise that was broken in the month of a statement, and why (W8).

    A copy of what the SLA status said when it was counted. The reason is told to the client.
    """

    _name = 'support.statement.breach'
    _description = "Client Statement: Promise Broken"
    _order = 'deadline, id'
    _rec_name = 'ticket_name'

    statement_id = fields.Many2one(
        comodel_name='support.statement', required=True, index=True, ondelete='cascade',
    )
    status_id = fields.Many2one(
        comodel_name='helpdesk.sla.status',
        string="SLA Status",
        readonly=True,
        index='btree_not_null',
        ondelete='set null',
    )
    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket',
        string="Ticket",
        readonly=True,
        index='btree_not_null',
        ondelete='set null',
    )
    ticket_ref = fields.Char(string="Reference", readonly=True)
    ticket_name = fields.Char(string="Subject", readonly=True)
    target = fields.Selection(
        selection=lambda self: self.env['helpdesk.sla.status']._selection_target(), readonly=True,
    )
    deadline = fields.Datetime(readonly=True)
    reached_date = fields.Datetime(string="Reached on", readonly=True)
    hours_late = fields.Float(
        string="Late by",
        readonly=True,
        help="In working hours, once the target was reached after all.",
    )
    reason = fields.Char(help="Told to the client.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        breaches = super().create(vals_list)
        breaches.statement_id._check_draft()
        return breaches

    def write(self, vals):
        if not self.env.su and vals.keys() - {'reason'}:
            raise AccessError(self.env._(
                "What broke a promise is counted; only its reason is written by hand.",
            ))
        self.check_access('write')
        self.statement_id._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self.statement_id._check_draft()
