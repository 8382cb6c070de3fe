from odoo import fields, models


class HypercareReviewReopenWizard(models.TransientModel):
    """ Asks why a signed review is reopened. """

    _name = 'hypercare.review.reopen.wizard'
    _description = "Reopen a Review"

    review_id = fields.Many2one(
        comodel_name='hypercare.review', required=True, readonly=True, ondelete='cascade',
    )
    signed_by = fields.Char(related='review_id.signed_by')
    reason = fields.Text(required=True)

    # === ACTION METHODS === #

    def action_reopen(self):
        """ Drop the signature; the reason stays in the history. """
        self.ensure_one()
        self.review_id._reopen(self.reason)
