from odoo import api, models
from odoo.fields import Domain

# Fields that say whether something is a closure, of whom and when.
CLOSURE_FIELDS = frozenset({
    'calendar_id',
    'company_id',
    'date_from',
    'date_to',
    'resource_id',
    'time_type',
})


class ResourceCalendarLeaves(models.Model):
    _inherit = 'resource.calendar.leaves'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._get_closed_calendars()._working_time_changed()
        return leaves

    def write(self, vals):
        if CLOSURE_FIELDS.isdisjoint(vals):
            result = super().write(vals)
            if 'name' in vals and self._filter_closures():
                # The explanation of a deadline shows the name; the deadline is the same.
                self.env['resource.calendar']._clear_working_time()
            return result
        calendars = self._get_closed_calendars()
        result = super().write(vals)
        (calendars | self._get_closed_calendars())._working_time_changed()
        return result

    def unlink(self):
        calendars = self._get_closed_calendars()
        result = super().unlink()
        calendars._working_time_changed()
        return result

    # === BUSINESS METHODS === #

    def _filter_closures(self):
        """Return those that close a company, leaving out the time off of a single person."""
        return self.filtered(lambda leave: not leave.resource_id and leave.time_type == 'leave')

    def _get_closed_calendars(self):
        """Return the calendars whose working time the closures among `self` cut (sla.md)."""
        # sudo: resource.calendar - a closure counts also for calendars the user does not see
        closures = self.sudo()._filter_closures()
        calendars = closures.calendar_id
        general = closures.filtered(lambda closure: not closure.calendar_id)
        if general:
            domain = Domain.TRUE
            if all(closure.company_id for closure in general):
                domain = Domain('company_id', 'in', [*general.company_id.ids, False])
            calendars |= calendars.with_context(active_test=False).search(domain)
        return calendars
