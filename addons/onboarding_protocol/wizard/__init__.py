from . import golive_protocol_scan_wizard
from . import implementation_pass_wizard
from . import implementation_data_return_wizard
