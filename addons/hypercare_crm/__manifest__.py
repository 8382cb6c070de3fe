{
    'name': "Hypercare: Opportunities",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'summary': "What a review puts into the next iteration becomes opportunities",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['hypercare', 'crm'],
    'data': [
        'views/crm_lead_views.xml',
    ],
    'auto_install': True,
}
