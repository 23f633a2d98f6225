"""Stages, executes and follows imports."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any

from segue.client.aio.connection import AsyncConnection
from segue.client.aio.streams import send_streams
from segue.client.calls import imports as calls
from segue.client.staging import (
    ImportProgress,
    is_finished,
    part_streams,
    poll_delays,
)
from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import ImportStatus
from segue.v1.profile_service_pb2 import RecordException

OnProgress = Callable[[ImportProgress], None]


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
        streams = part_streams(blocks, self.token, block_format)
        async with aclosing(send_streams(self._connection, self._open, streams)) as sent:
            async for parts, response in sent:
                progress = progress.after(parts, response)
                if on_progress:
                    on_progress(progress)
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

    def _open(self, requests: Iterator[Any]) -> Any:  # noqa: ANN401  # aio's calls are awaited, which the stubs do not say
        return self._connection.stubs.imports.StageProfiles(
            requests, metadata=self._connection.metadata
        )
