"""Follows who enters and leaves a segment, whatever happens to the connection."""

from collections.abc import Iterator

from segue.client.calls.segments import follow
from segue.client.sync.connection import Connection
from segue.client.sync.retrieving import received, reopened
from segue.v1.segment_service_pb2 import WatchSegmentRequest, WatchSegmentResponse


def watch_segment(
    connection: Connection, request: WatchSegmentRequest
) -> Iterator[WatchSegmentResponse]:
    """Yields changes after the request's position; a stream that breaks is opened again at the position last seen.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """

    def stream() -> Iterator[WatchSegmentResponse]:
        call = connection.stubs.segments.WatchSegment(request, metadata=connection.metadata)
        for response in received(call):
            follow(request, response)
            yield response

    return reopened(connection, stream)
