"""What goes wrong with jobs: lost leases, disks that fail or are full, exports that are too large."""

import errno
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from segue.domain.export import ExportDelivery, ExportState
from segue.domain.profile import BlockFormat
from segue.errors import ExportFailed
from segue.store import accounts, exports
from segue.v1 import profile_pb2
from segue.worker.export_jobs import FIRST_RETRY_MILLIS
from segue.worker.export_writer import LEASE_MILLIS, ExportWriter
from tests.unit.use_cases import HandClock
from tests.worker.job_bench import BLOCK_BYTES, JobBench, job_bench, until

PROFILES = 400
ATTEMPTS = 3


@pytest.fixture
async def bench(tmp_path: Path, clock: HandClock) -> AsyncIterator[JobBench]:
    async with job_bench(JobBench(tmp_path, clock, export_attempts=ATTEMPTS)) as bench:
        await bench.fill("shop", PROFILES)
        yield bench


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    root = tmp_path / "small"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(root)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield root
    subprocess.run(["umount", "--lazy", str(root)], check=True)


async def test_who_lost_the_lease_writes_nothing_more_and_deletes_only_its_own(
    bench: JobBench,
) -> None:
    expected = await bench.streamed()
    bench.faults.gate.clear()
    bench.faults.free = 8
    opened = await bench.ask(max_file_rows=100)
    await until(lambda: _is(bench.faults.begun and not bench.faults.free))
    held = await bench.row(opened)
    claim = partial(exports.claim, lease="second", busy=())

    now = bench.clock() + LEASE_MILLIS
    early = await bench.store.write(
        lambda tx: claim(tx, now_millis=now - 1, until_millis=now + LEASE_MILLIS)
    )
    assert early is None, "a lease counts until its time is over"
    row = await bench.store.write(
        lambda tx: claim(tx, now_millis=now, until_millis=now + LEASE_MILLIS)
    )
    assert row is not None
    assert row.key == held.key
    assert row.attempt == 2
    account = await bench.store.read(lambda tx: accounts.find(tx, "shop"))
    assert account is not None
    bench.faults.free = 10_000
    await ExportWriter(bench.tools, account, row, "second").write()
    status = await bench.status(opened)
    assert status.state is ExportState.COMPLETE
    bench.faults.gate.set()
    await until(lambda: _is(all("/second-" in path for path in bench.on_disk())))
    assert await bench.status(opened) == status
    assert bench.on_disk() == await bench.known_paths()
    assert b"".join([await bench.read(opened, part) for part in range(4)]) == expected


async def test_a_failing_disk_is_tried_again_later_and_later(bench: JobBench) -> None:
    bench.faults.write = errno.EIO
    opened = await bench.ask()
    for attempt in range(1, ATTEMPTS):
        await bench.attempted(opened, attempt)
        wait = FIRST_RETRY_MILLIS << (attempt - 1)
        assert await bench.store.read(exports.next_due) == bench.clock() + wait
        assert bench.on_disk() == []
        if attempt == ATTEMPTS - 1:
            bench.faults.write = None
        bench.move(wait)
    assert (await bench.settled(opened)).state is ExportState.COMPLETE
    assert await bench.read(opened) == await bench.streamed()


@pytest.mark.parametrize("delete", [None, errno.EIO])
async def test_attempts_end_in_a_failure_that_says_why(bench: JobBench, delete: int | None) -> None:
    bench.faults.write, bench.faults.delete = errno.EIO, delete
    opened = await bench.ask()
    for attempt in range(1, ATTEMPTS):
        await bench.attempted(opened, attempt)
        bench.move(FIRST_RETRY_MILLIS << (attempt - 1))
    row = await bench.settled(opened)
    assert (row.state, row.attempt) == (ExportState.FAILED, ATTEMPTS)
    assert row.fault is not None
    assert (row.fault.reason, row.fault.metadata) == ("STORE_UNAVAILABLE", {})
    with pytest.raises(ExportFailed, match="could not be reached"):
        await bench.read(opened)
    assert bench.on_disk() == []


async def test_files_that_cannot_be_deleted_are_not_forgotten(bench: JobBench) -> None:
    opened = await bench.ask()
    await bench.settled(opened)
    stream = await bench.ask(delivery=ExportDelivery.STREAMS)
    bench.faults.delete = errno.EIO
    with pytest.raises(Exception, match="cannot be reached"):
        await bench.exports.service.cancel("shop", opened.token.reveal())
    assert bench.on_disk() == await bench.known_paths() != []
    assert (await bench.row(opened)).state is ExportState.CANCELLED
    assert len(await bench.read(stream)) > 0, "others go on"
    bench.faults.delete = None
    await bench.exports.ends.sweep()
    assert bench.on_disk() == await bench.known_paths() == []


