"""The journal: every change of an account in order, the snapshots that cover its beginning, and its compaction."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from segue.domain.export import ExportState
from segue.errors import ResourceNotFound
from segue.store import imports
from segue.store.base import Connection
from segue.store.compaction import plan_compaction

ENTRIES_AT_ONCE: Final = 64
"""Entries that one statement adds at most."""


class EntryKind(enum.IntEnum):
    """What a journal entry changed, and what its body holds."""

    PROFILES = 1
    """Serialized `ProfileBatch`; unknown fields were refused."""
    PROFILES_LENIENT = 2
    """Serialized `ProfileBatch`; unknown fields were ignored."""
    IMPORT = 3
    """Number of the import, in decimal digits; its parts are the change."""
    ERASURE = 4
    """JSON array of profile ids."""
    DEFINITION = 5
    """JSON array of columns that went; the rows of definitions changed in the same transaction."""
    EVENTS = 6
    """Serialized `EventBatch`; events of profiles that were not there were kept."""
    EVENTS_STRICT = 7
    """Serialized `EventBatch`; events of profiles that were not there were refused."""


@dataclass(frozen=True)
class Entry:
    """One change of an account."""

    revision: int
    tick_millis: int
    kind: EntryKind
    schema_version: int
    body: bytes


@dataclass(frozen=True)
class Head:
    """Where an account's journal stands."""

    revision: int
    tick_millis: int
    pinned_millis: int
    """Tick of the last pinned snapshot."""
    schema_version: int


@dataclass(frozen=True)
class SnapshotRow:
    """A directory with an account as it was at a revision."""

    revision: int
    directory: str


def append(
    tx: Connection, account: int, tick_millis: int, changes: Sequence[tuple[EntryKind, int, bytes]]
) -> list[Entry]:
    """Adds entries of kinds, schema versions and bodies behind an account's last one, all at one tick, and moves its head.

    Many by one statement: a thread that runs a statement lets others run meanwhile, and then has to wait until they let it go on.

    Raises:
        ResourceNotFound: There is no such account, or no more.
    """
    moved = list(
        tx.execute(
            "UPDATE account SET revision = revision + ?, tick_millis = ? WHERE key = ? RETURNING revision",
            (len(changes), tick_millis, account),
        )
    )
    if not moved:
        raise ResourceNotFound(f"account {account}")
    first = moved[0][0] - len(changes) + 1
    entries = [
        Entry(revision, tick_millis, *change) for revision, change in enumerate(changes, first)
    ]
    for start in range(0, len(entries), ENTRIES_AT_ONCE):
        some = entries[start : start + ENTRIES_AT_ONCE]
        tx.execute(
            "INSERT INTO journal (account, revision, tick_millis, kind, schema_version, body) VALUES "
            + ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some)),
            tuple(chain.from_iterable(_values(account, entry) for entry in some)),
        )
    return entries


def _values(account: int, entry: Entry) -> tuple[int | bytes, ...]:
    return (
        account,
        entry.revision,
        entry.tick_millis,
        entry.kind,
        entry.schema_version,
        entry.body,
    )


def read_head(tx: Connection, account: int) -> Head | None:
    """Reads where an account's journal stands; None when there is no such account."""
    rows = list(
        tx.execute(
            "SELECT revision, tick_millis, pinned_millis,"
            " (SELECT coalesce(max(version), 0) FROM schema WHERE schema.account = account.key)"
            " FROM account WHERE key = ?",
            (account,),
        )
    )
    return Head(*rows[0]) if rows else None


def set_pinned(tx: Connection, account: int, tick_millis: int) -> None:
    """Remembers that a snapshot was pinned at a tick, so that the tick stays closed after a restart."""
    tx.execute(
        "UPDATE account SET pinned_millis = max(pinned_millis, ?) WHERE key = ?",
        (tick_millis, account),
    )


