"""What every store promises; run on each engine by the fixture `store`."""

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from segue.domain.account import Account
from segue.errors import ResourceExists, ResourceNotFound, StoreUnavailable
from segue.store import accounts, journal
from segue.store.base import Connection, Store
from segue.store.journal import Entry, EntryKind, SnapshotRow
from segue.store.open import DATABASE_FILE, open_store
from segue.store.sqlite import connect


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = open_store(tmp_path)
    yield store
    await store.close()


async def an_account(store: Store, account_id: str = "shop") -> Account:
    return await store.write(lambda tx: accounts.insert(tx, account_id, "Shop", "UTC", 1, 64))


def append(tx: Connection, account: int, count: int = 1) -> list[Entry]:
    return journal.append(tx, account, 10, [(EntryKind.PROFILES, 0, b"x")] * count)


async def test_an_acknowledged_write_is_there_after_reopening(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    await an_account(store)
    await store.close()
    again = open_store(tmp_path)
    assert await again.read(lambda tx: accounts.find(tx, "shop")) is not None
    await again.close()


async def test_writes_that_wait_together_fail_one_by_one(store: Store) -> None:
    await an_account(store)

    def refuse(_: Connection) -> None:
        raise ResourceExists("taken")

    outcomes = await asyncio.gather(
        *(an_account(store, name) for name in ("a", "shop", "b")),
        store.write(refuse),
        return_exceptions=True,
    )
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["Account", "ConstraintError", "Account", "ResourceExists"]
    found = await store.read(lambda tx: accounts.select(tx, "", 10))
    assert [account.account_id for account in found] == ["a", "b", "shop"]


async def test_a_failed_write_leaves_nothing(store: Store) -> None:
    def work(tx: Connection) -> None:
        accounts.insert(tx, "half", "", "UTC", 1, 64)
        raise ResourceExists("after the insert")

    with pytest.raises(ResourceExists):
        await store.write(work)
    assert await store.read(lambda tx: accounts.find(tx, "half")) is None


async def test_a_writer_that_goes_away_is_not_missed(store: Store) -> None:
    writers = [asyncio.create_task(an_account(store, name)) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    writers[1].cancel()
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["Account", "CancelledError", "Account"]
    found = await store.read(lambda tx: accounts.select(tx, "", 10))
    assert [account.account_id for account in found] == ["a", "b", "c"]


def test_a_write_whose_loop_has_ended_does_not_stop_the_writer(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    left, written = threading.Event(), threading.Event()

    def slow(tx: Connection) -> None:
        left.wait(5)
        accounts.insert(tx, "late", "", "UTC", 1, 64)
        written.set()

    async def leave() -> None:
        writing = asyncio.create_task(store.write(slow))
        await asyncio.sleep(0)
        writing.cancel()

    asyncio.run(leave())
    left.set()
    assert written.wait(5)

    async def come_again() -> Account | None:
        await an_account(store)
        found = await store.read(lambda tx: accounts.find(tx, "late"))
        await store.close()
        return found

    assert asyncio.run(come_again()) is not None


async def test_an_entry_of_an_account_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(ResourceNotFound):
        await store.write(partial(append, account=7))


async def test_a_reader_sees_one_commit_while_writers_go_on(store: Store) -> None:
    account = await an_account(store)

    tasks = [
        asyncio.create_task(store.write(partial(append, account=account.key))) for _ in range(1, 50)
    ]
    for _ in range(50):

        def read(tx: Connection) -> tuple[int, int]:
            head = journal.read_head(tx, account.key)
            assert head is not None
            return head.revision, len(journal.entries(tx, account.key, 0, 1000, 1000))

        revision, count = await store.read(read)
        assert revision == count
    await asyncio.gather(*tasks)


async def test_columns_are_given_once(store: Store) -> None:
    account = await an_account(store)
    firsts = await asyncio.gather(
        *(store.write(lambda tx: accounts.take_columns(tx, account.key, 4)) for _ in range(20))
    )
    assert sorted(firsts) == list(range(64, 64 + 80, 4))


async def test_deleting_an_account_takes_everything_of_it(store: Store) -> None:
    account, other = await an_account(store), await an_account(store, "other")
    for key in (account.key, other.key):
        await store.write(partial(append, account=key))
    await store.write(lambda tx: accounts.delete(tx, account.key))
    assert await store.read(lambda tx: journal.entries(tx, account.key, 0, 9, 9)) == []
    assert len(await store.read(lambda tx: journal.entries(tx, other.key, 0, 9, 9))) == 1


@pytest.mark.parametrize(
    ("pinned", "kept_snapshots", "first_entry"),
    [([], [20], 21), ([15], [10, 20], 11), ([10], [10, 20], 11), ([20], [20], 21), ([5], [20], 1)],
)
async def test_compaction_keeps_what_open_exports_need(
    store: Store, pinned: list[int], kept_snapshots: list[int], first_entry: int
) -> None:
    account = await an_account(store)

    def fill(tx: Connection) -> None:
        append(tx, account.key, 25)
        for revision in (10, 20):
            journal.insert_snapshot(tx, account.key, SnapshotRow(revision, f"s/{revision}"))
        for revision in pinned:
            tx.execute(
                "INSERT INTO export (account, export_id, digest, link_nonce, link_digest, state, delivery, format, compression,"
                " list_id, include_removed, revision, schema_version, snapshot_millis, stream_count, create_millis,"
                " expire_millis, selection) VALUES (?1, ?2, ?2, ?2, ?2, 2, 1, 1, 0, '', 0, ?2, 0, 0, 1, 0, 100, '')",
                (account.key, revision),
            )

    await store.write(fill)
    await store.write(lambda tx: journal.compact(tx, account.key, 50))
    snapshots = await store.read(lambda tx: journal.select_snapshots(tx, account.key))
    entries = await store.read(lambda tx: journal.entries(tx, account.key, 0, 99, 99))
    assert [snapshot.revision for snapshot in snapshots] == kept_snapshots
    assert [e.revision for e in entries] == list(range(first_entry, 26))


def test_settings_of_durability_hold(tmp_path: Path) -> None:
    connection = connect(tmp_path / DATABASE_FILE)
    assert next(iter(connection.execute("PRAGMA synchronous"))) == (2,)
    assert next(iter(connection.execute("PRAGMA journal_mode"))) == ("wal",)


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    await store.write(
        lambda tx: tx.execute("INSERT INTO migration (name, digest) VALUES ('9999.sql', 'x')")
    )
    await store.close()
    with pytest.raises(StoreUnavailable, match="newer version"):
        open_store(tmp_path)
