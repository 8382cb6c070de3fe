from . import support_time_wizard
from . import support_waive_wizard
from . import account_move_reversal
