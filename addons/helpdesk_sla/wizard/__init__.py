from . import helpdesk_sla_agreement_end_wizard
from . import helpdesk_sla_agreement_scan_wizard
from . import helpdesk_sla_pause_wizard
