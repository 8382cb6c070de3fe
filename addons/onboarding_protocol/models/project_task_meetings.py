from odoo import fields, models


class ProjectTask(models.Model):
    """ What was promised in a meeting is a task. """

    _inherit = 'project.task'

    action_item_ids = fields.One2many(
        comodel_name='implementation.action.item', inverse_name='task_id', string="Action Items",
        groups='project.group_project_user',
    )
