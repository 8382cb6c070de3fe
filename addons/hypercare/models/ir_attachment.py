from odoo import api, models
from odoo.exceptions import UserError


class IrAttachment(models.Model):
    """ What a client got as the hand-over document stays what it was (G7). """

    _inherit = 'ir.attachment'

    # === CRUD METHODS === #

    def write(self, vals):
        self._check_no_handover()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_handover(self):
        self._check_no_handover()

    # === BUSINESS METHODS === #

    def _check_no_handover(self):
        """ Refuse that users change or delete hand-over documents.

        :raise UserError: if one of the attachments is the document of a window
        """
        if self.env.su or not self.filtered(lambda one: one.sudo().res_model == 'hypercare.period'):
            return
        # sudo: hypercare.period - whether one has it, whoever may read the window
        periods = self.env['hypercare.period'].sudo().with_context(active_test=False)
        if period := periods.search([('handover_attachment_id', 'in', self.ids)], limit=1):
            raise UserError(self.env._(
                "This is the hand-over document of %(period)s, as the client got it: it is neither "
                "changed nor deleted.", period=period.name,
            ))
