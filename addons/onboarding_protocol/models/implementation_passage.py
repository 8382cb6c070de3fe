from odoo import api, fields, models
from odoo.exceptions import UserError


class ImplementationPassage(models.Model):
    """ That an implementation entered a phase: when, by whom, and what was missing then.

    Written by the gates (`project.project._enter_phases`); nobody changes it afterwards.
    """

    _name = 'implementation.passage'
    _description = "Passage of an Implementation"
    _order = 'date_in desc, id desc'
    _rec_name = 'phase_id'

    project_id = fields.Many2one(
        comodel_name='project.project', string="Implementation", required=True, readonly=True,
        index=True, ondelete='cascade',
    )
    company_id = fields.Many2one(related='project_id.company_id', store=True)
    kind = fields.Selection(related='project_id.implementation_kind', store=True)
    user_id = fields.Many2one(
        comodel_name='res.users', string="Moved by", readonly=True, ondelete='set null',
    )
    phase_id = fields.Many2one(
        comodel_name='implementation.phase', required=True, readonly=True, index=True,
        ondelete='restrict',
    )
    date_in = fields.Datetime(string="Entered", required=True, readonly=True)
    date_out = fields.Datetime(string="Left", readonly=True)
    days = fields.Float(
        string="Days", compute='_compute_days', digits=(16, 1), store=True, aggregator='avg',
        help="Days in the phase; empty as long as the implementation is in it.",
    )
    reason = fields.Char(
        string="Passed because", readonly=True,
        help="Why a manager let it pass although something was missing.",
    )
    missing = fields.Text(
        string="Missing then", readonly=True,
        help="What the gates missed when a manager let the implementation pass.",
    )

    _one_open = models.UniqueIndex(
        '(project_id) WHERE date_out IS NULL', "An implementation is in one phase at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends('date_in', 'date_out')
    def _compute_days(self):
        for passage in self:
            passage.days = passage.date_out and (
                (passage.date_out - passage.date_in).total_seconds() / 86400
            )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._(
            "Who let an implementation pass, and why, stays on record.",
        ))
