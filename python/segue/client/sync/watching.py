"""Follows who enters and leaves a segment, whatever happens to the connection."""

import time
from collections.abc import Iterator

import grpc

from segue.client.calls.segments import follow
from segue.client.errors import ClientError, from_rpc_error
from segue.client.retry import RetryBudget, is_broken_stream
from segue.client.sync.connection import Connection
from segue.v1.segment_service_pb2 import WatchSegmentRequest, WatchSegmentResponse


def watch_segment(
    connection: Connection, request: WatchSegmentRequest
) -> Iterator[WatchSegmentResponse]:
    """Yields changes after the request's position; a stream that breaks is opened again at the position last seen.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """
    budget = RetryBudget(connection.options.retry)
    while True:
        try:
            for response in _stream(connection, request):
                budget.succeeded()
                follow(request, response)
                yield response
        except ClientError as failure:
            delay = budget.delay_after(failure) if is_broken_stream(failure) else None
            if delay is None:
                raise
        else:
            return
        time.sleep(delay)


def _stream(connection: Connection, request: WatchSegmentRequest) -> Iterator[WatchSegmentResponse]:
    stream = connection.stubs.segments.WatchSegment(request, metadata=connection.metadata)
    try:
        yield from stream
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    finally:
        stream.cancel()
