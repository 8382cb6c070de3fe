from . import telegram_api, telegram_html, telegram_update
