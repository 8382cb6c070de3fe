from odoo import api, fields, models


class ImplementationItemMixin(models.AbstractModel):
    """ What belongs to one implementation and may decide whether a gate is met.

    Two transactions that run side by side do not see each other: one would enter a phase while the
    other takes back what the gate asks for. So each change touches the row of the implementation,
    and the later of the two is refused by the database and runs again (`_touch_implementation`).
    """

    _name = 'implementation.item.mixin'
    _inherit = ['helpdesk.engine.mixin']
    _description = "Part of an Implementation"

    project_id = fields.Many2one(
        comodel_name='project.project', string="Implementation", required=True, index=True,
        ondelete='cascade', domain=[('implementation_kind', '!=', False)],
    )
    company_id = fields.Many2one(related='project_id.company_id', store=True)
    partner_id = fields.Many2one(related='project_id.partner_id', string="Client")
    supervisor_id = fields.Many2one(related='project_id.user_id', string="Supervisor")
    coordinator_id = fields.Many2one(related='project_id.coordinator_id')

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items.project_id._touch_implementation()
        return items

    def write(self, vals):
        projects = self.project_id
        result = super().write(vals)
        (projects | self.project_id)._touch_implementation()
        return result

    def unlink(self):
        projects = self.project_id
        result = super().unlink()
        projects.exists()._touch_implementation()
        return result
