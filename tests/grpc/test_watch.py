"""Who enters and leaves a segment is told as it happens, to every watcher, wherever it goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from grpc import StatusCode, aio

from segue.server import start
from segue.settings import Settings
from tests.grpc.api import Api, refused
from tests.grpc.conftest import World
from tests.grpc.shop import BERGEN, OSLO, SHOP, make, member, open_shop, upsert

PATIENCE_SECONDS = 20
FIRST = {"member0", "member1", "member2"}


@pytest.fixture
async def shop(world: World) -> World:
    return await open_shop(world)


class Watcher:
    """A client that follows a segment and holds its members."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.members: set[str] = set()
        self.resets = 0
        self.position: Any = None

    async def take(self) -> Any:
        """Takes one response in."""
        response = await asyncio.wait_for(self.stream.read(), PATIENCE_SECONDS)
        if response is aio.EOF:
            await self.stream
        if response.reset:
            self.resets += 1
            self.members = set()
        for change in response.changes:
            assert (change.profile_id in self.members) is not change.entered
            (self.members.add if change.entered else self.members.remove)(change.profile_id)
        self.position = response.position if response.HasField("position") else None
        return response

    async def until(self, members: set[str]) -> None:
        """Takes responses until it holds these members and could go on from there."""
        while self.members != members or self.position is None:
            await self.take()


@asynccontextmanager
async def watching(api: Api, name: str, position: Any = None) -> AsyncIterator[Watcher]:
    stream = api.start("WatchSegment", name=name, position=position)
    try:
        yield Watcher(stream)
    finally:
        stream.cancel()


async def test_a_watcher_begins_with_all_members_and_hears_of_each_change(shop: World) -> None:
    made = await make(shop)
    async with watching(shop.shop, made.name) as watcher:
        await watcher.until(FIRST)
        answer = await upsert(shop, member(0, "Bergen"), member(5, "Oslo"))
        await watcher.until({"member1", "member2", "member5"})
        assert watcher.position.revision == answer.revision
        await shop.shop("DeleteProfile", name=f"{SHOP}/profiles/member1")
        await watcher.until({"member2", "member5"})
        assert watcher.resets == 1


async def test_changes_tell_their_revision_and_tick(shop: World) -> None:
    made = await make(shop)
    async with watching(shop.shop, made.name) as watcher:
        await watcher.until(FIRST)
        answer = await upsert(shop, member(4, "Oslo"))
        (change,) = (await watcher.take()).changes
        assert (change.profile_id, change.entered) == ("member4", True)
        assert change.revision == answer.revision
        profile = await shop.shop("GetProfile", name=f"{SHOP}/profiles/member4")
        assert change.at_millis == profile.changed_at_millis


async def test_a_change_of_rules_is_told_like_any_other(shop: World) -> None:
    made = await make(shop)
    async with watching(shop.shop, made.name) as watcher:
        await watcher.until(FIRST)
        segment = {"name": made.name, "title": "T", "rule_groups": BERGEN}
        await shop.shop("UpdateSegment", segment=segment)
        await watcher.until({f"member{number}" for number in range(3, 10)})
        assert watcher.resets == 1


async def test_a_watcher_goes_on_where_it_was(shop: World) -> None:
    made = await make(shop)
    async with watching(shop.shop, made.name) as watcher:
        await watcher.until(FIRST)
    await upsert(shop, member(7, "Oslo"))
    async with watching(shop.shop, made.name, watcher.position) as again:
        again.members = watcher.members
        await again.until({*FIRST, "member7"})
        assert again.resets == 0


async def test_an_empty_segment_begins_with_a_reset_too(shop: World) -> None:
    made = await make(shop, filter='Town = "rome"')
    async with watching(shop.shop, made.name) as watcher:
        await watcher.until(set())
        assert watcher.resets == 1
        await upsert(shop, member(3, "Rome"))
        await watcher.until({"member3"})


