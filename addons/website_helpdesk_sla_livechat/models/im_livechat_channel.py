from odoo import models


class ImLivechatChannel(models.Model):
    _inherit = 'im_livechat.channel'

    def _get_helpdesk_form(self):
        """ Prefer the page of the team, where it is open to the visitors of the website. """
        # sudo: im_livechat.channel, helpdesk.team - the address of a public page
        team_sudo = self.sudo().helpdesk_team_id
        website = self.env['website'].get_current_website()
        if team_sudo and team_sudo._get_website_team(website, team_sudo.id):
            return team_sudo.website_url, 'form'
        return super()._get_helpdesk_form()
