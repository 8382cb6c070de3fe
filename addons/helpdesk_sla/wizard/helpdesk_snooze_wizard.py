from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_datetime

# working hours after which a ticket comes back "later today"
LATER_HOURS = 3


class HelpdeskSnoozeWizard(models.TransientModel):
    """ Asks until when tickets are out of sight. """

    _name = 'helpdesk.snooze.wizard'
    _description = "Snooze Tickets"

    ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket',
        string="Tickets",
        default=lambda self: self._default_ticket_ids(),
        required=True,
        readonly=True,
    )
    choice = fields.Selection(
        selection=[
            ('today', "Later today"),
            ('tomorrow', "Tomorrow morning"),
            ('monday', "Next Monday"),
            ('date', "A date"),
            ('customer', "The customer answers"),
            ('ticket', "Another ticket is closed"),
            ('deadline', "A deadline approaches"),
        ],
        string="Until",
        default='tomorrow',
        required=True,
    )
    date = fields.Datetime(
        string="Date", compute='_compute_date', store=True, readonly=False, precompute=True,
    )
    linked_ticket_ids = fields.Many2many(
        comodel_name='helpdesk.ticket', compute='_compute_linked_ticket_ids',
    )
    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket',
        string="Ticket",
        compute='_compute_ticket_id',
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'in', linked_ticket_ids)]",
    )
    warning = fields.Char(compute='_compute_warning')

    def _default_ticket_ids(self):
        return [Command.set(self.env.context.get('active_ids', ()))]

    # === COMPUTE METHODS === #

    @api.depends('choice', 'ticket_ids')
    def _compute_date(self):
        for wizard in self:
            if wizard.choice in ('today', 'tomorrow', 'monday'):
                wizard.date = wizard._get_quick_date()

    @api.depends('ticket_ids')
    def _compute_linked_ticket_ids(self):
        for wizard in self:
            wizard.linked_ticket_ids = wizard.ticket_ids.link_ids.linked_ticket_id.filtered(
                lambda ticket: not ticket.is_closed,
            ) - wizard.ticket_ids._origin

    @api.depends('choice', 'ticket_ids')
    def _compute_ticket_id(self):
        """ Suggest what blocks the ticket. """
        for wizard in self:
            if wizard.choice == 'ticket' and not wizard.ticket_id:
                links = wizard.ticket_ids.link_ids.filtered(
                    lambda link: not link.linked_ticket_id.is_closed,
                ).sorted(lambda link: link.kind != 'blocked_by')
                wizard.ticket_id = links[:1].linked_ticket_id

    @api.depends('choice', 'date', 'ticket_ids')
    def _compute_warning(self):
        """ Say that a promise does not sleep, before somebody relies on the snooze. """
        now = fields.Datetime.now()
        for wizard in self:
            until = wizard.date if wizard._is_dated() else datetime.max
            tickets = wizard.ticket_ids._origin
            late = tickets.filtered(
                lambda ticket: ticket.sla_deadline and ticket.sla_deadline <= now,
            )
            deadlines = [
                ticket.sla_deadline for ticket in tickets - late
                if ticket.sla_deadline and until and ticket.sla_deadline <= until
            ]
            if wizard.choice == 'deadline':
                wizard.warning = False
            elif late:
                wizard.warning = self.env._(
                    "A deadline has passed already: the clock runs on while the ticket is snoozed.",
                )
            elif deadlines:
                wizard.warning = self.env._(
                    "The clock runs on: a deadline falls into this time, on %(deadline)s. The "
                    "ticket comes back before, as soon as the deadline approaches.",
                    deadline=format_datetime(self.env, min(deadlines), dt_format='short'),
                )
            else:
                wizard.warning = False

    # === ACTION METHODS === #

    def action_snooze(self):
        """ Put the tickets out of sight. """
        self.ensure_one()
        self.ticket_ids._snooze(
            'date' if self._is_dated() else self.choice, until=self.date, awaited=self.ticket_id,
        )

    # === BUSINESS METHODS === #

    def _is_dated(self):
        return self.choice in ('today', 'tomorrow', 'monday', 'date')

    def _get_quick_date(self):
        """ Return the moment of a quick choice, in the working hours of the tickets' team.

        A day off is no morning to come back to: the next working day is taken.

        :return: naive UTC
        """
        self.ensure_one()
        now = fields.Datetime.now().replace(microsecond=0)
        team = self.ticket_ids.team_id[:1]
        # sudo: resource.calendar - the hours of the team, see helpdesk.sla.mixin
        calendar = (team.resource_calendar_id or team.company_id.resource_calendar_id).sudo()
        timeline = calendar._get_working_time(team.company_id)
        if self.choice == 'today':
            return timeline.add(now, LATER_HOURS * 3600) or now + timedelta(hours=LATER_HOURS)
        zone = pytz.timezone(calendar.tz or self.env.user.tz or 'UTC')
        today = pytz.utc.localize(now).astimezone(zone).date()
        days = 1 if self.choice == 'tomorrow' else 7 - today.weekday()
        # without hours of its own a day begins when people get up
        begins = time(8) if timeline.is_always else time.min
        midnight = zone.localize(datetime.combine(today + timedelta(days), begins))
        instant = midnight.astimezone(pytz.utc).replace(tzinfo=None)
        return timeline.opening_after(instant) or instant
