from . import test_gates
from . import test_implementation
from . import test_overview
from . import test_takeover
