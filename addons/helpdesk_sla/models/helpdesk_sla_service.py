from odoo import fields, models


class HelpdeskSlaService(models.Model):
    """ A service that agreements cover, such as changes of law or new users (S7, S8). """

    _name = 'helpdesk.sla.service'
    _description = "Service of an SLA Agreement"
    _order = 'sequence, name, id'

    name = fields.Char(required=True, translate=True)
    description = fields.Char(translate=True, help="Printed on the agreement beside the name.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_default = fields.Boolean(
        string="In New Agreements", default=True, help="New agreements cover it from the start.",
    )

    _name_uniq = models.Constraint('UNIQUE (name)', "There is a service with this name already.")
