from . import hypercare_change_wizard
