"""Blocks on their way out: the next one is encoded while one is sent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from segue._kernel import Export
from segue.kernel import guard
from segue.kernel.fair_share import FairShare

R = TypeVar("R")


class Encoding:
    """The cores that encode, shared fairly by accounts."""

    def __init__(self) -> None:
        """Begins with all cores free."""
        self._share = FairShare(guard.CORES)

    async def run(self, account: int, work: Callable[[], R]) -> R:
        """Does a piece of bulk work for an account when its turn comes.

        Raises:
            KernelPanicked: The kernel panicked.
        """
        async with self._share.place(account):
            return await guard.run_bulk(work)

    async def read(self, account: int, export: Export, offset: int) -> AsyncIterator[bytes]:
        """Yields the serialized responses of an export from an offset on.

        One block is encoded ahead, so a reader that stops costs two blocks of memory.

        Raises:
            OffsetOutOfRange: The offset lies behind the end.
        """

        def encode(start: int) -> "asyncio.Task[tuple[bytes, int] | None]":
            return asyncio.create_task(self.run(account, lambda: export.read(start)))

        ahead = encode(offset)
        try:
            while (block := await ahead) is not None:
                response, next_offset = block
                ahead = encode(next_offset)
                yield response
        finally:
            ahead.cancel()
