from . import portal
from . import portal_actions
from . import portal_agreement
from . import thread
