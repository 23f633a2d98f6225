"""Exports: pinned, streamed, resumed with the same bytes; increments carry what changed and what went."""

import asyncio
import json
from typing import Any

import pyarrow as pa
import pytest
from grpc import aio

from segue import _kernel
from segue.server import start
from segue.settings import Settings
from segue.v1 import export_pb2, field_pb2
from segue.v1.profile_pb2 import ProfileBatch
from tests.grpc.api import Api, refused
from tests.grpc.conftest import World

SHOP = "accounts/shop"
NEWS = "accounts/shop/lists/news"
BATCH, ARROW, NDJSON = 1, 2, 3
PROFILES = 90


@pytest.fixture
async def shop(world: World) -> World:
    """Gives the shop ninety profiles on one list: several blocks of the small size set for tests."""
    await world.shop("CreateList", parent=SHOP, list_id="news")
    await world.shop(
        "CreateField", parent=NEWS, field_id="Town", field={"type": field_pb2.FIELD_TYPE_TEXT}
    )
    await write(world, range(PROFILES), "Oslo")
    return world


async def write(world: World, numbers: Any, town: str) -> None:
    profiles = [
        {
            "profile_id": f"p{number:03}",
            "emails": [{"value": f"p{number}@example.com"}],
            "memberships": [{"list": "news", "fields": [{"key": "Town", "text": town}]}],
        }
        for number in numbers
    ]
    answer = await world.shop("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})
    assert not answer.exceptions


async def opened(world: World, **fields: Any) -> Any:
    return await world.shop("InitiateExport", **{"parent": SHOP, "format": BATCH, **fields})


async def read(api: Api, token: str, offset: int = 0) -> bytes:
    """Reads an export from an offset on, and checks what its blocks say of themselves."""
    data, position = b"", offset
    for block in await api.stream("RetrieveExport", token=token, offset=offset):
        assert block.offset == position
        position += len(block.data)
        assert block.next_offset == position
        assert block.crc32c == _kernel.crc32c(block.data)
        data += block.data
    return data


def profiles_of(data: bytes) -> dict[str, Any]:
    return {profile.profile_id: profile for profile in ProfileBatch.FromString(data).profiles}


async def test_an_export_holds_every_profile_once(shop: World) -> None:
    export = await opened(shop)
    assert not export.HasField("effective_last_datetime")
    data = await read(shop.shop, export.token)
    assert list(profiles_of(data)) == [f"p{number:03}" for number in range(PROFILES)]
    assert len(ProfileBatch.FromString(data).profiles) == PROFILES


async def test_an_export_resumed_at_any_block_or_byte_is_the_same_bytes(shop: World) -> None:
    for block_format in (BATCH, ARROW, NDJSON):
        export = await opened(shop, format=block_format)
        blocks = await shop.shop.stream("RetrieveExport", token=export.token)
        assert len(blocks) > 2 or block_format == ARROW  # a record batch has many rows
        whole = b"".join(block.data for block in blocks)
        for offset in [*(block.next_offset for block in blocks), 1, len(whole) - 1]:
            assert await read(shop.shop, export.token, offset) == whole[offset:]
        await shop.admin("GetExportStatus", token=export.token)


async def test_writers_do_not_change_an_export(shop: World) -> None:
    export = await opened(shop)
    before = await read(shop.shop, export.token)
    await write(shop, range(0, PROFILES, 2), "Bergen")
    assert await read(shop.shop, export.token) == before


async def test_an_export_is_the_same_bytes_after_a_restart(settings: Settings) -> None:
    answers = []
    token = ""
    for _ in range(2):
        server = await start(settings)
        async with aio.insecure_channel(server.grpc_address) as channel:
            admin = Api(channel, (settings.data_dir / "admin-key").read_text().strip())
            if not token:
                await admin("CreateAccount", account_id="shop")
                batch = {"profiles": [{"profile_id": str(number)} for number in range(90)]}
                await admin("UpsertProfiles", parent=SHOP, batch=batch)
                token = (await admin("InitiateExport", parent=SHOP, format=BATCH)).token
            answers.append(await read(admin, token))
            await admin("UpsertProfiles", parent=SHOP, batch={"profiles": [{"profile_id": "new"}]})
        await server.stop()
    assert answers[0] == answers[1]


async def test_status_tells_rows_at_once_and_bytes_after_the_end(shop: World) -> None:
    export = await opened(shop)
    status = await shop.shop("GetExportStatus", token=export.token)
    assert status.state == export_pb2.EXPORT_STATE_COMPLETE
    assert (status.row_count, status.byte_count) == (PROFILES, 0)
    data = await read(shop.shop, export.token)
    status = await shop.shop("GetExportStatus", token=export.token)
    assert status.state == export_pb2.EXPORT_STATE_RETRIEVED
    assert status.byte_count == len(data)
    assert status.snapshot_time == export.snapshot_time


async def test_every_format_has_the_same_rows(shop: World) -> None:
    lines = (await read(shop.shop, (await opened(shop, format=NDJSON)).token)).splitlines()
    ids = [f"p{number:03}" for number in range(PROFILES)]
    assert len([json.loads(line) for line in lines]) == PROFILES
    stream = await read(shop.shop, (await opened(shop, format=ARROW)).token)
    assert pa.ipc.open_stream(stream).read_all()["profile_id"].to_pylist() == ids


async def test_a_segments_export_holds_its_members(shop: World) -> None:
    await write(shop, range(5), "Bergen")
    rules = [{"rules": [{"rule_type": "[Town]", "clause": "EQUALS Bergen"}]}]
    segment = await shop.shop(
        "CreateSegment", parent=SHOP, segment={"title": "B", "list": NEWS, "rule_groups": rules}
    )
    export = await opened(shop, segment=segment.name)
    assert set(profiles_of(await read(shop.shop, export.token))) == {f"p00{n}" for n in range(5)}


async def test_an_increment_holds_what_changed_and_what_went(shop: World) -> None:
    first = await opened(shop)
    await write(shop, [3, 4], "Bergen")
    await shop.shop("DeleteProfile", name=f"{SHOP}/profiles/p005")
    increment = await opened(
        shop, last_datetime=first.snapshot_time.ToJsonString(), include_removed=True
    )
    last = increment.effective_last_datetime.ToMilliseconds()
    assert last == _kernel.next_tick(first.snapshot_time.ToMilliseconds())
    found = profiles_of(await read(shop.shop, increment.token))
    assert {key: profile.removed for key, profile in found.items()} == {
        "p003": False,
        "p004": False,
        "p005": True,
    }
    nothing = await opened(shop, last_datetime=increment.snapshot_time.ToJsonString())
    assert profiles_of(await read(shop.shop, nothing.token)) == {}


async def test_an_empty_account_exports_nothing_well(world: World) -> None:
    for block_format in (BATCH, ARROW, NDJSON):
        export = await opened(world, format=block_format)
        data = await read(world.shop, export.token)
        if block_format == ARROW:
            assert pa.ipc.open_stream(data).read_all().num_rows == 0
        else:
            assert data == b""


async def test_an_offset_behind_the_end_is_out_of_range(shop: World) -> None:
    export = await opened(shop)
    end = len(await read(shop.shop, export.token))
    assert await read(shop.shop, export.token, end) == b""
    with refused("OUT_OF_RANGE", "OFFSET_OUT_OF_RANGE") as refusal:
        await read(shop.shop, export.token, end + 1)
    assert refusal.metadata == {"offset": str(end + 1), "end": str(end)}


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2024-13-01", "2024-02-30T00:00:00", "0000-01-01", "9999-12-31T23:59:59.999"],
)
async def test_a_time_that_is_none_is_refused(world: World, text: str) -> None:
    with refused("INVALID_ARGUMENT", "TIME_INVALID") as refusal:
        await opened(world, last_datetime=text)
    assert refusal.metadata == {"value": text}


