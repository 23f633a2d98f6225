"""Every read of profiles can ask for a revision at least: what a caller was told is written is seen, whoever wrote it and whatever else goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import pytest
from grpc import StatusCode

from segue.settings import Settings
from segue.transport.grpc.min_revision import MIN_REVISION
from segue.transport.grpc.policy import POLICIES
from segue.v1 import import_service_pb2
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.grpc.api import METHODS, Api, refused
from tests.grpc.conftest import World
from tests.grpc.shop import NEWS, SHOP, make, member, open_shop
from tests.grpc.test_tenancy import FOREIGN, answer_to, ended, filled

WRITERS = 3
WRITES = 6
IMPORTED_PROFILES = 4_000
PART_PROFILES = 500
FAR_AHEAD = 1 << 40


@dataclass
class Seen:
    """What a reader knows to be written, and how it asks for it."""

    api: Api
    segment: str
    profile_id: str
    revision: int
    member_count: int
    """Members of the list and of the segment, at least."""

    async def __call__(self, method: str, **fields: Any) -> Any:
        return await self.api(method, min_revision=self.revision, **fields)

    @property
    def name(self) -> str:
        return f"{SHOP}/profiles/{self.profile_id}"


async def _account(seen: Seen) -> None:
    assert (await seen("GetAccount", name=SHOP)).revision >= seen.revision


async def _profile(seen: Seen) -> None:
    found = await seen("GetProfile", name=seen.name)
    assert found.profile_id == seen.profile_id


async def _profiles(seen: Seen) -> None:
    found = await seen("BatchGetProfiles", parent=SHOP, names=[seen.name])
    assert [profile.profile_id for profile in found.profiles] == [seen.profile_id]
    assert found.revision >= seen.revision


async def _segments_of_profile(seen: Seen) -> None:
    found = await seen("ListProfileSegments", parent=seen.name)
    assert seen.segment in {segment.name for segment in found.segments}
    assert found.revision >= seen.revision


async def _list_stats(seen: Seen) -> None:
    found = await seen("GetListStats", name=NEWS)
    assert found.active_count >= seen.member_count
    assert found.revision >= seen.revision


async def _segment(seen: Seen) -> None:
    found = await seen("GetSegment", name=seen.segment)
    assert found.active_subscriber_count >= seen.member_count


async def _group(seen: Seen) -> None:
    found = await seen("GetSegmentGroup", name=f"{SHOP}/segmentGroups/all")
    assert found.member_count >= seen.member_count


async def _subscribers(seen: Seen) -> None:
    found = await seen("ListActiveSubscribers", name=seen.segment)
    assert seen.profile_id in {subscriber.profile_id for subscriber in found.results}


async def _count(seen: Seen) -> None:
    found = await seen("CountMembers", parent=SHOP, segment=seen.segment)
    assert found.member_count >= seen.member_count
    assert found.revision >= seen.revision


async def _explanation(seen: Seen) -> None:
    asked = {"parent": SHOP, "segment": seen.segment, "profile_id": seen.profile_id}
    found = await seen("ExplainMembership", **asked)
    assert found.is_member
    assert found.revision >= seen.revision


async def _comparison(seen: Seen) -> None:
    numbers = {"from_revision_number": 1, "to_revision_number": 1}
    found = await seen("CompareSegmentRevisions", name=seen.segment, **numbers)
    assert found.staying_count >= seen.member_count


async def _members(seen: Seen) -> None:
    found = await seen.api.stream(
        "StreamMembers", name=seen.segment, min_revision=seen.revision, format=1
    )
    batch = ProfileBatch.FromString(b"".join(block.data for block in found))
    assert seen.profile_id in {profile.profile_id for profile in batch.profiles}


async def _watcher(seen: Seen) -> None:
    stream = seen.api.start("WatchSegment", name=seen.segment, min_revision=seen.revision)
    held: set[str] = set()
    async for response in stream:
        held |= {change.profile_id for change in response.changes}
        if response.HasField("position"):
            break
    stream.cancel()
    assert seen.profile_id in held
    assert response.position.revision >= seen.revision


async def _export(seen: Seen) -> None:
    opened = await seen("InitiateExport", parent=SHOP, format=1)
    assert opened.revision >= seen.revision
    await seen.api("CancelExport", token=opened.token)


READS: Final[dict[str, Callable[[Seen], Awaitable[None]]]] = {
    "GetAccount": _account,
    "GetProfile": _profile,
    "BatchGetProfiles": _profiles,
    "ListProfileSegments": _segments_of_profile,
    "GetListStats": _list_stats,
    "GetSegment": _segment,
    "GetSegmentGroup": _group,
    "ListActiveSubscribers": _subscribers,
    "CountMembers": _count,
    "ExplainMembership": _explanation,
    "CompareSegmentRevisions": _comparison,
    "StreamMembers": _members,
    "WatchSegment": _watcher,
    "InitiateExport": _export,
}
"""Reads of profiles, each with a check that it sees what was written."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_open_exports": 64})


@pytest.fixture
async def shop(world: World) -> World:
    await open_shop(world)
    return world


async def with_segment(world: World) -> str:
    """Makes a segment of everybody on the list, and a group of it."""
    segment = (await make(world, "All", filter="")).name
    combination = {"operator": 1, "operands": [{"segment": segment}]}
    await world.shop(
        "CreateSegmentGroup",
        parent=SHOP,
        segment_group_id="all",
        segment_group={"combination": combination},
    )
    return str(segment)


