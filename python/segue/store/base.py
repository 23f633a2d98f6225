"""What a store can do: run a piece of work in one transaction.

Work is a function of a connection. Queries live beside this file, one module per kind of row, and are plain SQL that every engine
understands; an engine is a class with the three methods below.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Value = None | int | float | str | bytes
Row = tuple[Any, ...]


class Connection(Protocol):
    """One open transaction."""

    def execute(self, statement: str, values: Sequence[Value] = ()) -> Iterable[Row]:
        """Runs one statement to its end and returns its rows."""


class Store(Protocol):
    """A database."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs work that only reads, on a consistent picture of the last commit.

        Raises:
            StoreUnavailable: The database cannot be read.
        """

    async def write(self, work: Callable[[Connection], T], size_bytes: int = 0) -> T:
        """Runs work in a transaction and returns when it is durable.

        Work that waits at the same time shares a transaction; a failure of one undoes only that one.

        Args:
            work: Must be short and must not wait for anything but the connection.
            size_bytes: About what it writes: a shared transaction closes at about 1 MiB.

        Raises:
            StoreUnavailable: The database is full or cannot be written; nothing of the work remains.
        """

    async def close(self) -> None:
        """Finishes what waits and closes the files."""
