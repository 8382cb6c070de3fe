{
    'name': "Helpdesk SLA: Answers from the Courses",
    'version': '19.0.1.0.0',
    'category': 'Website/Website',
    'summary': "Offers contents of the courses while a customer types a request",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['website_helpdesk_sla', 'website_slides'],
    'auto_install': True,
}
