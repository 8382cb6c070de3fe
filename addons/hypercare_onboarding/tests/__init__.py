from . import test_golive_hypercare
from . import test_golive_portal
