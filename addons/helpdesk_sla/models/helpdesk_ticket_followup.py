import logging
from datetime import datetime, time, timedelta

import pytz
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)


class HelpdeskTicketFollowup(models.AbstractModel):
    """ Reminding a customer who owes an answer, and closing when none comes (W11). """

    _name = 'helpdesk.ticket.followup'
    _description = "Ticket with a Follow-up"

    followup_exempt = fields.Boolean(
        string="No Reminders", help="Neither remind the customer of this ticket nor close it.",
    )
    followup_start = fields.Datetime(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Technical: since when the days to the next step of the follow-up are counted.",
    )
    followup_count = fields.Integer(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Technical: how many steps of the follow-up were taken since it is the customer's "
             "turn.",
    )
    is_closed_unanswered = fields.Boolean(
        string="Closed without an Answer", readonly=True, copy=False,
        help="The last step of the follow-up closed it: the customer never answered.",
    )
    followup_summary = fields.Char(compute='_compute_followup_summary')
    is_closing_next = fields.Boolean(
        compute='_compute_followup_summary', search='_search_is_closing_next',
        string="Closed Soon",
    )

    _followup_idx = models.Index("(team_id) WHERE stage_type = 'customer'")

    # === COMPUTE METHODS === #

    @api.depends('followup_start', 'followup_count', 'followup_exempt', 'stage_type', 'team_id')
    def _compute_followup_summary(self):
        for ticket in self:
            plan = ticket._get_followup_plan()
            ticket.is_closing_next = bool(plan) and plan[0][0].action == 'close'
            ticket.followup_summary = ticket._describe_followup_plan(plan)

    def _describe_followup_plan(self, plan):
        """ Return when the customer is reminded next, and when the ticket is closed.

        :param list plan: see `_get_followup_plan`
        :rtype: str | bool
        """
        if not plan:
            return False
        zone = self.env.tz
        dates = [
            format_date(self.env, pytz.utc.localize(moment).astimezone(zone).date())
            for _step, moment in plan
        ]
        if plan[0][0].action == 'close':
            return self.env._("Closed on %(date)s unless the customer answers", date=dates[0])
        if plan[-1][0].action == 'close':
            return self.env._(
                "Next reminder on %(reminder)s, closed on %(date)s unless the customer answers",
                reminder=dates[0], date=dates[-1],
            )
        return self.env._("Next reminder on %(reminder)s", reminder=dates[0])

    def _search_is_closing_next(self, operator, value):
        if operator != 'in':
            return NotImplemented
        # sudo: helpdesk.team - every ladder; the tickets are searched with the user's rights
        ladders = self.env['helpdesk.team'].sudo().search([('followup_step_ids', '!=', False)])
        closing = Domain.OR(
            Domain('team_id', '=', team.id)
            & Domain('followup_count', '=', len(team.followup_step_ids) - 1)
            for team in ladders if team.followup_step_ids.sorted()[-1:].action == 'close'
        )
        return closing & self._get_followup_domain()

    # === WHEN === #

    @api.model
    def _get_followup_domain(self):
        """ Return the domain of the tickets whose customer owes an answer.

        It is the customer's turn, and the last word was ours; what a third party or a key user
        holds up, or somebody wants left alone, is not followed up.
        """
        now = fields.Datetime.now()
        return (
            Domain('stage_type', '=', 'customer')
            & Domain('customer_waiting_since', '=', False)
            & Domain('followup_exempt', '=', False)
            & Domain('followup_start', '!=', False)
            & Domain('merged_into_id', '=', False)
            & Domain('sla_pause_ids', 'not any', (
                Domain('is_manual', '=', True)
                & Domain('kind', '!=', 'customer')
                & Domain('date_from', '<=', now)
                & (Domain('date_to', '=', False) | Domain('date_to', '>', now))
            ))
        )

    def _get_followup_working_time(self):
        """ Return the working hours in which the days are counted, or None for every day. """
        self.ensure_one()
        calendar = (
            self.agreement_id.resource_calendar_id
            or self.team_id.resource_calendar_id
            or self.company_id.resource_calendar_id
        )
        return calendar and calendar._get_working_time(self.company_id), calendar.tz or 'UTC'

    def _get_followup_plan(self):
        """ Return the steps that are still to be taken, and when, as things stand.

        :return: pairs of a helpdesk.followup.step and a naive UTC time
        :rtype: list[tuple]
        """
        self.ensure_one()
        # sudo: helpdesk.ticket, helpdesk.team, resource.calendar - read by the job and by whoever
        # sees the ticket
        ticket = self.sudo()
        if (
            ticket.stage_type != 'customer' or ticket.customer_waiting_since
            or ticket.followup_exempt or not ticket.followup_start
            or not ticket._is_reachable_for_followup() or ticket._waits_for_others()
        ):
            return []
        plan, moment = [], ticket.followup_start
        for step in ticket.team_id.followup_step_ids.sorted()[ticket.followup_count:]:
            if step.action == 'remind' and not step.template_id:
                break  # its template was deleted: nobody is closed unwarned
            moment = ticket._add_working_days(moment, step.days)
            if not moment:
                break  # the working hours contain none
            plan.append((step, moment))
        return plan

    def _is_reachable_for_followup(self):
        """ Return whether a reminder reaches the customer: nobody is closed unwarned.

        The hook of channels that do without an e-mail address.
        """
        self.ensure_one()
        return bool(self.partner_email)

    def _waits_for_others(self):
        """ Return whether somebody else than the customer holds the ticket up now.

        A pause by hand for a third party, or snoozed until another ticket is closed.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        return (self.snooze_event == 'ticket' and self.is_snoozed) or any(
            pause.is_manual and pause.kind != 'customer' and pause.date_from <= now
            and (not pause.date_to or pause.date_to > now)
            for pause in self.sla_pause_ids
        )

    def _add_working_days(self, start, days):
        """ Return when working days have passed: the opening of the last one.

        A day counts when the calendar is open on it. Where it opens at midnight, it is the time of
        day of the start: nobody is to be written to at midnight.

        :param datetime start: naive UTC
        :param int days: at least 1
        :return: naive UTC, or None when the calendar never opens
        """
        working_time, zone_name = self._get_followup_working_time()
        if not working_time:
            return start + timedelta(days=days)
        zone = pytz.timezone(zone_name)
        local_start = pytz.utc.localize(start).astimezone(zone)
        day, opening = local_start.date(), None
        for _count in range(days):
            midnight = zone.localize(datetime.combine(day + timedelta(days=1), time.min))
            opening = working_time.opening_after(midnight.astimezone(pytz.utc).replace(tzinfo=None))
            if opening is None:
                return None
            day = pytz.utc.localize(opening).astimezone(zone).date()
        if pytz.utc.localize(opening).astimezone(zone).time() == time.min:
            opening = zone.localize(
                datetime.combine(day, local_start.time()),
            ).astimezone(pytz.utc).replace(tzinfo=None)
        return opening

    def _is_followup_due(self, now):
        """ Return whether the next step is to be taken now, while the team works. """
        plan = self._get_followup_plan()
        if not plan or plan[0][1] > now:
            return False
        working_time, _zone = self._get_followup_working_time()
        return not working_time or working_time.is_open(now)

    def _get_followup_close_date(self):
        """ Return the day on which the ticket is closed without an answer, for the reminders.

        :return: the date as the customer reads it; '' where the team closes nothing
        """
        self.ensure_one()
        plan = self._get_followup_plan()
        # counted from the reminder that is being written now
        if not plan or plan[-1][0].action != 'close' or plan[0][0].action == 'close':
            return ''
        moment = fields.Datetime.now()
        for step, _moment in plan[1:]:
            moment = self.sudo()._add_working_days(moment, step.days)
        zone = pytz.timezone(self._get_customer_tz())
        return format_date(
            self.env, pytz.utc.localize(moment).astimezone(zone).date(), date_format='full',
        )

    # === STEPS === #

    @api.model
    def _begin_followup(self, domain):
        """ Count the days of tickets that wait for the customer from now on.

        :param domain: which tickets
        """
        self.with_context(tracking_disable=True, active_test=False).search(
            Domain(domain) & Domain('stage_type', '=', 'customer'),
        ).write({'followup_start': fields.Datetime.now(), 'followup_count': 0})

    def _restart_followup(self):
        """ Begin the ladder anew: it is the customer's turn, or an agent wrote once more. """
        waiting = self.filtered(lambda ticket: ticket.stage_type == 'customer')
        waiting.write({'followup_start': fields.Datetime.now(), 'followup_count': 0})
        (self - waiting).filtered('followup_start').write({
            'followup_start': False, 'followup_count': 0,
        })
        self.filtered(
            lambda ticket: ticket.is_closed_unanswered and not ticket.is_closed,
        ).is_closed_unanswered = False

    def _take_followup_step(self):
        """ Remind the customer, or close the ticket; the next days are counted from now. """
        self.ensure_one()
        [(step, _moment), *_later] = self._get_followup_plan()
        if step.template_id and self._may_send_automatic_mail():
            self.message_post_with_source(
                step.template_id, message_type='auto_comment', **self._get_automatic_mail_values(),
            )
        if step.action == 'close':
            self._log_notes({self: self.env._("Closed, because the customer has not answered.")})
            # the mail of the step says it; no second one of the stage
            self.is_closed_unanswered = True
            self._close('solved')
        else:
            self._log_notes({self: self.env._("The customer was reminded.")})
            self.write({
                'followup_start': fields.Datetime.now(), 'followup_count': self.followup_count + 1,
            })

    def _take_followup_steps(self, now):
        """ Take the steps that are due, each by itself: one that fails holds up no other.

        :return: how many were taken
        """
        taken = 0
        for ticket in self:
            if not ticket._is_followup_due(now):
                continue
            try:
                with self.env.cr.savepoint():
                    ticket._take_followup_step()
                    taken += 1
            except OperationalError:
                # two workers met: the job is run again as a whole
                raise
            except Exception:
                _logger.exception("Ticket %s could not be followed up", ticket.ticket_ref)
        return taken

    # === CRON METHODS === #

    @api.model
    def _cron_followup(self, batch_size=200):
        """ Look at the tickets that wait for their customers, in batches kept as they are done. """
        now = fields.Datetime.now()
        tickets = self.with_context(lang=None)
        domain = self._get_followup_domain() & Domain('team_id.followup_step_ids', '!=', False)
        remaining = tickets.search_count(domain)
        self.env['ir.cron']._commit_progress(remaining=remaining)
        last_id = 0
        while batch := tickets.search(
            domain & Domain('id', '>', last_id), limit=batch_size, order='id',
        ):
            last_id = batch[-1].id
            due = batch.filtered(lambda ticket: ticket._is_followup_due(now))
            # what changed meanwhile is no longer due
            due = due.try_lock_for_update().filtered_domain(domain)
            due._take_followup_steps(now)
            remaining = max(remaining - len(batch), 0)
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=remaining):
                break
