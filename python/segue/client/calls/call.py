"""What a call consists of before it is made: shared by the sync and the async client."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import grpc
from google.protobuf.message import Message

from segue.client.stubs import Stubs

Response = TypeVar("Response")
Item = TypeVar("Item")


class Page(Protocol):
    """A response of a List method."""

    next_page_token: str


@dataclass(frozen=True)
class Call(Generic[Response]):
    """One unary call.

    Attributes:
        method: Finds the method among the stubs.
        request: What to send.
        repeatable: May be made again when nobody knows whether the first try arrived.
    """

    method: Callable[[Stubs], "grpc.UnaryUnaryMultiCallable[Any, Response]"]
    request: Message
    repeatable: bool = True


@dataclass(frozen=True)
class PagedCall(Generic[Item]):
    """A List method, page after page.

    Attributes:
        page: Makes the call for a page token; the first is empty.
        items: Takes the items out of a page.
    """

    page: Callable[[str], Call[Any]]
    items: Callable[[Any], Sequence[Item]]
