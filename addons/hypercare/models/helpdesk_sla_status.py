from odoo import models


class HelpdeskSlaStatus(models.Model):
    _inherit = 'helpdesk.sla.status'

    # repetitions, which count in no compliance: the daily job asks for them, and is not to read
    # the promises of all tickets for it
    _repeated_idx = models.Index(
        "(ticket_id) WHERE cycle > 1 AND target != 'next_response'",
    )
