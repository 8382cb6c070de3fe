from . import portal
from . import takeover
