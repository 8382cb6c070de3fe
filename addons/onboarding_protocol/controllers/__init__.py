from . import portal
from . import takeover
from . import plan
from . import data
from . import protocol
