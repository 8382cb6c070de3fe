from odoo import fields, models


class ProjectRole(models.Model):
    _inherit = 'project.role'

    user_ids = fields.Many2many(
        comodel_name='res.users',
        relation='implementation_role_user_rel',
        column1='role_id',
        column2='user_id',
        string="Usually Taken by",
        domain="[('share', '=', False)]",
        help="They get the tasks of the role when an order begins an implementation. Without "
             "anybody the supervisor gets them.",
    )
