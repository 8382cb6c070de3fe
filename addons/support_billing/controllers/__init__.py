from . import portal_pack
