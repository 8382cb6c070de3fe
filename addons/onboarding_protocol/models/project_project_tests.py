from odoo import models


class ProjectProject(models.Model):
    """ What was configured is tried by doing what the client will do (P4). """

    _inherit = 'project.project'

    # === GATES === #

    def _gate_tests_passed(self, _phase):
        return {}
