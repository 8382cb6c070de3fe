from odoo import fields, models


class CrmLead(models.Model):
    _inherit = 'crm.lead'

    # salespeople need not be users of the help desk
    hypercare_item_ids = fields.One2many(
        comodel_name='hypercare.review.item', inverse_name='lead_id', string="From the Review",
        readonly=True, copy=False, groups='helpdesk_sla.group_helpdesk_user',
    )
