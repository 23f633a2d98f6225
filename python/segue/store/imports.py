"""Rows of imports, their parts and their exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.job import ImportRequest, ImportState, ImportStatus
from segue.domain.profile import BlockFormat, RecordException
from segue.store.base import Connection, Row

_COLUMNS: Final = (
    "key, account, state, list_id, ignore_unknown_fields, received_count, valid_count, invalid_count,"
    " processed_count, created_count, exception_count, revision, expire_millis, error_message, staged_bytes"
)


@dataclass(frozen=True)
class ImportRow:
    """An import as it is stored."""

    key: int
    account: int
    list_id: str | None
    ignore_unknown_fields: bool
    staged_bytes: int
    status: ImportStatus

    @property
    def expire_millis(self) -> int:
        """When its token ends."""
        return self.status.expire_millis


@dataclass(frozen=True)
class PartRow:
    """A staged part without its bytes."""

    number: int
    block_format: BlockFormat
    schema_version: int
    digest: bytes
    record_count: int
    valid_count: int


def insert(
    tx: Connection, account: int, digest: bytes, request: ImportRequest, expire: int, retain: int
) -> int:
    """Adds an import; returns its number."""
    (row,) = tx.execute(
        "INSERT INTO import (account, digest, state, display_name, list_id, ignore_unknown_fields, expire_millis,"
        " retain_millis) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING key",
        (
            account,
            digest,
            ImportState.INITIATED,
            request.display_name,
            request.list_id or "",
            request.ignore_unknown_fields,
            expire,
            retain,
        ),
    )
    return int(row[0])


def find(tx: Connection, digest: bytes) -> ImportRow | None:
    """Reads an import by the digest of its token."""
    rows = list(tx.execute(f"SELECT {_COLUMNS} FROM import WHERE digest = ?", (digest,)))
    return _import(rows[0]) if rows else None


def find_by_key(tx: Connection, key: int) -> ImportRow:
    """Reads an import by its number."""
    (row,) = tx.execute(f"SELECT {_COLUMNS} FROM import WHERE key = ?", (key,))
    return _import(row)


def count_open(tx: Connection, account: int, now_millis: int) -> int:
    """Counts an account's imports that take parts or wait for execution."""
    (row,) = tx.execute(
        "SELECT count(*) FROM import WHERE account = ? AND state IN (?, ?, ?, ?)"
        " AND (expire_millis > ? OR state IN (?, ?))",
        (
            account,
            ImportState.INITIATED,
            ImportState.STAGING,
            ImportState.QUEUED,
            ImportState.PROCESSING,
            now_millis,
            ImportState.QUEUED,
            ImportState.PROCESSING,
        ),
    )
    return int(row[0])


def find_part(tx: Connection, key: int, number: int) -> PartRow | None:
    """Reads a part without its bytes."""
    rows = list(
        tx.execute(
            "SELECT number, format, schema_version, digest, record_count, valid_count FROM import_part"
            " WHERE import = ? AND number = ?",
            (key, number),
        )
    )
    return _part(rows[0]) if rows else None


def insert_part(
    tx: Connection, key: int, part: PartRow, data: bytes, exceptions: Sequence[RecordException]
) -> None:
    """Adds a part with its exceptions, and counts it on its import."""
    tx.execute(
        "INSERT INTO import_part (import, number, format, schema_version, digest, record_count, valid_count, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key,
            part.number,
            part.block_format,
            part.schema_version,
            part.digest,
            part.record_count,
            part.valid_count,
            data,
        ),
    )
    for position, problem in enumerate(exceptions):
        tx.execute(
            "INSERT INTO import_exception (import, part, position, record, profile_id, field_path, reason, message)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                part.number,
                position,
                problem.record_number,
                problem.profile_id,
                problem.field_path,
                problem.reason,
                problem.message,
            ),
        )
    tx.execute(
        "UPDATE import SET state = ?, received_count = received_count + ?, valid_count = valid_count + ?,"
        " invalid_count = invalid_count + ?, exception_count = exception_count + ?, staged_bytes = staged_bytes + ?"
        " WHERE key = ?",
        (
            ImportState.STAGING,
            part.record_count,
            part.valid_count,
            part.record_count - part.valid_count,
            len(exceptions),
            len(data),
            key,
        ),
    )


