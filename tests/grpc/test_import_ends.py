"""How imports end: executed once whoever asks how often, given up, failed; what lists and the audit log tell of them."""

import asyncio

import pytest

from segue.settings import Settings
from tests.grpc.api import refused
from tests.grpc.conftest import World, serving
from tests.grpc.importing import (
    CANCELLED,
    COMPLETED,
    DELETE,
    FAILED,
    SHOP,
    STAGING,
    batch,
    ended,
    finished,
    imported,
    opened,
    part,
    profiles,
    staged,
    undone,
)

REQUEST_ID = "a5b9d1f0-0000-4000-8000-00000000000{}".format


async def test_an_import_that_was_cancelled_writes_nothing_and_takes_nothing_more(
    world: World,
) -> None:
    token = await staged(world.shop, await opened(world.shop), batch("a"))
    for _ in range(2):
        assert (await world.shop("CancelImport", token=token)).state == CANCELLED
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
        await world.shop.stage(token, [part(2, batch("b"))])
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
        await world.shop("ExecuteImport", token=token)
    assert await profiles(world.shop) == {}


async def test_what_is_done_cannot_be_cancelled(world: World) -> None:
    token = await staged(world.shop, await opened(world.shop), batch("a"))
    await finished(world.shop, token)
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop("CancelImport", token=token)
    assert refusal.metadata["state"] == "COMPLETED"


async def test_cancelling_what_is_executed_leaves_all_of_it_or_nothing(world: World) -> None:
    for _ in range(5):
        token = await staged(
            world.shop, await opened(world.shop), *(batch(f"a{n}", f"b{n}") for n in range(40))
        )
        before = len(await profiles(world.shop))
        await world.shop("ExecuteImport", token=token)
        await asyncio.sleep(0.002)
        try:
            await world.shop("CancelImport", token=token)
        except Exception:  # noqa: BLE001 - too late is an answer too; the state below tells which
            assert (await ended(world.shop, token)).state == COMPLETED
            assert len(await profiles(world.shop)) == 80
        else:
            assert (await ended(world.shop, token)).state == CANCELLED
            assert len(await profiles(world.shop)) == before


async def test_cancelled_imports_make_room_for_others(world: World) -> None:
    tokens = [await opened(world.shop) for _ in range(3)]
    with refused("RESOURCE_EXHAUSTED", "IMPORTS_PENDING") as refusal:
        await opened(world.shop)
    assert refusal.metadata["limit"] == "open_imports"
    assert any(hasattr(detail, "retry_delay") for detail in refusal.details)
    await world.shop("CancelImport", token=tokens[0])
    assert await opened(world.shop)


async def test_execute_is_one_request_by_its_id_and_of_one_import(world: World) -> None:
    first = await staged(world.shop, await opened(world.shop), batch("a"))
    other = await staged(world.shop, await opened(world.shop), batch("b"))
    await asyncio.gather(
        *(world.shop("ExecuteImport", token=first, request_id=REQUEST_ID(1)) for _ in range(8))
    )
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED"):
        await world.shop("ExecuteImport", token=other, request_id=REQUEST_ID(1))
    status = await ended(world.shop, first)
    assert (status.processed_count, status.created_count) == (1, 1)
    assert (await world.shop("GetAccount", name=SHOP)).revision == status.revision


async def test_an_import_without_a_valid_record_fails(world: World) -> None:
    status = await imported(world.shop, batch("", ""))
    assert (status.state, status.exception_count, status.pending_count) == (FAILED, 2, 0)
    assert "exceptions" in status.error_message


async def test_an_import_without_records_completes(world: World) -> None:
    status = await imported(world.shop)
    assert (status.state, status.processed_count) == (COMPLETED, 0)


async def test_a_queued_execution_survives_a_restart(settings: Settings) -> None:
    async with serving(settings) as api:
        await api("CreateAccount", account_id="shop")
        tokens = [
            await staged(api, await opened(api), *(batch(f"{i}-{n}") for n in range(30)))
            for i in range(3)
        ]
        for token in tokens:
            await api("ExecuteImport", token=token)
    async with serving(settings) as api:
        for token in tokens:
            assert (await ended(api, token)).state == COMPLETED
        assert len(await profiles(api)) == 90


