"""Pages of results: a size, a token that says where to go on, and what was found."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from segue.errors import FieldInvalid, FieldViolation

T = TypeVar("T")

MAX_PAGE_SIZE = 1000


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

    def position(self) -> list[str | int] | None:
        """Returns what `encode_position` was given for the page before, or None for the first page.

        Raises:
            FieldInvalid: The token is none of ours.
        """
        if not self.token:
            return None
        try:
            position = json.loads(base64.urlsafe_b64decode(self.token.encode()))
        except (binascii.Error, ValueError):
            position = None
        if not isinstance(position, list):
            raise FieldInvalid(
                FieldViolation(
                    "page_token", "is not a token of this list; send next_page_token as received"
                )
            )
        return position


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
