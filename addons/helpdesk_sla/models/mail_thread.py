import xmlrpc.client

from odoo import api, models
from odoo.service.model import retrying
from odoo.tools import SQL, email_normalize

from ..tools import mail_headers


class MailThread(models.AbstractModel):
    """ The gateway's door: what has to be known of an e-mail before a ticket sees it. """

    _inherit = 'mail.thread'

    # === MAIL METHODS === #

    @api.model
    def message_process(
        self, model, message, custom_values=None, save_original=False, strip_attachments=False,
        thread_id=None,
    ):
        """ Take in an e-mail once, also when two workers receive it at the same moment.

        Stock compares Message-Ids inside the transaction, which cannot see what another worker
        has not committed yet. And where it fetches mails from a server it gives a mail up when the
        transaction meets another one; requests are run again in that case, so mails are as well.
        """
        if isinstance(message, xmlrpc.client.Binary):
            message = bytes(message.data)
        if isinstance(message, str):
            message = message.encode()
        message_id = mail_headers.get_message_id(message)
        stock_process = super().message_process

        def process():
            if message_id and not self._claim_incoming_mail(message_id):
                return False
            return stock_process(
                model, message, custom_values=custom_values, save_original=save_original,
                strip_attachments=strip_attachments, thread_id=thread_id,
            )

        if self.env.context.get('fetchmail_cron_running'):
            return retrying(process, self.env)
        return process()

    @api.model
    def _claim_incoming_mail(self, message_id):
        """ Wait until no other worker processes the e-mail; return whether it is still to do.

        :param str message_id: the Message-Id header of the e-mail
        """
        # what cannot be stored cannot be compared
        message_id = message_id.encode(errors='replace').decode().replace('\0', '')
        self.env.execute_query(SQL(
            "SELECT pg_advisory_xact_lock(hashtext('mail_message'), hashtext(%s))", message_id,
        ))
        # our snapshot may be older than the other worker's commit: look with a fresh one
        with self.env.registry.cursor() as cr:
            cr.execute(SQL(
                "SELECT 1 FROM mail_message WHERE message_id = %s LIMIT 1", message_id,
            ))
            return not cr.rowcount

    @api.model
    def message_parse(self, message, save_original=False):
        """ Take out what PostgreSQL refuses, so that no e-mail is lost for one character. """
        mail_headers.remove_zero_characters(message)
        return {
            key: value.replace('\0', '') if isinstance(value, str) else value
            for key, value in super().message_parse(message, save_original=save_original).items()
        }

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        routes = super().message_route(
            message, message_dict, model=model, thread_id=thread_id, custom_values=custom_values,
        )
        return self.env['helpdesk.ticket']._route_to_one_ticket(message, message_dict, routes)

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """ Tell tickets whether a machine wrote the e-mail; other models are left alone. """
        if any(route[0] == 'helpdesk.ticket' for route in routes or ()):
            email_from = email_normalize(message_dict.get('email_from') or '')
            self = self.with_context(
                helpdesk_unanswerable=mail_headers.is_unanswerable(message, email_from),
            )
            if mail_headers.is_automatic(message) and all(
                model == 'helpdesk.ticket' and thread_id
                for model, thread_id, *_others in routes
            ):
                message_dict['message_type'] = 'out_of_office'
        return super()._message_route_process(message, message_dict, routes)
