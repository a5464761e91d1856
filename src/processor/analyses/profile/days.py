"""Whether a day that a text names is in the calendar: there is no 30th of February."""

import calendar
import re

_NUMBERS = re.compile(r"(\d+)[-/.](\d+)[-/.](\d+)")
_NAMED = re.compile(r"(?i)(\d{1,2})?[- ]?([a-z]{3})[a-z]*[-, ]+(\d{1,2}(?!\d))?[-, ]*(\d{2,4})")
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr)}


def has_real_day(text: str) -> bool:
    """Whether the date that a text begins with is one: numbers of which the year is first or last, or a month's name.

    Where the year is last, day and month may come in either order.
    """
    if found := _NUMBERS.match(text):
        first, second, third = found.groups()
        if len(first) == len("2024"):
            return _is_day(int(first), int(second), int(third))
        return _is_day(int(third), int(second), int(first)) or _is_day(int(third), int(first), int(second))
    if found := _NAMED.match(text):
        before, month, after, year = found.groups()
        return _is_day(int(year), _MONTHS.get(month.lower(), 0), int(before or after or 0))
    return False


def _is_day(year: int, month: int, day: int) -> bool:
    # Of two digits of a year 1900 or 2000 may be meant, which are alike but for one day.
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 and calendar.isleap(year) else _LENGTHS[month])


_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
