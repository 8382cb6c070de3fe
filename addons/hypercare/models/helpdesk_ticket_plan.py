from odoo import models


class HelpdeskTicket(models.Model):
    """ After hypercare the tickets of a client go to the team of its support plan (G7). """

    _inherit = 'helpdesk.ticket'

    # === BUSINESS METHODS === #

    def _complete_create_values(self, vals_list):
        """ Put tickets for which nobody chose a team into the one of the client's plan. """
        self._choose_plan_team([vals for vals in vals_list if not vals.get('team_id')])
        return super()._complete_create_values(vals_list)

    def _choose_plan_team(self, vals_list):
        """ Fill in the team of the plan, in place.

        :param list vals_list: values of tickets without a team; changed
        """
        if not vals_list or self.env.context.get('default_team_id'):
            return
        # sudo: res.partner - whose client somebody is does not depend on who opens the ticket
        partners = self.env['res.partner'].sudo().browse(
            {vals['partner_id'] for vals in vals_list if vals.get('partner_id')},
        )
        if not partners:
            return
        company = self._default_team_id().company_id or self.env.company
        periods = self.env['hypercare.period']
        for vals in vals_list:
            client = partners.browse(vals.get('partner_id') or ()).commercial_partner_id
            team, _user = periods._get_plan(company, client)
            if team.active:
                vals['team_id'] = team.id

    def _get_plan_stage(self, team):
        """ Return where the ticket goes on in a team: a stage of the same type, else the first.

        :param team: the helpdesk.team it is moved to; empty: it stays where it is
        """
        self.ensure_one()
        if not team or self.stage_id in team.stage_ids:
            return self.stage_id
        same = team.stage_ids.filtered(lambda stage: stage.stage_type == self.stage_type)
        return same.sorted()[:1] or team._get_first_stage()
