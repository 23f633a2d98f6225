"""The accounts in memory: tables with their clocks, loaded on first use and dropped under a budget."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Final

from segue._kernel import Schema, Snapshot, Table
from segue.domain.schema import EMPTY_SCHEMA, columns_of
from segue.kernel import guard
from segue.kernel.clock import ChangeClock
from segue.kernel.notice import Notice

BYTES_PER_ACCOUNT: Final = 64 * 1024
"""What an account costs besides its columns."""


@dataclass
class LiveAccount:
    """An account in memory."""

    key: int
    table: Table
    clock: ChangeClock
    schema_version: int
    journal_bytes: int
    """Bytes appended to the journal since the last snapshot on disk."""
    snapshot_revision: int
    """Revision of that snapshot; 0 where there is none."""
    undo_revision: int = 0
    """Revision of the last entry that took an import back: repeating it needs a long past, which a snapshot after it saves."""
    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from a commit's tick until it is visible, and while a snapshot is pinned."""
    due_millis: int | None = None
    """First moment at which time moves members of kept segments, as the table told when it was changed last; it may have been reached since."""
    published: Notice = field(default_factory=Notice)
    """Told when a commit, or the passing of time, has become visible."""
    keeper: asyncio.Task[None] | None = None
    """What runs beside the account while it is in memory."""
    is_dropped: bool = False
    users: int = 0
    memory_bytes: int = BYTES_PER_ACCOUNT
    measured: bool = False
    """Whether `memory_bytes` was taken since the account was last used."""

    def is_snapshot_due(self, journal_bytes: int) -> bool:
        """Whether a snapshot is worth while when so many bytes of journal are."""
        return self.journal_bytes >= journal_bytes or self.undo_revision > self.snapshot_revision

    def close(self) -> None:
        """Ends what runs beside the account, and sends those away who wait for its changes."""
        self.is_dropped = True
        if self.keeper is not None:
            self.keeper.cancel()
        self.published.tell()

    async def snapshot(self) -> Snapshot:
        """Returns the state as it is now."""
        return await guard.run(self.table.snapshot)

    async def measure(self) -> int:
        """Returns how much memory the account holds."""
        if not self.measured:
            self.measured = self.users == 0
            self.memory_bytes = BYTES_PER_ACCOUNT + await guard.run(lambda: self.table.memory_bytes)
        return self.memory_bytes


class LiveAccounts:
    """Loads accounts when they are used and drops those that were not used for longest."""

    def __init__(
        self,
        load: Callable[[int], Coroutine[None, None, LiveAccount]],
        retire: Callable[[LiveAccount], Awaitable[None]],
        budget_bytes: int,
    ) -> None:
        """Takes the ways in and out.

        Args:
            load: Builds an account from disk.
            retire: Called before an account is dropped; may write a snapshot.
            budget_bytes: Memory that accounts which nobody uses may fill up to.
        """
        self._load = load
        self._retire = retire
        self._budget_bytes = budget_bytes
        self._live: OrderedDict[int, asyncio.Task[LiveAccount]] = OrderedDict()

    def use(self, key: int) -> "Lent":
        """Lends an account, loading it if need be; it is not dropped before it is given back."""
        return Lent(self, key)

    async def get(self, key: int) -> LiveAccount:
        """Returns an account, loading it if need be; it may be dropped before the next thing is awaited."""
        while True:
            task = self._live.get(key)
            if task is None:
                task = self._live[key] = asyncio.create_task(self._load(key))
                task.add_done_callback(lambda done: self._forget_failure(key, done))
            self._live.move_to_end(key)
            live = task.result() if task.done() else await asyncio.shield(task)
            if self._live.get(key) is task:
                return live

    def _forget_failure(self, key: int, task: asyncio.Task[LiveAccount]) -> None:
        if (task.cancelled() or task.exception()) and self._live.get(key) is task:
            del self._live[key]

    def loaded(self) -> list[LiveAccount]:
        """Returns the accounts in memory, the one unused for longest first."""
        return [
            task.result() for task in self._live.values() if task.done() and not task.exception()
        ]

    def find(self, key: int) -> LiveAccount | None:
        """Returns an account if it is in memory."""
        return next((live for live in self.loaded() if live.key == key), None)

    def drop(self, key: int) -> None:
        """Forgets an account at once: it was deleted, or its table is not what its journal says."""
        task = self._live.pop(key, None)
        if task is not None and task.done() and not task.exception():
            task.result().close()

    async def shrink(self) -> int:
        """Drops idle accounts, the one unused for longest first, until the rest fits the budget; returns the bytes held."""
        held = sum([await live.measure() for live in self.loaded()])
        for live in self.loaded():
            if held <= self._budget_bytes:
                break
            if live.users == 0:
                await self._retire(live)
                if live.users == 0:
                    self.drop(live.key)
                    held -= live.memory_bytes
        return held


class Lent:
    """An account on loan for as long as the block lasts that this is entered for."""

    def __init__(self, accounts: LiveAccounts, key: int) -> None:
        """Takes where the account is, and its number."""
        self._accounts = accounts
        self._key = key
        self._live: LiveAccount

    async def __aenter__(self) -> LiveAccount:
        """Takes the account, when it is loaded."""
        self._live = live = await self._accounts.get(self._key)
        live.users += 1
        live.measured = False
        return live

    async def __aexit__(self, *_: object) -> None:
        """Gives it back."""
        self._live.users -= 1


class Schemas:
    """Schema versions in memory; each is immutable, so each is read once."""

    def __init__(self, read: Callable[[int, int], Awaitable[bytes]], size: int = 256) -> None:
        """Takes the way to read the definition of an (account, version)."""
        self._read = read
        self._size = size
        self._schemas: OrderedDict[tuple[int, int], Schema] = OrderedDict()

    async def get(self, account: int, version: int) -> Schema:
        """Returns an account's schema of a version; version 0 has nothing defined."""
        schema = self._schemas.get((account, version))
        if schema is None:
            schema = self._schemas[account, version] = Schema(
                await self._definition(account, version)
            )
            while len(self._schemas) > self._size:
                self._schemas.popitem(last=False)
        return schema

    async def columns(self, account: int, version: int) -> set[int]:
        """Returns the columns of a version's lists, fields and marks."""
        return columns_of(await self._definition(account, version))

    async def _definition(self, account: int, version: int) -> bytes:
        return await self._read(account, version) if version else EMPTY_SCHEMA
