from odoo import fields, models


class HelpdeskTicketSplitWizardLine(models.TransientModel):
    """ A message of the ticket that can move to the new one. """

    _name = 'helpdesk.ticket.split.wizard.line'
    _description = "Message to split off"
    _order = 'id'

    wizard_id = fields.Many2one(
        comodel_name='helpdesk.ticket.split.wizard', required=True, index=True, ondelete='cascade',
    )
    is_selected = fields.Boolean(string="Move")
    message_id = fields.Many2one(comodel_name='mail.message', required=True, ondelete='cascade')
    # not as superuser: what the user may not read of the thread is not shown here either
    date = fields.Datetime(related='message_id.date', related_sudo=False)
    author_id = fields.Many2one(related='message_id.author_id', related_sudo=False)
    email_from = fields.Char(related='message_id.email_from', related_sudo=False)
    preview = fields.Char(related='message_id.preview', related_sudo=False, string="Text")
