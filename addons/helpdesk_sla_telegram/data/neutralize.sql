-- a copy of the database must neither answer clients nor take their messages away
UPDATE helpdesk_telegram_bot
   SET state = 'disconnected', token = NULL, webhook_secret = NULL;