def part_numbers(tx: Connection, key: int) -> list[int]:
    """Reads the numbers of an import's parts in order."""
    return [
        row[0]
        for row in tx.execute(
            "SELECT number FROM import_part WHERE import = ? ORDER BY number", (key,)
        )
    ]


def read_part(tx: Connection, key: int, number: int) -> tuple[PartRow, bytes]:
    """Reads a part with its bytes."""
    (row,) = tx.execute(
        "SELECT number, format, schema_version, digest, record_count, valid_count, data FROM import_part"
        " WHERE import = ? AND number = ?",
        (key, number),
    )
    return _part(row[:-1]), row[-1]


def schema_versions(tx: Connection, key: int) -> set[int]:
    """Reads the schema versions that an import's parts were checked with."""
    return {
        row[0]
        for row in tx.execute(
            "SELECT DISTINCT schema_version FROM import_part WHERE import = ?", (key,)
        )
    }


def set_state(tx: Connection, key: int, state: ImportState) -> None:
    """Moves an import to a state."""
    tx.execute("UPDATE import SET state = ? WHERE key = ?", (state, key))


def queue(tx: Connection, key: int) -> None:
    """Notes that an import's execution was asked for; its token then lives as long as its exceptions are kept."""
    tx.execute(
        "UPDATE import SET state = ?, expire_millis = retain_millis WHERE key = ?",
        (ImportState.QUEUED, key),
    )


def complete(tx: Connection, key: int, processed: int, created: int, revision: int) -> None:
    """Ends an import whose records become visible at a revision."""
    tx.execute(
        "UPDATE import SET state = ?, processed_count = ?, created_count = ?, revision = ? WHERE key = ?",
        (ImportState.COMPLETED, processed, created, revision, key),
    )


def fail(tx: Connection, key: int, message: str) -> None:
    """Ends an import of which nothing was written; one that was committed stays so."""
    tx.execute(
        "UPDATE import SET state = ?, error_message = ? WHERE key = ? AND state <> ?",
        (ImportState.FAILED, message, key, ImportState.COMPLETED),
    )


def unfinished(tx: Connection) -> list[ImportRow]:
    """Reads imports whose execution was asked for and has not ended, in the order they were opened."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM import WHERE state IN (?, ?) ORDER BY key",
        (ImportState.QUEUED, ImportState.PROCESSING),
    )
    return [_import(row) for row in rows]


def select_exceptions(
    tx: Connection, key: int, after: Sequence[int | str], limit: int
) -> list[tuple[int, RecordException]]:
    """Reads exceptions in order, with their positions in their parts, those after a (part, position)."""
    rows = tx.execute(
        "SELECT position, part, record, profile_id, field_path, reason, message FROM import_exception"
        " WHERE import = ? AND (part, position) > (?, ?) ORDER BY part, position LIMIT ?",
        (key, *after, limit),
    )
    return [(row[0], RecordException(*row[1:])) for row in rows]


def sweep(tx: Connection, now_millis: int) -> int:
    """Removes what has outlived its time: parts never executed, and imports past their retention."""
    tx.execute(
        "DELETE FROM import_part WHERE import IN (SELECT key FROM import WHERE state IN (?, ?, ?) AND expire_millis < ?)",
        (ImportState.INITIATED, ImportState.STAGING, ImportState.FAILED, now_millis),
    )
    return len(
        list(
            tx.execute(
                "DELETE FROM import WHERE retain_millis < ? AND state NOT IN (?, ?)"
                " AND NOT EXISTS (SELECT 1 FROM import_part WHERE import = import.key) RETURNING key",
                (now_millis, ImportState.QUEUED, ImportState.PROCESSING),
            )
        )
    )


def _import(row: Row) -> ImportRow:
    key, account, state, list_id, ignore = row[:5]
    status = ImportStatus(ImportState(state), *row[5:14])
    return ImportRow(key, account, list_id or None, bool(ignore), row[14], status)


def _part(row: Row) -> PartRow:
    number, block_format, *rest = row
    return PartRow(number, BlockFormat(block_format), *rest)
