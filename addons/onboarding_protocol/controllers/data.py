from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import ImplementationPortal


class ImplementationDataPortal(ImplementationPortal):

    def _get_data_request(self, project_id, request_id):
        """ Return an implementation of the visitor and a request of it, or nothing of both. """
        implementation = self._get_implementation(project_id)
        data_request = implementation and implementation._get_portal_data_request(request_id)
        return (implementation, data_request) if data_request else (False, False)

    def _render_data_request(
        self, implementation, data_request, typed=None, errors=None, error=None, message=None,
    ):
        return request.render('onboarding_protocol.portal_data_request', {
            **self._prepare_portal_layout_values(),
            'page_name': 'implementation_data',
            'implementation': implementation,
            'data_request': data_request,
            'may_act': implementation._may_act_in_portal(request.env.user.partner_id),
            'typed': {**data_request._get_typed(), **(typed or {})},
            'errors': errors or {},
            'error': error,
            'message': message,
            'yes_label': request.env._("Yes"),
            'no_label': request.env._("No"),
            'limits': request.env['helpdesk.ticket']._get_upload_limits(),
        })

    @http.route(
        '/my/implementation/<int:project_id>/data/<int:request_id>',
        type='http', auth='user', website=True, methods=['GET'],
    )
    def portal_data_request(self, project_id, request_id, saved=None, **kwargs):
        implementation, data_request = self._get_data_request(project_id, request_id)
        if not data_request:
            return request.redirect('/my/implementation')
        message = {
            'draft': request.env._("Saved. You can go on whenever you like."),
            'sent': request.env._("Thank you! We check it and tell you if something is missing."),
            'back': request.env._("You can change it now. Do not forget to send it again."),
        }.get(saved)
        return self._render_data_request(implementation, data_request, message=message)

    @http.route(
        '/my/implementation/<int:project_id>/data/<int:request_id>/save',
        type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_data_save(self, project_id, request_id, final=None, **kwargs):
        implementation, data_request = self._get_data_request(project_id, request_id)
        if not data_request:
            return request.redirect('/my/implementation')
        typed = {
            name: kwargs[name] for name in data_request._get_typed()
            if isinstance(kwargs.get(name), str)
        }
        try:
            errors = implementation._portal_save_data(
                request.env.user.partner_id, data_request, typed, self._read_data_files(),
                bool(final),
            )
        except UserError as error:
            return self._render_data_request(
                implementation, data_request, typed=typed, error=str(error),
            )
        if errors:
            return self._render_data_request(
                implementation, data_request, typed=typed, errors=errors,
                error=request.env._("Something is missing or cannot be read, see below."),
            )
        done = 'sent' if final else 'draft'
        return request.redirect(f'{data_request._get_portal_url()}?saved={done}')

    def _read_data_files(self):
        """ Return the files of the request, as pairs of a name and the content. """
        return [
            (file.filename, file.read())
            for file in request.httprequest.files.getlist('files') if file.filename
        ]

    @http.route(
        '/my/implementation/<int:project_id>/data/<int:request_id>/file/<int:attachment_id>',
        type='http', auth='user', website=True, methods=['GET'], readonly=True,
    )
    def portal_data_file(self, project_id, request_id, attachment_id, **kwargs):
        _implementation, data_request = self._get_data_request(project_id, request_id)
        attachment = data_request and data_request.file_ids.filtered(
            lambda file: file.id == attachment_id,
        )
        if not attachment:
            return request.redirect('/my/implementation')
        return request.env['ir.binary']._get_stream_from(attachment).get_response(
            as_attachment=True,
        )

    @http.route(
        '/my/implementation/<int:project_id>/data/<int:request_id>/file/<int:attachment_id>/remove',
        type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_data_file_remove(self, project_id, request_id, attachment_id, **kwargs):
        return self._act_on_data(project_id, request_id, 'draft', lambda implementation, data: (
            implementation._portal_remove_file(
                request.env.user.partner_id, data, attachment_id,
            )
        ))

    @http.route(
        '/my/implementation/<int:project_id>/data/<int:request_id>/take_back',
        type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_data_take_back(self, project_id, request_id, **kwargs):
        return self._act_on_data(project_id, request_id, 'back', lambda implementation, data: (
            implementation._portal_take_back_data(request.env.user.partner_id, data)
        ))

    def _act_on_data(self, project_id, request_id, done, action):
        """ Let the visitor do something with a request, and show it.

        :param str done: what the page says afterwards
        :param function action: called with the implementation and the request; a UserError of it
            is shown on the page
        """
        implementation, data_request = self._get_data_request(project_id, request_id)
        if not data_request:
            return request.redirect('/my/implementation')
        try:
            with request.env.cr.savepoint():
                action(implementation, data_request)
        except UserError as error:
            return self._render_data_request(implementation, data_request, error=str(error))
        return request.redirect(f'{data_request._get_portal_url()}?saved={done}')
