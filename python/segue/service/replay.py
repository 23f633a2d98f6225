"""Builds an account's table from its newest snapshot and the journal entries after it."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from segue import _kernel
from segue._kernel import Applied, Part, Schema, Snapshot, Table, Transaction
from segue.domain.profile import BlockFormat, RecordException, exceptions_of_part
from segue.errors import PartInvalid, SnapshotInvalid
from segue.kernel import guard
from segue.kernel.accounts import Schemas
from segue.kernel.staged_parts import StagedParts
from segue.service.import_records import TAKEN, decode_part, rules_of
from segue.service.staged_blocks import StagedBlocks
from segue.store import import_parts, imports, journal
from segue.store.base import Connection, Store
from segue.store.compaction import replays
from segue.store.imports import ImportRow
from segue.store.journal import Entry, EntryKind, SnapshotRow

ENTRIES_AT_ONCE: Final = 64
"""Journal entries read ahead; an entry of profiles is at most some megabytes."""


PARTS_AHEAD: Final = 2
"""Parts that are read and decoded while one is applied: with one, a core waits."""

BUILTIN_COLUMNS: Final = range(64)
"""Columns that every account has, whatever its definitions."""


class Replay:
    """Repeats what the journal says on a table."""

    def __init__(self, store: Store, schemas: Schemas, data_dir: Path, staged_bytes: int) -> None:
        """Takes where entries, schema versions and snapshot directories are, and how much decoded records may hold that wait for execution."""
        self._store = store
        self._schemas = schemas
        self._data_dir = data_dir
        self.blocks = StagedBlocks(store, data_dir)
        self.staged_parts = StagedParts(staged_bytes)

    async def build(self, account: int, revision: int, wanted: Collection[int] = ()) -> "Built":
        """Builds a table as it was at a revision, and keeps the states around imports on the way: at the revisions before them, and at theirs.

        Entries that took imports back need those states of the imports. They are found by `replays`, each once, however many imports were taken
        back, and taken back again.

        Args:
            account: Number of the owner.
            revision: The last one that is repeated.
            wanted: Revisions of further imports whose states are to be kept.

        Raises:
            SnapshotInvalid: A snapshot that the journal was compacted behind is missing or damaged.
        """

        def plan(tx: Connection) -> tuple[dict[int, SnapshotRow], dict[int, int], set[int]]:
            rows = {row.revision: row for row in journal.select_snapshots(tx, account)}
            undos = imports.undos(tx, account)
            imported = {*wanted, *(undone for _, undone in undos)}
            return rows, replays(list(rows), {revision}, undos, wanted), imported

        while True:
            rows, ways, imported = await self._store.read(plan)
            built = await self._follow(account, rows, ways, States(imported))
            if built is not None:
                return built

    async def _follow(
        self,
        account: int,
        rows: Mapping[int, SnapshotRow],
        ways: Mapping[int, int],
        states: "States",
    ) -> "Built | None":
        """Repeats entries after each snapshot, the earliest first; None when compaction has removed one meanwhile."""
        built = None
        for base, upto in sorted(ways.items()):
            table = await self._opened(account, rows.get(base))
            if table is None:
                return None
            await self._repeat_all(account, table, base, upto, states)
            built = Built(table, base, states)
        return built

    async def _repeat_all(
        self, account: int, table: Table, done: int, upto: int, states: "States"
    ) -> None:
        """Repeats the entries after one and up to another."""
        await states.keep(table, done)
        while done < upto:
            entries = await self._entries(account, done, upto)
            if not entries or entries[0].revision != done + 1:
                raise SnapshotInvalid(
                    f"the journal of account {account} has a gap after revision {done}"
                )
            for entry in entries:
                states.size_bytes += await self._repeat(account, table, entry, states)
                await states.keep(table, entry.revision)
            done = entries[-1].revision

    async def _opened(self, account: int, base: SnapshotRow | None) -> Table | None:
        """Opens a snapshot's table, an empty one for none; None when compaction has just removed the snapshot, because an earlier one is kept."""
        if base is None:
            return Table()
        try:
            return await guard.run(Table.open, str(self._data_dir / base.directory))
        except SnapshotInvalid:
            known = await self._store.read(lambda tx: journal.select_snapshots(tx, account))
            if base in known:
                raise
            return None

    async def _entries(self, account: int, after: int, upto: int) -> list[Entry]:
        return await self._store.read(
            lambda tx: journal.entries(tx, account, after, upto, ENTRIES_AT_ONCE)
        )

    async def _repeat(self, account: int, table: Table, entry: Entry, states: "States") -> int:
        schema = await self._schemas.get(account, entry.schema_version)
        if entry.kind is EntryKind.IMPORT:
            return await self._repeat_import(account, table, entry, states)
        await guard.run(apply_entry, table, schema, entry)
        return len(entry.body)

    async def _repeat_import(
        self, account: int, table: Table, entry: Entry, states: "States"
    ) -> int:
        row = await self._store.read(lambda tx: imports.find_by_key(tx, int(entry.body)))
        transaction = await guard.run(table.begin, entry.tick_millis, rules_of(row))
        try:
            version = entry.schema_version
            result = await self.apply_import(account, row, transaction, version, states)
            await guard.run(transaction.commit, entry.revision)
        except BaseException:
            transaction.roll_back()
            raise
        await self.drop_stale_columns(account, row.key, table, entry)
        if row.undoes is None:
            return result.size_bytes
        states.undo_revision = entry.revision
        return 0

    async def states_for(self, account: int, row: ImportRow) -> "States":
        """Returns the states that an import needs which takes another back; none for others. Costs a second table in memory, and its time."""
        if row.undoes is None:
            return States(set())
        undone = await self._undone(row.undoes)
        built = await self.build(account, undone.revision, {undone.revision})
        return built.states

    async def apply_import(
        self,
        account: int,
        row: ImportRow,
        transaction: Transaction,
        schema_version: int,
        states: "States",
        go_on: Callable[[], None] = lambda: None,
    ) -> "AppliedRecords":
        """Does what an import does, on a transaction: applies its parts, or takes another import back.

        Args:
            account: Number of the owner.
            row: The import.
            transaction: Begun with the import's rules.
            schema_version: Definitions of the entry: values of fields that they do not have are not brought back.
            states: What `states_for` returns.
            go_on: Is asked before each part; ends the import by raising.
        """
        if row.undoes is None:
            return await self._apply_parts(account, row, transaction, go_on)
        undone = await self._undone(row.undoes)
        before, after = states.around(undone.revision)
        columns = await self._schemas.columns(account, schema_version)
        restored, refused = await guard.run(
            transaction.restore, before, after, [*BUILTIN_COLUMNS, *sorted(columns)]
        )
        result = AppliedRecords(applied=restored, size_bytes=states.size_bytes)
        result.exceptions.extend(exceptions_of_part(0, refused))
        return result

    async def _undone(self, key: int) -> ImportRow:
        return await self._store.read(lambda tx: imports.find_by_key(tx, key))

    async def _apply_parts(
        self, account: int, row: ImportRow, transaction: Transaction, go_on: Callable[[], None]
    ) -> "AppliedRecords":
        """Applies parts in order of their numbers; the next ones are read and decoded while one is applied."""
        numbers = iter(await self._store.read(lambda tx: import_parts.numbers(tx, row.key)))
        result = AppliedRecords()
        ahead: deque[tuple[int, asyncio.Task[tuple[Part, int]]]] = deque()

        def look_ahead(parts: int) -> None:
            for number in islice(numbers, parts):
                ahead.append((number, asyncio.create_task(self._decode(account, row, number))))

        look_ahead(PARTS_AHEAD)
        try:
            while ahead:
                number, decoding = ahead.popleft()
                part, size = await decoding
                look_ahead(1)
                go_on()
                result.add(number, await guard.run(transaction.apply, part, number), size)
        finally:
            for _, decoding in ahead:
                decoding.cancel()
        return result

    async def _decode(self, account: int, row: ImportRow, number: int) -> tuple[Part, int]:
        if staged := self.staged_parts.take(row.key, number):
            return staged
        found = await self.blocks.read(row, number)
        if found is None:
            raise PartInvalid(f"part {number} of {row.name} is gone although it is needed")
        part, data = found
        schema = await self._schemas.get(account, part.schema_version)
        decoded = await guard.run(
            decode_part, schema, row, part.block_format, part.compression, data
        )
        return decoded, len(data)

    async def drop_stale_columns(
        self, account: int, import_key: int, table: Table, entry: Entry
    ) -> None:
        """Forgets columns that an import brought back: parts are decoded with the definitions they were staged under."""
        versions = await self._store.read(lambda tx: import_parts.schema_versions(tx, import_key))
        if versions - {entry.schema_version}:
            now = await self._schemas.columns(account, entry.schema_version)
            stale = (
                set().union(
                    *[await self._schemas.columns(account, version) for version in versions]
                )
                - now
            )
            if stale:
                await guard.run(
                    table.drop_columns, sorted(stale), entry.revision, entry.tick_millis
                )


