from odoo.fields import Command

from . import controllers
from . import models
from . import report
from . import wizard


def uninstall_hook(env):
    """ Take back the rights on timesheets that came with this addon. """
    env.ref('helpdesk_sla.group_helpdesk_user').implied_ids = [
        Command.unlink(env.ref('hr_timesheet.group_hr_timesheet_user').id),
    ]
    env.ref('helpdesk_sla.group_helpdesk_team_leader').implied_ids = [
        Command.unlink(env.ref('hr_timesheet.group_hr_timesheet_approver').id),
    ]
