"""What the law of DESIGN 3 found to be lost, as small as it became: each with the client's copy beside a full export."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue.domain.segment import Rules, RulesForm, SegmentChange
from segue.domain.vocabulary import DefinitionKind
from segue.v1 import profile_pb2
from tests.unit.law.followers import Follower, Selection, Way, full_copy
from tests.unit.use_cases import HandClock, OpenUseCases

VIPS = Rules(RulesForm.FILTER, 'tags:"vip"')
GOLD = Rules(RulesForm.FILTER, 'customer_type = "gold"')
NOBODY = Rules(RulesForm.FILTER, "nobody()")


class Shop:
    """An account with one profile and one segment, which a client follows."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = HandClock()
        self.follower = Follower(Selection(("S",)), Way())
        self.use_cases = OpenUseCases(directory, self.clock)

    async def define(self, rules: Rules) -> None:
        cases = self.use_cases
        await cases.accounts.create("shop")
        await cases.vocabulary.create("shop", DefinitionKind.TAG, "vip")
        batch = profile_pb2.ProfileBatch()
        batch.profiles.add(profile_id="p1", tags=["vip"], customer_type="gold")
        await cases.profiles.upsert("shop", batch.SerializeToString())
        created = await cases.segments.create("shop", None, "S", rules, "test")
        self.segment_ids = {"S": created.segment_id}

    async def edit(self, rules: Rules) -> None:
        segment_id, change = self.segment_ids["S"], SegmentChange(rules=rules)
        await self.use_cases.segments.update("shop", segment_id, change, "test", "")

    async def restart(self) -> None:
        await self.use_cases.close()
        self.use_cases = OpenUseCases(self.directory, self.clock)

    async def members(self) -> list[str]:
        """Returns whom the client holds once it caught up, which a full export has too."""
        follower = self.follower
        await follower.catch_up(self.use_cases, self.segment_ids)
        request, tick = follower.request(self.segment_ids), follower.snapshot_millis
        follower.check(await full_copy(self.use_cases, request, tick))
        return sorted(follower.held)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    await opened.use_cases.close()


async def test_a_tag_made_anew_is_not_the_one_that_rules_named_before(shop: Shop) -> None:
    await shop.define(VIPS)
    assert await shop.members() == ["p1"]
    shop.clock.millis += 100
    await shop.edit(NOBODY)
    await shop.use_cases.vocabulary.delete("shop", DefinitionKind.TAG, "vip")
    await shop.use_cases.vocabulary.create("shop", DefinitionKind.TAG, "vip")
    await shop.edit(VIPS)
    assert await shop.members() == []


async def test_a_tag_made_anew_while_the_clock_stands_is_younger_than_the_snapshot(
    shop: Shop,
) -> None:
    await shop.define(VIPS)
    assert await shop.members() == ["p1"]
    await shop.edit(NOBODY)
    shop.clock.millis -= 50
    await shop.use_cases.vocabulary.delete("shop", DefinitionKind.TAG, "vip")
    await shop.use_cases.vocabulary.create("shop", DefinitionKind.TAG, "vip")
    await shop.edit(VIPS)
    assert await shop.members() == []


async def test_the_tick_of_an_edit_is_not_used_again_after_a_restart(shop: Shop) -> None:
    await shop.define(NOBODY)
    assert await shop.members() == []
    await shop.edit(GOLD)
    await shop.restart()
    assert await shop.members() == ["p1"]
    await shop.edit(NOBODY)
    assert await shop.members() == []


async def test_edits_between_exports_that_share_a_tick_are_told_apart(shop: Shop) -> None:
    await shop.define(NOBODY)
    assert await shop.members() == []
    cases = shop.use_cases
    account = await cases.ledger.directory.account("shop")
    async with cases.ledger.use(account) as live:
        # As an import does while it lasts.
        live.clock.reserve(shop.clock())
        await shop.edit(GOLD)
        assert await shop.members() == ["p1"]
        await shop.edit(NOBODY)
        live.clock.release()
    assert await shop.members() == []
