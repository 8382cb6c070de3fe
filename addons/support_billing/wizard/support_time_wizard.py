from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.support_billing.tools.time_text import parse_time_text


class SupportTimeWizard(models.TransientModel):
    """ Logs time on a ticket in one line, or what the running timer has counted. """

    _name = 'support.time.wizard'
    _description = "Log Time"

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', string="Ticket", required=True, readonly=True,
    )
    timer_start = fields.Datetime(
        string="Timer Started", compute='_compute_timer_start',
    )
    text = fields.Char(
        string="Time and Work",
        help="The time first, then what was done: 0:30, 1.5h, 1h30 or 45m.",
    )
    hours = fields.Float(
        string="Time Spent", compute='_compute_from_text', store=True, readonly=False,
        precompute=True,
    )
    name = fields.Char(
        string="What was done", compute='_compute_from_text', store=True, readonly=False,
        precompute=True,
    )
    date = fields.Date(string="Date", default=fields.Date.context_today, required=True)

    # === COMPUTE METHODS === #

    @api.depends('ticket_id')
    @api.depends_context('uid')
    def _compute_timer_start(self):
        timer = self.env['support.timer']._get_own()
        for wizard in self:
            wizard.timer_start = timer.ticket_id == wizard.ticket_id and timer.start_date

    @api.depends('ticket_id', 'text')
    def _compute_from_text(self):
        """ Read the line; where it begins with no time, the timer tells the time if it runs. """
        timer = self.env['support.timer']._get_own()
        company = self.env.company
        day = company.timesheet_encode_uom_id._compute_quantity(
            1.0, company.project_time_mode_id, round=False,
        ) if company.timesheet_encode_uom_id != company.project_time_mode_id else 8.0
        for wizard in self:
            hours, name = parse_time_text(wizard.text, day)
            if hours is None and timer and timer.ticket_id == wizard.ticket_id:
                hours = wizard.hours or timer._get_hours()
            wizard.hours = hours or wizard.hours
            wizard.name = name or wizard.name

    # === ACTION METHODS === #

    def action_log(self):
        """ Log the time, and stop the timer if it ran on the ticket.

        :raise UserError: if the line does not say how long, or what was done
        """
        self.ensure_one()
        if self.hours <= 0:
            raise UserError(self.env._(
                "Say how long it took, then what was done. For example: 0:30 Called the client",
            ))
        if self.hours > 24:
            raise UserError(self.env._("An entry is of one day: at most 24 hours."))
        if not (self.name or '').strip():
            raise UserError(self.env._("Say what was done: the client reads it."))
        self.ticket_id._check_can_log_time()
        self.env['account.analytic.line'].create({
            'helpdesk_ticket_id': self.ticket_id.id,
            'name': self.name.strip(),
            # whole minutes, as clocks show them
            'unit_amount': round(self.hours * 60) / 60 or 1 / 60,
            'date': self.date,
        })
        self.ticket_id.action_discard_timer()
        return {'type': 'ir.actions.act_window_close'}

    def action_discard_timer(self):
        """ Forget the time of the timer. """
        self.ticket_id.action_discard_timer()
        return {'type': 'ir.actions.act_window_close'}
