"""Rows of exports, which are also the queue of their jobs.

A job is due from `due_millis` on. Who takes it holds a lease: a word of its own and the time until which it counts. Whatever a holder writes
names its lease, so that one whose lease was taken over writes nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from segue.domain.export import (
    Compression,
    ExportDelivery,
    ExportFault,
    ExportState,
)
from segue.domain.profile import BlockFormat
from segue.store.base import Connection, Row

_COLUMNS: Final = (
    "key, account, export_id, is_token_live, link_nonce, state, delivery, format, compression, list_id, changed_from_millis,"
    " include_removed, revision, schema_version, snapshot_millis, stream_count, max_file_rows, max_file_bytes, row_count,"
    " byte_count, written_row_count, create_millis, expire_millis, fault, attempt"
)


@dataclass(frozen=True)
class Selection:
    """Which rows and columns an export has; with its snapshot and format, all that its bytes depend on."""

    condition: bytes | None
    """None is every profile."""
    condition_before: bytes | None = None
    """What `condition` was for the increment before this one; None when it cannot have been another."""
    before_millis: int | None = None
    """The moment that `condition_before` is evaluated as of."""
    only: bytes | None = None
    """Condition of profiles outside of which nothing is told, removals included."""
    columns: tuple[int, ...] | None = None
    """Columns that are written; None is all."""
    events: tuple[tuple[str, ...], int, int] | None = None
    """Event types and their window, from one moment until before another."""
    match_values: bytes | None = field(default=None, repr=False)
    """Identifiers that all of the conditions look for, as `segue._kernel.MatchValues` writes them; None for conditions that look for none."""

    def encode(self) -> bytes:
        """Writes all but the identifiers as the bytes that are stored."""
        conditions = [
            None if part is None else part.decode()
            for part in (self.condition, self.condition_before, self.only)
        ]
        return json.dumps([conditions, self.before_millis, self.columns, self.events]).encode()

    @classmethod
    def decode(cls, stored: bytes, match_values: bytes | None) -> "Selection":
        """Reads what `encode` wrote, beside which the identifiers are stored."""
        conditions, before_millis, columns, events = json.loads(stored)
        condition, before, only = (None if part is None else part.encode() for part in conditions)
        return cls(
            condition,
            before,
            before_millis,
            only,
            None if columns is None else tuple(columns),
            None if events is None else (tuple(events[0]), events[1], events[2]),
            match_values,
        )


@dataclass(frozen=True)
class ExportRow:
    """An export as it is stored, without its selection, which may be large."""

    key: int
    account: int
    export_id: str
    is_token_live: bool
    """False once it was committed with its files kept."""
    link_nonce: bytes
    """From which the secret of its download link is derived."""
    state: ExportState
    delivery: ExportDelivery
    block_format: BlockFormat
    compression: Compression
    list_id: str | None
    changed_from_millis: int | None
    include_removed: bool
    revision: int
    schema_version: int
    snapshot_millis: int
    stream_count: int
    max_file_rows: int | None
    max_file_bytes: int | None
    row_count: int
    byte_count: int
    written_row_count: int
    create_millis: int
    expire_millis: int
    fault: ExportFault | None = None
    attempt: int = 0


def insert(
    tx: Connection,
    export: ExportRow,
    selection: Selection,
    digest: bytes,
    link_digest: bytes,
    due_millis: int | None,
) -> int:
    """Adds an export, with a job when it is due at some time; returns the number that the store gave it."""
    (row,) = tx.execute(
        "INSERT INTO export (account, export_id, digest, link_nonce, link_digest, state, delivery, format, compression, list_id,"
        " changed_from_millis, include_removed, revision, schema_version, snapshot_millis, stream_count, max_file_rows,"
        " max_file_bytes, row_count, create_millis, expire_millis, due_millis, selection, match_values)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key",
        (
            export.account,
            export.export_id,
            digest,
            export.link_nonce,
            link_digest,
            export.state,
            export.delivery,
            export.block_format,
            export.compression,
            export.list_id or "",
            export.changed_from_millis,
            export.include_removed,
            export.revision,
            export.schema_version,
            export.snapshot_millis,
            export.stream_count,
            export.max_file_rows,
            export.max_file_bytes,
            export.row_count,
            export.create_millis,
            export.expire_millis,
            due_millis,
            selection.encode(),
            selection.match_values,
        ),
    )
    return int(row[0])


def find(tx: Connection, digest: bytes) -> ExportRow | None:
    """Reads an export by the digest of its token, while the token counts."""
    return _one(tx, "digest = ? AND is_token_live", digest)


def find_by_id(tx: Connection, export_id: str) -> ExportRow | None:
    """Reads an export by its id, whatever became of its token."""
    return _one(tx, "export_id = ?", export_id)


def find_by_link(tx: Connection, link_digest: bytes) -> ExportRow | None:
    """Reads an export by the digest of the secret in its download link."""
    return _one(tx, "link_digest = ?", link_digest)


def find_by_key(tx: Connection, key: int) -> ExportRow | None:
    """Reads an export by the store's number."""
    return _one(tx, "key = ?", key)


