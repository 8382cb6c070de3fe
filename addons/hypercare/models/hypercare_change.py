from odoo import fields, models


class HypercareChange(models.Model):
    """ What was decided about a window, by whom and why. Written by the window alone. """

    _name = 'hypercare.change'
    _description = "Decision about Hypercare"
    _order = 'date desc, id desc'

    period_id = fields.Many2one(
        comodel_name='hypercare.period', string="Hypercare", required=True, readonly=True,
        index=True, ondelete='cascade',
    )
    company_id = fields.Many2one(related='period_id.company_id', store=True)
    kind = fields.Selection(
        selection=[
            ('start', "Started"),
            ('extend', "Extended"),
            ('review', "Days Over"),
            ('close', "Closed"),
            ('close_early', "Closed Early"),
            ('reopen', "Reopened"),
            ('reset', "Start Taken Back"),
            ('cancel', "Canceled"),
            ('plan', "Planned Again"),
        ],
        string="What",
        required=True,
        readonly=True,
    )
    date = fields.Datetime(
        string="When", default=fields.Datetime.now, required=True, readonly=True,
    )
    user_id = fields.Many2one(
        comodel_name='res.users', string="By", required=True, readonly=True,
        default=lambda self: self.env.uid,
    )
    reason = fields.Char(readonly=True)
    missing = fields.Text(
        readonly=True, help="What was not met when it was closed.",
    )
    days_before = fields.Integer(string="Days before", readonly=True)
    days_after = fields.Integer(string="Days after", readonly=True)
