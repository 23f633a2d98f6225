"""The one way by which an account changes: journal first, then memory, in one order.

A commit takes a tick, becomes durable, becomes visible, and is acknowledged. Commits of one account that wait together share a
transaction of the store and a tick. An import applies its parts on a private fork: readers and exports wait for its last step only, other
writers of the account for all of it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from segue._kernel import Schema, Snapshot, Transaction
from segue.domain.account import Account
from segue.domain.timestamp import Clock
from segue.errors import ResourceNotFound
from segue.kernel import guard
from segue.kernel.accounts import Lent, LiveAccount, LiveAccounts, Schemas
from segue.kernel.clock import ChangeClock
from segue.service.blocks import Encoding
from segue.service.change import Change, Committed
from segue.service.directory import Directory
from segue.service.import_records import rules_of
from segue.service.replay import AppliedRecords, Replay
from segue.service.snapshot_directory import remove_directories, write_directory
from segue.service.turns import Turns
from segue.store import definitions, journal
from segue.store.base import Connection, Store
from segue.store.imports import ImportRow
from segue.store.journal import Entry, EntryKind, SnapshotRow

T = TypeVar("T")

GROUP_BYTES: Final = 1 << 20
"""Bytes of waiting changes that share a turn."""

REPLAY_BYTES: Final = 1 << 20
"""Journal that an account may leave memory with: repeating it takes some milliseconds, so a snapshot would not pay."""


@dataclass(frozen=True)
class Pinned:
    """A snapshot whose tick is closed: every later commit has a later one."""

    snapshot: Snapshot
    tick_millis: int
    schema_version: int


@dataclass
class _Waiting:
    change: Change
    future: "asyncio.Future[Committed]"


STAGED_PART: Final = 3
"""One part in so many of the memory for accounts is for decoded records that wait for execution."""


class Ledger:
    """Commits changes, lends accounts, pins snapshots."""

    def __init__(self, store: Store, data_dir: Path, budget_bytes: int, clock: Clock) -> None:
        """Opens the ledger of a store whose snapshots are under the data directory."""
        self._store = store
        self._data_dir = data_dir
        self._clock = clock
        self.directory = Directory(store)
        self.schemas = Schemas(self._read_schema)
        self.replay = Replay(store, self.schemas, data_dir, budget_bytes // STAGED_PART)
        self.accounts = LiveAccounts(self._load, self._retire, budget_bytes)
        self.encoding = Encoding()
        """The cores that write blocks of exports."""
        self._queues: dict[int, deque[_Waiting]] = {}
        self.turns = Turns()
        """Who may change an account's table: a commit shortly, an import for as long as it lasts."""
        self._drains: set[asyncio.Task[None]] = set()
        self.keep: Callable[[LiveAccount], Coroutine[None, None, None]] | None = None
        """What is to run beside every account in memory."""

    async def commit(self, account: Account, change: Change) -> Committed:
        """Commits a change; returns when it is durable and visible.

        Raises:
            StoreUnavailable: It could not be made durable; nothing of it remains.
            SegueError: What `change.together` refused it with.
        """
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        queue = self._queues.setdefault(account.key, deque())
        queue.append(_Waiting(change, future))
        if len(queue) == 1:
            drain = asyncio.create_task(self._drain(account, queue))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        return await future

    def use(self, account: Account) -> Lent:
        """Lends an account in memory."""
        return self.accounts.use(account.key)

    async def schema(self, account: Account) -> tuple[int, Schema]:
        """Returns the account's newest schema and its version."""
        return await self.schema_of(account.key)

    async def schema_of(self, account: int) -> tuple[int, Schema]:
        """Returns the newest schema of an account, by its number, and its version."""
        version = (await self.accounts.get(account)).schema_version
        return version, await self.schemas.get(account, version)

    async def snapshot(self, account: Account) -> Snapshot:
        """Returns the account's state as it is now."""
        async with self.use(account) as live:
            return await live.snapshot()

    @asynccontextmanager
    async def pin(self, account: Account) -> AsyncIterator[Pinned]:
        """Takes a snapshot and closes its tick.

        The caller makes that durable inside the block (`journal.set_pinned`, and whatever keeps the revision from compaction): until
        then nothing is committed or compacted.
        """
        async with self.use(account) as live, live.order:
            tick = live.clock.pin(self._clock())
            yield Pinned(await live.snapshot(), tick, live.schema_version)

    async def state_at(self, account: Account, revision: int) -> Snapshot:
        """Returns the account as it was at a revision that an export still holds."""
        async with self.use(account) as live:
            snapshot = await live.snapshot()
        if snapshot.revision != revision:
            built = await self.replay.build(account.key, revision)
            snapshot = await guard.run(built.table.snapshot)
        return snapshot

    async def run_import(
        self,
        account: Account,
        row: ImportRow,
        go_on: Callable[[], None],
        together: Callable[[Connection, Entry, AppliedRecords, int], None],
    ) -> None:
        """Does what an import does, and makes all of it visible at one revision.

        Args:
            account: The owner.
            row: The import.
            go_on: Is asked before each part; ends the import by raising.
            together: Further rows of the commit's transaction: is given the entry, what was done, and how many profiles were written; may
                refuse the commit by raising.

        Raises:
            StoreUnavailable: The commit could not be made durable; nothing of it is visible.
        """
        async with self._applied(account, row, go_on) as (live, tick, transaction, records):
            profiles = await guard.run(lambda: transaction.profile_count)

            def work(tx: Connection) -> Entry:
                body = str(row.key).encode()
                version = live.schema_version
                (entry,) = journal.append(
                    tx, account.key, tick, [(EntryKind.IMPORT, version, body)]
                )
                together(tx, entry, records, profiles)
                return entry

            async with live.order:
                entry = await self._store.write(work)
                await self._publish(live, lambda: transaction.commit(entry.revision))
                await self.replay.drop_stale_columns(account.key, row.key, live.table, entry)
                live.clock.release()
                live.journal_bytes += records.size_bytes
                if row.undoes is not None:
                    live.undo_revision = entry.revision

    async def review_import(
        self, account: Account, row: ImportRow, go_on: Callable[[], None], sample_count: int
    ) -> tuple[AppliedRecords, bytes]:
        """Does what an import does, tells what that would change, and takes it back; nobody sees anything of it.

        Returns:
            What was done, and a serialized `segue.v1.ImportReview` without what the kernel does not count.
        """
        async with self._applied(account, row, go_on) as (live, _, transaction, records):
            schema = await self.schemas.get(account.key, live.schema_version)
            return records, await guard.run(transaction.review, sample_count, schema)

    @asynccontextmanager
    async def _applied(
        self, account: Account, row: ImportRow, go_on: Callable[[], None]
    ) -> AsyncIterator[tuple[LiveAccount, int, Transaction, AppliedRecords]]:
        """Does what an import does on a private fork, which is dropped at the end unless it was committed.

        What an undo needs to know of the past is found out before the turn: others write meanwhile.
        """
        states = await self.replay.states_for(account.key, row)
        async with self.turns.hold(account.key), self.use(account) as live:
            async with live.order:
                tick = live.clock.reserve(self._clock())
            try:
                transaction = await guard.run(live.table.begin, tick, rules_of(row))
                try:
                    records = await self.replay.apply_import(
                        account.key, row, transaction, live.schema_version, states, go_on
                    )
                    yield live, tick, transaction, records
                finally:
                    transaction.roll_back()
            finally:
                live.clock.release()

    async def write_snapshot(self, live: LiveAccount) -> None:
        """Writes the account's state to disk and removes the journal entries that it covers."""
        snapshot, size = await live.snapshot(), live.journal_bytes
        if snapshot.revision == live.snapshot_revision:
            return
        row = SnapshotRow(snapshot.revision, f"snapshots/{live.key}/{snapshot.revision}")
        await write_directory(self._data_dir / row.directory, snapshot)
        async with live.order:
            removed = await self._store.write(
                lambda tx: _record_snapshot(
                    tx, live.key, row, snapshot.profile_count, self._clock()
                )
            )
        live.snapshot_revision = snapshot.revision
        live.journal_bytes -= size
        await remove_directories([self._data_dir / old.directory for old in removed])

    async def retire_all(self) -> None:
        """Writes snapshots of the accounts in memory whose journal would take long to repeat."""
        for live in self.accounts.loaded():
            await self._retire(live)

    async def close(self) -> None:
        """Waits until every waiting change is committed, and every part that is being staged."""
        while self._drains:
            await asyncio.wait(self._drains)
        await self.replay.blocks.close()

    async def _drain(self, account: Account, queue: deque[_Waiting]) -> None:
        while queue:
            group: list[_Waiting] = []
            try:
                async with self.turns.hold(account.key), self.use(account) as live, live.order:
                    group = _take_group(queue)
                    await self._commit_group(live, group)
            except Exception as error:  # noqa: BLE001 - every waiting caller must get its answer
                for waiting in group or list(queue):
                    _fail(waiting, error)
                group = group or list(queue)
            for _ in group:
                queue.popleft()
        self._queues.pop(account.key, None)

    async def _commit_group(self, live: LiveAccount, group: Sequence[_Waiting]) -> None:
        tick = live.clock.stamp(self._clock())
        runs = _runs(group)
        outcomes = await asyncio.gather(
            *(self._append(live, run, tick) for run in runs), return_exceptions=True
        )
        entries: list[tuple[_Waiting, Entry]] = []
        for run, outcome in zip(runs, outcomes, strict=True):
            if isinstance(outcome, list):
                entries.extend(zip(run, outcome, strict=True))
        entries.sort(key=lambda pair: pair[1].revision)
        results = await self._publish(
            live,
            lambda: [w.change.apply(live.table, e.revision, e.tick_millis) for w, e in entries],
        )
        for (waiting, entry), result in zip(entries, results, strict=True):
            live.schema_version = max(live.schema_version, entry.schema_version)
            live.journal_bytes += len(entry.body)
            if not waiting.future.done():
                waiting.future.set_result(Committed(entry.revision, entry.tick_millis, result))
        for run, outcome in zip(runs, outcomes, strict=True):
            if isinstance(outcome, Exception):
                for waiting in run:
                    _fail(waiting, outcome)

    async def _append(self, live: LiveAccount, run: Sequence[_Waiting], tick: int) -> list[Entry]:
        """Makes changes durable, all of them or none."""
        changes = [waiting.change for waiting in run]

        def work(tx: Connection) -> list[Entry]:
            return journal.append(tx, live.key, tick, [_written(tx, change) for change in changes])

        return await self._store.write(work, sum(change.size_bytes for change in changes))

    async def _publish(self, live: LiveAccount, publish: Callable[[], T]) -> T:
        """Makes durable changes visible; a table that cannot follow its journal is dropped and built anew on its next use."""
        try:
            result, live.due_millis = await guard.run(lambda: (publish(), live.table.next_due()))
        except Exception:
            self.accounts.drop(live.key)
            raise
        live.published.tell()
        return result

    async def _load(self, key: int) -> LiveAccount:
        head = await self._store.read(lambda tx: journal.read_head(tx, key))
        if head is None:
            raise ResourceNotFound(f"account {key}")
        built = await self.replay.build(key, head.revision)
        clock = ChangeClock(head.tick_millis, head.pinned_millis)
        live = LiveAccount(
            key,
            built.table,
            clock,
            head.schema_version,
            built.states.size_bytes,
            built.snapshot_revision,
            built.states.undo_revision,
        )
        if self.keep is not None:
            live.keeper = asyncio.create_task(self.keep(live), context=Context())
        return live

    async def _retire(self, live: LiveAccount) -> None:
        if live.is_snapshot_due(REPLAY_BYTES):
            await self.write_snapshot(live)

    async def _read_schema(self, account: int, version: int) -> bytes:
        return await self._store.read(lambda tx: definitions.find_schema(tx, account, version))


