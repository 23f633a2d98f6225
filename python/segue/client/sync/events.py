"""Records events."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from segue.client.events import EventRecord, RecordedEvents, event_streams
from segue.client.sync.connection import Connection
from segue.client.sync.streams import send_streams

OnRecorded = Callable[[RecordedEvents], None]


def record_events(
    connection: Connection,
    account: str,
    events: Iterable[EventRecord],
    *,
    refuse_unknown_profiles: bool = False,
    on_progress: OnRecorded | None = None,
) -> RecordedEvents:
    """Sends events and returns when all of them are durable and visible. See `AccountClient.record_events`."""

    def open_call(requests: Iterator[Any]) -> Any:  # noqa: ANN401 - a call that is also a future: grpc has no public type
        return connection.stubs.events.RecordEvents.future(requests, metadata=connection.metadata)

    recorded = RecordedEvents()
    streams = event_streams(account, events, refuse_unknown_profiles=refuse_unknown_profiles)
    with closing(send_streams(connection, open_call, streams)) as sent:
        for stream, response in sent:
            recorded = recorded.after(stream, response)
            if on_progress:
                on_progress(recorded)
    return recorded
