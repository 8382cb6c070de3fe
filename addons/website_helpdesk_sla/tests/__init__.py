from . import test_form_tour
from . import test_pages
from . import test_website_form
from . import test_help_centre
from . import test_nonsense
