"""Stages, executes and follows imports."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

import grpc

from segue.client.aio.connection import AsyncConnection
from segue.client.calls import imports as calls
from segue.client.errors import from_rpc_error
from segue.client.retry import RetryBudget, is_broken_stream
from segue.client.staging import (
    STREAMS_UNDER_WAY,
    ImportProgress,
    PartStream,
    is_finished,
    part_streams,
    poll_delays,
)
from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import ImportStatus, StageProfilesResponse
from segue.v1.profile_service_pb2 import RecordException

OnProgress = Callable[[ImportProgress], None]
_Sending = tuple[PartStream, "asyncio.Task[StageProfilesResponse]"]


class AsyncImport:
    """An import that was opened: stage blocks, any number of times, then execute."""

    def __init__(self, connection: AsyncConnection, token: str) -> None:
        """Takes the token that InitiateImport answered."""
        self._connection = connection
        self.token = token

    async def stage(
        self,
        blocks: Iterable[bytes],
        block_format: BlockFormat.ValueType,
        on_progress: OnProgress | None = None,
    ) -> ImportProgress:
        """Sends blocks as parts 1, 2, … and returns when all of them are durable.

        Blocks are pulled as they are sent; some twenty of them are held until they are acknowledged. Parts of a stream that
        breaks are sent again, which the server counts once.

        Raises:
            ClientError: A block was refused, or the server stayed away.
        """
        progress = ImportProgress()
        under_way: deque[_Sending] = deque()
        try:
            for parts in part_streams(blocks, self.token, block_format):
                if len(under_way) == STREAMS_UNDER_WAY:
                    progress = await _acknowledged(under_way, progress, on_progress)
                under_way.append((parts, asyncio.create_task(self._send(parts))))
            while under_way:
                progress = await _acknowledged(under_way, progress, on_progress)
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
        return progress

    async def execute(self) -> ImportStatus:
        """Makes all valid records visible and returns when they are.

        Raises:
            ImportFailed: None of them was written.
        """
        status = await self._connection.run(calls.execute_import(self.token))
        for delay in poll_delays():
            if is_finished(status):
                break
            await asyncio.sleep(delay)
            status = await self.status()
        return status

    async def status(self) -> ImportStatus:
        """Returns how far the import is."""
        return await self._connection.run(calls.get_import_status(self.token))

    def exceptions(self) -> AsyncIterator[RecordException]:
        """Yields problems of records in order of part and record, page by page."""
        return self._connection.items(calls.list_import_exceptions(self.token))

    async def _send(self, parts: PartStream) -> StageProfilesResponse:
        stage = self._connection.stubs.imports.StageProfiles
        budget = RetryBudget(self._connection.options.retry)
        while True:
            try:
                call = stage(iter(parts.requests), metadata=self._connection.metadata)
                response: StageProfilesResponse = await call  # type: ignore[misc]  # aio's are awaited
            except grpc.RpcError as error:
                failure = from_rpc_error(error)
            else:
                return response
            delay = budget.delay_after(failure) if is_broken_stream(failure) else None
            if delay is None:
                raise failure
            await asyncio.sleep(delay)


async def _acknowledged(
    under_way: deque[_Sending], progress: ImportProgress, on_progress: OnProgress | None
) -> ImportProgress:
    parts, task = under_way[0]
    progress = progress.after(parts, await task)
    under_way.popleft()
    if on_progress:
        on_progress(progress)
    return progress
