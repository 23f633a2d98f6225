"""`segue.v1.EventService`. Events pass through as bytes: the kernel reads them."""

from collections.abc import AsyncIterator

from segue.service.events import EventService
from segue.transport.grpc import names
from segue.transport.grpc.messages import recorded_message
from segue.transport.grpc.requests import event_blocks
from segue.v1 import event_service_pb2


class EventServicer:
    """Serves events."""

    def __init__(self, events: EventService) -> None:
        """Takes the use cases."""
        self._events = events

    async def record_events(
        self, requests: AsyncIterator[event_service_pb2.RecordEventsRequest], _: object
    ) -> event_service_pb2.RecordEventsResponse:
        """Serves `RecordEvents`; the first message of the stream names the account."""
        first = await anext(requests, event_service_pb2.RecordEventsRequest())
        account = names.account_of(first.parent, "parent")
        return recorded_message(
            await self._events.record(
                account,
                event_blocks(first, requests),
                refuse_unknown_profiles=first.refuse_unknown_profiles,
            )
        )
