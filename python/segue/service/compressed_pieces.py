"""Pieces of a file, compressed as they are sent."""

import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Final

from segue import _kernel
from segue.domain.export import Compression

GZIP_LEVEL: Final = 4
"""Speed before size: a download waits for it."""

Run = Callable[[Callable[[], bytes]], Awaitable[bytes]]
"""Does a piece of work off the event loop."""


async def compressed(
    pieces: AsyncGenerator[bytes, None], compression: Compression, run: Run
) -> AsyncGenerator[bytes, None]:
    """Yields pieces compressed by gzip or Zstandard.

    Gzip is one member, because many clients read no further than the first and take that for the whole; Zstandard is a frame a piece.
    """
    member = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    async with aclosing(pieces):
        async for piece in pieces:
            if compression is Compression.ZSTD:
                yield await run(partial(_kernel.compress, piece, compression))
            elif data := await run(partial(member.compress, piece)):
                yield data
    if compression is Compression.GZIP:
        yield await run(member.flush)
