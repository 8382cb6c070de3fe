from odoo import api, fields, models
from odoo.exceptions import UserError


class SupportTimeWizard(models.TransientModel):
    """ Logs time on a ticket in one line, or what the running timer has counted. """

    _name = 'support.time.wizard'
    _description = "Log Time"

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', string="Ticket", required=True, readonly=True,
    )
    timer_start = fields.Datetime(string="Started", readonly=True)
    next_ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', string="Then Start on", readonly=True,
    )
    text = fields.Char(
        string="Time and Work",
        help="The time first, then what was done: 0:30, 1.5h, 1h30, 45m or 0.5d.",
    )
    hours = fields.Float(
        string="Time Spent", compute='_compute_from_timer', store=True, readonly=False,
        precompute=True,
    )
    date = fields.Date(
        string="Date", compute='_compute_from_timer', store=True, readonly=False, precompute=True,
        required=True,
    )
    name = fields.Char(string="What was Done")

    # === COMPUTE METHODS === #

    @api.depends('timer_start')
    @api.depends_context('uid')
    def _compute_from_timer(self):
        for wizard in self:
            timer = wizard._get_timer()
            wizard.hours = timer._get_hours() if timer else 0.0
            wizard.date = timer._get_date() if timer else fields.Date.context_today(wizard)

    # === ACTION METHODS === #

    def action_log(self):
        """ Log the time and, if it was counted by the timer, stop that.

        :raise UserError: if the timer was stopped elsewhere meanwhile; see also `_log_time`
        """
        self.ensure_one()
        if not self.timer_start:
            self.ticket_id.log_time(self.text)
        else:
            if not (self.name or '').strip():
                raise UserError(self.env._("Say what was done: the client reads it."))
            self._get_running_timer()._log(self.hours, self.name, self.date)
        return self._close()

    def action_discard_timer(self):
        """ Forget the time of the timer. """
        self.ensure_one()
        self._get_timer()._discard()
        return self._close()

    # === BUSINESS METHODS === #

    def _get_timer(self):
        """ Return the timer of the user if it is still the one that was stopped. """
        self.ensure_one()
        return self.env['support.timer']._get_own().filtered(
            lambda timer: timer.start_date == self.timer_start,
        )

    def _get_running_timer(self):
        """ Return the timer that was stopped.

        :raise UserError: if it runs no more
        """
        timer = self._get_timer()
        if not timer:
            raise UserError(self.env._(
                "This timer runs no more: it was stopped in another window. Its time is on the "
                "ticket, unless it was discarded.",
            ))
        return timer

    def _close(self):
        """ Start the timer on the ticket for which the other one was stopped, and close. """
        if self.next_ticket_id:
            self.next_ticket_id.action_start_timer()
        return {'type': 'ir.actions.act_window_close', 'infos': {'done': True}}
