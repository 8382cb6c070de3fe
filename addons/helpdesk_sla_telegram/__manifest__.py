{
    'name': "Helpdesk SLA: Telegram",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'summary': "Clients write to a Telegram bot; their messages become tickets and answers go back",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['helpdesk_sla'],
    'external_dependencies': {
        'python': [
            'requests',
        ],
    },
    'data': [
        'security/helpdesk_sla_telegram_security.xml',
        'security/ir.model.access.csv',
        'data/ir_cron_data.xml',
        'views/helpdesk_telegram_update_views.xml',
        'views/helpdesk_telegram_message_views.xml',
        'views/helpdesk_telegram_chat_views.xml',
        'views/helpdesk_telegram_bot_views.xml',
        'views/helpdesk_ticket_views.xml',
        'views/helpdesk_telegram_portal_templates.xml',
        'views/helpdesk_sla_telegram_menus.xml',
    ],
    'uninstall_hook': 'uninstall_hook',
}
