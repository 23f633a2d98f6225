"""Records events."""

from collections.abc import Iterable, Iterator
from contextlib import aclosing
from typing import Any

from segue.client.aio.connection import AsyncConnection
from segue.client.aio.streams import send_streams
from segue.client.events import EventRecord, RecordedEvents, event_streams
from segue.client.sync.events import OnRecorded


async def record_events(
    connection: AsyncConnection,
    account: str,
    events: Iterable[EventRecord],
    *,
    refuse_unknown_profiles: bool = False,
    on_progress: OnRecorded | None = None,
) -> RecordedEvents:
    """Sends events and returns when all of them are durable and visible. See `AsyncAccountClient.record_events`."""

    def open_call(requests: Iterator[Any]) -> Any:  # noqa: ANN401 - aio's calls are awaited, which the stubs do not say
        return connection.stubs.events.RecordEvents(requests, metadata=connection.metadata)

    recorded = RecordedEvents()
    streams = event_streams(account, events, refuse_unknown_profiles=refuse_unknown_profiles)
    async with aclosing(send_streams(connection, open_call, streams)) as sent:
        async for stream, response in sent:
            recorded = recorded.after(stream, response)
            if on_progress:
                on_progress(recorded)
    return recorded
