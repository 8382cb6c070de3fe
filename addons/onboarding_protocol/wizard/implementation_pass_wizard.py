from odoo import fields, models
from odoo.exceptions import UserError


class ImplementationPassWizard(models.TransientModel):
    """ A manager lets an implementation enter a phase although something is missing. """

    _name = 'implementation.pass.wizard'
    _description = "Let an Implementation Pass"

    project_id = fields.Many2one(
        comodel_name='project.project', required=True, readonly=True, ondelete='cascade',
    )
    phase_id = fields.Many2one(
        comodel_name='implementation.phase', string="Into", required=True, ondelete='cascade',
        domain="[('id', 'in', phase_ids)]",
    )
    phase_ids = fields.Many2many(related='project_id.phase_ids')
    missing = fields.Text(related='project_id.missing_text', string="Missing")
    reason = fields.Char(required=True)

    def action_pass(self):
        """ Enter the phase; the reason stays in the history.

        :raise UserError: if the reason is empty, the user is no manager or a gate is mandatory
        """
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Why may it pass? Please write the reason."))
        self.project_id.with_context(
            implementation_pass_reason=self.reason.strip(),
        ).phase_id = self.phase_id
        return {'type': 'ir.actions.act_window_close'}
