from odoo import api, fields, models
from odoo.fields import Command

from .helpdesk_sla_matrix_mixin import PRIORITIES

FUNCTIONAL_SCALES = [
    ('basic', "One or two areas"),
    ('standard', "Several areas"),
    ('full', "The whole company"),
]
CRITICALITIES = [
    ('low', "Work can wait for a day"),
    ('medium', "Hours of standstill hurt"),
    ('high', "Production or sales stop at once"),
]


class HelpdeskSlaSizing(models.Model):
    """ Which times are proposed to a client of a certain size and need (S6).

    The first row, in the order of the list, whose criteria all hold is proposed. An empty criterion
    holds for every client.
    """

    _name = 'helpdesk.sla.sizing'
    _description = "Agreement Sizing"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    user_count_min = fields.Integer(string="Users from")
    user_count_max = fields.Integer(string="Users up to", help="0: no limit.")
    functional_scale = fields.Selection(selection=FUNCTIONAL_SCALES)
    process_criticality = fields.Selection(selection=CRITICALITIES, string="Criticality")
    internal_it = fields.Selection(
        selection=[('yes', "Has own IT staff"), ('no', "Has none")], string="In-House IT",
    )
    line_ids = fields.One2many(
        comodel_name='helpdesk.sla.sizing.line',
        inverse_name='sizing_id',
        string="Times",
        default=lambda self: [
            Command.create({'priority': priority}) for priority in PRIORITIES
        ],
        copy=True,
    )

    _user_count_range = models.Constraint(
        'CHECK (user_count_min >= 0 AND'
        ' (COALESCE(user_count_max, 0) = 0 OR user_count_max >= user_count_min))',
        "The number of users must run from the smaller to the larger one.",
    )

    # === BUSINESS METHODS === #

    def _matches(self, agreement):
        """ Return whether all criteria hold for the client of an agreement.

        :param agreement: a single helpdesk.sla.agreement
        """
        self.ensure_one()
        return (
            self.user_count_min <= agreement.user_count
            and (not self.user_count_max or agreement.user_count <= self.user_count_max)
            and self.functional_scale in (False, agreement.functional_scale)
            and self.process_criticality in (False, agreement.process_criticality)
            and self.internal_it in (False, 'yes' if agreement.has_internal_it else 'no')
        )

    @api.model
    def _find(self, agreement):
        """ Return the first row that holds for the client of an agreement, if any. """
        return next((row for row in self.search([]) if row._matches(agreement)), self.browse())
