from odoo.tools import SQL

from . import controllers
from . import models


def uninstall_hook(env):
    """ Close the form: its checks go with this addon, the switches stay with website. """
    ticket_model = env['ir.model']._get('helpdesk.ticket')
    ticket_model.website_form_access = False
    # as stock whitelists them: the ORM refuses to write on fields that are declared in code
    env.cr.execute(SQL(
        "UPDATE ir_model_fields SET website_form_blacklisted = TRUE WHERE model_id = %s",
        ticket_model.id,
    ))
    env.ref('helpdesk_sla.group_helpdesk_team_leader').implied_ids -= env.ref(
        'website.group_website_restricted_editor',
    )
