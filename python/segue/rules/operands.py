"""Objects of clauses: text, numbers, days and options, read and checked."""

import datetime
import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

from segue.rules.codes import Code, RuleInvalid

RECENT_YEARS: Final = 10
"""Years a DateSubscribed rule reaches back, the current one included (seed 004, 2723)."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PAIR: Final = re.compile(r"(\S+)\s+AND\s+(\S+)")
_CAMPAIGN_ID: Final = re.compile(
    r"(?:[0-9a-f]{16}|[0-9a-f]{32})(?:\s.*)?", re.IGNORECASE | re.ASCII
)


def parse_number(text: str) -> float:
    """Reads a plain decimal number.

    Raises:
        RuleInvalid: 2721; also for numbers that no double can hold.
    """
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    if not math.isfinite(number):
        raise RuleInvalid(Code.NUMBER_INVALID)
    return number


def parse_day(text: str) -> datetime.date:
    """Reads a day.

    Raises:
        RuleInvalid: 2720; also for days that no month has.
    """
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise RuleInvalid(Code.DATE_INVALID) from error


def parse_numbers(text: str) -> tuple[float, float]:
    """Reads `X AND Y`.

    Raises:
        RuleInvalid: 2756; also when X is the greater one, since nothing lies between them.
    """
    low, high = (parse_number(end) for end in _ends(text, Code.BETWEEN_NUMBERS_INVALID))
    if low > high:
        raise RuleInvalid(Code.BETWEEN_NUMBERS_INVALID)
    return low, high


def parse_days(text: str) -> tuple[datetime.date, datetime.date]:
    """Reads `yyyy-mm-dd AND yyyy-mm-dd`.

    Raises:
        RuleInvalid: 2755; also when the first day is the later one, since nothing lies between them.
    """
    first, last = (parse_day(end) for end in _ends(text, Code.BETWEEN_DATES_INVALID))
    if first > last:
        raise RuleInvalid(Code.BETWEEN_DATES_INVALID)
    return first, last


def _ends(text: str, code: Code) -> tuple[str, str]:
    match = _PAIR.fullmatch(text)
    if match is None:
        raise RuleInvalid(code)
    return match[1], match[2]


def check_recent(days: Iterable[datetime.date], today: datetime.date) -> None:
    """Checks that days lie in the last ten calendar years, the current one included.

    Raises:
        RuleInvalid: 2723.
    """
    if not all(today.year - RECENT_YEARS < day.year <= today.year for day in days):
        raise RuleInvalid(Code.YEAR_INVALID)


def parse_option(text: str, options: Sequence[str]) -> int:
    """Reads the name of an option, without regard to case, and returns its code.

    Raises:
        RuleInvalid: 2722.
    """
    folded = text.casefold()
    code = next((i for i, option in enumerate(options) if option.casefold() == folded), None)
    if code is None:
        raise RuleInvalid(Code.OPTION_UNKNOWN)
    return code


def check_campaign_id(clause: str) -> None:
    """Checks that a clause begins with a campaign's id: 16 or 32 hexadecimal digits.

    Raises:
        RuleInvalid: 2750.
    """
    if not _CAMPAIGN_ID.fullmatch(clause):
        raise RuleInvalid(Code.CAMPAIGN_ID_INVALID)
