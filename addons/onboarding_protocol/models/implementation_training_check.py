from odoo import api, fields, models
from odoo.exceptions import UserError


class ImplementationTrainingCheck(models.Model):
    """ That a training showed what the success plan says, one row for each line (P5). """

    _name = 'implementation.training.check'
    _description = "Check of a Training against the Success Plan"
    _inherit = ['implementation.item.mixin']
    _order = 'meeting_id, sequence, id'

    # known before the row is written: it is required
    project_id = fields.Many2one(
        related='meeting_id.implementation_id', store=True, precompute=True, related_sudo=True,
    )
    meeting_id = fields.Many2one(
        comodel_name='calendar.event', string="Training", required=True, index=True,
        ondelete='cascade', domain=[('implementation_meeting', '=', 'training')],
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Shown", required=True)
    done = fields.Boolean()
    remark = fields.Char(help="E.g. what the client wants to see again.")

    _name_uniq = models.UniqueIndex('(meeting_id, name)', "A training checks each line once.")

    # === CONSTRAINT METHODS === #

    @api.constrains('meeting_id')
    def _check_meeting_id(self):
        for check in self:
            if check.meeting_id.implementation_meeting != 'training':
                raise UserError(self.env._(
                    "%(meeting)s is no training: only a training is checked against the success "
                    "plan.",
                    meeting=check.meeting_id.name,
                ))