class States:
    """What a table was before some commits and after them. Holds what differs from the table as it becomes, no copies."""

    def __init__(self, revisions: set[int]) -> None:
        """Takes the revisions of the commits."""
        self._wanted = revisions | {revision - 1 for revision in revisions}
        self._kept: dict[int, Snapshot] = {}
        self.size_bytes = 0
        """Bytes of all entries that were repeated."""
        self.undo_revision = 0
        """Revision of the last of them that took an import back."""

    async def keep(self, table: Table, revision: int) -> None:
        """Keeps a table's state at a revision if it is one that is needed."""
        if revision in self._wanted:
            self._kept[revision] = await guard.run(table.snapshot)

    def around(self, revision: int) -> tuple[Snapshot, Snapshot]:
        """Returns the states before a commit and after it."""
        return self._kept[revision - 1], self._kept[revision]


@dataclass(frozen=True)
class Built:
    """A table that was built from disk."""

    table: Table
    snapshot_revision: int
    """Revision of the newest snapshot below it, with which it begins; 0 for none."""
    states: States


@dataclass
class AppliedRecords:
    """Sums over what an import did."""

    applied: int = 0
    """Records that were written; those of the same profile each count."""
    created: int = 0
    not_honored: int = 0
    exceptions: list[RecordException] = field(default_factory=list)
    """Problems that were found when records were applied, one a record."""
    size_bytes: int = 0

    def add(self, number: int, applied: Applied, size_bytes: int) -> None:
        """Adds what a part did."""
        self.applied += applied.applied
        self.created += applied.created
        self.not_honored += applied.not_honored
        self.exceptions.extend(exceptions_of_part(number, applied.exceptions))
        self.size_bytes += size_bytes


def apply_entry(table: Table, schema: Schema, entry: Entry) -> None:
    """Repeats an entry that holds its whole change."""
    if entry.kind is EntryKind.ERASURE:
        table.erase(json.loads(entry.body), entry.revision, entry.tick_millis)
    elif entry.kind is EntryKind.DEFINITION:
        table.drop_columns(json.loads(entry.body), entry.revision, entry.tick_millis)
    elif entry.kind in {EntryKind.EVENTS, EntryKind.EVENTS_STRICT}:
        is_strict = entry.kind is EntryKind.EVENTS_STRICT
        events = _kernel.decode_events(schema, entry.body)
        table.record(events, is_strict, entry.revision, entry.tick_millis)
    else:
        part = _kernel.decode(
            schema,
            BlockFormat.PROFILE_BATCH,
            entry.body,
            None,
            entry.kind is EntryKind.PROFILES_LENIENT,
            max_bytes=TAKEN.max_bytes,
        )
        table.apply([part], entry.revision, entry.tick_millis)
