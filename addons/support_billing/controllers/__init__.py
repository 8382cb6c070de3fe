from . import helpdesk_portal
from . import portal_pack
from . import sale_portal
from . import portal_statement
