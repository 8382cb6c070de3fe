from odoo import api, fields, models
from odoo.exceptions import UserError


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
        help="What the order lines are charged with: the time spent, rounded as their products say.",
    )

    # === COMPUTE METHODS === #

    @api.depends_context('uid')
    def _compute_is_timer_running(self):
        ticket = self.env['support.timer']._get_own().ticket_id
        for record in self:
            record.is_timer_running = bool(ticket) and record._origin == ticket

    @api.depends('timesheet_ids.billed_hours', 'timesheet_ids.billing_kind')
    def _compute_total_hours_billed(self):
        # sudo: account.analytic.line - the total of everybody, as of the time spent
        hours = dict(self.env['account.analytic.line'].sudo()._read_group(
            [('helpdesk_ticket_id', 'in', self._origin.ids), ('so_line', '!=', False)],
            ['helpdesk_ticket_id'], ['billed_hours:sum'],
        ))
        for ticket in self:
            ticket.total_hours_billed = hours.get(ticket._origin, 0.0)

    # === ACTION METHODS === #

    def action_start_timer(self):
        """ Start the user's clock on the ticket; one that runs elsewhere is stopped and logged. """
        self.ensure_one()
        self._check_can_log_time()
        self.env['support.timer']._start(self)

    def action_discard_timer(self):
        """ Stop the user's clock on the ticket without logging its time. """
        self.env['support.timer']._get_own().filtered(
            lambda timer: timer.ticket_id in self,
        )._discard()

    def action_log_time(self):
        """ Open the one line in which time is logged, with the time of the clock if it runs. """
        self.ensure_one()
        self._check_can_log_time()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'support_billing.support_time_wizard_action',
        )
        action['context'] = {'default_ticket_id': self.id}
        return action

    # === BUSINESS METHODS === #

    def _check_can_log_time(self):
        """ Refuse where time cannot be logged.

        :raise UserError: if the team logs no time, or no employee is linked to the user
        """
        self.env['account.analytic.line']._check_ticket(self.ids)
        if not all(self.mapped('can_log_time')):
            raise UserError(self.env._(
                "You cannot log time: no employee is linked to your user. Ask whoever manages the "
                "employees to create one.",
            ))
