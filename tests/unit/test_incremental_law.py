"""The law of DESIGN 3.

For any interleaving of writers and incremental exports, each passing the `snapshot_time` of the one before, applying the exports in
order gives exactly the state of a full export.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from segue.domain.event import EventBlock
from segue.domain.export import ExportRequest
from segue.domain.field import FieldType
from segue.domain.job import ImportRequest, ImportState, StagedPart
from segue.domain.profile import BlockFormat
from segue.domain.segment import (
    Rules,
    RulesForm,
    RuleText,
    SegmentChange,
    rules_of_groups,
)
from segue.domain.timestamp import format_timestamp
from segue.errors import ResourceNotFound
from segue.v1 import event_pb2, export_service_pb2, profile_pb2
from tests.unit.use_cases import HandClock, OpenUseCases

T = TypeVar("T")
State = dict[str, bytes]

IDS = [f"p{number}" for number in range(12)]
PLANS = ("free", "pro")
WRITES = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(PLANS)), min_size=1, max_size=8)


TODAY = Rules(RulesForm.FILTER, "during(subscribed_at, 'this day')")
RECENT = Rules(RulesForm.FILTER, "during(subscribed_at, 'last 1min')")


def rules_of(plan: str) -> Rules:
    """Returns the rules of those with a plan."""
    return rules_of_groups(((RuleText("[Plan]", f"EQUALS {plan}"),),))


def batch_of(writes: list[tuple[str, str]]) -> bytes:
    """Makes a batch in which each id stands once, the last plan given it counting."""
    batch = profile_pb2.ProfileBatch()
    for profile_id, plan in dict(writes).items():
        profile = batch.profiles.add(profile_id=profile_id)
        member = profile.memberships.add(list="newsletter")
        member.fields.add(key="Plan", text=plan)
    return batch.SerializeToString()


def event_of(profile_id: str, number: int) -> bytes:
    """Makes a block of one event, whose id comes again and again, with the same or another profile."""
    batch = event_pb2.EventBatch()
    event = batch.events.add(event_id=f"e{number}", profile_id=profile_id, event_type="opened")
    event.data.add(key="campaign", text="0" * 16)
    return batch.SerializeToString()


def profiles_of(data: bytes) -> list[profile_pb2.Profile]:
    """Reads concatenated batches, each field under its key."""
    profiles = []
    response = export_service_pb2.RetrieveExportResponse.FromString(data)
    batch = profile_pb2.ProfileBatch.FromString(response.data)
    for profile in batch.profiles:
        for member in profile.memberships:
            for value in member.fields:
                value.key, value.key_index = batch.field_keys[value.key_index - 1], 0
        profiles.append(profile)
    return profiles


class Follower:
    """A client that keeps its copy up to date with increments."""

    def __init__(self, segment_id: str | None) -> None:
        self.segment_id = segment_id
        self.state: State = {}
        self.since = ""

    async def catch_up(self, use_cases: OpenUseCases) -> None:
        request = ExportRequest(
            BlockFormat.PROFILE_BATCH,
            segment_ids=() if self.segment_id is None else (self.segment_id,),
            last_datetime=self.since,
            include_removed=bool(self.since),
        )
        opened = await use_cases.exports.opening.initiate("shop", request)
        token = opened.token.reveal()
        async for block in use_cases.exports.reading.retrieve("shop", token, 0):
            for profile in profiles_of(block):
                if profile.removed:
                    self.state.pop(profile.profile_id, None)
                else:
                    self.state[profile.profile_id] = profile.SerializeToString(deterministic=True)
        self.since = format_timestamp(opened.snapshot_millis)


class IncrementalLaw(RuleBasedStateMachine):
    """Writers, events, erasures, imports, restarts and clock steps, with two clients that follow by increments."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="segue-law-"))
        self.clock = HandClock()
        self.event_count = 0
        self.use_cases = self.run(self.open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def open(self) -> OpenUseCases:
        return OpenUseCases(self.directory, self.clock)

    @initialize()
    def begin(self) -> None:
        self.run(self.define())

    async def define(self) -> None:
        use_cases = self.use_cases
        await use_cases.accounts.create("shop")
        await use_cases.lists.create("shop", "newsletter")
        await use_cases.fields.create("shop", "newsletter", "Plan", FieldType.TEXT)
        self.segment_ids = [
            (await use_cases.segments.create("shop", "newsletter", title, rules, "test")).segment_id
            for title, rules in (
                ("Pro", rules_of("pro")),
                ("New", RECENT),
                ("Today", TODAY),
            )
        ]
        naming = Rules(RulesForm.FILTER, f'segment("{self.segment_ids[0]}")')
        last = await use_cases.segments.create("shop", "newsletter", "Named", naming, "test")
        self.segment_ids.append(last.segment_id)
        self.followers = [Follower(None), *map(Follower, self.segment_ids)]

    @rule(step=st.integers(-7, 12) | st.sampled_from((30_000, 20_000_000)))
    def the_clock_moves(self, step: int) -> None:
        self.clock.millis += step

    @rule(writes=WRITES)
    def profiles_are_written(self, writes: list[tuple[str, str]]) -> None:
        self.run(self.use_cases.profiles.upsert("shop", batch_of(writes)))

    @rule(profile_id=st.sampled_from(IDS))
    def a_profile_is_erased(self, profile_id: str) -> None:
        self.run(self.erase(profile_id))

    async def erase(self, profile_id: str) -> None:
        try:
            await self.use_cases.profiles.delete("shop", profile_id)
        except ResourceNotFound:
            return

    @rule(profile_ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=4), strict=st.booleans())
    def events_are_recorded(self, profile_ids: list[str], *, strict: bool) -> None:
        self.run(self.record(profile_ids, strict=strict))

    async def record(self, profile_ids: list[str], *, strict: bool) -> None:
        async def blocks() -> AsyncIterator[EventBlock]:
            for profile_id in profile_ids:
                self.event_count += 1
                yield EventBlock(event_of(profile_id, self.event_count % 40))

        await self.use_cases.events.record("shop", blocks(), refuse_unknown_profiles=strict)

    @rule(parts=st.lists(WRITES, min_size=1, max_size=3))
    def an_import_is_executed(self, parts: list[list[tuple[str, str]]]) -> None:
        self.run(self.import_parts(parts))

    async def import_parts(self, parts: list[list[tuple[str, str]]]) -> None:
        imports = self.use_cases.imports
        token = (await imports.initiate("shop", ImportRequest())).token.reveal()

        async def staged() -> Any:
            for number, writes in enumerate(parts, start=1):
                yield StagedPart(number, BlockFormat.PROFILE_BATCH, batch_of(writes))

        await imports.stage("shop", token, staged())
        await imports.execute("shop", token)
        while (status := await imports.status("shop", token)).state < ImportState.COMPLETED:
            await asyncio.sleep(0)
        assert status.state is ImportState.COMPLETED, status.error_message

    @rule(which=st.integers(0, 1), plan=st.sampled_from(PLANS))
    def rules_change(self, which: int, plan: str) -> None:
        self.run(self.change_rules(which, plan))

    async def change_rules(self, which: int, plan: str) -> None:
        change = SegmentChange(rules=rules_of(plan))
        await self.use_cases.segments.update("shop", self.segment_ids[which], change, "test", "")

    @rule(zone=st.sampled_from(("UTC", "Asia/Tokyo", "America/New_York")))
    def the_time_zone_changes(self, zone: str) -> None:
        self.run(self.use_cases.accounts.update("shop", time_zone=zone))

    @rule(which=st.integers(0, 4))
    def a_client_catches_up(self, which: int) -> None:
        self.run(self.followers[which].catch_up(self.use_cases))

    @rule(bursts=st.lists(WRITES, min_size=1, max_size=6), seed=st.integers(0, 2**16))
    def writers_and_clients_run_at_once(
        self, bursts: list[list[tuple[str, str]]], seed: int
    ) -> None:
        async def all_at_once() -> None:
            work: list[Coroutine[Any, Any, Any]] = [
                self.use_cases.profiles.upsert("shop", batch_of(writes)) for writes in bursts
            ]
            work += [follower.catch_up(self.use_cases) for follower in self.followers]
            work += [self.import_parts(bursts[:2]), self.erase(IDS[seed % len(IDS)])]
            work += [self.record(IDS[seed % 5 : seed % 5 + 3], strict=seed % 2 == 0)]
            work += [self.change_rules(0, PLANS[seed % 2])]
            random.Random(seed).shuffle(work)
            await asyncio.gather(*work)

        self.run(all_at_once())

    @rule(snapshot=st.booleans())
    def the_server_restarts(self, *, snapshot: bool) -> None:
        async def restart() -> OpenUseCases:
            if snapshot:
                await self.use_cases.snapshot_everything()
            await self.use_cases.close()
            return await self.open()

        self.use_cases = self.run(restart())

    def check(self) -> None:
        for follower in self.followers:
            self.run(follower.catch_up(self.use_cases))
            full = Follower(follower.segment_id)
            self.run(full.catch_up(self.use_cases))
            assert follower.state == full.state

    def teardown(self) -> None:
        if hasattr(self, "followers"):
            self.check()
        self.run(self.use_cases.close())
        self.loop.close()
        shutil.rmtree(self.directory, ignore_errors=True)


# Steps are examples times steps: 10,000 and more by SEGUE_LAW_STEPS=10000.
STEPS = int(os.environ.get("SEGUE_LAW_STEPS", "1000"))
pytestmark = pytest.mark.timeout(60 + STEPS // 10)
TestIncrementalLaw = IncrementalLaw.TestCase
TestIncrementalLaw.settings = settings(
    max_examples=max(1, STEPS // 50), stateful_step_count=50, deadline=None
)
