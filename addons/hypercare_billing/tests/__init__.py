from . import test_free_in_window
from . import test_free_portal
from . import test_golive_package
from . import test_next_quotation
