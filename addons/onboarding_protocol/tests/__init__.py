from . import test_gates
from . import test_implementation
from . import test_overview
from . import test_takeover
from . import test_plan
from . import test_data
