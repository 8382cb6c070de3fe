from . import helpdesk_team
from . import helpdesk_ticket
from . import ir_model
from . import helpdesk_faq
from . import helpdesk_team_help
