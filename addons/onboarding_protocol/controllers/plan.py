import binascii

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import ImplementationPortal


class ImplementationPlanPortal(ImplementationPortal):

    @http.route(
        '/my/implementation/<int:project_id>/plan/<int:plan_id>/pdf',
        type='http', auth='user', website=True, methods=['GET'],
    )
    def portal_implementation_plan_pdf(self, project_id, plan_id, **kwargs):
        implementation = self._get_implementation(project_id)
        plan = implementation and implementation._get_portal_plans().filtered(
            lambda plan: plan.id == plan_id,
        )
        if not plan:
            return request.redirect('/my/implementation')
        return self._show_report(
            model=plan,
            report_type='pdf',
            report_ref='onboarding_protocol.action_report_plan',
            download=True,
        )

    @http.route(
        '/my/implementation/<int:project_id>/plan/<int:plan_id>/sign',
        type='jsonrpc', auth='user', website=True,
    )
    def portal_implementation_plan_sign(self, project_id, plan_id, name=None, signature=None):
        implementation = self._get_implementation(project_id)
        if not implementation:
            return {'error': request.env._("This implementation cannot be found.")}
        try:
            # the answer is no error for the server: what was done until then must be taken back
            with request.env.cr.savepoint():
                implementation._portal_sign_plan(
                    request.env.user.partner_id, plan_id, name, signature,
                )
        except UserError as error:
            return {'error': str(error)}
        except (TypeError, binascii.Error):
            return {'error': request.env._("Your signature could not be read. Draw it again.")}
        return {
            'force_refresh': True,
            'redirect_url': f'/my/implementation/{project_id}?signed=plan#success_plan',
        }
