"""Rows of notifications: whom to tell that a job has ended, when, and what became of each attempt."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from segue.domain.notification import (
    JobKind,
    NotificationAttempt,
    NotificationKind,
    NotificationState,
    NotificationStatus,
    NotificationTarget,
)
from segue.store.base import Connection

ATTEMPTS_SHOWN: Final = 20

_JOBS: Final = {JobKind.EXPORT: "export", JobKind.IMPORT: "import"}
"""Each kind's table, and the column that names one of its rows in a notification."""


@dataclass(frozen=True)
class NotificationRow:
    """A notification as it is stored."""

    key: int
    """Never used again, so that an attempt that outlives its row is written to no other."""
    job_kind: JobKind
    job: int
    """The job's number among those of its kind."""
    account: int
    kind: NotificationKind
    address: str = field(repr=False)
    attempt_count: int


def insert(tx: Connection, job_kind: JobKind, job: int, target: NotificationTarget) -> None:
    """Adds the notification of a job that has not ended yet; it goes when the job does."""
    table = _JOBS[job_kind]
    tx.execute(
        f"INSERT INTO notification ({table}, account, kind, address, state)"
        f" SELECT key, account, ?, ?, ? FROM {table} WHERE key = ?",
        (target.kind, target.address, NotificationState.PENDING, job),
    )


def set_due(tx: Connection, job_kind: JobKind, job: int, due_millis: int) -> None:
    """Says that a job's end can be told from a time on; nothing where nobody is to be told, or that was said before."""
    tx.execute(
        f"UPDATE notification SET due_millis = ? WHERE {_JOBS[job_kind]} = ? AND state = ? AND due_millis IS NULL",
        (due_millis, job, NotificationState.PENDING),
    )


def select_due(
    tx: Connection,
    now_millis: int,
    limit: int,
    except_for: Iterable[int] = (),
    except_accounts: Iterable[int] = (),
) -> list[NotificationRow]:
    """Reads the notifications of all kinds of jobs whose time has come, those that waited longest first.

    Args:
        tx: Open transaction.
        now_millis: The time.
        limit: The most that are read.
        except_for: Notifications under way.
        except_accounts: Accounts that have their share already.
    """
    rows = tx.execute(
        "SELECT key, export, import, account, kind, address, attempt_count FROM notification"
        f" WHERE due_millis <= ? {_others(except_for, except_accounts)} ORDER BY due_millis, key LIMIT ?",
        (now_millis, limit),
    )
    return [
        NotificationRow(
            key,
            JobKind.IMPORT if export is None else JobKind.EXPORT,
            import_ if export is None else export,
            account,
            NotificationKind(kind),
            address,
            count,
        )
        for key, export, import_, account, kind, address, count in rows
    ]


def next_due(
    tx: Connection, except_for: Iterable[int] = (), except_accounts: Iterable[int] = ()
) -> int | None:
    """Returns when the next notification of others is due; None when there is none."""
    (row,) = tx.execute(
        f"SELECT min(due_millis) FROM notification WHERE due_millis IS NOT NULL {_others(except_for, except_accounts)}"
    )
    return None if row[0] is None else int(row[0])


def record(
    tx: Connection,
    key: int,
    attempt: NotificationAttempt,
    state: NotificationState,
    due_millis: int | None,
) -> None:
    """Logs an attempt of a notification and says what comes next: nothing, or another attempt at a time."""
    for row in tx.execute(
        "UPDATE notification SET state = ?, due_millis = ?, attempt_count = attempt_count + 1"
        " WHERE key = ? RETURNING attempt_count",
        (state, due_millis, key),
    ):
        tx.execute(
            "INSERT INTO notification_attempt (notification, number, millis, status_code, error) VALUES (?, ?, ?, ?, ?)",
            (key, row[0], attempt.millis, attempt.status_code, attempt.error),
        )


def read(tx: Connection, job_kind: JobKind, job: int) -> NotificationStatus | None:
    """Reads how far the notification of a job is; None when nobody is to be told."""
    rows = list(
        tx.execute(
            f"SELECT key, state, attempt_count, due_millis FROM notification WHERE {_JOBS[job_kind]} = ?",
            (job,),
        )
    )
    if not rows:
        return None
    key, state, count, due_millis = rows[0]
    attempts = tx.execute(
        "SELECT millis, status_code, error FROM notification_attempt WHERE notification = ?"
        " ORDER BY number DESC LIMIT ?",
        (key, ATTEMPTS_SHOWN),
    )
    return NotificationStatus(
        NotificationState(state),
        count,
        due_millis,
        tuple(NotificationAttempt(*row) for row in attempts)[::-1],
    )


def _others(keys: Iterable[int], accounts: Iterable[int]) -> str:
    return f"AND key NOT IN ({_numbers(keys)}) AND account NOT IN ({_numbers(accounts)})"


def _numbers(keys: Iterable[int]) -> str:
    return ",".join(str(int(key)) for key in keys) or "-1"
