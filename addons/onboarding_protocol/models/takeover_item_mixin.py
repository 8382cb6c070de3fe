from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class TakeoverItemMixin(models.AbstractModel):
    """ What belongs to the takeover of a client from another support provider (T1-T5). """

    _name = 'takeover.item.mixin'
    _inherit = ['implementation.item.mixin', 'helpdesk.engine.guard.mixin']
    _description = "Part of a Takeover"

    project_id = fields.Many2one(
        string="Takeover", domain=[('implementation_kind', '=', 'takeover')],
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('project_id')
    def _check_project_id(self):
        # sudo: project.project - of whichever company
        for project in self.sudo().project_id:
            if project.implementation_kind != 'takeover':
                raise ValidationError(self.env._(
                    "%(project)s is no takeover: choose one.", project=project.name,
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        if 'project_id' in vals and any(
            item.project_id.id != vals['project_id'] for item in self
        ):
            raise UserError(self.env._(
                "What belongs to one takeover is not moved to another: create it there.",
            ))
        return super().write(vals)
