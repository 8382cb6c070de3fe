from odoo import fields, models


class SupportWaiveWizard(models.TransientModel):
    """ Asks why something that could be billed is not. """

    _name = 'support.waive.wizard'
    _description = "Do Not Bill"

    leak_ids = fields.Json(required=True, readonly=True)
    reason = fields.Char(required=True)

    # === ACTION METHODS === #

    def action_waive(self):
        """ Note the reason on what was chosen, where it is still there. """
        self.ensure_one()
        self.env['support.leak'].browse(self.leak_ids).exists()._waive(self.reason)
        return {'type': 'ir.actions.act_window_close'}
