from odoo import api, models
from odoo.fields import Domain


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

        :rtype: helpdesk.sla
        """
        self.ensure_one()
        if self.state not in ('planned', 'running'):
            return self.env['helpdesk.sla']
        # sudo: helpdesk.sla - names and times of what is promised to this client
        policies = self.env['helpdesk.sla'].sudo().search([
            ('company_id', '=', self.company_id.id), ('only_hypercare', '=', True),
        ])
        clients = self.partner_id | self.coordinator_id
        return policies.filtered(lambda sla: (
            (not sla.partner_ids or sla.partner_ids & clients)
            and (not sla.team_ids or self.team_id in sla.team_ids)
            and not sla.agreement_id
        ))
