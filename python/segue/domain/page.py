"""Pages of results: a size, a token that says where to go on, and what was found."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeGuard, TypeVar

from segue.errors import FieldInvalid, FieldViolation

T = TypeVar("T")

MAX_PAGE_SIZE = 1000
MAX_POSITION = 2**63 - 1
"""The largest number that the store can compare with."""


@dataclass(frozen=True)
class PageRequest:
    """Asks for at most `size` results after those of the page whose `next_token` is `token`."""

    size: int = 0
    token: str = ""

    def limit(self, default: int = 100) -> int:
        """Returns the number of results to send (AIP-158: 0 is the default, too many are cut).

        Raises:
            FieldInvalid: The size is negative.
        """
        if self.size < 0:
            raise FieldInvalid(FieldViolation("page_size", "is negative; send 0 for the default"))
        return min(self.size or default, MAX_PAGE_SIZE)

    def position(self, *before_all: str | int) -> list[str | int]:
        """Returns what `encode_position` was given for the page before.

        Args:
            before_all: The position of the first page; a token's position has values of the same types.

        Raises:
            FieldInvalid: The token is none of this list's.
        """
        if not self.token:
            return list(before_all)
        try:
            position = json.loads(base64.urlsafe_b64decode(self.token.encode()))
        except ValueError:
            position = None
        if not _is_position(position, before_all):
            raise FieldInvalid(
                FieldViolation(
                    "page_token", "is not a token of this list; send next_page_token as received"
                )
            )
        return position


def _is_position(found: object, like: Sequence[str | int]) -> TypeGuard[list[str | int]]:
    return (
        isinstance(found, list)
        and [type(value) for value in found] == [type(value) for value in like]
        and all(isinstance(value, str) or abs(value) <= MAX_POSITION for value in found)
    )


def encode_position(*position: str | int) -> str:
    """Makes an opaque token of the sort key of a page's last result."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of results."""

    items: tuple[T, ...]
    next_token: str = ""
    total: int = 0
    """Results of all pages, where the list counts them."""
