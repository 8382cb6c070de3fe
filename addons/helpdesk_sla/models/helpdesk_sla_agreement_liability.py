from odoo import api, fields, models
from odoo.tools.misc import formatLang


class HelpdeskSlaAgreementLiability(models.Model):
    """ What the client is credited when an agreement was kept too seldom in a month (S5). """

    _name = 'helpdesk.sla.agreement.liability'
    _description = "SLA Agreement: Liability"
    _order = 'compliance desc, id'
    _rec_name = 'compliance'

    agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement', required=True, index=True, ondelete='cascade',
    )
    compliance = fields.Float(
        string="Kept below (%)",
        required=True,
        help="The credit is due when fewer than this share of the month's promises were kept.",
    )
    credit = fields.Float(
        string="Credit (% of the Fee)",
        required=True,
        help="In percent of the monthly fee. Of several rules that hold the highest credit counts.",
    )

    _compliance_range = models.Constraint(
        'CHECK (compliance > 0 AND compliance <= 100)',
        "The compliance must be above 0 and at most 100 percent.",
    )
    _credit_range = models.Constraint(
        'CHECK (credit > 0 AND credit <= 100)',
        "The credit must be above 0 and at most 100 percent of the monthly fee.",
    )
    _compliance_uniq = models.Constraint(
        'UNIQUE (agreement_id, compliance)',
        "There is a credit for this compliance already.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules.agreement_id._check_editable()
        return rules

    def write(self, vals):
        self.agreement_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_locked(self):
        self.agreement_id._check_editable()

    # === BUSINESS METHODS === #

    def _format_percentage(self, name):
        """ Return a share as people read it, without decimals that say nothing: '95%'.

        :param str name: 'compliance' or 'credit'
        """
        self.ensure_one()
        digits = 0 if self[name].is_integer() else 2
        return self.env._("%s%%", formatLang(self.env, self[name], digits=digits))
