import base64

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class GoliveProtocolScanWizard(models.TransientModel):
    """ Takes the copy of a protocol that was signed on paper and came by mail. """

    _name = 'golive.protocol.scan.wizard'
    _description = "Register a Signed Protocol"

    protocol_id = fields.Many2one(
        comodel_name='golive.protocol', required=True, readonly=True, ondelete='cascade',
    )
    scan = fields.Binary(string="Signed Copy", required=True, attachment=False)
    scan_name = fields.Char()
    signed_by = fields.Char(
        compute='_compute_signed_by', store=True, readonly=False, required=True, precompute=True,
    )
    paper_date = fields.Date(
        string="Signed on", default=fields.Date.context_today, required=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('protocol_id')
    def _compute_signed_by(self):
        for wizard in self:
            wizard.signed_by = wizard.protocol_id.coordinator_id.name

    # === CONSTRAINT METHODS === #

    @api.constrains('paper_date')
    def _check_paper_date(self):
        for wizard in self:
            if wizard.paper_date > fields.Date.context_today(wizard):
                raise ValidationError(self.env._(
                    "The protocol cannot have been signed on a day that is yet to come.",
                ))

    # === ACTION METHODS === #

    def action_register(self):
        """ Keep the copy; the supervisor carries over the ticks and confirms it. """
        self.ensure_one()
        protocol = self.protocol_id
        protocol.check_access('write')
        protocol._check_supervisor()
        coordinator = protocol.coordinator_id
        # sudo: golive.protocol - what only receiving a copy writes; checked above
        protocol.sudo()._receive_scan(
            self.scan_name or 'protocol.pdf',
            base64.b64decode(self.with_context(bin_size=False).scan),
            self.signed_by,
            coordinator if coordinator.name == self.signed_by else coordinator.browse(),
            self.paper_date,
        )
        return {'type': 'ir.actions.act_window_close'}
