"""Rows of segment groups: written, found by what they name, in force at a tick, and new in old databases."""

import hashlib
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest

from segue.domain.account import Account
from segue.domain.segment_group import (
    Combination,
    GroupRef,
    SegmentGroup,
    SegmentOperator,
    SegmentRef,
)
from segue.store import accounts, segment_groups
from segue.store.base import Connection, Store
from segue.store.open import DATABASE_FILE, open_store
from segue.store.sqlite import connect

SEGMENT = "a" * 32
OTHER = "b" * 32


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = open_store(tmp_path)
    yield store
    await store.close()


def group(
    group_id: str, *operands: SegmentRef | GroupRef, millis: int = 10, version: int = 1
) -> SegmentGroup:
    inner = Combination(SegmentOperator.EXCEPT, operands)
    combination = Combination(SegmentOperator.OR, (inner, inner))
    return SegmentGroup("shop", group_id, "Name", combination, 10, millis, version)


def add(tx: Connection, *groups: SegmentGroup) -> Account:
    account = accounts.insert(tx, "shop", "Shop", "UTC", 1, 64)
    for each in groups:
        segment_groups.insert(tx, account, each, "admin")
    return account


def ids(groups: list[SegmentGroup]) -> list[str]:
    return [each.group_id for each in groups]


async def test_groups_come_back_as_they_were_and_in_order(store: Store) -> None:
    made = [group(name, SegmentRef(SEGMENT), GroupRef("x")) for name in ("c", "a", "b")]

    def work(tx: Connection) -> None:
        account = add(tx, *made)
        assert segment_groups.find(tx, account, "c") == made[0]
        assert segment_groups.find(tx, account, "d") is None
        assert ids(segment_groups.select(tx, account)) == ["a", "b", "c"]
        assert ids(segment_groups.select(tx, account, "a", 1)) == ["b"]
        assert segment_groups.count(tx, account) == 3
        segment_groups.delete(tx, account, "b")
        assert ids(segment_groups.select(tx, account)) == ["a", "c"]

    await store.write(work)


async def test_who_names_what_is_told_by_references_not_by_texts(store: Store) -> None:
    made = (
        group("segment", SegmentRef(SEGMENT)),
        group("users", GroupRef("segment"), SegmentRef(OTHER)),
        group("users-of-users", GroupRef("users")),
        group("operator", SegmentRef(OTHER)),
    )

    def work(tx: Connection) -> None:
        account = add(tx, *made)
        assert ids(segment_groups.users_of_segment(tx, account, SEGMENT)) == ["segment"]
        assert ids(segment_groups.users_of_segment(tx, account, OTHER)) == ["operator", "users"]
        assert ids(segment_groups.users_of_group(tx, account, "segment")) == ["users"]
        for word in ("operator", "operands", "group", "EXCEPT", "user"):
            assert segment_groups.users_of_group(tx, account, word) == []
        found = segment_groups.select_dependents(tx, account, (SEGMENT,))
        assert set(ids(found)) == {"segment", "users", "users-of-users"}
        found = segment_groups.select_dependents(tx, account, group_ids=("users",))
        assert ids(found) == ["users-of-users"]

    await store.write(work)


async def test_every_change_is_a_revision_that_was_in_force(store: Store) -> None:
    first, second = (
        group("g", SegmentRef(SEGMENT)),
        group("g", SegmentRef(OTHER), millis=20, version=2),
    )

    def work(tx: Connection) -> None:
        account = add(tx, first)
        segment_groups.update(tx, account, second, "accounts/shop/apiKeys/1")
        assert segment_groups.find(tx, account, "g") == second
        assert segment_groups.find_in_force(tx, account, "g", 9) is None
        for millis, expected, author in (
            (10, first, "admin"),
            (19, first, "admin"),
            (20, second, "accounts/shop/apiKeys/1"),
        ):
            found = segment_groups.find_in_force(tx, account, "g", millis)
            assert found is not None
            assert found.combination == expected.combination
            assert (found.number, found.author) == (expected.version, author)
        segment_groups.delete(tx, account, "g")
        assert segment_groups.find_in_force(tx, account, "g", 20) is None

    await store.write(work)


async def test_groups_go_with_their_account(store: Store) -> None:
    def work(tx: Connection) -> int:
        account = add(tx, group("g", SegmentRef(SEGMENT)))
        accounts.delete(tx, account.key)
        (row,) = tx.execute(
            "SELECT (SELECT count(*) FROM segment_group) + (SELECT count(*) FROM segment_group_revision)"
        )
        return int(row[0])

    assert await store.write(work) == 0


async def test_old_databases_take_groups(tmp_path: Path) -> None:
    connection = connect(tmp_path / DATABASE_FILE)
    files = resources.files("segue.store") / "migrations"
    list(connection.execute("CREATE TABLE migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)"))
    for entry in sorted(files.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql") and entry.name < "0004":
            text = entry.read_text(encoding="utf-8")
            list(connection.execute(text))
            digest = hashlib.sha256(text.encode()).hexdigest()
            list(connection.execute("INSERT INTO migration VALUES (?, ?)", (entry.name, digest)))
    connection.close()
    store = open_store(tmp_path)
    made = group("g", SegmentRef(SEGMENT))
    found = await store.write(lambda tx: segment_groups.select(tx, add(tx, made)))
    assert found == [made]
    await store.close()
