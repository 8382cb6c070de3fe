from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.helpdesk_telegram_code import CODE_MINUTES


class HelpdeskTelegramPortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'telegram_bot_count' in counters:
            values['telegram_bot_count'] = len(self._get_telegram_bots())
        return values

    def _get_telegram_bots(self):
        """ Return the bots that the visitor may write to, as superuser.

        As in the portal itself, customers write to teams that are open to them.
        """
        domain = Domain('state', '=', 'connected') & Domain(
            'company_id', 'in', request.env.user.company_ids.ids,
        )
        if not request.env.user._is_internal():
            teams = request.env['helpdesk.ticket']._get_portal_teams()
            domain &= Domain('team_id', 'in', teams.ids)
        # sudo: helpdesk.telegram.bot - their names and teams are what customers need to know
        return request.env['helpdesk.telegram.bot'].sudo().search(domain)

    def _get_telegram_chats(self):
        """ Return the chats that the visitor has linked, as superuser. """
        # sudo: helpdesk.telegram.chat - one's own only
        return request.env['helpdesk.telegram.chat'].sudo().search([
            ('user_id', '=', request.env.user.id), ('state', '=', 'linked'),
        ])

    def _render_telegram_page(self, **values):
        response = request.render('helpdesk_sla_telegram.portal_my_telegram', {
            **self._prepare_portal_layout_values(),
            'page_name': 'telegram',
            'bots': self._get_telegram_bots(),
            'chats': self._get_telegram_chats(),
            'can_link_groups': not request.env.user._is_internal(),
            'code_minutes': CODE_MINUTES,
            **values,
        })
        # a code is seen once
        response.headers['Cache-Control'] = 'no-store'
        return response

    @http.route('/my/telegram', type='http', auth='user', methods=['GET'], website=True)
    def portal_my_telegram(self, **kwargs):
        return self._render_telegram_page()

    @http.route('/my/telegram/code', type='http', auth='user', methods=['POST'], website=True)
    def portal_my_telegram_code(self, **kwargs):
        """ Show a code with which the visitor links a chat. """
        if not self._get_telegram_bots():
            return request.redirect('/my/telegram')
        # sudo: helpdesk.telegram.code - for the visitor and nobody else
        codes_sudo = request.env['helpdesk.telegram.code'].sudo()
        try:
            code = codes_sudo._draw(request.env.user)
        except UserError as error:
            return self._render_telegram_page(error=str(error))
        return self._render_telegram_page(code=code)

    @http.route('/my/telegram/code', type='http', auth='user', methods=['GET'], website=True)
    def portal_my_telegram_code_again(self, **kwargs):
        """ Lead whoever opens the address of a code to where codes are asked for. """
        return request.redirect('/my/telegram')

    @http.route(
        '/my/telegram/<int:chat_id>/unlink', type='http', auth='user', methods=['POST'],
        website=True,
    )
    def portal_my_telegram_unlink(self, chat_id, **kwargs):
        chat_sudo = self._get_telegram_chats().filtered(lambda chat: chat.id == chat_id)
        if chat_sudo:
            chat_sudo._unlink_chat(
                request.env._("Ended by %s in the portal.", request.env.user.name), is_told=True,
            )
        return request.redirect('/my/telegram')