async def test_lists_and_the_audit_log_tell_of_imports_without_their_tokens(world: World) -> None:
    done = await staged(world.shop, await opened(world.shop, display_name="Spring"), batch("a", ""))
    await finished(world.shop, done)
    await undone(world.shop, done)
    given_up = await opened(world.shop)
    await world.shop("CancelImport", token=given_up)
    first = await world.shop("ListImports", parent=SHOP, page_size=2)
    rest = await world.shop("ListImports", parent=SHOP, page_token=first.next_page_token)
    listed = [*first.imports, *rest.imports]
    assert [status.state for status in listed] == [CANCELLED, COMPLETED, COMPLETED]
    assert listed[2].display_name == "Spring"
    assert listed[2].undo_revision == listed[1].revision
    entries = (await world.shop("ListAuditEntries", parent=SHOP)).entries
    assert [entry.action for entry in entries] == [
        "import.cancel",
        "import.complete",
        "import.undo",
        "import.complete",
        "import.execute",
    ]
    keys = await world.admin("ListApiKeys", parent=SHOP)
    assert {entry.actor for entry in entries} == {"server", keys.api_keys[0].name}
    assert entries[3].resource == listed[2].name
    assert entries[3].counts["processed"] == 1
    page = await world.shop("ListAuditEntries", parent=SHOP, page_size=4)
    rest = await world.shop("ListAuditEntries", parent=SHOP, page_token=page.next_page_token)
    assert [*page.entries, *rest.entries] == list(entries)


async def test_imports_that_erase_take_open_exports_with_them(world: World) -> None:
    await imported(world.shop, batch("a", "b", "c"))
    export = (await world.shop("InitiateExport", parent=SHOP, format=1)).token
    status = await imported(world.shop, batch("a", "b", "nobody"), action=DELETE)
    assert (status.erased_count, status.not_honored_count) == (2, 1)
    assert set(await profiles(world.shop)) == {"c"}
    with refused("FAILED_PRECONDITION", "EXPORT_WITHDRAWN"):
        await world.shop.stream("RetrieveExport", token=export)


@pytest.mark.parametrize(
    "method",
    [
        "ExecuteImport",
        "GetImportStatus",
        "ListImportExceptions",
        "CancelImport",
        "UndoImport",
    ],
)
async def test_another_tenants_key_finds_no_import(world: World, method: str) -> None:
    token = await staged(world.shop, await opened(world.shop), batch("a"))
    with refused("NOT_FOUND", "TOKEN_INVALID"):
        await world.bank(method, token=token)


@pytest.mark.parametrize("method", ["StreamImportExceptions", "RetrieveRejectedRecords"])
async def test_another_tenants_key_streams_no_import(world: World, method: str) -> None:
    token = await staged(world.shop, await opened(world.shop), batch(""))
    with refused("NOT_FOUND", "TOKEN_INVALID"):
        await world.bank.stream(method, token=token)


WAIT = {"seconds": 19}
"""Longer than any test may last: who waits so long and is answered was told of the end."""


async def test_who_waits_for_the_end_hears_of_it(world: World) -> None:
    executed = await staged(world.shop, await opened(world.shop), batch("a"))
    cancelled = await opened(world.shop)
    async with asyncio.timeout(15), asyncio.TaskGroup() as group:
        of_executed = group.create_task(world.shop("GetImportStatus", token=executed, wait=WAIT))
        of_cancelled = group.create_task(world.shop("GetImportStatus", token=cancelled, wait=WAIT))
        await asyncio.sleep(0.05)
        await world.shop("ExecuteImport", token=executed)
        await world.shop("CancelImport", token=cancelled)
    assert of_executed.result().state == COMPLETED
    assert of_executed.result().processed_count == 1
    assert of_cancelled.result().state == CANCELLED
    async with asyncio.timeout(15):
        again = await world.shop("GetImportStatus", token=executed, wait=WAIT)
    assert again == of_executed.result()


async def test_who_waits_is_answered_when_the_time_is_over(world: World) -> None:
    token = await staged(world.shop, await opened(world.shop), batch("a"))
    status = await world.shop("GetImportStatus", token=token, wait={"nanos": 20_000_000})
    assert (status.state, status.received_count) == (STAGING, 1)


async def test_a_wait_is_refused_that_is_negative_or_for_what_is_another_account_s(
    world: World,
) -> None:
    token = await opened(world.shop)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop("GetImportStatus", token=token, wait={"seconds": -1})
    with refused("NOT_FOUND", "TOKEN_INVALID"):
        await world.bank("GetImportStatus", token=token, wait=WAIT)
