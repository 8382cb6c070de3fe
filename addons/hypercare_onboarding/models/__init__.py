from . import hypercare_period
from . import project_project
