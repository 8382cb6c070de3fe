from . import models


def post_init_hook(env):
    """ Plan hypercare for the implementations that are under way; who is live gets none. """
    env['project.project'].search([
        ('implementation_kind', '!=', False), ('is_template', '=', False),
        ('golive_datetime', '=', False),
    ])._plan_hypercare()
