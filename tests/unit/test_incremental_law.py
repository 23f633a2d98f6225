"""The law of DESIGN 3.

For any interleaving of writers and incremental exports, each passing the `snapshot_time` or the sync token of the one before, applying the
exports in order gives exactly the state of a full export; and an increment repeats nothing that did not change.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.unit.law.audience import SEGMENTS, followers
from tests.unit.law.copies import forget
from tests.unit.law.followers import Follower, fetch, full_copy
from tests.unit.law.rules import OF_ACCOUNT, OF_LIST, SHAPES, Shape
from tests.unit.law.shop import DELETABLE, Shop
from tests.unit.law.writes import AGOS, DAY, HOUR, IDS, WRITES, Write
from tests.unit.use_cases import HandClock

T = TypeVar("T")

FOLLOWERS = st.integers(0, len(followers()) - 1)
GROUPS = st.sampled_from(("inner", "outer"))
STEPS_OF_TIME = st.integers(-7, 12) | st.sampled_from((30_000, 59_993, HOUR, 5 * HOUR, DAY))
LATER = st.sampled_from((11, 13, 0))
"""Most edits come some ticks behind the export before: those in the next tick have increments tell of everybody."""

ON_NEWSLETTER = [title for title, (list_id, _) in SEGMENTS.items() if list_id == "newsletter"]
MIDNIGHTS = (0, 5 * HOUR, 15 * HOUR)
"""When days end in the zones of the account, after that of UTC."""


class IncrementalLaw(RuleBasedStateMachine):
    """Writers, events, erasures, imports, definitions, restarts and clock steps, with clients that follow by increments."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="segue-law-"))
        self.clock = HandClock()
        self.shop = Shop(self.directory, self.clock)
        self.followers = followers()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        async def begin() -> None:
            await self.shop.start()
            await self.shop.define()

        self.run(begin())

    def change(self, work: Coroutine[Any, Any, T], later: int = 0) -> T:
        """Does what changes who is meant, so that increments may tell of anybody."""
        self.clock.millis += later
        for follower in self.followers:
            follower.is_telling = False
        return self.run(work)

    @rule(step=STEPS_OF_TIME)
    def the_clock_moves(self, step: int) -> None:
        self.clock.millis += step

    @rule(midnight=st.sampled_from(MIDNIGHTS), beside=st.integers(-4, 4))
    def a_day_ends(self, midnight: int, beside: int) -> None:
        days = (self.clock.millis - midnight + DAY - 5) // DAY
        self.clock.millis = days * DAY + midnight + beside

    @rule(writes=WRITES)
    def profiles_are_written(self, writes: list[Write]) -> None:
        self.run(self.shop.write(writes))

    @rule(parts=st.lists(WRITES, min_size=1, max_size=3))
    def an_import_is_executed(self, parts: list[list[Write]]) -> None:
        self.run(self.shop.write_parts(parts))

    @rule(profile_id=st.sampled_from(IDS))
    def a_profile_is_erased(self, profile_id: str) -> None:
        self.run(self.shop.erase(profile_id))

    @rule(
        profile_ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=4),
        kind=st.sampled_from(("opened", "clicked", "visit")),
        ago=st.sampled_from(AGOS),
    )
    def events_are_recorded(self, profile_ids: list[str], kind: str, ago: int) -> None:
        self.run(self.shop.record(profile_ids, kind, ago))

    @rule(title=st.sampled_from(ON_NEWSLETTER), text=st.sampled_from(OF_LIST), later=LATER)
    def rules_of_lists_change(self, title: str, text: str, later: int) -> None:
        self.change(self.shop.change_rules(title, text), later)

    @rule(title=st.sampled_from(list(SEGMENTS)), text=st.sampled_from(OF_ACCOUNT), later=LATER)
    def rules_change(self, title: str, text: str, later: int) -> None:
        self.change(self.shop.change_rules(title, text), later)

    @rule(group_id=GROUPS, shape=SHAPES, later=LATER)
    def a_group_changes(self, group_id: str, shape: Shape, later: int) -> None:
        self.change(self.shop.change_group(group_id, shape), later)

    @rule(group_id=GROUPS, shape=SHAPES)
    def a_group_is_deleted_and_made_anew(self, group_id: str, shape: Shape) -> None:
        self.change(self.shop.replace_group(group_id, shape))

    @rule(text=st.sampled_from(OF_ACCOUNT))
    def a_segment_is_created(self, text: str) -> None:
        self.change(self.shop.create_spare(text))

    @rule()
    def a_segment_is_deleted(self) -> None:
        self.change(self.shop.delete_spare())

    @rule(definition=st.sampled_from(DELETABLE))
    def a_definition_goes_or_comes(self, definition: str) -> None:
        async def work() -> None:
            if definition not in self.shop.defined:
                await self.shop.create_definition(definition)
            elif await self.shop.delete_definition(definition):
                for follower in self.followers:
                    forget(follower.held, definition)

        self.change(work())

    @rule(zone=st.sampled_from(("UTC", "Asia/Tokyo", "America/New_York")))
    def the_time_zone_changes(self, zone: str) -> None:
        self.change(self.shop.use_cases.accounts.update("shop", time_zone=zone))

    @rule(which=FOLLOWERS, spelling=st.integers(0, 4))
    def a_client_catches_up(self, which: int, spelling: int) -> None:
        self.run(self.catch_up(self.followers[which], spelling))

    @rule(which=st.lists(FOLLOWERS, min_size=2, max_size=4))
    def clients_catch_up(self, which: list[int]) -> None:
        for each in which:
            self.run(self.catch_up(self.followers[each], each))

    @rule(which=FOLLOWERS, step=STEPS_OF_TIME, writes=WRITES)
    def a_client_asks_twice_from_the_same_moment(
        self, which: int, step: int, writes: list[Write]
    ) -> None:
        async def work() -> None:
            follower = self.followers[which]
            lost = follower.twin()
            await self.catch_up(lost, 0)
            self.clock.millis += step
            await self.shop.write(writes)
            await self.catch_up(follower, 1)

        self.run(work())

    async def catch_up(self, follower: Follower, spelling: int) -> None:
        """Has a client take an increment over, twice as after a crash; then it has everything, and there is no more."""
        cases, segment_ids = self.shop.use_cases, self.shop.segment_ids
        opened, rows = await follower.catch_up(cases, segment_ids, spelling)
        follower.take(rows, opened)
        await self.check(follower)
        _, again = await fetch(cases, follower.increment(segment_ids))
        assert not again, (follower.selection, again)

    async def check(self, follower: Follower) -> None:
        request = follower.request(self.shop.segment_ids)
        tick = follower.snapshot_millis
        follower.check(await full_copy(self.shop.use_cases, request, tick))

    @rule(
        bursts=st.lists(WRITES, min_size=1, max_size=4),
        some=st.lists(FOLLOWERS, min_size=1, max_size=5, unique=True),
        text=st.sampled_from(OF_ACCOUNT),
        shape=SHAPES,
        seed=st.integers(0, 2**16),
    )
    def writers_and_clients_run_at_once(
        self, bursts: list[list[Write]], some: list[int], text: str, shape: Shape, seed: int
    ) -> None:
        self.change(self.all_at_once(bursts, some, text, shape, random.Random(seed)))

    async def all_at_once(
        self,
        bursts: Sequence[Sequence[Write]],
        some: Sequence[int],
        text: str,
        shape: Shape,
        choice: random.Random,
    ) -> None:
        shop = self.shop
        work: list[Coroutine[Any, Any, Any]] = [shop.write(writes) for writes in bursts]
        work += [
            self.followers[which].catch_up(shop.use_cases, dict(shop.segment_ids), which)
            for which in some
        ]
        work += [shop.write_parts(bursts[:2]), shop.erase(choice.choice(IDS))]
        work += [shop.record(choice.sample(IDS, 3), "opened", 0)]
        title = choice.choice(list(SEGMENTS))
        work += [shop.change_rules(title, each) for each in (text, choice.choice(OF_ACCOUNT))]
        work += [shop.change_group(choice.choice(("inner", "outer")), shape)]
        if choice.random() < 0.5:
            zone = choice.choice(("UTC", "Asia/Tokyo"))
            work.append(shop.use_cases.accounts.update("shop", time_zone=zone))
        choice.shuffle(work)
        try:
            await asyncio.gather(*work)
        finally:
            # What a follower that caught up in between was told is no measure of what concerned it.
            for follower in self.followers:
                follower.is_telling = False

    @rule(snapshot=st.booleans())
    def the_server_restarts(self, *, snapshot: bool) -> None:
        async def restart() -> None:
            if snapshot:
                await self.shop.use_cases.snapshot_everything()
            await self.shop.stop()
            await self.shop.start()

        self.run(restart())

    @rule()
    def a_snapshot_is_written(self) -> None:
        self.run(self.shop.use_cases.snapshot_everything())

    def teardown(self) -> None:
        if self.shop.defined:
            for follower in self.followers:
                self.run(self.catch_up(follower, 0))
            self.run(self.shop.stop())
        self.loop.close()
        shutil.rmtree(self.directory, ignore_errors=True)


# Steps are examples times steps: 10,000 and more by SEGUE_LAW_STEPS=10000.
STEPS = int(os.environ.get("SEGUE_LAW_STEPS", "1000"))
pytestmark = pytest.mark.timeout(120 + STEPS // 2)
TestIncrementalLaw = IncrementalLaw.TestCase
TestIncrementalLaw.settings = settings(
    max_examples=max(1, STEPS // 50), stateful_step_count=50, deadline=None
)
