"""Windows as text: `last 30d`, `next 2w`, `this month`, `last week`, `3 years ago`, `in 2 days`, `2024-01-01..2024-01-31`, `2024-01-01..`."""

import re
from typing import Final

from segue.domain.condition import Between, CalendarPeriod, Rolling, Unit, Window
from segue.rules.literals import UNIT_WORDS, parse_day_or_instant, time_text

FORMS: Final = (
    "last 30d, next 2w, this month, last week, 3 years ago, in 2 days, 2024-01-01..2024-01-31"
)

_ROLLING: Final = re.compile(r"(last|next) (\d{1,9})(min|h|d|w)", re.ASCII)
_PERIOD: Final = re.compile(r"(this|last|next) (day|week|month|year)")
_AWAY: Final = re.compile(r"(in )?(\d{1,9}) (day|week|month|year)s?( ago)?", re.ASCII)
_OFFSETS: Final = {"last": -1, "this": 0, "next": 1}
_NEAR: Final = {offset: word for word, offset in _OFFSETS.items()}
_WORDS: Final = {unit: word for word, unit in UNIT_WORDS.items()}


def parse_window(text: str) -> Window:
    """Reads a window.

    Raises:
        ValueError: It is of none of the forms.
    """
    if match := _ROLLING.fullmatch(text):
        return Rolling(int(match[2]), UNIT_WORDS[match[3]], is_past=match[1] == "last")
    if match := _PERIOD.fullmatch(text):
        return CalendarPeriod(Unit(match[2]), _OFFSETS[match[1]])
    match = _AWAY.fullmatch(text)
    if match and bool(match[1]) != bool(match[4]):
        return CalendarPeriod(Unit(match[3]), int(match[2]) if match[1] else -int(match[2]))
    start, dots, end = text.partition("..")
    if not dots or not (start or end):
        raise ValueError(f"a window is one as {FORMS}")
    return Between(
        parse_day_or_instant(start) if start else None, parse_day_or_instant(end) if end else None
    )


def window_text(window: Window) -> str:
    """Writes a window."""
    match window:
        case Rolling(count, unit, is_past):
            return f"{'last' if is_past else 'next'} {count}{_WORDS[unit]}"
        case CalendarPeriod(unit, offset) if offset in _NEAR:
            return f"{_NEAR[offset]} {unit}"
        case CalendarPeriod(unit, offset):
            return f"in {offset} {unit}s" if offset > 0 else f"{-offset} {unit}s ago"
        case Between(start, end):
            ends = ("" if end is None else time_text(end) for end in (start, end))
            return "..".join(ends)
