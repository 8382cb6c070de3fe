from odoo import api, fields, models


class ProjectTask(models.Model):
    _inherit = 'project.task'

    implementation_kind = fields.Selection(related='project_id.implementation_kind')
    phase_id = fields.Many2one(
        comodel_name='implementation.phase',
        string="Phase",
        index='btree_not_null',
        ondelete='restrict',
        domain="[('id', 'in', allowed_phase_ids)]",
        help="The phase of the implementation in which the task has to be done; the gate of a "
             "later phase waits for it.",
    )
    allowed_phase_ids = fields.Many2many(related='project_id.phase_ids')
    is_client_task = fields.Boolean(
        string="Done by the Client",
        help="The client's coordinator sees it in the portal among what the client owes, e.g. "
             "linking offers to goods (P4).",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tasks = super().create(vals_list)
        tasks.filtered('phase_id').project_id._touch_implementation()
        return tasks

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'state', 'stage_id', 'phase_id', 'project_id', 'active'}:
            self.filtered('phase_id').project_id._touch_implementation()
        return result
