"""Rows of notifications: whom to tell of an export, when, and what became of each attempt."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from segue.domain.export import (
    NotificationAttempt,
    NotificationKind,
    NotificationState,
    NotificationStatus,
    NotificationTarget,
)
from segue.store.base import Connection

ATTEMPTS_SHOWN: Final = 20

_WAITING: Final = "export_notification n JOIN export e ON e.key = n.export"


@dataclass(frozen=True)
class NotificationRow:
    """A notification as it is stored."""

    export: int
    account: int
    kind: NotificationKind
    address: str = field(repr=False)
    attempt_count: int


def insert(tx: Connection, export: int, target: NotificationTarget) -> None:
    """Adds the notification of an export that is not made yet."""
    tx.execute(
        "INSERT INTO export_notification (export, kind, address, state) VALUES (?, ?, ?, ?)",
        (export, target.kind, target.address, NotificationState.PENDING),
    )


def set_due(tx: Connection, export: int, due_millis: int) -> None:
    """Says that an export's end can be told from a time on; nothing where nobody is to be told."""
    tx.execute(
        "UPDATE export_notification SET due_millis = ? WHERE export = ? AND state = ?",
        (due_millis, export, NotificationState.PENDING),
    )


def select_due(
    tx: Connection,
    now_millis: int,
    limit: int,
    except_for: Iterable[int] = (),
    except_accounts: Iterable[int] = (),
) -> list[NotificationRow]:
    """Reads the notifications whose time has come, those that waited longest first.

    Args:
        tx: Open transaction.
        now_millis: The time.
        limit: The most that are read.
        except_for: Exports that are being told of.
        except_accounts: Accounts that have their share already.
    """
    rows = tx.execute(
        "SELECT n.export, e.account, n.kind, n.address, n.attempt_count"
        f" FROM {_WAITING} WHERE n.due_millis <= ? {_others(except_for, except_accounts)}"
        " ORDER BY n.due_millis, n.export LIMIT ?",
        (now_millis, limit),
    )
    return [
        NotificationRow(export, account, NotificationKind(kind), address, count)
        for export, account, kind, address, count in rows
    ]


def next_due(
    tx: Connection, except_for: Iterable[int] = (), except_accounts: Iterable[int] = ()
) -> int | None:
    """Returns when the next notification of others is due; None when there is none."""
    (row,) = tx.execute(
        f"SELECT min(n.due_millis) FROM {_WAITING}"
        f" WHERE n.due_millis IS NOT NULL {_others(except_for, except_accounts)}"
    )
    return None if row[0] is None else int(row[0])


def record(
    tx: Connection,
    export: int,
    attempt: NotificationAttempt,
    state: NotificationState,
    due_millis: int | None,
) -> None:
    """Logs an attempt and says what comes next: nothing, or another attempt at a time."""
    for row in tx.execute(
        "UPDATE export_notification SET state = ?, due_millis = ?, attempt_count = attempt_count + 1"
        " WHERE export = ? RETURNING attempt_count",
        (state, due_millis, export),
    ):
        tx.execute(
            "INSERT INTO export_notification_attempt (export, number, millis, status_code, error) VALUES (?, ?, ?, ?, ?)",
            (export, row[0], attempt.millis, attempt.status_code, attempt.error),
        )


def status(tx: Connection, export: int) -> NotificationStatus | None:
    """Reads how far the notification of an export is; None when nobody is to be told."""
    rows = list(
        tx.execute(
            "SELECT state, attempt_count, due_millis FROM export_notification WHERE export = ?",
            (export,),
        )
    )
    if not rows:
        return None
    state, count, due_millis = rows[0]
    attempts = tx.execute(
        "SELECT millis, status_code, error FROM export_notification_attempt WHERE export = ?"
        " ORDER BY number DESC LIMIT ?",
        (export, ATTEMPTS_SHOWN),
    )
    return NotificationStatus(
        NotificationState(state),
        count,
        due_millis,
        tuple(NotificationAttempt(*row) for row in attempts)[::-1],
    )


def _others(exports: Iterable[int], accounts: Iterable[int]) -> str:
    return f"AND n.export NOT IN ({_numbers(exports)}) AND e.account NOT IN ({_numbers(accounts)})"


def _numbers(keys: Iterable[int]) -> str:
    return ",".join(str(int(key)) for key in keys) or "-1"
