from odoo import fields, models


class ProjectProject(models.Model):
    _inherit = 'project.project'

    hypercare_ids = fields.One2many(
        comodel_name='hypercare.period', inverse_name='project_id', string="Hypercare",
        groups='helpdesk_sla.group_helpdesk_user',
    )
    hypercare_count = fields.Integer(
        compute='_compute_hypercare_count', groups='helpdesk_sla.group_helpdesk_user',
        export_string_translation=False,
    )

    # === COMPUTE METHODS === #

    def _compute_hypercare_count(self):
        counts = dict(self.env['hypercare.period']._read_group(
            [('project_id', 'in', self.ids)], ['project_id'], ['__count'],
        ))
        for project in self:
            project.hypercare_count = counts.get(project._origin, 0)

    # === ACTION METHODS === #

    def action_view_hypercare(self):
        """ Open the window of the project, or the list when it has none or several. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('hypercare.hypercare_period_action')
        action['domain'] = [('project_id', '=', self.id)]
        action['context'] = {
            'default_project_id': self.id,
            'default_partner_id': self.partner_id.commercial_partner_id.id,
        }
        if len(self.hypercare_ids) == 1:
            action.update(
                view_mode='form', views=[(False, 'form')], res_id=self.hypercare_ids.id,
            )
        return action
