from odoo import fields, models


class GoliveChecklistItem(models.Model):
    """ A basic function that has to work before the go-live (P6).

    Kept on the template of the implementation, copied with it, and put to the client as a line of
    the protocol.
    """

    _name = 'golive.checklist.item'
    _inherit = ['implementation.item.mixin']
    _description = "Item of the Go-live Checklist"
    _order = 'project_id, sequence, id'

    sequence = fields.Integer(default=10)
    name = fields.Char(
        required=True, help="What the client ticks, e.g. “An order prints a delivery slip”.",
    )
