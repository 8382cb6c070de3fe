import json
import logging

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.website.controllers import form

_logger = logging.getLogger(__name__)

MODEL = 'helpdesk.ticket'


class WebsiteForm(form.WebsiteForm):

    @http.route()
    def website_form(self, model_name, **kwargs):
        """ Refuse a ticket with a clear sentence before anything else looks at its values. """
        if model_name == MODEL:
            tickets = request.env[MODEL]
            values = tickets._website_form_clean(request.params)
            request.params.clear()
            request.params.update(values)
            refusal = tickets._website_form_check(values, request.website)
            if refusal:
                return json.dumps(refusal)
        return super().website_form(model_name, **kwargs)

    def _handle_website_form(self, model_name, **kwargs):
        """ Let a ticket through once, and only so many from one sender. """
        if model_name != MODEL:
            return super()._handle_website_form(model_name, **kwargs)
        tickets = request.env[MODEL]
        traces = tickets._prepare_website_form_traces(kwargs, request.httprequest.remote_addr)
        ticket_id = tickets._website_form_admit(traces)
        if ticket_id:
            return self._answer_replay(ticket_id, kwargs)
        request.update_context(website_form_traces=traces)
        try:
            answer = super()._handle_website_form(model_name, **kwargs)
        except (AccessError, MissingError) as error:
            # their texts name models and records
            _logger.exception("A ticket from the website form was refused")
            raise UserError(tickets._get_website_form_failure()) from error
        request.session['helpdesk_form_email'] = kwargs.get('partner_email')
        return answer

    def insert_record(self, request, model_sudo, values, custom, meta=None):
        """ Register the ticket in one go, with what only the server says about it. """
        if model_sudo.model != MODEL:
            return super().insert_record(request, model_sudo, values, custom, meta=meta)
        values = request.env[MODEL]._prepare_website_form_values(values, custom, meta)
        # a refused row must not spoil the transaction in which it is reported
        with request.env.cr.savepoint():
            return super().insert_record(request, model_sudo, values, '')

    def insert_attachment(self, model_sudo, id_record, files):
        """ Put the files on the ticket itself, where the customer sees them as part of the request.

        Stock also logs them in an internal note of the public user, which would hide them.
        """
        result = super().insert_attachment(model_sudo, id_record, files)
        if model_sudo.model == MODEL:
            request.env[MODEL]._website_form_drop_file_note(id_record)
        return result

    def _answer_replay(self, ticket_id, values):
        """ Answer a form that was sent twice as it was answered the first time.

        :param int ticket_id: the ticket that the first one created
        :param dict values: what was sent
        """
        request.session['form_builder_model_model'] = MODEL
        request.session['form_builder_model'] = request.env[MODEL]._description
        request.session['form_builder_id'] = ticket_id
        request.session['helpdesk_form_email'] = values.get('partner_email')
        return json.dumps({'id': ticket_id})
