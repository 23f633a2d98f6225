"""Days, instants, numbers and lengths of time as text, the same in every form of rules."""

import datetime
import math
import re
from decimal import Decimal
from typing import Final

from segue.domain.condition import Scalar, Unit
from segue.domain.timestamp import format_timestamp, parse_timestamp
from segue.errors import TimeInvalid
from segue.rules.days import instant_millis, instant_of

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d.*(?:Z|[+-]\d{2}:\d{2})", re.ASCII)

UNIT_WORDS: Final = {"min": Unit.MINUTE, "h": Unit.HOUR, "d": Unit.DAY, "w": Unit.WEEK}
"""How rolling windows name their units."""

UNIT_METRES: Final = {"m": Decimal(1), "km": Decimal(1000), "mi": Decimal("1609.344")}
"""Units of distance in metres."""

_METRES: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(m|km|mi)", re.ASCII)

LENGTHS: Final = {
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "min": 60_000,
    "s": 1_000,
    "ms": 1,
}
"""Units of a length of time in milliseconds, the longest first."""

_LENGTH: Final = re.compile(r"(\d{1,18})(w|d|h|min|s|ms)", re.ASCII)


def parse_day(text: str) -> datetime.date:
    """Reads `yyyy-mm-dd`.

    Raises:
        ValueError: It is not of this form, or a day that no month has.
    """
    if not _DAY.fullmatch(text):
        raise ValueError("a day is written as 2024-01-31")
    return datetime.date.fromisoformat(text)


def parse_instant(text: str) -> datetime.datetime:
    """Reads an instant of RFC 3339 with its zone; digits beyond the millisecond are dropped.

    Raises:
        ValueError: It is not of this form.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("an instant is written with its zone, as 2024-01-31T10:00:00Z")
    try:
        return instant_of(parse_timestamp(text))
    except TimeInvalid as error:
        raise ValueError(str(error)) from error


def parse_day_or_instant(text: str) -> datetime.date:
    """Reads either.

    Raises:
        ValueError: It is neither.
    """
    return parse_day(text) if _DAY.fullmatch(text) else parse_instant(text)


def time_text(value: datetime.date) -> str:
    """Writes a day, or an instant in UTC with milliseconds."""
    if isinstance(value, datetime.datetime):
        return format_timestamp(instant_millis(value))
    return value.isoformat()


def number_text(value: float) -> str:
    """Writes a number in plain decimals, as short as reads back the same."""
    text = format(Decimal(repr(float(value))), "f")
    return text.removesuffix(".0") if "." in text else text


def parse_number(text: str) -> float:
    """Reads a finite number.

    Raises:
        ValueError: It is none.
    """
    if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise ValueError("a number is wanted, as -12.5")
    return number


def parse_length(text: str) -> int:
    """Reads a length of time, as `7d`, `90min` or `1500ms`, and returns milliseconds.

    Raises:
        ValueError: It is not of this form.
    """
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError("a length of time is written as 7d, 12h, 90min, 30s or 500ms")
    return int(match[1]) * LENGTHS[match[2]]


def length_text(millis: int) -> str:
    """Writes a length of time in the longest unit that is exact."""
    unit = next(unit for unit, length in LENGTHS.items() if millis % length == 0)
    return f"{millis // LENGTHS[unit]}{unit}"


def scalar_text(value: Scalar) -> str:
    """Writes an operand without quotes."""
    match value:
        case str():
            return value
        case datetime.date():
            return time_text(value)
        case _:
            return number_text(value)


def parse_metres(text: str) -> float:
    """Reads a length of space, as `10km`, `500m` or `3.5mi`; exact, so that it can be written again.

    Raises:
        ValueError: It is not of this form.
    """
    match = _METRES.fullmatch(text)
    if match is None:
        raise ValueError("a distance is written as 10km, 500m or 3.5mi")
    return float(Decimal(match[1]) * UNIT_METRES[match[2]])


def metres_text(metres: float) -> str:
    """Writes a length of space in kilometres."""
    return f"{format(Decimal(repr(float(metres))).scaleb(-3).normalize(), 'f')}km"
