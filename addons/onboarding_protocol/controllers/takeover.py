from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import ImplementationPortal


class TakeoverPortal(ImplementationPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'takeover_document_count' in counters:
            values['takeover_document_count'] = len(self._get_validated_documents())
        return values

    def _get_takeovers(self):
        """ Return, as superuser, the takeovers whose documentation the visitor reaches. """
        return request.env['project.project']._get_portal_takeovers(request.env.user.partner_id)

    def _get_validated_documents(self):
        """ Return, as superuser, the documents of which a version is validated. """
        return self._get_takeovers().takeover_document_ids.filtered(
            lambda document: 'validated' in document.version_ids.mapped('verdict'),
        )

    def _get_done_messages(self):
        return {
            **super()._get_done_messages(),
            'confirmed': request.env._("Thank you, the step is confirmed."),
            'validated': request.env._("Thank you, the document is validated."),
            'returned': request.env._(
                "Thank you, we change the document and deliver it again.",
            ),
        }

    def _act_on_takeover(self, project_id, action, done):
        """ Do what the visitor asks for, and show the page again with the result on top.

        :param int project_id: the implementation, as in the address
        :param callable action: does it on the implementation; may raise UserError
        :param str done: a key of `_get_done_messages`: what to say when it is done
        """
        implementation = self._get_implementation(project_id)
        if not implementation:
            return request.redirect('/my')
        try:
            with request.env.cr.savepoint():
                action(implementation, request.env.user.partner_id)
        except UserError as error:
            return self._render_implementation(implementation, error=str(error))
        return request.redirect(f'/my/implementation/{implementation.id}?done={done}')

    # === STEPS === #

    @http.route(
        '/my/implementation/<int:project_id>/steps/<int:step_id>/confirm',
        type='http', auth='user', methods=['POST'], website=True,
    )
    def portal_takeover_confirm_step(self, project_id, step_id, revision='', **kwargs):
        return self._act_on_takeover(
            project_id,
            lambda implementation, partner: implementation._portal_confirm_step(
                partner, step_id, int(revision) if revision.isdecimal() else 0,
            ),
            'confirmed',
        )

    # === DOCUMENTS === #

    @http.route(
        '/my/implementation/<int:project_id>/documents/<int:document_id>/validate',
        type='http', auth='user', methods=['POST'], website=True,
    )
    def portal_takeover_validate(self, project_id, document_id, version='', **kwargs):
        return self._act_on_takeover(
            project_id,
            lambda implementation, partner: implementation._portal_validate_document(
                partner, document_id, int(version) if version.isdecimal() else 0,
            ),
            'validated',
        )

    @http.route(
        '/my/implementation/<int:project_id>/documents/<int:document_id>/return',
        type='http', auth='user', methods=['POST'], website=True,
    )
    def portal_takeover_return(self, project_id, document_id, version='', reason='', **kwargs):
        return self._act_on_takeover(
            project_id,
            lambda implementation, partner: implementation._portal_return_document(
                partner, document_id, int(version) if version.isdecimal() else 0, reason,
            ),
            'returned',
        )

    @http.route(
        '/my/takeover/<int:project_id>/files/<int:version_id>/<int:attachment_id>',
        type='http', auth='user', website=True, readonly=True,
    )
    def portal_takeover_file(self, project_id, version_id, attachment_id, **kwargs):
        takeover = self._get_takeovers().filtered(lambda project: project.id == project_id)
        attachment = takeover._get_portal_file(version_id, attachment_id)
        if not attachment:
            raise request.not_found()
        # always downloaded: a file must not run as a page of ours
        return request.env['ir.binary']._get_stream_from(attachment).get_response(
            as_attachment=True,
        )

    @http.route('/my/takeover/documents', type='http', auth='user', website=True, readonly=True)
    def portal_takeover_documents(self, **kwargs):
        values = self._prepare_portal_layout_values()
        values.update({
            'page_name': 'takeover_documents',
            'documents': self._get_validated_documents(),
        })
        return request.render('onboarding_protocol.portal_takeover_documents', values)
