from collections import defaultdict

from odoo import api, fields, models

from ..tools.dues import US, Due


class ProjectProject(models.Model):
    """ What was configured is tried by doing what the client will do (P4). """

    _inherit = 'project.project'

    test_ids = fields.One2many(
        comodel_name='implementation.test', inverse_name='project_id', string="Tests", copy=True,
    )
    test_count = fields.Integer(
        string="Number of Tests", compute='_compute_test_counts', export_string_translation=False,
    )
    passed_test_count = fields.Integer(
        string="Passed Tests", compute='_compute_test_counts', export_string_translation=False,
    )

    # === COMPUTE METHODS === #

    @api.depends('test_ids.result')
    def _compute_test_counts(self):
        counts = defaultdict(dict)
        for project, result, count in self.env['implementation.test']._read_group(
            [('project_id', 'in', self.ids)], ['project_id', 'result'], ['__count'],
        ):
            counts[project.id][result] = count
        for project in self:
            project.test_count = sum(counts[project.id].values())
            project.passed_test_count = counts[project.id].get('passed', 0)

    # === ACTION METHODS === #

    def action_view_tests(self):
        """ Open the tests of the implementation. """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'onboarding_protocol.implementation_test_action',
            ),
            'domain': [('project_id', '=', self.id)],
            'context': {'default_project_id': self.id},
        }

    # === CRUD METHODS === #

    def _get_supervisor_fields(self):
        return super()._get_supervisor_fields() | {'test_ids'}

    # === GATES === #

    def _gate_tests_passed(self, _phase):
        """ Every test is passed; what was never tried is not ready to be trained (P4). """
        result = defaultdict(list)
        # sudo: implementation.test - a gate counts what is there, whoever asks
        tests = self.env['implementation.test'].sudo().search([('project_id', 'in', self.ids)])
        for test in tests:
            if test.result == 'failed':
                text = self.env._("Test “%(test)s”: it failed", test=test.name)
            elif test.result == 'not_run':
                text = self.env._("Test “%(test)s”: not run yet", test=test.name)
            else:
                continue
            result[test.project_id].append(Due(
                text, US, owner=test.project_id.user_id.name or '',
            ))
        for project in self - tests.project_id:
            result[project].append(Due(
                self.env._("At least one test of what was configured"), US,
                owner=project.user_id.name or '',
            ))
        return result

    # === WHAT IS OWED === #

    def _get_dues(self):
        """ Add the tests: in one line, their number says how far we are. """
        dues = super()._get_dues()
        gates = self._get_gates_ahead()
        if 'tests_passed' in gates and self._gate_tests_passed(gates['tests_passed'])[self]:
            counted = self.sudo()
            dues.append(Due(
                self.env._(
                    "Tests of what was configured: %(passed)s of %(count)s passed",
                    passed=counted.passed_test_count, count=counted.test_count,
                ),
                US, owner=self.user_id.name or '',
            ))
        return dues

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        """ Add how many tests are passed. """
        return {
            **super()._get_portal_page_values(partner),
            'test_count': self.test_count,
            'passed_test_count': self.passed_test_count,
        }
