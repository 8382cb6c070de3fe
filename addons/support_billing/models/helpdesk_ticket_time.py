from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ..tools.time_text import parse_time_text


class HelpdeskTicket(models.Model):
    """ Logging time on a ticket: with a timer or in one line (W14). """
    _inherit = 'helpdesk.ticket'

    is_timer_running = fields.Boolean(
        compute='_compute_is_timer_running', groups='base.group_user',
        export_string_translation=False,
    )
    total_hours_billed = fields.Float(
        string="Billed",
        compute='_compute_total_hours_billed',
        groups='base.group_user',
        help="What the order lines are charged with: the time spent, rounded as their products "
             "say.",
    )
    is_billed_differently = fields.Boolean(
        compute='_compute_total_hours_billed', groups='base.group_user',
        export_string_translation=False,
    )

    # === COMPUTE METHODS === #

    @api.depends_context('uid')
    def _compute_is_timer_running(self):
        ticket = self.env['support.timer']._get_own().ticket_id
        for record in self:
            record.is_timer_running = bool(ticket) and record._origin == ticket

    @api.depends('total_hours_spent', 'timesheet_ids.billed_hours', 'timesheet_ids.so_line')
    def _compute_total_hours_billed(self):
        # sudo: account.analytic.line - the total of everybody, as of the time spent
        hours = dict(self.env['account.analytic.line'].sudo()._read_group(
            [('helpdesk_ticket_id', 'in', self._origin.ids), ('so_line', '!=', False)],
            ['helpdesk_ticket_id'], ['billed_hours:sum'],
        ))
        for ticket in self:
            ticket.total_hours_billed = hours.get(ticket._origin, 0.0)
            ticket.is_billed_differently = bool(float_compare(
                ticket.total_hours_billed, ticket.total_hours_spent, precision_digits=4,
            ))

    # === RPC METHODS === #

    def log_time(self, text):
        """ Log time that is told in one line, as "0:30 Called the client".

        A timer that runs on the ticket runs on: the line is an entry of its own.

        :param str text: the time, then what was done; see `parse_time_text`
        :raise UserError: if the line does not say how long, or what was done
        """
        self.ensure_one()
        company = self.env.company
        uom_day = self.env.ref('uom.product_uom_day')
        hours_per_day = uom_day._compute_quantity(1.0, company.project_time_mode_id, round=False)
        hours, name = parse_time_text(text, hours_per_day)
        if hours is None:
            in_days = company.timesheet_encode_uom_id == uom_day
            raise UserError(
                self.env._("Write how long it took, then what was done. For example: "
                           "0.5d Called the client")
                if in_days else
                self.env._("Write how long it took, then what was done. For example: "
                           "0:30 Called the client"),
            )
        self._log_time(hours, name)

    # === ACTION METHODS === #

    def action_start_timer(self):
        """ Start the user's timer on the ticket.

        One that runs on another ticket is stopped and its time logged there. If it was forgotten,
        the user is asked first how much of its time was work.

        :return: the action that asks, if any
        """
        self.ensure_one()
        Timer = self.env['support.timer']
        Timer.check_access('read')
        self._check_can_log_time()
        running = Timer._get_own()
        if running.ticket_id != self and running._is_forgotten():
            action = running.action_stop()
            action['context']['default_next_ticket_id'] = self.id
            return action
        Timer._start(self)
        return False

    def action_discard_timer(self):
        """ Stop the user's timer on the ticket without logging its time. """
        self.env['support.timer']._get_own().filtered(
            lambda timer: timer.ticket_id in self,
        )._discard()

    def action_log_time(self):
        """ Open the line in which time is logged or, if the timer runs here, what it counted. """
        self.ensure_one()
        timer = self.env['support.timer']._get_own()
        if timer.ticket_id == self:
            return timer.action_stop()
        self._check_can_log_time()
        return self._get_log_time_action()

    # === BUSINESS METHODS === #

    def _get_log_time_action(self):
        """ Return the action that opens the wizard for the ticket.

        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'support_billing.support_time_wizard_action',
        )
        action['context'] = {'default_ticket_id': self.id}
        return action

    def _check_can_log_time(self):
        """ Refuse where time cannot be logged.

        :raise AccessError: if the user may not log time, or not see the ticket
        :raise UserError: if the team logs no time, or no employee is linked to the user
        """
        Timesheet = self.env['account.analytic.line']
        Timesheet.check_access('create')
        Timesheet._check_ticket(self.ids)
        Timesheet._check_employees([{}])

    def _log_time(self, hours, name, date=None):
        """ Log time of the user on the ticket, in whole minutes, at least one.

        :param float hours: the time worked
        :param str name: what was done
        :param date date: the day, today if none
        :return: the entry
        :rtype: account.analytic.line
        :raise UserError: if the time is none or more than a day, or nothing was done
        """
        self.ensure_one()
        if hours <= 0:
            raise UserError(self.env._("Say how long it took: at least a minute."))
        if hours > 24:
            raise UserError(self.env._(
                "An entry is of one day: at most 24 hours. Log one for each day.",
            ))
        name = (name or '').strip()
        if not name:
            raise UserError(self.env._("Say what was done: the client reads it."))
        self._check_can_log_time()
        return self.env['account.analytic.line'].create({
            'helpdesk_ticket_id': self.id,
            'name': name,
            'unit_amount': max(round(hours * 60), 1) / 60,
            'date': date or fields.Date.context_today(self),
        })

    # === MERGE === #

    def _merge_move(self, sources):
        """ Let the timers that run on the sources run on, on this ticket. """
        super()._merge_move(sources)
        self.env['support.timer'].search(
            [('ticket_id', 'in', sources.ids)],
        )._move_to(self)
