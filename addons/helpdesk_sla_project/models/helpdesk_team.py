from odoo import fields, models


class HelpdeskTeam(models.Model):
    _inherit = 'helpdesk.team'

    # not `project_id`: that one is the container of the team's timesheets (support_billing)
    task_project_id = fields.Many2one(
        comodel_name='project.project',
        string="Project for Tasks",
        domain="[('is_template', '=', False), ('company_id', 'in', [company_id, False])]",
        check_company=True,
        copy=False,
        index='btree_not_null',
        ondelete='set null',
        help="Suggested when a ticket of the team is converted to a task.",
    )
