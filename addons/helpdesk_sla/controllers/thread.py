from odoo import http
from odoo.http import request

from odoo.addons.mail.controllers.thread import ThreadController


class HelpdeskThreadController(ThreadController):

    @http.route()
    def mail_message_post(self, thread_model, thread_id, post_data, context=None, **kwargs):
        """ Do what the canned responses in an answer to a ticket ask for, once it is sent. """
        result = super().mail_message_post(
            thread_model, thread_id, post_data, context=context, **kwargs,
        )
        response_ids = [
            id_ for id_ in kwargs.get('canned_response_ids') or () if isinstance(id_, int)
        ]
        if (
            response_ids
            and thread_model == 'helpdesk.ticket'
            and post_data.get('subtype_xmlid') == 'mail.mt_comment'
            and request.env.user._is_internal()
        ):
            ticket = request.env['helpdesk.ticket'].browse(int(thread_id))
            if ticket.has_access('write'):
                ticket._answers_sent(response_ids)
        return result
