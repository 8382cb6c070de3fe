from . import test_gates
from . import test_implementation
