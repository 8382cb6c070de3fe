{
    'name': "Hypercare: Implementations",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'summary': "A go-live starts the hypercare that was planned with the implementation",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['hypercare', 'onboarding_protocol'],
    'data': [
        'views/project_project_views.xml',
        'views/implementation_portal_templates.xml',
    ],
    'demo': [
        'demo/hypercare_period_demo.xml',
    ],
    'auto_install': True,
    'post_init_hook': 'post_init_hook',
}
