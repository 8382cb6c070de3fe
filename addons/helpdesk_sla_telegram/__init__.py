from . import controllers
from . import models


def uninstall_hook(env):
    """ Have Telegram deliver nothing to an address that is not there any more. """
    env['helpdesk.telegram.bot'].with_context(active_test=False).search([
        ('state', '!=', 'disconnected'),
    ]).action_disconnect()
