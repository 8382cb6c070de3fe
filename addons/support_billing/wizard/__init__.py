from . import support_time_wizard
