from . import account_analytic_line
from . import helpdesk_ticket
from . import hypercare_period
from . import res_company
from . import res_config_settings
from . import sale_order
from . import support_statement
