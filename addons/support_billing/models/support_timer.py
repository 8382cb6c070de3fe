from math import ceil

from odoo import api, fields, models
from odoo.exceptions import UserError


class SupportTimer(models.Model):
    """ Time that is being spent on a ticket: at most one row a person, kept until it is logged.

    The clock is the moment at which it was started, so it runs on when the browser is closed.
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
        """ Ask what was done, and log the time. """
        self.ensure_one()
        return self.ticket_id.action_log_time()

    # === BUSINESS METHODS === #

    @api.model
    def _get_own(self):
        """ Return the running timer of the user, if there is one. """
        return self.search([('user_id', '=', self.env.uid)], limit=1)

    @api.model
    def _start(self, ticket):
        """ Start the clock of the user on a ticket.

        A clock that runs on another ticket is stopped, and its time logged there: nothing is lost,
        and the description can be completed on the ticket.

        :param ticket: a helpdesk.ticket on which the user may log time
        :rtype: support.timer
        """
        running = self._get_own()
        if running.ticket_id == ticket:
            return running
        running._log()
        # sudo: support.timer - rows are made and deleted by these methods only
        timer = self.sudo().create({'ticket_id': ticket.id, 'user_id': self.env.uid})
        timer._tell()
        return timer.with_env(self.env)

    def _log(self, name=None):
        """ Log the time of the clocks of the user, and delete them.

        :param str name: what was done
        :return: the entries
        :rtype: account.analytic.line
        """
        entries = self.env['account.analytic.line']
        for timer in self:
            entries |= entries.create({
                'helpdesk_ticket_id': timer.ticket_id.id,
                'name': name or self.env._("Worked on the ticket"),
                'unit_amount': timer._get_hours(),
                'date': fields.Date.context_today(self),
            })
        self._discard()
        return entries

    def _discard(self):
        """ Delete the clocks of the user.

        :raise UserError: if one is somebody else's
        """
        if any(timer.user_id != self.env.user for timer in self):
            raise UserError(self.env._("This timer is somebody else's."))
        # sudo: support.timer - rows are made and deleted by these methods only
        self.sudo().unlink()
        self.env['support.timer']._tell()

    def _get_hours(self):
        """ Return the time since the start in whole minutes, at least one, in hours. """
        self.ensure_one()
        seconds = (fields.Datetime.now() - self.start_date).total_seconds()
        return max(ceil(seconds / 60), 1) / 60

    def _tell(self):
        """ Tell the browsers of the user that the clock was started or stopped. """
        self.env.user._bus_send('support_billing.timer', self.with_user(self.env.user).get_running())
