from odoo import api, models


class MailFollowers(models.Model):
    _inherit = 'mail.followers'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        followers = super().create(vals_list)
        if any(vals.get('res_model') == 'helpdesk.team' for vals in vals_list):
            self.env['helpdesk.team']._visibility_changed()
        return followers

    def unlink(self):
        """ Let those who followed a team see no more of it than others do. """
        of_team = any(follower.res_model == 'helpdesk.team' for follower in self)
        result = super().unlink()
        if of_team:
            self.env['helpdesk.team']._visibility_changed()
        return result
