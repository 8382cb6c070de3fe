from odoo import api, fields, models

from .helpdesk_sla import PRIORITY_FIELDS
from .helpdesk_sla_matrix_mixin import TIME_FIELDS


class HelpdeskSlaAgreementLine(models.Model):
    """ What an agreement promises to tickets of one priority. """

    _name = 'helpdesk.sla.agreement.line'
    _inherit = ['helpdesk.sla.matrix.mixin']
    _description = "SLA Agreement: Times of a Priority"

    agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement', required=True, index=True, ondelete='cascade',
    )

    _priority_uniq = models.Constraint(
        'UNIQUE (agreement_id, priority)',
        "Each priority has one row in the agreement.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.agreement_id._check_editable()
        return lines

    def write(self, vals):
        self.agreement_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_locked(self):
        self.agreement_id._check_editable()

    # === BUSINESS METHODS === #

    def _prepare_policy_values(self):
        """ Return the policies that this row becomes, by what identifies them.

        :return: values of `helpdesk.sla` by priority and target
        :rtype: dict[tuple[str, str], dict]
        """
        self.ensure_one()
        agreement = self.agreement_id
        targets = dict(
            self.env['helpdesk.sla']._fields['target']._description_selection(self.env),
        )
        return {
            (self.priority, target): {
                'name': self.env._(
                    "%(agreement)s: %(target)s (%(priority)s)",
                    agreement=agreement.name,
                    target=targets[target],
                    priority=self._get_priority_name(),
                ),
                **agreement._prepare_policy_values(),
                PRIORITY_FIELDS[self.priority]: True,
                'target': target,
                'time': self[name],
            }
            for name, target in TIME_FIELDS.items()
            if self[name]
        }