async def test_an_export_without_a_format_is_refused(world: World) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await opened(world, format=0)
    assert refusal.metadata == {"field": "format"}


async def test_a_segment_that_is_not_there_is_not_found(world: World) -> None:
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await opened(world, segment=f"{SHOP}/segments/{'0' * 32}")


async def test_a_repeated_request_id_gets_the_first_token(shop: World) -> None:
    request_id = "a5b9d1f0-0000-4000-8000-000000000003"
    first = await opened(shop, request_id=request_id)
    await write(shop, [1], "Bergen")
    assert await opened(shop, request_id=request_id) == first
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED"):
        await opened(shop, request_id=request_id, format=NDJSON)


async def test_open_exports_stop_at_their_limit(world: World) -> None:
    for _ in range(3):
        await opened(world)
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"):
        await opened(world)


async def test_a_cancelled_reader_costs_nothing_but_itself(shop: World) -> None:
    export = await opened(shop)
    call = shop.shop.start("RetrieveExport", token=export.token)
    await call.read()
    call.cancel()
    await asyncio.sleep(0)
    assert len(profiles_of(await read(shop.shop, export.token))) == PROFILES


@pytest.mark.parametrize("token", ["", "x" * 43, "é", "x" * 10_000])
async def test_a_token_nobody_was_given_is_invalid(world: World, token: str) -> None:
    with refused("NOT_FOUND", "TOKEN_INVALID"):
        await world.shop("GetExportStatus", token=token)
    with refused("NOT_FOUND", "TOKEN_INVALID"):
        await read(world.shop, token)
