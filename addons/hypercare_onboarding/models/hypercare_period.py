from odoo import api, fields, models

# kinds of lines of the success plan, by what they are to the scale of hypercare
INTEGRATION_KINDS = {'integration', 'courier'}
PROCESS_KINDS = {'automation'}


class HypercarePeriod(models.Model):
    """ The scale of an implementation proposes how long its hypercare lasts (G1). """

    _inherit = 'hypercare.period'

    scale_user_count = fields.Integer(
        compute='_compute_scale_user_count', store=True, readonly=False, precompute=True,
    )
    scale_integration_count = fields.Integer(
        compute='_compute_scale_plan_counts', store=True, readonly=False, precompute=True,
    )
    scale_process_count = fields.Integer(
        compute='_compute_scale_plan_counts', store=True, readonly=False, precompute=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('project_id.sla_agreement_id.user_count')
    def _compute_scale_user_count(self):
        """ Propose the users that the agreement was sized by (S6). """
        for period in self:
            users = period._is_proposing() and period.project_id.sla_agreement_id.user_count
            period.scale_user_count = users or period.scale_user_count

    @api.depends(
        'project_id.plan_ids.state', 'project_id.plan_ids.line_ids.kind',
        'project_id.plan_ids.line_ids.quantity', 'project_id.plan_ids.line_ids.timing',
        'project_id.plan_ids.line_ids.state',
    )
    def _compute_scale_plan_counts(self):
        """ Propose what the success plan connects and automates on start (P2). """
        for period in self:
            lines = period._is_proposing() and period.project_id._get_start_lines()
            if not lines:
                period.scale_integration_count = period.scale_integration_count
                period.scale_process_count = period.scale_process_count
                continue
            period.scale_integration_count, period.scale_process_count = (
                sum(lines.filtered(lambda line: line.kind in kinds).mapped('quantity'))
                for kinds in (INTEGRATION_KINDS, PROCESS_KINDS)
            )

    # === BUSINESS METHODS === #

    def _is_proposing(self):
        """ Return whether the implementation still says how large it is. """
        self.ensure_one()
        return self.state in (False, 'planned') and bool(self.project_id.implementation_kind)

    def _start(self, moment=None):
        """ Keep what the implementation proposed until now: it proposes nothing from now on. """
        self.flush_recordset([
            'scale_user_count', 'scale_integration_count', 'scale_process_count', 'days',
        ])
        return super()._start(moment)
