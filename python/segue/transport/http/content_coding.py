"""Compression on the way: which one a request wants (RFC 9110, 12.5.3), and bytes compressed as they are sent."""

import re
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Final

from segue.service.export_files import zstd_frame

IDENTITY: Final = "identity"
ZSTD: Final = "zstd"
GZIP: Final = "gzip"
ENCODED: Final = (ZSTD, GZIP)
"""Codings besides identity, the better one first."""

GZIP_LEVEL: Final = 4
"""Speed before size: a download waits for it."""

_ITEM: Final = re.compile(
    r"([!#$%&'*+.^_`|~0-9a-z-]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.ASCII
)
_ALIASES: Final = {"x-gzip": GZIP}


def coding_of(accept: str | None, *, can_encode: bool) -> str | None:
    """Returns the coding that a request likes best; None when it likes none that there is.

    Args:
        accept: Its `Accept-Encoding`; None when it has none, which takes identity.
        can_encode: Whether other codings than identity are there.
    """
    weights = _weights(accept or "")
    others = weights.pop("*", None)
    offers: list[str] = [*(ENCODED if can_encode else ()), IDENTITY]
    liked = {coding: _weight(coding, weights, others) for coding in offers}
    best = max(liked.values())
    if not best:
        return None
    equal = [coding for coding in offers if liked[coding] == best]
    named = [coding for coding in equal if coding in weights]
    return named[0] if named else equal[-1]


def _weights(accept: str) -> dict[str, float]:
    """Reads weights by coding; what is malformed is passed over."""
    weights = {}
    for item in accept.lower().split(","):
        if match := _ITEM.fullmatch(item.strip()):
            coding, weight = match.groups()
            weights[_ALIASES.get(coding, coding)] = 1.0 if weight is None else float(weight)
    return weights


_UNSAID: Final = 0.0001
"""Weight of identity where nothing is said of it: below every weight that can be said, and not refused."""


def _weight(coding: str, weights: dict[str, float], others: float | None) -> float:
    unsaid = _UNSAID if coding == IDENTITY else 0.0
    return weights.get(coding, unsaid if others is None else others)


Transform = Callable[[Callable[[], bytes]], Awaitable[bytes]]
"""Does a piece of work off the event loop."""


async def encoded(
    coding: str, pieces: AsyncGenerator[bytes, None], transform: Transform
) -> AsyncGenerator[bytes, None]:
    """Compresses pieces as they come.

    Gzip is one member, because many clients read no further than the first and take that for the whole; zstd is a frame a piece.
    """
    member = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    async with aclosing(pieces):
        async for piece in pieces:
            if coding == ZSTD:
                yield await transform(partial(zstd_frame, piece))
            elif data := await transform(partial(member.compress, piece)):
                yield data
    if coding == GZIP:
        yield await transform(member.flush)
