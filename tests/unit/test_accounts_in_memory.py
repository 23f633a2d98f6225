"""Accounts load on first use and leave memory under the budget; nothing of them is lost."""

from pathlib import Path

from segue.domain.export import ExportRequest
from segue.domain.profile import BlockFormat
from segue.v1 import profile_pb2
from tests.unit.use_cases import HandClock, OpenUseCases

SMALL, LARGE = "small", "large"
LARGE_PROFILES = 6_000
NO_BUDGET = 1


def batch(first: int, count: int, locale: str) -> bytes:
    return profile_pb2.ProfileBatch(
        profiles=[
            profile_pb2.Profile(
                profile_id=f"p{n}", locale=locale, customer_type="x" * 90, region="y" * 90
            )
            for n in range(first, first + count)
        ]
    ).SerializeToString()


async def filled(use_cases: OpenUseCases) -> None:
    """Makes one account whose journal is short, and one that is worth a snapshot."""
    for account, count in ((SMALL, 10), (LARGE, LARGE_PROFILES)):
        await use_cases.accounts.create(account)
        for first in range(0, count, 1_000):
            await use_cases.profiles.upsert(account, batch(first, min(1_000, count - first), "sv"))


async def locale_of(use_cases: OpenUseCases, account: str, profile_id: str) -> str:
    stored = await use_cases.profiles.get(account, profile_id)
    return profile_pb2.Profile.FromString(stored).locale


async def test_idle_accounts_leave_and_come_back_as_they_were(tmp_path: Path) -> None:
    use_cases = OpenUseCases(tmp_path, HandClock(), budget_bytes=NO_BUDGET)
    await filled(use_cases)
    for _ in range(3):
        await use_cases.ledger.accounts.shrink()
        assert use_cases.ledger.accounts.loaded() == []
        for account, count in ((SMALL, 10), (LARGE, LARGE_PROFILES)):
            assert (await use_cases.accounts.get(account)).profile_count == count
            assert await locale_of(use_cases, account, "p9") == "sv"
    assert len(list((tmp_path / "snapshots").glob("*/*"))) == 1
    await use_cases.close()


async def test_a_write_after_coming_back_is_kept_too(tmp_path: Path) -> None:
    clock = HandClock()
    use_cases = OpenUseCases(tmp_path, clock, budget_bytes=NO_BUDGET)
    await filled(use_cases)
    for locale in ("no", "da", "fi"):
        await use_cases.ledger.accounts.shrink()
        await use_cases.profiles.upsert(LARGE, batch(LARGE_PROFILES - 1, 2, locale))
    await use_cases.close()
    again = OpenUseCases(tmp_path, clock)
    assert (await again.accounts.get(LARGE)).profile_count == LARGE_PROFILES + 1
    assert await locale_of(again, LARGE, f"p{LARGE_PROFILES - 1}") == "fi"
    assert await locale_of(again, LARGE, f"p{LARGE_PROFILES - 2}") == "sv"
    await again.close()


async def test_an_account_in_use_stays(tmp_path: Path) -> None:
    use_cases = OpenUseCases(tmp_path, HandClock(), budget_bytes=NO_BUDGET)
    await filled(use_cases)
    account = await use_cases.ledger.directory.account(SMALL)
    async with use_cases.ledger.use(account):
        await use_cases.ledger.accounts.shrink()
        assert [live.key for live in use_cases.ledger.accounts.loaded()] == [account.key]
    await use_cases.close()


async def test_an_open_export_outlives_its_account_in_memory(tmp_path: Path) -> None:
    clock = HandClock()
    use_cases = OpenUseCases(tmp_path, clock, budget_bytes=NO_BUDGET)
    await filled(use_cases)
    request = ExportRequest(BlockFormat.PROFILE_BATCH)
    token = (await use_cases.exports.opening.initiate(LARGE, request)).token.reveal()
    first = [block async for block in use_cases.exports.reading.retrieve(LARGE, token, 0)]
    await use_cases.profiles.upsert(LARGE, batch(0, 100, "xx"))
    await use_cases.snapshot_everything()
    await use_cases.close()
    again = OpenUseCases(tmp_path, clock)
    assert [block async for block in again.exports.reading.retrieve(LARGE, token, 0)] == first
    await again.close()
