"""Jobs write what a stream would send, once, in turn, through restarts; and their files end with them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from segue.domain.export import ExportDelivery, ExportState
from segue.domain.page import PageRequest
from segue.domain.profile import BlockFormat
from segue.errors import ExportNotReady, TokenInvalid
from segue.store import accounts, export_files
from tests.unit.use_cases import HandClock
from tests.worker.job_bench import JobBench, job_bench, until

DAY_MILLIS = 24 * 3_600_000
PROFILES = 400


@pytest.fixture
async def bench(tmp_path: Path, clock: HandClock) -> AsyncIterator[JobBench]:
    async with job_bench(JobBench(tmp_path, clock)) as bench:
        await bench.fill("shop", PROFILES)
        yield bench


async def test_a_job_writes_what_a_stream_sends_and_notes_its_digest(bench: JobBench) -> None:
    opened = await bench.ask()
    row = await bench.settled(opened)
    data = await bench.read(opened)
    assert data == await bench.streamed()
    status = await bench.status(opened)
    (file,) = status.files
    assert file.sha256 == hashlib.sha256(data).digest()
    assert (file.row_count, file.byte_count) == (PROFILES, len(data))
    assert (status.row_count, status.written_row_count) == (PROFILES, PROFILES)
    assert row.byte_count == len(data)
    assert bench.on_disk() == await bench.known_paths()


@pytest.mark.parametrize("free", [0, 1, 7, 13])
async def test_a_job_that_a_restart_interrupts_writes_the_same_bytes(
    bench: JobBench, free: int
) -> None:
    expected = await bench.streamed()
    bench.faults.gate.clear()
    bench.faults.free = free
    opened = await bench.ask(max_file_rows=100)
    await until(lambda: _is(bench.faults.begun and not bench.faults.free))
    closing = asyncio.create_task(bench.jobs.close())
    await asyncio.sleep(0)
    bench.faults.gate.set()
    await closing
    row = await bench.row(opened)
    assert (row.state, row.attempt) == (ExportState.PROCESSING, 0)
    assert bench.on_disk() == []
    await bench.use_cases.close()
    await bench.open()
    await bench.settled(opened)
    assert b"".join([await bench.read(opened, part) for part in range(4)]) == expected
    assert bench.on_disk() == await bench.known_paths()
    for file in (await bench.status(opened)).files:
        data = await bench.read(opened, file.number)
        assert hashlib.sha256(data).digest() == file.sha256


@pytest.mark.parametrize("turns", range(0, 120, 15))
async def test_a_job_stopped_at_any_moment_is_made_with_its_files_or_left_without(
    bench: JobBench, turns: int
) -> None:
    opened = await bench.ask()
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    await bench.jobs.close()
    if (await bench.row(opened)).state is ExportState.PROCESSING:
        assert bench.on_disk() == []
    else:
        assert bench.on_disk() == await bench.known_paths() != []
    await bench.use_cases.close()
    await bench.open()
    await bench.settled(opened)
    assert await bench.read(opened) == await bench.streamed()


async def test_files_that_a_crash_left_are_deleted_by_the_next_attempt(bench: JobBench) -> None:
    bench.faults.gate.clear()
    opened = await bench.ask(max_file_rows=100)
    await until(lambda: _is(bench.faults.begun))
    left = export_files.FileRow(0, "1/left/0", 1, 4, b"", b"")
    key = (await bench.row(opened)).key
    async with bench.tools.blobs.writer(left.path) as _:
        await bench.store.write(lambda tx: export_files.insert(tx, key, left))
    bench.jobs._running[key].writing.cancel()  # noqa: SLF001 - as near to a crash as one process comes
    bench.faults.gate.set()
    await bench.settled(opened)
    assert bench.on_disk() == await bench.known_paths()
    assert len(bench.on_disk()) == PROFILES // 100


async def test_each_account_has_its_turn_however_many_jobs_another_has(
    tmp_path: Path, clock: HandClock
) -> None:
    async with job_bench(JobBench(tmp_path, clock, jobs=2)) as bench:
        names = ("many", "more", "one")
        numbers = {}
        for name in names:
            await bench.fill(name, 3)
            found = await bench.store.read(partial(accounts.find, account_id=name))
            assert found is not None
            numbers[str(found.key)] = name
        bench.faults.gate.clear()
        asked = [await bench.ask(name) for name in ("many", "more") for _ in range(5)]
        await until(lambda: _is(len(bench.faults.begun) == 2))
        asked.append(await bench.ask("one"))
        begun = [numbers[path.split("/")[0]] for path in bench.faults.begun]
        assert sorted(begun) == ["many", "more"], "one job of each account at once"
        bench.faults.gate.set()
        for opened in asked:
            await bench.settled(opened)
        begun = [numbers[path.split("/")[0]] for path in bench.faults.begun]
        assert "one" in begun[2:4]


async def test_who_watches_hears_how_far_a_job_is(bench: JobBench) -> None:
    bench.faults.gate.clear()
    opened = await bench.ask(max_file_rows=100)
    told = []
    async for status in bench.exports.service.watch("shop", opened.token.reveal()):
        told.append(status)
        bench.faults.free += 1
        bench.faults.gate.set()
    assert [status.state for status in told[:-1]] == [ExportState.PROCESSING] * (len(told) - 1)
    assert told[-1] == await bench.status(opened)
    written = [status.written_row_count for status in told]
    assert written == sorted(written)
    assert written[-1] == PROFILES


async def test_who_watches_a_job_hears_its_end_at_whichever_moment_they_came(
    bench: JobBench,
) -> None:
    opened = await bench.ask()

    async def watch() -> ExportState:
        states = [
            status.state
            async for status in bench.exports.service.watch("shop", opened.token.reveal())
        ]
        return states[-1]

    watchers = []
    while (await bench.row(opened)).state is ExportState.PROCESSING:
        watchers.append(asyncio.create_task(watch()))
        await asyncio.sleep(0)
    watchers.append(asyncio.create_task(watch()))
    assert set(await asyncio.gather(*watchers)) == {ExportState.COMPLETE}


@pytest.mark.parametrize("free", [0, 5])
async def test_a_cancelled_job_has_left_nothing_when_it_is_told_so(
    bench: JobBench, free: int
) -> None:
    await bench.fill("bank", 10)
    bench.faults.gate.clear()
    bench.faults.free = free
    opened = await bench.ask(max_file_rows=50)
    await until(lambda: _is(bench.faults.begun and not bench.faults.free))
    cancelling = asyncio.create_task(bench.exports.service.cancel("shop", opened.token.reveal()))
    await asyncio.sleep(0.01)
    bench.faults.gate.set()
    assert (await cancelling).state is ExportState.CANCELLED
    assert bench.on_disk() == []
    with pytest.raises(TokenInvalid):
        await bench.status(opened)
    assert (await bench.settled(await bench.ask("bank"))).state is ExportState.COMPLETE


async def test_a_job_in_the_queue_is_cancelled_before_it_begins(bench: JobBench) -> None:
    bench.faults.gate.clear()
    first = await bench.ask()
    await until(lambda: _is(bench.faults.begun))
    second = await bench.ask()
    with pytest.raises(ExportNotReady):
        await bench.read(second)
    status = await bench.exports.service.cancel("shop", second.token.reveal())
    assert status.state is ExportState.CANCELLED
    bench.faults.gate.set()
    assert (await bench.settled(first)).state is ExportState.COMPLETE
    assert len(bench.faults.begun) == 1


async def test_time_ends_an_export_first_its_files_and_after_a_week_its_name(
    bench: JobBench,
) -> None:
    opened = await bench.ask()
    await bench.settled(opened)
    bench.move(DAY_MILLIS - 1)
    await bench.exports.ends.sweep()
    assert len(await bench.read(opened)) > 0
    bench.move(1)
    await bench.exports.ends.sweep()
    assert bench.on_disk() == await bench.known_paths() == []
    with pytest.raises(TokenInvalid):
        await bench.status(opened)
    listed = await bench.exports.service.list("shop", PageRequest())
    assert [status.state for status in listed.items] == [ExportState.EXPIRED]
    bench.move(7 * DAY_MILLIS + 1)
    await bench.exports.ends.sweep()
    assert (await bench.exports.service.list("shop", PageRequest())).items == ()


async def test_a_job_whose_time_is_over_before_its_turn_expires(bench: JobBench) -> None:
    bench.faults.gate.clear()
    opened = await bench.ask()
    await until(lambda: _is(bench.faults.begun))
    bench.clock.millis += DAY_MILLIS
    sweeping = asyncio.create_task(bench.exports.ends.sweep())
    await asyncio.sleep(0.01)
    bench.faults.gate.set()
    await sweeping
    assert (await bench.row(opened)).state is ExportState.EXPIRED
    assert bench.on_disk() == []


@pytest.mark.parametrize("keep_files", [False, True])
async def test_a_committed_exports_files_stay_when_asked_to_until_they_expire(
    bench: JobBench, *, keep_files: bool
) -> None:
    opened = await bench.ask()
    await bench.settled(opened)
    status = await bench.exports.service.commit(
        "shop", opened.token.reveal(), keep_files=keep_files
    )
    assert status.state is (ExportState.COMPLETE if keep_files else ExportState.EXPIRED)
    assert len(bench.on_disk()) == keep_files
    with pytest.raises(TokenInvalid):
        await bench.status(opened)
    bench.move(DAY_MILLIS)
    await bench.exports.ends.sweep()
    assert bench.on_disk() == []


async def test_a_committed_stream_keeps_nothing(bench: JobBench) -> None:
    opened = await bench.ask(delivery=ExportDelivery.STREAMS)
    status = await bench.exports.service.commit("shop", opened.token.reveal(), keep_files=True)
    assert status.state is ExportState.EXPIRED


async def test_an_accounts_end_is_that_of_its_jobs_and_files(bench: JobBench) -> None:
    await bench.settled(await bench.ask())
    bench.faults.gate.clear()
    opened = await bench.ask(block_format=BlockFormat.CSV)
    await until(lambda: _is(len(bench.faults.begun) == 2))
    deleting = asyncio.create_task(bench.use_cases.accounts.delete("shop"))
    await asyncio.sleep(0.01)
    bench.faults.gate.set()
    await deleting
    assert bench.on_disk() == await bench.known_paths() == []
    with pytest.raises(TokenInvalid):
        await bench.status(opened)


async def _is(value: object) -> bool:
    return bool(value)
