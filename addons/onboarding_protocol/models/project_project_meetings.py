from odoo import models


class ProjectProject(models.Model):
    """ Meetings and training of an implementation (P1, P5, P7). """

    _inherit = 'project.project'

    # === GATES === #

    def _gate_scope_meeting(self, _phase):
        return {}

    def _gate_training_held(self, _phase):
        return {}

    def _gate_follow_up_held(self, _phase):
        return {}

    def _gate_knowledge_transferred(self, _phase):
        return {}
