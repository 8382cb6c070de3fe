from odoo import fields, models


class ImplementationDataReturnWizard(models.TransientModel):
    """ Asks why data go back to the client. """

    _name = 'implementation.data.return.wizard'
    _description = "Return Data to the Client"

    request_id = fields.Many2one(
        comodel_name='implementation.data.request', required=True, readonly=True,
        ondelete='cascade',
    )
    reason = fields.Text(required=True)

    # === ACTION METHODS === #

    def action_return(self):
        """ Give the data back; the client reads the reason. """
        self.ensure_one()
        self.request_id._return(self.reason)
