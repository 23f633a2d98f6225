"""Follows who enters and leaves a segment, whatever happens to the connection."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from segue.client.aio.connection import AsyncConnection
from segue.client.aio.retrieving import received, reopened
from segue.client.calls.segments import follow
from segue.v1.segment_service_pb2 import WatchSegmentRequest, WatchSegmentResponse


def watch_segment(
    connection: AsyncConnection, request: WatchSegmentRequest
) -> AsyncGenerator[WatchSegmentResponse, None]:
    """Yields changes after the request's position; a stream that breaks is opened again at the position last seen.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """

    async def stream() -> AsyncGenerator[WatchSegmentResponse, None]:
        call = connection.stubs.segments.WatchSegment(request, metadata=connection.metadata)
        async with aclosing(received(call)) as responses:
            async for response in responses:
                follow(request, response)
                yield response

    return reopened(connection, stream)
