from odoo import api, models


class IrModel(models.Model):
    _inherit = 'ir.model'

    @api.model
    def get_authorized_fields(self, model_name, property_origins):
        """ Keep visitors and the form editor to what a customer may say about a ticket.

        The editor whitelists every field that it saves in a form. Without this, a form with an
        assignee or a stage on it would let visitors set them.
        """
        result = super().get_authorized_fields(model_name, property_origins)
        if model_name != 'helpdesk.ticket':
            return result
        allowed = self.env['helpdesk.ticket']._get_website_form_fields()
        return {
            name: field for name, field in result.items()
            if name in allowed or field.get('manual') or '_property' in field
        }
