"""Turns call builders into methods, so that every call is described once for both clients."""

from collections.abc import Callable, Iterator
from typing import Concatenate, Generic, ParamSpec, Protocol

from segue.client.calls.call import Call, Item, PagedCall, Response
from segue.client.sync.connection import Connection

P = ParamSpec("P")


class OfAccount(Protocol):
    """An object that speaks for one account."""

    @property
    def connection(self) -> Connection:
        """What calls go through."""

    @property
    def name(self) -> str:
        """`accounts/{account}`."""


class AccountMethod(Generic[P, Response]):
    """A method that makes one call about its owner's account."""

    def __init__(self, build: Callable[Concatenate[str, P], Call[Response]]) -> None:
        """Takes what builds the call from the account and the method's arguments."""
        self._build = build
        self.__doc__ = build.__doc__

    def __get__(self, owner: OfAccount, _: object) -> Callable[P, Response]:
        """Binds the method to its owner."""

        def method(*args: P.args, **kwargs: P.kwargs) -> Response:
            return owner.connection.run(self._build(owner.name, *args, **kwargs))

        method.__doc__ = self.__doc__
        return method


class AccountItems(Generic[P, Item]):
    """A method that yields what a List call has, all pages of it."""

    def __init__(self, build: Callable[Concatenate[str, P], PagedCall[Item]]) -> None:
        """Takes what builds the call from the account and the method's arguments."""
        self._build = build
        self.__doc__ = build.__doc__

    def __get__(self, owner: OfAccount, _: object) -> Callable[P, Iterator[Item]]:
        """Binds the method to its owner."""

        def method(*args: P.args, **kwargs: P.kwargs) -> Iterator[Item]:
            return owner.connection.items(self._build(owner.name, *args, **kwargs))

        method.__doc__ = self.__doc__
        return method
