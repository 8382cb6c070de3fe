from odoo import models
from odoo.tools.mail import email_split_tuples


class MailMessage(models.Model):
    _inherit = 'mail.message'

    def _portal_message_format(self, properties_names, options=None):
        """ Name the sender who has no contact; stock shows "Unnamed" in the portal. """
        values_list = super()._portal_message_format(properties_names, options=options)
        for message, values in zip(self, values_list):
            if message.model == 'helpdesk.ticket' and not message.author_id and message.email_from:
                name, email = (email_split_tuples(message.email_from) or [('', '')])[0]
                values.update(author_id=False, email_from=name or email or message.email_from)
        return values_list
