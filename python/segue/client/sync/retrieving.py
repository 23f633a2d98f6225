"""Reads bytes of exports and follows their state, whatever happens to the connection."""

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc

from segue.client.blocks import Block, BlockCursor
from segue.client.errors import ClientError, from_rpc_error
from segue.client.retry import RetryBudget, is_broken_stream
from segue.client.sync.connection import Connection
from segue.v1.export_pb2 import ExportStatus
from segue.v1.export_service_pb2 import RetrieveExportRequest, WatchExportRequest
from segue.v1.segment_service_pb2 import StreamMembersRequest

Item = TypeVar("Item")


def retrieve_blocks(connection: Connection, request: RetrieveExportRequest) -> Iterator[Block]:
    """Yields blocks from the request's offset on; a stream that breaks is opened again behind the last block.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """
    cursor = BlockCursor(request.offset)

    def stream() -> Iterator[Block]:
        request.offset = cursor.offset
        call = connection.stubs.exports.RetrieveExport(request, metadata=connection.metadata)
        return _checked(call, cursor)

    return reopened(connection, stream)


def watch_export(connection: Connection, token: str) -> Iterator[ExportStatus]:
    """Yields an export's state, first what it is now; a stream that breaks is opened again and begins so again.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """

    def stream() -> Iterator[ExportStatus]:
        request = WatchExportRequest(token=token)
        return received(connection.stubs.exports.WatchExport(request, metadata=connection.metadata))

    return reopened(connection, stream)


def stream_members(connection: Connection, request: StreamMembersRequest) -> Iterator[Block]:
    """Yields a segment's members as they are now; a stream that breaks is not resumed.

    Raises:
        ClientError: The server refused or broke off.
    """
    stream = connection.stubs.segments.StreamMembers(request, metadata=connection.metadata)
    return _checked(stream, BlockCursor())


def reopened(connection: Connection, stream: Callable[[], Iterator[Item]]) -> Iterator[Item]:
    """Yields what a stream has; one that breaks is opened again, as long as the retry policy waits."""
    budget = RetryBudget(connection.options.retry)
    while True:
        try:
            for item in stream():
                budget.succeeded()
                yield item
        except ClientError as failure:
            delay = budget.delay_after(failure) if is_broken_stream(failure) else None
            if delay is None:
                raise
        else:
            return
        time.sleep(delay)


def _checked(stream: Any, cursor: BlockCursor) -> Iterator[Block]:  # noqa: ANN401  # a call and an iterator: grpc has no public type
    for response in received(stream):
        yield cursor.accept(response)


def received(stream: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yields the responses of a call, with its errors as ours; gives the call up when nobody reads on."""
    try:
        yield from stream
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    finally:
        stream.cancel()
