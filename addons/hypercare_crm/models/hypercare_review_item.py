from odoo import api, fields, models


class HypercareReviewItem(models.Model):
    _inherit = 'hypercare.review.item'

    lead_id = fields.Many2one(
        comodel_name='crm.lead', string="Opportunity", readonly=True, copy=False,
        index='btree_not_null', ondelete='set null',
    )

    # === BUSINESS METHODS === #

    @api.model
    def _get_outcome_fields(self):
        return [*super()._get_outcome_fields(), 'lead_id']

    @api.model
    def _get_next_iteration_model(self):
        """ Stand in with opportunities where nobody else takes the items. """
        return super()._get_next_iteration_model() or 'crm.lead'

    def _create_next_iteration(self):
        """ Create an opportunity from each item: each is won or lost on its own. """
        if self._get_next_iteration_model() != 'crm.lead':
            return super()._create_next_iteration()
        # sudo: crm.lead - what the review decided goes to sales, whether or not the supervisor of
        # the window works there
        leads = self.env['crm.lead'].sudo()
        for item in self.sudo():
            item.lead_id = leads.with_company(item.company_id).create(item._prepare_lead_values())
            leads |= item.lead_id
        return leads

    def _prepare_lead_values(self):
        """ Return the values of the opportunity that an item becomes. """
        self.ensure_one()
        contact = self.owner_id or self.period_id.coordinator_id or self.partner_id
        return {
            'name': f'{self.partner_id.name}: {self.name}',
            'type': 'opportunity',
            'partner_id': contact.id,
            'company_id': self.company_id.id,
            # to whoever sells to the client; without one it waits to be assigned
            'user_id': self.partner_id.user_id.id,
            'description': self._get_outcome_description(),
        }
