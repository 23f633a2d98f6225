"""What is wrong with a request for an export, sentence by sentence of seeds 000, 002 and 003."""

import dataclasses
import datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.document_checks import MAX_EVENT_MONTHS, months_later
from segue.domain.export import Compression, EventWindow, ExportDelivery, ExportRequest, MatchBy
from segue.domain.export_checks import MAX_PATHS
from segue.domain.mask_path import ENTRIES
from segue.domain.match_values import MAX_VALUES
from segue.domain.notification import NotificationKind, NotificationTarget
from segue.domain.profile import BlockFormat
from segue.domain.timestamp import parse_timestamp
from segue.service.export_selection import prepare
from tests.unit.export_requests import (
    DAY,
    START,
    batch,
    document,
    files,
    matching,
    problems,
    with_events,
)

EARLIER = "of the export before"

VALUES = {
    MatchBy.PROFILE_ID: "p-1",
    MatchBy.ALTERNATE_ID: "A 17",
    MatchBy.EMAIL_ADDRESS: "Anna@Example.com",
    MatchBy.PHONE_NUMBER: "+46701234567",
}


def test_a_request_that_says_nothing_but_its_format_is_right() -> None:
    for block_format in (
        BlockFormat.PROFILE_BATCH,
        BlockFormat.NDJSON,
        BlockFormat.ARROW_IPC,
        BlockFormat.CSV,
        BlockFormat.PARQUET,
        BlockFormat.SUBSCRIBERS_JSON,
    ):
        assert problems(ExportRequest(block_format)) == {}


def test_a_request_that_says_everything_it_may_is_right() -> None:
    request = document(
        "fields.Age",
        "tags.vip",
        "topics.offers",
        segment_ids=("a", "b"),
        last_datetime="2024-01-01",
        include_removed=True,
        compression=Compression.ZSTD,
        states=(0, 3, 5),
        delivery=ExportDelivery.FILES,
        max_file_rows=1,
        max_file_bytes=1 << 16,
        events=EventWindow(("clicked",), START),
        notify=NotificationTarget(NotificationKind.EMAIL, "a@example.com"),
    )
    assert problems(request) == {}


def test_events_cannot_be_exported_as_a_block_format() -> None:
    assert set(problems(ExportRequest(BlockFormat.EVENT_BATCH))) == {"format"}


# --- Seed 000 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("match_by", MatchBy)
def test_profile_id_alternate_id_email_address_and_phone_number_are_the_match_criteria(
    match_by: MatchBy,
) -> None:
    assert problems(matching(match_by, VALUES[match_by], match_type="work")) == {}


@pytest.mark.parametrize("match_type", ["", "  "])
def test_match_type_is_required_when_match_criteria_is_alternate_id(match_type: str) -> None:
    found = problems(matching(MatchBy.ALTERNATE_ID, "17", match_type=match_type))
    assert set(found) == {"match_criteria.match_type"}
    assert "required for ALTERNATE_ID" in found["match_criteria.match_type"]


@pytest.mark.parametrize("match_by", sorted(set(MatchBy) - {MatchBy.ALTERNATE_ID}))
def test_match_type_is_optional_for_the_others(match_by: MatchBy) -> None:
    assert problems(matching(match_by, VALUES[match_by])) == {}


def test_a_match_type_is_no_longer_than_types_are() -> None:
    assert problems(matching(MatchBy.PROFILE_ID, "p", match_type="å" * 50)) == {}
    found = problems(matching(MatchBy.PROFILE_ID, "p", match_type="å" * 51))
    assert set(found) == {"match_criteria.match_type"}


def test_match_criteria_have_a_value_at_least_and_a_million_at_most() -> None:
    assert set(problems(matching(MatchBy.PROFILE_ID))) == {"match_criteria.values"}
    too_many = matching(MatchBy.PROFILE_ID, *(["p"] * (MAX_VALUES + 1)))
    assert "1,000,001 entries" in problems(too_many)["match_criteria.values"]


