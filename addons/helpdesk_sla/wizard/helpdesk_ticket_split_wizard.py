from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class HelpdeskTicketSplitWizard(models.TransientModel):
    """ Asks which messages of a ticket are another request (W13). """

    _name = 'helpdesk.ticket.split.wizard'
    _description = "Split Ticket"
    _rec_name = 'name'

    ticket_id = fields.Many2one(
        comodel_name='helpdesk.ticket', required=True, readonly=True,
        default=lambda self: self.env.context.get('active_id'),
    )
    name = fields.Char(
        string="Subject", compute='_compute_name', store=True, readonly=False, precompute=True,
    )
    line_ids = fields.One2many(
        comodel_name='helpdesk.ticket.split.wizard.line', inverse_name='wizard_id',
        string="Messages", compute='_compute_line_ids', store=True, readonly=False,
    )

    # === COMPUTE METHODS === #

    @api.depends('ticket_id')
    def _compute_name(self):
        for wizard in self:
            wizard.name = wizard.ticket_id.name

    @api.depends('ticket_id')
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear()] + [
                Command.create({'message_id': message.id})
                for message in wizard.ticket_id._get_splittable_messages()
            ] if wizard.ticket_id else [Command.clear()]

    # === ACTION METHODS === #

    def action_split(self):
        """ Make a ticket of the chosen messages and open it. """
        self.ensure_one()
        messages = self.line_ids.filtered('is_selected').message_id
        if not messages:
            raise UserError(self.env._("Choose the messages that are another request."))
        ticket = self.ticket_id._split(messages, self.name or self.ticket_id.name)
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'helpdesk.ticket',
            'res_id': ticket.id,
            'views': [(False, 'form')],
        }
