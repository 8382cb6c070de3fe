from . import test_period
from . import test_period_access
from . import test_period_portal
from . import test_promises
