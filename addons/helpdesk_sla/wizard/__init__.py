from . import helpdesk_sla_pause_wizard
