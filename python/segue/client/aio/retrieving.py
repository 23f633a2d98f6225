"""Reads bytes of exports and follows their state, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import grpc

from segue.client.aio.connection import AsyncConnection
from segue.client.blocks import Block, BlockCursor
from segue.client.errors import ClientError, from_rpc_error
from segue.client.retry import RetryBudget, is_broken_stream
from segue.v1.export_pb2 import ExportStatus
from segue.v1.export_service_pb2 import RetrieveExportRequest, WatchExportRequest
from segue.v1.segment_service_pb2 import StreamMembersRequest

Item = TypeVar("Item")


def retrieve_blocks(
    connection: AsyncConnection, request: RetrieveExportRequest
) -> AsyncGenerator[Block, None]:
    """Yields blocks from the request's offset on; a stream that breaks is opened again behind the last block.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """
    cursor = BlockCursor(request.offset)

    def stream() -> AsyncGenerator[Block, None]:
        request.offset = cursor.offset
        call = connection.stubs.exports.RetrieveExport(request, metadata=connection.metadata)
        return _checked(call, cursor)

    return reopened(connection, stream)


def watch_export(connection: AsyncConnection, token: str) -> AsyncGenerator[ExportStatus, None]:
    """Yields an export's state, first what it is now; a stream that breaks is opened again and begins so again.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """

    def stream() -> AsyncGenerator[ExportStatus, None]:
        request = WatchExportRequest(token=token)
        return received(connection.stubs.exports.WatchExport(request, metadata=connection.metadata))

    return reopened(connection, stream)


def stream_members(
    connection: AsyncConnection, request: StreamMembersRequest
) -> AsyncGenerator[Block, None]:
    """Yields a segment's members as they are now; a stream that breaks is not resumed.

    Raises:
        ClientError: The server refused or broke off.
    """
    stream = connection.stubs.segments.StreamMembers(request, metadata=connection.metadata)
    return _checked(stream, BlockCursor())


async def reopened(
    connection: AsyncConnection, stream: Callable[[], AsyncGenerator[Item, None]]
) -> AsyncGenerator[Item, None]:
    """Yields what a stream has; one that breaks is opened again, as long as the retry policy waits."""
    budget = RetryBudget(connection.options.retry)
    while True:
        try:
            async with aclosing(stream()) as items:
                async for item in items:
                    budget.succeeded()
                    yield item
        except ClientError as failure:
            delay = budget.delay_after(failure) if is_broken_stream(failure) else None
            if delay is None:
                raise
        else:
            return
        await asyncio.sleep(delay)


async def _checked(stream: Any, cursor: BlockCursor) -> AsyncGenerator[Block, None]:  # noqa: ANN401  # typed for sync channels only
    async with aclosing(received(stream)) as responses:
        async for response in responses:
            yield cursor.accept(response)


async def received(stream: Any) -> AsyncGenerator[Any, None]:  # noqa: ANN401
    """Yields the responses of a call, with its errors as ours; gives the call up when nobody reads on."""
    try:
        async for response in stream:
            yield response
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    finally:
        stream.cancel()
