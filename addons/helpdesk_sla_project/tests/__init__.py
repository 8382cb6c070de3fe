from . import test_convert
