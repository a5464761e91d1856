"""Dates, times and durations out of what cells hold: a number of days, or a text in the form of ISO 8601."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

_EPOCH, _EPOCH_1904 = datetime(1899, 12, 31), datetime(1904, 1, 1)  # noqa: DTZ001  # sheets know no time zone
_DAY = 86_400_000  # in the milliseconds that programs tell apart
_LEAP_DAY = 60  # 29 February 1900, which Excel counts and there was not
_CLOCK = 61 * _DAY  # from here on a number is more likely a moment of which the time is shown than hours that add up
_LONGEST_DATE = len("2024-02-29")
_MOST = 2_958_466 * _DAY  # 9999-12-31 and a day


def of_number(days: float, shown: str, *, epoch_1904: bool) -> Any:
    """What a number of days stands for; the number itself if that is nothing, None for a day that Excel alone has.

    Args:
        days: a finite number.
        shown: as `date`, `time` or `duration`.
        epoch_1904: whether days are counted from 1904.
    """
    if not abs(days) * _DAY < _MOST:
        return days
    count = round(days * _DAY)
    if shown == "duration" or (shown == "time" and count < _CLOCK and not 0 <= count < _DAY):
        return timedelta(milliseconds=count)  # no clock shows a day or more: hours were added up
    if count < 0:
        return days
    if shown == "time" and count < _DAY:
        return _clock(count)
    return _moment(count, epoch=_EPOCH_1904, shown=shown) if epoch_1904 else _since_1900(count, shown)


def _since_1900(count: int, shown: str) -> Any:
    day, clock = divmod(count, _DAY)
    if day == 0 and clock:
        return _clock(count)
    if day in {0, _LEAP_DAY}:
        return None
    return _moment(count if day < _LEAP_DAY else count - _DAY, epoch=_EPOCH, shown=shown)


def _moment(count: int, *, epoch: datetime, shown: str) -> Any:
    try:
        moment = epoch + timedelta(milliseconds=count)
    except OverflowError:  # 1904 and nearly 8,100 years
        return count / _DAY
    return moment.date() if shown == "date" and not count % _DAY else moment


def _clock(count: int) -> time:
    return (_EPOCH + timedelta(milliseconds=count)).time()


def of_text(text: str) -> Any:
    """A date, a time or a moment, which may know its offset from UTC; the text itself if it is none of them."""
    try:
        found = _reader_of(form := text.strip())(form)
    except ValueError:
        return text
    if isinstance(found, time) and found.utcoffset():
        return text  # another time in UTC, on a day that nobody knows
    return found.replace(tzinfo=None) if isinstance(found, time) else found


def _reader_of(form: str) -> Callable[[str], date | time]:
    if form.startswith("T") or ":" in form[:3]:
        return time.fromisoformat
    return date.fromisoformat if len(form) <= _LONGEST_DATE else datetime.fromisoformat


def as_utc(moment: datetime) -> datetime:
    """A moment that knows its offset, in UTC and without one.

    Raises:
        OverflowError: it is in no year from 1 to 9999 there.
    """
    return moment.astimezone(UTC).replace(tzinfo=None)
