"""Builds an account's table from its newest snapshot and the journal entries after it."""

import asyncio
import json
from pathlib import Path
from typing import Final

from segue import _kernel
from segue._kernel import Applied, Part, Schema, Table, Transaction
from segue.errors import SnapshotInvalid
from segue.kernel import guard
from segue.kernel.accounts import Schemas
from segue.kernel.staged_parts import StagedParts
from segue.store import imports, journal
from segue.store.base import Store
from segue.store.journal import Entry, EntryKind

ENTRIES_AT_ONCE: Final = 64
"""Journal entries read ahead; an entry of profiles is at most some megabytes."""


STAGED_BYTES: Final = 256 << 20
"""Blocks whose decoded records are kept from staging to execution."""


class Replay:
    """Repeats what the journal says on a table."""

    def __init__(self, store: Store, schemas: Schemas, data_dir: Path) -> None:
        """Takes where entries, schema versions and snapshot directories are."""
        self._store = store
        self._schemas = schemas
        self._data_dir = data_dir
        self.staged_parts = StagedParts(STAGED_BYTES)

    async def build(self, account: int, revision: int) -> tuple[Table, int, int]:
        """Builds a table as it was at a revision.

        Returns:
            The table, the revision of the snapshot it began with (0 for none), and the bytes of entries repeated after it.

        Raises:
            SnapshotInvalid: A snapshot that the journal was compacted behind is missing or damaged.
        """
        base = await self._store.read(lambda tx: journal.snapshot_before(tx, account, revision))
        if base is None:
            table, done = Table(), 0
        else:
            table, done = (
                await guard.run(Table.open, str(self._data_dir / base.directory)),
                base.revision,
            )
        start, size = done, 0
        while done < revision:
            entries = await self._entries(account, done, revision)
            if not entries or entries[0].revision != done + 1:
                raise SnapshotInvalid(
                    f"the journal of account {account} has a gap after revision {done}"
                )
            for entry in entries:
                size += await self._repeat(account, table, entry)
            done = entries[-1].revision
        return table, start, size

    async def _entries(self, account: int, after: int, upto: int) -> list[Entry]:
        return await self._store.read(
            lambda tx: journal.entries(tx, account, after, upto, ENTRIES_AT_ONCE)
        )

    async def _repeat(self, account: int, table: Table, entry: Entry) -> int:
        schema = await self._schemas.get(account, entry.schema_version)
        if entry.kind is EntryKind.IMPORT:
            return await self._repeat_import(account, table, entry)
        await guard.run(apply_entry, table, schema, entry)
        return len(entry.body)

    async def _repeat_import(self, account: int, table: Table, entry: Entry) -> int:
        transaction = await guard.run(table.begin, entry.tick_millis)
        try:
            result = await self.apply_parts(account, int(entry.body), transaction)
            await guard.run(transaction.commit, entry.revision)
        except BaseException:
            transaction.roll_back()
            raise
        await self.drop_stale_columns(account, int(entry.body), table, entry)
        return result.size_bytes

    async def apply_parts(
        self, account: int, import_key: int, transaction: Transaction
    ) -> "AppliedParts":
        """Applies an import's parts in order of their numbers; the next part is read and decoded while one is applied."""
        row = await self._store.read(lambda tx: imports.find_by_key(tx, import_key))
        numbers = await self._store.read(lambda tx: imports.part_numbers(tx, import_key))
        result = AppliedParts()
        ahead: asyncio.Task[tuple[Part, int]] | None = None
        for position, number in enumerate(numbers):
            part, size = await (ahead or self._decode(account, row, number))
            ahead = None
            if position + 1 < len(numbers):
                ahead = asyncio.create_task(self._decode(account, row, numbers[position + 1]))
            try:
                applied = await guard.run(transaction.apply, part, number)
            except BaseException:
                if ahead is not None:
                    ahead.cancel()
                raise
            result.add(applied, size)
        return result

    async def _decode(self, account: int, row: imports.ImportRow, number: int) -> tuple[Part, int]:
        if staged := self.staged_parts.take(row.key, number):
            return staged
        part, data = await self._store.read(lambda tx: imports.read_part(tx, row.key, number))
        schema = await self._schemas.get(account, part.schema_version)
        decoded = await guard.run(
            _kernel.decode, schema, part.block_format, data, row.list_id, row.ignore_unknown_fields
        )
        return decoded, len(data)

    async def drop_stale_columns(
        self, account: int, import_key: int, table: Table, entry: Entry
    ) -> None:
        """Forgets columns that an import brought back: parts are decoded with the definitions they were staged under."""
        versions = await self._store.read(lambda tx: imports.schema_versions(tx, import_key))
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


class AppliedParts:
    """Sums over an import's parts."""

    def __init__(self) -> None:
        """Starts at nothing."""
        self.written = self.created = self.size_bytes = 0

    def add(self, applied: Applied, size_bytes: int) -> None:
        """Adds a part's numbers."""
        self.written += applied.applied
        self.created += applied.created
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
        part = _kernel.decode(schema, 1, entry.body, None, entry.kind is EntryKind.PROFILES_LENIENT)
        table.apply([part], entry.revision, entry.tick_millis)
