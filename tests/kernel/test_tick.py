"""The grid of the change clock, against the words of seed 000."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue._kernel import next_tick, next_ticks
from segue.errors import TimeOutOfRange

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


def millis_of(time: datetime) -> int:
    return (time - EPOCH) // MILLISECOND


TIMES = st.integers(millis_of(FIRST), millis_of(LAST) - 3).map(lambda it: EPOCH + it * MILLISECOND)


def next_by_the_calendar(time: datetime) -> datetime:
    """Goes on millisecond by millisecond until the last digit is 3, 7 or 0."""
    time += MILLISECOND
    while time.microsecond // 1_000 % 10 not in {3, 7, 0}:
        time += MILLISECOND
    return time


@given(TIMES)
def test_a_tick_is_the_next_time_that_ends_in_3_7_or_0(time: datetime) -> None:
    assert next_tick(millis_of(time)) == millis_of(next_by_the_calendar(time))


@given(st.lists(TIMES))
def test_a_column_of_times_moves_as_each_of_them_does(times: list[datetime]) -> None:
    column = [millis_of(time) for time in times]
    assert next_ticks(column) == [next_tick(millis) for millis in column]


@pytest.mark.parametrize(
    ("time", "tick"),
    [
        ("2014-12-31T23:59:59.999", "2015-01-01T00:00:00.000"),
        ("2014-02-28T23:59:59.998", "2014-03-01T00:00:00.000"),
        ("1969-12-31T23:59:59.999", "1970-01-01T00:00:00.000"),
        ("2014-06-20T10:15:30.000", "2014-06-20T10:15:30.003"),
        ("2014-06-20T10:15:30.006", "2014-06-20T10:15:30.007"),
    ],
)
def test_the_carry_runs_through_seconds_to_years(time: str, tick: str) -> None:
    at = datetime.fromisoformat(time + "+00:00")
    assert next_tick(millis_of(at)) == millis_of(datetime.fromisoformat(tick + "+00:00"))


def test_a_time_at_the_end_of_year_9999_has_no_tick() -> None:
    last = millis_of(LAST)
    assert next_tick(last - 3) == last - 2
    with pytest.raises(TimeOutOfRange):
        next_tick(last - 2)


def test_the_first_row_at_fault_is_named() -> None:
    with pytest.raises(TimeOutOfRange) as caught:
        next_ticks([0, 1, 2**60, 2**61])
    assert caught.value.metadata == {"row": "2"}