async def test_a_full_disk_fails_the_job_at_once_and_others_go_on(
    tmp_path: Path, small_disk: Path, clock: HandClock
) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    async with job_bench(JobBench(data_dir, clock, root=small_disk)) as bench:
        await bench.fill("shop", 6_000, texts=6)
        await bench.fill("bank", 100)
        opened, other = await bench.ask(max_file_rows=2_500), await bench.ask("bank")
        row = await bench.settled(opened)
        assert (row.state, row.attempt) == (ExportState.FAILED, 1)
        assert row.fault is not None
        assert row.fault.reason == "STORAGE_FULL"
        assert "blob_url" in row.fault.message
        assert (await bench.settled(other)).state is ExportState.COMPLETE
        assert bench.on_disk() == await bench.known_paths()
        assert len(bench.on_disk()) == 1
        again = await bench.ask(block_format=BlockFormat.PROFILE_BATCH, read_mask=("locale",))
        assert (await bench.settled(again)).state is ExportState.COMPLETE


async def test_an_export_that_is_too_large_ends_in_an_error_with_a_remedy(
    tmp_path: Path, clock: HandClock
) -> None:
    async with job_bench(JobBench(tmp_path, clock, export_bytes=3 * BLOCK_BYTES)) as bench:
        await bench.fill("shop", PROFILES)
        opened = await bench.ask(max_file_rows=20)
        row = await bench.settled(opened)
        assert (row.state, row.attempt) == (ExportState.ERROR, 1)
        assert row.fault is not None
        assert row.fault.reason == "EXPORT_TOO_LARGE"
        assert row.fault.metadata == {"limit": "export_bytes", "maximum": str(3 * BLOCK_BYTES)}
        assert "fewer fields" in row.fault.message
        assert bench.on_disk() == await bench.known_paths() == []
        small = await bench.ask(read_mask=("locale",))
        assert (await bench.settled(small)).state is ExportState.COMPLETE


def ids_of(data: bytes, block_format: BlockFormat) -> list[str]:
    """Reads a file by itself."""
    if block_format is BlockFormat.PROFILE_BATCH:
        return [
            profile.profile_id for profile in profile_pb2.ProfileBatch.FromString(data).profiles
        ]
    lines = data.decode().splitlines()
    if block_format is BlockFormat.CSV:
        assert lines[0].startswith("profile_id")
        return [line.split(",")[0].strip('"') for line in lines[1:]]
    return [json.loads(line)["profile_id"] for line in lines]


FORMATS = [BlockFormat.NDJSON, BlockFormat.CSV, BlockFormat.PROFILE_BATCH]


@pytest.mark.parametrize("block_format", FORMATS)
@pytest.mark.parametrize("rows", [19, 399, 400, 401])
async def test_files_end_after_so_many_rows(
    bench: JobBench, block_format: BlockFormat, rows: int
) -> None:
    opened = await bench.ask(block_format=block_format, max_file_rows=rows)
    await bench.settled(opened)
    files = (await bench.status(opened)).files
    counts = [file.row_count for file in files]
    assert counts == [rows] * (PROFILES // rows) + [PROFILES % rows] * (PROFILES % rows > 0)
    found = []
    for file in files:
        ids = ids_of(await bench.read(opened, file.number), block_format)
        assert len(ids) == file.row_count
        found += ids
    assert found == [f"p{number:05}" for number in range(PROFILES)]


@pytest.mark.parametrize("block_format", FORMATS)
async def test_a_file_ends_with_the_block_that_brings_it_to_so_many_bytes(
    bench: JobBench, block_format: BlockFormat
) -> None:
    size = 64 << 10
    await bench.fill("bank", 1_500, texts=3)
    opened = await bench.ask("bank", block_format=block_format, max_file_bytes=size)
    row = await bench.settled(opened)
    files = (await bench.status(opened, "bank")).files
    assert len(files) > 2
    found = []
    for file in files:
        data = await bench.read(opened, file.number, "bank")
        found += ids_of(data, block_format)
        blocks = await bench.blocks(row, file.number)
        before = blocks[-2][0] if len(blocks) > 1 else 0
        assert file.number + 1 == len(files) or file.byte_count >= size
        assert before < size
        assert blocks[-1][0] == file.byte_count
        assert sum(rows for _, rows in blocks) == file.row_count
    assert found == [f"p{number:05}" for number in range(1_500)]


async def test_an_export_of_nobody_is_one_file(bench: JobBench) -> None:
    await bench.use_cases.accounts.create("bank")
    for block_format in (BlockFormat.NDJSON, BlockFormat.CSV, BlockFormat.PARQUET):
        opened = await bench.ask("bank", block_format=block_format, max_file_rows=5)
        await bench.settled(opened)
        (file,) = (await bench.status(opened, "bank")).files
        assert file.row_count == 0
        data = await bench.read(opened, 0, "bank")
        assert len(data) == file.byte_count
        assert (data == b"") == (block_format is BlockFormat.NDJSON)


async def _is(value: object) -> bool:
    return bool(value)
