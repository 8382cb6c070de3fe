from math import ceil

from odoo import api, fields, models
from odoo.exceptions import UserError

FORGOTTEN_HOURS = 10  # nobody works on one ticket for so long without a break


class SupportTimer(models.Model):
    """ Time that is being spent on a ticket: at most one row a person, kept until it is logged.

    The timer is the moment at which it was started, so it runs on when the browser is closed.
    """

    _name = 'support.timer'
    _description = "Running Timer"
    _order = 'start_date, id'
    _rec_name = 'ticket_id'

    user_id = fields.Many2one(
        comodel_name='res.users', string="Person", required=True, readonly=True,
        default=lambda self: self.env.uid, ondelete='cascade',
    )
    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', string="Ticket", required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    team_id = fields.Many2one(related='ticket_id.team_id')
    start_date = fields.Datetime(
        string="Started", required=True, readonly=True, default=fields.Datetime.now,
    )
    hours = fields.Float(string="Time so far", compute='_compute_hours')

    _user_uniq = models.UniqueIndex('(user_id)', "One timer runs for a person at a time.")

    # === COMPUTE METHODS === #

    @api.depends('start_date')
    def _compute_hours(self):
        for timer in self:
            timer.hours = timer._get_hours()

    # === RPC METHODS === #

    @api.model
    @api.readonly
    def get_running(self):
        """ Return the running timer of the user, or False.

        :return: `id`, `ticket_id`, `name` (of the ticket) and `start` (UTC)
        :rtype: dict | bool
        """
        timer = self._get_own()
        if not timer:
            return False
        return {
            'id': timer.id,
            'ticket_id': timer.ticket_id.id,
            # sudo: helpdesk.ticket - the name, to who has spent time on it
            'name': timer.ticket_id.sudo().display_name,
            'start': fields.Datetime.to_string(timer.start_date),
        }

    # === ACTION METHODS === #

    def action_stop(self):
        """ Ask how much of the time was work, and what was done.

        Asked also where time can be logged no more, so that the timer can be discarded.
        """
        self.ensure_one()
        action = self.ticket_id._get_log_time_action()
        action['name'] = self.env._("Stop Timer")
        action['context']['default_timer_start'] = fields.Datetime.to_string(self.start_date)
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _get_own(self):
        """ Return the running timer of the user, if there is one; none of who has no right to. """
        if not self.has_access('read'):
            return self.browse()
        return self.search([('user_id', '=', self.env.uid)], limit=1)

    @api.model
    def _start(self, ticket):
        """ Start the timer of the user on a ticket.

        One that runs on another ticket is stopped, and its time logged there: nothing is lost,
        and the description can be completed on the ticket.

        :param ticket: a helpdesk.ticket on which the user may log time
        :rtype: support.timer
        :raise AccessError: if the user is none of the help desk
        """
        self.check_access('read')
        running = self._get_own()
        if running.ticket_id == ticket:
            return running
        if running:
            running._log()
        # sudo: support.timer - rows are made and deleted by these methods only
        timer = self.sudo().create({'ticket_id': ticket.id, 'user_id': self.env.uid})
        timer._tell()
        return timer.with_env(self.env)

    def _log(self, hours=None, name=None, date=None):
        """ Log the time of the timer of the user, and delete it.

        :param float hours: how much of the time was work; None: all of it
        :param str name: what was done
        :param date date: the day, that of the start if none
        :return: the entry
        :rtype: account.analytic.line
        """
        self.ensure_one()
        entry = self.ticket_id._log_time(
            self._get_hours() if hours is None else hours,
            name or self.env._("Worked on the ticket"),
            date or self._get_date(),
        )
        self._discard()
        return entry

    def _discard(self):
        """ Delete the timers of the user.

        :raise UserError: if one is somebody else's
        """
        if any(timer.user_id != self.env.user for timer in self):
            raise UserError(self.env._("This timer is somebody else's."))
        # sudo: support.timer - rows are made and deleted by these methods only
        self.sudo().unlink()
        self.env['support.timer']._tell()

    def _move_to(self, ticket):
        """ Let timers run on on another ticket, and tell whose they are. """
        self.ticket_id = ticket
        for timer in self:
            timer._tell()

    def _get_hours(self):
        """ Return the time since the start in whole minutes, at least one, in hours. """
        self.ensure_one()
        seconds = (fields.Datetime.now() - self.start_date).total_seconds()
        return max(ceil(seconds / 60), 1) / 60

    def _get_date(self):
        """ Return the day on which the timer was started, where the user is. """
        self.ensure_one()
        return fields.Datetime.context_timestamp(self, self.start_date).date()

    def _is_forgotten(self):
        """ Return whether the timer runs for so long that not all of it was work. """
        return any(timer._get_hours() > FORGOTTEN_HOURS for timer in self)

    def _tell(self):
        """ Tell the browsers of whose timer it is that it was started or stopped. """
        user = self.user_id or self.env.user
        user._bus_send('support_billing.timer', self.with_user(user).get_running())
