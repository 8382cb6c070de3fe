from odoo import fields, models


class HelpdeskSlaAgreementEndWizard(models.TransientModel):
    """ Asks when an agreement ends early, and why. """

    _name = 'helpdesk.sla.agreement.end.wizard'
    _description = "Terminate an SLA Agreement"

    agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement', required=True, readonly=True, ondelete='cascade',
    )
    last_day = fields.Date(
        default=fields.Date.context_today,
        required=True,
        help="The agreement is valid until the end of this day.",
    )
    reason = fields.Char(required=True)

    # === ACTION METHODS === #

    def action_terminate(self):
        """ End the agreement. """
        self.ensure_one()
        self.agreement_id._terminate(self.last_day, self.reason)
