from odoo import api, fields, models
from odoo.exceptions import UserError


class HypercareExitCheck(models.Model):
    """ A criterion on the page of a window: met or not, and what is missing (G7).

    The rows are made by the system, one for each criterion; whether they are met is looked up each
    time. Only criteria without a check of the system are ticked, and who ticked them is kept.
    """

    _name = 'hypercare.exit.check'
    _description = "Exit Criterion on a Window"
    _inherit = ['helpdesk.engine.guard.mixin']
    _order = 'period_id, sequence, id'
    _rec_name = 'criterion_id'

    period_id = fields.Many2one(
        comodel_name='hypercare.period', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='period_id.company_id', store=True)
    criterion_id = fields.Many2one(
        comodel_name='hypercare.exit.criterion', string="Criterion", required=True, readonly=True,
        index=True, ondelete='cascade',
    )
    sequence = fields.Integer(related='criterion_id.sequence', store=True)
    code = fields.Selection(related='criterion_id.code')
    is_mandatory = fields.Boolean(related='criterion_id.is_mandatory')
    is_ticked = fields.Boolean(string="Ticked")
    ticked_by = fields.Many2one(comodel_name='res.users', readonly=True, copy=False)
    ticked_on = fields.Datetime(readonly=True, copy=False)

    is_met = fields.Boolean(string="Met", compute='_compute_is_met')
    status = fields.Selection(
        selection=[('met', "Met"), ('missing', "Missing")], compute='_compute_is_met',
    )
    detail = fields.Char(string="How It Stands", compute='_compute_is_met')
    can_open = fields.Boolean(compute='_compute_can_open')

    _criterion_uniq = models.Constraint(
        'UNIQUE (period_id, criterion_id)', "Each criterion is on a window once.",
    )

    # === COMPUTE METHODS === #

    @api.depends('is_ticked', 'criterion_id', 'period_id')
    @api.depends_context('lang')
    def _compute_is_met(self):
        states = self.period_id._get_exit_states()
        for check in self:
            # archived criteria are not looked at
            is_met, detail = states.get((check.period_id, check.criterion_id), (True, ''))
            check.is_met = is_met
            check.status = 'met' if is_met else 'missing'
            check.detail = detail

    @api.depends('code')
    def _compute_can_open(self):
        for check in self:
            check.can_open = hasattr(check.period_id, f'_open_exit_{check.code}')

    # === CRUD METHODS === #

    def write(self, vals):
        if 'is_ticked' in vals and not self.env.su:
            self._check_may_be_ticked()
            result = super().write(vals)
            # sudo: hypercare.exit.check - who ticked it and when is kept by the system
            self.sudo().write({
                'ticked_by': self.env.uid if vals['is_ticked'] else False,
                'ticked_on': fields.Datetime.now() if vals['is_ticked'] else False,
            })
            return result
        return super().write(vals)

    # === ACTION METHODS === #

    def action_open(self):
        """ Open the place where what is missing can be mended. """
        self.ensure_one()
        self.check_access('read')
        return getattr(self.period_id, f'_open_exit_{self.code}')()

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'period_id', 'criterion_id', 'ticked_by', 'ticked_on', 'sequence', 'company_id',
        }

    def _check_may_be_ticked(self):
        """ Refuse to tick what the system knows, and what is settled.

        :raise UserError: if one of the criteria is checked by the system, or its window closed
        """
        for check in self:
            if check.code != 'manual':
                raise UserError(self.env._(
                    "\"%(criterion)s\" is checked by the system: it is met when what it asks for "
                    "is done.", criterion=check.criterion_id.name,
                ))
            if check.period_id.state in ('closed', 'cancelled'):
                raise UserError(self.env._(
                    "%(period)s is closed: what was met then does not change any more.",
                    period=check.period_id.name,
                ))
