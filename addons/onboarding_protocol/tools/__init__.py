from . import dues
