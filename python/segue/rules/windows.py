"""Windows of time as bounds, as of a moment and in a time zone."""

import datetime
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from segue.domain.condition import Between, CalendarPeriod, Rolling, Unit, Window
from segue.rules.days import end_millis, instant_millis, instant_of, start_millis

UNIT_MILLIS: Final = {
    Unit.MINUTE: 60_000,
    Unit.HOUR: 3_600_000,
    Unit.DAY: 86_400_000,
    Unit.WEEK: 604_800_000,
}
"""Units of exact length, which rolling windows are counted in."""

UNIT_DAYS: Final = {Unit.DAY: 1, Unit.WEEK: 7}
"""Units that rolling windows on days are counted in."""

_LEAP_YEAR: Final = 2000
_YEAR_DAYS: Final = 366


@dataclass(frozen=True)
class Moment:
    """When, and where it is which day."""

    millis: int
    """Milliseconds since 1970 UTC."""
    zone: zoneinfo.ZoneInfo

    @property
    def today(self) -> datetime.date:
        """The local day, as far as the calendar goes."""
        try:
            return instant_of(self.millis).astimezone(self.zone).date()
        except OverflowError:
            return datetime.date.max if self.millis > 0 else datetime.date.min


class TimeBounds(NamedTuple):
    """A span of times: `start` is in it, `end` is not; None is open."""

    start: int | None
    end: int | None
    is_relative: bool = False
    """Whether the bounds are to be added to the moment of evaluation."""


class DayBounds(NamedTuple):
    """A span of days, both ends in it; None is open."""

    first: datetime.date | None
    last: datetime.date | None


def time_bounds(window: Window, moment: Moment) -> TimeBounds:
    """Returns a window as milliseconds since 1970 UTC, or for a rolling one relative to the moment; both its ends are in it."""
    match window:
        case Rolling(count, unit, is_past):
            length = count * UNIT_MILLIS[unit]
            return TimeBounds(-length if is_past else 0, 1 if is_past else length + 1, True)  # noqa: FBT003
        case CalendarPeriod(unit, offset):
            first, last = _period(unit, offset, moment.today)
            return TimeBounds(start_millis(first, moment.zone), end_millis(last, moment.zone))
        case Between(start, end):
            return TimeBounds(_start(start, moment.zone), _end(end, moment.zone))


def _start(value: datetime.date | None, zone: zoneinfo.ZoneInfo) -> int | None:
    if isinstance(value, datetime.datetime):
        return instant_millis(value)
    return None if value is None else start_millis(value, zone)


def _end(value: datetime.date | None, zone: zoneinfo.ZoneInfo) -> int | None:
    if isinstance(value, datetime.datetime):
        return instant_millis(value)
    return None if value is None else end_millis(value, zone)


def day_bounds(window: Window, moment: Moment) -> DayBounds:
    """Returns a window as days; a rolling one is so many days, the present one included."""
    match window:
        case Rolling(count, unit, is_past):
            length = count * UNIT_DAYS[unit] - 1
            first = _moved(moment.today, -length if is_past else 0)
            return DayBounds(first, _moved(moment.today, 0 if is_past else length))
        case CalendarPeriod(unit, offset):
            return DayBounds(*_period(unit, offset, moment.today))
        case Between(start, end):
            return DayBounds(start, end)


def _moved(day: datetime.date, days: int) -> datetime.date:
    """Moves a day, as far as the calendar goes."""
    last = datetime.date.max.toordinal()
    return datetime.date.fromordinal(min(max(day.toordinal() + days, 1), last))


def _period(unit: Unit, offset: int, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Returns the first and the last day of a calendar period."""
    match unit:
        case Unit.WEEK:
            first = _moved(today, 7 * offset - today.weekday())
            return first, _moved(first, 6)
        case Unit.MONTH:
            return _months(12 * today.year + today.month - 1 + offset, 1)
        case Unit.YEAR:
            return _months(12 * (today.year + offset), 12)
        case _:
            day = _moved(today, offset)
            return day, day


def _months(index: int, count: int) -> tuple[datetime.date, datetime.date]:
    """Returns the first and the last day of some months, the first of which is counted from year 0, as far as the calendar goes."""
    first = min(max(index, 12 * datetime.MINYEAR), 12 * (datetime.MAXYEAR + 1) - count)
    following = first + count
    if following == 12 * (datetime.MAXYEAR + 1):
        return _month_start(first), datetime.date.max
    return _month_start(first), _moved(_month_start(following), -1)


def _month_start(index: int) -> datetime.date:
    return datetime.date(index // 12, index % 12 + 1, 1)


def days_of_year(window: Rolling | CalendarPeriod, moment: Moment) -> list[tuple[int, int]]:
    """Returns the days of the year that lie in a window, as ranges of month * 32 + day, both ends included.

    29 February lies in it wherever 28 February of a year without a 29th does.
    """
    first, last = day_bounds(window, moment)
    if first is None or last is None or (last - first).days >= _YEAR_DAYS - 1:
        return [(_code(1, 1), _code(12, 31))]
    found: set[int] = set()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = datetime.date.fromordinal(ordinal)
        found.add(_code(day.month, day.day))
        if (day.month, day.day) == (2, 28) and _moved(day, 1).month > 2:  # noqa: PLR2004
            found.add(_code(2, 29))
    return list(_runs(found))


def _code(month: int, day: int) -> int:
    return month * 32 + day


def _runs(codes: set[int]) -> Iterator[tuple[int, int]]:
    """Yields the runs of a leap year's days that are found."""
    start = previous = None
    for ordinal in range(_YEAR_DAYS):
        day = _moved(datetime.date(_LEAP_YEAR, 1, 1), ordinal)
        code = _code(day.month, day.day)
        if code in codes:
            start, previous = (code if start is None else start), code
        elif start is not None and previous is not None:
            yield start, previous
            start = None
    if start is not None and previous is not None:
        yield start, previous
