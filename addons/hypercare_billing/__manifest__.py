{
    'name': "Hypercare: Billing",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'summary': "A go-live starts the support package; what hypercare does not charge; quotations",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['hypercare', 'support_billing'],
    'data': [
        'views/res_config_settings_views.xml',
        'views/hypercare_period_views.xml',
        'views/hypercare_portal_templates.xml',
        'views/sale_order_views.xml',
    ],
    'auto_install': True,
}
