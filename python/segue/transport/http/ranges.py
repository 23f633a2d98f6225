"""Which bytes of a file a request asks for, and whether it has them already (RFC 9110, sections 13 and 14)."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

_BYTES: Final = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)
_ETAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_DIGITS: Final = 18
"""Numbers of more digits are behind the end of every file."""


class Verdict(enum.Enum):
    """What becomes of a request by its conditions."""

    SEND = 200
    NOT_MODIFIED = 304
    PRECONDITION_FAILED = 412


@dataclass(frozen=True)
class Span:
    """Bytes from `start` until before `end`."""

    start: int
    end: int

    @property
    def is_empty(self) -> bool:
        """Whether a file has none of them: they begin behind its end."""
        return self.start >= self.end


def verdict_of(headers: Mapping[str, str], etag: str, modified_millis: int) -> Verdict:
    """Judges a request by its conditions, in the order of RFC 9110, 13.2.2.

    Args:
        headers: The request's, by names in lower case.
        etag: With its quotes, that of the representation that would be sent.
        modified_millis: Since when that is what it is.
    """
    modified = modified_millis // 1000
    if (wanted := headers.get("if-match")) is not None:
        if not _names(wanted, etag):
            return Verdict.PRECONDITION_FAILED
    elif (since := _seconds(headers.get("if-unmodified-since"))) is not None and modified > since:
        return Verdict.PRECONDITION_FAILED
    if (known := headers.get("if-none-match")) is not None:
        return Verdict.NOT_MODIFIED if _names(known, etag) else Verdict.SEND
    if (since := _seconds(headers.get("if-modified-since"))) is not None and modified <= since:
        return Verdict.NOT_MODIFIED
    return Verdict.SEND


def span_of(
    headers: Mapping[str, str], etag: str, modified_millis: int, byte_count: int
) -> Span | None:
    """Returns the one range that is asked for; None for the whole file.

    The whole it is for several ranges, for other units, for what is no range, and when `If-Range` names another representation.

    Args:
        headers: The request's, by names in lower case.
        etag: With its quotes, that of the file as it is stored.
        modified_millis: Since when it is what it is.
        byte_count: Its size.
    """
    asked = _BYTES.fullmatch(headers.get("range", ""))
    if asked is None or not any(asked.groups()):
        return None
    if not _is_same(headers.get("if-range"), etag, modified_millis):
        return None
    first, last = (_number(digits) for digits in asked.groups())
    if first is None:
        return Span(max(byte_count - (last or 0), 0), byte_count)
    if last is not None and last < first:
        return None
    return Span(first, byte_count if last is None else min(last + 1, byte_count))


def http_date(millis: int) -> str:
    """Writes a moment as HTTP does, to the second."""
    return format_datetime(datetime.fromtimestamp(millis // 1000, UTC), usegmt=True)


def _is_same(condition: str | None, etag: str, modified_millis: int) -> bool:
    """Whether `If-Range` lets a range through: a weak tag never does."""
    if condition is None:
        return True
    return condition.strip() in {etag, http_date(modified_millis)}


def _names(tags: str, etag: str) -> bool:
    return tags.strip() == "*" or etag in _ETAG.findall(tags)


def _number(digits: str) -> int | None:
    if not digits:
        return None
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _DIGITS else 10**_DIGITS


def _seconds(date: str | None) -> int | None:
    """Reads a date of HTTP; what is none is passed over, as RFC 9110 wants it."""
    try:
        return None if date is None else int(parsedate_to_datetime(date).timestamp())
    except (ValueError, OverflowError):
        return None
