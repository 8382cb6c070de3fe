from datetime import datetime, time, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import float_is_zero, formatLang

# the review takes place in the second week after the go-live (requirements G6)
FIRST_REVIEW_DAY = 7
PROPOSED_REVIEW_DAY = 10
LAST_REVIEW_DAY = 14
URGENT_PRIORITIES = ('2', '3')
TOP_TYPES = 5
REVIEW_HOUR = 10


class ReviewTotals(NamedTuple):
    """ What happened in a window, from its tickets.

    Promises count as in the SLA analysis: those that were kept or broken, once each. A share is
    `None` where nothing was promised.
    """

    opened: int = 0
    solved: int = 0
    open: int = 0
    urgent: int = 0  # open ones that are critical or high
    reopened: int = 0
    response_rate: float | None = None  # percent of the first responses in time
    response_count: int = 0
    resolution_rate: float | None = None  # percent of the solutions in time
    resolution_count: int = 0
    types: tuple = ()  # pairs of name and number, the most asked first


class HypercarePeriod(models.Model):
    """ The joint review in the second week of a window (G6). """

    _inherit = 'hypercare.period'

    review_ids = fields.One2many(
        comodel_name='hypercare.review', inverse_name='period_id', string="Reviews",
    )
    review_id = fields.Many2one(
        comodel_name='hypercare.review', string="Review", compute='_compute_review_id',
        help="The one that is not archived.",
    )
    review_state = fields.Selection(
        selection=lambda self: self.env['hypercare.review']._fields['state'].selection,
        string="State of the Review",
        compute='_compute_review_id',
    )

    # === COMPUTE METHODS === #

    @api.depends('review_ids.active', 'review_ids.state')
    def _compute_review_id(self):
        reviews = self.env['hypercare.review'].search(
            [('period_id', 'in', self.ids)],
        ).grouped('period_id')
        for period in self:
            period.review_id = reviews.get(period._origin, False)
            period.review_state = period.review_id.state

    # === ACTION METHODS === #

    def action_open_review(self):
        """ Open the review; plan one if there is none yet. """
        self.ensure_one()
        review = self.review_id or self.env['hypercare.review'].create({'period_id': self.id})
        return review.get_formview_action()

    # === BUSINESS METHODS === #

    def _after_start(self):
        result = super()._after_start()
        self._plan_reviews()
        return result

    def _extend(self, days, reason):
        """ A review to which nobody was invited yet follows into the second week. """
        super()._extend(days, reason)
        # sudo: hypercare.review - the access to the window was checked
        self.sudo().review_id.filtered(lambda review: review.state == 'draft')._follow_golive()

    def _plan_reviews(self):
        """ Plan the reviews of the windows; one that was planned before follows the go-live. """
        # sudo: hypercare.review - planned for whoever starts the window, be it the client
        reviews = self.env['hypercare.review'].sudo()
        planned = reviews.search([('period_id', 'in', self.ids)])
        moved = planned._follow_golive()
        moved.activity_unlink(['hypercare.mail_activity_type_review'])
        (moved | reviews.create([
            {'period_id': period.id} for period in self if period not in planned.period_id
        ]))._remind_supervisor()

    def _get_review_range(self):
        """ Return the first and the last day on which the review may take place.

        From the 7th to the 14th day after the go-live; in a window that is over by then its last
        day. Both are empty as long as nobody knows when the go-live is.

        :rtype: tuple[date, date] | tuple[bool, bool]
        """
        self.ensure_one()
        if not self.golive_date:
            return False, False
        first = self.golive_date + timedelta(days=FIRST_REVIEW_DAY)
        if self.date_end and self.date_end < first:
            return self.date_end, self.date_end
        return first, self.golive_date + timedelta(days=LAST_REVIEW_DAY)

    def _get_proposed_review_date(self):
        """ Return the first working day of the team from the 10th day on, within the range. """
        self.ensure_one()
        first, last = self._get_review_range()
        if not first or first == last:
            return first
        best = self.golive_date + timedelta(days=PROPOSED_REVIEW_DAY)
        days = sorted({start.date() for start, _stop in self._get_review_hours(first, last)})
        later = [day for day in days if day >= best]
        return later[0] if later else days[-1] if days else best

    def _get_review_hours(self, first, last):
        """ Return when the team works on some days, on the clock of the window.

        :rtype: list[tuple[datetime, datetime]]
        """
        self.ensure_one()
        zone = self._get_tz()
        # sudo: helpdesk.team, resource.calendar - who starts the window may be the client
        team = self.team_id.sudo()
        calendar = team.resource_calendar_id or self.company_id.sudo().resource_calendar_id
        if not calendar:
            return []
        intervals = calendar._work_intervals_batch(
            zone.localize(datetime.combine(first, time.min)),
            zone.localize(datetime.combine(last + timedelta(days=1), time.min)),
            domain=[
                ('time_type', '=', 'leave'), ('company_id', 'in', [self.company_id.id, False]),
            ],
        )[False]
        return [
            tuple(moment.astimezone(zone).replace(tzinfo=None) for moment in (start, stop))
            for start, stop, _meta in intervals
        ]

    def _get_review_start(self, day):
        """ Return when the meeting of a day begins: at ten, if the team works then.

        :return: naive UTC
        """
        self.ensure_one()
        ten = datetime.combine(day, time(REVIEW_HOUR))
        hours = self._get_review_hours(day, day)
        if hours and not any(start <= ten < stop for start, stop in hours):
            ten = next((start for start, _stop in hours if start > ten), hours[0][0])
        return self._to_utc(ten)

    # === FIGURES === #

    def _get_review_totals(self):
        """ Return what happened in the windows until now, as `ReviewTotals` by window.

        :rtype: dict[hypercare.period, ReviewTotals]
        """
        # sudo: helpdesk.ticket, helpdesk.sla.report - the figures of a window are the same for
        # whoever may read it
        tickets = self.env['helpdesk.ticket'].sudo()
        in_windows = Domain('hypercare_id', 'in', self.ids)
        by_period = {period.id: {} for period in self}
        for period, stage_type, count in tickets._read_group(
            in_windows, ['hypercare_id', 'stage_type'], ['__count'],
        ):
            values = by_period[period.id]
            values['opened'] = values.get('opened', 0) + count
            key = {'solved': 'solved', 'cancelled': 'cancelled'}.get(stage_type, 'open')
            values[key] = values.get(key, 0) + count
        for name, domain in (
            ('urgent', Domain('is_closed', '=', False)
                & Domain('priority', 'in', URGENT_PRIORITIES)),
            ('reopened', Domain('reopen_count', '>', 0)),
        ):
            for period, count in tickets._read_group(
                in_windows & domain, ['hypercare_id'], ['__count'],
            ):
                by_period[period.id][name] = count
        for period, ticket_type, count in tickets._read_group(
            in_windows, ['hypercare_id', 'ticket_type_id'], ['__count'], order='__count DESC',
        ):
            name = ticket_type.with_env(self.env).sudo().name or self.env._("Without a type")
            types = by_period[period.id].setdefault('types', [])
            if len(types) < TOP_TYPES:
                types.append((name, count))
        for period, target, reached, failed in self.env['helpdesk.sla.report'].sudo()._read_group(
            Domain('ticket_id', 'any', in_windows)
            & Domain('target', 'in', ['first_response', 'resolution']),
            ['ticket_id.hypercare_id', 'target'], ['reached_count:sum', 'failed_count:sum'],
        ):
            total = reached + failed
            if total:
                name = 'response' if target == 'first_response' else 'resolution'
                by_period[period.id][f'{name}_count'] = total
                by_period[period.id][f'{name}_rate'] = 100 * reached / total
        return {
            period: ReviewTotals(**{
                name: tuple(value) if name == 'types' else value
                for name, value in by_period[period.id].items() if name in ReviewTotals._fields
            })
            for period in self
        }

    @api.model
    def _format_review_rate(self, rate):
        """ Return a share as people read it; a dash where nothing was promised. """
        if rate is None:
            return "–"
        return self.env._("%(rate)s %%", rate=formatLang(
            self.env, rate, digits=0 if float_is_zero(rate % 1, precision_digits=1) else 1,
        ))

    def _get_review_facts(self, totals):
        """ Return the figures of a window as people read them, pairs of a label and a value.

        :param ReviewTotals totals: of the window
        :rtype: list[tuple[str, str]]
        """
        return [
            (self.env._("Requests in the window"), str(totals.opened)),
            (self.env._("Solved"), str(totals.solved)),
            (self.env._("Still open"), str(totals.open)),
            (self.env._("Open and critical or high"), str(totals.urgent)),
            (self.env._("Reopened"), str(totals.reopened)),
            (
                self.env._("First responses in time"),
                self._format_review_rate(totals.response_rate),
            ),
            (
                self.env._("Solutions in time"),
                self._format_review_rate(totals.resolution_rate),
            ),
        ]

    def _get_review_open_tickets(self):
        """ Return the open tickets of the window, the most urgent first.

        :return: as superuser; what is shown of them is the subject, who and since when
        :rtype: helpdesk.ticket
        """
        self.ensure_one()
        # sudo: helpdesk.ticket - the review is about all of them
        return self.env['helpdesk.ticket'].sudo().search(
            [('hypercare_id', '=', self.id), ('is_closed', '=', False)],
            order='priority desc, open_date, id',
        )

    def _describe_review_ticket(self, ticket):
        """ Return what the agenda says of an open ticket.

        :param ticket: the helpdesk.ticket, see `_get_review_open_tickets`
        """
        self.ensure_one()
        priorities = dict(ticket._fields['priority']._description_selection(self.env))
        return self.env._(
            "%(ticket)s, %(priority)s, since %(day)s",
            ticket=ticket.display_name, priority=priorities.get(ticket.priority, ''),
            day=self._format_handover_day(ticket.open_date),
        )

    # === PORTAL === #

    def _get_portal_page_values(self, partner):
        review = self._get_portal_review()
        to_sign = bool(review) and review.state == 'held' and self._may_sign_review(partner)
        return {
            **super()._get_portal_page_values(partner),
            'review': review,
            'review_to_sign': to_sign,
            'review_hash': to_sign and review._get_content_hash(),
        }

    def _get_portal_review(self):
        """ Return the review if there is something in it for the client: its day, or its result.

        :return: as superuser
        :rtype: hypercare.review
        """
        self.ensure_one()
        # sudo: hypercare.review - portal users have no right to it; the caller checked the window
        return self.sudo().review_id.filtered(lambda review: review.state != 'draft')

    def _may_sign_review(self, partner):
        """ Return whether the visitor signs the review for the client. """
        return not self.env.user._is_internal() and bool(self._may_act_in_portal(partner))

    def _portal_sign_review(self, partner, name, is_confirmed, content_hash, comment=''):
        """ Sign the review off for the client.

        :param partner: res.partner of the visitor
        :param str name: typed by whoever signs
        :param bool is_confirmed: whether the box was ticked
        :param str content_hash: of what the page showed
        :param str comment: of the client
        :raise UserError: if the person may not sign, or there is nothing to sign
        """
        self.ensure_one()
        if not self._may_sign_review(partner):
            raise UserError(self.env._(
                "Only %(coordinator)s signs the review for %(client)s.",
                coordinator=self.coordinator_id.name or self.env._("the coordinator"),
                client=self.partner_id.name,
            ))
        review = self._get_portal_review()
        if not review:
            raise UserError(self.env._("There is no review to sign yet."))
        review._sign(name, partner, is_confirmed, content_hash, comment)
