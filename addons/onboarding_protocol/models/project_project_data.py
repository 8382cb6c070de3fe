from odoo import models


class ProjectProject(models.Model):
    """ What the client fills in before the work starts (P3). """

    _inherit = 'project.project'

    # === GATES === #

    def _gate_data_accepted(self, _phase):
        return {}
