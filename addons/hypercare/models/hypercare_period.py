import logging
from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.base.models.res_partner import _tz_get
from odoo.addons.helpdesk_sla.tools.caches import clear_cache
from odoo.addons.helpdesk_sla.tools.each import do_each

from .hypercare_scale import DAYS_MAX, DAYS_MIN

_logger = logging.getLogger(__name__)

MANAGER = 'helpdesk_sla.group_helpdesk_manager'
# states in which a window goes on
GOING = ('running', 'review')


class Window(NamedTuple):
    """ When a client is in hypercare, as tickets read it. """

    period_id: int
    start: datetime  # naive UTC
    end: datetime  # naive UTC, not included


class HypercarePeriod(models.Model):
    """ The window of active help after a go-live (requirements G1 to G7).

    It is planned, runs from the go-live for a number of calendar days, is in review when the days
    are over, and is closed by the hand-over to the support plan. The days are those of its own time
    zone. What users may not write by hand is changed by the buttons, and noted in `change_ids`.
    """

    _name = 'hypercare.period'
    _description = "Hypercare"
    _inherit = ['helpdesk.engine.guard.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'golive_date desc, id desc'
    _rec_names_search = ['name', 'partner_id']
    _check_company_auto = True

    name = fields.Char(
        compute='_compute_name', store=True, readonly=False, required=True, precompute=True,
        index='trigram',
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name='res.company', compute='_compute_company_id', store=True, readonly=False,
        required=True, precompute=True, index=True,
    )

    project_id = fields.Many2one(
        comodel_name='project.project', string="Project", index='btree_not_null',
        ondelete='restrict', check_company=True, tracking=True,
        domain=[('is_template', '=', False)],
    )
    partner_id = fields.Many2one(
        comodel_name='res.partner', string="Client", compute='_compute_partner_id', store=True,
        readonly=False, required=True, precompute=True, index=True, ondelete='restrict',
        check_company=True, tracking=True, domain=[('parent_id', '=', False)],
    )
    coordinator_id = fields.Many2one(
        comodel_name='res.partner', string="Coordinator", index='btree_not_null',
        ondelete='restrict', tracking=True,
        domain="[('commercial_partner_id', '=', partner_id), ('is_company', '=', False)]",
        help="The person at the client who is supported, reviews with us and signs.",
    )
    user_id = fields.Many2one(
        comodel_name='res.users', string="Supervisor", compute='_compute_user_id', store=True,
        readonly=False, precompute=True, index='btree_not_null', tracking=True,
        domain="[('share', '=', False)]",
        help="Is responsible for the window, and told about bottlenecks.",
    )
    team_id = fields.Many2one(
        comodel_name='helpdesk.team', string="Helpdesk Team",
        default=lambda self: self._default_team_id(), required=True, index=True,
        ondelete='restrict', check_company=True, tracking=True,
        help="Whose working hours tell what a day off is.",
    )
    tz = fields.Selection(
        selection=_tz_get, string="Time Zone", compute='_compute_tz', store=True, readonly=False,
        required=True, precompute=True, help="In which the days of the window are counted.",
    )

    scale_user_count = fields.Integer(string="Users")
    scale_integration_count = fields.Integer(string="Integrations")
    scale_process_count = fields.Integer(string="Processes")
    proposed_days = fields.Integer(
        compute='_compute_proposed_days', help="Calendar days by the scale of the project.",
    )
    days = fields.Integer(
        string="Calendar Days", compute='_compute_days', store=True, readonly=False,
        required=True, precompute=True, tracking=True,
        help="How long the window is. Once it runs it is extended, with a reason.",
    )

    golive_date = fields.Date(string="Go-live", tracking=True, copy=False)
    date_end = fields.Date(
        string="Last Day", compute='_compute_date_end', store=True, precompute=True,
    )
    start_datetime = fields.Datetime(string="Started on", readonly=True, copy=False)
    end_datetime = fields.Datetime(
        string="Ends on", compute='_compute_end_datetime', store=True, precompute=True,
        help="The moment at which its promises end for new tickets.",
    )
    closed_datetime = fields.Datetime(string="Closed on", readonly=True, copy=False)
    state = fields.Selection(
        selection=[
            ('planned', "Planned"),
            ('running', "Running"),
            ('review', "In Review"),
            ('closed', "Closed"),
            ('cancelled', "Canceled"),
        ],
        default='planned',
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    is_project_fixed = fields.Boolean(
        compute='_compute_is_project_fixed', export_string_translation=False,
    )
    change_ids = fields.One2many(
        comodel_name='hypercare.change', inverse_name='period_id', string="History", readonly=True,
    )

    day_number = fields.Integer(
        string="Day", compute='_compute_day_number',
        help="Which day of the window today is; the first one is the go-live.",
    )
    progress = fields.Integer(compute='_compute_day_number', help="Share of the days, in percent.")
    ticket_ids = fields.One2many(
        comodel_name='helpdesk.ticket', inverse_name='hypercare_id', string="Tickets",
    )
    ticket_count = fields.Integer(compute='_compute_ticket_count')
    open_ticket_count = fields.Integer(
        string="Open Tickets", compute='_compute_ticket_count',
    )
    missing_text = fields.Text(
        string="Missing", compute='_compute_missing_text', export_string_translation=False,
    )

    _days_range = models.Constraint(
        f'CHECK (days BETWEEN {DAYS_MIN} AND {DAYS_MAX})',
        "Hypercare lasts from 2 to 60 days.",
    )
    _counts_positive = models.Constraint(
        'CHECK (scale_user_count >= 0 AND scale_integration_count >= 0'
        ' AND scale_process_count >= 0)',
        "Users, integrations and processes cannot be negative.",
    )
    _started = models.Constraint(
        "CHECK (state IN ('planned', 'cancelled')"
        " OR (start_datetime IS NOT NULL AND golive_date IS NOT NULL))",
        "A window that runs has a go-live.",
    )
    _project_uniq = models.UniqueIndex(
        "(project_id) WHERE project_id IS NOT NULL AND state IN ('planned', 'running', 'review')",
        "The project has a window already. Extend that one, or close it first.",
    )
    _window_idx = models.Index('(company_id, partner_id) WHERE start_datetime IS NOT NULL')
    _advance_idx = models.Index("(date_end) WHERE state = 'running'")

    def _default_team_id(self):
        return self.env['helpdesk.ticket']._default_team_id()

    # === COMPUTE METHODS === #

    @api.depends('partner_id')
    def _compute_name(self):
        for period in self:
            if period.partner_id and not period.name:
                period.name = self.env._("Hypercare: %(client)s", client=period.partner_id.name)

    @api.depends('project_id', 'team_id')
    def _compute_company_id(self):
        for period in self:
            period.company_id = (
                period.company_id or period.project_id.company_id or period.team_id.company_id
                or self.env.company
            )

    @api.depends('project_id')
    def _compute_partner_id(self):
        for period in self:
            # the client of a window that has started stays, see `_check_client`
            if period.project_id.partner_id and period.state in (False, 'planned', 'cancelled'):
                period.partner_id = period.project_id.partner_id.commercial_partner_id

    @api.depends('project_id')
    def _compute_user_id(self):
        for period in self:
            user = period.user_id or self.env.user
            if period.state in (False, 'planned', 'cancelled'):
                user = period.project_id.user_id or user
            period.user_id = user

    @api.depends('team_id')
    def _compute_tz(self):
        for period in self:
            if period.state in (False, 'planned') or not period.tz:
                period.tz = (
                    period.team_id.resource_calendar_id.tz
                    or period.company_id.resource_calendar_id.tz or self.env.user.tz or 'UTC'
                )

    @api.depends('scale_user_count', 'scale_integration_count', 'scale_process_count')
    def _compute_proposed_days(self):
        proposed = self.env['hypercare.scale']._propose_days([
            (
                period.scale_user_count, period.scale_integration_count,
                period.scale_process_count,
            )
            for period in self
        ])
        for period, days in zip(self, proposed):
            period.proposed_days = days

    @api.depends('scale_user_count', 'scale_integration_count', 'scale_process_count')
    def _compute_days(self):
        for period in self:
            if period.state in (False, 'planned'):
                period.days = period.proposed_days
            else:
                period.days = period.days

    @api.depends('golive_date', 'days')
    def _compute_date_end(self):
        for period in self:
            period.date_end = period.golive_date and (
                period.golive_date + timedelta(days=period.days - 1)
            )

    @api.depends('date_end', 'closed_datetime', 'start_datetime')
    def _compute_end_datetime(self):
        for period in self:
            if period.start_datetime and period.date_end:
                end = period._get_day_bounds(period.date_end)[1]
                period.end_datetime = min(end, period.closed_datetime or end)
            else:
                period.end_datetime = False

    @api.depends('state', 'golive_date', 'days')
    def _compute_day_number(self):
        for period in self:
            if period.state in GOING and period.golive_date:
                day = (period._get_today() - period.golive_date).days + 1
                period.day_number = min(max(day, 1), period.days)
                period.progress = 100 * period.day_number // period.days
            else:
                period.day_number = period.state == 'closed' and period.days
                period.progress = 100 if period.state == 'closed' else 0

    # not of the project itself: while it is being chosen it can still be changed
    @api.depends('state')
    def _compute_is_project_fixed(self):
        for period in self:
            period.is_project_fixed = (
                period.state not in (False, 'planned', 'cancelled')
                and bool(period._origin.project_id)
            )

    def _compute_ticket_count(self):
        counts, open_counts = (
            dict(self.env['helpdesk.ticket']._read_group(
                Domain('hypercare_id', 'in', self.ids) & domain, ['hypercare_id'], ['__count'],
            ))
            for domain in (Domain.TRUE, Domain('is_closed', '=', False))
        )
        for period in self:
            period.ticket_count = counts.get(period._origin, 0)
            period.open_ticket_count = open_counts.get(period._origin, 0)

    def _compute_missing_text(self):
        for period in self:
            period.missing_text = '\n'.join(period._get_exit_blockers())

    # === CONSTRAINT METHODS === #

    @api.constrains('partner_id', 'coordinator_id', 'project_id')
    def _check_client(self):
        for period in self:
            client = period.partner_id
            if client != client.commercial_partner_id:
                raise ValidationError(self.env._(
                    "Hypercare is for a client, not for one of its contacts. Choose %(client)s, "
                    "and %(contact)s as the coordinator.",
                    client=client.commercial_partner_id.name, contact=client.name,
                ))
            coordinator = period.coordinator_id
            if coordinator and coordinator.commercial_partner_id != client:
                raise ValidationError(self.env._(
                    "%(coordinator)s does not belong to %(client)s: the coordinator is a contact "
                    "of the client.",
                    coordinator=coordinator.name, client=client.name,
                ))
            project_client = period.project_id.partner_id.commercial_partner_id
            if project_client and project_client != client:
                raise ValidationError(self.env._(
                    "%(project)s is a project of %(other)s, not of %(client)s.",
                    project=period.project_id.name, other=project_client.name, client=client.name,
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su:
            self._check_started_fields(vals)
        before = {period: period._get_window() for period in self}
        result = super().write(vals)
        self._windows_changed(before)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        for period in self:
            if period.state not in ('planned', 'cancelled'):
                raise UserError(self.env._(
                    "%(period)s has begun: its history is kept. Archive it instead.",
                    period=period.name,
                ))

    def _get_engine_fields(self):
        return super()._get_engine_fields() | {
            'state', 'start_datetime', 'end_datetime', 'closed_datetime', 'date_end', 'change_ids',
        }

    def _check_started_fields(self, vals):
        """ Refuse to change by hand what was promised to the client when the window started.

        :raise UserError: if the window has started
        """
        names = {
            'days', 'golive_date', 'partner_id', 'company_id', 'tz', 'project_id',
        } & vals.keys()
        started = self.filtered(lambda period: period.state not in ('planned', 'cancelled'))
        changed = {
            name for period in started for name in names
            # a window that was started without a project gets it later: its tasks go there
            if (name != 'project_id' or period.project_id)
            and period._fields[name].convert_to_cache(vals[name], period)
            != period._fields[name].convert_to_cache(period[name], period)
        }
        if changed:
            raise UserError(self.env._(
                "%(period)s has started: %(fields)s cannot be changed by hand any more. Extend or "
                "close it, or have a manager take the start back.",
                period=started[0].name,
                fields=', '.join(
                    self._fields[name]._description_string(self.env) for name in sorted(changed)
                ),
            ))

    # === ACTION METHODS === #

    def action_start(self):
        """ Start the windows by hand: now, or with the day of a go-live that is past.

        :raise UserError: if one was started already
        """
        self.check_access('write')
        for period in self:
            moment = fields.Datetime.now()
            if period.golive_date and period.golive_date < period._get_today():
                moment = period._get_day_bounds(period.golive_date)[0]
            period._start(moment)

    def action_extend(self):
        """ Ask for how many days, and why. """
        return self._open_change_wizard('extend', self.env._("Extend Hypercare"))

    def action_close(self):
        """ Show what is missing, and ask why it is closed all the same. """
        return self._open_change_wizard('close', self.env._("Close Hypercare"))

    def action_reopen(self):
        """ Ask why it goes on after it was closed. """
        return self._open_change_wizard('reopen', self.env._("Reopen Hypercare"))

    def action_cancel(self):
        """ Ask why there will be no hypercare. """
        return self._open_change_wizard('cancel', self.env._("Cancel Hypercare"))

    def action_reset(self):
        """ Ask why the start is taken back. """
        return self._open_change_wizard('reset', self.env._("Take the Start Back"))

    def action_plan_again(self):
        """ Plan canceled windows again. """
        self.check_access('write')
        for period in self:
            period._check_state('cancelled')
            # sudo: hypercare.period - the access was checked; the state is kept by the system
            period.sudo().state = 'planned'
            period._log_change('plan')

    def action_view_tickets(self):
        """ Open the tickets of the window. """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla.helpdesk_ticket_action_all',
            ),
            'domain': [('hypercare_id', '=', self.id)],
            'context': {
                'search_default_open': 1,
                'default_partner_id': (self.coordinator_id or self.partner_id).id,
                'default_team_id': self.team_id.id,
            },
        }

    def _open_change_wizard(self, kind, name):
        self.ensure_one()
        self.check_access('write')
        return {
            'name': name,
            'type': 'ir.actions.act_window',
            'res_model': 'hypercare.change.wizard',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {'default_period_id': self.id, 'default_kind': kind},
        }

    # === THE LIFE OF A WINDOW === #

    def _start(self, moment=None):
        """ Start the window; from now on its promises apply (G1, G7).

        :param datetime moment: the go-live, naive UTC; now when empty
        :raise UserError: if it was started already, or the go-live is in the future
        """
        self.ensure_one()
        self._check_state('planned')
        moment = moment or fields.Datetime.now()
        if moment > fields.Datetime.now() + timedelta(minutes=1):
            raise UserError(self.env._("Hypercare cannot start before the go-live."))
        # sudo: hypercare.period - started by whoever may write it, or by the signed protocol
        period = self.sudo()
        period.write({
            'state': 'running',
            'start_datetime': moment,
            'golive_date': period._get_day(moment),
        })
        period._log_change('start', days_before=period.days)
        period._after_start()

    def _extend(self, days, reason):
        """ Let the window last longer (G7).

        :param int days: calendar days from the go-live, the former ones included
        :raise UserError: if the user is no manager, without a reason, or if it is not longer
        """
        self.ensure_one()
        self._check_state(*GOING)
        self._check_manager(self.env._("Only a helpdesk administrator extends hypercare."))
        reason = self._check_reason(reason)
        if not self.days < days <= DAYS_MAX:
            raise UserError(self.env._(
                "Choose more than the %(days)s days it has now, and no more than %(max)s.",
                days=self.days, max=DAYS_MAX,
            ))
        before = self.days
        # sudo: hypercare.period - the access was checked; days are fixed once it runs
        period = self.sudo()
        period.days = days
        period.state = 'running' if period.date_end >= period._get_today() else 'review'
        if period.state == 'running':
            period.activity_unlink(['hypercare.mail_activity_type_exit'])
        period._log_change('extend', reason=reason, days_before=before)

    def _close(self, reason=False):
        """ Close the window and hand the client over (G7).

        :param str reason: why it is closed early, or although something is missing
        :raise UserError: if something is missing and there is no reason, if what is missing is
            mandatory, or if the days are not over and the user is no manager
        """
        self.ensure_one()
        self.check_access('write')
        self._check_state(*GOING)
        refusals = self._get_exit_refusals()
        if refusals:
            raise UserError(self.env._(
                "%(period)s is not closed before this is met:\n%(missing)s",
                period=self.name, missing='\n'.join(refusals),
            ))
        missing = '\n'.join(self._get_exit_blockers())
        is_early = self._is_early()
        if is_early:
            self._check_manager(self.env._(
                "The days of %(period)s are not over. Only a helpdesk administrator closes it "
                "early.", period=self.name,
            ))
        if is_early or missing:
            reason = self._check_reason(reason)
        # sudo: hypercare.period - the access was checked; the state is kept by the system
        period = self.sudo()
        period._before_close()
        period.write({'state': 'closed', 'closed_datetime': fields.Datetime.now()})
        period._log_change(
            'close_early' if is_early else 'close', reason=reason, missing=missing,
        )
        period.activity_unlink(['hypercare.mail_activity_type_exit'])
        period._after_close()

    def _reopen(self, reason):
        """ Let a window go on that was closed too soon.

        :raise UserError: if it is not closed, the user is no manager, or without a reason
        """
        self.ensure_one()
        self._check_state('closed')
        self._check_manager(self.env._("Only a helpdesk administrator reopens hypercare."))
        reason = self._check_reason(reason)
        # sudo: hypercare.period - the access was checked
        period = self.sudo()
        period.write({
            'state': 'running' if period.date_end >= period._get_today() else 'review',
            'closed_datetime': False,
        })
        period._log_change('reopen', reason=reason)
        if period.state == 'review':
            period._ask_for_handover()

    def _cancel(self, reason):
        """ Have no hypercare after all.

        :raise UserError: if it has started, or without a reason
        """
        self.ensure_one()
        self.check_access('write')
        self._check_state('planned')
        reason = self._check_reason(reason)
        # sudo: hypercare.period - the access was checked
        self.sudo().state = 'cancelled'
        self._log_change('cancel', reason=reason)

    def _reset(self, reason):
        """ Take the start back: it was a mistake. The tickets fall back to what was promised.

        :raise UserError: if it does not run, the user is no manager, or without a reason
        """
        self.ensure_one()
        self._check_state('running')
        self._check_manager(self.env._("Only a helpdesk administrator takes the start back."))
        reason = self._check_reason(reason)
        # sudo: hypercare.period - the access was checked
        self.sudo().write({'state': 'planned', 'start_datetime': False})
        self._log_change('reset', reason=reason)

    def _after_start(self):
        """ Begin what begins with the window; extended by what does. """
        self.ensure_one()
        self.message_post(body=self.env._(
            "Hypercare has started. It lasts until %(date)s.",
            date=format_date(self.env, self.date_end),
        ))

    def _before_close(self):
        """ Keep what is known at the exit; extended by what is kept. """

    def _after_close(self):
        """ Hand over; extended by what goes on afterwards. """
        self.ensure_one()
        self.message_post(body=self.env._("Hypercare is closed. The support plan applies now."))

    def _get_exit_blockers(self):
        """ Return what is missing to close the window, each as a sentence; extended by criteria.

        :rtype: list[str]
        """
        self.ensure_one()
        return []

    def _get_exit_refusals(self):
        """ Return which of them no reason helps with.

        :rtype: list[str]
        """
        self.ensure_one()
        return []

    def _is_early(self):
        """ Return whether days of the window are left. """
        self.ensure_one()
        return self.state == 'running' and self._get_today() <= self.date_end

    def _check_state(self, *states):
        """ Refuse what does not fit the state.

        :raise UserError: if the window is in none of the states
        """
        self.ensure_one()
        if self.state not in states:
            raise UserError(self.env._(
                "This cannot be done: %(period)s is \"%(state)s\".",
                period=self.name,
                state=dict(self._fields['state']._description_selection(self.env))[self.state],
            ))

    def _check_manager(self, text):
        """ :raise UserError: with the text, if the user is no manager """
        self.check_access('write')
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise UserError(text)

    def _check_reason(self, reason):
        """ Return the reason without blanks around it.

        :raise UserError: if there is none
        """
        reason = (reason or '').strip()
        if not reason:
            raise UserError(self.env._("Why? Please write the reason: it is kept in the history."))
        return reason

    def _log_change(self, kind, reason=False, missing=False, days_before=None):
        """ Keep what was decided, and by whom. """
        self.ensure_one()
        # sudo: hypercare.change - the history is written by the window alone
        self.env['hypercare.change'].sudo().create({
            'period_id': self.id,
            'kind': kind,
            'user_id': self.env.uid,
            'reason': reason,
            'missing': missing,
            'days_before': self.days if days_before is None else days_before,
            'days_after': self.days,
        })

    # === DAYS === #

    def _get_tz(self):
        """ Return the pytz time zone in which the days of the window are counted. """
        self.ensure_one()
        return pytz.timezone(self.tz or 'UTC')

    def _to_local(self, moment):
        """ Return a moment (naive UTC) as it is read on the clock of the window, naive. """
        return pytz.utc.localize(moment).astimezone(self._get_tz()).replace(tzinfo=None)

    def _to_utc(self, local):
        """ Return a moment on the clock of the window (naive) as naive UTC. """
        return self._get_tz().localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    def _get_day(self, moment):
        """ Return on which day of the window a moment (naive UTC) is. """
        return self._to_local(moment).date()

    def _get_today(self):
        """ Return today in the time zone of the window. """
        return self._get_day(fields.Datetime.now())

    def _get_day_bounds(self, day):
        """ Return when a day begins and when the next one does, naive UTC.

        :param date day: in the time zone of the window
        :rtype: tuple[datetime, datetime]
        """
        return tuple(
            self._to_utc(datetime.combine(date, time.min))
            for date in (day, day + timedelta(days=1))
        )

    def _get_window_days(self, until=None):
        """ Return the days of the window from the go-live on.

        :param date until: the last day wanted; today when empty. Never after the window's end.
        :rtype: list[date]
        """
        self.ensure_one()
        if not self.start_datetime:
            return []
        end = self.date_end
        if self.closed_datetime:
            end = min(end, self._get_day(self.closed_datetime))
        last = min(until or self._get_today(), end)
        return [
            self.golive_date + timedelta(days=number)
            for number in range((last - self.golive_date).days + 1)
        ]

    # === WHICH TICKETS ARE IN IT === #

    def _get_window(self):
        """ Return since when and until when tickets are in the window, and whose. """
        self.ensure_one()
        return self.company_id.id, self.partner_id.id, self.start_datetime, self.end_datetime

    @api.model
    def _find(self, company, client, moment):
        """ Return the window into which a ticket falls, if any: the latest one. Costs no query.

        :param company: the ticket's res.company
        :param client: its commercial entity
        :param datetime moment: when it was created, naive UTC
        :rtype: hypercare.period
        """
        if not company or not client or not moment:
            return self.browse()
        windows = self._get_cached_windows(company._origin.id)
        return self.browse(next(
            (
                window.period_id for window in windows.get(client._origin.id, ())
                if window.start <= moment < window.end
            ),
            False,
        ))

    @tools.ormcache('company_id')
    def _get_cached_windows(self, company_id):
        """ Return when which clients of a company are or were in hypercare.

        :return: by id of the client, the latest first
        :rtype: dict[int, list[Window]]
        """
        windows = defaultdict(list)
        # sudo: hypercare.period - what is promised does not depend on who asks
        for period in self.sudo().with_context(active_test=False).search(
            [('company_id', '=', company_id), ('start_datetime', '!=', False)],
            order='start_datetime desc, id desc',
        ):
            windows[period.partner_id.id].append(
                Window(period.id, period.start_datetime, period.end_datetime),
            )
        return dict(windows)

    def _windows_changed(self, before):
        """ Have the tickets look again whose window began, moved or ended.

        :param dict before: `_get_window` of each, as it was
        """
        changed = {
            period: window for period, window in before.items()
            if period._get_window() != window and (window[2] or period.start_datetime)
        }
        if not changed:
            return
        self.env.flush_all()
        clear_cache(self.env)
        self._look_up_tickets(Domain.OR(
            Domain('company_id', '=', company) & Domain('commercial_partner_id', '=', client)
            & Domain('open_date', '>=', start)
            for period, window in changed.items()
            for company, client, start, _end in (window, period._get_window()) if start
        ))

    @api.model
    def _look_up_tickets(self, domain):
        """ Put tickets into the windows in which they were opened, and have them promised anew.

        :param Domain domain: which tickets to look at
        """
        # sudo: helpdesk.ticket - a window concerns tickets whether or not its author sees them
        tickets = self.env['helpdesk.ticket'].sudo().with_context(active_test=False)
        periods = self.sudo()
        found = tickets.search(domain).filtered(lambda ticket: ticket.hypercare_id != periods._find(
            ticket.company_id, ticket.commercial_partner_id, ticket.open_date,
        ))
        self.env.add_to_compute(found._fields['hypercare_id'], found)
        found._recompute_recordset(['hypercare_id'])
        tickets._mark_for_sla_refresh(
            Domain('id', 'in', found.ids) & Domain('is_closed', '=', False),
        )

    @api.model
    def _find_missed_tickets(self):
        """ Find the tickets that were being opened while their window started in another worker.

        Neither of the two transactions saw the other.
        """
        # archived ones as well: archiving a window changes no promise
        running = self.with_context(active_test=False).search([('state', '=', 'running')])
        if running:
            self._look_up_tickets(Domain('hypercare_id', '=', False) & Domain.OR(
                Domain('company_id', '=', period.company_id.id)
                & Domain('commercial_partner_id', '=', period.partner_id.id)
                & Domain('open_date', '>=', period.start_datetime)
                & Domain('open_date', '<', period.end_datetime)
                for period in running
            ))

    # === CRON METHODS === #

    @api.model
    def _cron_advance(self, batch_size=100):
        """ Put windows into review whose days are over, and remind the supervisors to close them.

        What is promised ends with the last day by itself; this only moves the work on. Safe to run
        twice.
        """
        self._find_missed_tickets()
        # tomorrow's date exists somewhere already
        domain = Domain('state', '=', 'running') & Domain(
            'date_end', '<', fields.Date.today() + timedelta(days=1),
        )
        # archiving hides a window, it does not keep its days from being over
        over = self.with_context(active_test=False).search(domain).with_env(self.env).filtered(
            lambda period: period.date_end < period._get_today(),
        )
        self.env['ir.cron']._commit_progress(remaining=len(over))
        for start in range(0, len(over), batch_size):
            batch = over[start:start + batch_size].try_lock_for_update().filtered(
                lambda period: period.state == 'running',
            )
            do_each(
                batch, lambda periods: [period._begin_exit() for period in periods],
                _logger, "%s could not be put into review",
            )
            if not self.env['ir.cron']._commit_progress(len(batch)):
                break

    def _begin_exit(self):
        """ The days are over: have the supervisor prepare the hand-over. """
        self.ensure_one()
        self.state = 'review'
        self._log_change('review')
        self._ask_for_handover()

    def _ask_for_handover(self):
        """ Remind the supervisor to close the window, or to have it extended. """
        self.ensure_one()
        if self.user_id:
            self.with_context(lang=self.user_id.lang).activity_schedule(
                'hypercare.mail_activity_type_exit',
                user_id=self.user_id.id,
                summary=self.with_context(lang=self.user_id.lang).env._(
                    "The days of hypercare are over: hand over, or ask for more days",
                ),
            )
