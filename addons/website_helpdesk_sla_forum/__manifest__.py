{
    'name': "Helpdesk SLA: Answers from the Forum",
    'version': '19.0.1.0.0',
    'category': 'Website/Website',
    'summary': "Offers posts of the forum while a customer types a request",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['website_helpdesk_sla', 'website_forum'],
    'auto_install': True,
}
