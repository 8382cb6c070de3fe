from . import helpdesk_report_mixin
from . import helpdesk_sla_report
from . import helpdesk_ticket_report
from . import helpdesk_backlog_report
