from odoo import fields, models

FREE_IN_WINDOW = [
    ('nothing', "Nothing"),
    ('questions', "Questions and settings"),
    ('support', "All support"),
]


class ResCompany(models.Model):
    _inherit = 'res.company'

    hypercare_free = fields.Selection(
        selection=FREE_IN_WINDOW,
        string="Free in Hypercare",
        default='nothing',
        required=True,
        help="What new windows of hypercare begin with. Improvements are quoted in any case, and "
             "the repair of defects is always free.",
    )
