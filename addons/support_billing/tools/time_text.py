""" What people type when they log time in one line. """

import re

# 0:30, 1.5h, 1,5 h, 1h30, 1h 30m, 45m, 45 min, 2d; then what was done
_TIME = re.compile(
    r'''\s*(?:
        (?P<clock_hours>\d{1,2}):(?P<clock_minutes>[0-5]\d)
      | (?P<days>\d+(?:[.,]\d+)?)\s*d(?:ays?)?
      | (?P<hours>\d+(?:[.,]\d+)?)\s*h(?:ours?|rs?)?
        (?:\s*(?P<and_minutes>[0-5]?\d)\s*(?:m(?:in(?:utes?)?)?)?)?
      | (?P<minutes>\d+)\s*m(?:in(?:utes?)?)?
    )(?=[\s,:;-]|$)[\s,:;-]*''',
    re.VERBOSE | re.IGNORECASE,
)


def parse_time_text(text, hours_per_day=8.0):
    """ Return the time and what was done of a line as "0:30 called the client".

    :param str text: the line; the time comes first: 0:30, 1.5h, 1h30, 45m or 2d
    :param float hours_per_day: the hours of a day
    :return: hours and description, the hours None if the line begins with no time
    :rtype: tuple[float | None, str]
    """
    text = text or ''
    match = _TIME.match(text)
    if not match:
        return None, text.strip()

    def number(name):
        return float((match[name] or '0').replace(',', '.'))

    hours = (
        number('clock_hours') + number('clock_minutes') / 60
        + number('days') * hours_per_day
        + number('hours') + number('and_minutes') / 60
        + number('minutes') / 60
    )
    return hours, text[match.end():].strip()
