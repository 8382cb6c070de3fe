from . import test_period
from . import test_period_access
from . import test_period_portal
from . import test_promises
from . import test_exit
from . import test_review
from . import test_review_portal
