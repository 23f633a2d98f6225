"""Blocks on their way out: the next one is encoded while one is sent."""

import asyncio
from collections.abc import AsyncIterator

from segue._kernel import Export
from segue.kernel import guard


async def read_blocks(export: Export, offset: int) -> AsyncIterator[bytes]:
    """Yields the serialized responses of an export from an offset on.

    One block is encoded ahead, so a reader that stops costs two blocks of memory.

    Raises:
        OffsetOutOfRange: The offset lies behind the end.
    """
    ahead = asyncio.ensure_future(guard.run(export.read, offset))
    try:
        while (block := await ahead) is not None:
            response, next_offset = block
            ahead = asyncio.ensure_future(guard.run(export.read, next_offset))
            yield response
    finally:
        ahead.cancel()
