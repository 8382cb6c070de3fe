from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HelpdeskSlaAgreementScanWizard(models.TransientModel):
    """ Takes the copy of an agreement that was signed on paper. """

    _name = 'helpdesk.sla.agreement.scan.wizard'
    _description = "Register a Signed SLA Agreement"

    agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement', required=True, readonly=True, ondelete='cascade',
    )
    scan = fields.Binary(string="Signed Copy", required=True, attachment=False)
    scan_name = fields.Char()
    signed_by = fields.Char(
        compute='_compute_signed_by', store=True, readonly=False, required=True, precompute=True,
    )
    signed_on = fields.Date(
        default=fields.Date.context_today, required=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('agreement_id')
    def _compute_signed_by(self):
        for wizard in self:
            wizard.signed_by = wizard.agreement_id.contact_id.name

    # === CONSTRAINT METHODS === #

    @api.constrains('signed_on')
    def _check_signed_on(self):
        for wizard in self:
            if wizard.signed_on > fields.Date.context_today(wizard):
                raise ValidationError(self.env._(
                    "The agreement cannot have been signed on a day that is yet to come.",
                ))

    # === ACTION METHODS === #

    def action_sign(self):
        """ Register the signature, and keep the copy in the thread too. """
        self.ensure_one()
        self.agreement_id._sign_scan(
            self.signed_by, self.signed_on, self.scan, self.scan_name,
        )
