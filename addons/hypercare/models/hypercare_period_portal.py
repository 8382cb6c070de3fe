from odoo import api, models
from odoo.fields import Domain

from odoo.addons.helpdesk_sla.models.helpdesk_sla import PRIORITY_FIELDS
from odoo.addons.helpdesk_sla.tools.policy_rules import select_rules


class HypercarePeriod(models.Model):
    """ What the client sees of a window: the page Hypercare of the portal.

    Portal users have no right on any model of the addon. What they see and do goes through the
    methods here and those named `_portal_*`, on the records of `_get_portal_periods`.
    """

    _inherit = 'hypercare.period'

    @api.model
    def _get_portal_periods(self, partner):
        """ Return the windows that a person follows in the portal.

        The client's coordinator, and those of the client who see the tickets of the whole company.

        :param partner: res.partner of the visitor
        :return: as superuser, the latest first
        :rtype: hypercare.period
        """
        client = partner.commercial_partner_id
        domain = Domain('coordinator_id', '=', partner.id)
        # sudo: res.partner - the visitor's own role
        if partner.sudo().helpdesk_portal_role == 'company':
            domain |= Domain('partner_id', '=', client.id)
        # sudo: hypercare.period - limited to what the domain says
        return self.sudo().search(
            domain & Domain('partner_id', '=', client.id) & Domain('state', '!=', 'cancelled'),
        )

    def _may_act_in_portal(self, partner):
        """ Return whether the person reviews and signs for the client.

        The coordinator does; when none is named, whoever sees the whole company.
        """
        self.ensure_one()
        return partner == self.coordinator_id or not self.coordinator_id

    def _get_portal_page_values(self, partner):
        """ Return what the page Hypercare shows; each part adds its own (`super()`).

        :param partner: res.partner of the visitor
        :rtype: dict
        """
        self.ensure_one()
        return {
            'period': self,
            'may_act': self._may_act_in_portal(partner),
            'promises': self._get_portal_promises(),
        }

    def _describe_portal_day(self):
        """ Return which day of the window it is, as the client reads it. """
        self.ensure_one()
        return self.env._("Day %(day)s of %(days)s", day=self.day_number, days=self.days)

    def _get_portal_promises(self):
        """ Return the policies that are promised only while the window runs.

        Those that the engine would choose for a request of the client's, of any priority and type;
        so a promise of the client's own replaces the general one here as well.

        :rtype: helpdesk.sla
        """
        self.ensure_one()
        # sudo: helpdesk.sla, helpdesk.team - names and times of what is promised to this client
        policies, team = self.env['helpdesk.sla'].sudo(), self.team_id.sudo()
        if self.state not in ('planned', 'running') or not team.use_sla:
            return policies
        rules = policies._get_rules(self.company_id, policies.agreement_id)
        types = self.env['helpdesk.ticket.type'].sudo().search([])
        # never stored: requests as they would come in
        tickets = [
            self.env['helpdesk.ticket'].sudo().new({
                'team_id': team.id,
                'company_id': self.company_id.id,
                'partner_id': (self.coordinator_id or self.partner_id).id,
                'commercial_partner_id': self.partner_id.id,
                'hypercare_id': self.id,
                'ticket_type_id': kind.id,
                'priority': priority,
            })
            for kind in (types.browse(), *types) for priority in PRIORITY_FIELDS
        ]
        chosen = {
            rule.sla_id for ticket in tickets
            for rule in select_rules(rules, ticket._get_sla_facts())
        }
        return policies.browse(chosen).filtered('only_hypercare').sorted()
