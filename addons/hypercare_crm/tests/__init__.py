from . import test_next_iteration
