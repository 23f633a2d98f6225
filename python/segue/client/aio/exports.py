"""Reads exports to their end, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc

from segue.client.aio.connection import AsyncConnection
from segue.client.blocks import Block, BlockCursor
from segue.client.calls import exports as calls
from segue.client.errors import ClientError, from_rpc_error
from segue.client.retry import RetryBudget, is_broken_stream
from segue.client.snapshot import PinnedSnapshot
from segue.v1.export_service_pb2 import (
    ExportStatus,
    InitiateExportResponse,
    RetrieveExportRequest,
)
from segue.v1.segment_service_pb2 import StreamMembersRequest


class AsyncExport(PinnedSnapshot):
    """A pinned snapshot that can be read any number of times, from any offset, until it expires."""

    def __init__(
        self,
        connection: AsyncConnection,
        token: str,
        opened: InitiateExportResponse | ExportStatus,
    ) -> None:
        """Takes what InitiateExport or GetExportStatus answered."""
        super().__init__(token, opened)
        self._connection = connection

    async def status(self) -> ExportStatus:
        """Returns state, rows and bytes; the rows are counted when first asked for."""
        return await self._connection.run(calls.get_export_status(self.token))

    def __aiter__(self) -> AsyncIterator[Block]:
        """Yields all blocks, see `blocks`."""
        return self.blocks()

    async def blocks(self, offset: int = 0) -> AsyncGenerator[Block, None]:
        """Yields blocks from an offset on; their bytes together are the export.

        A stream that breaks is opened again at the last block's `next_offset`. Bytes never come twice, and never with a gap.

        Raises:
            ClientError: The server refused, or stayed away longer than the retry policy waits.
        """
        cursor = BlockCursor(offset)
        budget = RetryBudget(self._connection.options.retry)
        while True:
            try:
                async with aclosing(self._stream(cursor)) as stream:
                    async for block in stream:
                        budget.succeeded()
                        yield block
            except ClientError as failure:
                delay = budget.delay_after(failure) if is_broken_stream(failure) else None
                if delay is None:
                    raise
            else:
                return
            await asyncio.sleep(delay)

    def _stream(self, cursor: BlockCursor) -> AsyncGenerator[Block, None]:
        request = RetrieveExportRequest(token=self.token, offset=cursor.offset)
        stream = self._connection.stubs.exports.RetrieveExport(
            request, metadata=self._connection.metadata
        )
        return _checked(stream, cursor)


def stream_members(
    connection: AsyncConnection, request: StreamMembersRequest
) -> AsyncGenerator[Block, None]:
    """Yields a segment's members as they are now; a stream that breaks is not resumed.

    Raises:
        ClientError: The server refused or broke off.
    """
    stream = connection.stubs.segments.StreamMembers(request, metadata=connection.metadata)
    return _checked(stream, BlockCursor())


async def _checked(stream: Any, cursor: BlockCursor) -> AsyncGenerator[Block, None]:  # noqa: ANN401  # typed for sync channels only
    try:
        async for response in stream:
            yield cursor.accept(response)
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    finally:
        stream.cancel()
