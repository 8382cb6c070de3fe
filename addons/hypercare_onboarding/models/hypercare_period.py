from odoo import fields, models
from odoo.tools import format_date


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

    # === PORTAL === #

    def _describe_in_implementation(self):
        """ Return where the window is, as the client reads it on the page of the implementation.

        Whole sentences: where the days and the date stand in them depends on the language.
        """
        self.ensure_one()
        if self.state == 'planned':
            return self.env._(
                "In the first %(days)s days after your go-live we are there for you with tighter "
                "promises.",
                days=self.days,
            )
        if self.state == 'running':
            return self.env._(
                "We are there for you with tighter promises until %(day)s.",
                day=format_date(self.env, self.date_end),
            )
        if self.state == 'review':
            return self.env._("The days are over. We go through what is left with you.")
        return self.env._("It is over: your support plan applies.")
