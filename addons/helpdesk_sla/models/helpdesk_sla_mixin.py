import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.each import do_each
from ..tools.policy_rules import select_rules

_logger = logging.getLogger(__name__)

# the type of a stage -> the kind of pause that lasts while a ticket stands in it
PAUSE_KINDS = {
    'customer': 'customer',
    'third_party': 'third_party',
    'solved': 'solved',
    'cancelled': 'solved',
}


class HelpdeskSlaMixin(models.AbstractModel):
    """ The SLA side of a ticket: what is promised, the pauses, and the state of its clocks. """

    _name = 'helpdesk.sla.mixin'
    _inherit = ['helpdesk.sla.promise']
    _description = "SLA side of a Ticket"

    sla_status_ids = fields.One2many(
        comodel_name='helpdesk.sla.status', inverse_name='ticket_id', string="SLA", readonly=True,
    )
    sla_pause_ids = fields.One2many(
        comodel_name='helpdesk.sla.pause', inverse_name='ticket_id', string="Pauses",
        readonly=True,
    )
    is_sla_paused_by_hand = fields.Boolean(compute='_compute_is_sla_paused_by_hand')
    sla_deadline = fields.Datetime(
        string="SLA Deadline",
        compute='_compute_sla_deadline',
        store=True,
        help="The nearest deadline of what is still promised.",
    )
    sla_warning_date = fields.Datetime(
        string="Approaching from", compute='_compute_sla_deadline', store=True,
    )
    sla_paused_since = fields.Datetime(
        string="SLA Paused since", compute='_compute_sla_deadline', store=True,
    )
    sla_result = fields.Selection(
        selection=[('reached', "Reached"), ('failed', "Failed")],
        string="SLA Result",
        compute='_compute_sla_deadline',
        store=True,
        help="Set when nothing is promised any more.",
    )
    sla_state = fields.Selection(
        selection=[
            ('breached', "Breached"),
            ('approaching', "Approaching"),
            ('running', "In time"),
            ('paused', "Paused"),
            ('failed', "Failed"),
            ('reached', "Reached"),
        ],
        string="SLA State",
        compute='_compute_sla_state',
        search='_search_sla_state',
    )
    sla_stale = fields.Boolean(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Technical: policies, working hours or closures changed since the last computation.",
    )
    sla_policies_stale = fields.Boolean(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Technical: of a stale ticket, the policies have to be chosen anew as well.",
    )

    # === COMPUTE METHODS === #

    @api.depends('sla_pause_ids.date_to', 'sla_pause_ids.is_manual')
    def _compute_is_sla_paused_by_hand(self):
        now = fields.Datetime.now()
        for ticket in self:
            ticket.is_sla_paused_by_hand = any(
                pause.is_manual and pause.kind != 'key_user'
                and pause.date_from <= now and not pause.is_over
                for pause in ticket.sla_pause_ids
            )

    @api.depends(
        'sla_status_ids.result', 'sla_status_ids.deadline', 'sla_status_ids.warning_date',
        'sla_status_ids.paused_since',
    )
    def _compute_sla_deadline(self):
        for ticket in self:
            statuses = ticket.sla_status_ids
            unfinished = statuses.filtered(lambda status: not status.result)
            counted = {status.result for status in statuses} & {'reached', 'failed'}
            ticket.sla_deadline = min(filter(None, unfinished.mapped('deadline')), default=False)
            ticket.sla_warning_date = min(
                filter(None, unfinished.mapped('warning_date')), default=False,
            )
            ticket.sla_paused_since = min(
                filter(None, unfinished.mapped('paused_since')), default=False,
            )
            if unfinished or not counted:
                ticket.sla_result = False
            else:
                ticket.sla_result = 'failed' if 'failed' in counted else 'reached'

    @api.depends('sla_deadline', 'sla_warning_date', 'sla_paused_since', 'sla_result')
    def _compute_sla_state(self):
        now = fields.Datetime.now()
        for ticket in self:
            if ticket.sla_deadline:
                if ticket.sla_deadline < now:
                    ticket.sla_state = 'breached'
                elif ticket.sla_warning_date and ticket.sla_warning_date <= now:
                    ticket.sla_state = 'approaching'
                else:
                    ticket.sla_state = 'running'
            else:
                ticket.sla_state = 'paused' if ticket.sla_paused_since else ticket.sla_result

    def _search_sla_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        now = fields.Datetime.now()
        in_time = Domain('sla_deadline', '>=', now)
        quiet = Domain('sla_warning_date', '=', False) | Domain('sla_warning_date', '>', now)
        idle = Domain('sla_deadline', '=', False)
        finished = idle & Domain('sla_paused_since', '=', False)
        domains = {
            'breached': Domain('sla_deadline', '<', now),
            'approaching': in_time & Domain('sla_warning_date', '<=', now),
            'running': in_time & quiet,
            'paused': idle & Domain('sla_paused_since', '!=', False),
        }
        return Domain.OR(
            domains[state] if state in domains else finished & Domain('sla_result', '=', state)
            for state in value
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """ Let the SLA state be grouped and sorted by the database, the same as it is read. """
        if field_expr != 'sla_state':
            return super()._field_to_sql(alias, field_expr, query)
        column = {
            name: super(HelpdeskSlaMixin, self)._field_to_sql(alias, name, query)
            for name in ('sla_deadline', 'sla_warning_date', 'sla_paused_since', 'sla_result')
        }
        return SQL(
            "CASE WHEN %(sla_deadline)s < %(now)s THEN 'breached'"
            " WHEN %(sla_deadline)s IS NOT NULL AND %(sla_warning_date)s <= %(now)s"
            " THEN 'approaching'"
            " WHEN %(sla_deadline)s IS NOT NULL THEN 'running'"
            " WHEN %(sla_paused_since)s IS NOT NULL THEN 'paused' ELSE %(sla_result)s END",
            **column, now=fields.Datetime.now(),
        )

    # === PAUSES AND HISTORY === #

    def _open_stage_pauses(self, now):
        """ Begin the pauses of the tickets whose stage is another's turn. """
        # sudo: helpdesk.sla.pause - the clocks are kept by the system, whoever moves the ticket
        self.env['helpdesk.sla.pause'].sudo().create([
            {
                'ticket_id': ticket.id,
                'kind': kind,
                'date_from': now,
                'reason': ticket.stage_id.name,
                'user_id': self.env.uid,
            }
            for ticket in self
            if (kind := PAUSE_KINDS.get(ticket.stage_type))
            and not ticket._get_open_pauses(kind)
        ])

    def _close_stage_pauses(self, now):
        """ End the open pauses that the tickets' stages no longer ask for. """
        # sudo: helpdesk.sla.pause - as above
        over = self.sudo().sla_pause_ids.filtered(
            lambda pause: not pause.date_to
            and not pause.is_manual
            and pause.kind != PAUSE_KINDS.get(pause.ticket_id.stage_type),
        )
        over.date_to = now
        # the next one of this kind may begin in the same transaction: only one may be open
        over.flush_recordset(['date_to'])

    def _pause_sla(self, kind, reason, date_from=None, date_to=None):
        """ Pause the clocks of the tickets by hand.

        :param str kind: see `helpdesk.sla.pause`
        :param str reason: why, for whoever asks later
        :param datetime date_from: naive UTC; now when empty
        :param datetime date_to: naive UTC; until somebody resumes when empty
        :raise UserError: if a ticket is closed or paused already, or the time is in the past
        """
        self.check_access('write')
        now = fields.Datetime.now()
        date_from = date_from or now
        closed = self.filtered('is_closed')
        if closed:
            raise UserError(self.env._(
                "The clocks of closed tickets stand still already: %(tickets)s. Reopen them first.",
                tickets=', '.join(closed.mapped('display_name')),
            ))
        if date_from > now + timedelta(minutes=1) and not date_to:
            raise UserError(self.env._(
                "A pause that begins later needs an end, so that the deadline is known.",
            ))
        if date_to and date_to <= max(date_from, now):
            raise UserError(self.env._("The pause has to end after now, and after it begins."))
        # the beginning is given to the minute
        if date_from < now - timedelta(minutes=1) and not self.env.user.has_group(
            'helpdesk_sla.group_helpdesk_manager',
        ):
            raise UserError(self.env._(
                "A pause cannot begin in the past: that would change what was promised then. Ask "
                "an administrator of the help desk.",
            ))
        paused = self.filtered(lambda ticket: ticket.sla_pause_ids.filtered(
            lambda pause: pause.is_manual and pause.kind == kind and not pause.date_to,
        ))
        if paused:
            raise UserError(self.env._(
                "These tickets are paused for this already: %(tickets)s.",
                tickets=', '.join(paused.mapped('display_name')),
            ))
        # sudo: helpdesk.sla.pause - written by the engine; the access was checked above
        self.env['helpdesk.sla.pause'].sudo().create([
            {
                'ticket_id': ticket.id,
                'kind': kind,
                'reason': reason,
                'is_manual': True,
                'date_from': max(date_from, ticket.open_date),
                'date_to': date_to,
                'user_id': self.env.uid,
            }
            for ticket in self
        ])
        self._log_notes(dict.fromkeys(
            self, self.env._("The SLA clock is paused: %(reason)s", reason=reason),
        ))

    def _end_manual_pauses(self, now, kinds=None):
        """ End the pauses that were set by hand and have begun.

        :param datetime now: naive UTC
        :param list kinds: of these kinds only; else of all but the turn of a key user, which ends
            when the ticket is passed on
        """
        # sudo: helpdesk.sla.pause - as above
        over = self.sudo().sla_pause_ids.filtered(
            lambda pause: pause.is_manual
            and pause.date_from <= now
            and (not pause.date_to or pause.date_to > now)
            and (pause.kind in kinds if kinds else pause.kind != 'key_user'),
        )
        over.date_to = now
        return over

    def _get_open_pauses(self, kind):
        """ Return the pauses of one kind, begun by a stage, that have not ended. """
        return self.sudo().sla_pause_ids.filtered(
            lambda pause: pause.kind == kind and not pause.date_to and not pause.is_manual,
        )

    def _get_stage_histories(self):
        """ Return the stages that each ticket entered, oldest first.

        The type is that of the stage when it was entered: what a stage means today changes nothing
        of what was reached then.

        :return: by ticket: stage, type and UTC time; stages that were deleted since are left out
        :rtype: dict[helpdesk.ticket, list[tuple[helpdesk.stage, str, datetime]]]
        """
        stage_ids = {
            stage_id
            for ticket in self
            for stage_id, _stamp, _type in ticket.stage_history or []
            if stage_id  # False: the team had no stages
        }
        # sudo: helpdesk.stage - the history is read by the engine
        known = self.sudo().team_id.stage_ids
        others = known.browse(stage_ids.difference(known.ids))
        # what a team uses is there; only of others it has to be asked
        by_id = {stage.id: stage for stage in known | others.exists()}
        return {
            ticket: [
                (by_id[stage_id], stage_type, fields.Datetime.to_datetime(stamp))
                for stage_id, stamp, stage_type in ticket.stage_history or []
                if stage_id in by_id
            ]
            for ticket in self
        }

    def _register_response(self):
        """ Note that a person of the company has answered, and settle what it promised. """
        now = fields.Datetime.now()
        # sudo: helpdesk.ticket - the dates are kept by the system, see _check_engine_fields
        tickets = self.sudo()
        tickets._end_key_user_turn()
        unanswered = tickets.filtered(
            lambda ticket: not ticket.first_response_date or ticket.customer_waiting_since,
        )
        for ticket in unanswered:
            ticket._count_response(ticket.customer_waiting_since, now)
            ticket.write({
                'first_response_date': ticket.first_response_date or now,
                'customer_waiting_since': False,
                'last_response_date': now,
            })
        unanswered._sla_settle()

    def _register_customer_message(self):
        """ Note that the customer wrote and awaits an answer; a promise of it begins now.

        Only the oldest unanswered message counts: further ones change nothing (sla.md).
        """
        # sudo: helpdesk.ticket - the dates are kept by the system, see _check_engine_fields
        answered = self.sudo().filtered(lambda ticket: not ticket.customer_waiting_since)
        if answered:
            answered.customer_waiting_since = fields.Datetime.now()
            answered._sla_sync()

    # === POLICIES AND STATUSES === #

    def _is_sla_applicable(self):
        """ Return whether policies apply to the ticket at all. """
        self.ensure_one()
        return self.team_id.use_sla

    def _get_sla_facts(self):
        """ Return what the criteria of policies look at, by name of the fact.

        Reads only fields, so that a batch of tickets costs no query per ticket.

        :rtype: dict[str, set]
        """
        self.ensure_one()
        return {
            'team': {self.team_id.id},
            'priority': {self.priority},
            'ticket_type': {self.ticket_type_id.id},
            'tags': set(self.tag_ids.ids),
            'customer': {self.partner_id.id, self.commercial_partner_id.id},
            'channel': {self.channel},
        }

    def _select_sla_rules(self):
        """ Return the rules of the policies that apply to the ticket.

        :rtype: list[Rule]
        """
        self.ensure_one()
        if not self._is_sla_applicable():
            return []
        rules = self.env['helpdesk.sla']._get_rules(self.company_id, self.agreement_id)
        # what is archived is still a criterion: without it the policy would be one for everybody
        return select_rules(rules, self.with_context(active_test=False)._get_sla_facts())

    def _get_sla_calendar_id(self, rule):
        """ Return the id of the working hours on which a policy is counted for the ticket.

        :param Rule rule: the policy
        :return: the policy's, else the team's, else the company's
        """
        self.ensure_one()
        return (
            rule.calendar_id
            or self.team_id.resource_calendar_id.id
            or self.company_id.resource_calendar_id.id
        )

    def _prepare_sla_status_values(self, rule):
        """ Return the copy of the promise that a status carries.

        :param Rule rule: the policy
        :rtype: dict
        """
        self.ensure_one()
        is_next_response = rule.values['target'] == 'next_response'
        return {
            **rule.values,
            'resource_calendar_id': self._get_sla_calendar_id(rule),
            'start_date': self.customer_waiting_since if is_next_response else self.open_date,
        }

    def _sla_sync(self):
        """ Choose the policies of the tickets anew, and bring their statuses in line.

        The one place where statuses begin, are superseded and begin their next cycle. Safe to
        run again: without a change it changes nothing.
        """
        # sudo: helpdesk.sla(.status), helpdesk.team - the engine decides for every ticket alike,
        # whoever creates or edits it; statuses are never written by users
        tickets = self.sudo()
        statuses = tickets.sla_status_ids
        latest = {
            (status.ticket_id.id, status.sla_id.id): status
            for status in statuses.sorted('cycle')
        }
        to_create, applying = [], statuses.browse()
        for ticket in tickets:
            for rule in ticket._select_sla_rules():
                status = latest.get((ticket.id, rule.sla_id), statuses.browse())
                cycle = ticket._get_sla_cycle(rule, status)
                if not cycle:
                    continue
                values = ticket._prepare_sla_status_values(rule)
                if cycle == status.cycle:
                    applying |= status
                    status._update_promise(values)
                else:
                    to_create.append({
                        **values,
                        'ticket_id': ticket.id,
                        'sla_id': rule.sla_id,
                        'cycle': cycle,
                        'cycle_date': ticket._get_sla_cycle_date(rule, cycle),
                    })
        (statuses - applying)._finish('superseded')
        if to_create:
            # two workers meet at the ticket, where the second is run again; at the unique index of
            # the statuses it would be refused
            tickets.flush_recordset(['write_date'])
        going = statuses.create(to_create) | applying
        tickets._sla_settle()
        # what begins only now, and was kept before the ticket was reopened, is owed once more
        again = going.filtered('result').ticket_id.filtered('reopen_date')
        if again:
            again._sla_sync()
        tickets._report_empty_calendars()

    def _get_sla_cycle(self, rule, status):
        """ Return the cycle of a promise that is owed now, if any.

        :param Rule rule: the policy, which applies to the ticket
        :param status: the latest helpdesk.sla.status of that policy on the ticket, or none
        :return: the cycle of `status` when it goes on, the next one when it begins, or False
        """
        self.ensure_one()
        is_unfinished = status and status.result in (False, 'superseded')
        if rule.values['target'] != 'next_response':
            if not status or is_unfinished:
                return status.cycle or 1
            return status.cycle + 1 if self._begins_next_cycle(status) else False
        if not self._is_next_response_owed():
            return False
        # each unanswered message is a promise of its own
        if is_unfinished and status.start_date == self.customer_waiting_since:
            return status.cycle
        return status.cycle + 1

    def _get_sla_cycle_date(self, rule, cycle):
        """ Return since when the target of a cycle can be reached.

        :param Rule rule: the policy
        :param int cycle: which of its cycles
        """
        if rule.values['target'] == 'next_response':
            return self.customer_waiting_since
        return self.open_date if cycle == 1 else self.reopen_date

    def _is_next_response_owed(self):
        """ Return whether the customer wrote after the first answer, and nobody has answered.

        Until the first answer the request itself is the oldest unanswered message, and the first
        response is the promise for it.
        """
        self.ensure_one()
        return bool(
            self.customer_waiting_since and self.first_response_date and not self.is_closed
        )

    def _begins_next_cycle(self, status):
        """ Return whether a finished promise is owed once more, because the ticket was reopened.

        What was reached for good (an answer, a stage on the way) is not; a solution is.

        :param status: the latest helpdesk.sla.status of its policy, finished
        """
        self.ensure_one()
        if status.cycle > self.reopen_count or status.end_date > self.reopen_date:
            return False
        return (
            not status.reached_date
            or status.target == 'resolution'
            or (status.target == 'stage' and status.stage_id.stage_type == 'solved')
        )

    def _sla_settle(self):
        """ End the statuses of the tickets whose targets their history has reached. """
        # sudo: helpdesk.sla.status - see _sla_sync
        tickets = self.sudo()
        # what ends is judged by what is true now, not by whether the job has run already
        stale = tickets.filtered('sla_stale')
        if stale:
            stale._sla_refresh()
        tickets.sla_status_ids._settle()

    def _report_empty_calendars(self):
        """ Tell the leaders of teams whose working hours contain no working time. """
        empty = self.sla_status_ids.filtered(
            lambda status: not status.result
            and not status.deadline
            and not status.paused_since
            and status.resource_calendar_id,
        )
        empty.team_id._report_calendar_without_hours()

    def _sla_message_posted(self, message):
        """ Let a message in the thread drive the clocks (sla.md, "The life of a status").

        :param message: the mail.message that was posted on this ticket
        """
        self.ensure_one()
        # sudo: helpdesk.ticket - the message was allowed; what it means for the clocks is not a
        # matter of the author's rights
        ticket = self.sudo()
        if ticket._is_agent_message(message):
            ticket._sla_agent_wrote()
        # the request itself is a message as well
        elif (
            ticket._is_customer_message(message)
            and message.subtype_id != ticket._creation_subtype()
        ):
            ticket._sla_customer_wrote()

    def _sla_agent_wrote(self):
        """ Let a public answer of a person of ours drive the clocks, wherever it was given. """
        self._register_response()
        self._restart_followup()

    def _sla_customer_wrote(self):
        """ Let words of the customer, who awaits an answer, drive the clocks. """
        self._end_manual_pauses(fields.Datetime.now(), kinds=['customer'])
        if self.stage_type == 'customer' or self.is_closed:
            self._reopen()
        self._register_customer_message()

    @api.model
    def _mark_for_sla_refresh(self, domain, policies=True):
        """ Have the policies and deadlines of tickets looked at again, in the background.

        One statement marks any number of tickets.

        :param Domain domain: which tickets
        :param bool policies: choose the policies anew as well; False: only working time changed
        """
        query = self.with_context(active_test=False)._search(domain)
        marked = self.env.execute_query(SQL(
            "UPDATE helpdesk_ticket SET sla_stale = TRUE,"
            " sla_policies_stale = sla_policies_stale IS TRUE OR %(policies)s"
            " WHERE id IN %(ids)s AND (sla_stale IS NOT TRUE"
            " OR (%(policies)s AND sla_policies_stale IS NOT TRUE)) RETURNING id",
            ids=query.subselect(), policies=policies,
        ))
        if marked:
            self.browse(id_ for id_, in marked).invalidate_recordset(
                ['sla_stale', 'sla_policies_stale'],
            )
            self.env.ref('helpdesk_sla.ir_cron_sla_refresh')._trigger()

    def _sla_refresh(self):
        """ Compute policies and deadlines anew; finished statuses never change. """
        # a mark may be seen before the news that caches are stale: look with one's own eyes
        self.env['resource.calendar']._begin_working_time(is_fresh=True)
        choosing = self.filtered('sla_policies_stale')
        counting = self - choosing
        if choosing:
            choosing.write({'sla_stale': False, 'sla_policies_stale': False})
            unfinished = choosing.sla_status_ids.filtered(lambda status: not status.result)
            unfinished._recompute_clock()
            choosing.with_context(helpdesk_sla_rules={
                company.id: self.env['helpdesk.sla']._build_rules(company.id, self.env.lang)
                for company in choosing.company_id
            })._sla_sync()
        if counting:
            # sudo: helpdesk.sla.status - see _sla_sync
            empty = self.env['helpdesk.sla.status'].sudo()._recompute_clocks(counting)
            empty._report_empty_calendars()

    def _update_sla_rows(self):
        """ Bring what the tickets say of their unfinished statuses up to date, in one statement.

        As `_compute_sla_deadline`, where only deadlines moved; the tickets are stale no more.
        """
        self.env.execute_query(SQL(
            "UPDATE helpdesk_ticket ticket"
            " SET sla_deadline = status.deadline, sla_warning_date = status.warning_date,"
            " sla_paused_since = status.paused_since, sla_stale = FALSE"
            " FROM (SELECT ticket.id, MIN(deadline) AS deadline,"
            " MIN(warning_date) AS warning_date, MIN(paused_since) AS paused_since"
            " FROM helpdesk_ticket ticket LEFT JOIN helpdesk_sla_status status"
            " ON status.ticket_id = ticket.id AND status.result IS NULL"
            " WHERE ticket.id IN %s GROUP BY ticket.id) status"
            " WHERE ticket.id = status.id RETURNING ticket.id",
            tuple(self.ids),
        ))

    # === CRON METHODS === #

    @api.model
    def _cron_sla_refresh(self, batch_size=1000):
        """ Work off the tickets that are marked, in batches that are kept as they are done.

        A job that is killed goes on with the next batch; a ticket that another worker holds is
        left to the next run.
        """
        # archived tickets too; but nothing else that is archived counts for their clocks
        tickets = self.with_context(active_test=False)
        stale = Domain('sla_stale', '=', True)
        remaining = tickets.search_count(stale)
        self.env['ir.cron']._commit_progress(remaining=remaining)
        while remaining:
            batch = tickets.search(stale, limit=batch_size, order='id').try_lock_for_update()
            if not batch:
                break
            failed = batch.with_context(
                active_test=True, tracking_disable=True,
            )._sla_refresh_each()
            # one that cannot be computed must not stop the others
            stale &= Domain('id', 'not in', failed.ids)
            remaining = tickets.search_count(stale)
            if not self.env['ir.cron']._commit_progress(
                len(batch) - len(failed), remaining=remaining,
            ):
                break

    def _sla_refresh_each(self):
        """ Refresh the tickets at once or, where that fails, one by one.

        :return: the tickets that could not be refreshed; they stay marked, and the log says why
        """
        return do_each(
            self, lambda tickets: tickets._sla_refresh(), _logger,
            "The SLA of ticket %s could not be computed",
        )
