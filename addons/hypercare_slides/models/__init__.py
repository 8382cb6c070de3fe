from . import hypercare_topic
