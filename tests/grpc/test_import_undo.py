"""Imports are taken back: everything is as before, but what was changed since stays as it is and is told."""

from segue.settings import Settings
from segue.v1 import error_reason_pb2
from segue.v1.profile_pb2 import Identifier, Profile
from tests.grpc.api import refused
from tests.grpc.conftest import World, serving
from tests.grpc.importing import (
    COMPLETED,
    DELETE,
    SHOP,
    batch,
    finished,
    imported,
    opened,
    profiles,
    records,
    staged,
    undone,
)


def person(profile_id: str, email: str = "", country: str = "") -> Profile:
    return Profile(
        profile_id=profile_id,
        emails=[Identifier(value=email)] if email else [],
        country=country or None,
    )


async def executed(world: World, *blocks: bytes) -> str:
    token = await staged(world.shop, await opened(world.shop), *blocks)
    assert (await finished(world.shop, token)).state == COMPLETED
    return token


async def test_an_import_and_its_undo_leave_everything_as_it_was(world: World) -> None:
    await imported(
        world.shop, records(person("a", "a@example.com", "Norway"), person("b", "b@example.com"))
    )
    before = await profiles(world.shop)
    token = await executed(
        world, records(person("a", "new@example.com"), person("c", "c@example.com"))
    )
    assert await profiles(world.shop) != before
    status = await undone(world.shop, token)
    assert (status.state, status.processed_count, status.exception_count) == (COMPLETED, 2, 0)
    assert await profiles(world.shop) == before
    found = await world.shop("GetImportStatus", token=token)
    assert found.undo_revision == status.revision
    assert not found.HasField("undo_expire_time")


async def test_what_was_changed_since_stays_and_is_told(world: World) -> None:
    await imported(world.shop, records(person("a", country="Norway"), person("b", country="Chad")))
    token = await executed(
        world, records(person("a", country="Peru"), person("b", country="Peru"), person("c"))
    )
    await imported(world.shop, records(person("b", country="Mali")))
    answer = await world.shop("UndoImport", token=token)
    await undone(world.shop, token)
    found = await profiles(world.shop)
    assert (found["a"]["country"], found["b"]["country"], "c" in found) == ("Norway", "Mali", False)
    problems = (await world.shop("ListImportExceptions", token=answer.token)).exceptions
    assert [(each.profile_id, each.reason) for each in problems] == [
        ("b", error_reason_pb2.ERROR_REASON_PROFILE_CHANGED)
    ]


async def test_an_undo_is_asked_for_once_and_is_no_import_to_be_undone(world: World) -> None:
    token = await executed(world, batch("a"))
    first = await world.shop("UndoImport", token=token)
    again = await world.shop("UndoImport", token=token)
    assert first.token == again.token
    await undone(world.shop, token)
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
        await world.shop("UndoImport", token=first.token)


async def test_what_cannot_be_taken_back_says_why(world: World) -> None:
    open_token = await opened(world.shop)
    await imported(world.shop, batch("a"))
    deleting = await staged(world.shop, await opened(world.shop, action=DELETE), batch("a"))
    await finished(world.shop, deleting)
    for token in (open_token, deleting):
        with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
            await world.shop("UndoImport", token=token)


async def test_an_undo_outlives_restarts_and_snapshots(settings: Settings) -> None:
    async with serving(settings) as api:
        await api("CreateAccount", account_id="shop")
        await imported(api, records(person("a", "a@example.com", "Norway")))
        before = await profiles(api)
        token = await staged(
            api, await opened(api), records(person("a", "x@example.com"), person("b"))
        )
        await finished(api, token)
    async with serving(settings) as api:
        await undone(api, token)
        assert await profiles(api) == before
    async with serving(settings) as api:
        assert await profiles(api) == before
        status = await api("GetImportStatus", token=token)
        assert status.undo_revision == (await api("GetAccount", name=SHOP)).revision


async def test_an_erased_profile_does_not_come_back(world: World) -> None:
    await imported(world.shop, records(person("a", "a@example.com")))
    token = await executed(world, records(person("a", "b@example.com"), person("c")))
    await world.shop("DeleteProfile", name=f"{SHOP}/profiles/a")
    status = await undone(world.shop, token)
    assert status.exception_count == 1
    assert await profiles(world.shop) == {}
