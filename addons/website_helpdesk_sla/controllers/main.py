from odoo import http
from odoo.http import request
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)


class WebsiteHelpdesk(http.Controller):

    def sitemap_helpdesk(env, rule, qs):
        website = env['website'].get_current_website()
        teams = env['helpdesk.team']._get_website_teams(website)
        for location in ['/helpdesk', *teams.mapped('website_url')] if teams else ():
            if not qs or qs.lower() in location:
                yield {'loc': location}

    @http.route(
        '/helpdesk', type='http', auth='public', website=True, readonly=True,
        sitemap=sitemap_helpdesk, list_as_website_content=_lt("Helpdesk"),
    )
    def helpdesk(self, **kwargs):
        """ Let the visitor choose the team to write to. """
        teams = request.env['helpdesk.team']._get_website_teams(request.website)
        if len(teams) == 1 and not request.env.user._is_internal():
            return request.redirect(teams.website_url)
        return request.render('website_helpdesk_sla.helpdesk_index', {'teams': teams})

    @http.route(
        '/helpdesk/<string:team_slug>', type='http', auth='public', website=True, readonly=True,
        sitemap=False,
    )
    def helpdesk_team(self, team_slug, **kwargs):
        """ Show the page of a team, with its form. """
        team_id = request.env['ir.http']._unslug(team_slug)[1]
        team = self._get_page_team(team_id)
        if not team:
            raise request.not_found()
        if team_slug != request.env['ir.http']._slug(team):
            return request.redirect(team.website_url, code=301)
        return request.render('website_helpdesk_sla.helpdesk_team', {
            'team': team,
            'main_object': team,
            'form_values': {'team_id': team.id},
            'faqs': team._get_website_faqs(),
            'hours': team._get_website_hours(),
            'now': team._get_website_now(),
            'form_limits': request.env['helpdesk.ticket']._get_website_form_limits(),
        })

    @http.route(
        '/helpdesk/thank-you', type='http', auth='public', website=True, readonly=True,
        sitemap=False,
    )
    def helpdesk_thank_you(self, **kwargs):
        """ Name the ticket that was created from this session, and from no other. """
        ticket_sudo = self._get_session_ticket()
        if not ticket_sudo:
            return request.redirect('/helpdesk')
        # a visitor who is not logged in gets no link: whoever types another's address would read
        # the answers. The link is in the confirmation, which goes to that address only.
        ticket = ticket_sudo.sudo(False)
        may_open = not request.env.user._is_public() and ticket.has_access('read')
        email = request.session.get('helpdesk_form_email')
        return request.render('website_helpdesk_sla.helpdesk_thank_you', {
            'ticket_ref': ticket_sudo.ticket_ref,
            'team_name': ticket_sudo.team_id.name,
            'email': email,
            'is_confirmed': email and any(
                message.message_type == 'auto_comment' for message in ticket_sudo.message_ids
            ),
            'ticket_url': may_open and ticket_sudo.access_url,
            # what is promised to an agreement's client is told in the mail alone
            'promises': (
                ticket_sudo._get_promise_sentences()
                if may_open or not ticket_sudo.partner_id else []
            ),
        })

    def _get_page_team(self, team_id):
        """ Return the team whose page is asked for; editors also see what is not public yet.

        :rtype: helpdesk.team
        """
        teams = request.env['helpdesk.team']
        team_sudo = teams._get_website_team(request.website, team_id)
        if team_sudo:
            return team_sudo
        if not team_id or not teams.has_access('write'):
            return teams
        return teams.search([
            ('id', '=', team_id),
            ('use_website_form', '=', True),
            ('company_id', '=', request.website.company_id.id),
        ])

    def _get_session_ticket(self):
        """ Return the ticket that was created from this session, if any.

        :rtype: helpdesk.ticket
        """
        # sudo: helpdesk.ticket - the id is from the session, where only the form puts it
        tickets_sudo = request.env['helpdesk.ticket'].sudo()
        if request.session.get('form_builder_model_model') != 'helpdesk.ticket':
            return tickets_sudo
        return tickets_sudo.browse(request.session['form_builder_id']).exists()
