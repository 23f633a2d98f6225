"""Events outlive what happens to the tables that hold them: snapshots, compaction, leaving memory, restarts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue.domain.event import EventBlock, RecordSummary
from segue.domain.vocabulary import DefinitionKind
from segue.v1 import event_pb2, profile_pb2
from tests.unit.use_cases import HandClock, OpenUseCases

NO_BUDGET = 1
HOUR_MILLIS = 3_600_000


def block(*event_ids: str, profile_id: str = "p") -> bytes:
    """Makes events that a profile was sent something."""
    batch = event_pb2.EventBatch()
    for event_id in event_ids:
        event = batch.events.add(event_id=event_id, profile_id=profile_id, event_type="sent")
        event.source_time_millis = HandClock.millis - HOUR_MILLIS
        event.data.add(key="campaign", text="0" * 16)
    return batch.SerializeToString()


async def record(use_cases: OpenUseCases, *blocks: bytes, strict: bool = False) -> RecordSummary:
    async def stream() -> AsyncIterator[EventBlock]:
        for data in blocks:
            yield EventBlock(data)

    return await use_cases.events.record("shop", stream(), refuse_unknown_profiles=strict)


async def opened(data_dir: Path) -> OpenUseCases:
    """Makes an account with a profile and three events, one of them of a profile that is not there."""
    use_cases = OpenUseCases(data_dir, HandClock())
    await use_cases.accounts.create("shop")
    profiles = [profile_pb2.Profile(profile_id="p")]
    await use_cases.profiles.upsert(
        "shop", profile_pb2.ProfileBatch(profiles=profiles).SerializeToString()
    )
    recorded = await record(use_cases, block("1", "2"), block("3", profile_id="later"))
    assert (recorded.recorded_count, recorded.unknown_profile_count) == (3, 1)
    return use_cases


@pytest.mark.parametrize("snapshot", [False, True], ids=["from the journal", "from a snapshot"])
async def test_events_are_known_after_a_restart(tmp_path: Path, *, snapshot: bool) -> None:
    use_cases = await opened(tmp_path)
    revision = (await use_cases.accounts.get("shop")).revision
    if snapshot:
        await use_cases.snapshot_everything()
    await use_cases.close()
    assert bool(list((tmp_path / "snapshots").glob("*/*"))) is snapshot
    again = OpenUseCases(tmp_path, HandClock())
    assert (await again.accounts.get("shop")).revision == revision
    seen = await record(again, block("1", "2"), block("3", profile_id="later"), block("4"))
    assert (seen.duplicate_count, seen.recorded_count, seen.exception_count) == (3, 1, 0)
    changed = await record(again, block("1", profile_id="later"))
    assert (changed.recorded_count, changed.exception_count) == (0, 1)
    await again.close()


async def test_events_are_known_when_their_account_comes_back_into_memory(tmp_path: Path) -> None:
    use_cases = await opened(tmp_path)
    await use_cases.close()
    use_cases = OpenUseCases(tmp_path, HandClock(), budget_bytes=NO_BUDGET)
    for number in range(3):
        await use_cases.ledger.accounts.shrink()
        assert use_cases.ledger.accounts.loaded() == []
        seen = await record(use_cases, block("1", f"new {number}"))
        assert (seen.duplicate_count, seen.recorded_count) == (1, 1)
    await use_cases.close()


async def test_strict_and_lenient_streams_are_repeated_as_they_were(tmp_path: Path) -> None:
    use_cases = await opened(tmp_path)
    strict = await record(use_cases, block("4"), block("5", profile_id="nobody"), strict=True)
    assert (strict.recorded_count, strict.exception_count) == (1, 1)
    await use_cases.close()
    again = OpenUseCases(tmp_path, HandClock())
    seen = await record(again, block("4"), block("5", profile_id="nobody"))
    assert (seen.duplicate_count, seen.recorded_count) == (1, 1)
    await again.close()


async def test_events_of_a_deleted_type_are_repeated_with_the_others(tmp_path: Path) -> None:
    use_cases = await opened(tmp_path)
    kind = DefinitionKind.EVENT_TYPE
    await use_cases.vocabulary.create("shop", kind, "order")
    batch = event_pb2.EventBatch()
    batch.events.add(event_id="o", profile_id="p", event_type="order")
    assert (await record(use_cases, batch.SerializeToString())).recorded_count == 1
    await use_cases.vocabulary.delete("shop", kind, "order")
    refused = await record(use_cases, batch.SerializeToString())
    assert (refused.duplicate_count, refused.exception_count) == (0, 1)
    await use_cases.close()
    again = OpenUseCases(tmp_path, HandClock())
    seen = await record(again, block("1"), batch.SerializeToString())
    assert (seen.duplicate_count, seen.exception_count) == (1, 1)
    await again.close()


async def test_an_event_type_made_again_has_none_of_the_former_events(tmp_path: Path) -> None:
    use_cases = await opened(tmp_path)
    kind = DefinitionKind.EVENT_TYPE
    first = await use_cases.vocabulary.create("shop", kind, "order")
    await use_cases.vocabulary.delete("shop", kind, "order")
    second = await use_cases.vocabulary.create("shop", kind, "order")
    assert second.number > first.number
    await use_cases.close()
