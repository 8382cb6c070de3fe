from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_datetime

# backlogs are compared with those of a week ago
BACKLOG_DAYS = 7


class HypercarePeriod(models.Model):
    """ What has to be met before the client is handed over (requirements G7). """

    _inherit = 'hypercare.period'

    exit_check_ids = fields.One2many(
        comodel_name='hypercare.exit.check', inverse_name='period_id', string="Exit Criteria",
        domain=[('criterion_id.active', '=', True)],
    )
    exit_result_ids = fields.One2many(
        comodel_name='hypercare.exit.result', inverse_name='period_id',
        string="Met at the Closing", readonly=True,
    )
    exit_missing_count = fields.Integer(
        string="Criteria Missing", compute='_compute_exit_missing_count',
    )
    key_users_trained_on = fields.Date(
        string="Key Users Trained on", copy=False, tracking=True,
        help="The day on which the client's key users had their training on real cases.",
    )

    # === COMPUTE METHODS === #

    @api.depends('exit_check_ids.is_ticked', 'key_users_trained_on', 'state')
    def _compute_exit_missing_count(self):
        missing = {period.id: 0 for period in self}
        for (period, _criterion), (is_met, _detail) in self._get_exit_states().items():
            missing[period.id] += not is_met
        for period in self:
            period.exit_missing_count = missing.get(period.id, 0)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        periods = super().create(vals_list)
        periods._sync_exit_checks()
        return periods

    def write(self, vals):
        result = super().write(vals)
        if 'company_id' in vals:
            self._sync_exit_checks()
        return result

    # === LIFE === #

    def _get_exit_blockers(self):
        return super()._get_exit_blockers() + self._get_exit_missing_texts(Domain.TRUE)

    def _get_exit_refusals(self):
        return super()._get_exit_refusals() + self._get_exit_missing_texts(
            Domain('is_mandatory', '=', True),
        )

    def _before_close(self):
        result = super()._before_close()
        self._keep_exit_results()
        return result

    def _get_exit_missing_texts(self, domain):
        """ Return the unmet criteria as sentences: which, and how it stands.

        :param Domain domain: of the criteria to name
        :rtype: list[str]
        """
        self.ensure_one()
        return [
            self.env._("%(criterion)s: %(detail)s", criterion=criterion.name, detail=detail)
            for (_period, criterion), (is_met, detail) in self._get_exit_states().items()
            if not is_met and criterion.filtered_domain(domain)
        ]

    def _keep_exit_results(self):
        """ Keep what is met and what is missing, before anything moves. """
        now = fields.Datetime.now()
        # sudo: hypercare.exit.result - written by the closing alone
        self.env['hypercare.exit.result'].sudo().create([
            {
                'period_id': period.id,
                'date': now,
                'name': criterion.name,
                'is_mandatory': criterion.is_mandatory,
                'status': 'met' if is_met else 'missing',
                'detail': detail,
            }
            for (period, criterion), (is_met, detail) in self._get_exit_states().items()
        ])

    def _sync_exit_checks(self):
        """ Give the windows a row for each criterion that holds for them. """
        # sudo: hypercare.exit.check, hypercare.exit.criterion - the rows are made by the system
        checks = self.env['hypercare.exit.check'].sudo()
        known = set(checks._read_group(
            [('period_id', 'in', self.ids)], ['period_id', 'criterion_id'],
        ))
        criteria = self.env['hypercare.exit.criterion'].sudo().search([])
        self.sudo().exit_check_ids.filtered(
            lambda check: check.criterion_id.company_id not in (
                check.period_id.company_id, self.env['res.company'],
            ),
        ).unlink()
        checks.create([
            {'period_id': period.id, 'criterion_id': criterion.id}
            for period in self.sudo() for criterion in criteria
            if (period, criterion) not in known
            and criterion.company_id in (period.company_id, self.env['res.company'])
        ])
        self.invalidate_recordset(['exit_check_ids'])

    # === CHECKS === #

    def _get_exit_states(self):
        """ Return for each window and criterion whether it is met, and how it stands.

        The number of queries depends on the criteria, not on the windows.

        :rtype: dict[tuple[hypercare.period, hypercare.exit.criterion], tuple[bool, str]]
        """
        periods = self.filtered('id')
        # sudo: hypercare.exit.check - what is missing does not depend on who asks
        checks = self.env['hypercare.exit.check'].sudo().search([
            ('period_id', 'in', periods.ids), ('criterion_id.active', '=', True),
        ])
        if not checks:
            return {}
        totals = periods._get_review_totals()
        states = {}
        for criterion, rows in checks.grouped('criterion_id').items():
            criterion = criterion.with_env(self.env)
            of_criterion = periods.browse(rows.period_id.ids)
            found = getattr(of_criterion, f'_check_exit_{criterion.sudo().code}')(
                criterion.sudo(), {period: totals[period] for period in of_criterion},
            )
            for period in of_criterion:
                states[period, criterion.sudo()] = found[period]
        return {
            (period, criterion): states[period, criterion]
            for period in periods
            for criterion in checks.criterion_id.sorted()
            if (period, criterion) in states
        }

    def _check_exit_no_urgent(self, _criterion, totals):
        """ No open ticket is critical or high. """
        return {
            period: (
                not totals[period].urgent,
                self.env._("%(count)s open", count=totals[period].urgent)
                if totals[period].urgent else self.env._("None is open"),
            )
            for period in self
        }

    def _check_exit_response(self, criterion, totals):
        """ So many of the first responses were in time. """
        return {
            period: self._judge_exit_rate(
                criterion, totals[period].response_rate, totals[period].response_count,
            )
            for period in self
        }

    def _check_exit_resolution(self, criterion, totals):
        """ So many of the solutions were in time. """
        return {
            period: self._judge_exit_rate(
                criterion, totals[period].resolution_rate, totals[period].resolution_count,
            )
            for period in self
        }

    @api.model
    def _judge_exit_rate(self, criterion, rate, count):
        """ Return whether a share is reached; where nothing was promised nothing was broken. """
        if rate is None:
            return True, self.env._("Nothing was promised yet")
        return rate >= criterion.threshold, self.env._(
            "%(rate)s of %(count)s, at least %(threshold)s",
            rate=self._format_review_rate(rate), count=count,
            threshold=self._format_review_rate(criterion.threshold),
        )

    def _check_exit_open_tickets(self, criterion, totals):
        """ At most so many tickets are open. """
        return {
            period: (
                totals[period].open <= criterion.threshold,
                self.env._(
                    "%(count)s open, at most %(threshold)s",
                    count=totals[period].open, threshold=int(criterion.threshold),
                ),
            )
            for period in self
        }

    def _check_exit_backlog(self, _criterion, totals):
        """ Fewer tickets are open than a week ago, or than half-way in a younger window. """
        now = fields.Datetime.now()
        moments = {
            period: max(
                now - timedelta(days=BACKLOG_DAYS),
                period.start_datetime + (now - period.start_datetime) / 2,
            )
            for period in self if period.start_datetime
        }
        before = self._count_open_at(moments)
        result = {}
        for period in self:
            if period not in moments:
                result[period] = (True, self.env._("Not started yet"))
                continue
            count = totals[period].open
            result[period] = (
                not count or count < before.get(period.id, 0),
                self.env._(
                    "%(count)s open, %(before)s on %(day)s",
                    count=count, before=before.get(period.id, 0),
                    day=format_date(self.env, period._get_day(moments[period])),
                ),
            )
        return result

    def _count_open_at(self, moments):
        """ Return how many tickets of windows were open at a moment, by id of the window.

        A ticket that was solved in between and reopened counts as open all the time.

        :param dict moments: naive UTC by window
        :rtype: dict[int, int]
        """
        if not moments:
            return {}
        self.env['helpdesk.ticket'].flush_model(
            ['hypercare_id', 'open_date', 'close_date', 'active'],
        )
        return dict(self.env.execute_query(SQL(
            """
            SELECT ticket.hypercare_id, count(*)
              FROM helpdesk_ticket ticket
              JOIN (VALUES %(moments)s) AS asked (period_id, moment)
                ON asked.period_id = ticket.hypercare_id
             WHERE ticket.active
               AND ticket.open_date <= asked.moment
               AND (ticket.close_date IS NULL OR ticket.close_date > asked.moment)
             GROUP BY ticket.hypercare_id
            """,
            moments=SQL(', ').join(
                SQL("(%s, %s::timestamp)", period.id, moment)
                for period, moment in moments.items()
            ),
        )))

    def _check_exit_review_held(self, _criterion, _totals):
        """ The joint review took place. """
        return self._judge_exit_review(('held', 'signed'))

    def _check_exit_review_signed(self, _criterion, _totals):
        """ The client signed the review off. """
        return self._judge_exit_review(('signed',))

    def _judge_exit_review(self, states):
        # sudo: hypercare.review - what is missing does not depend on who asks
        reviews = self.env['hypercare.review'].sudo().search(
            [('period_id', 'in', self.ids)],
        ).grouped('period_id')
        by_id = {period.id: review for period, review in reviews.items()}
        result = {}
        for period in self:
            review = by_id.get(period.id)
            if not review:
                result[period] = (False, self.env._("No review is planned"))
                continue
            if review.state == 'signed':
                text = self.env._(
                    "Signed by %(name)s on %(day)s", name=review.signed_by,
                    day=format_date(self.env, period._get_day(review.signed_on)),
                )
            elif review.state == 'held':
                text = self.env._("Held, %(name)s has not signed yet", name=(
                    period.coordinator_id.name or self.env._("the client")
                ))
            elif review.date_planned:
                text = self.env._(
                    "Planned on %(day)s", day=format_date(self.env, review.date_planned),
                )
            else:
                text = self.env._("No day is planned")
            result[period] = (review.state in states, text)
        return result

    def _check_exit_key_users_trained(self, _criterion, _totals):
        """ The key users had their training; the supervisor notes the day. """
        untrained = self.filtered(lambda period: not period.key_users_trained_on)
        names = {}
        if untrained:
            # sudo: res.partner - the names of the people who are to be trained
            for person in self.env['res.partner'].sudo().search([
                ('commercial_partner_id', 'in', untrained.partner_id.ids),
                ('helpdesk_key_department_ids', '!=', False),
            ]):
                names.setdefault(person.commercial_partner_id.id, []).append(person.name)
        result = {}
        for period in self:
            day = format_date(self.env, period.key_users_trained_on)
            if day and period.key_users_trained_on > period._get_today():
                result[period] = (False, self.env._("Planned on %(day)s", day=day))
            elif day:
                result[period] = (True, self.env._("On %(day)s", day=day))
            elif period.partner_id.id in names:
                result[period] = (False, self.env._(
                    "Still to be trained: %(people)s",
                    people=', '.join(names[period.partner_id.id]),
                ))
            else:
                result[period] = (False, self.env._("The day of the training is not noted"))
        return result

    def _check_exit_manual(self, criterion, _totals):
        """ Somebody ticked it on the window. """
        # sudo: hypercare.exit.check - what is missing does not depend on who asks
        checks = self.env['hypercare.exit.check'].sudo().search([
            ('period_id', 'in', self.ids), ('criterion_id', '=', criterion.id),
        ])
        by_id = {check.period_id.id: check for check in checks}
        result = {}
        for period in self:
            check = by_id.get(period.id, checks.browse())
            if check.is_ticked and check.ticked_by:
                text = self.env._(
                    "Ticked by %(name)s on %(moment)s", name=check.ticked_by.name,
                    moment=format_datetime(self.env, check.ticked_on, tz=period.tz),
                )
            else:
                text = self.env._("Ticked") if check.is_ticked else self.env._("Not ticked yet")
            result[period] = (check.is_ticked, text)
        return result

    # === WHERE TO MEND IT === #

    def _open_exit_tickets(self, name, domain):
        """ Open tickets of the window that keep it from being closed. """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla.helpdesk_ticket_action_all',
            ),
            'display_name': name,
            'domain': [('hypercare_id', '=', self.id), *domain],
            'context': {},
        }

    def _open_exit_no_urgent(self):
        return self._open_exit_tickets(
            self.env._("Open and Critical or High"),
            [('is_closed', '=', False), ('priority', 'in', ('2', '3'))],
        )

    def _open_exit_open_tickets(self):
        return self._open_exit_tickets(self.env._("Open Tickets"), [('is_closed', '=', False)])

    def _open_exit_backlog(self):
        return self._open_exit_open_tickets()

    def _open_exit_response(self):
        return self._open_exit_promises('first_response')

    def _open_exit_resolution(self):
        return self._open_exit_promises('resolution')

    def _open_exit_promises(self, target):
        """ Open the tickets whose promises were not kept. """
        self.ensure_one()
        return self._open_exit_tickets(
            self.env._("Promises Not Kept"),
            [('sla_status_ids', 'any', [('target', '=', target), ('state', '=', 'failed')])],
        )

    def _open_exit_review_held(self):
        return self.action_open_review()

    def _open_exit_review_signed(self):
        return self.action_open_review()
