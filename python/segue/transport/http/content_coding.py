"""Compression on the way: which one a request wants (RFC 9110, 12.5.3), and bytes compressed as they are sent."""

import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from segue import _kernel
from segue.domain.export import Compression
from segue.kernel import guard

IDENTITY: Final = "identity"
ENCODED: Final = ("zstd", "gzip")
"""Codings besides identity, the better one first."""

GZIP_LEVEL: Final = 4
"""Speed before size: a download waits for it."""

_ITEM: Final = re.compile(
    r"([!#$%&'*+.^_`|~0-9a-z-]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.ASCII
)
_ALIASES: Final = {"x-gzip": "gzip"}


def coding_of(accept: str | None, *, can_encode: bool) -> str | None:
    """Returns the coding that a request likes best; None when it likes none that there is.

    Args:
        accept: Its `Accept-Encoding`; None when it has none, which takes identity.
        can_encode: Whether other codings than identity are there.
    """
    weights = _weights(accept or "")
    others = weights.pop("*", None)
    offers = [*(ENCODED if can_encode else ()), IDENTITY]
    liked = [(weight, coding) for coding in offers if (weight := _weight(coding, weights, others))]
    if not liked:
        return None
    best = max(weight for weight, _ in liked)
    named = [coding for weight, coding in liked if weight == best and coding in weights]
    return (
        named[0] if named else next(coding for weight, coding in reversed(liked) if weight == best)
    )


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


async def encoded(coding: str, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Compresses pieces as they come.

    Gzip is one member, because many clients read no further than the first and take that for the whole; zstd is a frame a piece.
    """
    if coding != "gzip":
        async for piece in pieces:
            yield await guard.run(_kernel.compress, piece, Compression.ZSTD)
        return
    member = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    async for piece in pieces:
        if data := await guard.run(member.compress, piece):
            yield data
    yield await guard.run(member.flush)
