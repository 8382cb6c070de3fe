from odoo import fields, models


class HelpdeskChecklistTemplateLine(models.Model):
    _name = 'helpdesk.checklist.template.line'
    _description = "Checklist Template Item"
    _order = 'sequence, id'

    template_id = fields.Many2one(
        comodel_name='helpdesk.checklist.template', required=True, index=True, ondelete='cascade',
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Item", required=True, translate=True)
