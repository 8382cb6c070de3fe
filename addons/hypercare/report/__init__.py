from . import hypercare_training_report