@pytest.mark.parametrize(
    ("match_by", "value"),
    [
        (MatchBy.EMAIL_ADDRESS, "+46701234567"),
        (MatchBy.EMAIL_ADDRESS, "anna@"),
        (MatchBy.EMAIL_ADDRESS, "anna@b..se"),
        (MatchBy.EMAIL_ADDRESS, "anna@-b.se"),
        (MatchBy.EMAIL_ADDRESS, f"{'a' * 65}@b.se"),
        (MatchBy.EMAIL_ADDRESS, f"a@{'.'.join(['b' * 60] * 5)}"),
        (MatchBy.PHONE_NUMBER, "anna@example.com"),
        (MatchBy.PHONE_NUMBER, "0701234567"),
        (MatchBy.PHONE_NUMBER, "+0701234567"),
        (MatchBy.PHONE_NUMBER, "+123456"),
        (MatchBy.PHONE_NUMBER, "+1234567890123456"),
        (MatchBy.PHONE_NUMBER, "+46 70 123 45 67 ext 1"),
        (MatchBy.PROFILE_ID, "p" * 256),
        (MatchBy.PROFILE_ID, ""),
        (MatchBy.ALTERNATE_ID, "å" * 129),
        (MatchBy.ALTERNATE_ID, "a\0b"),
    ],
)
def test_values_of_the_wrong_kind_are_refused_without_being_told(
    match_by: MatchBy, value: str
) -> None:
    found = problems(matching(match_by, VALUES[match_by], value, match_type="x"))
    assert set(found) == {"match_criteria.values[1]"}
    assert not value or value not in str(found)


def test_of_many_wrong_values_ten_are_told_and_the_rest_counted() -> None:
    values = ["a@b.se"] * 5 + ["anna"] * 1_234
    found = problems(matching(MatchBy.EMAIL_ADDRESS, *values))
    positions = {f"match_criteria.values[{position}]" for position in range(5, 15)}
    assert set(found) == positions | {"match_criteria.values"}
    assert "1,234" in found["match_criteria.values"]


def test_ten_wrong_values_need_no_count() -> None:
    found = problems(matching(MatchBy.EMAIL_ADDRESS, *["anna"] * 10))
    assert "match_criteria.values" not in found
    assert len(found) == 10


@pytest.mark.parametrize(
    ("match_by", "value", "same"),
    [
        (MatchBy.EMAIL_ADDRESS, "  Anna@Example.com\n", "aNNa@example.COM"),
        (MatchBy.EMAIL_ADDRESS, "å@räksmörgås.se", "Å@RÄKSMÖRGÅS.SE"),
        (MatchBy.PHONE_NUMBER, " +46 (70) 123-45.67 ", "+46701234567"),
    ],
)
def test_values_that_are_found_alike_are_the_same_value(
    match_by: MatchBy, value: str, same: str
) -> None:
    one, other = (prepare(matching(match_by, text)) for text in (value, same))
    assert one.match_digest == other.match_digest
    assert one.match_values == other.match_values


@pytest.mark.parametrize("match_by", [MatchBy.PROFILE_ID, MatchBy.ALTERNATE_ID])
@pytest.mark.parametrize("other", ["A-17 ", " A-17", "a-17"])
def test_ids_are_compared_as_they_are(match_by: MatchBy, other: str) -> None:
    texts = ("A-17", other)
    one, two = (prepare(matching(match_by, text, match_type="crm")) for text in texts)
    assert one.match_digest != two.match_digest


@given(
    st.sampled_from([MatchBy.PROFILE_ID, MatchBy.EMAIL_ADDRESS]),
    st.lists(st.sampled_from(["a@b", "A@B", "c@d.se", "å@b", "x"]), min_size=1),
    st.randoms(),
)
def test_neither_order_nor_repeats_of_values_count(
    match_by: MatchBy, values: list[str], random: Random
) -> None:
    turned = values + random.choices(values, k=3)
    random.shuffle(turned)
    one, other = (prepare(matching(match_by, *texts)) for texts in (values, turned))
    assert (one.match_digest, one.match_values) == (other.match_digest, other.match_values)
    is_right = match_by is MatchBy.PROFILE_ID or "x" not in values
    assert bool(one.match_digest) == is_right == (not one.violations)


def test_what_is_no_text_is_no_value() -> None:
    found = problems(matching(MatchBy.PROFILE_ID, "p", "\ud800"))
    assert set(found) == {"match_criteria.values[1]"}


# --- Seed 002 ---------------------------------------------------------------------------------------------------------------


def test_at_least_one_attribute_or_tag_must_be_requested_for_the_profiles_to_show_up() -> None:
    for request in (
        document("topics.offers"),
        document("profile_id"),
        document("consents.marketing", events=EventWindow(("clicked",), START)),
    ):
        assert "at least one" in problems(request)["read_mask"]
    assert problems(document("tags.vip")) == {}
    assert problems(document("emails")) == {}


def test_only_what_is_explicitly_declared_is_exported_so_a_document_needs_a_read_mask() -> None:
    assert "is missing" in problems(document())["read_mask"]
    assert "is missing" in problems(ExportRequest(BlockFormat.JSON))["read_mask"]


