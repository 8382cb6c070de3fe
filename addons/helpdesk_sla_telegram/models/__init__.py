from . import helpdesk_telegram_bot
from . import helpdesk_telegram_chat
from . import helpdesk_telegram_code
from . import helpdesk_telegram_counter
from . import helpdesk_telegram_message
from . import helpdesk_telegram_update
from . import helpdesk_ticket
