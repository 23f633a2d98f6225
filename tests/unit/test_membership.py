"""Members of saved segments are right at every moment: after writes, imports, erasures, events, rule edits and clock steps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from segue.domain.account import Account
from segue.domain.event import EventBlock
from segue.domain.field import FieldType
from segue.domain.imports import ImportRequest, ImportState, StagedPart
from segue.domain.page import PageRequest
from segue.domain.profile import BlockFormat
from segue.domain.segment import (
    NO_RULES,
    Draft,
    Rules,
    RulesForm,
    Segment,
    SegmentChange,
)
from segue.errors import ResourceNotFound
from segue.service.membership import AccountMembers
from segue.v1 import event_pb2, profile_pb2, segment_service_pb2
from tests.unit.use_cases import HandClock, OpenUseCases

DAY = 86_400_000
NEWS = "newsletter"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenUseCases]:
    use_cases = OpenUseCases(tmp_path, HandClock(1_700_000_000_000 // DAY * DAY + DAY // 2))
    await use_cases.accounts.create("shop")
    await use_cases.lists.create("shop", NEWS)
    await use_cases.fields.create("shop", NEWS, "Plan", FieldType.TEXT)
    yield use_cases
    await use_cases.close()


def batch_of(plans: dict[str, str], **membership: int) -> bytes:
    batch = profile_pb2.ProfileBatch()
    for profile_id, plan in plans.items():
        profile = batch.profiles.add(profile_id=profile_id)
        member = profile.memberships.add(list=NEWS, **membership)
        member.fields.add(key="Plan", text=plan)
    return batch.SerializeToString()


async def write(shop: OpenUseCases, plans: dict[str, str], **membership: int) -> None:
    await shop.profiles.upsert("shop", batch_of(plans, **membership))


def filtered(text: str) -> Rules:
    return Rules(RulesForm.FILTER, text)


async def make(shop: OpenUseCases, text: str, title: str = "T") -> Segment:
    return await shop.segments.create("shop", NEWS, title, filtered(text), "test")


async def members_of(shop: OpenUseCases, account: Account) -> AccountMembers:
    async with shop.ledger.use(account) as live:
        return shop.membership.of(live)


async def kept_count(shop: OpenUseCases, segment: Segment) -> int:
    """Returns the number of members the kernel keeps, waiting until it keeps them."""
    account = await shop.ledger.directory.account("shop")
    shop.membership.wake()
    while True:
        members = await members_of(shop, account)
        heard = members.live.published.next()
        snapshot, right = await members.snapshot([segment.segment_id])
        if segment.segment_id in right:
            count = snapshot.member_count(segment.segment_id)
            assert count is not None
            return count
        await asyncio.wait_for(heard.wait(), 20)


async def counts(shop: OpenUseCases, segment: Segment) -> set[int]:
    """Returns what the kept members, a count and a draft of the same rules say: one number, if all is well."""
    draft = Draft(segment.list_id, segment.rules)
    return {
        await kept_count(shop, segment),
        (await shop.counts.count("shop", segment.segment_id)).members,
        (await shop.counts.count("shop", draft)).members,
    }


async def test_writes_and_erasures_change_kept_members_at_once(shop: OpenUseCases) -> None:
    segment = await make(shop, 'Plan = "pro"')
    assert await counts(shop, segment) == {0}
    await write(shop, {f"p{number}": "pro" for number in range(5)})
    assert await counts(shop, segment) == {5}
    await write(shop, {"p0": "free", "p9": "pro"})
    assert await counts(shop, segment) == {5}
    await shop.profiles.delete("shop", "p1")
    assert await counts(shop, segment) == {4}


async def test_an_import_changes_kept_members_at_once(shop: OpenUseCases) -> None:
    segment = await make(shop, 'Plan = "pro"')
    await write(shop, {"a": "pro", "b": "free"})
    assert await counts(shop, segment) == {1}
    token = (await shop.imports.initiate("shop", ImportRequest())).token.reveal()

    async def parts() -> AsyncIterator[StagedPart]:
        for number, plans in enumerate(({"a": "free", "b": "pro"}, {"c": "pro"}), start=1):
            yield StagedPart(number, BlockFormat.PROFILE_BATCH, batch_of(plans))

    await shop.imports.stage("shop", token, parts())
    assert await counts(shop, segment) == {1}
    await shop.imports.execute("shop", token)
    while (await shop.imports.status("shop", token)).state < ImportState.COMPLETED:
        await asyncio.sleep(0.01)
    assert await counts(shop, segment) == {2}


async def test_members_are_kept_again_when_an_account_comes_back(shop: OpenUseCases) -> None:
    segment = await make(shop, 'Plan = "pro"')
    await write(shop, {"p": "pro"})
    shop.ledger.accounts.drop((await shop.ledger.directory.account("shop")).key)
    assert await counts(shop, segment) == {1}


async def test_a_change_of_rules_is_counted_at_once(shop: OpenUseCases) -> None:
    segment = await make(shop, 'Plan = "pro"')
    await write(shop, {"a": "pro", "b": "free", "c": "free"})
    assert await kept_count(shop, segment) == 1
    changed = await shop.segments.update(
        "shop", segment.segment_id, SegmentChange(rules=filtered('Plan = "free"')), "test", ""
    )
    assert (await shop.counts.count("shop", segment.segment_id)).members == 2
    assert await counts(shop, changed) == {2}


async def test_a_segment_follows_the_rules_of_another_that_it_names(shop: OpenUseCases) -> None:
    named = await make(shop, 'Plan = "pro"', "Named")
    user = await make(shop, f'NOT segment("{named.segment_id}")', "User")
    await write(shop, {"a": "pro", "b": "free", "c": "free"})
    assert await counts(shop, user) == {2}
    await shop.segments.update("shop", named.segment_id, SegmentChange(rules=NO_RULES), "test", "")
    assert await counts(shop, user) == {0}


async def test_rolling_windows_flip_at_the_very_moment(shop: OpenUseCases) -> None:
    segment = await make(shop, "during(subscribed_at, 'last 1h')")
    joined = shop.clock.millis
    await write(shop, {"a": "pro"}, joined_at_millis=joined)
    assert await counts(shop, segment) == {1}
    shop.clock.millis = joined + 3_600_000
    assert await counts(shop, segment) == {1}
    shop.clock.millis += 1
    assert await counts(shop, segment) == {0}


async def test_windows_of_the_calendar_flip_at_midnight_of_the_account(shop: OpenUseCases) -> None:
    await shop.accounts.update("shop", time_zone="Asia/Tokyo")
    segment = await make(shop, "during(subscribed_at, 'this day')")
    await write(shop, {"a": "pro"}, joined_at_millis=shop.clock.millis)
    assert await counts(shop, segment) == {1}
    midnight = shop.clock.millis // DAY * DAY + DAY * 15 // 24
    shop.clock.millis = midnight - 1
    assert await counts(shop, segment) == {1}
    shop.clock.millis = midnight
    assert await counts(shop, segment) == {0}


async def test_another_time_zone_moves_days(shop: OpenUseCases) -> None:
    midnight = shop.clock.millis // DAY * DAY
    await write(shop, {"a": "pro"}, joined_at_millis=midnight + 1)
    segment = await make(shop, "during(subscribed_at, 'this day')")
    assert await counts(shop, segment) == {1}
    await shop.accounts.update("shop", time_zone="America/New_York")
    assert await counts(shop, segment) == {0}


async def test_engagement_follows_events_and_time(shop: OpenUseCases) -> None:
    page = await shop.segments.list("shop", NEWS, "", PageRequest())
    segments = {found.segment.title: found.segment for found in page.items}
    now = shop.clock.millis
    await write(shop, {"a": "pro", "b": "pro"})
    await happens(shop, "a", "opened", now)
    await happens(shop, "b", "sent", now)
    ages = {"Active": 0, "Engaged": 30, "Unengaged": 90, "Dormant": 180, "Zombies": 365}
    for title, days in ages.items():
        shop.clock.millis = now + days * DAY + (1 if days else 0)
        for other, segment in segments.items():
            ghosts = 1 if other == "Ghosts" and days == 365 else 0
            assert await counts(shop, segment) == {1 if other == title else ghosts}, (days, other)


async def happens(shop: OpenUseCases, profile_id: str, kind: str, millis: int) -> None:
    batch = event_pb2.EventBatch()
    event = batch.events.add(
        event_id=f"{profile_id} {kind}",
        profile_id=profile_id,
        event_type=kind,
        source_time_millis=millis,
    )
    event.data.add(key="campaign", text="ab" * 8)

    async def blocks() -> AsyncIterator[EventBlock]:
        yield EventBlock(batch.SerializeToString())

    summary = await shop.events.record("shop", blocks(), refuse_unknown_profiles=False)
    assert summary.recorded_count == 1


async def test_a_new_list_has_its_engagement_segments_kept(shop: OpenUseCases) -> None:
    await shop.lists.create("shop", "second")
    page = await shop.segments.list("shop", "second", "Ghosts", page=PageRequest())
    (found,) = page.items
    assert await kept_count(shop, found.segment) == 0
    await shop.lists.delete("shop", "second")
    with pytest.raises(ResourceNotFound):
        await shop.counts.count("shop", found.segment.segment_id)


async def test_an_idle_account_wakes_by_itself_when_something_is_due(shop: OpenUseCases) -> None:
    segment = await make(shop, "during(subscribed_at, 'last 1h')")
    await write(shop, {"a": "pro"}, joined_at_millis=shop.clock.millis)
    assert await kept_count(shop, segment) == 1
    async with aclosing(shop.watches.watch("shop", segment.segment_id, None, 0)) as watched:
        first = await anext(watched)
        assert not hasattr(first[0], "position")
        while not hasattr((await anext(watched))[0], "position"):
            pass
        waiting: asyncio.Task[Any] = asyncio.ensure_future(anext(watched))
        await asyncio.sleep(0)
        shop.clock.millis += 3_600_001
        shop.membership.wake()
        changes, _ = await asyncio.wait_for(waiting, 20)
        told = segment_service_pb2.WatchSegmentResponse.FromString(changes.changes)
        assert [(change.profile_id, change.entered) for change in told.changes] == [("a", False)]
        assert told.changes[0].at_millis <= shop.clock.millis


async def test_counts_are_right_while_an_import_holds_the_table(shop: OpenUseCases) -> None:
    segment = await make(shop, "during(subscribed_at, 'last 1h')")
    await write(shop, {"a": "pro"}, joined_at_millis=shop.clock.millis)
    assert await kept_count(shop, segment) == 1
    account = await shop.ledger.directory.account("shop")
    async with shop.ledger.turns.hold(account.key):
        shop.clock.millis += 3_600_001
        assert (await shop.counts.count("shop", segment.segment_id)).members == 0
    assert await counts(shop, segment) == {0}


async def test_what_runs_beside_an_account_ends_with_it(shop: OpenUseCases) -> None:
    segment = await make(shop, 'Plan = "pro"')
    await kept_count(shop, segment)
    account = await shop.ledger.directory.account("shop")
    live = (await members_of(shop, account)).live
    await shop.accounts.delete("shop")
    assert live.keeper is not None
    await asyncio.wait([live.keeper], timeout=20)
    assert live.keeper.done()
