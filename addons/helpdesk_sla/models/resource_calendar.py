from datetime import timedelta
from functools import partial

from odoo import fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools.float_utils import float_round

from ..tools.caches import clear_cache
from ..tools.working_time import DAY, WorkingTime

# Fields that say when a calendar is open. Attendances and closures report their changes themselves.
WORKING_TIME_FIELDS = frozenset({
    'company_id',
    'flexible_hours',
    'schedule_type',
    'two_weeks_calendar',
    'tz',
})
AROUND_THE_CLOCK = WorkingTime.always()
# of the timelines that a transaction has asked for
CACHE_KEY = 'helpdesk_sla_working_time'


class ResourceCalendar(models.Model):
    _inherit = 'resource.calendar'

    # === CONSTRAINT METHODS === #

    def _check_sla_calendar(self):
        """Refuse calendars from which no deadline can be computed (sla.md rule 4).

        Called by the constraints of the records on which a calendar is chosen, not by the calendar
        itself: one that becomes empty later must not stop whoever edits it.

        :raise ValidationError: when a calendar is flexible or never opens
        """
        now = fields.Datetime.now()
        for calendar in self:
            if calendar.schedule_type == 'flexible':
                raise ValidationError(self.env._(
                    "The working hours \"%s\" are flexible: they do not say when people work, so"
                    " no deadline can be computed from them. Choose working hours with fixed"
                    " times.",
                    calendar.display_name,
                ))
            if calendar._get_working_time().opening_after(now) is None:
                raise ValidationError(self.env._(
                    "The working hours \"%s\" have no working time, so no deadline can be computed"
                    " from them. Add times to them or choose others.",
                    calendar.display_name,
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if not WORKING_TIME_FIELDS.isdisjoint(vals):
            self._working_time_changed()
        return result

    def unlink(self):
        # sudo: resource.calendar.leaves - all closures count, also those the user does not see
        closures = self.sudo().leave_ids
        # While the calendar is still known to whoever uses it.
        self._working_time_changed()
        result = super().unlink()
        # The closures of a deleted calendar stay and become those of its whole company.
        closures.exists()._get_closed_calendars()._working_time_changed()
        return result

    # === BUSINESS METHODS === #

    def _get_working_time(self, company=None) -> WorkingTime:
        """Return the timeline of working time, around the clock for an empty recordset.

        The same object is returned to every call until the calendar, its attendances or a closure
        that concerns it change, so that the years it has laid out are kept. A flexible calendar has
        no working time (sla.md rule 4).

        :param company: whose closures count where the calendar itself is shared by all companies
        """
        if not self:
            return AROUND_THE_CLOCK
        company_id = company.id if company else False
        # asked for every deadline: this transaction has most likely asked before
        known = self.env.cr.cache.get(CACHE_KEY) or self._begin_working_time()
        if timeline := known.get((self._ids, company_id)):
            return timeline
        self.ensure_one()
        if not self._origin:
            return self._build_working_time(company_id)
        known[self._ids, company_id] = timeline = (
            self._origin._build_working_time(company_id) if known['is_fresh']
            else self._origin._get_cached_working_time(company_id)
        )
        return timeline

    def _begin_working_time(self, is_fresh=False):
        """ Begin to remember timelines until the end of the transaction.

        :param bool is_fresh: take none that other transactions have cached: a job must see every
            change that it sees the mark of, also before the news of it has reached this worker
        :rtype: dict
        """
        known = self.env.cr.cache[CACHE_KEY] = {'is_fresh': is_fresh}
        # a cursor outlives its transactions, e.g. that of a job
        forget = partial(self.env.cr.cache.pop, CACHE_KEY, None)
        self.env.cr.postcommit.add(forget)
        self.env.cr.postrollback.add(forget)
        return known

    @tools.ormcache('self.id', 'company_id')
    def _get_cached_working_time(self, company_id) -> WorkingTime:
        return self._build_working_time(company_id)

    def _build_working_time(self, company_id) -> WorkingTime:
        # sudo: resource.calendar - a customer's ticket needs a deadline, and what is cached for
        # everyone must not depend on what the first user sees
        calendar = self.sudo()
        if calendar.schedule_type == 'flexible':
            return WorkingTime()
        return WorkingTime(
            calendar._get_working_time_attendances(),
            calendar.tz or 'UTC',
            calendar._get_working_time_closures(calendar.company_id.id or company_id),
        )

    def _get_working_time_attendances(self) -> list:
        """Return the attendances as `WorkingTime` takes them, breaks and sections left out."""
        return [
            (
                int(attendance.dayofweek),
                _hours_to_seconds(attendance.hour_from),
                _hours_to_seconds(attendance.hour_to),
                int(attendance.week_type) if self.two_weeks_calendar else None,
            )
            for attendance in self.attendance_ids
            if attendance._is_work_period()
        ]

    def _get_working_time_closures(self, company_id) -> list:
        """Return the closures as `WorkingTime` takes them.

        Unlike in `_leave_intervals_batch`, another company's holiday is never among them (sla.md
        "Working time"). Stock and people end a day at 23:59:59: its last second is not worked
        either.
        """
        closures = self.env['resource.calendar.leaves'].search_fetch(
            Domain('resource_id', '=', False)
            & Domain('time_type', '=', 'leave')
            & Domain('calendar_id', 'in', [*self._origin.ids, False])
            & Domain('company_id', 'in', [company_id, False]),
            ['date_from', 'date_to', 'name'],
        )
        return [
            (
                closure.date_from,
                closure.date_to + timedelta(seconds=closure.date_to.second == 59),
                closure.name or '',
            )
            for closure in closures
        ]

    def _working_time_changed(self):
        """Drop what is cached about working time, and have the deadlines of `self` recomputed.

        :param self: the calendars whose working time is another one now; nothing happens when
            empty
        """
        if not self:
            return
        self._clear_working_time()
        # sudo: helpdesk.sla.status - deadlines follow the calendar whoever edits it
        self.env['helpdesk.sla.status'].sudo()._mark_for_recompute_by_calendar(self.sudo())

    def _clear_working_time(self):
        """ Drop the cached timelines. """
        self.env.cr.cache.pop(CACHE_KEY, None)
        clear_cache(self.env)


def _hours_to_seconds(hours: float) -> int:
    """Return a float time of the day in seconds, rounded to the minute as by `float_to_time`."""
    return min(max(int(float_round(hours * 60, precision_digits=0)) * 60, 0), DAY)
