from odoo import api, models
from odoo.fields import Domain

from ..tools.dues import CLIENT, US, Due


class ProjectProject(models.Model):
    """ What the client sees of an implementation: the page My Implementation of the portal.

    Portal users have no right on any model of an implementation. What they see and do goes through
    the methods here and those named `_portal_*`, on the records of `_get_portal_implementations`.
    """

    _inherit = 'project.project'

    # === WHO SEES WHAT === #

    @api.model
    def _get_portal_implementations(self, partner):
        """ Return the implementations that a person follows in the portal.

        The client's coordinator, and those of the client who see the tickets of the whole company.

        :param partner: res.partner of the visitor
        :return: as superuser, the latest first
        :rtype: project.project
        """
        domain = Domain('coordinator_id', '=', partner.id)
        # sudo: res.partner - the visitor's own role
        if partner.sudo().helpdesk_portal_role == 'company':
            domain |= Domain('client_id', '=', partner.commercial_partner_id.id)
        # sudo: project.project - limited to what the domain says
        return self.sudo().search(
            domain & Domain('client_id', '=', partner.commercial_partner_id.id)
            & Domain('implementation_kind', '!=', False) & Domain('is_template', '=', False),
            order='id desc',
        )

    def _may_act_in_portal(self, partner):
        """ Return whether the person fills in, accepts and signs for the client.

        The coordinator does; when none is named, whoever sees the whole company.
        """
        self.ensure_one()
        return partner == self.coordinator_id or not self.coordinator_id

    # === WHAT IS OWED === #

    def _get_dues(self):
        """ Return everything that is owed to the implementation now, soonest first.

        Each part of an implementation adds its own (`super()`).

        :rtype: list[Due]
        """
        self.ensure_one()
        tasks = self.sudo()._gate_tasks_done(self.phase_ids.sorted()[-1:]).get(self.sudo(), [])
        ours = [due for due in tasks if due.side == US]
        dues = [due for due in tasks if due.side == CLIENT]
        if ours:
            # tasks of ours are internal: the client learns that there are some, not which
            dues.append(Due(
                self.env._("Work on our side (open tasks: %(count)s)", count=len(ours)), US,
                owner=self.user_id.name or '',
                date=max((due.date for due in ours if due.date), default=False),
            ))
        return dues

    def _get_portal_dues(self):
        """ Return what the client owes and what we owe, soonest first; those without a day last.

        :rtype: dict[str, list[Due]]
        """
        self.ensure_one()
        dues = sorted(self._get_dues(), key=Due.get_order)
        return {side: [due for due in dues if due.side == side] for side in (CLIENT, US)}

    def _get_portal_page_values(self, partner):
        """ Return what the page My Implementation shows; each part adds its own (`super()`).

        :param partner: res.partner of the visitor
        :rtype: dict
        """
        self.ensure_one()
        return {
            'implementation': self,
            'may_act': self._may_act_in_portal(partner),
            'dues': self._get_portal_dues(),
        }
