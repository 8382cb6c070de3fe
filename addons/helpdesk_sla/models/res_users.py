from odoo import api, fields, models
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = 'res.users'

    helpdesk_team_ids = fields.Many2many(
        comodel_name='helpdesk.team',
        string="Helpdesk Teams Open to the User",
        compute='_compute_helpdesk_team_ids',
        compute_sudo=True,
        groups='helpdesk_sla.group_helpdesk_manager',
        export_string_translation=False,
    )

    is_every_helpdesk_team_open = fields.Boolean(
        compute='_compute_helpdesk_team_ids',
        compute_sudo=True,
        groups='helpdesk_sla.group_helpdesk_manager',
        export_string_translation=False,
        help="Technical: no team is hidden from the user, so that no ticket has to be looked at.",
    )

    helpdesk_department_ids = fields.Many2many(
        comodel_name='helpdesk.department',
        string="Departments Read in the Portal",
        compute='_compute_helpdesk_department_ids',
        compute_sudo=True,
        groups='helpdesk_sla.group_helpdesk_manager',
        export_string_translation=False,
        help="Technical: whose tickets a client's user sees. Named by record rules, and cached.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'partner_id.helpdesk_department_id', 'partner_id.helpdesk_key_department_ids',
        'partner_id.helpdesk_portal_role',
    )
    def _compute_helpdesk_department_ids(self):
        for user in self:
            partner = user.partner_id
            departments = partner.helpdesk_key_department_ids
            if partner.helpdesk_portal_role == 'department':
                departments |= partner.helpdesk_department_id
            user.helpdesk_department_ids = departments

    def _compute_helpdesk_team_ids(self):
        """ Find the teams whose tickets a user of the help desk may see, in any company.

        The record rules name these teams, and are cached with them: looking at members, leaders and
        followers in each query would cost more than the query. `helpdesk.team._visibility_changed`
        drops them. Archived teams count as well, their tickets are still there.
        """
        teams = self.env['helpdesk.team'].with_context(active_test=False)
        count = teams.search_count([])
        for user in self:
            user.helpdesk_team_ids = teams.search(
                Domain('privacy_visibility', '!=', 'invited_internal')
                | Domain('member_ids', 'in', user.ids)
                | Domain('leader_id', 'in', user.ids)
                | Domain('message_partner_ids', 'in', user.partner_id.ids),
            )
            user.is_every_helpdesk_team_open = len(user.helpdesk_team_ids) == count
