from odoo.http import request

from odoo.addons.im_livechat.controllers import webclient


class WebClient(webclient.WebClient):

    @classmethod
    def _process_request_for_all(cls, store, name, params):
        """ Offer another way to write to us where there is nobody to chat with. """
        super()._process_request_for_all(store, name, params)
        if name == 'init_livechat':
            # sudo: im_livechat.channel - as stock does: visitors learn whether somebody is there
            channel_sudo = request.env['im_livechat.channel'].sudo().search([('id', '=', params)])
            channel_sudo._add_helpdesk_offer(store)
