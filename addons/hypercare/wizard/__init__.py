from . import hypercare_change_wizard
from . import hypercare_review_reopen_wizard
