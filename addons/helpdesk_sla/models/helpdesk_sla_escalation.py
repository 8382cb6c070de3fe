import logging
from collections import defaultdict
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_list

from ..tools.each import do_each

_logger = logging.getLogger(__name__)

# where the earliest new moment of a transaction waits for its end
MOMENT_KEY = 'helpdesk_sla.escalation_moment'
CRITICAL = '3'


class HelpdeskSlaEscalation(models.Model):
    """ What happens when a share of a policy's time is used (sla.md, "Warning and escalation").

    A level fires once per status: `helpdesk.sla.status.escalated_percentage` says up to where, and
    `escalation_date` when the next one is due. Nobody polls: the earliest of these moments wakes
    the job (`_wake_at`), and the job wakes itself for the next one.
    """

    _name = 'helpdesk.sla.escalation'
    _description = "SLA Escalation Level"
    _order = 'sla_id, percentage, id'
    _rec_name = 'percentage'
    _check_company_auto = True

    sla_id = fields.Many2one(
        comodel_name='helpdesk.sla', string="SLA Policy", required=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='sla_id.company_id')
    percentage = fields.Integer(
        string="At",
        default=100,
        required=True,
        aggregator=None,
        help="Share of the working time, in percent. At 100 the deadline is reached; more than 100 "
             "is after it.",
    )

    # who is told
    notify_assignee = fields.Boolean(
        string="Assignee",
        help="Tell the assignee; when the assignee is away, or nobody is assigned, the team "
             "leader.",
    )
    notify_leader = fields.Boolean(
        string="Leader",
        help="Tell the team leader; when the leader is away, the members of the team.",
    )
    notify_followers = fields.Boolean(
        string="Followers", help="Tell the colleagues who follow the ticket, never customers.",
    )
    user_ids = fields.Many2many(
        comodel_name='res.users',
        relation='helpdesk_sla_escalation_user_rel',
        column1='escalation_id',
        column2='user_id',
        string="Further People",
        domain=[('share', '=', False)],
        check_company=True,
    )
    notify_client = fields.Boolean(
        string="Client",
        help="Write to the customer, when the ticket's agreement says that the client is told.",
    )

    # what is done
    schedule_activity = fields.Boolean(
        string="Activity", help="Plan an activity for today on the ticket.",
    )
    raise_priority = fields.Boolean(
        string="Raise Priority", help="Raise the priority by one step, up to Critical.",
    )
    team_id = fields.Many2one(
        comodel_name='helpdesk.team',
        string="Hand over to",
        check_company=True,
        index='btree_not_null',
        help="Move the ticket to this team, which assigns it anew.",
    )
    summary = fields.Char(compute='_compute_summary', export_string_translation=False)

    _percentage_range = models.Constraint(
        'CHECK (percentage BETWEEN 0 AND 1000)',
        "An escalation level must be between 0 and 1000 percent of the time.",
    )
    _percentage_uniq = models.Constraint(
        'UNIQUE (sla_id, percentage)',
        "A policy cannot have two escalation levels at the same percentage.",
    )

    # === COMPUTE METHODS === #

    @api.depends('percentage', 'sla_id.name')
    def _compute_display_name(self):
        for level in self:
            level.display_name = self.env._(
                "%(policy)s: %(percentage)s %%",
                policy=level.sla_id.name or '', percentage=level.percentage,
            )

    @api.depends(lambda self: [*self._get_effect_fields(), 'user_ids.name', 'team_id.name'])
    def _compute_summary(self):
        for level in self:
            level.summary = format_list(self.env, level._get_effect_names())

    def _get_effect_fields(self):
        """ Return the names of the fields that say what the level does.

        :rtype: list[str]
        """
        return [
            'notify_assignee', 'notify_leader', 'notify_followers', 'user_ids', 'notify_client',
            'schedule_activity', 'raise_priority', 'team_id',
        ]

    def _get_effect_names(self):
        """ Return what the level does, in the words of the reader.

        :rtype: list[str]
        """
        self.ensure_one()
        # sudo: res.users, helpdesk.team - names on a policy that may be read
        level = self.sudo()
        return [name for is_done, name in (
            (level.notify_assignee, self.env._("tell the assignee")),
            (level.notify_leader, self.env._("tell the team leader")),
            (level.notify_followers, self.env._("tell the followers")),
            *(
                (user, self.env._("tell %(name)s", name=user.name)) for user in level.user_ids
            ),
            (level.notify_client, self.env._("write to the client, if agreed")),
            (level.schedule_activity, self.env._("plan an activity")),
            (level.raise_priority, self.env._("raise the priority")),
            (level.team_id, self.env._("hand over to %(team)s", team=level.team_id.name)),
        ) if is_done]

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: ['percentage', *self._get_effect_fields()])
    def _check_effect(self):
        for level in self:
            if not level._get_effect_names():
                raise ValidationError(self.env._(
                    "Nothing happens at %(percentage)s %%. Say who is told or what is done, or "
                    "delete the level.",
                    percentage=level.percentage,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        levels = super().create(vals_list)
        levels.sla_id._escalations_changed()
        return levels

    def write(self, vals):
        policies = self.sla_id
        result = super().write(vals)
        if 'sla_id' in vals:
            # stock looks at the record before the change only
            self.check_access('write')
        if {'percentage', 'sla_id'} & vals.keys():
            (policies | self.sla_id)._escalations_changed()
        return result

    def unlink(self):
        policies = self.sla_id
        result = super().unlink()
        policies._escalations_changed()
        return result

    # === WAKING === #

    @api.model
    def _wake_at(self, moment):
        """ Have the job run at a moment; of all moments of a transaction the earliest counts.

        Cheap: nothing happens before the end of the transaction, and then one statement.

        :param datetime moment: naive UTC
        """
        precommit = self.env.cr.precommit
        if MOMENT_KEY not in precommit.data:
            # sudo: ir.cron.trigger - deadlines begin with whatever their customers do
            precommit.add(self.sudo()._trigger_noted)
            precommit.data[MOMENT_KEY] = moment
        else:
            precommit.data[MOMENT_KEY] = min(moment, precommit.data[MOMENT_KEY])

    def _trigger_noted(self):
        moment = self.env.cr.precommit.data.pop(MOMENT_KEY, None)
        if moment:
            self._trigger_at(moment)

    @api.model
    def _trigger_at(self, moment):
        """ Trigger the job, unless it wakes earlier anyway: each run looks for the next moment.

        A trigger that is due within a minute is not relied upon: a run that has begun already
        does not see what this transaction writes.

        :param datetime moment: naive UTC
        """
        cron_id = self.env['ir.model.data']._xmlid_to_res_id(
            'helpdesk_sla.ir_cron_sla_escalate', raise_if_not_found=False,
        )
        if not cron_id:
            return
        now = fields.Datetime.now()
        # not `_trigger`: it adds a row for each call, and every new ticket has a deadline
        created = self.env.execute_query(SQL(
            "INSERT INTO ir_cron_trigger"
            " (cron_id, call_at, create_uid, create_date, write_uid, write_date)"
            " SELECT id, %(moment)s, %(uid)s, %(now)s, %(uid)s, %(now)s FROM ir_cron"
            " WHERE id = %(cron_id)s AND active AND NOT EXISTS ("
            " SELECT FROM ir_cron_trigger WHERE cron_id = %(cron_id)s"
            " AND call_at BETWEEN %(soon)s AND %(moment)s) RETURNING id",
            cron_id=cron_id, moment=moment, uid=self.env.uid, now=now,
            soon=now + timedelta(minutes=1),
        ))
        if created and moment <= now:
            self.env.cr.postcommit.add(self.env['ir.cron']._notifydb)

    # === FIRING === #

    @api.model
    def _get_due_domain(self):
        return self._get_waiting_domain() & Domain(
            'escalation_date', '<=', fields.Datetime.now(),
        )

    @api.model
    def _get_waiting_domain(self):
        """ Return the domain of the statuses that are going to escalate. """
        return (
            Domain('result', '=', False)
            & Domain('escalation_date', '!=', False)
            & Domain('ticket_id', 'any', Domain('active', '=', True))
        )

    @api.model
    def _escalate_each(self, statuses):
        """ Fire what is due at once or, where that fails, status by status.

        :return: the statuses for which it failed; the log says why
        """
        return do_each(statuses, self._escalate, _logger, "%s could not be escalated")

    @api.model
    def _escalate(self, statuses):
        """ Fire the levels of statuses that are due, each once.

        What was fired is noted in the same transaction as what it does.

        :param statuses: helpdesk.sla.status, locked by the caller
        """
        now = fields.Datetime.now()
        levels_by_status = {status: status._get_due_levels(now) for status in statuses}
        by_percentage = defaultdict(statuses.browse)
        for status, levels in levels_by_status.items():
            if levels:
                by_percentage[max(levels.mapped('percentage'))] |= status
            else:
                # levels or hours changed, and the status has not been looked at since
                self.env.add_to_compute(statuses._fields['escalation_date'], status)
        for percentage, fired in by_percentage.items():
            fired.escalated_percentage = percentage
        fired_levels = {status: levels for status, levels in levels_by_status.items() if levels}
        if not fired_levels:
            return
        recipients = self._get_recipients(fired_levels)
        changes = self._change_tickets(fired_levels)
        self._create_notices(fired_levels, recipients, changes)
        self._log_escalations(fired_levels, recipients)
        self._schedule_activities(fired_levels, recipients)
        self._write_to_clients(fired_levels)

    # === WHO IS TOLD === #

    @api.model
    def _get_recipients(self, fired_levels):
        """ Return who is told, for each status.

        :param dict fired_levels: levels by status
        :rtype: dict[helpdesk.sla.status, res.users]
        """
        tickets = self.env['helpdesk.ticket'].union(*(
            status.ticket_id for status in fired_levels
        ))
        followers = {}
        if any(levels.filtered('notify_followers') for levels in fired_levels.values()):
            followers = self._get_following_colleagues(tickets)
        teams = tickets.team_id
        absent = teams._get_absent_users(
            tickets.user_id | teams.leader_id | teams.member_ids
            | self.env['res.users'].union(
                *(levels.user_ids for levels in fired_levels.values()), *followers.values(),
            ),
        )
        return {
            status: levels._choose_recipients(
                status.ticket_id, absent, followers.get(status.ticket_id, absent.browse()),
            )
            for status, levels in fired_levels.items()
        }

    @api.model
    def _get_following_colleagues(self, tickets):
        """ Return the internal users who follow the tickets.

        :rtype: dict[helpdesk.ticket, res.users]
        """
        followers = self.env['mail.followers'].search([
            ('res_model', '=', tickets._name), ('res_id', 'in', tickets.ids),
        ])
        users = defaultdict(self.env['res.users'].browse)
        for follower in followers:
            users[tickets.browse(follower.res_id)] |= follower.partner_id.user_ids.filtered(
                lambda user: user._is_internal(),
            )
        return users

    def _choose_recipients(self, ticket, absent, followers):
        """ Return who is told of a ticket by these levels; never nobody, when somebody should be.

        :param absent: the res.users who are away now
        :param followers: the colleagues who follow the ticket
        """
        users = self.env['res.users']
        team = ticket.team_id

        def present(candidates):
            return candidates.filtered('active') - absent

        chosen = users
        is_leader_wanted = any(self.mapped('notify_leader'))
        if any(self.mapped('notify_assignee')):
            chosen |= present(ticket.user_id)
            is_leader_wanted = is_leader_wanted or not chosen
        if any(self.mapped('notify_followers')):
            chosen |= present(followers)
        if self.user_ids:
            further = present(self.user_ids)
            chosen |= further
            is_leader_wanted = is_leader_wanted or not further
        if is_leader_wanted:
            chosen |= (
                present(team.leader_id) or present(team.member_ids) or team._get_responsible_user()
            )
        return chosen

    # === WHAT IS DONE === #

    @api.model
    def _change_tickets(self, fired_levels):
        """ Raise priorities and hand tickets over; closed tickets are left as they are.

        :return: what was written, by ticket
        :rtype: dict[helpdesk.ticket, dict]
        """
        changes = defaultdict(dict)
        for status, levels in fired_levels.items():
            ticket = status.ticket_id
            if ticket.is_closed:
                continue
            # one step in a run, however many levels ask for it
            if any(levels.mapped('raise_priority')) and ticket.priority < CRITICAL:
                changes[ticket]['priority'] = str(int(ticket.priority) + 1)
            team = levels.team_id[-1:]
            if team.active and team != ticket.team_id:
                changes[ticket].update(team_id=team.id, user_id=False)
        self._assign_anew(changes)
        by_values = defaultdict(self.env['helpdesk.ticket'].browse)
        for ticket, values in changes.items():
            by_values[tuple(values.items())] |= ticket
        for values, tickets in by_values.items():
            # the digest tells who takes over
            tickets.with_context(mail_auto_subscribe_no_notify=True).write(dict(values))
        return dict(changes)

    def _assign_anew(self, changes):
        """ Let the teams that take over choose who does, in place. """
        by_team = defaultdict(list)
        for ticket, values in changes.items():
            if 'team_id' in values:
                by_team[values['team_id']].append((ticket, values))
        for team in self.env['helpdesk.team'].browse(by_team):
            handed = by_team[team.id]
            customers = [ticket.partner_id for ticket, _values in handed]
            for (_ticket, values), user in zip(
                handed, team._get_next_assignees(len(handed), customers),
            ):
                values['user_id'] = user.id

    @api.model
    def _create_notices(self, fired_levels, recipients, changes):
        """ Note for the digest who is to be told what; those who take over as well. """
        values_list = []
        for status, levels in fired_levels.items():
            ticket, changed = status.ticket_id, changes.get(status.ticket_id, {})
            users = recipients[status]
            taking_over = users.browse()
            if 'team_id' in changed:
                taking_over = ticket.user_id or ticket.team_id._get_responsible_user()
            values_list += [
                {
                    'user_id': user.id,
                    'status_id': status.id,
                    'percentage': max(levels.mapped('percentage')),
                    'priority': changed.get('priority'),
                    'team_id': changed.get('team_id'),
                }
                for user in users | taking_over
            ]
        self.env['helpdesk.sla.notice'].create(values_list)

    @api.model
    def _log_escalations(self, fired_levels, recipients):
        """ Note in the tickets which levels fired and who is told. """
        bodies = defaultdict(list)
        for status, levels in fired_levels.items():
            ticket = status.ticket_id
            values = {
                'policy': status.name,
                'percentage': max(levels.mapped('percentage')),
                'names': format_list(
                    ticket.env, recipients[status].mapped('name'),
                ) if recipients[status] else '',
            }
            company_lang = self.with_context(lang=ticket.company_id.partner_id.lang)
            bodies[ticket].append(
                company_lang.env._(
                    "%(policy)s: %(percentage)s %% of the time is used. Told: %(names)s.", **values,
                ) if recipients[status] else company_lang.env._(
                    "%(policy)s: %(percentage)s %% of the time is used.", **values,
                ),
            )
        self.env['helpdesk.ticket']._log_notes({
            ticket: Markup("<br/>").join(lines) for ticket, lines in bodies.items()
        })

    @api.model
    def _schedule_activities(self, fired_levels, recipients):
        """ Plan one activity a ticket, for who was told first, else the leader. """
        todo = {}
        for status, levels in fired_levels.items():
            ticket = status.ticket_id
            if any(levels.mapped('schedule_activity')) and not ticket.is_closed:
                user = (
                    ticket.user_id & recipients[status] or recipients[status]
                    or ticket.user_id or ticket.team_id._get_responsible_user()
                )[:1]
                todo.setdefault(ticket, (user, status))
        activity_type = self.env.ref(
            'mail.mail_activity_data_warning', raise_if_not_found=False,
        ) or self.env['mail.activity.type'].search([('res_model', '=', False)], limit=1)
        # the digest tells
        self.env['mail.activity'].with_context(mail_activity_quick_update=True).create([
            {
                'res_model_id': self.env['ir.model']._get_id('helpdesk.ticket'),
                'res_id': ticket.id,
                'activity_type_id': activity_type.id,
                'automated': True,
                'summary': self.with_context(lang=user.lang).env._(
                    "SLA: %(policy)s", policy=status.name,
                ),
                'date_deadline': fields.Date.context_today(self.with_context(tz=user.tz)),
                'user_id': user.id,
            }
            for ticket, (user, status) in todo.items()
        ])

    @api.model
    def _write_to_clients(self, fired_levels):
        """ Write to the customers of tickets whose agreement says so: one mail a ticket. """
        template = self.env.ref(
            'helpdesk_sla.mail_template_ticket_escalation', raise_if_not_found=False,
        )
        tickets = self.env['helpdesk.ticket'].union(*(
            status.ticket_id for status, levels in fired_levels.items()
            if any(levels.mapped('notify_client')) and status._is_client_told()
        ))
        for ticket in tickets if template else ():
            if not ticket.is_closed and ticket._may_send_automatic_mail():
                ticket.with_context(mail_notify_force_send=False).message_post_with_source(
                    template, message_type='auto_comment', **ticket._get_automatic_mail_values(),
                )

    # === CRON METHODS === #

    @api.model
    def _cron_sla_escalate(self, batch_size=500):
        """ Fire what is due, tell everybody once, and wake again for what is due next.

        Batches are kept as they are done: a job that is killed goes on with the next one, and
        what it has not told yet is told by the next run. What another worker holds is left to the
        next run as well.
        """
        statuses = broken = self.env['helpdesk.sla.status']
        due = self._get_due_domain()
        remaining = statuses.search_count(due)
        self.env['ir.cron']._commit_progress(remaining=remaining)
        while remaining:
            batch = self._lock(statuses.search(due, limit=batch_size, order='escalation_date, id'))
            if not batch:
                # held by others: `_wake_for_next` has them looked at again
                self.env['ir.cron']._commit_progress(remaining=0)
                break
            failed = self._escalate_each(batch)
            # the run wakes itself, once, at its end
            self.env.cr.precommit.data.pop(MOMENT_KEY, None)
            # one that fails must not stop the others
            broken |= failed
            due &= Domain('id', 'not in', failed.ids)
            remaining = statuses.search_count(due)
            if not self.env['ir.cron']._commit_progress(
                len(batch) - len(failed), remaining=remaining,
            ):
                break
        self.env['helpdesk.sla.notice']._send_digests()
        self._wake_for_next(broken)

    @api.model
    def _lock(self, statuses):
        """ Return those of the statuses that no other transaction works on, nor on their tickets.
        """
        tickets = statuses.ticket_id.try_lock_for_update(allow_referencing=True)
        return statuses.filtered(
            lambda status: status.ticket_id in tickets,
        ).try_lock_for_update(allow_referencing=True)

    @api.model
    def _wake_for_next(self, broken):
        """ Trigger the job for the next moment at which something is due.

        :param broken: the helpdesk.sla.status that failed; they are tried again every hour
        """
        moment = self.env['helpdesk.sla.status'].search_fetch(
            self._get_waiting_domain() & Domain('id', 'not in', broken.ids),
            ['escalation_date'], order='escalation_date', limit=1,
        ).escalation_date
        if moment:
            # what is due already is held by somebody else
            self._trigger_at(max(moment, fields.Datetime.now() + timedelta(minutes=1)))
