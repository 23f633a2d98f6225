"""What the ledger commits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from segue._kernel import Table
from segue.store.base import Connection
from segue.store.journal import EntryKind


@dataclass(frozen=True)
class Change:
    """A change of an account, small enough to be applied in place."""

    kind: EntryKind
    body: Callable[[], bytes]
    """The entry's body; asked for after `together`."""
    schema_version: int
    apply: Callable[[Table, int, int], Any]
    """Makes the change visible: table, revision, tick. What it returns is the commit's result."""
    together: Callable[[Connection], int | None] | None = None
    """Further rows of the same transaction; may refuse the change by raising, and may return a new schema version."""
    size_bytes: int = 0
    """About the size of the body."""


@dataclass(frozen=True)
class Committed:
    """A change that is durable and visible."""

    revision: int
    tick_millis: int
    result: Any
