{
    'name': "Helpdesk SLA: Live Chat",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'summary': "Turn live chat conversations into tickets",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['helpdesk_sla', 'im_livechat'],
    'data': [
        'data/ir_cron_data.xml',
        'views/chatbot_script_step_views.xml',
        'views/helpdesk_ticket_views.xml',
        'views/im_livechat_channel_views.xml',
    ],
    'demo': [
        'demo/im_livechat_channel_demo.xml',
    ],
    'assets': {
        'web.assets_backend': [
            'helpdesk_sla_livechat/static/src/core/web/**/*',
        ],
        'im_livechat.assets_embed_core': [
            'helpdesk_sla_livechat/static/src/embed/common/**/*',
        ],
        'web.assets_unit_tests': [
            'helpdesk_sla_livechat/static/tests/*.test.js',
        ],
    },
    'auto_install': True,
}
