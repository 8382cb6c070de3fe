from odoo import api, fields, models
from odoo.exceptions import UserError

KINDS = [('implementation', "Implementation"), ('takeover', "Takeover")]


class ImplementationPhase(models.Model):
    """ A step on the way from the signed order to support (P1); what must be true to enter it. """

    _name = 'implementation.phase'
    _description = "Implementation Phase"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        selection=KINDS,
        help="New implementations of this kind begin with these phases, unless their template has "
             "others. Leave it empty for phases that only some templates use.",
    )
    description = fields.Text(
        string="What Happens", translate=True, help="Read by the client in the portal.",
    )
    planned_days = fields.Integer(
        string="Usual Days",
        help="How many days the phase usually takes; the go-live is forecast from it.",
    )
    is_live = fields.Boolean(
        string="After Go-live",
        help="Entering the first of these phases is the go-live: support and warranty begin.",
    )
    fold = fields.Boolean(string="Folded in Kanban")
    gate_ids = fields.One2many(
        comodel_name='implementation.gate', inverse_name='phase_id', string="Gates", copy=True,
    )

    _planned_days_positive = models.Constraint(
        'CHECK (planned_days >= 0)', "A phase cannot take less than no time.",
    )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: project.project - of whichever company
        used = self.env['project.project'].sudo().with_context(active_test=False).search_fetch(
            [('phase_id', 'in', self.ids)], ['phase_id'], limit=1,
        ).phase_id
        if used:
            raise UserError(self.env._(
                "Implementations are or were in the phase %(phase)s: archive it instead.",
                phase=used.name,
            ))
