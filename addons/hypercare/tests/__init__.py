from . import test_period
from . import test_period_access
from . import test_period_portal
from . import test_promises
from . import test_quick_fixes
from . import test_topics
from . import test_triage
