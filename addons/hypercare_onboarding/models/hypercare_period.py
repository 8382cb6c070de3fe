from odoo import fields, models


class HypercarePeriod(models.Model):
    """ The scale of an implementation proposes how long its hypercare lasts (G1). """

    _inherit = 'hypercare.period'

    scale_proposal = fields.Json(
        readonly=True, copy=False, export_string_translation=False,
        help="Technical: what the implementation proposed last; what was entered since stays.",
    )

    # === BUSINESS METHODS === #

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'scale_proposal'}

    def _propose_scale(self):
        """ Take over what the implementations propose now, where it is not what they did before.

        A number that was entered by hand stays until there is another proposal for it.
        """
        for period in self:
            proposal = period.project_id._get_hypercare_scale()
            former = period.scale_proposal or {}
            if proposal != former:
                period.write({'scale_proposal': proposal} | {
                    name: count for name, count in proposal.items() if count != former.get(name)
                })