def read_selection(tx: Connection, key: int) -> Selection:
    """Reads which rows and columns an export has."""
    (row,) = tx.execute("SELECT selection, match_values FROM export WHERE key = ?", (key,))
    return Selection.decode(*row)


def schema_version_at(tx: Connection, account: int, millis: int) -> int:
    """Reads which definitions an account's last export up to a tick was made with; 0 when no such export is kept."""
    rows = list(
        tx.execute(
            "SELECT schema_version FROM export WHERE account = ? AND snapshot_millis <= ?"
            " ORDER BY snapshot_millis DESC LIMIT 1",
            (account, millis),
        )
    )
    return int(rows[0][0]) if rows else 0


def select(tx: Connection, account: int, before: int, limit: int) -> list[ExportRow]:
    """Reads an account's exports below a number, the newest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM export WHERE account = ? AND key < ? ORDER BY key DESC LIMIT ?",
        (account, before, limit),
    )
    return [_export(row) for row in rows]


def select_open(tx: Connection, account: int) -> list[ExportRow]:
    """Reads the exports of an account that nobody ended yet, also of those whose time is over."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM export WHERE account = ? AND state <= ? ORDER BY key",
        (account, ExportState.RETRIEVED),
    )
    return [_export(row) for row in rows]


def count_open(tx: Connection, account: int, now_millis: int) -> int:
    """Counts an account's exports that can still be asked for, or that are being made."""
    (row,) = tx.execute(
        "SELECT count(*) FROM export WHERE account = ? AND expire_millis > ? AND state <= ?",
        (account, now_millis, ExportState.RETRIEVED),
    )
    return int(row[0])


def count_pending(tx: Connection, account: int) -> int:
    """Counts an account's jobs that are not finished."""
    (row,) = tx.execute(
        "SELECT count(*) FROM export WHERE account = ? AND state = ?",
        (account, ExportState.PROCESSING),
    )
    return int(row[0])


def set_row_count(tx: Connection, key: int, row_count: int) -> None:
    """Notes how many rows an export has."""
    tx.execute("UPDATE export SET row_count = ? WHERE key = ?", (row_count, key))


def set_retrieved(tx: Connection, key: int, byte_count: int) -> None:
    """Notes that an export was retrieved to its end, and its size."""
    tx.execute(
        "UPDATE export SET state = ?, byte_count = ? WHERE key = ? AND state IN (?, ?)",
        (
            ExportState.RETRIEVED,
            byte_count,
            key,
            ExportState.COMPLETE,
            ExportState.RETRIEVED,
        ),
    )


def end(tx: Connection, key: int, state: ExportState, now_millis: int) -> bool:
    """Ends an export that is being made or can be had; answers whether it was. Its files are to be deleted.

    The token of one that was withdrawn goes on, so that its owner hears why.
    """
    ended = tx.execute(
        "UPDATE export SET state = ?1, due_millis = NULL, lease = '',"
        " expire_millis = iif(?1 = ?2, expire_millis, min(expire_millis, ?3))"
        " WHERE key = ?4 AND state <= ?5 RETURNING key",
        (state, ExportState.WITHDRAWN, now_millis, key, ExportState.RETRIEVED),
    )
    return bool(list(ended))


def end_token(tx: Connection, key: int) -> None:
    """Ends an export's token; its files stay."""
    tx.execute("UPDATE export SET is_token_live = 0 WHERE key = ?", (key,))


def expire(tx: Connection, now_millis: int) -> list[int]:
    """Marks exports as expired whose time is over; returns the numbers of all ended ones that still have files, and of these.

    A job that was never finished expires too.
    """
    expired = [
        row[0]
        for row in tx.execute(
            "UPDATE export SET state = ?, due_millis = NULL, lease = '' WHERE expire_millis <= ? AND state <= ? RETURNING key",
            (ExportState.EXPIRED, now_millis, ExportState.RETRIEVED),
        )
    ]
    left = tx.execute(
        "SELECT key FROM export WHERE state > ? AND EXISTS (SELECT 1 FROM export_file WHERE export = export.key)",
        (ExportState.RETRIEVED,),
    )
    return sorted({*expired, *(row[0] for row in left)})


def sweep(tx: Connection, before_millis: int) -> list[int]:
    """Removes exports that ended before a time; returns their numbers."""
    return [
        row[0]
        for row in tx.execute(
            "DELETE FROM export WHERE expire_millis < ? AND state > ? RETURNING key",
            (before_millis, ExportState.RETRIEVED),
        )
    ]


