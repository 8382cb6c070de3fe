from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = 'account.move.reversal'

    def reverse_moves(self, is_modify=False):
        """ Put the time on the invoice that replaces the credited one, once. """
        action = super().reverse_moves(is_modify)
        if is_modify:
            self.new_move_ids._take_over_support_time()
        return action
