from . import test_access
from . import test_delivered_and_invoice
from . import test_log_time_in_browser
from . import test_merge
from . import test_so_line_choice
from . import test_team_time_settings
from . import test_time_on_tickets
