"""Rows of imports."""

from dataclasses import dataclass, field
from typing import Final

from segue.domain.imports import ImportAction, ImportRules, ImportState, ImportStatus
from segue.domain.notification import NotificationStatus
from segue.store.base import Connection, Row, Value

_COLUMNS: Final = (
    "import.key, import.account, account_id, import_id, action, state, import.display_name, list_id, ignore_unknown_fields, rules,"
    " validate_only, received_count, valid_count, invalid_count, processed_count, created_count, repeated_count, not_honored_count,"
    " unwritten_count, erased_count, exception_count, staged_bytes, import.revision, import.tick_millis, import.create_millis,"
    " expire_millis, retain_millis, undoes, undo_nonce, undo_revision, review, error_message, actor"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM import JOIN account ON account.key = import.account"
_RUNNING: Final = (ImportState.QUEUED, ImportState.PROCESSING)
_STAGING: Final = (ImportState.INITIATED, ImportState.STAGING)


@dataclass(frozen=True)
class ImportRow:
    """An import as it is stored."""

    key: int
    account: int
    account_id: str
    import_id: str
    action: ImportAction
    state: ImportState
    display_name: str
    list_id: str | None
    ignore_unknown_fields: bool
    rules: ImportRules
    validate_only: bool
    received_count: int
    valid_count: int
    invalid_count: int
    processed_count: int
    created_count: int
    repeated_count: int
    not_honored_count: int
    unwritten_count: int
    erased_count: int
    exception_count: int
    staged_bytes: int
    revision: int
    tick_millis: int
    create_millis: int
    expire_millis: int
    retain_millis: int
    undoes: int | None
    """Number of the import that it takes back."""
    undo_nonce: str
    """By which the token of its own undo is made again; empty before."""
    undo_revision: int
    review: bytes | None = field(repr=False)
    error_message: str
    actor: str
    """Name of the key that opened it."""

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/imports/{self.import_id}"

    def is_undoable(self, now_millis: int) -> bool:
        """Whether it can be taken back."""
        return (
            self.action is ImportAction.ADD
            and self.state is ImportState.COMPLETED
            and self.revision > 0
            and not self.undo_revision
            and self.retain_millis > now_millis
        )

    def status(
        self, now_millis: int, notification: NotificationStatus | None = None
    ) -> ImportStatus:
        """Returns how far it is, and whoever is to be told of it, as callers see it."""
        return ImportStatus(
            name=self.name,
            display_name=self.display_name,
            action=self.action,
            state=self.state,
            received_count=self.received_count,
            valid_count=self.valid_count,
            invalid_count=self.invalid_count,
            processed_count=self.processed_count,
            created_count=self.created_count,
            repeated_count=self.repeated_count,
            not_honored_count=self.not_honored_count,
            unwritten_count=self.unwritten_count,
            erased_count=self.erased_count,
            exception_count=self.exception_count,
            revision=self.revision,
            create_millis=self.create_millis,
            expire_millis=self.expire_millis,
            undo_expire_millis=self.retain_millis if self.is_undoable(now_millis) else None,
            undo_revision=self.undo_revision,
            review=self.review,
            error_message=self.error_message,
            notification=notification,
        )


@dataclass(frozen=True)
class NewImport:
    """What a row of an import begins with."""

    digest: bytes
    """Of its token."""
    import_id: str
    action: ImportAction
    state: ImportState
    display_name: str
    list_id: str | None
    ignore_unknown_fields: bool
    rules: ImportRules
    validate_only: bool
    create_millis: int
    expire_millis: int
    retain_millis: int
    actor: str
    undoes: int | None = None


@dataclass(frozen=True)
class Execution:
    """What executing an import did."""

    revision: int
    """0 where nothing was to be written."""
    tick_millis: int
    processed_count: int
    created_count: int
    repeated_count: int
    not_honored_count: int
    unwritten_count: int
    erased_count: int
    review: bytes | None = field(default=None, repr=False)


def insert(tx: Connection, account: int, new: NewImport) -> int:
    """Adds an import; returns its number."""
    (row,) = tx.execute(
        "INSERT INTO import (account, digest, import_id, action, state, display_name, list_id, ignore_unknown_fields, rules,"
        " validate_only, create_millis, expire_millis, retain_millis, actor, undoes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key",
        (
            account,
            new.digest,
            new.import_id,
            new.action,
            new.state,
            new.display_name,
            new.list_id or "",
            new.ignore_unknown_fields,
            new.rules.encode(),
            new.validate_only,
            new.create_millis,
            new.expire_millis,
            new.retain_millis,
            new.actor,
            new.undoes,
        ),
    )
    return int(row[0])


def find(tx: Connection, digest: bytes) -> ImportRow | None:
    """Reads an import by the digest of its token."""
    return _found(tx, "digest = ?", digest)


def find_by_key(tx: Connection, key: int) -> ImportRow:
    """Reads an import, which is there, by its number."""
    (row,) = tx.execute(f"{_SELECT} WHERE import.key = ?", (key,))
    return _import(row)


def find_remaining(tx: Connection, key: int) -> ImportRow | None:
    """Reads an import by its number; None when it is gone."""
    return _found(tx, "import.key = ?", key)


def find_living(tx: Connection, key: int, now_millis: int) -> ImportRow | None:
    """Reads an import by its number; None when its token has ended: what was staged may be gone then, and so may the import."""
    return _found(tx, "import.key = ? AND expire_millis > ?", key, now_millis)


def select(tx: Connection, account: int, before: int, limit: int) -> list[ImportRow]:
    """Reads an account's imports with numbers below one, the newest first."""
    rows = tx.execute(
        f"{_SELECT} WHERE import.account = ? AND import.key < ? ORDER BY import.key DESC LIMIT ?",
        (account, before, limit),
    )
    return [_import(row) for row in rows]


def unfinished(tx: Connection) -> list[ImportRow]:
    """Reads imports whose execution was asked for and has not ended, in the order they were asked for."""
    return [
        _import(row)
        for row in tx.execute(f"{_SELECT} WHERE state IN (?, ?) ORDER BY import.key", _RUNNING)
    ]


def open_usage(tx: Connection, account: int, now_millis: int) -> tuple[int, int]:
    """Returns how many imports of an account take parts or wait for execution, and the bytes they hold staged."""
    (row,) = tx.execute(
        "SELECT count(*), coalesce(sum(staged_bytes), 0) FROM import"
        " WHERE account = ? AND (state IN (?, ?) OR state IN (?, ?) AND expire_millis > ?)",
        (account, *_RUNNING, *_STAGING, now_millis),
    )
    return int(row[0]), int(row[1])


def set_state(tx: Connection, key: int, state: ImportState) -> None:
    """Moves an import to a state."""
    tx.execute("UPDATE import SET state = ? WHERE key = ?", (state, key))


def add_staged(
    tx: Connection, key: int, record_count: int, valid_count: int, exceptions: int, size: int
) -> None:
    """Counts a staged part on its import."""
    tx.execute(
        "UPDATE import SET state = ?, received_count = received_count + ?, valid_count = valid_count + ?,"
        " invalid_count = invalid_count + ?, exception_count = exception_count + ?, staged_bytes = staged_bytes + ?"
        " WHERE key = ?",
        (
            ImportState.STAGING,
            record_count,
            valid_count,
            record_count - valid_count,
            exceptions,
            size,
            key,
        ),
    )


def queue(tx: Connection, key: int) -> None:
    """Notes that an import's execution was asked for; its token then lives as long as its exceptions are kept."""
    tx.execute(
        "UPDATE import SET state = ?, expire_millis = retain_millis WHERE key = ?",
        (ImportState.QUEUED, key),
    )


def complete(tx: Connection, key: int, done: Execution, exception_count: int) -> bool:
    """Ends an import that was executed; answers whether it was still running, and changes nothing otherwise."""
    rows = tx.execute(
        "UPDATE import SET state = ?, revision = ?, tick_millis = ?, processed_count = ?, created_count = ?, repeated_count = ?,"
        " not_honored_count = ?, unwritten_count = ?, erased_count = ?, review = ?, exception_count = exception_count + ?"
        " WHERE key = ? AND state IN (?, ?) RETURNING key",
        (
            ImportState.COMPLETED,
            done.revision,
            done.tick_millis,
            done.processed_count,
            done.created_count,
            done.repeated_count,
            done.not_honored_count,
            done.unwritten_count,
            done.erased_count,
            done.review,
            exception_count,
            key,
            *_RUNNING,
        ),
    )
    return bool(list(rows))


def fail(tx: Connection, key: int, message: str) -> bool:
    """Ends a running import of which nothing was written; answers whether it was running."""
    rows = tx.execute(
        "UPDATE import SET state = ?, error_message = ? WHERE key = ? AND state IN (?, ?) RETURNING key",
        (ImportState.FAILED, message, key, *_RUNNING),
    )
    return bool(list(rows))


def cancel(tx: Connection, key: int) -> bool:
    """Gives an import up that has not ended; answers whether it had not."""
    rows = tx.execute(
        "UPDATE import SET state = ? WHERE key = ? AND state IN (?, ?, ?, ?) RETURNING key",
        (ImportState.CANCELLED, key, *_STAGING, *_RUNNING),
    )
    return bool(list(rows))


def set_undo(tx: Connection, key: int, nonce: str) -> None:
    """Keeps by which the token of an import's undo is made again."""
    tx.execute("UPDATE import SET undo_nonce = ? WHERE key = ?", (nonce, key))


def set_undone(tx: Connection, key: int, revision: int) -> None:
    """Notes at which revision an import was taken back."""
    tx.execute("UPDATE import SET undo_revision = ? WHERE key = ?", (revision, key))


def needed_revisions(tx: Connection, account: int, now_millis: int) -> list[int]:
    """Reads the revisions before imports that can still be undone, or are being undone."""
    rows = tx.execute(
        "SELECT revision - 1 FROM import WHERE account = ? AND action = ? AND state = ? AND revision > 0"
        " AND undo_revision = 0 AND (retain_millis > ? OR EXISTS"
        " (SELECT 1 FROM import undo WHERE undo.undoes = import.key AND undo.state IN (?, ?)))",
        (account, ImportAction.ADD, ImportState.COMPLETED, now_millis, *_RUNNING),
    )
    return [row[0] for row in rows]


def undos(tx: Connection, account: int) -> list[tuple[int, int]]:
    """Reads the journal entries that took imports back: their revisions, and those of the imports."""
    rows = tx.execute(
        "SELECT undo.revision, undone.revision FROM import undo JOIN import undone ON undone.key = undo.undoes"
        " WHERE undo.account = ? AND undo.revision > 0 AND EXISTS"
        " (SELECT 1 FROM journal WHERE journal.account = undo.account AND journal.revision = undo.revision)",
        (account,),
    )
    return [(row[0], row[1]) for row in rows]


def sweep(tx: Connection, now_millis: int) -> int:
    """Removes what has outlived its time: parts never executed, and imports past their retention."""
    tx.execute(
        "DELETE FROM import_part WHERE import IN (SELECT key FROM import WHERE revision = 0 AND state NOT IN (?, ?)"
        " AND expire_millis < ?)",
        (*_RUNNING, now_millis),
    )
    return len(
        list(
            tx.execute(
                "DELETE FROM import WHERE retain_millis < ? AND state NOT IN (?, ?)"
                " AND NOT EXISTS (SELECT 1 FROM import_part WHERE import = import.key)"
                " AND NOT EXISTS (SELECT 1 FROM import undo WHERE undo.undoes = import.key)"
                " AND NOT EXISTS (SELECT 1 FROM notification WHERE import = import.key AND due_millis IS NOT NULL)"
                " AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.account = import.account"
                " AND import.revision > 0 AND journal.revision = import.revision) RETURNING key",
                (now_millis, *_RUNNING),
            )
        )
    )


def _found(tx: Connection, condition: str, *values: Value) -> ImportRow | None:
    rows = list(tx.execute(f"{_SELECT} WHERE {condition}", values))
    return _import(rows[0]) if rows else None


def _import(row: Row) -> ImportRow:
    values = list(row)
    values[4], values[5] = ImportAction(values[4]), ImportState(values[5])
    values[7] = values[7] or None
    values[8], values[10] = bool(values[8]), bool(values[10])
    values[9] = ImportRules.decode(values[9])
    return ImportRow(*values)