@dataclass
class Importing:
    """Executes one import after the other until it is told to stop, and asks for what each has written."""

    world: World
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    imports: int = 0

    async def run(self) -> None:
        while not self.imports or not self.stop.is_set():
            self.imports += 1
            revision = await self._execute()
            name = f"{SHOP}/profiles/i{self.imports}-{IMPORTED_PROFILES - 1}"
            await self.world.shop("GetProfile", name=name, min_revision=revision)

    async def _execute(self) -> int:
        """Executes an import; returns its revision as soon as its status tells."""
        token = (await self.world.shop("InitiateImport", parent=SHOP)).token
        starts = range(0, IMPORTED_PROFILES, PART_PROFILES)
        await self.world.shop.stage(
            token,
            [
                {"part_number": number, "format": 1, "data": self._part(start)}
                for number, start in enumerate(starts, 1)
            ],
        )
        await self.world.shop("ExecuteImport", token=token)
        while True:
            status = await self.world.shop("GetImportStatus", token=token)
            assert status.state != import_service_pb2.IMPORT_STATE_FAILED
            if status.revision:
                return int(status.revision)

    def _part(self, start: int) -> bytes:
        profiles = [
            Profile(profile_id=f"i{self.imports}-{number}")
            for number in range(start, start + PART_PROFILES)
        ]
        return ProfileBatch(profiles=profiles).SerializeToString()


async def test_who_passes_the_revision_of_a_write_sees_it_while_an_import_runs_and_others_write(
    shop: World,
) -> None:
    segment, acknowledged = await with_segment(shop), 10
    importing = Importing(shop)

    async def write(writer: int) -> None:
        nonlocal acknowledged
        for number in range(WRITES):
            new = member(100 + writer * WRITES + number, "Oslo")
            answer = await shop.shop("UpsertProfiles", parent=SHOP, batch={"profiles": [new]})
            acknowledged += 1
            seen = Seen(shop.shop, segment, new["profile_id"], answer.revision, acknowledged)
            await asyncio.gather(*(check(seen) for check in READS.values()))

    async with asyncio.timeout(25), asyncio.TaskGroup() as tasks:
        tasks.create_task(importing.run())
        await asyncio.gather(*map(write, range(WRITERS)))
        importing.stop.set()


def test_every_method_that_can_be_asked_so_is_known_here_and_names_its_account_first() -> None:
    asked = {
        method.name: method
        for method in METHODS.values()
        if MIN_REVISION in method.input_type.fields_by_name
    }
    assert set(asked) == set(READS)
    for method in asked.values():
        policy = POLICIES[f"/{method.containing_service.full_name}/{method.name}"]
        assert policy.names[0] in {"name", "parent"}
        assert not method.client_streaming


def of_shop(method: str) -> dict[str, Any]:
    """Returns a request about the shop, or about something of it that is not there."""
    names = {"account": "shop", "id": "none", "segment": "none"}
    mine: dict[str, Any] = filled(FOREIGN[method], names)
    return {
        key: value.replace("accounts/bank", SHOP) if isinstance(value, str) else value
        for key, value in mine.items()
    }


async def test_a_revision_that_the_account_has_not_come_to_is_refused_at_once(
    world: World,
) -> None:
    head = (await world.shop("GetAccount", name=SHOP)).revision
    for method, ahead in product(READS, (head + 1, FAR_AHEAD)):
        with refused("FAILED_PRECONDITION", "REVISION_AHEAD") as refusal:
            await ended(world.shop, method, {**of_shop(method), "min_revision": ahead})
        assert refusal.metadata == {"name": SHOP, "revision": str(ahead), "head": str(head)}


async def test_a_negative_revision_is_refused(world: World) -> None:
    for method in READS:
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await ended(world.shop, method, {**of_shop(method), "min_revision": -1})
        assert refusal.metadata["field"] == MIN_REVISION


async def test_another_tenants_revision_is_not_to_be_learnt(world: World) -> None:
    batch = {"profiles": [{"profile_id": "theirs"}]}
    await world.bank("UpsertProfiles", parent="accounts/bank", batch=batch)
    for method in READS:
        foreign = filled(FOREIGN[method], {"account": "bank", "id": "none", "segment": "none"})
        answers = [
            await answer_to(world.shop, method, {**foreign, "min_revision": revision})
            for revision in (0, 1, FAR_AHEAD)
        ]
        assert answers[1:] == answers[:1] * 2
        assert answers[0][0] is StatusCode.NOT_FOUND


async def test_a_name_that_is_none_is_told_as_without_a_revision(shop: World) -> None:
    for name in ("", "accounts", "accounts//profiles/p", "lists/news/p", "accounts/shop/lists/p"):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await shop.admin("GetProfile", name=name, min_revision=1)
        assert refusal.metadata["field"] == "name"


async def test_an_account_that_is_not_there_is_not_found(world: World) -> None:
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.admin("CountMembers", parent="accounts/nobody", draft={}, min_revision=1)


async def test_a_first_answer_of_an_export_is_not_given_to_who_asks_for_a_later_revision(
    shop: World,
) -> None:
    asked = {
        "parent": SHOP,
        "format": 1,
        "request_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "min_revision": 1,
    }
    first = await shop.shop("InitiateExport", **asked)
    batch = {"profiles": [member(11, "Oslo")]}
    written = await shop.shop("UpsertProfiles", parent=SHOP, batch=batch)
    assert (await shop.shop("InitiateExport", **asked)).token == first.token
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED"):
        await shop.shop("InitiateExport", **{**asked, "min_revision": written.revision})
