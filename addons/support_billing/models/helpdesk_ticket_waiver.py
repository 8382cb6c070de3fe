from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HelpdeskTicket(models.Model):
    """ Why a ticket that was solved took no time. """
    _inherit = 'helpdesk.ticket'

    billing_waiver = fields.Char(
        string="Not Billed Because",
        copy=False,
        tracking=True,
        groups='helpdesk_sla.group_helpdesk_team_leader,account.group_account_readonly,'
               'account.group_account_invoice',
        help="Why a ticket that was solved without time is no leakage.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('billing_waiver')
    def _check_billing_waiver(self):
        for ticket in self.filtered('billing_waiver'):
            if not ticket.billing_waiver.strip():
                raise ValidationError(self.env._("Say why this ticket is not billed."))
