from odoo import fields, models


class HelpdeskChannel(models.Model):
    """ A way by which requests come in, to be named in policies and agreements.

    The ticket itself holds the code; an addon that adds a channel adds the selection value and one
    record with that code.
    """

    _name = 'helpdesk.channel'
    _description = "Helpdesk Channel"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="The value of the ticket's field Channel.")
    sequence = fields.Integer(default=10)

    _code_uniq = models.Constraint('UNIQUE (code)', "There is a channel with this code already.")
