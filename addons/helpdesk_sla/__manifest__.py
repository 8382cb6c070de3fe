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
    'excludes': [
        'helpdesk',
        'helpdesk_mgmt',
    ],
    'data': [
        'security/helpdesk_sla_security.xml',
        'security/ir.model.access.csv',
        'data/ir_sequence_data.xml',
        'data/ir_cron_data.xml',
        'views/res_partner_views.xml',
    ],
    'application': True,
}
