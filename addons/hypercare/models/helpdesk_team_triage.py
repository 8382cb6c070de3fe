from datetime import datetime, time, timedelta

import pytz

from odoo import fields, models

# a team that has not worked for so long takes up what has come in since
LONGEST_BREAK = 60


class HelpdeskTeam(models.Model):
    """ The days on which a team stands up for its triage. """

    _inherit = 'helpdesk.team'

    # === BUSINESS METHODS === #

    def _get_triage_timeline(self):
        """ Return the working time of the team, around the clock without any. """
        self.ensure_one()
        # sudo: helpdesk.team - when a team works is no secret to whoever looks at its tickets
        team_sudo = self.sudo()
        calendar = team_sudo.resource_calendar_id or team_sudo.company_id.resource_calendar_id
        return calendar._get_working_time(team_sudo.company_id)

    def _get_triage_tz(self):
        """ Return the name of the time zone in which the days of the team begin. """
        self.ensure_one()
        team_sudo = self.sudo()
        calendar = team_sudo.resource_calendar_id or team_sudo.company_id.resource_calendar_id
        return calendar.tz or team_sudo.company_id.partner_id.tz or 'UTC'

    def _get_triage_bounds(self, day, tz=None):
        """ Return when a day begins and ends, as naive UTC. """
        self.ensure_one()
        zone = pytz.timezone(tz or self._get_triage_tz())
        return tuple(
            zone.localize(datetime.combine(date, time())).astimezone(pytz.utc).replace(tzinfo=None)
            for date in (day, day + timedelta(days=1))
        )

    def _get_triage_today(self):
        """ Return today's date, where the team works. """
        self.ensure_one()
        now = pytz.utc.localize(fields.Datetime.now())
        return now.astimezone(pytz.timezone(self._get_triage_tz())).date()

    def _is_triage_day(self, day):
        """ Return whether the team works on a day: no weekend, no public holiday. """
        self.ensure_one()
        return self._get_triage_timeline().between(*self._get_triage_bounds(day)) > 0

    def _get_triage_since(self, day):
        """ Return since when a request is new on a day: the morning of the working day before.

        :param date day: where the team works
        :return: naive UTC
        :rtype: datetime
        """
        self.ensure_one()
        before = next(
            (
                candidate for candidate in (
                    day - timedelta(days=back) for back in range(1, LONGEST_BREAK + 1)
                ) if self._is_triage_day(candidate)
            ),
            day - timedelta(days=1),
        )
        return self._get_triage_bounds(before)[0]
