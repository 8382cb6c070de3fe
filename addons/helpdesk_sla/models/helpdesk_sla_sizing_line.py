from odoo import fields, models


class HelpdeskSlaSizingLine(models.Model):
    """ What is proposed for tickets of one priority. """

    _name = 'helpdesk.sla.sizing.line'
    _inherit = ['helpdesk.sla.matrix.mixin']
    _description = "Agreement Sizing: Times of a Priority"

    sizing_id = fields.Many2one(
        comodel_name='helpdesk.sla.sizing', required=True, index=True, ondelete='cascade',
    )

    _priority_uniq = models.Constraint(
        'UNIQUE (sizing_id, priority)',
        "Each priority has one row in the proposal.",
    )
