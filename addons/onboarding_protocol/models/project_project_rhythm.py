from collections import defaultdict
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain

from odoo.addons.helpdesk_sla.tools.working_time import CLOSURE

# P7: the follow-up one week after the training, then a meeting every two weeks.
FOLLOW_UP = timedelta(weeks=1)
RHYTHM = timedelta(weeks=2)
# How many recurring meetings are in the calendar ahead of time.
HORIZON = 6
# How long before a recurring meeting its attendees are invited.
INVITATION = timedelta(weeks=2)
# When a meeting begins if none before it says so, and how long it lasts.
DEFAULT_TIME = time(10)
DURATION = timedelta(hours=1)
# A closure that is longer is a mistake in the calendar: the meeting stays where it is.
LONGEST_CLOSURE = 60


class ProjectProject(models.Model):
    """ The meetings after the go-live: a follow-up, then one every two weeks (P7).

    They are separate meetings, not a stock recurrence: each is moved by itself, off the holidays
    of either side or by people.
    """

    _inherit = 'project.project'

    recurring_meetings = fields.Boolean(
        string="Meet every two Weeks",
        compute='_compute_recurring_meetings',
        store=True,
        readonly=False,
        help="After the go-live the next six meetings are always in the calendar. Switched off, "
             "those nobody was invited to yet are removed.",
    )
    recurring_start_date = fields.Date(
        string="First Recurring Meeting", copy=False,
        help="From this day on every two weeks. Each meeting is moved off weekends and the "
             "holidays of either side; set at the go-live, two weeks after the follow-up.",
    )
    recurring_slot_date = fields.Date(
        readonly=True, copy=False, export_string_translation=False,
        help="The last day of the rhythm for which a meeting was planned.",
    )

    # === COMPUTE METHODS === #

    @api.depends('implementation_kind')
    def _compute_recurring_meetings(self):
        for project in self:
            project.recurring_meetings = project.implementation_kind == 'implementation'

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if (
            ('recurring_meetings' in vals and not vals['recurring_meetings'])
            or ('active' in vals and not vals['active'])
        ):
            self._cancel_recurring_meetings()
        return result

    def _get_supervisor_fields(self):
        return super()._get_supervisor_fields() | {'recurring_meetings', 'recurring_start_date'}

    def _check_implementation_values(self, vals):
        super()._check_implementation_values(vals)
        if 'recurring_slot_date' in vals and not self.env.su:
            raise AccessError(self.env._(
                "Up to which day meetings are planned is noted by the system, not by hand.",
            ))

    # === GO-LIVE === #

    def _action_go_live(self):
        super()._action_go_live()
        # sudo: project.project - who signs is the client
        self.sudo()._plan_follow_up()
        self.sudo()._plan_recurring_meetings()

    def _plan_follow_up(self):
        """ Plan the follow-up one week after the last training, and the rhythm after it (P7).

        A follow-up that somebody planned stays the only one. Without a training it is one week
        after the go-live; when the training is long ago, on the next day after the go-live.
        """
        projects = self.filtered(lambda project: (
            project.implementation_kind == 'implementation' and project.golive_datetime
        ))
        meetings = projects._search_meetings(['training', 'follow_up'])
        starts = {}
        for project in projects:
            golive = project._get_day(project.golive_datetime)
            planned = meetings[project].filtered(
                lambda meeting: meeting.implementation_meeting == 'follow_up',
            )[-1:]
            if planned:
                day = project._get_day(planned.start)
            else:
                # no follow-up among them: what was held is a training
                training = meetings[project].filtered('is_held')[-1:]
                day = (project._get_day(training.start) if training else golive) + FOLLOW_UP
                day = max(day, golive + timedelta(days=1))
                starts[project] = project._find_meeting_start(
                    day, project._get_time(training) if training else DEFAULT_TIME,
                )
            if not project.recurring_start_date:
                project.recurring_start_date = day + RHYTHM
        projects._create_meetings([
            (project, 'follow_up', start, False) for project, start in starts.items()
        ])

    # === EVERY TWO WEEKS === #

    @api.model
    def _get_recurring_domain(self):
        """ Return which implementations have recurring meetings. """
        return Domain([
            ('implementation_kind', '!=', False), ('recurring_meetings', '=', True),
            ('recurring_start_date', '!=', False), ('golive_datetime', '!=', False),
            ('is_template', '=', False),
        ])

    def _plan_recurring_meetings(self):
        """ Have the next meetings in the calendar; those that are there already are left alone.

        A meeting that people planned within a week of a day of the rhythm is that day's meeting.
        A day that a long closure moves into the next one's time is left out.
        """
        projects = self.filtered_domain(self._get_recurring_domain() & Domain('active', '=', True))
        meetings = projects._search_meetings(['follow_up', 'recurring'])
        plan = []
        for project in projects:
            slots = project._get_open_slots()
            if not slots:
                continue
            by_hand = [
                project._get_day(meeting.start) for meeting in meetings[project]
                if meeting.implementation_meeting == 'recurring'
                and not meeting.implementation_slot
            ]
            clock = (
                project._get_time(meetings[project][:1]) if meetings[project] else DEFAULT_TIME
            )
            for slot in slots:
                if any(abs(day - slot) < RHYTHM / 2 for day in by_hand):
                    continue
                start = project._find_meeting_start(slot, clock)
                if project._get_day(start) - slot < RHYTHM:
                    plan.append((project, 'recurring', start, slot))
            project.recurring_slot_date = slots[-1]
        projects._create_meetings(plan)

    def _get_open_slots(self):
        """ Return the days of the rhythm, up to the horizon, for which nothing was planned yet.

        :rtype: list[date]
        """
        self.ensure_one()
        today = self._get_today()
        # the first day of the rhythm that is not over; counted from the start, so nothing drifts
        number = max(0, -((self.recurring_start_date - today) // RHYTHM))
        slots = [
            self.recurring_start_date + RHYTHM * (number + ahead) for ahead in range(HORIZON)
        ]
        done = self.recurring_slot_date
        return [slot for slot in slots if not done or slot > done]

    def _cancel_recurring_meetings(self):
        """ Remove the meetings to come that nobody was invited to yet and nobody prepared. """
        # sudo: calendar.event - whoever switches the rhythm off
        meetings = self.env['calendar.event'].sudo().with_context(active_test=False).search([
            ('implementation_id', 'in', self.ids), ('implementation_slot', '!=', False),
            ('start', '>', fields.Datetime.now()),
        ])
        meetings.filtered(lambda meeting: not (
            meeting.is_invited or meeting.is_held or meeting.agenda or meeting.action_item_ids
        )).with_context(no_mail_to_attendees=True).unlink()
        last = dict(self.env['calendar.event'].sudo().with_context(active_test=False)._read_group(
            [('implementation_id', 'in', self.ids), ('implementation_slot', '!=', False)],
            ['implementation_id'], ['implementation_slot:max'],
        ))
        for project in self.sudo().filtered('recurring_slot_date'):
            project.recurring_slot_date = last.get(project, False)

    # === WHEN === #

    def _get_time(self, meeting):
        """ Return at which time of the supervisor's day a meeting begins. """
        self.ensure_one()
        if meeting.allday:
            return DEFAULT_TIME
        return self._get_local_time(meeting.start).time()

    def _get_meeting_calendars(self):
        """ Return the working time of both sides, as far as it is known.

        Ours is that of the supervisor's company, the client's that of the SLA agreement.

        :rtype: list[WorkingTime]
        """
        self.ensure_one()
        company = self.user_id.company_id or self.company_id
        agreement = self.sla_agreement_id
        timelines = [
            calendar._get_working_time(owner)
            for calendar, owner in (
                (company.resource_calendar_id, company),
                (agreement.resource_calendar_id, agreement.company_id),
            )
            if calendar
        ]
        return [timeline for timeline in timelines if not timeline.is_empty]

    def _find_meeting_start(self, day, clock):
        """ Return when a meeting begins that is planned for a day.

        The day itself or the next one on which both sides work and neither has a holiday at that
        time; on the wall clock of the supervisor, also across a change to summer time.

        :param date day: the day for which it is planned
        :param time clock: the time of the day
        :return: naive UTC
        :rtype: datetime
        """
        self.ensure_one()
        zone = pytz.timezone(self._get_implementation_tz())
        timelines = self._get_meeting_calendars()

        def moment(day, clock):
            local = zone.localize(datetime.combine(day, clock))
            return local.astimezone(pytz.utc).replace(tzinfo=None)

        for ahead in range(LONGEST_CLOSURE):
            candidate = day + timedelta(days=ahead)
            start = moment(candidate, clock)
            midnights = moment(candidate, time()), moment(candidate + timedelta(days=1), time())
            if all(
                timeline.between(*midnights)
                and CLOSURE not in {
                    segment.kind for segment in timeline.segments(start, start + DURATION)
                }
                for timeline in timelines
            ):
                return start
        return moment(day, clock)

    # === MEETINGS === #

    def _create_meetings(self, plan):
        """ Create meetings that the product plans, each in the name of its supervisor.

        :param list plan: tuples of the project.project, the kind of meeting, its start in UTC and
            the day of the rhythm, if it is one of it
        """
        by_supervisor = defaultdict(list)
        for project, kind, start, slot in plan:
            by_supervisor[project.user_id, bool(slot)].append(
                project._prepare_meeting_values(kind, start, slot),
            )
        for (supervisor, is_recurring), vals_list in by_supervisor.items():
            events = self.env['calendar.event']
            if supervisor:
                events = events.with_user(supervisor)
            # sudo: calendar.event - planned at the go-live, whoever signs, and by a job; what is
            # planned months ahead is announced when its time comes (`_invite`)
            events.sudo().with_context(
                skip_contact_description=True, active_model=False, active_id=False,
                no_mail_to_attendees=is_recurring,
            ).create(vals_list)

    def _prepare_meeting_values(self, kind, start, slot=False):
        """ Return the values of a meeting that the product plans. """
        self.ensure_one()
        # the client reads the name in the invitation
        env = self.with_context(lang=self._get_client_lang()).env
        names = {
            'follow_up': env._("Follow-up meeting: %(client)s", client=self.client_id.name),
            'recurring': env._("Recurring meeting: %(client)s", client=self.client_id.name),
        }
        return {
            'name': names[kind],
            'implementation_id': self.id,
            'implementation_meeting': kind,
            'implementation_slot': slot,
            'start': start,
            'stop': start + DURATION,
            'allday': False,
            'user_id': self.user_id.id,
            'partner_ids': [Command.set((self.user_id.partner_id | self.coordinator_id).ids)],
            'privacy': 'public',
            # not a document with an activity, as stock would guess from where it is called
            'res_model_id': False,
            'res_id': False,
            'activity_ids': False,
            'description': False,
        }

    # === JOBS === #

    @api.model
    def _cron_recurring_meetings(self, batch_size=100):
        """ Keep the next meetings in the calendar, and invite to those whose time comes.

        In batches that are kept as they are done; a second run finds nothing to do.
        """
        domain = self._get_recurring_domain()
        ids = self.search(domain, order='id').ids
        self.env['ir.cron']._commit_progress(remaining=len(ids))
        while ids:
            batch, ids = self.browse(ids[:batch_size]), ids[batch_size:]
            # whoever works on one now has it planned in the next run
            projects = batch.exists().try_lock_for_update(
                allow_referencing=True,
            ).filtered_domain(domain)
            projects._plan_recurring_meetings()
            projects._invite()
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=len(ids)):
                break

    def _invite(self):
        """ Invite the attendees of the recurring meetings of the next two weeks, once. """
        now = fields.Datetime.now()
        meetings = self.env['calendar.event'].search([
            ('implementation_id', 'in', self.ids), ('implementation_slot', '!=', False),
            ('is_invited', '=', False), ('is_held', '=', False),
            ('start', '>', now), ('start', '<=', now + INVITATION),
        ])
        meetings.is_invited = True
        for supervisor, own in meetings.grouped('user_id').items():
            if supervisor:
                # in the time zone of the supervisor
                own = own.with_user(supervisor).sudo()
            own.attendee_ids._send_invitation_emails()
