from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError


class TakeoverItemMixin(models.AbstractModel):
    """ What belongs to the takeover of a client from another support provider (T1-T5). """

    _name = 'takeover.item.mixin'
    _inherit = 'implementation.item.mixin'
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

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_engine_fields(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_engine_fields(vals)
        if 'project_id' in vals and any(
            item.project_id.id != vals['project_id'] for item in self
        ):
            raise UserError(self.env._(
                "What belongs to one takeover is not moved to another: create it there.",
            ))
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _check_engine_fields(self, vals):
        """ Refuse that users write by hand, by RPC or by import what somebody has to confirm.

        :raise AccessError: if a user does
        """
        names = self._get_engine_fields() & vals.keys()
        if names and not self.env.su:
            raise AccessError(self.env._(
                "These fields are kept by the system and cannot be changed by hand: %(names)s",
                names=', '.join(
                    self._fields[name]._description_string(self.env) for name in sorted(names)
                ),
            ))