@pytest.mark.parametrize(
    "path",
    [
        "*",
        "fields",
        "fields.*",
        "tags",
        "tags.*",
        "topics",
        "consents",
        "memberships",
        "memberships.news",
        "memberships.*",
        "memberships.*.state",
        "memberships.news.fields",
        "memberships.news.fields.*",
    ],
)
def test_attributes_and_tags_are_declared_one_by_one(path: str) -> None:
    found = problems(document("fields.Age", path))
    assert set(found) == {"read_mask.paths[1]"}
    assert "one by one" in found["read_mask.paths[1]"]


@pytest.mark.parametrize(
    "path",
    [
        "fields.`*`",
        "fields.fields",
        "tags.tags",
        "memberships.news.state",
        "memberships.fields.fields.`v. 2`",
        "name",
        "name.given_name",
        "emails",
    ],
)
def test_what_is_declared_by_name_is_taken(path: str) -> None:
    assert problems(document("fields.Age", path)) == {}


def test_the_export_file_can_include_up_to_75_attributes() -> None:
    attributes = [f"fields.a{number}" for number in range(68)]
    fitting = [*attributes, "name", "memberships.news.state", "profile_id", "topics.offers"]
    assert problems(document(*fitting)) == {}
    found = problems(document(*fitting, "emails"))
    assert set(found) == {"read_mask"}
    assert "76 attributes" in found["read_mask"]


def test_the_export_file_can_include_up_to_25_tags() -> None:
    tags = [f"tags.t{number}" for number in range(25)]
    assert problems(document(*tags)) == {}
    found = problems(document(*tags, "tags.one-more"))
    assert set(found) == {"read_mask"}
    assert "26 tags" in found["read_mask"]


def test_both_limits_are_told_at_once() -> None:
    paths = [f"{kind}.x{number}" for kind in ("fields", "tags") for number in range(80)]
    told = problems(document(*paths))["read_mask"]
    assert "80 attributes" in told
    assert "80 tags" in told


def test_an_attribute_that_is_declared_twice_counts_once() -> None:
    attributes = [f"fields.a{number}" for number in range(75)]
    again = [f"fields.`A{number}`" for number in range(75)]
    assert problems(document(*attributes, *again)) == {}
    parts = [f"fields.a{number}" for number in range(69)]
    assert problems(document(*parts, "name", "name.given_name")) == {}


def test_other_formats_have_none_of_these_limits() -> None:
    paths = ("fields", "tags", *(f"fields.a{number}" for number in range(100)))
    assert problems(batch(read_mask=paths)) == {}


@pytest.mark.parametrize("path", ENTRIES)
def test_addresses_preferences_and_groups_come_in_formats_with_whole_profiles(path: str) -> None:
    paths = ("emails", path)
    for block_format in (BlockFormat.PROFILE_BATCH, BlockFormat.NDJSON):
        assert problems(ExportRequest(block_format, read_mask=paths)) == {}
    for block_format in (BlockFormat.CSV, BlockFormat.ARROW_IPC, BlockFormat.PARQUET):
        assert set(problems(ExportRequest(block_format, read_mask=paths))) == {"read_mask.paths[1]"}
    assert set(problems(document(*paths))) == {"read_mask.paths[1]"}


def test_for_events_start_at_is_mandatory() -> None:
    assert set(problems(with_events(start=None))) == {"events.start_time"}
    assert set(problems(with_events(start=None, end=START))) == {"events.start_time"}
    assert problems(with_events(start=0)) == {}


def test_when_end_at_is_not_provided_it_is_defaulted_to_one_week_after_start_at() -> None:
    events = with_events().events
    assert events is not None
    assert events.bounds() == (START, START + 7 * DAY)


@pytest.mark.parametrize("end", [START, START - 1])
def test_a_window_must_not_be_empty_or_upside_down(end: int) -> None:
    assert set(problems(with_events(end=end))) == {"events.end_time"}


def test_maximum_export_time_window_for_events_is_three_months() -> None:
    last = parse_timestamp("2024-04-30T12:00:00Z")
    assert problems(with_events(end=last)) == {}
    found = problems(with_events(end=last + 1))
    assert set(found) == {"events.end_time"}
    assert "3 months" in found["events.end_time"]


@pytest.mark.parametrize(
    ("start", "months", "later"),
    [
        ("2023-11-30T00:00:00.123", 3, "2024-02-29T00:00:00.123"),
        ("2022-11-30", 3, "2023-02-28"),
        ("2024-10-31", 3, "2025-01-31"),
        ("2024-12-15", 0, "2024-12-15"),
        ("1969-12-31T23:59:59.999", 2, "1970-02-28T23:59:59.999"),
        ("9999-10-01", 3, "9999-12-31T23:59:59.999"),
    ],
)
def test_months_are_those_of_the_calendar(start: str, months: int, later: str) -> None:
    assert months_later(parse_timestamp(start), months) == parse_timestamp(later)


