from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools.translate import html_translate

# ids beyond it cannot exist; PostgreSQL refuses to compare with them
MAX_ID = 2**31 - 1


class HelpdeskTeam(models.Model):
    _name = 'helpdesk.team'
    _inherit = ['helpdesk.team', 'website.seo.metadata', 'website.published.multi.mixin']

    use_website_form = fields.Boolean(
        string="Website Form",
        help="Customers can send tickets to this team from its page on the website.",
    )
    website_form_summary = fields.Char(
        string="Summary on the Website",
        translate=True,
        help="One sentence that helps visitors of the website choose this team.",
    )
    website_form = fields.Html(
        string="Page on the Website",
        translate=html_translate,
        prefetch=False,
        sanitize_attributes=False,
        sanitize_form=False,
        sanitize_overridable=True,
        help="The page as the website builder saved it. Empty: the page that comes with Odoo.",
    )

    # === COMPUTE METHODS === #

    @api.depends('name')
    def _compute_website_url(self):
        super()._compute_website_url()
        for team in self.filtered('id'):
            team.website_url = f"/helpdesk/{self.env['ir.http']._slug(team)}"

    # === CONSTRAINT METHODS === #

    @api.constrains('website_id', 'company_id')
    def _check_website_company(self):
        for team in self:
            if team.website_id and team.website_id.company_id != team.company_id:
                raise ValidationError(self.env._(
                    "The website %(website)s belongs to another company than the team %(team)s.",
                    website=team.website_id.name,
                    team=team.name,
                ))

    # === BUSINESS METHODS === #

    @api.model
    def _get_website_teams(self, website):
        """ Return the teams that take tickets from the visitors of a website.

        The one answer to who is open to the public: the pages list these teams, and the form
        accepts no other.

        :param website: the visited website
        :rtype: helpdesk.team
        """
        # sudo: helpdesk.team - visitors do not read teams; the domain is what is public of them
        return self.sudo().search(self._get_website_team_domain(website))

    @api.model
    def _get_website_team(self, website, team_id):
        """ Return one of the teams of `_get_website_teams`, or none.

        :param website: the visited website
        :param team_id: what the visitor sent: a number, digits, or anything else
        :rtype: helpdesk.team
        """
        team_id = str(team_id or '')
        if not (team_id.isascii() and team_id.isdigit() and int(team_id) <= MAX_ID):
            return self.sudo().browse()
        # sudo: helpdesk.team - as above
        return self.sudo().search(
            self._get_website_team_domain(website) & Domain('id', '=', int(team_id)),
        )

    @api.model
    def _get_website_team_domain(self, website):
        return (
            website.website_domain()
            & Domain('use_website_form', '=', True)
            & Domain('is_published', '=', True)
            & Domain('company_id', '=', website.company_id.id)
        )

    def get_backend_menu_id(self):
        """ Return the menu to which "Edit in backend" of the page belongs. """
        return self.env.ref('helpdesk_sla.menu_helpdesk_root').id