async def test_a_position_that_is_not_remembered_begins_anew(shop: World) -> None:
    made = await make(shop)
    positions = [
        {"revision": 1, "millis": 1, "epoch": 77},
        {"revision": 2**62, "millis": 2**62, "epoch": 77},
    ]
    async with watching(shop.shop, made.name) as watcher:
        await watcher.until(FIRST)
    positions.append({"revision": 0, "millis": 0, "epoch": watcher.position.epoch})
    for position in positions:
        async with watching(shop.shop, made.name, position) as again:
            await again.until(FIRST)
            assert again.resets == 1
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await shop.shop.stream("WatchSegment", name=made.name, position={"revision": -1})
    assert refusal.metadata["field"] == "position"


async def test_a_restarted_server_begins_anew(settings: Settings) -> None:
    server = await start(settings)
    key = (settings.data_dir / "admin-key").read_text().strip()
    async with aio.insecure_channel(server.grpc_address) as channel:
        api = Api(channel, key)
        await api("CreateAccount", account_id="shop")
        await api("UpsertProfiles", parent=SHOP, batch={"profiles": [{"profile_id": "p"}]})
        made = await api("CreateSegment", parent=SHOP, segment={"title": "All"})
        async with watching(api, made.name) as watcher:
            await watcher.until({"p"})
    await server.stop()
    server = await start(settings)
    async with aio.insecure_channel(server.grpc_address) as channel:
        api = Api(channel, key)
        async with watching(api, made.name, watcher.position) as again:
            await again.until({"p"})
            assert again.resets == 1
            await api("DeleteProfile", name=f"{SHOP}/profiles/p")
            await again.until(set())
    await server.stop()


async def test_a_server_that_stops_sends_watchers_away_at_once(settings: Settings) -> None:
    server = await start(settings.model_copy(update={"shutdown_grace_seconds": 60}))
    key = (settings.data_dir / "admin-key").read_text().strip()
    async with aio.insecure_channel(server.grpc_address) as channel:
        api = Api(channel, key)
        await api("CreateAccount", account_id="shop")
        made = await api("CreateSegment", parent=SHOP, segment={"title": "All"})
        async with watching(api, made.name) as watcher:
            await watcher.until(set())
            stopping = asyncio.ensure_future(server.stop())
            with refused("UNAVAILABLE", "SERVER_STOPPING"):
                await watcher.take()
        await asyncio.wait_for(stopping, PATIENCE_SECONDS)


async def test_the_end_of_the_segment_ends_the_stream(shop: World) -> None:
    made = await make(shop)
    async with watching(shop.shop, made.name) as watcher:
        await watcher.until(FIRST)
        await shop.shop("DeleteSegment", name=made.name)
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND") as refusal:
            await watcher.take()
        assert refusal.metadata["vendor_code"] == "271"
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.shop.stream("WatchSegment", name=made.name)


async def test_the_end_of_the_account_ends_the_stream(shop: World) -> None:
    made = await make(shop)
    async with watching(shop.admin, made.name) as watcher:
        await watcher.until(FIRST)
        await shop.admin("DeleteAccount", name=SHOP)
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await watcher.take()


async def test_watchers_that_leave_do_not_disturb_those_that_stay(shop: World) -> None:
    made = await make(shop, rule_groups=OSLO)
    async with watching(shop.shop, made.name) as staying:
        for _ in range(5):
            async with watching(shop.shop, made.name) as leaving:
                await leaving.take()
            assert await leaving.stream.code() is StatusCode.CANCELLED
        await upsert(shop, member(8, "Oslo"))
        await staying.until({*FIRST, "member8"})


async def test_a_list_of_many_members_comes_in_several_responses(shop: World) -> None:
    made = await make(shop, rule_groups=[])
    ids = [f"member{number}" for number in range(10)]
    for start_number in range(0, 2000, 100):
        numbers = range(start_number, start_number + 100)
        await upsert(shop, *({**member(n, "Oslo"), "profile_id": f"{n:0100}"} for n in numbers))
    async with watching(shop.shop, made.name) as watcher:
        responses = [await watcher.take()]
        while watcher.position is None:
            responses.append(await watcher.take())
        assert len(responses) > 3
        assert [response.reset for response in responses] == [True] + [False] * (len(responses) - 1)
        assert watcher.members == {*ids, *(f"{n:0100}" for n in range(2000))}
