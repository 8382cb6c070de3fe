from datetime import timedelta

from odoo import api, fields, models

from ..models.hypercare_scale import DAYS_MAX


class HypercareChangeWizard(models.TransientModel):
    """ Asks why a window is extended, closed, reopened, canceled or reset. """

    _name = 'hypercare.change.wizard'
    _description = "Change Hypercare"

    period_id = fields.Many2one(
        comodel_name='hypercare.period', required=True, readonly=True, ondelete='cascade',
    )
    kind = fields.Selection(
        selection=[
            ('extend', "Extend"),
            ('close', "Close"),
            ('reopen', "Reopen"),
            ('cancel', "Cancel"),
            ('reset', "Take the Start Back"),
        ],
        required=True,
        readonly=True,
    )
    days = fields.Integer(
        string="Calendar Days", compute='_compute_days', store=True, readonly=False,
    )
    date_end = fields.Date(string="Last Day", compute='_compute_date_end')
    is_early = fields.Boolean(compute='_compute_missing')
    missing = fields.Text(compute='_compute_missing')
    reason = fields.Char()

    # === COMPUTE METHODS === #

    @api.depends('period_id')
    def _compute_days(self):
        for wizard in self:
            wizard.days = min(wizard.period_id.days + 7, DAYS_MAX)

    @api.depends('days', 'period_id')
    def _compute_date_end(self):
        for wizard in self:
            golive = wizard.period_id.golive_date
            wizard.date_end = golive and golive + timedelta(days=wizard.days - 1)

    @api.depends('period_id', 'kind')
    def _compute_missing(self):
        for wizard in self:
            closes = wizard.kind == 'close' and wizard.period_id
            wizard.is_early = closes and wizard.period_id._is_early()
            wizard.missing = closes and wizard.period_id.missing_text

    # === ACTION METHODS === #

    def action_confirm(self):
        """ Do what was asked for.

        :raise UserError: see the methods of `hypercare.period`
        """
        self.ensure_one()
        period = self.period_id
        if self.kind == 'extend':
            period._extend(self.days, self.reason)
        elif self.kind == 'close':
            period._close(self.reason)
        elif self.kind == 'reopen':
            period._reopen(self.reason)
        elif self.kind == 'cancel':
            period._cancel(self.reason)
        else:
            period._reset(self.reason)
        return {'type': 'ir.actions.act_window_close'}
