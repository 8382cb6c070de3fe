from random import randint

from odoo import fields, models


class HelpdeskTag(models.Model):
    _name = 'helpdesk.tag'
    _description = "Helpdesk Tag"
    _order = 'name, id'

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    color = fields.Integer(default=lambda self: self._default_color())

    _name_uniq = models.Constraint(
        'UNIQUE (name)',
        "A tag with this name already exists.",
    )

    def _default_color(self):
        return randint(1, 11)
