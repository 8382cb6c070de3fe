from odoo import fields, models


class BenchThread(models.Model):
    """The floor of the benchmark: a name, a customer and a chatter, and nothing else."""

    _name = 'bench.thread'
    _description = "Bare Thread"
    _inherit = ['mail.thread']

    name = fields.Char(required=True, tracking=True)
    partner_id = fields.Many2one(comodel_name='res.partner')
    user_id = fields.Many2one(comodel_name='res.users', tracking=True)
    stage = fields.Selection(
        selection=[('new', "New"), ('progress', "In Progress")],
        default='new',
        tracking=True,
    )
