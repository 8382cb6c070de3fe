from . import implementation_pass_wizard
