from . import working_time
from .working_time import (
    CLOSED,
    CLOSURE,
    PAUSED,
    WORKING,
    Attendance,
    Closure,
    Segment,
    WorkingTime,
)
