from . import test_topic_slide
