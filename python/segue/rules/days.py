"""Days of a time zone as milliseconds since 1970 UTC."""

import datetime
import zoneinfo
from typing import Final

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_EPOCH_DAY: Final = _EPOCH.date()
_DAY: Final = datetime.timedelta(days=1)
_MILLI: Final = datetime.timedelta(milliseconds=1)


def day_number(day: datetime.date) -> int:
    """Counts days since 1970-01-01, as the kernel stores days."""
    return (day - _EPOCH_DAY).days


def instant_millis(instant: datetime.datetime) -> int:
    """Counts whole milliseconds since 1970 UTC."""
    return (instant - _EPOCH) // _MILLI


def start_millis(day: datetime.date, zone: zoneinfo.ZoneInfo) -> int:
    """Finds the first instant of a day: its midnight, or the end of the gap in which midnight falls when clocks go forward."""
    midnight = datetime.datetime.combine(day, datetime.time(), zone)
    return instant_millis(midnight)


def end_millis(day: datetime.date, zone: zoneinfo.ZoneInfo) -> int | None:
    """Finds the first instant after a day; None after the last day of the calendar."""
    return None if day == datetime.date.max else start_millis(day + _DAY, zone)


def instant_of(millis: int) -> datetime.datetime:
    """Returns the instant of milliseconds since 1970 UTC."""
    return _EPOCH + millis * _MILLI
