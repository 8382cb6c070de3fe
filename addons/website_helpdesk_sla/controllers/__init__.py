from . import main
from . import website_form
from . import help_suggestions
