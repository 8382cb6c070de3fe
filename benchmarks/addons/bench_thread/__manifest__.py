{
    'name': "Benchmark: a bare threaded record",
    'version': '19.0.1.0.0',
    'category': 'Hidden',
    'summary': "What a record with a chatter costs before it does anything",
    'author': "Support Suite Contributors",
    'license': 'LGPL-3',
    'depends': [
        'mail',
    ],
    'data': [
        'security/ir.model.access.csv',
    ],
}
