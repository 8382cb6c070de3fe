{
    'name': "Support Billing",
    'version': '19.0.1.1.0',
    'category': 'Services/Helpdesk',
    'summary': "Time spent on tickets becomes delivered hours of a sales order",
    'author': 'Support Suite Contributors',
    'license': 'LGPL-3',
    'depends': ['helpdesk_sla', 'sale_timesheet'],
    'data': [
        'security/support_billing_security.xml',
        'security/ir.model.access.csv',
        'views/account_analytic_line_views.xml',
        'views/helpdesk_team_views.xml',
        'views/helpdesk_ticket_views.xml',
        'views/product_template_views.xml',
        'views/sale_order_views.xml',
    ],
    'demo': [
        'demo/product_demo.xml',
        'demo/res_users_demo.xml',
        'demo/helpdesk_team_demo.xml',
        'demo/sale_order_demo.xml',
        'demo/account_analytic_line_demo.xml',
    ],
    'uninstall_hook': 'uninstall_hook',
    'assets': {
        'web.assets_backend': [
            'support_billing/static/src/**/*',
        ],
        'web.assets_tests': [
            'support_billing/static/tests/tours/**/*',
        ],
    },
}
