import xmlrpc.client

from odoo import api, models
from odoo.service.model import retrying
from odoo.tools import SQL, email_normalize

from ..tools import mail_headers, mail_quotes

# how much of files one e-mail may bring into a ticket (`ir.config_parameter`), and the default
MAX_MAIL_KEY, MAX_MAIL_MB = 'helpdesk_sla.max_mail_mb', 25
# List-Ids (or their domains) of groups at a mail provider that are an address of ours
OWN_LISTS_KEY = 'helpdesk_sla.own_mailing_lists'


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
            # not None, as stock returns for a loop: XML-RPC has no word for it, so that the mail
            # server would be told of a failure and repeat the e-mail
            return stock_process(
                model, message, custom_values=custom_values, save_original=save_original,
                strip_attachments=strip_attachments, thread_id=thread_id,
            ) or False

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

    def _detect_is_bounce(self, message, message_dict):
        """ Take no read receipt for a bounce: the e-mail has arrived. """
        if str(message.get_param('report-type') or '').lower() == 'disposition-notification':
            return False
        return super()._detect_is_bounce(message, message_dict)

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """ Tell tickets whether a machine wrote the e-mail; other models are left alone. """
        ticket_routes = [route for route in routes or () if route[0] == 'helpdesk.ticket']
        if not ticket_routes:
            return super()._message_route_process(message, message_dict, routes)
        others = [route for route in routes if route[0] != 'helpdesk.ticket']
        if others:
            # stock uses the dict up
            super()._message_route_process(message, dict(message_dict), others)
        email_from = email_normalize(message_dict.get('email_from') or '')
        kind = mail_headers.get_machine_kind(message, self._get_own_mailing_lists())
        self = self.with_context(helpdesk_unanswerable=(
            bool(kind) or mail_headers.is_unanswerable(message, email_from)
        ))
        [(_model, thread_id, custom_values, _user_id, _alias)] = ticket_routes
        team_id = (custom_values or {}).get('team_id')
        if thread_id and kind:
            message_dict['message_type'] = 'out_of_office'
        elif kind not in ('', 'alert') and team_id:
            self.env['helpdesk.team'].sudo().browse(team_id)._log_machine_mail(kind, message_dict)
            return False
        message_dict['body'] = mail_quotes.mark_quotes(message_dict.get('body'))
        left_out = self._leave_out_large_files(message_dict)
        ticket_id = super()._message_route_process(message, message_dict, ticket_routes)
        if left_out and ticket_id:
            # sudo: helpdesk.ticket - the gateway may belong to anybody
            self.env['helpdesk.ticket'].sudo().browse(ticket_id)._tell_left_out_files(left_out)
        return ticket_id

    @api.model
    def _get_own_mailing_lists(self):
        """ Return the mailing lists that are an address of ours: those of our own mail domains.

        :rtype: set[str]
        """
        # sudo: ir.config_parameter, mail.alias.domain - the gateway may belong to anybody
        lists = self.env['ir.config_parameter'].sudo().get_param(OWN_LISTS_KEY) or ''
        return {
            *(name.strip().lower() for name in lists.split(',') if name.strip()),
            *self.env['mail.alias.domain'].sudo().search([]).mapped('name'),
        }

    @api.model
    def _leave_out_large_files(self, message_dict):
        """ Take the largest files out of an e-mail until the others are within the limit.

        :param dict message_dict: the parsed e-mail; changed
        :return: name and size in bytes of what was left out
        :rtype: list[tuple[str, int]]
        """
        # sudo: ir.config_parameter - the limit applies to everybody
        value = self.env['ir.config_parameter'].sudo().get_param(MAX_MAIL_KEY) or ''
        left = (int(value) if value.isdigit() else MAX_MAIL_MB) * 1024 * 1024
        kept, left_out = [], []
        sizes = [
            (self._get_file_size(attachment[1]), attachment)
            for attachment in message_dict.get('attachments') or ()
        ]
        for size, attachment in sorted(sizes, key=lambda sized: sized[0]):
            if size <= left:
                left -= size
                kept.append(attachment)
            else:
                left_out.append((attachment[0], size))
        if left_out:
            message_dict['attachments'] = [
                attachment for _size, attachment in sizes
                if any(attachment is other for other in kept)
            ]
        return left_out

    @api.model
    def _get_file_size(self, content):
        if isinstance(content, str):
            return len(content.encode(errors='replace'))
        # an e-mail within an e-mail is a message, which has no size of its own
        return len(content) if isinstance(content, bytes) else len(bytes(content))
