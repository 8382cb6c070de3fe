{
    'name': "Helpdesk SLA",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'sequence': 110,
    'summary': "Tickets, teams and SLA deadlines in working hours",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': [
        'mail',
        'portal',
        'rating',
        'resource',
    ],
    'external_dependencies': {
        'python': [
            'holidays',
        ],
    },
    'excludes': [
        'helpdesk',
        'helpdesk_mgmt',
    ],
    'data': [
        'security/helpdesk_sla_security.xml',
        'security/ir.model.access.csv',
        'data/ir_sequence_data.xml',
        'data/ir_cron_data.xml',
        'data/mail_message_subtype_data.xml',
        'data/mail_template_data.xml',
        'data/helpdesk_stage_data.xml',
        'data/helpdesk_channel_data.xml',
        'wizard/helpdesk_sla_pause_wizard_views.xml',
        'views/helpdesk_ticket_views.xml',
        'views/helpdesk_stage_views.xml',
        'views/helpdesk_sla_views.xml',
        'views/helpdesk_sla_status_views.xml',
        'views/helpdesk_team_views.xml',
        'views/helpdesk_ticket_type_views.xml',
        'views/helpdesk_tag_views.xml',
        'views/res_partner_views.xml',
        'views/helpdesk_portal_templates.xml',
        'views/helpdesk_sla_menus.xml',
    ],
    'demo': [
        'demo/resource_calendar_demo.xml',
        'demo/res_users_demo.xml',
        'demo/res_partner_demo.xml',
        'demo/helpdesk_team_demo.xml',
        'demo/helpdesk_sla_demo.xml',
        'demo/helpdesk_ticket_demo.xml',
    ],
    'assets': {
        'web.assets_backend': [
            'helpdesk_sla/static/src/**/*',
            ('remove', 'helpdesk_sla/static/src/views/sla_graph/**'),
        ],
        'web.assets_backend_lazy': [
            'helpdesk_sla/static/src/views/sla_graph/**',
        ],
        'web.assets_tests': [
            'helpdesk_sla/static/tests/tours/**/*',
        ],
        'web.assets_unit_tests': [
            'helpdesk_sla/static/tests/*.test.js',
        ],
    },
    'application': True,
}
