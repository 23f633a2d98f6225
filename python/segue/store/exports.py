"""Rows of exports."""

from dataclasses import dataclass
from typing import Final

from segue.domain.profile import BlockFormat
from segue.store.base import Connection, Row

_COLUMNS: Final = (
    "key, account, format, list_id, condition, changed_from_millis, include_removed, revision, schema_version,"
    " snapshot_millis, byte_count, expire_millis, condition_before, before_millis"
)


@dataclass(frozen=True)
class ExportRow:
    """An export as it is stored: with its snapshot, all that its bytes depend on."""

    key: int
    account: int
    block_format: BlockFormat
    list_id: str | None
    condition: bytes | None
    changed_from_millis: int | None
    include_removed: bool
    revision: int
    schema_version: int
    snapshot_millis: int
    byte_count: int
    expire_millis: int
    condition_before: bytes | None = None
    """What `condition` was for the increment before this one; None when it cannot have been another."""
    before_millis: int | None = None
    """The moment that `condition_before` is evaluated as of."""


def insert(tx: Connection, digest: bytes, export: ExportRow) -> None:
    """Adds an export; its number is given by the store."""
    tx.execute(
        "INSERT INTO export (digest, account, format, list_id, condition, changed_from_millis, include_removed,"
        " revision, schema_version, snapshot_millis, expire_millis, condition_before, before_millis)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            digest,
            export.account,
            export.block_format,
            export.list_id or "",
            export.condition,
            export.changed_from_millis,
            export.include_removed,
            export.revision,
            export.schema_version,
            export.snapshot_millis,
            export.expire_millis,
            export.condition_before,
            export.before_millis,
        ),
    )


def find(tx: Connection, digest: bytes) -> ExportRow | None:
    """Reads an export by the digest of its token."""
    rows = list(tx.execute(f"SELECT {_COLUMNS} FROM export WHERE digest = ?", (digest,)))
    return _export(rows[0]) if rows else None


def count_open(tx: Connection, account: int, now_millis: int) -> int:
    """Counts an account's exports that can still be asked for."""
    (row,) = tx.execute(
        "SELECT count(*) FROM export WHERE account = ? AND expire_millis > ?", (account, now_millis)
    )
    return int(row[0])


def set_byte_count(tx: Connection, key: int, byte_count: int) -> None:
    """Remembers the size of an export that was streamed to its end."""
    tx.execute("UPDATE export SET byte_count = ? WHERE key = ?", (byte_count, key))


def sweep(tx: Connection, now_millis: int) -> list[int]:
    """Removes exports whose time is over; returns their numbers."""
    return [
        row[0]
        for row in tx.execute(
            "DELETE FROM export WHERE expire_millis < ? RETURNING key", (now_millis,)
        )
    ]


def _export(row: Row) -> ExportRow:
    key, account, block_format, list_id, condition, changed_from, removed, *rest = row
    return ExportRow(
        key,
        account,
        BlockFormat(block_format),
        list_id or None,
        condition,
        changed_from,
        bool(removed),
        *rest,
    )
