from . import product_product
from . import product_template
from . import sale_order_line
from . import sale_order
from . import account_analytic_line
from . import helpdesk_team
from . import helpdesk_ticket
