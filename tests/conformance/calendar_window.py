"""What windows mean: stretches of instants, and of local days."""

import calendar
import datetime
import zoneinfo
from collections.abc import Iterator

from segue.domain.condition import Between, CalendarPeriod, Rolling, Unit, Window

DAY = datetime.timedelta(days=1)
LENGTHS = {
    Unit.MINUTE: datetime.timedelta(minutes=1),
    Unit.HOUR: datetime.timedelta(hours=1),
    Unit.DAY: DAY,
    Unit.WEEK: 7 * DAY,
}


def has_instant(
    window: Window,
    instant: datetime.datetime,
    moment: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
) -> bool:
    """Whether an instant lies in a window: both ends of a rolling one do; of two instants the first does, the second does not."""
    local_day = instant.astimezone(zone).date()
    match window:
        case Rolling(count, unit, is_past):
            length = count * LENGTHS[unit]
            if is_past:
                return moment - length <= instant <= moment
            return moment <= instant <= moment + length
        case CalendarPeriod():
            return has_day(window, local_day, moment, zone)
        case Between(start, end):
            return _is_after_start(start, instant, local_day) and _is_before_end(
                end, instant, local_day
            )


def _is_after_start(
    start: datetime.date | datetime.datetime | None,
    instant: datetime.datetime,
    local_day: datetime.date,
) -> bool:
    if isinstance(start, datetime.datetime):
        return start <= instant
    return start is None or start <= local_day


def _is_before_end(
    end: datetime.date | datetime.datetime | None,
    instant: datetime.datetime,
    local_day: datetime.date,
) -> bool:
    if isinstance(end, datetime.datetime):
        return instant < end
    return end is None or local_day <= end


def has_day(
    window: Window, day: datetime.date, moment: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> bool:
    """Whether a day lies in a window of days; a window of instants says nothing of days."""
    if isinstance(window, Between):
        start, end = window.start, window.end
        assert not isinstance(start, datetime.datetime)
        assert not isinstance(end, datetime.datetime)
        return (start is None or start <= day) and (end is None or day <= end)
    return day in days_of(window, moment, zone)


def days_of(
    window: Rolling | CalendarPeriod, moment: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> set[datetime.date]:
    """Lists the days of a window: the last N days are today and the N - 1 before it, the next N today and those after it."""
    today = moment.astimezone(zone).date()
    if isinstance(window, CalendarPeriod):
        return set(_period(window, today))
    step = -DAY if window.is_past else DAY
    count = window.count * (LENGTHS[window.unit] // DAY)
    return {today + number * step for number in range(count)}


def _period(period: CalendarPeriod, today: datetime.date) -> Iterator[datetime.date]:
    match period.unit:
        case Unit.DAY:
            yield today + period.offset * DAY
        case Unit.WEEK:
            monday = today + (7 * period.offset - today.weekday()) * DAY
            yield from (monday + number * DAY for number in range(7))
        case Unit.MONTH:
            years, month = divmod(today.month - 1 + period.offset, 12)
            yield from _month(today.year + years, month + 1)
        case Unit.YEAR:
            for month in range(1, 13):
                yield from _month(today.year + period.offset, month)
        case _:
            raise AssertionError(f"{period.unit} is no period of the calendar")


def _month(year: int, month: int) -> Iterator[datetime.date]:
    for number in range(calendar.monthrange(year, month)[1]):
        yield datetime.date(year, month, number + 1)


def is_anniversary(day: datetime.date, other: datetime.date) -> bool:
    """Whether a day returns on another: 29 February falls on the 28th in years that have none."""
    if (day.month, day.day) == (2, 29) and not calendar.isleap(other.year):
        return (other.month, other.day) == (2, 28)
    return (day.month, day.day) == (other.month, other.day)
