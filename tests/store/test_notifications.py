"""Rows of notifications: whose they are, that they go with their jobs, and that old databases keep theirs."""

import hashlib
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest

from segue.domain.notification import (
    JobKind,
    NotificationAttempt,
    NotificationKind,
    NotificationState,
    NotificationStatus,
    NotificationTarget,
)
from segue.store import accounts, notifications
from segue.store.base import Connection, Store
from segue.store.open import DATABASE_FILE, open_store
from segue.store.sqlite import connect

HOOK = NotificationTarget(NotificationKind.WEBHOOK, "https://example.com/")
REFUSED = NotificationAttempt(70, 500, "the receiver answered 500")
ADD_JOB = {
    JobKind.EXPORT: (
        "INSERT INTO export (account, export_id, digest, link_nonce, link_digest, state, delivery, format, compression,"
        " list_id, include_removed, revision, schema_version, snapshot_millis, stream_count, create_millis,"
        " expire_millis, selection) VALUES (?1, ?2, ?2, ?2, ?2, 1, 2, 1, 0, '', 0, 1, 0, 0, 1, 0, 100, '') RETURNING key"
    ),
    JobKind.IMPORT: (
        "INSERT INTO import (account, import_id, digest, state, display_name, list_id, ignore_unknown_fields,"
        " expire_millis, retain_millis) VALUES (?1, ?2, ?2, 1, '', '', 0, 100, 100) RETURNING key"
    ),
}
KINDS = pytest.mark.parametrize("kind", JobKind)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = open_store(tmp_path)
    await store.write(lambda tx: accounts.insert(tx, "shop", "Shop", "UTC", 1, 64))
    yield store
    await store.close()


def add(tx: Connection, kind: JobKind, name: str = "j1") -> int:
    """Adds a job of the only account with a notification."""
    (row,) = tx.execute(ADD_JOB[kind], (accounts.select_numbers(tx)[0], name))
    notifications.insert(tx, kind, int(row[0]), HOOK)
    return int(row[0])


@KINDS
async def test_a_notification_is_its_jobs_alone_and_due_when_that_ends(
    store: Store, kind: JobKind
) -> None:
    (other,) = set(JobKind) - {kind}

    def work(tx: Connection) -> None:
        job = add(tx, kind)
        assert add(tx, other) == job
        assert notifications.select_due(tx, 100, 9) == []
        notifications.set_due(tx, kind, job, 50)
        (row,) = notifications.select_due(tx, 50, 9)
        assert (row.job_kind, row.job, row.address) == (kind, job, HOOK.address)
        assert notifications.select_due(tx, 49, 9) == []
        assert notifications.select_due(tx, 50, 9, except_for=[row.key]) == []
        assert notifications.select_due(tx, 50, 9, except_accounts=[row.account]) == []
        notifications.record(tx, row.key, REFUSED, NotificationState.PENDING, 90)
        notifications.set_due(tx, kind, job, 60)
        pending = NotificationStatus(NotificationState.PENDING, 1, 90, (REFUSED,))
        assert notifications.read(tx, kind, job) == pending
        untold = NotificationStatus(NotificationState.PENDING, 0, None, ())
        assert notifications.read(tx, other, job) == untold

    await store.write(work)


@KINDS
async def test_where_nobody_is_to_be_told_nothing_becomes_due(store: Store, kind: JobKind) -> None:
    def work(tx: Connection) -> None:
        tx.execute(ADD_JOB[kind], (accounts.select_numbers(tx)[0], "j1"))
        notifications.set_due(tx, kind, 1, 50)
        assert notifications.next_due(tx) is None
        assert notifications.read(tx, kind, 1) is None

    await store.write(work)


@KINDS
async def test_an_attempt_that_outlives_its_job_is_written_to_no_other(
    store: Store, kind: JobKind
) -> None:
    def work(tx: Connection) -> None:
        job = add(tx, kind)
        notifications.set_due(tx, kind, job, 50)
        (gone,) = notifications.select_due(tx, 50, 9)
        tx.execute(f"DELETE FROM {kind.value} WHERE key = ?", (job,))
        later = add(tx, kind, "j2")
        notifications.record(tx, gone.key, REFUSED, NotificationState.FAILED, None)
        untold = NotificationStatus(NotificationState.PENDING, 0, None, ())
        assert notifications.read(tx, kind, later) == untold

    await store.write(work)


async def test_old_databases_keep_whom_to_tell_of_exports_and_what_became_of_it(
    tmp_path: Path,
) -> None:
    connection = connect(tmp_path / DATABASE_FILE)
    files = resources.files("segue.store") / "migrations"
    list(connection.execute("CREATE TABLE migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)"))
    for entry in sorted(files.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql") and entry.name < "0005":
            text = entry.read_text(encoding="utf-8")
            list(connection.execute(text))
            digest = hashlib.sha256(text.encode()).hexdigest()
            list(connection.execute("INSERT INTO migration VALUES (?, ?)", (entry.name, digest)))
    list(
        connection.execute(
            "INSERT INTO account (key, account_id, display_name, time_zone, create_millis, update_millis, version,"
            " next_column, revision, tick_millis, pinned_millis, profile_count)"
            " VALUES (1, 'shop', 'Shop', 'UTC', 1, 1, 1, 64, 0, 0, 0, 0)"
        )
    )
    for name in ("j1", "j2"):
        list(connection.execute(ADD_JOB[JobKind.EXPORT], (1, name)))
    for job, state, count, due in ((1, 2, 1, None), (2, 1, 1, 90)):
        values = (job, HOOK.kind, HOOK.address, state, count, due)
        list(
            connection.execute("INSERT INTO export_notification VALUES (?, ?, ?, ?, ?, ?)", values)
        )
        attempt = "INSERT INTO export_notification_attempt VALUES (?, 1, 70, 500, ?)"
        list(connection.execute(attempt, (job, REFUSED.error)))
    connection.close()
    store = open_store(tmp_path)

    def read(tx: Connection) -> None:
        delivered = NotificationStatus(NotificationState.DELIVERED, 1, None, (REFUSED,))
        assert notifications.read(tx, JobKind.EXPORT, 1) == delivered
        (row,) = notifications.select_due(tx, 90, 9)
        assert (row.job, row.account, row.address, row.attempt_count) == (2, 1, HOOK.address, 1)

    await store.read(read)
    await store.close()
