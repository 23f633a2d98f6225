"""Instants as text: RFC 3339 with an optional zone (seed 000), and as milliseconds since 1970 UTC."""

import datetime
import re
import time
from collections.abc import Callable
from typing import Final

from segue.errors import TimeInvalid

Clock = Callable[[], int]
"""Tells the time in milliseconds since 1970 UTC."""

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MILLI: Final = datetime.timedelta(milliseconds=1)
_FORM: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})?"
)


def system_clock() -> int:
    """Tells the machine's time."""
    return time.time_ns() // 1_000_000


def parse_timestamp(text: str) -> int:
    """Reads an instant; UTC when it names no zone; digits beyond the millisecond are dropped.

    Returns:
        Milliseconds since 1970 UTC.

    Raises:
        TimeInvalid: The text is no such instant, or lies outside of years 1 to 9999.
    """
    match = _FORM.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        day, clock, fraction, zone = match.groups()
        moment = datetime.datetime.fromisoformat(f"{day}T{clock or '00:00'}{(zone or 'Z').upper()}")
        millis = (moment - _EPOCH) // _MILLI + int(((fraction or ".") + "000")[1:4])
    except (ValueError, OverflowError) as error:
        raise TimeInvalid(
            f"{text!r} is not a time; write it as 2024-03-01T00:00:00.123Z", {"value": text}
        ) from error
    return millis


def format_timestamp(millis: int) -> str:
    """Writes an instant as RFC 3339 in UTC with milliseconds."""
    moment = _EPOCH + millis * _MILLI
    return moment.strftime("%Y-%m-%dT%H:%M:%S.").rjust(20, "0") + f"{millis % 1000:03d}Z"