@given(
    st.datetimes(
        min_value=datetime.datetime(1, 1, 1),  # noqa: DTZ001 — hypothesis takes naive bounds
        max_value=datetime.datetime(9999, 12, 31),  # noqa: DTZ001
        timezones=st.just(datetime.UTC),
    )
)
def test_three_months_are_89_to_92_days_and_keep_order(moment: datetime.datetime) -> None:
    millis = parse_timestamp(moment.isoformat())
    later = months_later(millis, MAX_EVENT_MONTHS)
    assert later - millis <= 92 * DAY
    assert later - millis >= 89 * DAY or moment.year == datetime.MAXYEAR
    assert months_later(millis + 1, MAX_EVENT_MONTHS) >= later


def test_events_come_with_documents_only() -> None:
    request = dataclasses.replace(with_events(), block_format=BlockFormat.NDJSON)
    assert set(problems(request)) == {"events"}


def test_events_need_a_type() -> None:
    request = document("fields.Age", events=EventWindow((), START))
    assert set(problems(request)) == {"events.event_types"}


# --- Seeds 001 and 003, and what is ours ------------------------------------------------------------------------------------


def test_a_hundred_segments_may_be_united_each_once() -> None:
    ids = tuple(f"s{number}" for number in range(100))
    assert problems(batch(segment_ids=ids)) == {}
    assert set(problems(batch(segment_ids=(*ids, "more")))) == {"segments.segments"}
    assert set(problems(batch(segment_ids=("a", "b", "a")))) == {"segments.segments[2]"}


def test_states_are_those_of_memberships() -> None:
    assert problems(batch(states=tuple(range(6)))) == {}
    assert set(problems(batch(states=(-1, 2, 6)))) == {"states[0]", "states[2]"}


def test_removals_need_something_to_go_on_from() -> None:
    assert set(problems(batch(include_removed=True))) == {"include_removed"}
    assert problems(batch(include_removed=True, last_datetime="2024-01-01")) == {}
    assert problems(batch(include_removed=True, sync_token=EARLIER)) == {}


def test_an_increment_goes_on_from_a_time_or_a_token_not_both() -> None:
    found = problems(batch(last_datetime="2024-01-01", sync_token=EARLIER))
    assert set(found) == {"sync_token"}


def test_files_are_split_and_told_of_and_streams_are_not() -> None:
    target = NotificationTarget(NotificationKind.EMAIL, "anna@example.com")
    request = batch(max_file_rows=1, max_file_bytes=1 << 16, notify=target)
    found = problems(request)
    assert set(found) == {"max_file_rows", "max_file_bytes", "notify"}
    assert "anna" not in str(found)
    assert problems(dataclasses.replace(request, delivery=ExportDelivery.FILES)) == {}


def test_files_have_a_row_and_64_kib_at_least() -> None:
    found = problems(files(max_file_rows=0, max_file_bytes=(1 << 16) - 1))
    assert set(found) == {"max_file_rows", "max_file_bytes"}


@pytest.mark.parametrize("count", [0, -1, 65])
def test_there_are_1_to_64_streams(count: int) -> None:
    assert set(problems(batch(stream_count=count))) == {"stream_count"}
    assert problems(batch(stream_count=64)) == {}


def test_files_are_no_streams() -> None:
    assert set(problems(files(stream_count=2))) == {"stream_count"}
    assert problems(files(stream_count=1)) == {}


def test_a_read_mask_has_a_limit() -> None:
    paths = ("emails",) * (MAX_PATHS + 1)
    assert set(problems(batch(read_mask=paths))) == {"read_mask"}


def test_everything_that_is_wrong_is_told_at_once_by_its_field() -> None:
    request = ExportRequest(
        block_format=BlockFormat.JSON,
        segment_ids=("a", "a"),
        last_datetime="2024-01-01",
        sync_token=EARLIER,
        states=(9,),
        match=matching(MatchBy.ALTERNATE_ID).match,
        read_mask=("fields",),
        stream_count=0,
        max_file_rows=0,
        events=EventWindow((), None),
    )
    fields = [violation.field for violation in prepare(request).violations]
    assert fields == [
        "segments.segments[1]",
        "sync_token",
        "states[0]",
        "read_mask.paths[0]",
        "read_mask",
        "events.event_types",
        "events.start_time",
        "match_criteria.match_type",
        "match_criteria.values",
        "stream_count",
        "max_file_rows",
        "max_file_rows",
    ]