def claim(
    tx: Connection, lease: str, now_millis: int, until_millis: int, busy: Iterable[int]
) -> ExportRow | None:
    """Takes the job that has waited longest, of an account that is not busy; counts the attempt.

    Args:
        tx: Open transaction.
        lease: The holder's word for it.
        now_millis: The time; jobs whose lease is over by then count as left behind.
        until_millis: Until when the lease counts.
        busy: Accounts that have their share already.
    """
    rows = tx.execute(
        "UPDATE export SET lease = ?1, lease_millis = ?3, attempt = attempt + 1, written_row_count = 0, byte_count = 0"
        " WHERE key = (SELECT key FROM export WHERE due_millis <= ?2 AND lease_millis <= ?2"
        f" AND account NOT IN ({_numbers(busy)}) ORDER BY due_millis, key LIMIT 1) RETURNING {_COLUMNS}",
        (lease, now_millis, until_millis),
    )
    found = [_export(row) for row in rows]
    return found[0] if found else None


def next_due(tx: Connection, busy: Iterable[int] = ()) -> int | None:
    """Returns when the next job of an account that is not busy is due or its lease ends, whichever is later; None when there is none."""
    (row,) = tx.execute(
        "SELECT min(max(due_millis, lease_millis)) FROM export WHERE due_millis IS NOT NULL"
        f" AND account NOT IN ({_numbers(busy)})"
    )
    return None if row[0] is None else int(row[0])


def progress(
    tx: Connection, key: int, lease: str, until_millis: int, row_count: int, written: int, size: int
) -> bool:
    """Notes how far a job is and renews its lease; answers whether the lease still counts."""
    return _held(
        tx,
        "lease_millis = ?, row_count = ?, written_row_count = ?, byte_count = ?",
        (until_millis, row_count, written, size),
        key,
        lease,
    )


def finish(tx: Connection, key: int, lease: str, row_count: int, byte_count: int) -> bool:
    """Ends a job whose files are all there; answers whether the lease still counted."""
    return _held(
        tx,
        "state = ?, due_millis = NULL, lease_millis = 0, row_count = ?, written_row_count = ?, byte_count = ?",
        (ExportState.COMPLETE, row_count, row_count, byte_count),
        key,
        lease,
    )


def fail(tx: Connection, key: int, lease: str, state: ExportState, fault: ExportFault) -> bool:
    """Ends a job that cannot be done; answers whether the lease still counted."""
    return _held(
        tx,
        "state = ?, due_millis = NULL, lease_millis = 0, fault = ?",
        (state, _fault_text(fault)),
        key,
        lease,
    )


def put_back(tx: Connection, key: int, lease: str, due_millis: int, attempt: int) -> bool:
    """Gives a job back, to be tried again later, with the attempts that count; answers whether the lease still counted."""
    changes = "due_millis = ?, attempt = ?, lease_millis = 0, lease = ''"
    return _held(tx, changes, (due_millis, attempt), key, lease)


def release_leases(tx: Connection) -> None:
    """Frees the jobs of a process that is no more; for the one process that serves a data directory, when it starts."""
    tx.execute("UPDATE export SET lease_millis = 0, lease = '' WHERE due_millis IS NOT NULL")


def _held(
    tx: Connection, changes: str, values: tuple[int | str, ...], key: int, lease: str
) -> bool:
    rows = tx.execute(
        f"UPDATE export SET {changes} WHERE key = ? AND lease = ? AND state = ? RETURNING key",
        (*values, key, lease, ExportState.PROCESSING),
    )
    return bool(list(rows))


def _numbers(keys: Iterable[int]) -> str:
    return ",".join(str(int(key)) for key in keys) or "-1"


def _one(tx: Connection, where: str, value: int | str | bytes) -> ExportRow | None:
    rows = list(tx.execute(f"SELECT {_COLUMNS} FROM export WHERE {where}", (value,)))
    return _export(rows[0]) if rows else None


def _fault_text(fault: ExportFault) -> str:
    return json.dumps([fault.reason, fault.message, fault.metadata])


def _export(row: Row) -> ExportRow:
    key, account, export_id, is_live, nonce, state, delivery, block_format, *rest = row
    compression, list_id, changed_from, include_removed, *numbers, fault, attempt = rest
    revision, schema_version, snapshot_millis, stream_count, file_rows, file_bytes, *counts = (
        numbers
    )
    return ExportRow(
        key=key,
        account=account,
        export_id=export_id,
        is_token_live=bool(is_live),
        link_nonce=nonce,
        state=ExportState(state),
        delivery=ExportDelivery(delivery),
        block_format=BlockFormat(block_format),
        compression=Compression(compression),
        list_id=list_id or None,
        changed_from_millis=changed_from,
        include_removed=bool(include_removed),
        revision=revision,
        schema_version=schema_version,
        snapshot_millis=snapshot_millis,
        stream_count=stream_count,
        max_file_rows=file_rows,
        max_file_bytes=file_bytes,
        row_count=counts[0],
        byte_count=counts[1],
        written_row_count=counts[2],
        create_millis=counts[3],
        expire_millis=counts[4],
        fault=ExportFault(*json.loads(fault)) if fault else None,
        attempt=attempt,
    )
