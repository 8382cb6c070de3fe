from . import crm_lead
from . import hypercare_review_item
