from . import helpdesk_sla_agreement_end_wizard
from . import helpdesk_sla_agreement_scan_wizard
from . import helpdesk_sla_pause_wizard
from . import helpdesk_ticket_merge_wizard
from . import helpdesk_ticket_split_wizard
from . import helpdesk_ticket_split_wizard_line
from . import resource_calendar_holidays
from . import resource_calendar_holidays_line
