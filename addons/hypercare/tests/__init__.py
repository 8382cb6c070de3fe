from . import test_period
from . import test_period_access
from . import test_period_portal
from . import test_promises
from . import test_window_figures
from . import test_indicators
from . import test_js
