"""Many profiles are read at once: in the order asked for, all of one revision, all of them or none."""

import asyncio
from typing import Any

import pytest

from tests.grpc.api import refused
from tests.grpc.conftest import MAX_BLOCK_BYTES, World
from tests.grpc.shop import SHOP, member, open_shop, upsert

MOST_NAMES = 1_000
WIDE_BYTES = 1 << 14
"""So long that the length of a profile takes three bytes."""


@pytest.fixture
async def shop(world: World) -> World:
    return await open_shop(world)


def names_of(*profile_ids: str, account: str = SHOP) -> list[str]:
    return [f"{account}/profiles/{profile_id}" for profile_id in profile_ids]


async def got(world: World, *profile_ids: str, **fields: Any) -> Any:
    return await world.shop("BatchGetProfiles", parent=SHOP, names=names_of(*profile_ids), **fields)


async def test_profiles_are_what_they_are_when_read_alone(shop: World) -> None:
    asked = ("member7", "x", "member0")
    found = await got(shop, *asked)
    alone = [await shop.shop("GetProfile", name=name) for name in names_of(*asked)]
    assert list(found.profiles) == alone
    assert found.revision == (await shop.shop("GetAccount", name=SHOP)).revision


async def test_they_come_in_order_of_the_names_and_as_often_as_they_are_named(shop: World) -> None:
    asked = ["y", "member3", "y", "member1", "member3"]
    found = await got(shop, *asked)
    assert [profile.profile_id for profile in found.profiles] == asked


async def test_ids_are_percent_encoded_in_names(shop: World) -> None:
    await upsert(shop, {"profile_id": "ada/1%"})
    found = await got(shop, "ada%2F1%25")
    assert found.profiles[0].profile_id == "ada/1%"


async def test_as_many_as_may_be_named_are_found(shop: World) -> None:
    found = await got(shop, *(["x"] * MOST_NAMES))
    assert len(found.profiles) == MOST_NAMES


@pytest.mark.parametrize("count", [0, MOST_NAMES + 1])
async def test_none_and_too_many_are_refused(shop: World, count: int) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await got(shop, *(["x"] * count))
    assert refusal.metadata["field"] == "names"


async def test_one_that_is_not_there_fails_the_call_and_the_first_of_them_is_named(
    shop: World,
) -> None:
    await shop.shop("DeleteProfile", name=f"{SHOP}/profiles/y")
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND") as refusal:
        await got(shop, "x", "y", "nobody")
    assert refusal.metadata["name"] == f"{SHOP}/profiles/y"


async def test_names_of_another_account_or_of_none_are_refused(shop: World) -> None:
    await shop.bank(
        "UpsertProfiles", parent="accounts/bank", batch={"profiles": [{"profile_id": "theirs"}]}
    )
    for foreign in ("theirs", "nobody"):
        (name,) = names_of(foreign, account="accounts/bank")
        for api in (shop.shop, shop.admin):
            with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
                await api("BatchGetProfiles", parent=SHOP, names=[*names_of("x"), name])
            assert refusal.metadata["field"] == "names[1]"
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await shop.shop("BatchGetProfiles", parent=SHOP, names=["x"])
    assert refusal.metadata["field"] == "names[0]"


async def test_another_tenants_key_finds_no_account(shop: World) -> None:
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.bank("BatchGetProfiles", parent=SHOP, names=names_of("x"))
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.admin(
            "BatchGetProfiles",
            parent="accounts/nobody",
            names=names_of("x", account="accounts/nobody"),
        )


async def test_wide_profiles_come_whole_up_to_the_size_of_a_block(shop: World) -> None:
    emails = [
        {"type": f"kind{number}", "value": f"{number:0>40}@example.com"}
        for number in range(WIDE_BYTES // 50)
    ]
    written = await upsert(shop, {"profile_id": "wide", "emails": emails})
    assert not written.exceptions
    (wide,) = (await got(shop, "wide")).profiles
    assert wide.ByteSize() > WIDE_BYTES
    fitting = MAX_BLOCK_BYTES // wide.ByteSize()
    found = await got(shop, *(["wide", "x"] * (fitting // 2)))
    assert list(found.profiles[::2]) == [wide] * (fitting // 2)
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await got(shop, *(["wide"] * (fitting + 1)))
    assert refusal.metadata == {"limit": "block_bytes", "maximum": str(MAX_BLOCK_BYTES)}


async def test_all_are_of_one_revision_while_they_are_written(shop: World) -> None:
    members = [member(number, "Oslo") for number in range(10)]
    asked = [profile["profile_id"] for profile in members]
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await upsert(shop, *members)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        for _ in range(20):
            found = await got(shop, *asked)
            assert len({profile.changed_at_millis for profile in found.profiles}) == 1
        stop.set()
