"""Changes that wait together are made durable together, and still each is its caller's own: its revision, its answer, its failure."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue.domain.profile import UpsertResult
from segue.errors import ResourceExists, ResourceNotFound
from segue.store import journal
from segue.store.journal import ENTRIES_AT_ONCE, Entry
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.unit.use_cases import HandClock, OpenUseCases

CALLERS = 2 * ENTRIES_AT_ONCE + 1


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenUseCases]:
    use_cases = OpenUseCases(tmp_path, HandClock())
    await use_cases.accounts.create("shop")
    yield use_cases
    await use_cases.close()


async def write(shop: OpenUseCases, *profile_ids: str, account: str = "shop") -> UpsertResult:
    batch = ProfileBatch(profiles=[Profile(profile_id=found) for found in profile_ids])
    return await shop.profiles.upsert(account, batch.SerializeToString())


async def entries(shop: OpenUseCases) -> list[Entry]:
    account = await shop.ledger.directory.account("shop")
    return await shop.store.read(lambda tx: journal.entries(tx, account.key, 0, 10**6, 10**6))


async def test_callers_that_wait_together_get_revisions_of_their_own_and_one_tick(
    shop: OpenUseCases,
) -> None:
    await write(shop, "first")
    written = await asyncio.gather(*(write(shop, f"p{n}") for n in range(CALLERS)))
    assert [result.revision for result in written] == list(range(2, CALLERS + 2))
    assert {(result.written_count, result.created_count) for result in written} == {(1, 1)}
    kept = await entries(shop)
    assert [entry.revision for entry in kept] == list(range(1, CALLERS + 2))
    for n, entry in enumerate(kept[1:]):
        assert ProfileBatch.FromString(entry.body).profiles[0].profile_id == f"p{n}"
    assert len({entry.tick_millis for entry in kept[1:]}) < CALLERS


async def test_what_was_answered_is_there_after_a_restart(tmp_path: Path) -> None:
    before = OpenUseCases(tmp_path, HandClock())
    await before.accounts.create("shop")
    await asyncio.gather(*(write(before, f"p{n}", "same") for n in range(CALLERS)))
    await before.close()
    after = OpenUseCases(tmp_path, HandClock())
    account = await after.accounts.get("shop")
    assert (account.revision, account.profile_count) == (CALLERS, CALLERS + 1)
    await after.close()


async def test_a_refused_change_of_a_group_is_refused_alone(shop: OpenUseCases) -> None:
    await shop.lists.create("shop", "news")
    outcomes = await asyncio.gather(
        write(shop, "a"),
        shop.lists.create("shop", "news"),
        write(shop, "b"),
        shop.lists.create("shop", "offers"),
        write(shop, "c"),
        return_exceptions=True,
    )
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == [
        "UpsertResult",
        "ResourceExists",
        "UpsertResult",
        "MailingList",
        "UpsertResult",
    ]
    assert [entry.revision for entry in await entries(shop)] == [1, 2, 3, 4, 5]
    assert (await shop.accounts.get("shop")).profile_count == 3


async def test_a_change_that_is_refused_when_it_is_alone_leaves_nothing(shop: OpenUseCases) -> None:
    await shop.lists.create("shop", "news")
    with pytest.raises(ResourceExists):
        await shop.lists.create("shop", "news")
    assert (await write(shop, "a")).revision == 2
    assert [entry.revision for entry in await entries(shop)] == [1, 2]


async def test_the_next_write_sees_a_list_that_was_made_beside_the_last_one(
    shop: OpenUseCases,
) -> None:
    await asyncio.gather(write(shop, "a"), shop.lists.create("shop", "news"))
    joined = Profile(profile_id="a")
    joined.memberships.add(list="news")
    batch = ProfileBatch(profiles=[joined]).SerializeToString()
    assert (await shop.profiles.upsert("shop", batch)).exceptions == ()


async def test_a_caller_that_goes_away_takes_nothing_from_the_others(shop: OpenUseCases) -> None:
    await write(shop, "first")
    writers = [asyncio.create_task(write(shop, f"p{n}")) for n in range(8)]
    for _ in range(3):
        await asyncio.sleep(0)
    writers[3].cancel()
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    answered = [found for found in outcomes if isinstance(found, UpsertResult)]
    assert len(answered) == 7
    revision = (await write(shop, "last")).revision
    assert revision == len(await entries(shop))
    assert revision > max(found.revision for found in answered)


async def test_accounts_that_write_at_once_number_their_changes_apart(shop: OpenUseCases) -> None:
    await shop.accounts.create("bank")
    written = await asyncio.gather(
        *(write(shop, f"p{n}", account=("shop", "bank")[n % 2]) for n in range(40))
    )
    for first in (0, 1):
        assert sorted(result.revision for result in written[first::2]) == list(range(1, 21))


async def test_writers_of_an_account_that_goes_are_told_so(shop: OpenUseCases) -> None:
    await write(shop, "first")
    account = await shop.ledger.directory.account("shop")
    gone = asyncio.gather(
        shop.accounts.delete("shop"),
        *(write(shop, f"p{n}") for n in range(8)),
        return_exceptions=True,
    )
    outcomes = (await gone)[1:]
    assert all(isinstance(found, UpsertResult | ResourceNotFound) for found in outcomes)
    with pytest.raises(ResourceNotFound):
        await write(shop, "late")
    assert await shop.store.read(lambda tx: journal.entries(tx, account.key, 0, 99, 99)) == []
