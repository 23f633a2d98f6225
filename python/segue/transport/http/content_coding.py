"""Which compression on the way a request wants (RFC 9110, 12.5.3)."""

import re
from typing import Final

from segue.domain.export import Compression

IDENTITY: Final = "identity"
CODINGS: Final = {"zstd": Compression.ZSTD, "gzip": Compression.GZIP}
"""Codings besides identity, the better one first."""

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
    offers: list[str] = [*(CODINGS if can_encode else ()), IDENTITY]
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
