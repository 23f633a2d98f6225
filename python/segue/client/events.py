"""How events are packed into blocks and streams, and what became of them.

A stream is acknowledged as a whole and sent again when it breaks: events that had arrived count as duplicates then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from segue._kernel import crc32c
from segue.client.names import account_name
from segue.client.staging import STREAM_BYTES, STREAM_PARTS
from segue.v1.block_pb2 import BlockFormat
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.event_pb2 import Event, EventBatch, EventProperty
from segue.v1.event_service_pb2 import RecordEventsRequest, RecordEventsResponse

BLOCK_BYTES: Final = 1024 * 1024
LISTED_PROBLEMS: Final = 1_000
"""Problems that a summary keeps."""

EventRecord: TypeAlias = Event | Mapping[str, Any]
"""An event, or its fields: `event_id`, `profile_id`, `event_type`, `source_time` and `data`."""

_TEXTS: Final = ("event_id", "profile_id", "event_type")


class EventMalformed(ValueError):
    """An event has a field or value that no event can have; says which."""


@dataclass(frozen=True)
class EventProblem:
    """Why an event was not recorded.

    Attributes:
        position: The event's place among those given, from 1.
        event_id: Its own id, when it could be read.
        field_path: What in it is wrong.
        reason: Name in `segue.v1.ErrorReason`, without its prefix.
        message: The same in words.
    """

    position: int
    event_id: str
    field_path: str
    reason: str
    message: str


@dataclass(frozen=True)
class RecordedEvents:
    """What became of events.

    Attributes:
        received_count: Events the server took.
        recorded_count: Those that are new.
        duplicate_count: Those that had been recorded before.
        unknown_profile_count: Those recorded whose profile is not there yet.
        problem_count: Problems; an event with one or more is not recorded.
        problems: The first 1,000 of them.
        revision: The account's revision with all of them.
    """

    received_count: int = 0
    recorded_count: int = 0
    duplicate_count: int = 0
    unknown_profile_count: int = 0
    problem_count: int = 0
    problems: tuple[EventProblem, ...] = ()
    revision: int = 0

    def after(self, stream: "EventStream", response: RecordEventsResponse) -> "RecordedEvents":
        """Returns the summary with one more acknowledged stream."""
        room = LISTED_PROBLEMS - len(self.problems)
        return RecordedEvents(
            self.received_count + response.received_count,
            self.recorded_count + response.recorded_count,
            self.duplicate_count + response.duplicate_count,
            self.unknown_profile_count + response.unknown_profile_count,
            self.problem_count + response.exception_count,
            (*self.problems, *stream.problems(response)[:room]),
            max(self.revision, response.revision),
        )


@dataclass(frozen=True)
class EventStream:
    """Blocks that travel and are acknowledged together."""

    requests: tuple[RecordEventsRequest, ...]
    starts: tuple[int, ...]
    """For each block, the events before it."""

    def problems(self, response: RecordEventsResponse) -> list[EventProblem]:
        """Returns the problems of a response with the places of their events."""
        return [
            EventProblem(
                self.starts[found.block_number - 1] + found.record_number,
                found.event_id,
                found.field_path,
                ErrorReason.Name(found.reason).removeprefix("ERROR_REASON_"),
                found.message,
            )
            for found in response.exceptions
        ]


def event_streams(
    account: str, events: Iterable[EventRecord], *, refuse_unknown_profiles: bool
) -> Iterator[EventStream]:
    """Packs events into blocks of about 1 MiB, and these into streams, pulling no more events than the next stream holds.

    Raises:
        EventMalformed: An event has a field or value that no event can have.
    """
    requests: list[RecordEventsRequest] = []
    starts: list[int] = []
    size_bytes = 0
    for start, data in _blocks(events):
        requests.append(
            RecordEventsRequest(
                parent="" if requests else account_name(account),
                refuse_unknown_profiles=refuse_unknown_profiles,
                format=BlockFormat.BLOCK_FORMAT_EVENT_BATCH,
                data=data,
                crc32c=crc32c(data),
            )
        )
        starts.append(start)
        size_bytes += len(data)
        if len(requests) == STREAM_PARTS or size_bytes >= STREAM_BYTES:
            yield EventStream(tuple(requests), tuple(starts))
            requests, starts, size_bytes = [], [], 0
    if requests:
        yield EventStream(tuple(requests), tuple(starts))


def _blocks(events: Iterable[EventRecord]) -> Iterator[tuple[int, bytes]]:
    """Yields blocks, each with the number of events before it."""
    start, size_bytes = 0, 0
    held: list[Event] = []
    for record in events:
        event = record if isinstance(record, Event) else event_of(record)
        held.append(event)
        size_bytes += event.ByteSize()
        if size_bytes >= BLOCK_BYTES:
            yield start, EventBatch(events=held).SerializeToString()
            start, size_bytes, held = start + len(held), 0, []
    if held:
        yield start, EventBatch(events=held).SerializeToString()


def event_of(record: Mapping[str, Any]) -> Event:
    """Makes an event of its fields.

    Args:
        record: `event_id`, `profile_id` and `event_type` as text; `source_time` as a time or its text; `data` with texts, numbers, truth
            values and times by key. What is None is left out.

    Raises:
        EventMalformed: A field is unknown, or a value is of another kind.
    """
    given = {name: value for name, value in record.items() if value is not None}
    if unknown := sorted(given.keys() - {*_TEXTS, "source_time", "data"}):
        raise EventMalformed(
            f"an event has no field {unknown[0]!r}; it has {', '.join(_TEXTS)}, source_time and data"
        )
    event = Event()
    for name in _TEXTS:
        if not isinstance(value := given.get(name, ""), str):
            raise EventMalformed(f"{name} must be text")
        setattr(event, name, value)
    if "source_time" in given:
        event.source_time_millis = millis_of(given["source_time"], "source_time")
    data = given.get("data", {})
    if not isinstance(data, Mapping):
        raise EventMalformed("data must be an object of values by key")
    event.data.extend(_property(key, value) for key, value in data.items() if value is not None)
    return event


def _property(key: str, value: object) -> EventProperty:
    match value:
        case str():
            return EventProperty(key=key, text=value)
        case bool():
            return EventProperty(key=key, boolean=value)
        case int() | float():
            return EventProperty(key=key, number=value)
        case datetime():
            return EventProperty(key=key, date_time_millis=millis_of(value, f"data[{key}]"))
        case _:
            raise EventMalformed(f"data[{key}] must be a text, number, truth value or time")


def millis_of(moment: object, field: str) -> int:
    """Returns a time, or its text, in milliseconds since 1970 UTC; one without a zone is taken as UTC.

    Raises:
        EventMalformed: It is no time; names the field.
    """
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        found = None
    if not isinstance(found, datetime):
        raise EventMalformed(f"{field} must be a time, as 2026-01-31T12:00:00.000Z")
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def with_times(record: Mapping[str, Any], keys: Sequence[str]) -> Mapping[str, Any]:
    """Returns an event whose data has times where it has their texts.

    Args:
        record: The event's fields.
        keys: Properties that hold times.

    Raises:
        EventMalformed: One of their texts is no time.
    """
    data = record.get("data")
    if not keys or not isinstance(data, Mapping):
        return record
    times = {
        key: datetime.fromtimestamp(millis_of(data[key], f"data[{key}]") / 1000, UTC)
        for key in keys
        if isinstance(data.get(key), str)
    }
    return {**record, "data": {**data, **times}}
