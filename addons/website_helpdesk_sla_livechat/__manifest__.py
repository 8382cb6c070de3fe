{
    'name': "Helpdesk SLA: Website Form in the Live Chat",
    'version': '19.0.1.0.0',
    'category': 'Website/Website',
    'summary': "Offer the form of the website where nobody can chat",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['website_helpdesk_sla', 'helpdesk_sla_livechat', 'website_livechat'],
    'auto_install': True,
}
