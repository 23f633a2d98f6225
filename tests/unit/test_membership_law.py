"""Kept members are those that an evaluation from scratch finds, and what watchers hold, after any sequence of changes and clock steps."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from segue.domain.event import EventBlock
from segue.domain.field import FieldType
from segue.domain.membership import MembersAnew, WatchPosition
from segue.domain.page import PageRequest
from segue.domain.segment import Draft, Rules, RulesForm, Segment, SegmentChange
from segue.errors import ResourceNotFound
from segue.v1 import event_pb2, export_service_pb2, profile_pb2, segment_service_pb2
from tests.unit.use_cases import HandClock, OpenUseCases

T = TypeVar("T")

HOUR = 3_600_000
IDS = [f"p{number}" for number in range(8)]
PLANS = ("free", "pro")
FILTERS = (
    "",
    'Plan = "pro"',
    'NOT Plan = "pro"',
    'email:"p1" OR Plan = "free"',
    "during(subscribed_at, 'last 2h')",
    "during(subscribed_at, 'this day')",
    "NOT during(subscribed_at, 'last 1d') AND Plan = \"pro\"",
    "did(opened, 'last 3h')",
    "did(opened, 'last 3h', at_least(2)) OR first_did(clicked, 'last day')",
    'segment("{other}")',
    'NOT segment("{other}") AND Plan = "free"',
)


class Watcher:
    """A client that follows a segment and goes on where it was."""

    def __init__(self, segment_id: str) -> None:
        self.segment_id = segment_id
        self.members: set[str] = set()
        self.position: WatchPosition | None = None
        self.epoch = 0

    async def catch_up(self, use_cases: OpenUseCases) -> None:
        """Takes what there is to be told."""
        watch = use_cases.watches.watch("shop", self.segment_id, self.position, self.epoch)
        coming: asyncio.Task[Any] | None = None
        try:
            while True:
                coming = asyncio.ensure_future(anext(watch))
                done, _ = await asyncio.wait([coming], timeout=0.05)
                if not done:
                    break
                told, self.epoch = coming.result()
                self.take(told)
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.wait([coming])
            await watch.aclose()

    def take(self, told: Any) -> None:
        if isinstance(told, MembersAnew):
            if told.is_first:
                self.members, self.position = set(), None
            data = export_service_pb2.RetrieveExportResponse.FromString(told.block).data
            batch = profile_pb2.ProfileBatch.FromString(data)
            self.members.update(profile.profile_id for profile in batch.profiles)
            return
        response = segment_service_pb2.WatchSegmentResponse.FromString(told.changes)
        for change in response.changes:
            assert (change.profile_id in self.members) is not change.entered
            (self.members.add if change.entered else self.members.remove)(change.profile_id)
        self.position = told.position


class MembershipLaw(RuleBasedStateMachine):
    """Writes, events, erasures, rule edits, clock steps and restarts, with a watcher of each segment."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="segue-members-"))
        self.clock = HandClock()
        self.use_cases = self.run(self.open())
        self.segments: list[Segment] = []
        self.watchers: list[Watcher] = []
        self.events = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def open(self) -> OpenUseCases:
        return OpenUseCases(self.directory, self.clock)

    @initialize(texts=st.lists(st.sampled_from(FILTERS), min_size=2, max_size=2))
    def begin(self, texts: list[str]) -> None:
        self.run(self.define(texts))

    async def define(self, texts: list[str]) -> None:
        use_cases = self.use_cases
        await use_cases.accounts.create("shop")
        await use_cases.lists.create("shop", "news")
        await use_cases.fields.create("shop", "news", "Plan", FieldType.TEXT)
        page = await use_cases.segments.list("shop", "news", "", PageRequest())
        self.segments = [found.segment for found in page.items][:2]
        for number, text in enumerate(texts):
            rules = self.written(text, self.segments[0].segment_id)
            self.segments.append(
                await use_cases.segments.create("shop", "news", f"S{number}", rules, "test")
            )
        self.watchers = [Watcher(segment.segment_id) for segment in self.segments]

    def written(self, text: str, other: str) -> Rules:
        return Rules(RulesForm.FILTER, text.replace("{other}", other))

    @rule(step=st.sampled_from((1, 1_000, HOUR, 2 * HOUR, 3 * HOUR, 24 * HOUR, 31 * 24 * HOUR)))
    def the_clock_moves(self, step: int) -> None:
        self.clock.millis += step

    @rule(
        ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True),
        plan=st.sampled_from(PLANS),
        ago=st.integers(0, 30),
    )
    def profiles_are_written(self, ids: list[str], plan: str, ago: int) -> None:
        batch = profile_pb2.ProfileBatch()
        for profile_id in ids:
            profile = batch.profiles.add(profile_id=profile_id)
            profile.emails.add(value=f"{profile_id}@example.com")
            joined = self.clock.millis - ago * HOUR
            member = profile.memberships.add(list="news", joined_at_millis=joined)
            member.fields.add(key="Plan", text=plan)
        self.run(self.use_cases.profiles.upsert("shop", batch.SerializeToString()))

    @rule(profile_id=st.sampled_from(IDS), kind=st.sampled_from(("opened", "clicked", "sent")))
    def something_happens(self, profile_id: str, kind: str) -> None:
        self.events += 1
        batch = event_pb2.EventBatch()
        event = batch.events.add(
            event_id=f"e{self.events}",
            profile_id=profile_id,
            event_type=kind,
            source_time_millis=self.clock.millis - self.events % 3 * HOUR,
        )
        for key in ("campaign", "link"):
            event.data.add(key=key, text="ab" * 8)

        async def blocks() -> Any:
            yield EventBlock(batch.SerializeToString())

        events = self.use_cases.events
        summary = self.run(events.record("shop", blocks(), refuse_unknown_profiles=False))
        assert summary.recorded_count == 1

    @rule(profile_id=st.sampled_from(IDS))
    def a_profile_is_erased(self, profile_id: str) -> None:
        async def erase() -> None:
            try:
                await self.use_cases.profiles.delete("shop", profile_id)
            except ResourceNotFound:
                return

        self.run(erase())

    @rule(which=st.integers(2, 3), text=st.sampled_from(FILTERS))
    def rules_change(self, which: int, text: str) -> None:
        other = self.segments[1 if which == 2 else 2].segment_id
        segment_id = self.segments[which].segment_id
        change = SegmentChange(rules=self.written(text, other))
        self.segments[which] = self.run(
            self.use_cases.segments.update("shop", segment_id, change, "test", "")
        )

    @rule(zone=st.sampled_from(("UTC", "Asia/Tokyo")))
    def the_time_zone_changes(self, zone: str) -> None:
        self.run(self.use_cases.accounts.update("shop", time_zone=zone))

    @rule(which=st.integers(0, 3))
    def a_watcher_catches_up(self, which: int) -> None:
        self.run(self.watchers[which].catch_up(self.use_cases))

    @rule()
    def the_server_restarts(self) -> None:
        async def restart() -> OpenUseCases:
            await self.use_cases.close()
            return await self.open()

        self.use_cases = self.run(restart())

    @invariant()
    def counts_are_those_of_drafts(self) -> None:
        for segment in self.segments:
            self.run(self.check(segment))

    async def check(self, segment: Segment) -> None:
        draft = Draft(segment.list_id, segment.rules)
        counted = await self.use_cases.counts.count("shop", draft)
        saved = await self.use_cases.counts.count("shop", segment.segment_id)
        assert saved.members == counted.members, segment.rules

    def teardown(self) -> None:
        for watcher in self.watchers:
            self.run(watcher.catch_up(self.use_cases))
            self.run(self.check_watcher(watcher))
        self.run(self.use_cases.close())
        self.loop.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    async def check_watcher(self, watcher: Watcher) -> None:
        members = set()
        for profile_id in IDS:
            try:
                found, _ = await self.use_cases.counts.segments_of("shop", profile_id)
            except ResourceNotFound:
                continue
            if watcher.segment_id in {described.segment.segment_id for described in found}:
                members.add(profile_id)
        assert watcher.members == members


# Steps are examples times steps: 10,000 and more by SEGUE_LAW_STEPS=10000.
STEPS = int(os.environ.get("SEGUE_LAW_STEPS", "400"))
pytestmark = pytest.mark.timeout(120 + STEPS // 5)
TestMembershipLaw = MembershipLaw.TestCase
TestMembershipLaw.settings = settings(
    max_examples=max(1, STEPS // 40), stateful_step_count=40, deadline=None
)
