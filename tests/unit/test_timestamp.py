"""Instants as text."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.timestamp import format_timestamp, parse_timestamp
from segue.errors import TimeInvalid

YEAR_1 = -62_135_596_800_000
YEAR_9999_END = 253_402_300_799_999


@given(st.integers(YEAR_1, YEAR_9999_END))
def test_parsing_undoes_formatting(millis: int) -> None:
    assert parse_timestamp(format_timestamp(millis)) == millis


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01T00:00:00.123Z",
        "2024-03-01T00:00:00.123",
        "2024-03-01 00:00:00.123z",
        "2024-03-01T02:00:00.123+02:00",
        "2024-02-29T23:00:00.123-0100",
        "2024-03-01T00:00:00.123999",
    ],
)
def test_every_form_of_seed_000_means_the_same_instant(text: str) -> None:
    moment = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC).timestamp()
    assert parse_timestamp(text) == int(moment) * 1000 + 123


def test_a_day_alone_means_its_first_millisecond() -> None:
    assert parse_timestamp("1970-01-02") == 86_400_000


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-13-01", "2024-02-30T00:00:00Z", "0000-01-01", "12024-01-01", "1709251200",
     "2024-03-01T00:00:00.1234567890", "2024-03-01T25:00", "0001-01-01T00:00:00+23:00x"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(TimeInvalid, match="write it as 2024-03-01T"):
        parse_timestamp(text)