def _take_group(queue: deque[_Waiting]) -> list[_Waiting]:
    """Returns the changes that share the next turn, without taking them off the queue."""
    group, size = [], 0
    for waiting in queue:
        group.append(waiting)
        size += waiting.change.size_bytes
        if size >= GROUP_BYTES:
            break
    return group


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)


def _runs(group: Sequence[_Waiting]) -> list[list[_Waiting]]:
    """Splits a group, in order, into what is appended at once: a change with rows of its own may be refused, so it stands alone."""
    runs: list[list[_Waiting]] = []
    for waiting in group:
        is_plain = waiting.change.together is None
        if is_plain and runs and runs[-1][-1].change.together is None:
            runs[-1].append(waiting)
        else:
            runs.append([waiting])
    return runs


def _written(tx: Connection, change: Change) -> tuple[EntryKind, int, bytes]:
    """Writes a change's further rows; returns the kind, schema version and body of its entry."""
    schema_version = change.together(tx) if change.together else None
    return change.kind, schema_version or change.schema_version, change.body()


def _record_snapshot(
    tx: Connection, account: int, row: SnapshotRow, profile_count: int, now_millis: int
) -> list[SnapshotRow]:
    journal.insert_snapshot(tx, account, row)
    journal.set_profile_count(tx, account, profile_count)
    return journal.compact(tx, account, now_millis)
