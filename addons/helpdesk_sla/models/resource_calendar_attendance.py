from odoo import api, models

# Fields that say when an attendance is worked.
WORKING_TIME_FIELDS = frozenset({
    'calendar_id',
    'day_period',
    'dayofweek',
    'display_type',
    'duration_hours',
    'hour_from',
    'hour_to',
    'week_type',
})


class ResourceCalendarAttendance(models.Model):
    _inherit = 'resource.calendar.attendance'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        attendances = super().create(vals_list)
        attendances.calendar_id._working_time_changed()
        return attendances

    def write(self, vals):
        if WORKING_TIME_FIELDS.isdisjoint(vals):
            return super().write(vals)
        calendars = self.calendar_id
        result = super().write(vals)
        (calendars | self.calendar_id)._working_time_changed()
        return result

    def unlink(self):
        calendars = self.calendar_id
        result = super().unlink()
        calendars._working_time_changed()
        return result
