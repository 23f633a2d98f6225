"""How events are packed, and what their fields may be; without a server."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from segue._kernel import crc32c
from segue.client.events import (
    BLOCK_BYTES,
    LISTED_PROBLEMS,
    EventMalformed,
    RecordedEvents,
    event_of,
    event_streams,
    with_times,
)
from segue.client.staging import STREAM_PARTS
from segue.v1.block_pb2 import BlockFormat
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.event_pb2 import Event, EventBatch
from segue.v1.event_service_pb2 import EventException, RecordEventsResponse

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_MILLIS = 1_769_860_800_000


def test_events_are_packed_in_order_into_blocks_of_a_mebibyte() -> None:
    events = [Event(event_id=f"{number}", profile_id="p" * 200) for number in range(60_000)]
    streams = list(event_streams("shop", iter(events), refuse_unknown_profiles=True))
    requests = [request for stream in streams for request in stream.requests]
    packed = [event for r in requests for event in EventBatch.FromString(r.data).events]
    assert packed == events
    assert all(len(r.data) < BLOCK_BYTES * 1.1 for r in requests)
    assert all(len(r.data) >= BLOCK_BYTES for r in requests[:-1])
    assert all(r.crc32c == crc32c(r.data) for r in requests)
    assert {r.format for r in requests} == {BlockFormat.BLOCK_FORMAT_EVENT_BATCH}
    assert len(streams) > 1
    for stream in streams:
        first, *others = stream.requests
        assert (first.parent, first.refuse_unknown_profiles) == ("accounts/shop", True)
        assert {r.parent for r in others} <= {""}
        assert len(stream.requests) <= STREAM_PARTS


def test_no_events_make_no_stream() -> None:
    assert list(event_streams("shop", [], refuse_unknown_profiles=False)) == []


def test_problems_are_told_by_the_place_of_their_event_among_all() -> None:
    events = [Event(event_id=f"{number}", profile_id="p" * 200) for number in range(12_000)]
    (stream,) = event_streams("shop", events, refuse_unknown_profiles=False)
    first = len(EventBatch.FromString(stream.requests[0].data).events)
    reason = ErrorReason.ERROR_REASON_EVENT_CHANGED
    found = EventException(block_number=2, record_number=3, event_id="x", reason=reason)
    response = RecordEventsResponse(
        received_count=5, recorded_count=4, exception_count=1, exceptions=[found], revision=7
    )
    recorded = RecordedEvents().after(stream, response).after(stream, response)
    assert (recorded.received_count, recorded.recorded_count, recorded.revision) == (10, 8, 7)
    assert [problem.position for problem in recorded.problems] == [first + 3, first + 3]
    assert recorded.problems[0].reason == "EVENT_CHANGED"
    many = RecordEventsResponse(exceptions=[found] * LISTED_PROBLEMS)
    assert len(recorded.after(stream, many).problems) == LISTED_PROBLEMS


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=5))),
        "2026-01-31T12:00:00Z",
        "2026-01-31T13:00:00+01:00",
    ],
)
def test_times_are_instants_whatever_their_form(moment: object) -> None:
    assert event_of({"source_time": moment}).source_time_millis == NOON_MILLIS


def test_values_keep_their_kinds() -> None:
    data = {"a": "x", "b": True, "c": 3, "d": 2.5, "e": NOON, "f": None}
    event = event_of({"event_id": "1", "profile_id": "p", "event_type": "order", "data": data})
    assert (event.event_id, event.profile_id, event.event_type) == ("1", "p", "order")
    kinds = {value.key: value.WhichOneof("value") for value in event.data}
    assert kinds == {
        "a": "text",
        "b": "boolean",
        "c": "number",
        "d": "number",
        "e": "date_time_millis",
    }


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"id": "1"}, "'id'"),
        ({"event_id": 1}, "event_id"),
        ({"source_time": "yesterday"}, "source_time"),
        ({"source_time": 5}, "source_time"),
        ({"data": [1]}, "data"),
        ({"data": {"a": [1]}}, r"data\[a\]"),
    ],
)
def test_what_no_event_can_have_is_refused_by_name(record: dict[str, Any], field: str) -> None:
    with pytest.raises(EventMalformed, match=field):
        event_of(record)


def test_texts_of_times_become_times_where_the_event_type_has_them() -> None:
    record = {"event_id": "1", "data": {"at": "2026-01-31T12:00:00Z", "note": "2026-01-31"}}
    assert event_of(with_times(record, ("at", "gone"))).data[0].date_time_millis == NOON_MILLIS
    assert event_of(with_times(record, ())).data[0].text
    with pytest.raises(EventMalformed, match="note"):
        with_times({"data": {"note": "soon"}}, ("note",))
