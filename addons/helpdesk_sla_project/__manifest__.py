{
    'name': "Helpdesk SLA: Project",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'summary': "A ticket becomes a task of a project, and a task a ticket",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['helpdesk_sla', 'project'],
    'data': [
        'security/ir.model.access.csv',
        'wizard/helpdesk_ticket_task_wizard_views.xml',
        'wizard/project_task_ticket_wizard_views.xml',
        'views/helpdesk_team_views.xml',
        'views/helpdesk_ticket_views.xml',
        'views/project_task_views.xml',
    ],
    'auto_install': True,
}
