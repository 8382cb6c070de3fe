from datetime import date

from odoo.addons.onboarding_protocol.tests.common import ImplementationCommon


class ImplementationHypercareCommon(ImplementationCommon):
    """ Who is who: see `ImplementationCommon`; and a team, `project` with its window `period`.

    +---------------+-----------------------------------------------------------------------------+
    | team          | supports the clients of the company                                         |
    | project       | an implementation for `client`, go-live planned for 1 March 2027            |
    | period        | the window that was planned with it                                         |
    +---------------+-----------------------------------------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env['helpdesk.team'].create({
            'name': "Support of Implementations", 'company_id': cls.company.id, 'sequence': -10,
        })
        cls.project = cls._new_implementation(
            cls.client, cls.coordinator, planned_golive_date='2027-03-01',
        )
        cls.period = cls._get_periods(cls.project)
        cls.golive = date(2027, 3, 1)
        # a manager lets everything pass but what is mandatory
        cls.env['implementation.gate'].search([('is_mandatory', '=', True)]).is_mandatory = False

    @classmethod
    def _get_periods(cls, project):
        return cls.env['hypercare.period'].with_context(active_test=False).search(
            [('project_id', '=', project.id)],
        )

    def _go_live(self, project=None, reason="The client insists"):
        """ Let an implementation pass to its live phase, with a reason. """
        project = project or self.project
        project.with_user(self.manager).with_context(
            implementation_pass_reason=reason,
        ).phase_id = project.phase_ids.filtered('is_live')[:1]
