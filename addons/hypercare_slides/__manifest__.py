{
    'name': "Hypercare: Answers from the Courses",
    'version': '19.0.1.0.0',
    'category': 'Services/Helpdesk',
    'summary': "The answer to a topic can be a content of a course",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': ['hypercare', 'website_slides'],
    'data': [
        'views/hypercare_topic_views.xml',
    ],
    'auto_install': True,
}
