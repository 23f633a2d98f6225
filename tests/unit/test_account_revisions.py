"""A revision that is durable and not visible yet is waited for; one that never was is refused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue.errors import ResourceNotFound, RevisionAhead
from segue.service.account_revisions import AccountRevisions
from segue.store import journal
from segue.store.base import Connection
from segue.store.journal import EntryKind
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.unit.use_cases import HandClock, OpenUseCases

TURNS = 50
"""Turns of the event loop in which something that can go on does."""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenUseCases]:
    use_cases = OpenUseCases(tmp_path, HandClock())
    await use_cases.accounts.create("shop")
    await write(use_cases, "first")
    yield use_cases
    await use_cases.close()


async def write(use_cases: OpenUseCases, profile_id: str) -> int:
    batch = ProfileBatch(profiles=[Profile(profile_id=profile_id)])
    return (await use_cases.profiles.upsert("shop", batch.SerializeToString())).revision


async def make_durable(use_cases: OpenUseCases, profile_id: str) -> int:
    """Writes to the journal as a commit does that has not come to making itself visible."""
    account = await use_cases.ledger.directory.account("shop")
    body = ProfileBatch(profiles=[Profile(profile_id=profile_id)]).SerializeToString()

    def work(tx: Connection) -> int:
        head = journal.read_head(tx, account.key)
        assert head is not None
        change = (EntryKind.PROFILES, head.schema_version, body)
        (entry,) = journal.append(tx, account.key, head.tick_millis + 10, [change])
        return entry.revision

    return await use_cases.store.write(work)


async def waiting(use_cases: OpenUseCases, revision: int) -> asyncio.Task[None]:
    """Begins to wait for a revision, and finds that it does."""
    reach = AccountRevisions(use_cases.store, use_cases.ledger).reach("shop", revision)
    task = asyncio.create_task(reach)
    for _ in range(TURNS):
        await use_cases.accounts.get("shop")
        assert not task.done()
    return task


async def test_what_is_visible_is_reached_at_once_and_what_never_was_is_refused(
    shop: OpenUseCases,
) -> None:
    revisions, head = AccountRevisions(shop.store, shop.ledger), await write(shop, "second")
    for revision in range(head + 1):
        await revisions.reach("shop", revision)
    with pytest.raises(RevisionAhead) as caught:
        await revisions.reach("shop", head + 1)
    assert caught.value.metadata["head"] == str(head)
    with pytest.raises(ResourceNotFound):
        await revisions.reach("nobody", 1)


async def test_what_is_durable_is_waited_for_until_it_is_visible(shop: OpenUseCases) -> None:
    task = await waiting(shop, await make_durable(shop, "late"))
    await write(shop, "later")
    await task


async def test_a_table_that_is_built_anew_meanwhile_has_what_is_durable(
    shop: OpenUseCases,
) -> None:
    task = await waiting(shop, await make_durable(shop, "late"))
    account = await shop.ledger.directory.account("shop")
    shop.ledger.accounts.drop(account.key)
    await task
    assert await shop.profiles.get("shop", "late")


async def test_who_waits_hears_that_the_account_is_deleted(shop: OpenUseCases) -> None:
    task = await waiting(shop, await make_durable(shop, "late"))
    await shop.accounts.delete("shop")
    with pytest.raises(ResourceNotFound):
        await task
