from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.dues import US, Due

GRADES = [('1', "Low"), ('2', "Medium"), ('3', "High")]


class TakeoverRisk(models.Model):
    """ What may go wrong in a takeover, and what is done against it (T5). """

    _name = 'takeover.risk'
    _inherit = ['takeover.item.mixin', 'mail.thread']
    _description = "Risk of a Takeover"
    _order = 'score desc, id'

    name = fields.Char(string="Risk", required=True)
    description = fields.Text(string="What May Happen")
    likelihood = fields.Selection(selection=GRADES, default='2', required=True, tracking=True)
    impact = fields.Selection(selection=GRADES, default='2', required=True, tracking=True)
    score = fields.Integer(
        compute='_compute_level', store=True, precompute=True, aggregator='max',
        help="Likelihood times impact, from 1 to 9.",
    )
    level = fields.Selection(
        selection=[('low', "Low"), ('medium', "Medium"), ('high', "High")],
        compute='_compute_level',
        store=True,
        precompute=True,
        help="High from 6 of 9 points on, medium from 3.",
    )
    user_id = fields.Many2one(
        comodel_name='res.users', string="Owner", domain=[('share', '=', False)],
        ondelete='restrict', tracking=True,
    )
    mitigation = fields.Text(help="What is done so that it does not happen, or does less harm.")
    state = fields.Selection(
        selection=[('open', "Open"), ('mitigated', "Mitigated"), ('closed', "Closed")],
        string="Status",
        default='open',
        required=True,
        copy=False,
        tracking=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('likelihood', 'impact')
    def _compute_level(self):
        for risk in self:
            risk.score = int(risk.likelihood or 0) * int(risk.impact or 0)
            risk.level = 'high' if risk.score >= 6 else 'medium' if risk.score >= 3 else 'low'

    # === CONSTRAINT METHODS === #

    @api.constrains('state', 'mitigation')
    def _check_mitigation(self):
        for risk in self:
            if risk.state == 'mitigated' and not (risk.mitigation or '').strip():
                raise ValidationError(self.env._(
                    "What was done against the risk “%(risk)s”? Write its mitigation.",
                    risk=risk.name,
                ))

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {'score', 'level'}

    @api.model
    def _get_usual_risks(self):
        """ Return the risks with which every takeover begins (T5), as values to create. """
        return [
            {
                'name': self.env._("Lost knowledge"),
                'description': self.env._(
                    "What the former provider knows of the system and of the client's processes "
                    "is not handed over, or its people are no longer there.",
                ),
                'impact': '3',
            },
            {
                'name': self.env._("Gaps in the documentation"),
                'description': self.env._(
                    "Custom functions, interfaces or settings are described nowhere, or as they "
                    "were long ago.",
                ),
            },
            {
                'name': self.env._("Cost of the transition"),
                'description': self.env._(
                    "Two providers are paid at the same time; the former one takes longer than "
                    "was agreed.",
                ),
            },
            {
                'name': self.env._("Time and effort"),
                'description': self.env._(
                    "Key users and process owners have daily work to do, and meetings are put "
                    "off.",
                ),
            },
        ]

    def _get_ownership_due(self):
        """ Return what the risk lacks.

        :rtype: Due
        """
        self.ensure_one()
        return Due(
            self.env._("Owner of the risk “%(risk)s”", risk=self.name) if not self.user_id
            else self.env._("Mitigation of the risk “%(risk)s”", risk=self.name),
            US, owner=self.user_id.name or self.supervisor_id.name or '',
        )
