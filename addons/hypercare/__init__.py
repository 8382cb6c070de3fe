from . import models
from . import wizard
from . import controllers
from . import report


def uninstall_hook(env):
    """ Archive the policies of hypercare: without it they would be promised to everybody. """
    env['helpdesk.sla'].search([('only_hypercare', '=', True)]).active = False
    # the topics go before the field that names them does
    env.cr.execute("UPDATE helpdesk_ticket SET hypercare_topic_id = NULL")
    env['hypercare.training.item'].search([]).unlink()
