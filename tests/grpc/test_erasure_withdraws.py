"""Erasing a profile withdraws the exports that hold it, and no others: streams, files, jobs, increments, after a restart too."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue.domain.export import ExportState
from segue.domain.notification import NotificationKind, NotificationTarget
from segue.errors import ExportWithdrawn, ResourceNotFound
from segue.settings import Settings
from segue.store import notifications
from segue.v1.export_pb2 import ExportState as State
from segue.v1.profile_pb2 import ProfileBatch
from segue.worker.export_message import is_told
from tests.grpc.api import Api, refused
from tests.grpc.conftest import World, serving
from tests.grpc.exporting import (
    ARROW,
    BATCH,
    FILES,
    NDJSON,
    SHOP,
    ask,
    ask_files,
    files_of,
    ids_of,
    open_shop,
    read,
    segment_of,
    write,
)
from tests.unit.use_cases import HandClock
from tests.worker.job_bench import JobBench, job_bench, until

COUNT = 60
WITHDRAWN = State.EXPORT_STATE_WITHDRAWN


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_open_exports": 100})


async def erase(api: Api, number: int) -> None:
    await api("DeleteProfile", name=f"{SHOP}/profiles/p{number:05}")


async def is_withdrawn(api: Api, opened: Any) -> bool:
    """Tells whether an export was withdrawn, by its state and by what it answers."""
    state = (await api("GetExportStatus", token=opened.token)).state
    if state != WITHDRAWN:
        return False
    with refused("FAILED_PRECONDITION", "EXPORT_WITHDRAWN") as refusal:
        await read(api, opened)
    assert refusal.metadata == {"name": opened.name}
    with refused("FAILED_PRECONDITION", "EXPORT_WITHDRAWN"):
        await read(api, opened, rows={"offset": 1, "limit": 1})
    return True


async def exports_of_all_kinds(api: Api) -> tuple[list[Any], list[Any]]:
    """Opens exports that hold the first member of Oslo, and exports that do not."""
    oslo, bergen = await segment_of(api, "Oslo"), await segment_of(api, "Bergen")
    await write(api, [2], "Bergen")
    before = await ask(api, segment=oslo)
    await write(api, [0], "Bergen")
    removal = {"sync_token": before.sync_token, "include_removed": True}
    await write(api, [4], "Bergen")
    left = await ask(api, segment=oslo, **removal)
    assert b'"removed":true' in await read(api, left)
    holding = [
        before,
        left,
        await ask(api, stream_count=4),
        await ask_files(api, ARROW, max_file_rows=7),
        await ask_files(api, segment=oslo, **removal),
        await ask(api, match_criteria={"match_by": 1, "values": ["p00000"]}),
    ]
    await write(api, [0], "Oslo")
    others = [
        await ask(api, segment=bergen),
        await ask(api, segment=oslo, sync_token=left.sync_token),
        await ask_files(api, BATCH, segment=bergen, max_file_rows=7),
        await ask_files(api, match_criteria={"match_by": 1, "values": ["p00001"]}),
    ]
    holding.append(others.pop(1))  # it came back since, so that increment has it
    return holding, others


async def check_erased(api: Api, holding: list[Any], others: list[Any], files: Path) -> None:
    """Erases the profile and looks at everything at once: whoever was answered can rely on it."""
    before = [await read(api, opened) for opened in others]
    kept = len(files_of(files))
    written = [await api("GetExportStatus", token=opened.token) for opened in holding]
    await erase(api, 0)
    assert len(files_of(files)) == kept - sum(len(status.files) for status in written)
    assert [await is_withdrawn(api, opened) for opened in holding] == [True] * len(holding)
    assert [await is_withdrawn(api, opened) for opened in others] == [False] * len(others)
    assert [await read(api, opened) for opened in others] == before


async def test_exports_that_hold_the_profile_are_withdrawn_and_no_others(world: World) -> None:
    await open_shop(world.shop, COUNT)
    holding, others = await exports_of_all_kinds(world.shop)
    await check_erased(world.shop, holding, others, world.server.data_dir)


async def test_exports_whose_snapshot_left_memory_are_looked_at_again(settings: Settings) -> None:
    async with serving(settings) as admin:
        await admin("CreateAccount", account_id="shop")
        await open_shop(admin, COUNT)
        holding, others = await exports_of_all_kinds(admin)
        await write(admin, range(COUNT), "Lillehammer")
    async with serving(settings) as admin:
        await check_erased(admin, holding, others, settings.data_dir)
    async with serving(settings) as admin:
        assert [await is_withdrawn(admin, opened) for opened in holding] == [True] * len(holding)
        assert [await is_withdrawn(admin, opened) for opened in others] == [False] * len(others)


@pytest.mark.parametrize("fields", [{}, {"delivery": FILES}])
async def test_who_is_reading_is_stopped(settings: Settings, fields: dict[str, Any]) -> None:
    large = settings.model_copy(update={"export_block_bytes": 1 << 16, "max_upsert_profiles": 1000})
    async with serving(large) as admin:
        await admin("CreateAccount", account_id="shop")
        await open_shop(admin, 2)
        for part in range(40):
            batch = ProfileBatch()
            for number in range(1000):
                batch.profiles.add(profile_id=f"q{part}-{number}", customer_type="x" * 64)
            await admin("UpsertProfiles", parent=SHOP, batch=batch)
        opened = await (ask_files(admin) if fields else ask(admin))
        whole = len(await read(admin, opened))
        bystander = await ask(admin, match_criteria={"match_by": 1, "values": ["p00001"]})
        blocks = aiter(admin.start("RetrieveExport", token=opened.token))
        received = len((await anext(blocks)).data)
        await erase(admin, 0)
        with refused("FAILED_PRECONDITION", "EXPORT_WITHDRAWN"):
            async for block in blocks:
                received += len(block.data)
        assert received < whole, "there was more to come"
        assert ids_of(await read(admin, bystander), NDJSON) == ["p00001"]


async def test_the_next_increment_after_a_withdrawal_tells_of_the_erasure(world: World) -> None:
    await open_shop(world.shop, COUNT)
    opened = await ask(world.shop)
    await erase(world.shop, 0)
    assert await is_withdrawn(world.shop, opened)
    increment = await ask(world.shop, BATCH, sync_token=opened.sync_token, include_removed=True)
    found = ProfileBatch.FromString(await read(world.shop, increment)).profiles
    assert [(profile.profile_id, profile.removed) for profile in found] == [("p00000", True)]


async def test_a_withdrawn_exports_token_ends_when_its_owner_says_so(world: World) -> None:
    await open_shop(world.shop, 4)
    for method in ("CommitExport", "CancelExport"):
        opened = await ask(world.shop)
        number = {"CommitExport": 0, "CancelExport": 1}[method]
        await erase(world.shop, number)
        assert (await world.shop(method, token=opened.token)).state == WITHDRAWN
        with refused("NOT_FOUND", "TOKEN_INVALID"):
            await world.shop("GetExportStatus", token=opened.token)


async def test_an_erasure_withdraws_nothing_of_another_account(world: World) -> None:
    await open_shop(world.shop, 4)
    batch = {"profiles": [{"profile_id": "p00000"}]}
    await world.bank("UpsertProfiles", parent="accounts/bank", batch=batch)
    other = await ask(world.bank, parent="accounts/bank")
    await erase(world.shop, 0)
    assert ids_of(await read(world.bank, other), NDJSON) == ["p00000"]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[JobBench]:
    clock = HandClock(time.time_ns() // 1_000_000)
    async with job_bench(JobBench(tmp_path, clock)) as bench:
        await bench.fill("shop", 400)
        yield bench


async def test_jobs_that_run_or_wait_are_withdrawn_and_leave_nothing(bench: JobBench) -> None:
    bench.faults.gate.clear()
    bench.faults.free = 8
    target = NotificationTarget(NotificationKind.WEBHOOK, "http://127.0.0.1:9/")
    running = await bench.ask(max_file_rows=50, notify=target)
    await until(lambda: _is(bench.faults.begun and not bench.faults.free))
    waiting = await bench.ask(notify=target)
    erasing = asyncio.create_task(bench.use_cases.profiles.delete("shop", "p00007"))
    await asyncio.sleep(0.02)
    bench.faults.gate.set()
    await erasing
    assert bench.on_disk() == await bench.known_paths() == []
    for opened in (running, waiting):
        row = await bench.row(opened)
        assert row.state is ExportState.WITHDRAWN
        with pytest.raises(ExportWithdrawn):
            await bench.read(opened)
    assert await bench.store.read(notifications.next_due) is None
    assert (await bench.settled(await bench.ask())).state is ExportState.COMPLETE


async def test_what_was_made_and_not_told_is_not_told_as_a_success(bench: JobBench) -> None:
    target = NotificationTarget(NotificationKind.WEBHOOK, "http://127.0.0.1:9/")
    opened = await bench.ask(notify=target)
    await bench.settled(opened)
    assert await bench.store.read(notifications.next_due) is not None
    await bench.use_cases.profiles.delete("shop", "p00007")
    assert not is_told((await bench.row(opened)).state)


async def test_an_export_whose_time_is_over_does_not_hinder_an_erasure(bench: JobBench) -> None:
    await bench.settled(await bench.ask())
    bench.clock.millis += 24 * 3_600_000
    await bench.use_cases.profiles.delete("shop", "p00007")
    assert bench.on_disk() == []


@pytest.mark.parametrize("turns", range(0, 40, 4))
async def test_an_erasure_whose_caller_goes_away_is_whole_or_not_begun(
    bench: JobBench, turns: int
) -> None:
    opened = await bench.ask()
    await bench.settled(opened)
    erasing = asyncio.create_task(bench.use_cases.profiles.delete("shop", "p00007"))
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    erasing.cancel()
    await asyncio.wait([erasing])
    profiles = bench.use_cases.profiles
    await until(lambda: _is(not profiles._erasing))  # noqa: SLF001 - nobody else knows of it any more
    try:
        await profiles.get("shop", "p00007")
    except ResourceNotFound:
        assert (await bench.row(opened)).state is ExportState.WITHDRAWN
        assert bench.on_disk() == []
    else:
        assert await bench.read(opened) == await bench.streamed()


async def _is(value: object) -> bool:
    return bool(value)
