from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class HelpdeskTicketSnooze(models.AbstractModel):
    """ Puts a ticket out of sight until a date or an event.

    The clocks run on: a promise is a promise. That is why a snoozed ticket comes back before a
    deadline approaches, and whenever its customer writes or calls, whatever it was snoozed for.
    Whether it is back is told from the columns (`_search_is_snoozed`); the job only tidies up and
    tells the assignee.
    """

    _name = 'helpdesk.ticket.snooze'
    _description = "Snoozing of a Ticket"

    snooze_date = fields.Datetime(
        string="Snoozed on", readonly=True, copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    snoozed_until = fields.Datetime(
        string="Snoozed until", readonly=True, copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    snooze_event = fields.Selection(
        selection=[
            ('date', "A date"),
            ('customer', "The customer answers"),
            ('ticket', "Another ticket is closed"),
            ('deadline', "A deadline approaches"),
        ],
        string="Snoozed for", readonly=True, copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    snooze_ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', string="Snoozed for Ticket", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null',
        groups='helpdesk_sla.group_helpdesk_user',
    )
    snooze_user_id = fields.Many2one(
        comodel_name='res.users', string="Snoozed by", readonly=True, copy=False,
        groups='helpdesk_sla.group_helpdesk_user',
    )
    is_snoozed = fields.Boolean(
        string="Snoozed", compute='_compute_is_snoozed', search='_search_is_snoozed',
        groups='helpdesk_sla.group_helpdesk_user',
    )

    # === COMPUTE METHODS === #

    @api.depends('snooze_date', 'snoozed_until', 'sla_warning_date', 'sla_deadline')
    def _compute_is_snoozed(self):
        now = fields.Datetime.now()
        for ticket in self:
            wake_date = ticket._get_wake_date()
            ticket.is_snoozed = bool(ticket.snooze_date and not (wake_date and wake_date <= now))

    def _search_is_snoozed(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return Domain('snooze_date', '!=', False) & ~self._get_awake_domain()

    @api.model
    def _get_awake_domain(self):
        """ Return the domain of those whose time has come. """
        now = fields.Datetime.now()

        def to_sql(model, alias, query):
            column = {
                name: model._field_to_sql(alias, name, query)
                for name in ('snooze_date', 'snoozed_until', 'sla_warning_date', 'sla_deadline')
            }
            return SQL(
                "COALESCE(%(snoozed_until)s <= %(now)s, FALSE)"
                " OR COALESCE(%(sla_warning_date)s > %(snooze_date)s"
                " AND %(sla_warning_date)s <= %(now)s, FALSE)"
                " OR COALESCE(%(sla_deadline)s > %(snooze_date)s"
                " AND %(sla_deadline)s <= %(now)s, FALSE)",
                **column, now=now,
            )

        def is_awake(ticket):
            wake_date = ticket._get_wake_date()
            return bool(wake_date and wake_date <= now)

        return Domain.custom(
            to_sql=lambda *args: SQL("(%s)", to_sql(*args)), predicate=is_awake,
        )

    # === CRUD METHODS === #

    def write(self, vals):
        """ Wake those that waited for a ticket that is closed now; what is closed sleeps no more.
        """
        result = super().write(vals)
        if 'stage_id' in vals:
            # sudo: helpdesk.ticket - follows from the change of the stage, which was allowed
            closed_sudo = self.sudo().filtered('is_closed')
            if closed_sudo:
                closed_sudo.filtered('snooze_date')._end_snooze()
                waiting_sudo = closed_sudo.search([('snooze_ticket_id', 'in', closed_sudo.ids)])
                waiting_sudo._wake()
        return result

    # === ACTION METHODS === #

    def action_snooze(self):
        """ Ask until when the tickets are out of sight. """
        self.check_access('write')
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'helpdesk_sla.helpdesk_snooze_wizard_action',
            ),
            'context': {'default_ticket_ids': self.ids},
        }

    def action_wake(self):
        """ Bring snoozed tickets back now. """
        self.check_access('write')
        self.filtered('snooze_date').sudo()._end_snooze()

    # === BUSINESS METHODS === #

    def _get_wake_date(self):
        """ Return when the ticket comes back by itself, if it does.

        :return: the date it was snoozed to, or the moment at which a deadline approaches or passes
        """
        self.ensure_one()
        # sudo: helpdesk.ticket - the clocks are readable to whoever reads the ticket
        ticket = self.sudo()
        if not ticket.snooze_date:
            return False
        return min((
            moment for moment in (
                ticket.snoozed_until,
                *(
                    moment for moment in (ticket.sla_warning_date, ticket.sla_deadline)
                    # what was past already when it was snoozed had been seen
                    if moment and moment > ticket.snooze_date
                ),
            ) if moment
        ), default=False)

    def _snooze(self, event, until=None, awaited=None):
        """ Put the tickets out of sight.

        :param str event: see `snooze_event`
        :param datetime until: naive UTC, for 'date'
        :param awaited: the helpdesk.ticket that has to be closed first, for 'ticket'
        :raise UserError: if a ticket is closed, or nothing would ever bring it back
        """
        self.check_access('write')
        now = fields.Datetime.now()
        closed = self.filtered('is_closed')
        if closed:
            raise UserError(self.env._(
                "Closed tickets cannot be snoozed: %(tickets)s.",
                tickets=', '.join(closed.mapped('display_name')),
            ))
        if event == 'date' and (not until or until <= now):
            raise UserError(self.env._("Choose a moment in the future to snooze the ticket until."))
        if event == 'ticket' and (not awaited or awaited.is_closed or awaited in self):
            raise UserError(self.env._(
                "Choose another ticket that is still open: the snooze ends when it is closed.",
            ))
        if event == 'deadline':
            timeless = self.filtered(lambda ticket: max(
                filter(None, (ticket.sla_warning_date, ticket.sla_deadline)), default=now,
            ) <= now)
            if timeless:
                raise UserError(self.env._(
                    "No deadline lies ahead of %(tickets)s: choose a date instead.",
                    tickets=', '.join(timeless.mapped('display_name')),
                ))
        # sudo: helpdesk.ticket - the access was checked above
        self.sudo().write({
            # the database has no microseconds, and deadlines none either
            'snooze_date': now.replace(microsecond=0),
            'snooze_event': event,
            'snoozed_until': until if event == 'date' else False,
            'snooze_ticket_id': awaited.id if event == 'ticket' else False,
            'snooze_user_id': self.env.uid,
        })
        moments = {ticket._get_wake_date() for ticket in self} - {False}
        if moments:
            # sudo: ir.cron - the job that brings them back
            self.env.ref('helpdesk_sla.ir_cron_ticket_wake').sudo()._trigger(at=list(moments))

    def _end_snooze(self):
        self.write({
            'snooze_date': False,
            'snooze_event': False,
            'snoozed_until': False,
            'snooze_ticket_id': False,
            'snooze_user_id': False,
        })

    def _wake(self):
        """ Bring the tickets back, and tell who works on them why. """
        reasons = {
            'date': self.env._("Back from snoozing: the date has come"),
            'customer': self.env._("Back from snoozing: the customer answered"),
            'ticket': self.env._("Back from snoozing: the ticket it waited for is closed"),
            'deadline': self.env._("Back from snoozing: a deadline approaches"),
        }
        # sudo: helpdesk.ticket - what wakes a ticket is an event, not a user
        sleeping = self.sudo().filtered('snooze_date')
        groups = {}
        for ticket in sleeping:
            user = ticket.user_id or ticket.snooze_user_id
            if ticket._is_told_anyway():
                user = user.browse()
            groups.setdefault((user, ticket._get_wake_reason()), []).append(ticket.id)
        sleeping.with_context(tracking_disable=True)._end_snooze()
        for (user, reason), ticket_ids in groups.items():
            tickets = sleeping.browse(ticket_ids).with_context(mail_activity_quick_update=True)
            if user.active:
                tickets.activity_schedule(
                    'mail.mail_activity_data_todo', summary=reasons[reason], user_id=user.id,
                )
            tickets._log_notes(
                dict.fromkeys(tickets, reasons[reason]), author=tickets._get_odoobot(),
            )

    def _get_wake_reason(self):
        """ Return the key of `snooze_event` that brings the ticket back now. """
        self.ensure_one()
        now = fields.Datetime.now()
        if self.env.context.get('helpdesk_customer_wrote'):
            return 'customer'
        wake_date = self._get_wake_date()
        if wake_date and wake_date <= now:
            return 'date' if wake_date == self.snoozed_until else 'deadline'
        return 'ticket'

    def _is_told_anyway(self):
        """ Return whether the assignee gets the activity of a ticket that is no longer blocked. """
        self.ensure_one()
        blocking = self.link_ids.filtered(lambda link: link.kind == 'blocked_by').linked_ticket_id
        return bool(
            self.user_id
            and self._get_wake_reason() == 'ticket'
            and self.snooze_ticket_id in blocking
            and all(ticket.is_closed for ticket in blocking)
        )

    def _register_customer_message(self):
        """ Bring back what its customer writes or calls about. """
        result = super()._register_customer_message()
        self.with_context(helpdesk_customer_wrote=True)._wake()
        return result

    # === CRON METHODS === #

    @api.model
    def _cron_wake(self, batch_size=200):
        """ Bring back the tickets whose time has come, in batches that are kept as they are done.
        """
        due = Domain('snooze_date', '!=', False) & self._get_awake_domain()
        tickets = self.with_context(active_test=False)
        remaining = tickets.search_count(due)
        self.env['ir.cron']._commit_progress(remaining=remaining)
        while remaining:
            batch = tickets.search(due, limit=batch_size, order='id').try_lock_for_update(
                allow_referencing=True,
            )
            if not batch:
                # another worker has them
                break
            batch._wake()
            remaining = tickets.search_count(due)
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=remaining):
                break
        # a deadline that was moved forward is nobody's trigger
        upcoming = tickets.search([('snooze_date', '!=', False)], limit=batch_size)
        moments = {ticket._get_wake_date() for ticket in upcoming} - {False}
        soon = fields.Datetime.now() + timedelta(hours=1)
        moments = [moment for moment in moments if moment <= soon]
        if moments:
            self.env.ref('helpdesk_sla.ir_cron_ticket_wake')._trigger(at=min(moments))
