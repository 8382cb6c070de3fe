{
    'name': "Helpdesk SLA: Website Form",
    'version': '19.0.1.1.0',
    'category': 'Website/Website',
    'summary': "A public page per team with a ticket form that the website builder can edit",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['helpdesk_sla', 'website'],
    'data': [
        'security/website_helpdesk_sla_security.xml',
        'security/helpdesk_faq_security.xml',
        'security/ir.model.access.csv',
        'data/ir_model_data.xml',
        'data/website_menu_data.xml',
        'views/helpdesk_team_views.xml',
        'views/helpdesk_faq_views.xml',
        'views/website_helpdesk_templates.xml',
    ],
    'demo': [
        'demo/helpdesk_team_demo.xml',
        'demo/helpdesk_faq_demo.xml',
    ],
    'assets': {
        'web.assets_frontend': [
            'website_helpdesk_sla/static/src/scss/**/*',
            'website_helpdesk_sla/static/src/interactions/**/*',
        ],
        'website.website_builder_assets': [
            'website_helpdesk_sla/static/src/website_builder/**/*',
        ],
        'web.assets_tests': [
            'website_helpdesk_sla/static/tests/tours/**/*',
        ],
    },
    'auto_install': True,
    'uninstall_hook': 'uninstall_hook',
}
