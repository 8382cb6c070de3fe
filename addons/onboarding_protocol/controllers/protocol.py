import binascii

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from .portal import ImplementationPortal


class ProtocolPortal(ImplementationPortal):

    def _get_own_implementation(self, project_id):
        """ Return one of the visitor's implementations, in the visitor's language and as visitor.

        :rtype: project.project
        """
        return self._get_implementation(project_id).with_env(request.env(su=True))

    def _render_protocol(self, implementation, token=None, **kwargs):
        values = self._prepare_portal_layout_values()
        values.update(implementation._get_portal_protocol_values(
            request.env.user.partner_id, token,
        ))
        values.update({
            'page_name': 'implementation_protocol',
            'upload_mb': request.env['helpdesk.ticket']._get_upload_limits()['upload_mb'],
            'message': None,
            'error': None,
            **kwargs,
        })
        return request.render('onboarding_protocol.portal_my_protocol', values)

    def _do(self, project_id, method, token, *args):
        """ Do something with the protocol of one of the visitor's implementations.

        :param str method: of project.project, see there what `args` are
        :return: the implementation, and why it was refused, if it was
        :rtype: tuple[project.project, str]
        """
        implementation = self._get_own_implementation(project_id)
        if not implementation:
            return implementation, request.env._("There is no such implementation.")
        try:
            # the answer is no error for the server: what was done until then must be taken back
            with request.env.cr.savepoint():
                getattr(implementation, method)(request.env.user.partner_id, token, *args)
        except (AccessError, MissingError):
            # their texts name models and records
            return implementation, request.env._(
                "This could not be done. Please write to your supervisor.",
            )
        except UserError as error:
            return implementation, str(error)
        return implementation, ''

    def _answer(self, implementation, error, message, token=None):
        """ Show the page again: with what went wrong, or with what was done. """
        if not implementation:
            return request.redirect('/my')
        if error:
            return self._render_protocol(implementation, token, error=error)
        return request.redirect(f'/my/implementation/{implementation.id}/protocol?done={message}')

    @http.route(
        '/my/implementation/<int:project_id>/protocol', type='http', auth='user', website=True,
    )
    def portal_my_protocol(self, project_id, access_token=None, done=None, **kwargs):
        implementation = self._get_own_implementation(project_id)
        if not implementation:
            return request.redirect('/my')
        messages = {
            'saved': request.env._("Saved."),
            'signed': request.env._(
                "Thank you! The protocol is signed: you are live. Access data are on the page My "
                "Implementation.",
            ),
            'scan': request.env._("Thank you. We confirm your signed copy shortly."),
            'refused': request.env._(
                "We have received what does not work. You get a new protocol when it is mended.",
            ),
        }
        return self._render_protocol(implementation, access_token, message=messages.get(done))

    @http.route(
        '/my/implementation/<int:project_id>/protocol/pdf', type='http', auth='user', website=True,
    )
    def portal_my_protocol_pdf(self, project_id, download=False, **kwargs):
        protocol = self._get_own_implementation(project_id)
        protocol = protocol and protocol._get_portal_protocol()
        if not protocol:
            return request.redirect('/my')
        return self._show_report(
            model=protocol, report_type='pdf',
            report_ref='onboarding_protocol.action_report_protocol', download=download,
        )

    @http.route(
        '/my/implementation/<int:project_id>/protocol/save',
        type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_my_protocol_save(self, project_id, access_token=None, **post):
        answers = {}
        for key, value in post.items():
            name, _sep, line_id = key.rpartition('-')
            if name in ('is_done', 'is_exception', 'remark') and line_id.isdigit():
                answers.setdefault(int(line_id), {})[name] = value
        return self._answer(
            *self._do(project_id, '_portal_save_protocol', access_token, answers),
            'saved', access_token,
        )

    @http.route(
        '/my/implementation/<int:project_id>/protocol/sign',
        type='jsonrpc', auth='user', website=True,
    )
    def portal_my_protocol_sign(
        self, project_id, access_token=None, content_hash=None, name=None, signature=None,
    ):
        arguments = request.httprequest.args
        try:
            implementation, error = self._do(
                project_id, '_portal_sign_protocol',
                access_token or arguments.get('access_token'),
                content_hash or arguments.get('content_hash'),
                name, signature, request.httprequest.remote_addr,
            )
        except (TypeError, ValueError, binascii.Error):
            return {'error': request.env._("Your signature could not be read. Draw it again.")}
        if error:
            return {'error': error}
        return {
            'force_refresh': True,
            'redirect_url': f'/my/implementation/{implementation.id}/protocol?done=signed',
        }

    @http.route(
        '/my/implementation/<int:project_id>/protocol/scan',
        type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_my_protocol_scan(self, project_id, access_token=None, name=None, **post):
        files = [
            (file.filename, file.read())
            for file in request.httprequest.files.getlist('scan') if file.filename
        ]
        return self._answer(
            *self._do(
                project_id, '_portal_send_protocol_scan', access_token, name, files,
                request.httprequest.remote_addr,
            ),
            'scan', access_token,
        )

    @http.route(
        '/my/implementation/<int:project_id>/protocol/refuse',
        type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_my_protocol_refuse(self, project_id, access_token=None, reason=None, **post):
        line_ids = [
            int(value) for value in request.httprequest.form.getlist('line_id') if value.isdigit()
        ]
        return self._answer(
            *self._do(project_id, '_portal_refuse_protocol', access_token, reason, line_ids),
            'refused', access_token,
        )
