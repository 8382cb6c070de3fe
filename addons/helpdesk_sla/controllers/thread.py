from odoo import http
from odoo.http import request

from odoo.addons.mail.controllers.thread import ThreadController


class HelpdeskThreadController(ThreadController):

    @http.route()
    def mail_message_post(self, thread_model, thread_id, post_data, context=None, **kwargs):
        """ Tell the ticket which canned responses are in an answer, see `helpdesk.ticket.answer`.
        """
        response_ids = kwargs.get('canned_response_ids')
        if response_ids and thread_model == 'helpdesk.ticket':
            request.update_context(helpdesk_answer_ids=[
                id_ for id_ in response_ids if isinstance(id_, int)
            ])
        return super().mail_message_post(
            thread_model, thread_id, post_data, context=context, **kwargs,
        )
