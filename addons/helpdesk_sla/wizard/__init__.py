from . import helpdesk_sla_pause_wizard
from . import resource_calendar_holidays
from . import resource_calendar_holidays_line
