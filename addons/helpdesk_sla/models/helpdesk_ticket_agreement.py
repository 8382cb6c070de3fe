from odoo import api, fields, models


class HelpdeskTicketAgreement(models.AbstractModel):
    """ The agreement under which a ticket was created. """

    _name = 'helpdesk.ticket.agreement'
    _description = "Agreement of a Ticket"

    agreement_id = fields.Many2one(
        comodel_name='helpdesk.sla.agreement',
        string="Agreement",
        compute='_compute_agreement_id',
        store=True,
        precompute=True,
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
        help="The client's agreement that was valid when the ticket was created.",
    )

    # === COMPUTE METHODS === #

    @api.depends('commercial_partner_id', 'team_id', 'open_date')
    def _compute_agreement_id(self):
        # which agreements there are is not among the dependencies: when one is signed or ends,
        # open tickets are marked and looked up again in `_find_agreements`
        for ticket in self:
            ticket.agreement_id = ticket._get_valid_agreement()

    # === BUSINESS METHODS === #

    def _get_valid_agreement(self):
        """ Return the agreement of the ticket's client and team on the day of its creation.

        Costs no query, see `helpdesk.sla.agreement._get_cached_periods`.
        """
        self.ensure_one()
        return self.env['helpdesk.sla.agreement'].sudo()._find(
            self.company_id, self.commercial_partner_id, self.team_id, self.open_date,
        )

    def _find_agreements(self):
        """ Look up the agreements of the tickets anew; what has not changed is not written. """
        changed = self.filtered(
            lambda ticket: ticket.agreement_id != ticket._get_valid_agreement(),
        )
        # computed, not written: a write would choose the policies once more
        self.env.add_to_compute(self._fields['agreement_id'], changed)

    def _get_sla_facts(self):
        return {**super()._get_sla_facts(), 'agreement': {self.agreement_id.id}}

    def _get_sla_calendar_id(self, rule):
        """ Let the client's own working hours come before those of the team. """
        return (
            rule.calendar_id
            or self.agreement_id.resource_calendar_id.id
            or super()._get_sla_calendar_id(rule)
        )

    def _sla_sync(self):
        # sudo: helpdesk.ticket - the engine decides for every ticket alike, whoever edits it
        self.sudo()._find_agreements()
        return super()._sla_sync()

    def _get_promise_agreement_name(self):
        """ Name the agreement, where one of its times is what is promised. """
        # sudo: helpdesk.sla.agreement - of the client who reads its name
        promises = self.sudo().sla_status_ids.filtered(
            lambda status: status.result not in ('cancelled', 'superseded'),
        )
        return promises.sla_id.agreement_id[:1].name or super()._get_promise_agreement_name()
