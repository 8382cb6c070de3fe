from . import test_chatbot
from . import test_clocks
from . import test_js
from . import test_offer
from . import test_operator
from . import test_transcript
from . import test_visitor
