from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from .portal import HypercarePortal


class HypercareReviewPortal(HypercarePortal):

    def _get_hypercare_messages(self):
        return {
            **super()._get_hypercare_messages(),
            'review': request.env._("Thank you! The review is signed off."),
        }

    @http.route(
        '/my/hypercare/<int:period_id>/review/sign',
        type='http', auth='user', website=True, methods=['POST'],
    )
    def portal_hypercare_review_sign(
        self, period_id, name=None, is_confirmed=None, content_hash=None, comment=None, **kwargs,
    ):
        period = self._get_period(period_id)
        if not period:
            return request.redirect('/my')
        try:
            # the answer is no error for the server: what was done until then must be taken back
            with request.env.cr.savepoint():
                period._portal_sign_review(
                    request.env.user.partner_id, name, bool(is_confirmed), content_hash, comment,
                )
        except (AccessError, MissingError):
            # their texts name models and records
            return self._render_period(period, review_comment=comment, error=request.env._(
                "This could not be done. Please write to your supervisor.",
            ))
        except UserError as error:
            return self._render_period(period, review_comment=comment, error=str(error))
        return request.redirect(f'/my/hypercare/{period.id}?done=review')

    @http.route(
        '/my/hypercare/<int:period_id>/handover',
        type='http', auth='user', website=True, methods=['GET'], readonly=True,
    )
    def portal_hypercare_handover(self, period_id, **kwargs):
        period = self._get_period(period_id)
        document = period and period._get_portal_handover()
        if not document:
            return request.redirect('/my/hypercare')
        return request.env['ir.binary']._get_stream_from(document).get_response(as_attachment=True)
