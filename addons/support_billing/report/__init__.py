from . import report_support_pack
from . import support_report_mixin
from . import support_leak
from . import support_profitability_report
from . import support_profitability_client