def set_marked(tx: Connection, account: int, tick_millis: int) -> None:
    """Remembers the tick of a change that is no entry, as of rules, so that no later one has it after a restart with an export in between."""
    tx.execute(
        "UPDATE account SET tick_millis = max(tick_millis, ?) WHERE key = ?", (tick_millis, account)
    )


def after_pinned(tx: Connection, account: int, now_millis: int) -> int:
    """Returns now, or where an account's last pinned tick is not before it, the moment behind that."""
    (row,) = tx.execute("SELECT pinned_millis FROM account WHERE key = ?", (account,))
    return max(now_millis, int(row[0]) + 1)


def set_profile_count(tx: Connection, account: int, count: int) -> None:
    """Keeps an account's number of profiles for listings."""
    tx.execute("UPDATE account SET profile_count = ? WHERE key = ?", (count, account))


def entries(tx: Connection, account: int, after: int, upto: int, limit: int) -> list[Entry]:
    """Reads entries in order of revisions, those after one and up to one."""
    rows = tx.execute(
        "SELECT revision, tick_millis, kind, schema_version, body FROM journal"
        " WHERE account = ? AND revision > ? AND revision <= ? ORDER BY revision LIMIT ?",
        (account, after, upto, limit),
    )
    return [
        Entry(revision, tick, EntryKind(kind), schema, body)
        for revision, tick, kind, schema, body in rows
    ]


def snapshot_before(tx: Connection, account: int, revision: int) -> SnapshotRow | None:
    """Reads the newest snapshot at or below a revision."""
    rows = list(
        tx.execute(
            "SELECT revision, directory FROM snapshot WHERE account = ? AND revision <= ?"
            " ORDER BY revision DESC LIMIT 1",
            (account, revision),
        )
    )
    return SnapshotRow(*rows[0]) if rows else None


def insert_snapshot(tx: Connection, account: int, snapshot: SnapshotRow) -> None:
    """Adds a snapshot whose files are complete."""
    tx.execute(
        "INSERT OR REPLACE INTO snapshot (account, revision, directory) VALUES (?, ?, ?)",
        (account, snapshot.revision, snapshot.directory),
    )


def select_snapshots(tx: Connection, account: int) -> list[SnapshotRow]:
    """Reads an account's snapshots in order of revisions."""
    rows = tx.execute(
        "SELECT revision, directory FROM snapshot WHERE account = ? ORDER BY revision", (account,)
    )
    return [SnapshotRow(*row) for row in rows]


def compact(tx: Connection, account: int, now_millis: int) -> list[SnapshotRow]:
    """Removes what the snapshots cover and nothing needs.

    A state that can still be asked for, of an export or from before an import that can be undone, is built from the newest snapshot at or
    below it and the entries between the two. Of these snapshots those of exports are kept, and of the others a few, far from each other.

    Returns:
        Snapshots that were removed; their directories can go.
    """
    snapshots = select_snapshots(tx, account)
    if not snapshots:
        return []
    exported = {
        row[0]
        for row in tx.execute(
            "SELECT DISTINCT revision FROM export WHERE account = ? AND expire_millis > ? AND state <= ?",
            (account, now_millis, ExportState.RETRIEVED),
        )
    }
    asked = {*exported, *imports.needed_revisions(tx, account, now_millis)}
    plan = plan_compaction(
        [snapshot.revision for snapshot in snapshots], exported, asked, imports.undos(tx, account)
    )
    removed = [snapshot for snapshot in snapshots if snapshot.revision not in plan.kept]
    for snapshot in removed:
        tx.execute(
            "DELETE FROM snapshot WHERE account = ? AND revision = ?", (account, snapshot.revision)
        )
    tx.execute("DELETE FROM journal WHERE account = ? AND revision <= ?", (account, plan.floor))
    tx.execute(
        "DELETE FROM import_part WHERE import IN"
        " (SELECT key FROM import WHERE account = ? AND revision > 0 AND revision <= ?)",
        (account, plan.floor),
    )
    return removed
