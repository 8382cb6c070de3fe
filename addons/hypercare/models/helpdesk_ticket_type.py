from odoo import fields, models

# what users ask for after go-live (requirements G2, G4, G5)
KINDS = [
    ('question', "How-to question"),
    ('settings', "Settings, report or form"),
    ('defect', "Defect"),
    ('other', "Other"),
]


class HelpdeskTicketType(models.Model):
    _inherit = 'helpdesk.ticket.type'

    hypercare_kind = fields.Selection(
        selection=KINDS,
        string="In Hypercare",
        default='other',
        required=True,
        help="How-to questions become topics of training, inaccuracies in settings, reports and "
             "forms are fixed at once. The indicators tell the kinds apart.",
    )
