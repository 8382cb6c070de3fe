from odoo import api, fields, models
from odoo.tools import format_date

CATEGORIES = [
    ('public', "Public Holiday"),
    ('bank', "Bank Holiday"),
    ('government', "Public Offices"),
    ('half_day', "Half Day"),
    ('optional', "Optional"),
    ('unofficial', "Unofficial"),
    ('other', "Some Groups"),
]


class ResourceCalendarHolidaysLine(models.TransientModel):
    """ A day that can be loaded as a closure. """

    _name = 'resource.calendar.holidays.line'
    _description = "Public Holiday to Load"
    _order = 'date, id'

    wizard_id = fields.Many2one(
        comodel_name='resource.calendar.holidays', required=True, index=True, ondelete='cascade',
    )
    is_selected = fields.Boolean(string="Load")
    date = fields.Date(required=True)
    weekday = fields.Char(compute='_compute_weekday')
    name = fields.Char(required=True)
    category = fields.Selection(selection=CATEGORIES, string="Kind", default='public')
    is_loaded = fields.Boolean(
        string="Closed Already", help="Closures cover the whole day, whatever their names are.",
    )
    status = fields.Char(compute='_compute_status')

    # === COMPUTE METHODS === #

    @api.depends('date')
    @api.depends_context('lang')
    def _compute_weekday(self):
        for line in self:
            line.weekday = line.date and format_date(self.env, line.date, date_format='EEEE')

    @api.depends('is_loaded')
    def _compute_status(self):
        for line in self:
            line.status = self.env._("Closed already") if line.is_loaded else False
