from datetime import timedelta

from odoo import api, fields, models

from ..tools.working_time import CLOSED, CLOSURE, PAUSED, WORKING, hours_to_seconds

SECOND = timedelta(seconds=1)
# How much of the future the bar on a ticket knows, so that it grows without asking the server: a
# form that stays open longer has been reloaded by then.
PROGRESS_AHEAD = timedelta(days=2)


class HelpdeskSlaExplanation(models.AbstractModel):
    """ Why a deadline is what it is: the part of an SLA status that answers for it (W5).

    Nothing in here decides anything. What is shown is computed from the same four inputs as the
    deadline itself, by the same timeline, so that the two cannot tell different stories.
    """

    _name = 'helpdesk.sla.explanation'
    _description = "Explanation of an SLA Deadline"

    # sudo: the pauses and hours are those of the ticket whose status the user reads
    sla_progress = fields.Json(
        string="Progress",
        compute='_compute_sla_progress',
        compute_sudo=True,
        export_string_translation=False,
        help="Technical: the working time used, and when more of it will be.",
    )

    # === COMPUTE METHODS === #

    @api.depends('result', 'deadline', 'paused_since', 'worked_hours')
    def _compute_sla_progress(self):
        now = fields.Datetime.now()
        # no more than is needed: a form that shows the pauses reads the rest of them with the
        # rights of its user, in the same query
        self.ticket_id.sla_pause_ids._origin.fetch(['kind', 'date_from', 'date_to'])
        for status in self:
            status.sla_progress = status._prepare_progress(now)

    def _prepare_progress(self, now):
        """ Return what a bar needs to show the time used, now and for a while to come.

        :param datetime now: naive UTC
        :return: `promised` and `used` seconds of working time `at` a moment, and `runs`: from when
            to when the clock will run after it
        :rtype: dict
        """
        self.ensure_one()
        working_time = self._get_working_time()
        pauses = self._get_pauses()
        runs = []
        if not self.result and self.deadline and self.deadline > now:
            runs = [
                [fields.Datetime.to_string(segment.start), fields.Datetime.to_string(segment.stop)]
                for segment in working_time.segments(
                    max(now, self.start_date), min(self.deadline, now + PROGRESS_AHEAD), pauses,
                )
                if segment.kind == WORKING
            ]
        return {
            'promised': self._get_promised_seconds(),
            'used': self._get_used_seconds(working_time, now, pauses),
            'at': fields.Datetime.to_string(now),
            'runs': runs,
        }

    # === BUSINESS METHODS === #

    @api.readonly
    def get_explanation(self):
        """ Return the timeline of the promise, from its start to its deadline or end (W5).

        Moments are strings in UTC (`False` when there is none), durations are whole seconds.

        :return: see `_prepare_explanation`
        :rtype: dict
        :raise AccessError: if the user may not read the status
        """
        self.ensure_one()
        self.check_access('read')
        # sudo: helpdesk.sla.pause, resource.calendar, res.users - who reads the promise may know
        # why it is due when it is, holidays and the names of those who paused it included
        return self.sudo()._prepare_explanation(fields.Datetime.now())

    def action_explain(self):
        """ Open the explanation in a dialog. """
        self.ensure_one()
        return {
            'type': 'ir.actions.client',
            'tag': 'helpdesk_sla.explain',
            'params': {'status_id': self.id},
        }

    def _prepare_explanation(self, now):
        """ Return what the dialog shows.

        `segments` follow each other without a gap from `start` to `stop`. Those of kind `working`
        before the deadline sum to `promised_seconds` exactly, once the deadline is reached by the
        timeline. What a finished status says is frozen: where today's hours and pauses would count
        another time than was counted then, `differs` is set and `counted_seconds` is today's.

        :param datetime now: naive UTC
        :rtype: dict
        """
        self.ensure_one()
        working_time = self._get_working_time()
        counted = self._get_counted_pauses()
        pauses = [(pause.date_from, pause.date_to, pause) for pause in counted]
        stop = self._get_explanation_stop(now)
        segments = self._get_explanation_segments(working_time, stop, pauses)
        used = self._get_used_seconds(working_time, now, pauses)
        promised = self._get_promised_seconds()
        counted_seconds = sum(segment['seconds'] for segment in segments
                              if segment['kind'] == WORKING)
        calendar = self.resource_calendar_id
        ignored = self.ticket_id.sla_pause_ids - counted
        to_string = fields.Datetime.to_string
        return {
            'id': self.id,
            'name': self.name,
            'ticket': self.ticket_id.display_name,
            'target': dict(self._fields['target']._description_selection(self.env))[self.target],
            'state': self.state,
            'result': self.result,
            'calendar': calendar.name or False,
            'tz': calendar.tz or False,
            'now': to_string(now),
            'start': to_string(self.start_date),
            'stop': to_string(stop),
            'deadline': to_string(self.deadline),
            'warning_date': to_string(self.warning_date),
            'paused_since': to_string(self.paused_since),
            'reached_date': to_string(self.reached_date),
            'end_date': to_string(self.end_date),
            'promised_seconds': promised,
            'used_seconds': used,
            'left_seconds': max(promised - used, 0),
            'late_seconds': max(used - promised, 0),
            'counted_seconds': counted_seconds,
            'segments': segments,
            'ignored_pauses': [
                self._prepare_explained_pause(pause)
                for pause in ignored if pause.date_from < stop and pause.kind != 'solved'
            ],
            'differs': self._is_explained_otherwise(working_time, counted_seconds, pauses),
        }

    def _get_promised_seconds(self):
        """ Return the promised working time in seconds. """
        return hours_to_seconds(self.time)

    def _get_explanation_stop(self, now):
        """ Return until when the promise is explained.

        To the deadline, beyond it as long as the promise is overdue, and until now where there is
        no deadline; to the end of what has ended.

        :param datetime now: naive UTC
        :rtype: datetime
        """
        if self.result:
            stop = self.end_date or self.reached_date or self.deadline or now
        else:
            stop = max(self.deadline or now, now)
        return max(stop, self.start_date)

    def _get_used_seconds(self, working_time, now, pauses):
        """ Return the working time used until now, or until the end; what was frozen is the truth.

        :param WorkingTime working_time: of this status
        :param datetime now: naive UTC
        :param list pauses: see `_get_pauses`
        :rtype: int
        """
        if self.reached_date and self.result:
            return hours_to_seconds(self.worked_hours)
        return working_time.worked(
            self.start_date, self.end_date if self.result and self.end_date else now, pauses,
        )

    def _get_explanation_segments(self, working_time, stop, pauses):
        """ Return the stretches from the start to `stop`, cut at the deadline.

        :param WorkingTime working_time: of this status
        :param datetime stop: naive UTC
        :param list pauses: tuples of `WorkingTime`, labelled with the helpdesk.sla.pause
        :rtype: list[dict]
        """
        cut = min(self.deadline or stop, stop)
        return [
            self._prepare_explained_segment(working_time, segment, is_late)
            for low, high, is_late in ((self.start_date, cut, False), (cut, stop, True))
            for segment in _until_midnight(working_time.segments(low, high, pauses))
        ]

    def _prepare_explained_segment(self, working_time, segment, is_late):
        """ Return one stretch as the dialog shows it.

        :param WorkingTime working_time: of this status
        :param Segment segment: the stretch
        :param bool is_late: whether it is after the deadline
        :rtype: dict
        """
        values = {
            'kind': segment.kind,
            'start': fields.Datetime.to_string(segment.start),
            'stop': fields.Datetime.to_string(segment.stop),
            'seconds': segment.seconds,
            'is_late': is_late,
        }
        if segment.kind == CLOSURE:
            values['label'] = segment.label
        elif segment.kind == PAUSED:
            values.update(
                self._prepare_explained_pause(segment.label),
                # by this much it moved the deadline
                working_seconds=working_time.between(segment.start, segment.stop),
            )
        return values

    @api.model
    def _prepare_explained_pause(self, pause):
        """ Return why a clock stood still, and by whom.

        :param pause: the helpdesk.sla.pause
        :rtype: dict
        """
        user = pause.user_id
        return {
            'pause_id': pause.id,
            'label': dict(pause._fields['kind']._description_selection(self.env))[pause.kind],
            'reason': pause.reason or False,
            # what the system itself did needs no name
            'user': user.name if user and not user._is_superuser() else False,
        }

    def _is_explained_otherwise(self, working_time, counted_seconds, pauses):
        """ Return whether today's hours and pauses would count another time than was frozen.

        :param WorkingTime working_time: of this status, as it is today
        :param int counted_seconds: the working time of today's timeline
        :param list pauses: tuples of `WorkingTime`
        :rtype: bool
        """
        if self.result not in ('reached', 'failed'):
            return False
        if self.reached_date and counted_seconds != hours_to_seconds(self.worked_hours):
            return True
        if not self.deadline:
            return False
        # what paused the clock after it had ended did not count
        end = self.end_date or self.deadline
        return self._get_promised_seconds() != working_time.worked(self.start_date, self.deadline, [
            (date_from, min(date_to or end, end))
            for date_from, date_to, _pause in pauses if date_from < end
        ])


def _until_midnight(segments):
    """ Return the segments with closures that end at 23:59:59 ended by the end of that second.

    That is how the last moment of a day is entered; the second left over is not worth a line. Only
    what is closed anyway is given to them, never working time.
    """
    rounded = []
    for segment in segments:
        before = rounded[-1] if rounded else None
        if (
            before and before.kind == CLOSURE and segment.kind == CLOSED
            and before.stop.second == 59
        ):
            midnight = before.stop + SECOND
            rounded[-1] = before._replace(stop=midnight)
            segment = segment._replace(start=midnight)
        if segment.start < segment.stop:
            rounded.append(segment)
    return rounded
